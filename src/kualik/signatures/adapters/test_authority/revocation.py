"""What the test authority says about its certificates: revocation lists and OCSP responses."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from asn1crypto import core, crl, ocsp, x509

from kualik.signatures.adapters.test_authority.certificates import (
    Leaf,
    key_identifier,
    public_bits,
    time_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """When and why a certificate was revoked; ``reason`` in asn1crypto's words of RFC 5280."""

    at: datetime
    reason: str = "cessation_of_operation"


Status = Literal["good", "unknown"] | Revocation


@dataclass(frozen=True, slots=True, kw_only=True)
class ListContent:
    """A list of ``revoked`` by serial number; with ``base_number`` a delta to that list."""

    revoked: Mapping[int, Revocation]
    this_update: datetime
    next_update: datetime
    number: int
    base_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One OCSP answer: the asked certificate, its status and how the response is dressed."""

    cert_id: ocsp.CertId
    status: Status
    produced_at: datetime
    life: timedelta | None
    nonce: bytes | None = None
    with_certificate: bool = True


def sign_list(issuer: Leaf, content: ListContent) -> bytes:
    """The revocation list (DER) signed by ``issuer``."""
    extensions = [
        _extension("authority_key_identifier", _identifier_of(issuer), critical=False),
        _extension("crl_number", core.Integer(content.number), critical=False),
    ]
    if content.base_number is not None:
        base = core.Integer(content.base_number)
        extensions.append(_extension("delta_crl_indicator", base, critical=True))
    body: dict[str, object] = {
        "version": "v2",
        "signature": issuer.key.suite.signature_algorithm(),
        "issuer": issuer.certificate.subject,
        "this_update": time_of(content.this_update),
        "next_update": time_of(content.next_update),
        "crl_extensions": extensions,
    }
    if content.revoked:
        body["revoked_certificates"] = [
            _entry(serial, revocation) for serial, revocation in sorted(content.revoked.items())
        ]
    listed = crl.TbsCertList(body)
    signed: bytes = crl.CertificateList(
        {
            "tbs_cert_list": listed,
            "signature_algorithm": issuer.key.suite.signature_algorithm(),
            "signature": issuer.key.sign(listed.dump()),
        }
    ).dump()
    return signed


def cert_id(certificate_der: bytes, issuer_der: bytes, *, hash_name: str) -> ocsp.CertId:
    """How OCSP names a certificate; ``hash_name`` is "sha1" or, as at the NCA, "sha256"."""
    issuer = x509.Certificate.load(issuer_der)
    bits = public_bits(issuer["tbs_certificate"]["subject_public_key_info"].dump())
    return ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": hash_name},
            "issuer_name_hash": hashlib.new(hash_name, issuer.subject.dump()).digest(),
            "issuer_key_hash": hashlib.new(hash_name, bits).digest(),
            "serial_number": x509.Certificate.load(certificate_der).serial_number,
        }
    )


def sign_answers(responder: Leaf, answers: list[Answer]) -> bytes:
    """A successful OCSP response (DER); the first answer says time, nonce and certificate."""
    first = answers[0]
    body: dict[str, object] = {
        "responder_id": ocsp.ResponderId(name="by_name", value=responder.certificate.subject),
        "produced_at": _exact(first.produced_at),
        "responses": [_single(answer) for answer in answers],
    }
    if first.nonce is not None:
        nonce = core.ParsableOctetString(core.OctetString(first.nonce).dump())
        body["response_extensions"] = [{"extn_id": "nonce", "extn_value": nonce}]
    data = ocsp.ResponseData(body)
    basic: dict[str, object] = {
        "tbs_response_data": data,
        "signature_algorithm": responder.key.suite.signature_algorithm(),
        "signature": responder.key.sign(data.dump()),
    }
    if first.with_certificate:
        basic["certs"] = [responder.certificate]
    response = core.ParsableOctetString(ocsp.BasicOCSPResponse(basic).dump())
    signed: bytes = ocsp.OCSPResponse(
        {
            "response_status": "successful",
            "response_bytes": {"response_type": "basic_ocsp_response", "response": response},
        }
    ).dump()
    return signed


def refuse_to_answer(status: str) -> bytes:
    """An OCSP response without an answer: "malformed_request", "try_later", "unauthorized"…"""
    refused: bytes = ocsp.OCSPResponse({"response_status": status}).dump()
    return refused


def _single(answer: Answer) -> dict[str, object]:
    single: dict[str, object] = {
        "cert_id": answer.cert_id,
        "cert_status": _status(answer.status),
        "this_update": _exact(answer.produced_at),
    }
    if answer.life is not None:
        single["next_update"] = _exact(answer.produced_at + answer.life)
    return single


def _status(status: Status) -> ocsp.CertStatus:
    if isinstance(status, Revocation):
        info = {"revocation_time": _exact(status.at), "revocation_reason": status.reason}
        return ocsp.CertStatus(name="revoked", value=ocsp.RevokedInfo(info))
    if status == "good":
        return ocsp.CertStatus(name="good", value=ocsp.StatusGood())
    return ocsp.CertStatus(name="unknown", value=ocsp.StatusUnknown())


def _entry(serial: int, revocation: Revocation) -> dict[str, object]:
    reason = crl.CRLReason(revocation.reason)
    return {
        "user_certificate": serial,
        "revocation_date": time_of(revocation.at),
        "crl_entry_extensions": [_extension("crl_reason", reason, critical=False)],
    }


def _identifier_of(issuer: Leaf) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier({"key_identifier": key_identifier(issuer.key.spki_der)})


def _extension(name: str, value: core.Asn1Value, *, critical: bool) -> dict[str, object]:
    content = core.ParsableOctetString(value.dump())
    return {"extn_id": name, "critical": critical, "extn_value": content}


def _exact(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
