"""XML that anybody may have sent: limits kept and document types refused before a tree is built."""

from typing import Final
from xml.parsers import expat

from lxml import etree

from kualik.signatures.adapters.asn1 import SIZE_LIMIT_BYTES

DEPTH_LIMIT: Final = 128
ELEMENT_LIMIT: Final = 200_000
# Canonical forms take time by the square of the namespaces in scope and of the attributes.
WORK_LIMIT: Final = 100_000_000
SPACE: Final = b" \t\r\n"


class XmlError(ValueError):
    """The bytes cannot be read; ``code`` is ``empty``, ``too_large``, ``too_deep``,
    ``too_complex``, ``malformed`` or ``dtd_forbidden``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_xml(data: bytes) -> etree._ElementTree:
    """The document of these bytes, comments and instructions kept. Raises XmlError.

    A document type is refused whatever it says, and with it entities, default attributes and
    everything that is fetched. White space before the declaration is let through: senders who
    paste a document leave some.
    """
    text = data.lstrip(SPACE)
    if not text:
        raise XmlError("empty")
    if len(text) > SIZE_LIMIT_BYTES:
        raise XmlError("too_large")
    _check_limits(text)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        collect_ids=False,
        # The limits of the library are narrower than ours: long texts hold whole documents.
        huge_tree=True,
    )
    try:
        tree = etree.fromstring(text, parser).getroottree()
    except etree.LxmlError as error:
        raise XmlError("malformed") from error
    if tree.docinfo.doctype:
        raise XmlError("dtd_forbidden")
    return tree


def _check_limits(text: bytes) -> None:
    """Reads the document once with a parser that keeps nothing."""
    guard = _Guard()
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartDoctypeDeclHandler = guard.doctype
    parser.StartElementHandler = guard.start
    parser.EndElementHandler = guard.end
    try:
        parser.Parse(text, True)
    except XmlError:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlError("malformed") from error


class _Guard:
    """Counts elements, their depth and the work that their canonical form will make."""

    def __init__(self) -> None:
        self.scopes = [1]
        self.elements = 0
        self.work = 0

    def doctype(self, *_declared: object) -> None:
        raise XmlError("dtd_forbidden")

    def start(self, _name: str, attributes: list[str]) -> None:
        names = attributes[::2]
        scope = self.scopes[-1] + sum(name.startswith("xmlns") for name in names)
        self.scopes.append(scope)
        self.elements += 1
        self.work += (scope + len(names)) ** 2
        if len(self.scopes) > DEPTH_LIMIT + 1:
            raise XmlError("too_deep")
        if self.elements > ELEMENT_LIMIT or self.work > WORK_LIMIT:
            raise XmlError("too_complex")

    def end(self, _name: str) -> None:
        self.scopes.pop()
