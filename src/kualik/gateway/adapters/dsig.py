"""Elements of a signature (XML Signature) as we write them."""

import base64

from lxml import etree

from kualik.signatures.adapters.xml_shape import DS


def add_part(parent: etree._Element, name: str, algorithm: str = "") -> etree._Element:
    """One more child of the signature's namespace."""
    element = etree.SubElement(parent, f"{{{DS}}}{name}")
    if algorithm:
        element.set("Algorithm", algorithm)
    return element


def packed(data: bytes) -> str:
    """Bytes as a signature holds them."""
    return base64.b64encode(data).decode()
