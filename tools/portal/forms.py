"""The inner documents of the three families as the portal writes and reads them.

Written from the samples and the agreed names of fields, apart from the mapping of the system
under test. A path is names from the root's child on, divided by "/".
"""

import base64
import binascii
import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from tools.portal.envelopes import stamp
from tools.portal.services import Form, Service

Rows = Sequence[tuple[str, str]]
NS_PREFIX = "ns3"
DS = "http://www.w3.org/2000/09/xmldsig#"
# Field of the form → where it stands.
FIELDS: Mapping[str, Mapping[str, str]] = {
    "universal": {
        "iin": "RequestData/PersonalData/IIN",
        "surname": "RequestData/PersonalData/Surname",
        "name": "RequestData/PersonalData/Name",
        "patronymic": "RequestData/PersonalData/Middlename",
        "phone": "RequestData/Phone",
        "email": "RequestData/Email",
        "kind": "RequestData/Kind",
        "programme_code": "RequestData/ProgrammeCode",
        "programme": "RequestData/Programme",
        "started_on": "RequestData/StartDate",
        "ended_on": "RequestData/EndDate",
        "hours": "RequestData/Hours",
        "paper": "RequestData/Paper",
        "language": "RequestData/Language",
        "delivery": "RequestData/Delivery",
        "confirmation": "RequestData/Confirmation",
        "comment": "RequestData/Comment",
        "action": "RequestData/Action",
        "files": "RequestData/Attachment",
    },
    "document": {
        "iin": "businessData/Requestor/Person/IIN",
        "surname": "businessData/Requestor/Person/SurName",
        "name": "businessData/Requestor/Person/Name",
        "patronymic": "businessData/Requestor/Person/MiddleName",
        "legal": "businessData/Requestor/Legal",
        "phone": "businessData/Phone",
        "email": "businessData/Email",
        "kind": "businessData/Kind",
        "programme_code": "businessData/ProgrammeCode",
        "programme": "businessData/Programme",
        "started_on": "businessData/StartDate",
        "ended_on": "businessData/EndDate",
        "hours": "businessData/Hours",
        "paper": "businessData/Paper",
        "language": "businessData/Language",
        "delivery": "businessData/Delivery",
        "confirmation": "businessData/Confirmation",
        "comment": "businessData/Comment",
        "action": "businessData/Action",
        "files": "businessData/Attachment",
    },
    "operations": {
        "iin": "iin",
        "surname": "surname",
        "name": "name",
        "patronymic": "middlename",
        "phone": "phone",
        "email": "email",
        "kind": "kind",
        "programme_code": "programmeCode",
        "programme": "programme",
        "started_on": "startDate",
        "ended_on": "endDate",
        "hours": "hours",
        "paper": "paper",
        "language": "language",
        "delivery": "delivery",
        "confirmation": "confirmation",
        "comment": "comment",
        "files": "attachment",
    },
}
# What the system answers → where it has to stand.
ANSWERS: Mapping[str, Mapping[str, str]] = {
    "universal": {
        "number": "SystemInfo/RequestNumber",
        "code": "ResponseData/CurrentStatus",
        "text": "ResponseData/CurrentStatusText",
        "text_ru": "ResponseData/CurrentStatusTextRu",
        "text_kk": "ResponseData/CurrentStatusTextKz",
        "accepted_at": "ResponseData/AcceptedAt",
        "due_at": "ResponseData/DueAt",
        "reason": "SystemInfo/ResponseCode",
        "ru": "SystemInfo/AdditionalInfoRu",
        "kk": "SystemInfo/AdditionalInfoKz",
        "files": "ResponseData/Attachment",
    },
    "document": {
        "number": "requestNumber",
        "code": "status/Code",
        "ru": "status/NameRu",
        "kk": "status/NameKz",
        "accepted_at": "businessData/AcceptedAt",
        "due_at": "businessData/DueAt",
        "reason": "businessData/ReasonCode",
        "reason_ru": "businessData/ReasonRu",
        "reason_kk": "businessData/ReasonKz",
        "files": "businessData/Attachment",
    },
    "operations": {
        "number": "requestNumber",
        "code": "status/code",
        "ru": "status/nameRu",
        "kk": "status/nameKz",
        "accepted_at": "acceptedAt",
        "due_at": "dueAt",
        "reason": "reason/code",
        "reason_ru": "reason/nameRu",
        "reason_kk": "reason/nameKz",
        "files": "file",
    },
}
ROOTS = {"universal": "responseMessage", "document": "response"}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of an answer: inline or by its number in the temporary store; ``signature`` is the
    authorised person's CMS beside it."""

    name: str
    mime: str
    content: bytes
    file_id: str
    number: str
    date: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the system says of a request, moments as ISO 8601 or ""; ``breaches`` are what is not
    as agreed."""

    number: str
    code: str
    kk: str
    ru: str
    reason: str = ""
    accepted_at: str = ""
    due_at: str = ""
    files: tuple[File, ...] = ()
    is_signed: bool = False
    breaches: tuple[str, ...] = ()


# Writing


def request_of(
    service: Service, form: Form, *, number: str, at: datetime, operation: str = "SubmitRequest"
) -> str:
    """The document of a request, or of an update where the form names an action; unsigned."""
    rows = [*_head(service, form, number, at), *_rows(service, form)]
    if service.family == "operations":
        return _grown(service, operation, rows)
    return _grown(service, "requestMessage" if service.family == "universal" else "request", rows)


def operation_of(service: Service, name: str, rows: Rows) -> str:
    """An operation of the third family."""
    return _grown(service, name, rows)


def _head(service: Service, form: Form, number: str, at: datetime) -> Rows:
    if service.family == "universal":
        return (
            ("SystemInfo/RequestNumber", number),
            ("SystemInfo/ChainId", number),
            ("SystemInfo/RequestDate", stamp(at)),
        )
    if service.family == "document":
        return (
            ("requestNumber", number),
            ("declarantId", form.iin),
            ("requestDate", stamp(at)),
            ("requestSystemId", "PEP"),
        )
    return (("requestNumber", number), ("requestSystemId", "PEP"))


def _rows(service: Service, form: Form) -> Iterable[tuple[str, str]]:
    given = {**form.to_record(), "legal": "false"}
    for name, path in FIELDS[service.family].items():
        if name == "files":
            for file in form.files:
                yield f"{path}+", ""
                yield from (
                    (f"{path}/{_file_name(service, key)}", text) for key, text in _file(file)
                )
            continue
        text = str(given[name])
        if text:
            yield path, text


def _file(file: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    names = {"name": "FileName", "mime": "FileType", "content": "Content", "id": "FileId"}
    return ((names[key], text) for key, text in file.items() if text)


def _file_name(service: Service, name: str) -> str:
    return name[0].lower() + name[1:] if service.family == "operations" else name


def _grown(service: Service, name: str, rows: Iterable[tuple[str, str]]) -> str:
    """The document; the root of the first family alone stands in no namespace."""
    space = service.namespace
    if service.family == "universal":
        root = etree.Element(name, nsmap={NS_PREFIX: space})
    else:
        root = etree.Element(f"{{{space}}}{name}", nsmap={None: space})
    for path, text in rows:
        place = root
        is_new = path.endswith("+")
        *above, last = path.removesuffix("+").split("/")
        for part in above:
            found = place.findall(f"{{{space}}}{part}")
            place = found[-1] if found else etree.SubElement(place, f"{{{space}}}{part}")
        made = etree.SubElement(place, f"{{{space}}}{last}")
        if not is_new:
            made.text = text
    written: str = etree.tostring(root, encoding="unicode")
    return written


# Reading


def said_by(service: Service, document: str, *, root_name: str = "") -> Said:
    """What the system answered. Raises ValueError for what is no XML."""
    try:
        root = etree.fromstring(document.encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    paths = ANSWERS[service.family]

    def text(name: str) -> str:
        path = paths.get(name)
        return (root.findtext(_qualified(service, path)) or "").strip() if path else ""

    found = [_file_of(service, one) for one in root.findall(_qualified(service, paths["files"]))]
    breaches = list(_breaches(service, root, root_name or ROOTS.get(service.family, "")))
    if not text("number"):
        breaches.append("no number")
    if not text("code"):
        breaches.append("no status")
    return Said(
        number=text("number"),
        code=text("code"),
        kk=text("reason_kk") or text("kk") or text("text_kk") or text("text"),
        ru=text("reason_ru") or text("ru") or text("text_ru") or text("text"),
        reason=text("reason"),
        accepted_at=_moment(text("accepted_at")),
        due_at=_moment(text("due_at")),
        files=tuple(found),
        is_signed=root.find(f"{{{DS}}}Signature") is not None,
        breaches=tuple(breaches),
    )


def records_of(document: str) -> dict[str, str]:
    """A dictionary: code → name."""
    root = etree.fromstring(document.encode())
    found = root.iter("{*}record")
    return {one.findtext("{*}code", ""): one.findtext("{*}name", "") for one in found}


def alone(element: etree._Element) -> etree._Element:
    """An element without the names of what stood around it."""
    made = copy.deepcopy(element)
    made.tail = None
    return made


def _breaches(service: Service, root: etree._Element, name: str) -> Iterable[str]:
    wanted = name if service.family == "universal" else f"{{{service.namespace}}}{name}"
    if root.tag != wanted:
        yield f"root {root.tag}, not {wanted}"
    foreign = {
        str(one.tag)
        for one in root.iterdescendants()
        if isinstance(one.tag, str) and etree.QName(one).namespace not in (service.namespace, DS)
    }
    yield from sorted(f"foreign {tag}" for tag in foreign)


def _file_of(service: Service, element: etree._Element) -> File:
    def text(name: str) -> str:
        path = f"{{{service.namespace}}}{_file_name(service, name)}"
        return (element.findtext(path) or "").strip()

    return File(
        name=text("FileName"),
        mime=text("FileType"),
        content=_decoded(text("Content")),
        signature=_decoded(text("FileSignature")),
        file_id=text("FileId"),
        number=text("DocNumber"),
        date=text("DocDate"),
    )


def _moment(text: str) -> str:
    """Nothing of what is no moment."""
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _decoded(text: str) -> bytes:
    """Nothing of what is no base64."""
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""


def _qualified(service: Service, path: str) -> str:
    return "/".join(f"{{{service.namespace}}}{part}" for part in path.split("/"))
