"""Whether a certificate was revoked: OCSP answers and lists, each verified before it is believed.

"Unknown" is an answer of its own and never means "good".
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
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
INSTANT: Final = timedelta.resolution
UNTRUSTED: Final = "revocation_untrusted"
UNREADABLE: Final = "revocation_unreadable"
HOLD: Final = frozenset({"certificateHold", "certificate_hold"})
LIFTED: Final = frozenset({"removeFromCRL", "remove_from_crl"})

Source = Literal["ocsp", "crl", ""]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Revocation data of any origin, not yet verified.

    ``responders`` are certificates (DER) of those who may have signed the responses, besides those
    that came with them. ``unread`` names what may be revocation data and could not be read.
    """

    crls: tuple[Crl, ...] = ()
    responses: tuple[OcspResponse, ...] = ()
    responders: tuple[bytes, ...] = ()
    unread: tuple[str, ...] = ()

    def with_more(self, other: "Evidence") -> "Evidence":
        """Both together."""
        return Evidence(
            (*self.crls, *other.crls),
            (*self.responses, *other.responses),
            (*self.responders, *other.responders),
            (*self.unread, *other.unread),
        )


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
    ``no_data``, ``untrusted``, ``unreadable``, ``stale``, ``unknown`` or ``unreachable``.
    ``revoked_at`` may lie behind that moment, then the state is "good"."""

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
    relevant = tuple(_relevant(certificate, issuer, evidence, now + CLOCK_TOLERANCE))
    findings = [finding for finding in relevant if isinstance(finding, Finding)
                and finding.this_update <= now + CLOCK_TOLERANCE]  # fmt: skip
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

    A hold may be lifted: it counts only where no newer statement knows the certificate.
    """
    known = [finding for finding in findings if finding.state != "unknown"]
    newest = max((finding.this_update for finding in known), default=at)
    revoked = [
        finding
        for finding in known
        if finding.state == "revoked" and (not finding.is_hold or finding.this_update == newest)
    ]
    return min(revoked, key=lambda finding: finding.revoked_at or at, default=None)


def _why_unknown(relevant: Collection[Finding | str], findings: Collection[Finding]) -> str:
    """What is at hand and proves nothing is told before what is merely absent or old."""
    if any(finding.state == "unknown" for finding in findings):
        return "revocation_unknown"
    for flaw in (UNREADABLE, UNTRUSTED):
        if flaw in relevant:
            return flaw
    return "revocation_stale" if relevant else "revocation_no_data"


