"""Inner documents of other systems: read by local names, whatever prefixes their writers chose."""

from lxml import etree

from kualik.gateway.adapters.schemas import schema_of


class Unreadable(Exception):
    """What came is no XML, or lacks what its reader cannot do without; the argument says what."""


def element(text: str) -> etree._Element:
    """The root of an inner document; no entity of it is looked up. Raises ``Unreadable``."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text.strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("xml") from error
    if root.getroottree().docinfo.doctype:
        raise Unreadable("doctype")
    return root


def parts(root: etree._Element, *path: str) -> list[etree._Element]:
    """The elements at a path of local names below ``root``, in their order."""
    found = [root]
    for name in path:
        found = [
            child
            for one in found
            for child in one.iterchildren("*")
            if etree.QName(child).localname == name
        ]
    return found


def words(root: etree._Element, *path: str) -> str:
    """The text of the first element at a path, single-spaced; empty where there is none."""
    found = parts(root, *path)
    return " ".join((found[0].text or "").split()) if found else ""


def anywhere(root: etree._Element, name: str) -> str:
    """The text of the first element of a local name, the root included; empty where none is."""
    found = next(root.iter(f"{{*}}{name}"), None)
    return " ".join((found.text or "").split()) if found is not None else ""


def add(parent: etree._Element, name: str, value: str, namespace: str = "") -> etree._Element:
    """A child with a text."""
    child = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
    child.text = value
    return child


def typed(namespace: str, prefix: str, kind: str) -> etree._Element:
    """An element of a type's name, which goes out as ``data`` of that type."""
    return etree.Element(f"{{{namespace}}}{kind}", nsmap={prefix: namespace})


def text_of(root: etree._Element) -> str:
    """An element as it is put into a message."""
    text: str = etree.tostring(root, encoding="unicode")
    return text


def check(root: etree._Element, schema: str) -> None:
    """Raises ValueError where a document of ours breaks the schema of its service."""
    found = schema_of(schema)
    if not found.validate(root):
        entry = found.error_log.last_error
        # Where it breaks, without the values that the library quotes: they may be personal.
        told = f"{entry.path} {entry.type_name}" if entry else ""
        raise ValueError(f"{schema}: {told}")
