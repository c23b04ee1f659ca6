"""Making a CMS signature last: time-stamps (CAdES-T), the data of the check (-LT), archive
time-stamps over both (-LTA). What was signed stays byte for byte."""

from collections.abc import Callable, Iterable

from asn1crypto import cms, core, crl, ocsp, x509

from kualik.signatures.adapters.algorithms import Content
from kualik.signatures.adapters.archive_stamps import (
    HASH_INDEX,
    INDEX_HASH,
    archived_bytes,
    make_index,
)
from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error
from kualik.signatures.adapters.cms import (
    ARCHIVE_TIMESTAMP,
    TIMESTAMP,
    CmsError,
    SignedData,
    Signer,
    cms_der,
    read_cms,
)

# RFC 5652, 5.1: the version of signed data with revocation data of another form than a list.
WITH_RESPONSES = "v5"

Stamping = Callable[[bytes], bytes]
"""Bytes in, a time-stamp token (DER) over them out."""


def stamp_signatures(signature: bytes, stamp: Stamping) -> bytes:
    """The file (DER) with a time-stamp over the signature value of every signer that has none.

    Whatever the signer's algorithm, the token's hash is the authority's. Raises CmsError, and what
    ``stamp`` raises.
    """
    if all(signer.unsigned.get(TIMESTAMP) for signer in read_cms(signature).signers):
        return signature

    def stamped(_signed: SignedData, signer: Signer) -> bytes | None:
        if signer.unsigned.get(TIMESTAMP):
            return None
        return _attribute(TIMESTAMP, stamp(signer.signature))

    return _with_attributes(signature, stamped)


def archive_signatures(signature: bytes, document: bytes, stamp: Stamping) -> bytes:
    """The file (DER) with one more archive time-stamp for every signer, over all that is there.

    ``stamp`` makes its tokens over a SHA-256 hash. Raises as ``stamp_signatures`` does.
    """
    content = Content(document)

    def archived(signed: SignedData, signer: Signer) -> bytes:
        index = make_index(signed, signer)
        covered = archived_bytes(signed, signer, content, oid=INDEX_HASH, index=index)
        return _attribute(ARCHIVE_TIMESTAMP, _with_index(stamp(covered), index))

    return _with_attributes(signature, archived)


def add_proofs(
    signature: bytes,
    *,
    certificates: Iterable[bytes],
    crls: Iterable[bytes],
    responses: Iterable[bytes],
) -> bytes:
    """The file (DER) with certificates, lists and OCSP responses (RFC 5940) in the places that
    RFC 5652 has for them; what is there already is not repeated. Raises CmsError."""
    present = read_cms(signature)
    chain = _new(certificates, present.certificates)
    lists, answers = _new(crls, present.crls), _new(responses, present.responses)
    try:
        info = _opened(signature)
        signed = info["content"]
        if chain:
            made = [_choice("certificate", x509.Certificate.load(der)) for der in chain]
            signed["certificates"] = cms.CertificateSet([*_items(signed["certificates"]), *made])
        if lists or answers:
            found = [_revocation("crl", crl.CertificateList.load(der)) for der in lists]
            found += [_revocation("other", _response(der)) for der in answers]
            signed["crls"] = cms.RevocationInfoChoices([*_items(signed["crls"]), *found])
        if answers:
            signed["version"] = WITH_RESPONSES
        extended: bytes = info.dump()
    except (Asn1Error, *PARSER_ERRORS) as error:
        raise CmsError("malformed") from error
    return extended


def _opened(signature: bytes) -> cms.ContentInfo:
    return cms.ContentInfo.load(cms_der(signature), strict=True)


def _items(found: core.Asn1Value) -> list[core.Asn1Value]:
    return [] if isinstance(found, core.Void) else list(found)


def _new(ders: Iterable[bytes], present: Iterable[bytes]) -> list[bytes]:
    known = set(present)
    return [der for der in dict.fromkeys(ders) if der not in known]


def _choice(name: str, value: core.Asn1Value) -> cms.CertificateChoices:
    return cms.CertificateChoices(name=name, value=value)


def _revocation(name: str, value: core.Asn1Value) -> cms.RevocationInfoChoice:
    return cms.RevocationInfoChoice(name=name, value=value)


def _response(der: bytes) -> cms.OtherRevocationInfoFormat:
    return cms.OtherRevocationInfoFormat(
        {
            "other_rev_info_format": "ocsp_response",
            "other_rev_info": ocsp.OCSPResponse.load(der, strict=True),
        }
    )


def _with_attributes(signature: bytes, make: Callable[[SignedData, Signer], bytes | None]) -> bytes:
    """The file with an unsigned attribute (DER) more for every signer that ``make`` makes one
    for."""
    signed = read_cms(signature)
    try:
        info = _opened(signature)
        signers = info["content"]["signer_infos"]
        for signer, read in zip(signers, signed.signers, strict=True):
            made = make(signed, read)
            if made is not None:
                kept = _items(signer["unsigned_attrs"])
                added = cms.CMSAttribute.load(made)
                signer["unsigned_attrs"] = cms.CMSAttributes([*kept, added])
        dressed: bytes = info.dump()
    except (Asn1Error, *PARSER_ERRORS) as error:
        raise CmsError("malformed") from error
    return dressed


def _attribute(oid: str, value: bytes) -> bytes:
    values = core.SetOf(spec=core.Any, value=[core.Any.load(value)])
    parts = [core.Any.load(part.dump()) for part in (core.ObjectIdentifier(oid), values)]
    made: bytes = core.SequenceOf(spec=core.Any, value=parts).dump()
    return made


def _with_index(token: bytes, index: bytes) -> bytes:
    """The token with the index of what it covers; its own signature does not cover that, its
    imprint does."""
    return _with_attributes(token, lambda _signed, _signer: _attribute(HASH_INDEX, index))
