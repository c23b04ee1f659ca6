"""Enveloped XML signatures by test keys, with either canonical form."""

import base64
from dataclasses import dataclass

from lxml import etree

from kualik.signatures.adapters.test_authority.certificates import Leaf

DS = "http://www.w3.org/2000/09/xmldsig#"
XML_ATTRIBUTES = "{http://www.w3.org/XML/1998/namespace}"
ENVELOPED = f"{DS}enveloped-signature"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_WITH_COMMENTS = f"{INCLUSIVE}#WithComments"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
BASE64_LINE = 76


def sign_xml(
    leaf: Leaf,
    xml: bytes,
    *,
    exclusive: bool,
    reference_id: str = "",
    line_breaks: bool = False,
) -> bytes:
    """``xml`` with a signature as the last child of its root, in UTF-8.

    The inclusive form is written as NCALayer writes it. ``reference_id`` names the root by the
    value of its attribute ``Id`` instead of "". ``line_breaks`` puts them into the signature.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(xml, parser)
    suite = leaf.key.suite
    digest = suite.digest(_canonical(root, exclusive=exclusive))
    write = _Writer(line_breaks=line_breaks)
    signature = etree.SubElement(root, f"{{{DS}}}Signature", nsmap={"ds": DS})
    info = write.child(signature, "SignedInfo")
    write.child(info, "CanonicalizationMethod", EXCLUSIVE if exclusive else INCLUSIVE)
    write.child(info, "SignatureMethod", suite.xml_signature)
    reference = write.child(info, "Reference")
    reference.set("URI", f"#{reference_id}" if reference_id else "")
    transforms = write.child(reference, "Transforms")
    write.child(transforms, "Transform", ENVELOPED)
    write.child(transforms, "Transform", EXCLUSIVE if exclusive else INCLUSIVE_WITH_COMMENTS)
    write.child(reference, "DigestMethod", suite.xml_digest)
    write.data(reference, "DigestValue", digest)
    write.close(transforms, reference, info)
    signed = leaf.key.sign(_canonical_part(info, exclusive=exclusive))
    write.data(signature, "SignatureValue", signed)
    key_info = write.child(signature, "KeyInfo")
    held = write.child(key_info, "X509Data")
    write.data(held, "X509Certificate", leaf.certificate_der)
    write.close(held, key_info, signature)
    finished: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return finished


@dataclass(frozen=True, slots=True)
class _Writer:
    line_breaks: bool

    def child(
        self, parent: etree._Element, name: str, algorithm: str | None = None
    ) -> etree._Element:
        self.close(parent)
        element = etree.SubElement(parent, f"{{{DS}}}{name}")
        if algorithm is not None:
            element.set("Algorithm", algorithm)
        return element

    def data(self, parent: etree._Element, name: str, value: bytes) -> None:
        text = base64.b64encode(value).decode()
        if self.line_breaks:
            lines = [text[at : at + BASE64_LINE] for at in range(0, len(text), BASE64_LINE)]
            text = "\n".join(lines)
        self.child(parent, name).text = text

    def close(self, *elements: etree._Element) -> None:
        """A line break before the next child or the end tag, where they are wanted."""
        for element in elements if self.line_breaks else ():
            if len(element):
                element[-1].tail = "\n"
            else:
                element.text = "\n"


def _canonical(element: etree._Element, *, exclusive: bool) -> bytes:
    # A reference to the same document leaves comments out, whatever the transform is named.
    made: bytes = etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False)
    return made


def _canonical_part(element: etree._Element, *, exclusive: bool) -> bytes:
    """The canonical form of a part in its place; the inclusive one inherits xml: attributes."""
    if exclusive:
        return _canonical(element, exclusive=True)
    inherited = {
        name: value
        for above in reversed(list(element.iterancestors()))
        for name, value in above.attrib.items()
        if str(name).startswith(XML_ATTRIBUTES)
    }
    for name, value in inherited.items():
        element.set(name, value)
    made = _canonical(element, exclusive=False)
    for name in inherited:
        del element.attrib[name]
    return made
