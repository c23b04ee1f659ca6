"""Whether a certificate was revoked: OCSP answers and lists, each verified before it is believed.

"Unknown" is an answer of its own and never means "good".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from kualik.signatures.adapters.algorithms import Algorithm, AlgorithmError, verifies
from kualik.signatures.adapters.certificates import (
    BrokenCertificate,
    Certificate,
    read_certificate,
)
from kualik.signatures.adapters.crl import BrokenCrl, Crl, CrlEntry
from kualik.signatures.adapters.ocsp import OcspResponse

OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
# The national responder names no next update; the lists of the same centre live for a day at least.
ANSWER_LIFE: Final = timedelta(days=1)
HOLD: Final = frozenset({"certificateHold", "certificate_hold"})
LIFTED: Final = frozenset({"removeFromCRL", "remove_from_crl"})

Source = Literal["ocsp", "crl", ""]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Revocation data of any origin, not yet verified."""

    crls: tuple[Crl, ...] = ()
    responses: tuple[OcspResponse, ...] = ()

    def with_more(self, other: "Evidence") -> "Evidence":
        """Both together."""
        return Evidence((*self.crls, *other.crls), (*self.responses, *other.responses))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One verified statement about a certificate, good for ``this_update`` to ``next_update``."""

    source: Source
    state: Literal["good", "revoked", "unknown"]
    this_update: datetime
    next_update: datetime
    revoked_at: datetime | None = None
    is_hold: bool = False

    def proves_good(self, certificate: Certificate, at: datetime) -> bool:
        """Whether the certificate was not revoked at the moment ``at``."""
        is_timely = self.this_update <= certificate.not_after and at <= self.next_update
        return self.state == "good" and is_timely


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationAnswer:
    """``state`` at the moment asked about; ``code`` says why it is unknown: ``revocation_`` with
    ``no_data``, ``untrusted``, ``stale``, ``unknown`` or ``unreachable``. ``revoked_at`` may lie
    behind that moment, then the state is "good"."""

    state: Literal["good", "revoked", "unknown"]
    code: str = ""
    revoked_at: datetime | None = None
    source: Source = ""
    updated_at: datetime | None = None


def check_revocation(
    certificate: Certificate,
    issuer: Certificate,
    evidence: Evidence,
    *,
    at: datetime,
    now: datetime,
) -> RevocationAnswer:
    """What verified evidence says of ``certificate`` at the moment ``at``.

    Statements dated after ``now`` are not believed. A statement made after the certificate's end
    does not prove it good, because expired certificates leave the lists.
    """
    relevant = tuple(_relevant(certificate, issuer, evidence))
    findings = [finding for finding in relevant
                if finding and finding.this_update <= now + CLOCK_TOLERANCE]  # fmt: skip
    revoked = _revocation(findings, at)
    if revoked is not None and revoked.revoked_at is not None and revoked.revoked_at <= at:
        return _answer("revoked", revoked)
    covering = [finding for finding in findings if finding.proves_good(certificate, at)]
    if revoked is not None:
        return _answer("good", revoked)
    if covering:
        return _answer("good", max(covering, key=lambda finding: finding.this_update))
    return RevocationAnswer(state="unknown", code=_why_unknown(relevant, findings))


def _answer(state: Literal["good", "revoked"], finding: Finding) -> RevocationAnswer:
    return RevocationAnswer(
        state=state,
        revoked_at=finding.revoked_at,
        source=finding.source,
        updated_at=finding.this_update,
    )


def _revocation(findings: list[Finding], at: datetime) -> Finding | None:
    """The statement that says revoked, the earliest revocation if there are several.

    A hold may be lifted: it counts only where no newer statement speaks of the certificate.
    """
    newest = max((finding.this_update for finding in findings), default=at)
    revoked = [
        finding
        for finding in findings
        if finding.state == "revoked" and (not finding.is_hold or finding.this_update == newest)
    ]
    return min(revoked, key=lambda finding: finding.revoked_at or at, default=None)


def _why_unknown(relevant: tuple[Finding | None, ...], findings: list[Finding]) -> str:
    if not relevant:
        return "revocation_no_data"
    if all(finding is None for finding in relevant):
        return "revocation_untrusted"
    if findings and all(finding.state == "unknown" for finding in findings):
        return "revocation_unknown"
    return "revocation_stale"


def speaks_of(response: OcspResponse, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether a response says good or revoked of the certificate, by those who may say so."""
    return any(
        finding is not None and finding.state != "unknown"
        for finding in _from_response(certificate, issuer, response)
    )


