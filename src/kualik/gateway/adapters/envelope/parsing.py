"""XML of strangers as trees: limits, no document type, texts that nothing splits in two."""

import re
from typing import Final

from lxml import etree

from kualik.gateway.adapters.envelope.names import SOAP
from kualik.gateway.adapters.faults import PARSE, SCHEMA, TOO_LARGE, GatewayFault, details
from kualik.signatures.adapters.xml_reading import XmlError, read_xml

LIMIT_BYTES: Final = 16 * 1024 * 1024
DEPTH_LIMIT: Final = 64
# Only where a document begins: elsewhere it is text of the document.
DECLARATION: Final = re.compile(r"<\?xml\s[^>]*\?>")
OF_BYTES: Final = re.compile(r"encoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)


def parse(raw: bytes) -> etree._ElementTree:
    """The tree of a whole message. Raises GatewayFault: too large, not XML, a DTD, too deep."""
    if len(raw) > LIMIT_BYTES:
        raise GatewayFault(TOO_LARGE)
    try:
        tree = read_xml(raw)
    except XmlError as error:
        code = TOO_LARGE if error.code == "too_large" else PARSE
        raise GatewayFault(code, error.code if error.code in details() else "") from error
    _check_depth(tree.getroot())
    return tree


def parts(tree: etree._ElementTree) -> tuple[etree._Element | None, etree._Element]:
    """Header (None where there is none) and Body of a SOAP 1.1 envelope.

    Whoever reads and whoever verifies take the Body from here, so it is the same one. Raises
    GatewayFault for any other document and for anything beside these two.
    """
    root = tree.getroot()
    if root.tag != f"{{{SOAP}}}Envelope":
        raise GatewayFault(PARSE, "not_envelope")
    found = [child for child in root if isinstance(child.tag, str)]
    tags = [child.tag for child in found]
    if tags == [f"{{{SOAP}}}Body"]:
        return None, found[0]
    if tags == [f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"]:
        return found[0], found[1]
    raise GatewayFault(PARSE, "envelope_parts")


def read_inner(text: str) -> etree._Element:
    """The root of an inner document, which may claim any encoding in its declaration.

    Comments and instructions are taken out: they are covered by no signature. Raises GatewayFault.
    """
    bare, _ = _undeclared(text)
    root = parse(bare.encode("utf-8", errors="replace")).getroot()
    strip(root)
    return root


def truly_declared(text: str) -> str:
    """A document as its readers take it, in UTF-8: without a declaration that names another
    encoding, as .NET writes ``utf-16`` into every string."""
    bare, declaration = _undeclared(text)
    return bare if OF_BYTES.search(declaration) else text


def _undeclared(text: str) -> tuple[str, str]:
    bare = text.lstrip("\ufeff \t\r\n")
    found = DECLARATION.match(bare)
    return (bare[found.end() :], found[0]) if found else (bare, "")


def strip(root: etree._Element) -> None:
    """Take out comments and instructions, so that no text is split by one."""
    etree.strip_tags(root, etree.Comment, etree.PI)


def child(parent: etree._Element, name: str) -> etree._Element | None:
    """The child of this local name, whatever its namespace and place.

    Raises GatewayFault where there are several: readers would differ in which one they take.
    """
    found = [one for one in parent if isinstance(one.tag, str) and local(one) == name]
    if len(found) > 1:
        raise GatewayFault(SCHEMA, "repeated", name=name)
    return found[0] if found else None


def text_of(parent: etree._Element | None, name: str) -> str:
    """The text of a child without white space around it; empty where there is none."""
    found = None if parent is None else child(parent, name)
    return "" if found is None else plain(found)


def plain(element: etree._Element) -> str:
    """The text of an element that has no children."""
    if len(element):
        raise GatewayFault(SCHEMA, "not_text", name=local(element))
    return (element.text or "").strip()


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    name: str = etree.QName(element).localname
    return name


def _check_depth(root: etree._Element) -> None:
    level = [root]
    for _ in range(DEPTH_LIMIT):
        level = [child for element in level for child in element]
        if not level:
            return
    raise GatewayFault(PARSE, "too_deep")
