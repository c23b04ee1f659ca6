"""The signature inside: over the whole inner document, in its root, before it is put anywhere."""

from typing import Final

from lxml import etree

from kualik.gateway.adapters.dsig import add_part, packed
from kualik.gateway.adapters.envelope.parsing import read_inner
from kualik.gateway.adapters.transport_keys import DocumentSigner, Key
from kualik.signatures.adapters.xml_shape import DS, ENVELOPED, INCLUSIVE, XML, Form

COMMENTED: Final = f"{INCLUSIVE}#WithComments"
FORM: Final = Form(INCLUSIVE)


def sign_document(xml: str, key: Key) -> str:
    """``xml`` with an enveloped signature as the last child of its root.

    Comments and instructions are left out. Raises GatewayFault for what is no document.
    """
    if isinstance(key, DocumentSigner):
        return key.sign_document(xml)
    root = read_inner(xml)
    digest = key.digest(FORM.of(root))
    signature = etree.SubElement(root, f"{{{DS}}}Signature", nsmap={"ds": DS})
    info = add_part(signature, "SignedInfo")
    add_part(info, "CanonicalizationMethod", COMMENTED)
    add_part(info, "SignatureMethod", key.signature_method)
    reference = add_part(info, "Reference")
    reference.set("URI", "")
    transforms = add_part(reference, "Transforms")
    add_part(transforms, "Transform", ENVELOPED)
    add_part(transforms, "Transform", COMMENTED)
    add_part(reference, "DigestMethod", key.digest_method)
    add_part(reference, "DigestValue").text = packed(digest)
    add_part(signature, "SignatureValue").text = packed(key.sign(_signed(info, root)))
    held = add_part(add_part(signature, "KeyInfo"), "X509Data")
    add_part(held, "X509Certificate").text = packed(key.certificate_der)
    written: str = etree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>{written}'


def _signed(info: etree._Element, root: etree._Element) -> bytes:
    """The SignedInfo as it is signed: a part inherits the root's attributes of ``xml:``, which the
    library leaves out."""
    inherited = {
        name: value for name, value in root.attrib.items() if name.startswith(f"{{{XML}}}")
    }
    for name, value in inherited.items():
        info.set(name, value)
    made = FORM.of(info)
    for name in inherited:
        del info.attrib[name]
    return made
