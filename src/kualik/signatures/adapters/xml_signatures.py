"""Enveloped XML signatures over a whole document: what they cover and whose they are."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from lxml import etree

from kualik.signatures.adapters import gost
from kualik.signatures.adapters.algorithms import (
    Algorithm,
    AlgorithmError,
    digest,
    name_of,
    verifies,
)
from kualik.signatures.adapters.certificates import (
    BrokenCertificate,
    Certificate,
    read_certificate,
)
from kualik.signatures.adapters.xml_reading import XmlError, read_xml
from kualik.signatures.adapters.xml_shape import (
    DS,
    INCLUSIVE,
    Form,
    XmlSignature,
    XmlSignatureError,
    read_signature,
)

SIGNATURE_LIMIT: Final = 16
NAME_LIMIT: Final = 100
# A second of plain Python takes in about a third of a megabyte by GOST.
HASHED_LIMIT_BYTES: Final = 40 * 1024 * 1024

MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"
PKIGOVKZ: Final = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
SIGNATURE_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        f"{MORE}rsa-sha256": "1.2.840.113549.1.1.11",
        f"{MORE}rsa-sha384": "1.2.840.113549.1.1.12",
        f"{MORE}rsa-sha512": "1.2.840.113549.1.1.13",
        f"{PKIGOVKZ}gostr34102015-gostr34112015-512": gost.GOST_2015_512.signature_oid,
        f"{PKIGOVKZ}gostr34102015-gostr34112015-256": gost.GOST_2015_256.signature_oid,
        f"{MORE}gost34310-gost34311": gost.GOST_2004.signature_oid,
    }
)
DIGEST_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        f"{ENCRYPTION}sha256": "2.16.840.1.101.3.4.2.1",
        f"{MORE}sha384": "2.16.840.1.101.3.4.2.2",
        f"{ENCRYPTION}sha512": "2.16.840.1.101.3.4.2.3",
        f"{PKIGOVKZ}gostr34112015-512": gost.GOST_2015_512.hash_oid,
        f"{PKIGOVKZ}gostr34112015-256": gost.GOST_2015_256.hash_oid,
        f"{MORE}gost34311": gost.GOST_2004.hash_oid,
    }
)


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """A document and the signatures in its root, in their order.

    ``content`` is the document without them in the inclusive canonical form: what a reader may
    show as signed, comments left out.
    """

    tree: etree._ElementTree = field(repr=False)
    signatures: tuple[etree._Element, ...]
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlReading:
    """What is wrong with a signature, trust apart; ``codes`` are keys of the table of reasons.

    ``certificates`` are all that travel with it. A refused signature shows no certificate.
    """

    codes: tuple[str, ...]
    certificate: Certificate | None = None
    certificates: tuple[bytes, ...] = ()
    algorithm: str = ""


def read_document(data: bytes) -> XmlDocument:
    """The document of these bytes.

    Raises XmlError (also ``too_many_signatures``), and XmlSignatureError
    ``xml_signature_misplaced`` where a signature stands anywhere but in the root: what it covers
    could be mistaken; ``xml_not_canonical``.
    """
    tree = read_xml(data)
    root = tree.getroot()
    found = tuple(root.iter(f"{{{DS}}}Signature"))
    if any(signature.getparent() is not root for signature in found):
        raise XmlSignatureError("xml_signature_misplaced")
    if len(found) > SIGNATURE_LIMIT:
        raise XmlError("too_many_signatures")
    content = Form(INCLUSIVE).of(_without(tree, found))
    # Every signature but the last may be looked at twice.
    if len(content) * (2 * len(found) - 1) > HASHED_LIMIT_BYTES:
        raise XmlError("too_many_signatures")
    return XmlDocument(tree, found, content)


def check_signature(document: XmlDocument, signature: etree._Element) -> XmlReading:
    """Whether one of the document's signatures covers the whole of it and is by its certificate."""
    try:
        read = read_signature(signature)
        _check_reference(document.tree, read.uri)
        codes = list(_document_codes(document, signature, read))
    except XmlSignatureError as error:
        return XmlReading(codes=(error.code,))
    oid = SIGNATURE_METHODS.get(read.method)
    certificate, fault = _signer_of(read, oid)
    if fault:
        codes.append(fault)
    return XmlReading(
        codes=tuple(dict.fromkeys(codes)),
        certificate=certificate,
        certificates=read.certificates,
        algorithm=read.method[:NAME_LIMIT] if oid is None else name_of(Algorithm(oid)),
    )


