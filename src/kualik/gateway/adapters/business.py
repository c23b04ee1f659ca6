"""The signature inside: over the whole inner document, in its root, before it is put anywhere."""

import base64
from typing import Final

from lxml import etree

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
    info = _add(signature, "SignedInfo")
    _add(info, "CanonicalizationMethod", COMMENTED)
    _add(info, "SignatureMethod", key.signature_method)
    reference = _add(info, "Reference")
    reference.set("URI", "")
    transforms = _add(reference, "Transforms")
    _add(transforms, "Transform", ENVELOPED)
    _add(transforms, "Transform", COMMENTED)
    _add(reference, "DigestMethod", key.digest_method)
    _add(reference, "DigestValue").text = _text(digest)
    _add(signature, "SignatureValue").text = _text(key.sign(_signed(info, root)))
    held = _add(_add(signature, "KeyInfo"), "X509Data")
    _add(held, "X509Certificate").text = _text(key.certificate_der)
    written: str = etree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>{written}'


def has_signature(xml: str) -> bool:
    """Whether the root of the document holds a signature, good or bad. Raises GatewayFault."""
    return read_inner(xml).find(f"{{{DS}}}Signature") is not None


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


def _add(parent: etree._Element, name: str, algorithm: str = "") -> etree._Element:
    element = etree.SubElement(parent, f"{{{DS}}}{name}")
    if algorithm:
        element.set("Algorithm", algorithm)
    return element


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
