"""WS-Security of the bus: the Body of a message signed, and nothing else believed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from lxml import etree

from kualik.gateway.adapters.envelope.names import SOAP
from kualik.gateway.adapters.envelope.parsing import parse, parts
from kualik.gateway.adapters.faults import EXPIRED, SIGNING, GatewayFault
from kualik.gateway.adapters.transport_keys import (
    GOST_DIGEST,
    GOST_SIGNATURE,
    OLD_GOST_DIGEST,
    OLD_GOST_SIGNATURE,
    RSA_DIGEST,
    RSA_SIGNATURE,
    DocumentSigner,
    Key,
    LeafKey,
    StoreKey,
    TransportKey,
)
from kualik.gateway.adapters.wsse_shape import (
    SECURITY,
    WSU,
    WSU_ID,
    HeaderSignature,
    finish_header,
    put_value,
    read_header,
    refused,
    security_of,
    write_header,
)
from kualik.signatures.adapters.algorithms import AlgorithmError, digest, verifies
from kualik.signatures.adapters.certificates import BrokenCertificate, read_certificate
from kualik.signatures.adapters.xml_shape import EXCLUSIVE, Form, XmlSignatureError
from kualik.signatures.adapters.xml_signatures import DIGEST_METHODS, SIGNATURE_METHODS

BODY_FORM: Final = Form(EXCLUSIVE)
# Which digest goes with which signature; GOST 2004 is read and no longer written.
PAIRS: Final[Mapping[str, str]] = MappingProxyType(
    {
        RSA_SIGNATURE: RSA_DIGEST,
        GOST_SIGNATURE: GOST_DIGEST,
        OLD_GOST_SIGNATURE: OLD_GOST_DIGEST,
    }
)


def sign(envelope: bytes, key: Key) -> bytes:
    """The envelope with the header of the transport over its Body, in UTF-8.

    Raises GatewayFault 2014 where there is a Security header already or the key refuses.
    """
    if isinstance(key, DocumentSigner):
        return key.sign_envelope(envelope)
    tree = parse(envelope)
    header, body = parts(tree)
    if next(tree.iter(SECURITY), None) is not None:
        raise GatewayFault(SIGNING, "signed_already")
    if header is None:
        header = etree.Element(f"{{{SOAP}}}Header")
        tree.getroot().insert(0, header)
    identifier = f"id-{uuid4()}"
    body = _identified(body, identifier)
    signature = write_header(header, methods=(key.signature_method, key.digest_method))
    info = finish_header(
        signature,
        identifier=identifier,
        digest=key.digest(BODY_FORM.of(body)),
        certificate=key.certificate_der,
    )
    put_value(signature, key.sign(BODY_FORM.of(info)))
    signed: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    return signed


def verify(raw: bytes, *, pinned: Sequence[bytes], now: datetime) -> bytes:
    """The certificate (DER) of ``pinned`` whose key signed the Body of this message.

    Raises GatewayFault: 2013 what cannot be read, 2015 every other signature than one over the
    very Body by a pinned certificate, 2022 a certificate that is not in its dates.
    """
    header, body = parts(parse(raw))
    try:
        read = read_header(security_of(header, body))
        if PAIRS.get(read.signature_method) != read.digest_method:
            raise refused("algorithm")
        if read.certificate not in pinned:
            raise refused("stranger")
        _check_identifier(body, read.identifier)
        _check_certificate(read, now)
        _check_values(read, body)
    except XmlSignatureError as error:
        raise refused("form") from error
    return read.certificate


def _identified(body: etree._Element, identifier: str) -> etree._Element:
    """The Body with its Id; anew, because a declaration can be given only when it is made."""
    made = etree.Element(body.tag, nsmap={**body.nsmap, "wsu": WSU})
    made.set(WSU_ID, identifier)
    made.text = body.text
    made.tail = body.tail
    for one in list(body):
        made.append(one)
    body.getparent().replace(body, made)
    return made


def _check_identifier(body: etree._Element, identifier: str) -> None:
    """The reference must name the Body, and what one reader or another takes for an Id must name
    nothing else so."""
    holders = [
        element
        for element in body.getroottree().iter("*")
        if any(
            value == identifier and etree.QName(name).localname.lower() == "id"
            for name, value in element.attrib.items()
        )
    ]
    if body.get(WSU_ID) != identifier or holders != [body]:
        raise refused("other_body")


def _check_certificate(read: HeaderSignature, now: datetime) -> None:
    try:
        certificate = read_certificate(read.certificate)
    except BrokenCertificate as error:
        raise refused("certificate") from error
    if not certificate.covers(now):
        raise GatewayFault(EXPIRED)


def _check_values(read: HeaderSignature, body: etree._Element) -> None:
    """The short signature first: the digest of a long Body by GOST takes seconds."""
    try:
        is_signed = verifies(
            spki_der=read_certificate(read.certificate).spki_der,
            algorithm=SIGNATURE_METHODS[read.signature_method],
            data=read.signed,
            signature=read.value,
        )
        if not is_signed:
            raise refused("value")
        found = digest(DIGEST_METHODS[read.digest_method], read.form.of(body))
    except AlgorithmError as error:
        raise refused("algorithm") from error
    if found != read.digest:
        raise refused("content")


__all__ = ["Key", "LeafKey", "StoreKey", "TransportKey", "sign", "verify"]
