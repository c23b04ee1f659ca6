"""ХЭД, the temporary file store: files die in hours, wanted or not (``EDS_TEMP_FILES``)."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from lxml import etree

from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.adapters.schemas import schema_of
from tools.portal.envelopes import Message, stamp
from tools.portal.state import Portal

SPACE = "http://egov.bee.kz/eds/tempstorage/v2/"
USUAL_LIFE = 28_800_000
LONGEST_LIFE = 86_400_000
LARGEST = 15 * 1024 * 1024
OK = ("0", "OK")
GONE, REFUSED, FULL, BROKEN = ("404", "GONE"), ("401", "REFUSED"), ("507", "FULL"), ("500", "ERROR")
Kept = dict[str, Any]


def answer(portal: Portal, message: Message) -> str:
    """``tempStorageResponse`` inside ``data``. Raises GatewayFault for what is no question."""
    root = _read(message.data)
    kind = _text(root, "type")
    acts = {
        "UPLOAD": _upload,
        "DOWNLOAD": _download,
        "CONFIRM": _confirm,
        "GET_FILE_INFO": _info,
    }
    if kind not in acts:
        raise GatewayFault("2005")
    status = OK
    if _text(root, "credentials/senderId") != portal.our_sender:
        status = REFUSED
    elif portal.behaviour["files"] == "broken":
        status = BROKEN
    inner = acts[kind](portal, root, status)
    made = f'<t:tempStorageResponse xmlns:t="{SPACE}">{_tag("type", kind)}{inner}'
    return f"<data>{made}</t:tempStorageResponse></data>"


def _upload(portal: Portal, root: etree._Element, status: tuple[str, str]) -> str:
    results = ""
    for one in root.findall(f"{{{SPACE}}}uploadRequest/{{{SPACE}}}fileUploadRequests"):
        made, file_id, life = status, "", 0
        if status == OK and portal.behaviour["files"] == "full":
            made = FULL
        elif status == OK:
            file_id, life = _keep(portal, one)
        inner = _tag("fileProcessIdentifier", _text(one, "fileProcessIdentifier"))
        inner += _status(made)
        if file_id:
            inner += _tag("fileIdentifier", file_id) + _tag("lifeTime", str(life))
        results += f"<t:uploadFileResults>{inner}</t:uploadFileResults>"
    return f"<t:uploadResponse>{results}{_status(status)}</t:uploadResponse>"


def _keep(portal: Portal, one: etree._Element) -> tuple[str, int]:
    try:
        content = base64.b64decode(_text(one, "content"))
    except binascii.Error as error:
        raise GatewayFault("2005") from error
    if len(content) > LARGEST:
        raise GatewayFault("9003")
    life = min(int(_text(one, "lifeTime") or USUAL_LIFE), LONGEST_LIFE)
    now, file_id = portal.now(), str(uuid4())
    told = {
        "name": _text(one, "name"),
        "mime": _text(one, "mime"),
        "uploaded_at": now.isoformat(),
        "ends_at": (now + timedelta(milliseconds=life)).isoformat(),
        "size": len(content),
        "confirmed": False,
    }
    portal.books.keep("file", file_id, told, content)
    return file_id, life


def _download(portal: Portal, root: etree._Element, status: tuple[str, str]) -> str:
    results = ""
    for file_id in _ids(root, "downloadRequest"):
        found = _found(portal, file_id) if status == OK else None
        inner = _status(status if status != OK else OK if found else GONE)
        inner += _tag("fileIdentifier", file_id)
        if found:
            content = base64.b64encode(portal.books.content("file", file_id)).decode()
            inner += _tag("content", content) + _meta(portal, found)
        results += f"<t:fileDownloadResults>{inner}</t:fileDownloadResults>"
    return f"<t:downloadResponse>{results}{_status(status)}</t:downloadResponse>"


def _confirm(portal: Portal, root: etree._Element, status: tuple[str, str]) -> str:
    results = ""
    for file_id in _ids(root, "confirmRequest"):
        found = _found(portal, file_id) if status == OK else None
        if found:
            found["confirmed"] = True
            portal.books.keep("file", file_id, found, portal.books.content("file", file_id))
        inner = _status(status if status != OK else OK if found else GONE)
        inner += _tag("fileIdentifier", file_id)
        results += f"<t:fileConfirmResults>{inner}</t:fileConfirmResults>"
    return f"<t:confirmResponse>{results}{_status(status)}</t:confirmResponse>"


def _info(portal: Portal, root: etree._Element, status: tuple[str, str]) -> str:
    results = ""
    for file_id in _ids(root, "getFileInfoRequest"):
        found = _found(portal, file_id) if status == OK else None
        inner = _status(status if status != OK else OK if found else GONE)
        inner += _tag("fileIdentifier", file_id) + (_meta(portal, found) if found else "")
        results += f"<t:fileInfoResults>{inner}</t:fileInfoResults>"
    return f"<t:getFileInfoResponse>{results}{_status(status)}</t:getFileInfoResponse>"


def _found(portal: Portal, file_id: str) -> Kept | None:
    """None for one that never was or has died."""
    found: Kept | None = portal.books.kept("file", file_id)
    if found and portal.now() >= datetime.fromisoformat(found["ends_at"]):
        portal.books.forget("file", file_id)
        return None
    return found


def _meta(portal: Portal, found: Kept) -> str:
    inner = _tag("name", found["name"]) + _tag("mime", found["mime"])
    inner += _tag("uploadDate", stamp(datetime.fromisoformat(found["uploaded_at"])))
    inner += f"<t:uploaderSystem>{_tag('id', portal.our_sender)}</t:uploaderSystem>"
    inner += _tag("expirationTime", stamp(datetime.fromisoformat(found["ends_at"])))
    inner += _tag("size", str(found["size"])) + _tag("deleted", "false")
    return f"<t:meta>{inner}{_tag('confirmed', str(found['confirmed']).lower())}</t:meta>"


def _read(document: str) -> etree._Element:
    """Held to the schema, as strictly as the store itself."""
    try:
        root = etree.fromstring(document.encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise GatewayFault("2013") from error
    schema = schema_of("eds-temp-storage.xsd")
    if not schema.validate(root):
        raise GatewayFault("2005", str(schema.error_log[0].message)[:200])
    return root


def _ids(root: etree._Element, name: str) -> list[str]:
    found = root.findall(f"{{{SPACE}}}{name}/{{{SPACE}}}fileIdentifiers")
    return [(one.text or "").strip() for one in found]


def _text(element: etree._Element, path: str) -> str:
    wanted = "/".join(f"{{{SPACE}}}{part}" for part in path.split("/"))
    return (element.findtext(wanted) or "").strip()


def _status(status: tuple[str, str]) -> str:
    code, word = status
    return f"<t:status>{_tag('code', code)}{_tag('status', word)}</t:status>"


def _tag(name: str, text: str) -> str:
    return f"<t:{name}>{escape(text)}</t:{name}>"
