"""The services' side of the protocols: a request in, a response out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from asn1crypto import ocsp, tsp

from kualik.signatures.adapters.test_authority.hierarchy import ANSWER_LIFE, Hierarchy
from kualik.signatures.adapters.test_authority.revocation import (
    Answer,
    Revocation,
    Status,
    cert_id,
    refuse_to_answer,
    sign_answers,
)
from kualik.signatures.adapters.test_authority.schemes import SUITES
from kualik.signatures.adapters.test_authority.stamps import (
    Stamp,
    grant,
    refuse_stamp,
    sign_stamp,
)

PARSE_ERRORS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
DAY = timedelta(days=1)
GRACE = timedelta(hours=1)
NUMBERS_A_DAY = 10_000
STAMPED_BYTES = {
    "2.16.840.1.101.3.4.2.1": 32,
    "2.16.840.1.101.3.4.2.2": 48,
    "2.16.840.1.101.3.4.2.3": 64,
    "1.2.398.3.10.1.3.2": 32,
    "1.2.398.3.10.1.3.3": 64,
}
"""How long a hash of each kind is: SHA-2 and Streebog."""


def answer_ocsp(
    hierarchy: Hierarchy,
    request: bytes,
    *,
    status_of: Callable[[int], Status],
    now: datetime,
) -> bytes:
    """The response to an OCSP request (DER); certificates of another issuer are unknown.

    A request that cannot be read is answered "malformed request".
    """
    try:
        asked = ocsp.OCSPRequest.load(request, strict=True)["tbs_request"]
        ids = [single["req_cert"] for single in asked["request_list"]]
        nonce = _nonce(asked)
        answers = [
            Answer(
                cert_id=each,
                status=_known_status(hierarchy, each, status_of),
                produced_at=now,
                life=ANSWER_LIFE,
                nonce=nonce,
            )
            for each in ids
        ]
    except PARSE_ERRORS:
        return refuse_to_answer("malformed_request")
    if not answers:
        return refuse_to_answer("malformed_request")
    return sign_answers(hierarchy.ocsp_responder, answers)


def answer_timestamp(hierarchy: Hierarchy, request: bytes, *, now: datetime, serial: int) -> bytes:
    """The response to an RFC 3161 request (DER), granted or refused."""
    try:
        asked = tsp.TimeStampReq.load(request, strict=True)
        algorithm = asked["message_imprint"]["hash_algorithm"]
        oid = algorithm["algorithm"].dotted
        imprint = asked["message_imprint"]["hashed_message"].native
        nonce = asked["nonce"].native
        policy = asked["req_policy"].native
        with_certificate = asked["cert_req"].native
    except PARSE_ERRORS:
        return refuse_stamp("bad_data_format")
    suite = SUITES[hierarchy.scheme]
    if oid not in STAMPED_BYTES:
        return refuse_stamp("bad_alg")
    if len(imprint) != STAMPED_BYTES[oid]:
        return refuse_stamp("bad_data_format")
    if policy not in {None, suite.stamp_policy}:
        return refuse_stamp("unaccepted_policy")
    stamp = Stamp(
        hash_algorithm=algorithm,
        imprint=imprint,
        at=now,
        serial=serial,
        policy=suite.stamp_policy,
        nonce=nonce,
        with_certificate=with_certificate,
    )
    return grant(sign_stamp(hierarchy.tsa, stamp))


def full_list(hierarchy: Hierarchy, revoked: Mapping[int, Revocation], *, now: datetime) -> bytes:
    """The list of the day, made at midnight (UTC): what was revoked by then."""
    day = _midnight(now)
    known = {serial: each for serial, each in revoked.items() if each.at <= day}
    return hierarchy.crl(known, now=day, base_number=_number(day), life=DAY + GRACE)


def delta_list(hierarchy: Hierarchy, revoked: Mapping[int, Revocation], *, now: datetime) -> bytes:
    """The delta to the list of the day: what was revoked since midnight."""
    day = _midnight(now)
    since = {serial: each for serial, each in revoked.items() if day < each.at <= now}
    minutes = (now - day) // timedelta(minutes=1)
    return hierarchy.crl(
        since,
        now=now,
        delta=True,
        number=_number(day) + 1 + minutes,
        base_number=_number(day),
        life=GRACE,
    )


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _number(day: datetime) -> int:
    return day.toordinal() * NUMBERS_A_DAY


def _nonce(asked: ocsp.TBSRequest) -> bytes | None:
    for extension in asked["request_extensions"]:
        if extension["extn_id"].native == "nonce":
            value: bytes = extension["extn_value"].parsed.native
            return value
    return None


def _known_status(
    hierarchy: Hierarchy, asked: ocsp.CertId, status_of: Callable[[int], Status]
) -> Status:
    own = cert_id(
        hierarchy.issuing.certificate_der,
        hierarchy.issuing.certificate_der,
        hash_name=asked["hash_algorithm"]["algorithm"].native,
    )
    for field in ("issuer_name_hash", "issuer_key_hash"):
        if asked[field].native != own[field].native:
            return "unknown"
    return status_of(asked["serial_number"].native)
