"""Messages as they may be looked at: their shape and their codes, no person."""

from typing import Final

from lxml import etree

from kualik.gateway.services.profiles import Rows
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
