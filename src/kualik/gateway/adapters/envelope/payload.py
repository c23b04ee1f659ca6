"""The inner document of a message in its three shapes."""

import copy
from dataclasses import dataclass
from typing import Final

from lxml import etree

from kualik.gateway.adapters.envelope.names import XS, XSI, Shape
from kualik.gateway.adapters.envelope.parsing import child, read_inner, truly_declared
from kualik.gateway.adapters.faults import SCHEMA, GatewayFault

TYPE: Final = f"{{{XSI}}}type"
HOLDERS: Final = ("requestData", "responseData", "messageData")


@dataclass(frozen=True, slots=True)
class Data:
    """An inner document as the text of one XML document whatever its shape on the wire; ``text``
    may also be no XML at all, or empty.

    "text": the text of ``data``. "element": the one child of ``data``; where it has several, the
    element ``data`` itself. "typed": ``data`` has the type of the document, which is written here
    as an element of the type's name.
    """

    text: str
    shape: Shape


def read_data(holder: etree._Element) -> Data:
    """What a request, an answer or a message carries. Raises GatewayFault."""
    place = next(
        (found for found in (child(holder, name) for name in HOLDERS) if found is not None), None
    )
    data = None if place is None else child(place, "data")
    if data is None:
        return Data("", "text")
    namespace, name = _type_of(data)
    if len(data) == 0:
        return Data(truly_declared(data.text or ""), "text")
    if name and namespace != XS:
        return Data(_written(_renamed(data, namespace, name)), "typed")
    if len(data) == 1:
        return Data(_written(data[0]), "element")
    return Data(_written(data), "element")


def put_data(parent: etree._Element, text: str, shape: Shape) -> None:
    """Append ``data`` with an inner document in one of the shapes. Raises GatewayFault where the
    text of another shape than "text" is no XML, or where any holds what XML cannot carry."""
    if shape == "text":
        data = etree.SubElement(parent, "data", nsmap={"xs": XS, "xsi": XSI})
        data.set(TYPE, "xs:string")
        put_text(data, text)
        return
    root = read_inner(text)
    if shape == "typed" and root.get(TYPE) is None:
        _put_typed(parent, root)
    elif root.tag == "data":
        _move(root, etree.SubElement(parent, "data", nsmap=root.nsmap))
    else:
        etree.SubElement(parent, "data").append(root)


def put_text(element: etree._Element, text: str) -> None:
    """Raises GatewayFault for characters that XML cannot carry."""
    try:
        element.text = text
    except ValueError as error:
        raise GatewayFault(SCHEMA, "bad_characters") from error


def _put_typed(parent: etree._Element, root: etree._Element) -> None:
    name = etree.QName(root)
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    found = next((prefix for prefix, uri in prefixes.items() if uri == name.namespace), "cs")
    if name.namespace:
        prefixes[found] = name.namespace
    data = etree.SubElement(parent, "data", nsmap={**prefixes, "xsi": XSI})
    data.set(TYPE, f"{found}:{name.localname}" if name.namespace else name.localname)
    _move(root, data)


def _type_of(data: etree._Element) -> tuple[str, str]:
    prefix, _, name = data.get(TYPE, "").strip().rpartition(":")
    return data.nsmap.get(prefix or None) or "", name


def _renamed(data: etree._Element, namespace: str, name: str) -> etree._Element:
    """A copy as an element of the type's name, without the attribute that named it."""
    own = copy.deepcopy(data)
    prefixes = {key: uri for key, uri in data.nsmap.items() if uri == namespace} | own.nsmap
    try:
        made = etree.Element(f"{{{namespace}}}{name}" if namespace else name, nsmap=prefixes)
    except ValueError as error:
        raise GatewayFault(SCHEMA, "bad_type") from error
    for key, value in own.attrib.items():
        if key != TYPE:
            made.set(key, value)
    _move(own, made)
    return made


def _move(source: etree._Element, target: etree._Element) -> None:
    target.text = source.text
    for one in list(source):
        target.append(one)


def _written(element: etree._Element) -> str:
    """The element without the names that only its ancestors use: a signature over the document
    was made before it was put where it stands."""
    own = copy.deepcopy(element)
    own.tail = None
    text: str = etree.tostring(own, encoding="unicode")
    return text