def lists_of(crl: Crl, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether a list, full or delta, is the issuer's about certificates of this kind."""
    return _is_about(crl, certificate, issuer) and _is_signed(crl, issuer)


def _relevant(
    certificate: Certificate, issuer: Certificate, evidence: Evidence
) -> Iterator[Finding | None]:
    """Statements about the certificate; None for one whose own signature is not the issuer's."""
    for response in evidence.responses:
        yield from _from_response(certificate, issuer, response)
    lists = [crl for crl in evidence.crls if _is_about(crl, certificate, issuer)]
    full = [crl for crl in lists if crl.base_number is None]
    deltas = [crl for crl in lists if crl.base_number is not None and _is_signed(crl, issuer)]
    for crl in full:
        if _is_signed(crl, issuer):
            yield from _from_list(certificate, crl, deltas)
        else:
            yield None


def _from_response(
    certificate: Certificate, issuer: Certificate, response: OcspResponse
) -> Iterator[Finding | None]:
    answers = [answer for answer in response.answers if answer.is_about(certificate, issuer)]
    if not answers:
        return
    if not _is_answered_by(issuer, response):
        yield None
        return
    for answer in answers:
        yield Finding(
            source="ocsp",
            state=answer.state,
            this_update=answer.this_update,
            next_update=answer.next_update or answer.this_update + ANSWER_LIFE,
            revoked_at=answer.revoked_at,
            is_hold=answer.reason in HOLD,
        )


def _is_answered_by(issuer: Certificate, response: OcspResponse) -> bool:
    """Whether the response is signed by the issuer or by a responder the issuer appointed."""
    return any(
        response.is_by(responder)
        and _answer_signed_by(
            responder.spki_der, response.algorithm, response.tbs, response.signature
        )
        for responder in (issuer, *_appointed(issuer, response))
    )


def _appointed(issuer: Certificate, response: OcspResponse) -> Iterator[Certificate]:
    for der in response.certificates:
        try:
            responder = read_certificate(der)
        except BrokenCertificate:
            continue
        if (
            responder.issuer_name == issuer.subject_name
            and OCSP_SIGNING in responder.purposes
            and not responder.strange
            and responder.allows("digital_signature", "non_repudiation")
            and responder.covers(response.produced_at)
            and is_issued_by(responder, issuer)
        ):
            yield responder


def _is_about(crl: Crl, certificate: Certificate, issuer: Certificate) -> bool:
    if crl.issuer_name != certificate.issuer_name:
        return False
    if crl.issuer_key_id and issuer.key_id and crl.issuer_key_id != issuer.key_id:
        return False
    scope = crl.scope
    published = (*certificate.crl_urls, *certificate.delta_urls)
    if scope.addresses and published and not set(scope.addresses) & set(published):
        return False
    return scope.authorities if certificate.is_authority else scope.users


def _is_signed(crl: Crl, issuer: Certificate) -> bool:
    return issuer.allows("crl_sign") and _list_signed_by(
        issuer.spki_der, crl.algorithm, crl.tbs, crl.signature
    )


def _from_list(
    certificate: Certificate, full: Crl, deltas: Iterable[Crl]
) -> Iterator[Finding | None]:
    """What the full list says by itself, and changed by the newest delta that fits it.

    The centre counts its deltas apart from its full lists, so only the number of the base counts.
    """
    fitting = [delta for delta in deltas
               if delta.base_number is not None and delta.base_number <= full.number
               and delta.this_update >= full.this_update]  # fmt: skip
    newest = max(fitting, key=lambda delta: delta.this_update, default=None)
    try:
        entry = full.entry(certificate.serial)
        yield _listed(entry, full)
        if newest is not None:
            change = newest.entry(certificate.serial) or entry
            is_lifted = change is not None and change.reason in LIFTED
            yield _listed(None if is_lifted else change, newest)
    except BrokenCrl:
        yield None


def _listed(entry: CrlEntry | None, crl: Crl) -> Finding:
    return Finding(
        source="crl",
        state="good" if entry is None else "revoked",
        this_update=crl.this_update,
        next_update=crl.next_update or crl.this_update + ANSWER_LIFE,
        revoked_at=None if entry is None else entry.revoked_at,
        is_hold=entry is not None and entry.reason in HOLD,
    )


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the signature of ``certificate`` is by the key of ``issuer``; names are not read."""
    return _certificate_signed_by(
        issuer.spki_der, certificate.algorithm, certificate.tbs, certificate.signature
    )


def signed_by(spki_der: bytes, algorithm: Algorithm, data: bytes, signature: bytes) -> bool:
    """Whether the signature is by the key; an algorithm that cannot be checked is a no."""
    try:
        return verifies(spki_der=spki_der, algorithm=algorithm, data=data, signature=signature)
    except AlgorithmError:
        return False


# A GOST signature takes tens of milliseconds in plain Python, and issuers, lists and kept answers
# repeat; lists are large.
_certificate_signed_by = lru_cache(maxsize=1024)(signed_by)
_answer_signed_by = lru_cache(maxsize=256)(signed_by)
_list_signed_by = lru_cache(maxsize=16)(signed_by)
