"""Messages as they may be looked at: their shape and their codes, no person."""

import re
from typing import Final

from lxml import etree

from kualik.gateway.models import Profile
from kualik.gateway.services.profiles import Rows, rows_of
from kualik.rules.identifiers import holds_iin, mask_iin
from kualik.signatures.adapters.xml_reading import XmlError, read_xml

HIDDEN: Final = "•••"
# What tells of the matter and of nobody.
SHOWN: Final = (
    "form.number",
    "form.chain",
    "form.kind",
    "form.started_on",
    "form.ended_on",
    "form.paper",
    "form.language",
    "form.delivery",
    "form.confirmation",
    "form.action",
    "form.dictionary",
    "out.number",
    "out.chain",
    "out.date",
    "out.status",
    "out.status_text",
    "out.status_ru",
    "out.status_kk",
    "out.our_number",
    "out.accepted_at",
    "out.due_at",
    "out.code",
)
# The same of an envelope.
FIELDS: Final = frozenset(
    {
        "messageId",
        "correlationId",
        "serviceId",
        "messageType",
        "messageDate",
        "requestDate",
        "responseDate",
        "routeId",
        "senderId",
        "sessionId",
        "amount",
        "notificationId",
        "notificationDate",
        "messageState",
        "statusCode",
        "statusDate",
        "receiveStatus",
        "resendMessage",
        "errorCode",
        "errorDate",
    }
)
ATTRIBUTES: Final = frozenset(
    {"Algorithm", "EncodingType", "Id", "PrefixList", "URI", "ValueType", "mustUnderstand", "type"}
)
NAMES: Final = re.compile(rb"</?[A-Za-z_][\w.:-]{0,60}")
TWELVE: Final = re.compile(r"(?<!\d)\d{12}(?!\d)", re.ASCII)
MOST_SHOWN: Final = 40_000


def masked_message(raw: bytes) -> str:
    """A whole message: its shape, its fields and codes, no person; of what is no XML, the names of
    its elements alone. At most ``MOST_SHOWN`` characters."""
    try:
        root = read_xml(raw).getroot()
    except XmlError:
        names = NAMES.findall(raw[:MOST_SHOWN])
        shown = "\n".join(f"{name.decode('ascii')}>" for name in names)
    else:
        service_id = next((one.text or "" for one in root.iter("{*}serviceId")), "")
        profile = Profile.objects.filter(service_id=service_id.strip()).first()
        _mask_envelope(root, rows_of(profile.family, profile.mapping) if profile else None)
        etree.indent(root)
        shown = etree.tostring(root, encoding="unicode")
    return TWELVE.sub(_without_iin, shown)[:MOST_SHOWN]


def masked(rows: Rows, xml: str) -> str:
    """A document with every value hidden that is not known to be harmless; empty where it cannot
    be read."""
    try:
        root = read_xml(xml.encode()).getroot()
    except XmlError:
        return ""
    shown = {path for name in SHOWN for path in rows.paths(name)}
    _mask(root, "", shown)
    etree.indent(root)
    written: str = etree.tostring(root, encoding="unicode")
    return written


def _without_iin(found: re.Match[str]) -> str:
    return mask_iin(found[0]) if holds_iin(found[0]) else found[0]


def _mask_envelope(element: etree._Element, rows: Rows | None) -> None:
    """Hide values in place; the inner document by the rows of its service, where that is known."""
    for name in element.attrib:
        if etree.QName(name).localname not in ATTRIBUTES:
            element.set(name, HIDDEN)
    element.tail = None
    name = etree.QName(element).localname
    if name == "data":
        _mask_data(element, rows)
        return
    if (element.text or "").strip() and name not in FIELDS:
        element.text = HIDDEN
    for child in list(element):
        if isinstance(child.tag, str):
            _mask_envelope(child, rows)
        else:
            element.remove(child)


def _mask_data(data: etree._Element, rows: Rows | None) -> None:
    rows = rows or Rows("", {})
    document = "" if len(data) else masked(rows, data.text or "")
    if (data.text or "").strip():
        data.text = None if document else HIDDEN
    if document:
        data.append(etree.fromstring(document))
        return
    shown = {path for name in SHOWN for path in rows.paths(name)}
    for child in list(data):
        if isinstance(child.tag, str):
            _mask(child, "", shown)
        else:
            data.remove(child)


def _mask(element: etree._Element, path: str, shown: set[str]) -> None:
    """Hide values in place; comments and instructions go."""
    for name in element.attrib:
        if f"{path}/@{etree.QName(name).localname}".lstrip("/") not in shown:
            element.set(name, HIDDEN)
    element.tail = None
    if (element.text or "").strip() and path not in shown:
        element.text = HIDDEN
    for child in list(element):
        if not isinstance(child.tag, str):
            element.remove(child)
            continue
        name = etree.QName(child).localname
        _mask(child, f"{path}/{name}".lstrip("/"), shown)