def _check_reference(tree: etree._ElementTree, uri: str | None) -> None:
    """Whether the address means the whole document: empty, or the identifier of the root."""
    if uri == "":
        return
    if uri is None or not uri.startswith("#"):
        raise XmlSignatureError("xml_not_whole_document")
    root = tree.getroot()
    holders = [element for element in root.iter("*") if _is_called(element, uri[1:])]
    if len(holders) > 1:
        raise XmlSignatureError("xml_id_repeated")
    # Instructions beside the root belong to the document and not to the root.
    beside = (*root.itersiblings(preceding=True), *root.itersiblings())
    if holders != [root] or any(node.tag is etree.PI for node in beside):
        raise XmlSignatureError("xml_not_whole_document")


def _is_called(element: etree._Element, identifier: str) -> bool:
    """Whether one reader or another takes this for the identifier of the element."""
    return any(
        value == identifier and etree.QName(name).localname.lower() == "id"
        for name, value in element.attrib.items()
    )


def _document_codes(
    document: XmlDocument, signature: etree._Element, read: XmlSignature
) -> Iterator[str]:
    """Whether the digest is that of the document.

    Signatures are placed one after another, so each covers those before it. By the letter of the
    standard it also covers those behind it, which is so only where it was put in front of them.
    """
    oid = DIGEST_METHODS.get(read.digest_method)
    if oid is None:
        yield "algorithm_unsupported"
        return
    since = document.signatures[document.signatures.index(signature) :]
    if _digest(document, since, read.form, oid) == read.digest:
        if len(since) > 1:
            yield "xml_signed_before_others"
    elif len(since) == 1 or _digest(document, (signature,), read.form, oid) != read.digest:
        yield "content_changed"


def _digest(
    document: XmlDocument, removed: tuple[etree._Element, ...], form: Form, oid: str
) -> bytes:
    return digest(oid, form.of(_without(document.tree, removed)))


def _without(
    tree: etree._ElementTree, signatures: tuple[etree._Element, ...]
) -> etree._ElementTree:
    """A copy of the document without these children of its root; the text around them stays."""
    places = [tree.getroot().index(signature) for signature in signatures]
    bare = copy.deepcopy(tree)
    root = bare.getroot()
    for place in sorted(places, reverse=True):
        _take_out(root, root[place])
    return bare


def _take_out(root: etree._Element, element: etree._Element) -> None:
    # The library counts the text behind an element as a part of it.
    before, tail = element.getprevious(), element.tail or ""
    if before is None:
        root.text = (root.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    root.remove(element)


def _signer_of(read: XmlSignature, oid: str | None) -> tuple[Certificate | None, str]:
    """The certificate whose key made the signature, or the likeliest and what is wrong.

    Nothing in a signature says which of several certificates it is by.
    """
    certificates = sorted(_readable(read.certificates), key=lambda found: found.is_authority)
    if not certificates:
        return None, "certificate_broken" if read.certificates else "certificate_missing"
    if oid is None:
        return certificates[0], "algorithm_unsupported"
    faults = []
    for certificate in certificates:
        fault = _signature_fault(read, oid, certificate)
        if not fault:
            return certificate, ""
        faults.append(fault)
    return certificates[0], faults[0]


def _readable(ders: tuple[bytes, ...]) -> Iterator[Certificate]:
    for der in dict.fromkeys(ders):
        try:
            yield read_certificate(der)
        except BrokenCertificate:
            continue


def _signature_fault(read: XmlSignature, oid: str, certificate: Certificate) -> str:
    try:
        is_signed = verifies(
            spki_der=certificate.spki_der,
            algorithm=Algorithm(oid),
            data=read.signed,
            signature=read.value,
        )
    except AlgorithmError as error:
        return error.code
    return "" if is_signed else "signature_broken"