def speaks_of(response: OcspResponse, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether a response says good or revoked of the certificate, by those who may say so."""
    return any(
        isinstance(finding, Finding) and finding.state != "unknown"
        for finding in _from_response(certificate, issuer, response)
    )


def lists_of(crl: Crl, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether a list, full or delta, is the issuer's about certificates of this kind."""
    is_usable = crl.is_understood and not crl.scope.is_partial
    return is_usable and _is_about(crl, certificate, issuer) and _is_signed(crl, issuer)


def is_outdated(evidence: Evidence) -> bool:
    """Whether a delta changes a newer full list than the one at hand."""
    fulls = [crl.number for crl in evidence.crls if crl.base_number is None]
    bases = [crl.base_number for crl in evidence.crls if crl.base_number is not None]
    return bool(fulls and bases) and max(bases) > max(fulls)


def _relevant(
    certificate: Certificate, issuer: Certificate, evidence: Evidence, latest: datetime
) -> Iterator[Finding | str]:
    """Statements about the certificate, and codes of what cannot be believed or read. Deltas made
    after ``latest`` change nothing."""
    for response in evidence.responses:
        yield from _from_response(certificate, issuer, response, evidence.responders)
    used: list[Crl] = []
    for crl in evidence.crls:
        if not _is_about(crl, certificate, issuer):
            continue
        flaw = _flaw_of(crl, issuer)
        if flaw:
            yield flaw
        elif crl.base_number is None or crl.this_update <= latest:
            used.append(crl)
    try:
        yield from _from_lists(certificate, used)
    except BrokenCrl:
        yield UNREADABLE


def _from_lists(certificate: Certificate, lists: Collection[Crl]) -> Iterator[Finding | str]:
    """What lists of the issuer say. Raises BrokenCrl."""
    for crl in lists:
        yield from _entered(certificate, crl)
        if crl.scope.is_partial:
            yield UNREADABLE
    whole = [crl for crl in lists if not crl.scope.is_partial]
    deltas = [crl for crl in whole if crl.base_number is not None]
    for crl in whole:
        if crl.base_number is None:
            yield from _from_list(certificate, crl, deltas)


def _flaw_of(crl: Crl, issuer: Certificate) -> str:
    """Why nothing may be taken from a list, or an empty text."""
    if not _is_signed(crl, issuer):
        return UNTRUSTED
    return "" if crl.is_understood else UNREADABLE


def _from_response(
    certificate: Certificate,
    issuer: Certificate,
    response: OcspResponse,
    responders: Iterable[bytes] = (),
) -> Iterator[Finding | str]:
    answers = [answer for answer in response.answers if answer.is_about(certificate, issuer)]
    if not answers:
        return
    if not _is_answered_by(issuer, response, responders):
        yield UNTRUSTED
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


def _is_answered_by(
    issuer: Certificate, response: OcspResponse, responders: Iterable[bytes]
) -> bool:
    """Whether the response is signed by the issuer or by a responder the issuer appointed, whose
    certificate came with it or is one of ``responders``."""
    return any(
        response.is_by(responder)
        and not _answer_fault(
            responder.spki_der, response.algorithm, response.tbs, response.signature
        )
        for responder in (issuer, *_appointed(issuer, response, responders))
    )


def _appointed(
    issuer: Certificate, response: OcspResponse, responders: Iterable[bytes]
) -> Iterator[Certificate]:
    for der in (*response.certificates, *responders):
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
    return issuer.allows("crl_sign") and not _list_fault(
        issuer.spki_der, crl.algorithm, crl.tbs, crl.signature
    )


def _entered(certificate: Certificate, crl: Crl) -> Iterator[Finding]:
    """What a list says of the certificate by name: that counts whatever list a delta changes."""
    entry = crl.entry(certificate.serial)
    if entry is not None:
        yield _listed(None if entry.reason in LIFTED else entry, crl)


def _from_list(certificate: Certificate, full: Crl, deltas: Iterable[Crl]) -> Iterator[Finding]:
    """What the full list and the newest delta that fits it say by not naming the certificate.

    The centre counts its deltas apart from its full lists, so only the number of the base counts.
    A delta to a newer full list shows that this one is out of date.
    """
    later = [(delta, delta.base_number or 0) for delta in deltas
             if delta.this_update >= full.this_update]  # fmt: skip
    fitting = [delta for delta, base in later if base <= full.number]
    newer = [delta.this_update for delta, base in later if base > full.number]
    newest = sorted(fitting, key=lambda delta: delta.this_update)[-1:]
    entry = full.entry(certificate.serial)
    silent = [delta for delta in newest if delta.entry(certificate.serial) is None]
    for crl in silent if entry else (full, *silent):
        found = _listed(entry, crl)
        end = min((found.next_update, *(moment - INSTANT for moment in newer)))
        yield replace(found, next_update=end)


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
    return not issue_fault(certificate, issuer)


def issue_fault(certificate: Certificate, issuer: Certificate) -> str:
    """What is wrong with the signature of ``certificate`` by the key of ``issuer``: empty,
    ``signature_broken`` or a code of AlgorithmError."""
    return _certificate_fault(
        issuer.spki_der, certificate.algorithm, certificate.tbs, certificate.signature
    )


def fault_of(spki_der: bytes, algorithm: Algorithm, data: bytes, signature: bytes) -> str:
    """As ``issue_fault``, of any signature."""
    try:
        is_signed = verifies(spki_der=spki_der, algorithm=algorithm, data=data, signature=signature)
    except AlgorithmError as error:
        return error.code
    return "" if is_signed else "signature_broken"


# A GOST signature takes tens of milliseconds in plain Python, and issuers, lists and kept answers
# repeat; lists are large.
_certificate_fault = lru_cache(maxsize=1024)(fault_of)
_answer_fault = lru_cache(maxsize=256)(fault_of)
_list_fault = lru_cache(maxsize=16)(fault_of)
