"""Documents of the digital documents service: how they are asked for, and how ours are told.

The fields of a document are those from which the service builds what its app shows; the names of
the elements around a question are no public fact, nor are the namespaces, which are data.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lxml import etree

from kualik.gateway.adapters.inner import Unreadable, add, anywhere, element, text_of
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose documents they are."""

    iin: str
    family_name: str
    given_name: str
    patronymic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One document of ours; ``uri`` is "<type>:<number>", ``domain`` what such documents have of
    their own."""

    is_valid: bool
    number: str
    title: Text
    issued_on: date
    storage_id: str
    type_code: str
    type_name: Text
    issuer: str
    domain: Mapping[str, str]


def access_xml(namespace: str, *, iin: str, kind: str, bin: str, asker: Text) -> str:
    """A question for somebody's document, which the person then allows or not."""
    values = {
        "iin": iin,
        "documentType": kind,
        "requesterBin": bin,
        "requesterNameRu": asker.ru,
        "requesterNameKz": asker.kk,
    }
    return _flat(namespace, "documentAccessRequest", values)


def look_xml(namespace: str, *, reference: str, iin: str) -> str:
    """Where a question stands, and the document once it is allowed."""
    return _flat(namespace, "documentRequest", {"requestId": reference, "iin": iin})


def read_access(text: str) -> tuple[str, str, str]:
    """Word of the status, name of the question, the moment it ends. Raises ``Unreadable``."""
    root = element(text)
    return anywhere(root, "status"), anywhere(root, "requestId"), anywhere(root, "expiresAt")


def read_look(text: str) -> tuple[str, Mapping[str, Any] | None]:
    """Word of the status and the first document, as {"active", "common"}; None without one.

    Raises ``Unreadable``.
    """
    root = element(text)
    told = anywhere(root, "document")
    return anywhere(root, "status"), _first(told) if told else None


def documents_xml(namespace: str, holder: Holder, documents: Sequence[Told]) -> str:
    """``documentResponse``: the documents of a person for the app."""
    root = etree.Element(f"{{{namespace}}}documentResponse", nsmap={None: namespace})
    add(root, "found", _flag(bool(documents)), namespace)
    add(root, "active", _flag(any(one.is_valid for one in documents)), namespace)
    rows = etree.SubElement(root, f"{{{namespace}}}documents")
    for one in documents:
        _put(etree.SubElement(rows, f"{{{namespace}}}document"), _outer(one, holder), namespace)
    return text_of(root)


def _outer(one: Told, holder: Holder) -> Mapping[str, Any]:
    return {
        "valid": _flag(one.is_valid),
        "number": one.number,
        "title": one.title.kk,
        "titleRu": one.title.ru,
        "titleKk": one.title.kk,
        "issuedDate": one.issued_on.isoformat(),
        "expirationDate": "",
        "storageId": one.storage_id,
        "serializableData": {"common": _common(one, holder), "domain": one.domain},
    }


def _common(one: Told, holder: Holder) -> Mapping[str, Any]:
    return {
        "docOwner": {
            "iin": holder.iin,
            "firstName": holder.given_name,
            "lastName": holder.family_name,
            "middleName": holder.patronymic,
        },
        "docType": {
            "code": one.type_code,
            "nameKk": one.type_name.kk,
            "nameRu": one.type_name.ru,
            "nameEn": one.type_name.en,
        },
        "docNumber": one.number,
        "docIssuer": one.issuer,
        "docIssuedDate": one.issued_on.isoformat(),
        "docExpirationDate": "",
        "docUri": f"{one.type_code}:{one.number}",
    }


def _put(parent: etree._Element, values: Mapping[str, Any], namespace: str) -> None:
    for name, value in values.items():
        if isinstance(value, str):
            add(parent, name, value, namespace)
        else:
            _put(etree.SubElement(parent, f"{{{namespace}}}{name}"), value, namespace)


def _flat(namespace: str, name: str, values: Mapping[str, str]) -> str:
    root = etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace})
    for key, value in values.items():
        add(root, key, value, namespace)
    return text_of(root)


def _first(told: str) -> Mapping[str, Any]:
    """The first document of an answer; letter case of the outer keys is left to its writer."""
    try:
        rows = _lower(json.loads(told))["documents"]
        outer = _lower(rows[0])
        data = _lower(outer["serializabledata"])
        return {"active": outer["valid"] is True, "common": data["common"]}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise Unreadable("document") from error


def _lower(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in record.items()}


def _flag(value: bool) -> str:
    return "true" if value else "false"
