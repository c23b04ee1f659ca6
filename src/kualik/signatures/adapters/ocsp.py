"""Answers of the online certificate status protocol, RFC 6960."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from asn1crypto import core
from asn1crypto import ocsp as asn1_ocsp

from kualik.signatures.adapters.algorithms import SHA1, Algorithm, AlgorithmError, digest
from kualik.signatures.adapters.asn1 import PARSER_ERRORS, as_der
from kualik.signatures.adapters.certificates import (
    Certificate,
    read_algorithm,
    read_extensions,
    signature_bits,
)

BASIC_RESPONSE: Final = "1.3.6.1.5.5.7.48.1.1"
NONCE: Final = "1.3.6.1.5.5.7.48.1.2"
ANSWER_LIMIT: Final = 64
CERTIFICATE_LIMIT: Final = 8

State = Literal["good", "revoked", "unknown"]


class BrokenOcsp(ValueError):
    """The bytes are not an answer that can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """What is said of one certificate; ``reason`` as asn1crypto names it."""

    hash_oid: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    state: State
    revoked_at: datetime | None
    reason: str
    this_update: datetime
    next_update: datetime | None

    def is_about(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Whether the answer names this certificate of this issuer."""
        if self.serial != certificate.serial:
            return False
        expected = (certificate.issuer_der, public_bits(issuer.spki_der))
        try:
            hashes = tuple(_hash(self.hash_oid, data) for data in expected)
        except AlgorithmError:
            return False
        return hashes == (self.name_hash, self.key_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspResponse:
    """A signed set of answers; ``responder_name`` or ``responder_key`` says by whom."""

    der: bytes
    tbs: bytes
    algorithm: Algorithm
    signature: bytes
    responder_name: str
    responder_key: bytes
    produced_at: datetime
    nonce: bytes
    certificates: tuple[bytes, ...]
    answers: tuple[OcspAnswer, ...]

    def is_by(self, certificate: Certificate) -> bool:
        """Whether the certificate is the one that the response names as its signer's."""
        if self.responder_key:
            bits = public_bits(certificate.spki_der)
            return hashlib.sha1(bits, usedforsecurity=False).digest() == self.responder_key
        return certificate.subject_name == self.responder_name


def read_ocsp(data: bytes) -> OcspResponse:
    """The response of these bytes. Raises BrokenOcsp, also when the service refuses to answer."""
    try:
        return _read(as_der(data))
    except BrokenOcsp:
        raise
    except PARSER_ERRORS as error:
        raise BrokenOcsp(type(error).__name__) from error


def public_bits(spki_der: bytes) -> bytes:
    """The bits of the public key, which key identifiers are made of."""
    contents: bytes = core.Sequence.load(spki_der, strict=True)[1].contents
    return contents[1:]


def make_request(certificate: Certificate, issuer: Certificate, *, nonce: bytes) -> bytes:
    """The question about one certificate, DER."""
    identifier = asn1_ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": "sha256", "parameters": core.Null()},
            "issuer_name_hash": hashlib.sha256(certificate.issuer_der).digest(),
            "issuer_key_hash": hashlib.sha256(public_bits(issuer.spki_der)).digest(),
            "serial_number": certificate.serial,
        }
    )
    extension = {
        "extn_id": "nonce",
        "critical": False,
        "extn_value": core.ParsableOctetString(core.OctetString(nonce).dump()),
    }
    request = asn1_ocsp.TBSRequest(
        {"request_list": [{"req_cert": identifier}], "request_extensions": [extension]}
    )
    made: bytes = asn1_ocsp.OCSPRequest({"tbs_request": request}).dump()
    return made


def _read(der: bytes) -> OcspResponse:
    outer = asn1_ocsp.OCSPResponse.load(der, strict=True)
    if outer["response_status"].native != "successful":
        raise BrokenOcsp("no answer")
    if outer["response_bytes"]["response_type"].dotted != BASIC_RESPONSE:
        raise BrokenOcsp("an unknown kind of answer")
    inner = as_der(outer["response_bytes"]["response"].contents)
    basic = asn1_ocsp.BasicOCSPResponse.load(inner, strict=True)
    data = basic["tbs_response_data"]
    extensions = read_extensions(data["response_extensions"])
    if any(critical for critical, _ in extensions.values()):
        raise BrokenOcsp("an unknown critical extension")
    responder = data["responder_id"]
    certificates = () if isinstance(basic["certs"], core.Void) else basic["certs"]
    if len(data["responses"]) > ANSWER_LIMIT or len(certificates) > CERTIFICATE_LIMIT:
        raise BrokenOcsp("too long")
    is_named = responder.name == "by_name"
    return OcspResponse(
        der=der,
        tbs=data.dump(),
        algorithm=read_algorithm(basic["signature_algorithm"]),
        signature=signature_bits(basic["signature"]),
        responder_name=responder.chosen.hashable if is_named else "",
        responder_key=b"" if is_named else responder.chosen.native,
        produced_at=data["produced_at"].native,
        nonce=_nonce(extensions),
        certificates=tuple(certificate.dump() for certificate in certificates),
        answers=tuple(_answer(single) for single in data["responses"]),
    )


def _answer(single: asn1_ocsp.SingleResponse) -> OcspAnswer:
    if any(critical for critical, _ in read_extensions(single["single_extensions"]).values()):
        raise BrokenOcsp("an unknown critical extension")
    identifier, status = single["cert_id"], single["cert_status"]
    is_revoked = status.name == "revoked"
    next_update = single["next_update"]
    return OcspAnswer(
        hash_oid=identifier["hash_algorithm"]["algorithm"].dotted,
        name_hash=identifier["issuer_name_hash"].native,
        key_hash=identifier["issuer_key_hash"].native,
        serial=identifier["serial_number"].native,
        state=status.name,
        revoked_at=status.chosen["revocation_time"].native if is_revoked else None,
        reason=(status.chosen["revocation_reason"].native or "unspecified") if is_revoked else "",
        this_update=single["this_update"].native,
        next_update=None if isinstance(next_update, core.Void) else next_update.native,
    )


def _nonce(extensions: dict[str, tuple[bool, bytes]]) -> bytes:
    if NONCE not in extensions:
        return b""
    value = extensions[NONCE][1]
    try:
        found: bytes = core.OctetString.load(value, strict=True).native
    except PARSER_ERRORS:
        # Older responders send back the bare bytes of the question.
        return value
    return found


def _hash(oid: str, data: bytes) -> bytes:
    if oid == SHA1:
        return hashlib.sha1(data, usedforsecurity=False).digest()
    return digest(oid, data)
