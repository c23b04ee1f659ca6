"""The signature of the transport as elements: written one way, read strictly.

One Signature in one Security header, one Reference with the exclusive canonical form as its only
transform, the certificate in a KeyIdentifier; nothing stands there that nobody has checked.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from kualik.gateway.adapters.dsig import add_part, packed
from kualik.gateway.adapters.envelope.names import SOAP
from kualik.gateway.adapters.faults import SIGNATURE, GatewayFault
from kualik.signatures.adapters.xml_shape import (
    DS,
    EXCLUSIVE,
    PREFIX_LIMIT,
    PREFIXES,
    Form,
    kept_prefixes,
)

OASIS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE: Final = f"{OASIS}wssecurity-secext-1.0.xsd"
WSU: Final = f"{OASIS}wssecurity-utility-1.0.xsd"
BASE64: Final = f"{OASIS}soap-message-security-1.0#Base64Binary"
X509V3: Final = f"{OASIS}x509-token-profile-1.0#X509v3"
WSU_ID: Final = f"{{{WSU}}}Id"
SECURITY: Final = f"{{{WSSE}}}Security"
SIGNATURE_TAG: Final = f"{{{DS}}}Signature"
MUST_UNDERSTAND: Final = f"{{{SOAP}}}mustUnderstand"
PART_LIMIT: Final = 40
# Hashed before anything is proven, by GOST at a fifth of a megabyte a second; a real one is 1 KiB.
SIGNED_LIMIT_BYTES: Final = 16 * 1024


def refused(why: str) -> GatewayFault:
    """A fault 2015 that names what is wrong with the signature: a row of ``faults.details``
    without its "signature_"."""
    return GatewayFault(SIGNATURE, f"signature_{why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSignature:
    """The parts: ``signed`` is the canonical SignedInfo, ``identifier`` the Id that the reference
    names, ``form`` the canonical form of the Body."""

    signature_method: str
    digest_method: str
    identifier: str
    form: Form
    digest: bytes
    signed: bytes = field(repr=False)
    value: bytes = field(repr=False)
    certificate: bytes = field(repr=False)


def security_of(header: etree._Element | None, body: etree._Element) -> etree._Element:
    """The one Signature of the one Security header. Raises GatewayFault 2015."""
    tree = body.getroottree()
    headers = list(tree.iter(SECURITY))
    if header is None or len(headers) != 1 or headers[0].getparent() is not header:
        raise refused("one_header")
    for other in header:
        if other is not headers[0] and _must_be_understood(other):
            raise refused("other_header")
    inside = set(body.iter(SIGNATURE_TAG))
    signatures = [one for one in tree.iter(SIGNATURE_TAG) if one not in inside]
    if len(signatures) != 1 or list(headers[0]) != signatures:
        raise refused("one")
    return signatures[0]


def read_header(signature: etree._Element) -> HeaderSignature:
    """The parts of the signature. Raises GatewayFault 2015."""
    if sum(1 for _ in signature.iter()) > PART_LIMIT:
        raise refused("extra")
    info, value, key_info = _children(signature, DS, "SignedInfo", "SignatureValue", "KeyInfo")
    canonical, method, reference = _children(
        info, DS, "CanonicalizationMethod", "SignatureMethod", "Reference"
    )
    transforms, digest_method, digest = _children(
        reference, DS, "Transforms", "DigestMethod", "DigestValue"
    )
    (transform,) = _children(transforms, DS, "Transform")
    signed = _form(canonical).of(info)
    if len(signed) > SIGNED_LIMIT_BYTES:
        raise refused("long")
    uri = reference.get("URI", "")
    if not uri.startswith("#") or len(uri) < 2:
        raise refused("reference")
    return HeaderSignature(
        signature_method=_algorithm(method),
        digest_method=_algorithm(digest_method),
        identifier=uri[1:],
        form=_form(transform),
        digest=_data(digest),
        signed=signed,
        value=_data(value),
        certificate=_certificate(key_info),
    )


def write_header(header: etree._Element, *, methods: tuple[str, str]) -> etree._Element:
    """Append Security with an unfinished Signature; ``methods`` are signature and digest."""
    security = etree.SubElement(header, SECURITY, nsmap={"wsse": WSSE})
    security.set(MUST_UNDERSTAND, "1")
    signature = etree.SubElement(security, SIGNATURE_TAG, nsmap={"ds": DS})
    info = add_part(signature, "SignedInfo")
    add_part(info, "CanonicalizationMethod", EXCLUSIVE)
    add_part(info, "SignatureMethod", methods[0])
    reference = add_part(info, "Reference")
    add_part(add_part(reference, "Transforms"), "Transform", EXCLUSIVE)
    add_part(reference, "DigestMethod", methods[1])
    return signature


def finish_header(
    signature: etree._Element, *, identifier: str, digest: bytes, certificate: bytes
) -> etree._Element:
    """Fill in everything but the value; the SignedInfo to be signed is returned."""
    info = signature[0]
    reference = info[-1]
    reference.set("URI", f"#{identifier}")
    add_part(reference, "DigestValue").text = packed(digest)
    add_part(signature, "SignatureValue")
    token = etree.SubElement(add_part(signature, "KeyInfo"), f"{{{WSSE}}}SecurityTokenReference")
    held = etree.SubElement(token, f"{{{WSSE}}}KeyIdentifier")
    held.set("EncodingType", BASE64)
    held.set("ValueType", X509V3)
    held.text = packed(certificate)
    return info


def put_value(signature: etree._Element, value: bytes) -> None:
    """Write the value of the signature."""
    signature[1].text = packed(value)


def _must_be_understood(other: etree._Element) -> bool:
    return isinstance(other.tag, str) and other.get(MUST_UNDERSTAND, "0") not in ("0", "false")


def _children(parent: etree._Element, namespace: str, *names: str) -> Sequence[etree._Element]:
    """Exactly these children in this order, without text or comments between them."""
    found = list(parent)
    texts = [parent.text, *(one.tail for one in found)]
    if [one.tag for one in found] != [f"{{{namespace}}}{name}" for name in names]:
        raise refused("parts")
    if any(text and text.strip() for text in texts):
        raise refused("text")
    return found


def _algorithm(element: etree._Element) -> str:
    if len(element) or set(element.attrib) != {"Algorithm"} or (element.text or "").strip():
        raise refused("parameters")
    return str(element.get("Algorithm"))


def _form(element: etree._Element) -> Form:
    """The exclusive form, with the prefixes that some libraries name besides."""
    if element.get("Algorithm") != EXCLUSIVE or set(element.attrib) != {"Algorithm"}:
        raise refused("form")
    if not len(element):
        return Form(EXCLUSIVE)
    if [one.tag for one in element] != [PREFIXES]:
        raise refused("form")
    prefixes = kept_prefixes(element[0])
    if len(prefixes) > PREFIX_LIMIT:
        raise refused("form")
    return Form(EXCLUSIVE, prefixes)


def _data(element: etree._Element) -> bytes:
    text = "".join((element.text or "").split())
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise refused("base64") from error
    # The decoder lets padding through where none belongs; a comment splits the text.
    if len(element) or not data or packed(data) != text:
        raise refused("base64")
    return data


def _certificate(key_info: etree._Element) -> bytes:
    (token,) = _children(key_info, WSSE, "SecurityTokenReference")
    (held,) = _children(token, WSSE, "KeyIdentifier")
    if held.get("ValueType") != X509V3 or held.get("EncodingType", BASE64) != BASE64:
        raise refused("key")
    return _data(held)
