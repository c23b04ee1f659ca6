"""Enveloped XML signatures over a whole document: what they cover and whose they are."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from kualik.signatures.adapters import gost
from kualik.signatures.adapters.algorithms import (
    Algorithm,
    AlgorithmError,
    digest,
    family_of,
    name_of,
    pss_of,
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
    XmlReference,
    XmlSignature,
    XmlSignatureError,
    canonical_again,
    canonical_part,
    read_signature,
)

SIGNATURE_LIMIT: Final = 16
NAME_LIMIT: Final = 100
# A second of plain Python takes in about a third of a megabyte by GOST.
HASHED_LIMIT_BYTES: Final = 40 * 1024 * 1024

MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"
ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"
PKIGOVKZ: Final = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
SIGNATURE_METHODS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        f"{MORE}rsa-sha256": Algorithm("1.2.840.113549.1.1.11"),
        f"{MORE}rsa-sha384": Algorithm("1.2.840.113549.1.1.12"),
        f"{MORE}rsa-sha512": Algorithm("1.2.840.113549.1.1.13"),
        f"{MORE_2007}sha256-rsa-MGF1": pss_of("sha256"),
        f"{MORE_2007}sha384-rsa-MGF1": pss_of("sha384"),
        f"{MORE_2007}sha512-rsa-MGF1": pss_of("sha512"),
        f"{MORE}ecdsa-sha256": Algorithm("1.2.840.10045.4.3.2"),
        f"{MORE}ecdsa-sha384": Algorithm("1.2.840.10045.4.3.3"),
        f"{MORE}ecdsa-sha512": Algorithm("1.2.840.10045.4.3.4"),
        f"{PKIGOVKZ}gostr34102015-gostr34112015-512": Algorithm(gost.GOST_2015_512.signature_oid),
        f"{PKIGOVKZ}gostr34102015-gostr34112015-256": Algorithm(gost.GOST_2015_256.signature_oid),
        f"{MORE}gost34310-gost34311": Algorithm(gost.GOST_2004.signature_oid),
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
        codes = list(_reference_codes(document, signature, read))
    except XmlSignatureError as error:
        return XmlReading(codes=(error.code,))
    algorithm = SIGNATURE_METHODS.get(read.method)
    certificate, fault = _signer_of(read, algorithm)
    if fault:
        codes.append(fault)
    return XmlReading(
        codes=tuple(dict.fromkeys(codes)),
        certificate=certificate,
        certificates=read.certificates,
        algorithm=read.method[:NAME_LIMIT] if algorithm is None else name_of(algorithm),
    )


def _reference_codes(
    document: XmlDocument, signature: etree._Element, read: XmlSignature
) -> Iterator[str]:
    """Whether the digests fit: one of the whole document, the others of parts of the signature.

    What else is referred to stays unchecked and is told; so is an Object that nobody refers to.
    """
    root = document.tree.getroot()
    meant = [_meant(document.tree, reference.uri, read.parts) for reference in read.references]
    pairs = list(zip(read.references, meant, strict=True))
    whole = [reference for reference, found in pairs if found is root]
    if len(whole) != 1:
        raise XmlSignatureError("xml_reference_count" if whole else "xml_not_whole_document")
    if not whole[0].is_enveloped:
        raise XmlSignatureError("xml_transform_forbidden")
    yield from _document_codes(document, signature, whole[0])
    checked: list[etree._Element] = []
    for reference, part in pairs:
        if part is root:
            continue
        if part is None or part in checked or reference.is_enveloped or reference.forms is None:
            yield "xml_reference_unsupported"
            continue
        checked.append(part)
        yield from _digest_codes(canonical_part(part, reference.forms), reference)
    if any(held not in checked for held in read.objects):
        yield "xml_object_unsupported"


def _meant(
    tree: etree._ElementTree, uri: str | None, parts: tuple[etree._Element, ...]
) -> etree._Element | None:
    """What the address means: the root for the whole document, one of the signature's own parts,
    or None for anything else."""
    root = tree.getroot()
    if uri == "":
        return root
    if uri is None or not uri.startswith("#"):
        return None
    holders = [element for element in root.iter("*") if _is_called(element, uri[1:])]
    if len(holders) > 1:
        raise XmlSignatureError("xml_id_repeated")
    if holders == [root]:
        # Instructions beside the root belong to the document and not to the root.
        beside = (*root.itersiblings(preceding=True), *root.itersiblings())
        return None if any(node.tag is etree.PI for node in beside) else root
    return holders[0] if holders and holders[0] in parts else None


def _is_called(element: etree._Element, identifier: str) -> bool:
    """Whether one reader or another takes this for the identifier of the element."""
    return any(
        value == identifier and etree.QName(name).localname.lower() == "id"
        for name, value in element.attrib.items()
    )


def _document_codes(
    document: XmlDocument, signature: etree._Element, reference: XmlReference
) -> Iterator[str]:
    """Whether the digest is that of the document.

    Signatures are placed one after another, so each covers those before it. By the letter of the
    standard it also covers those behind it, which is so only where it was put in front of them.
    """
    if reference.forms is None:
        yield "xml_transform_unsupported"
        return
    first, *more = reference.forms
    since = document.signatures[document.signatures.index(signature) :]
    made = canonical_again(first.of(_without(document.tree, since)), more)
    faults = list(_digest_codes(made, reference))
    if not faults and len(since) > 1:
        yield "xml_signed_before_others"
    if "content_changed" in faults and len(since) > 1:
        made = canonical_again(first.of(_without(document.tree, (signature,))), more)
        faults = list(_digest_codes(made, reference))
    yield from faults


def _digest_codes(made: bytes, reference: XmlReference) -> Iterator[str]:
    oid = DIGEST_METHODS.get(reference.digest_method)
    if oid is None:
        yield "algorithm_unsupported"
    elif digest(oid, made) != reference.digest:
        yield "content_changed"


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


def _signer_of(read: XmlSignature, algorithm: Algorithm | None) -> tuple[Certificate | None, str]:
    """The certificate whose key made the signature, or the likeliest and what is wrong.

    Nothing in a signature says which of several certificates it is by.
    """
    certificates = sorted(_readable(read.certificates), key=lambda found: found.is_authority)
    if not certificates:
        return None, "certificate_broken" if read.certificates else "certificate_missing"
    if algorithm is None:
        return certificates[0], "algorithm_unsupported"
    if read.signed is None:
        return certificates[0], "xml_transform_unsupported"
    faults = []
    for certificate in certificates:
        fault = _signature_fault(read.signed, read.value, algorithm, certificate)
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


def _signature_fault(
    signed: bytes, value: bytes, algorithm: Algorithm, certificate: Certificate
) -> str:
    try:
        is_signed = verifies(
            spki_der=certificate.spki_der,
            algorithm=algorithm,
            data=signed,
            signature=_pair(value) if family_of(algorithm.oid) == "ecdsa" else value,
        )
    except AlgorithmError as error:
        return error.code
    return "" if is_signed else "signature_broken"


def _pair(value: bytes) -> bytes:
    """The two numbers of ECDSA, which XML writes one behind the other, as DER."""
    half = len(value) // 2
    if 2 * half != len(value):
        return b""
    return encode_dss_signature(
        int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    )
