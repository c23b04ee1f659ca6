"""Certificates and revocation data that travel inside a signature file or a time-stamp."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from asn1crypto import core, ocsp, parser

from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, as_der, split_first
from kualik.signatures.adapters.cms import (
    CERTIFICATE_LIMIT,
    REVOCATION_LIMIT,
    SignedData,
    Signer,
)
from kualik.signatures.adapters.crl import BrokenCrl, Crl, read_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, OcspResponse, read_ocsp
from kualik.signatures.adapters.revocation import Evidence

# RFC 5126, 6.3.3 and 6.3.4: how long-lived signatures (CAdES-XL) carried their data before the
# baseline profiles put them into the signed data itself.
CERTIFICATE_VALUES: Final = "1.2.840.113549.1.9.16.2.23"
REVOCATION_VALUES: Final = "1.2.840.113549.1.9.16.2.24"
LISTS_TAG, ANSWERS_TAG = 0, 1


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What a signature file brings along: certificates (DER) and revocation data, unverified."""

    certificates: tuple[bytes, ...]
    evidence: Evidence


def enclosed_in(signed: SignedData) -> Enclosed:
    """What the file holds in its own places and, in the older way, in unsigned attributes; what
    cannot be read helps nobody."""
    older = [(tag, der) for signer in signed.signers for tag, der in _values(signer)]
    crls = [der for tag, der in older if tag == LISTS_TAG]
    answers = [_whole(der) for tag, der in older if tag == ANSWERS_TAG]
    chains = [der for signer in signed.signers for der in _chain(signer)]
    return Enclosed(
        (*signed.certificates, *chains[:CERTIFICATE_LIMIT]),
        enclosed_evidence(
            crls=(*signed.crls, *crls[:REVOCATION_LIMIT]),
            responses=(*signed.responses, *answers[:REVOCATION_LIMIT]),
        ),
    )


def enclosed_evidence(*, crls: Iterable[bytes], responses: Iterable[bytes]) -> Evidence:
    """Lists and answers (DER), not yet verified; unreadable ones help nobody."""
    return Evidence(tuple(_lists(crls)), tuple(_answers(responses)))


def _lists(ders: Iterable[bytes]) -> Iterator[Crl]:
    for der in ders:
        try:
            yield read_crl(as_der(der))
        except (Asn1Error, BrokenCrl):
            continue


def _answers(ders: Iterable[bytes]) -> Iterator[OcspResponse]:
    for der in ders:
        try:
            yield read_ocsp(der)
        except BrokenOcsp:
            continue


def _chain(signer: Signer) -> list[bytes]:
    try:
        return [
            item.dump()
            for value in signer.unsigned.get(CERTIFICATE_VALUES, ())
            for item in core.SequenceOf.load(value, strict=True, spec=core.Any)
        ]
    except PARSER_ERRORS:
        return []


def _values(signer: Signer) -> list[tuple[int, bytes]]:
    """Lists and bare OCSP answers with the tags that tell them apart."""
    try:
        return [
            (tag, item.dump())
            for value in signer.unsigned.get(REVOCATION_VALUES, ())
            for tag, held in _tagged(value)
            for item in core.SequenceOf.load(held, strict=True, spec=core.Any)
        ]
    except PARSER_ERRORS:
        return []


def _tagged(value: bytes) -> Iterator[tuple[int, bytes]]:
    """The tagged parts of a sequence and what each holds; the library reads none without a type."""
    rest: bytes = parser.parse(value, strict=True)[4]
    while rest:
        part, rest = split_first(rest)
        _, _, tag, _, held, _ = parser.parse(part, strict=True)
        yield tag, held


def _whole(basic: bytes) -> bytes:
    """The response of which only the inner part was kept."""
    inner = {"response_type": "basic_ocsp_response", "response": core.ParsableOctetString(basic)}
    made: bytes = ocsp.OCSPResponse(
        {"response_status": "successful", "response_bytes": inner}
    ).dump()
    return made
