"""ХЭД, the temporary file store of the bus (``EDS_TEMP_FILES``): files die there in hours."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lxml import etree

from kualik.gateway.adapters.inner import (
    Unreadable,
    add,
    check,
    element,
    parts,
    text_of,
    words,
)

NAMESPACE: Final = "http://egov.bee.kz/eds/tempstorage/v2/"
SCHEMA: Final = "eds-temp-storage.xsd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who asks, as the store knows it."""

    sender_id: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be left there; ``process_id`` is our name for it within the question."""

    process_id: str
    content: bytes
    name: str
    mime: str
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The answer about one file: the store's code and words, its name, its content if asked."""

    code: str
    message: str
    file_id: str
    content: bytes


def upload_xml(file: File, credentials: Credentials) -> str:
    """UPLOAD of one file. Raises ValueError where it breaks the schema."""
    root, branch = _asked("UPLOAD", "uploadRequest")
    row = _added(branch, "fileUploadRequests")
    values = {
        "fileProcessIdentifier": file.process_id,
        "content": base64.b64encode(file.content).decode(),
        "name": file.name,
        "mime": file.mime,
        "lifeTime": str(file.lasts // timedelta(milliseconds=1)),
        "needToBeConfirmed": "false",
    }
    for name, value in values.items():
        add(row, name, value, NAMESPACE)
    return _whole(root, credentials)


def download_xml(file_id: str, credentials: Credentials) -> str:
    """DOWNLOAD of one file."""
    return _by_ids("DOWNLOAD", "downloadRequest", [file_id], credentials)


def confirm_xml(file_ids: Sequence[str], credentials: Credentials) -> str:
    """CONFIRM: that files were taken."""
    return _by_ids("CONFIRM", "confirmRequest", file_ids, credentials)


def read_answer(text: str) -> list[Said]:
    """What was said of each file; of all together where it names none. Raises ``Unreadable``."""
    root = element(text)
    branches = [
        branch
        for branch in root.iterchildren("*")
        if etree.QName(branch).localname.endswith("Response")
    ]
    if len(branches) != 1:
        raise Unreadable("tempStorageResponse")
    rows = [
        row
        for row in branches[0].iterchildren("*")
        if etree.QName(row).localname.endswith("Results")
    ]
    return [_said(row) for row in rows or branches]


def _said(row: etree._Element) -> Said:
    status = parts(row, "status")
    if not status:
        raise Unreadable("status")
    try:
        content = base64.b64decode("".join(words(row, "content").split()), validate=True)
    except binascii.Error as error:
        raise Unreadable("content") from error
    return Said(
        code=words(status[0], "code"),
        message=words(status[0], "message") or words(status[0], "status"),
        file_id=words(row, "fileIdentifier"),
        content=content,
    )


def _by_ids(kind: str, branch: str, file_ids: Sequence[str], credentials: Credentials) -> str:
    root, asked = _asked(kind, branch)
    for file_id in file_ids:
        add(asked, "fileIdentifiers", file_id, NAMESPACE)
    return _whole(root, credentials)


def _asked(kind: str, branch: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{NAMESPACE}}}tempStorageRequest", nsmap={"t": NAMESPACE})
    add(root, "type", kind, NAMESPACE)
    return root, _added(root, branch)


def _whole(root: etree._Element, credentials: Credentials) -> str:
    sender = _added(root, "credentials")
    add(sender, "senderId", credentials.sender_id, NAMESPACE)
    add(sender, "password", credentials.password, NAMESPACE)
    check(root, SCHEMA)
    return text_of(root)


def _added(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
