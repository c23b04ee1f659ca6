"""The path from a certificate to an anchor that is believed, and what stands in its way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from kualik.signatures.adapters.certificates import (
    BrokenCertificate,
    Certificate,
    read_certificate,
)
from kualik.signatures.adapters.online import Fetched, RevocationFetcher, fetch_evidence
from kualik.signatures.adapters.revocation import (
    UNREADABLE,
    Evidence,
    RevocationAnswer,
    check_revocation,
    issue_fault,
)
from kualik.signatures.adapters.trust import TrustDirectory

PATH_LIMIT: Final = 6
CHECK_LIMIT: Final = 40
# Nothing that speaks against a certificate, only nothing for it.
ABSENT: Final = frozenset({"revocation_no_data", "revocation_stale", "revocation_unreachable"})
# Of the operator's own authorities no proof is wanted, but what is said of them is heard.
HEARD: Final = frozenset({"revocation_unknown", "revocation_unreadable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPolicy:
    """How revocation is judged.

    Where it is not required, data that is missing or out of date makes a remark; whatever speaks
    against a certificate still does, and so does data that cannot be believed or read. ``at`` is
    the moment it must be known for, by default that of the path; ``evidence`` is data besides that
    of the trust directory; ``fetcher`` asks outside, None never does.
    """

    is_required: bool = True
    at: datetime | None = None
    evidence: Evidence = Evidence()
    fetcher: RevocationFetcher | None = None

    def known_at(self, at: datetime) -> "RevocationPolicy":
        """The same, with revocation to be known for the moment ``at``."""
        return replace(self, at=at)

    def told(self, code: str) -> str:
        """What is told of a certificate of which nothing is known, for this reason."""
        return code if self.is_required or code not in ABSENT else "revocation_skipped"

    def with_evidence(self, evidence: Evidence) -> "RevocationPolicy":
        """The same with more evidence."""
        return replace(self, evidence=self.evidence.with_more(evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainAnswer:
    """The judgement of one certificate.

    ``path`` leads from it to the anchor and is just itself where there is no way. ``codes`` are
    faults and remarks, keys of the table of reasons; none of them means good. ``revocation`` is
    that of the certificate itself, None where it was not asked.
    """

    certificate: Certificate
    path: tuple[Certificate, ...]
    is_trusted: bool
    codes: tuple[str, ...] = ()
    revocation: RevocationAnswer | None = None


DEFAULT_POLICY: Final = RevocationPolicy()


def check_certificate(
    cert_der: bytes,
    intermediates: Iterable[bytes],
    trust: TrustDirectory,
    at: datetime,
    *,
    now: datetime | None = None,
    policy: RevocationPolicy = DEFAULT_POLICY,
) -> ChainAnswer:
    """Whether the certificate was trusted, within its dates and not revoked at the moment ``at``.

    ``intermediates`` come with the signature and are only a help to reach an anchor. Revocation
    data dated after ``now`` (by default ``at``) is not believed. Revocation is asked only of a
    certificate that leads to an anchor, so no address of a stranger is ever called. Raises
    BrokenCertificate.
    """
    leaf = read_certificate(cert_der)
    path, fault = _Search(trust, tuple(_readable(intermediates)), at).path_from(leaf)
    answer = ChainAnswer(certificate=leaf, path=path, is_trusted=not fault)
    if fault:
        return replace(answer, codes=(fault, *_date_faults(leaf, at)))
    codes = [*_date_faults(leaf, at), *_anchor_remarks(path[-1], trust)]
    asked = _Asked(trust, policy, at=policy.at or at, now=now or at)
    if len(path) == 1:
        return replace(answer, codes=tuple(codes))
    found = asked.revocation_of_leaf(leaf, path[1])
    for position, authority in enumerate(path[1:-1], start=1):
        codes += asked.authority_codes(authority, path[position + 1])
    codes = list(dict.fromkeys([*_codes_of(found, at, policy), *codes]))
    return replace(answer, codes=tuple(codes), revocation=found)


def _readable(ders: Iterable[bytes]) -> Iterator[Certificate]:
    for der in ders:
        try:
            yield read_certificate(der)
        except BrokenCertificate:
            continue


def _date_faults(certificate: Certificate, at: datetime) -> list[str]:
    if at < certificate.not_before:
        return ["certificate_not_yet_valid"]
    return ["certificate_expired"] if at > certificate.not_after else []


def _anchor_remarks(anchor: Certificate, trust: TrustDirectory) -> list[str]:
    found = {
        "root_not_in_trust": anchor.issuer_name != anchor.subject_name,
        "test_signature": anchor.der in trust.test_ders,
    }
    return [code for code, holds in found.items() if holds]


def _codes_of(found: RevocationAnswer, at: datetime, policy: RevocationPolicy) -> list[str]:
    """A revocation behind the moment of signing counts unless that moment is proven: where it is
    not, the policy asked about a later one and found the certificate revoked by then."""
    if found.state == "unknown":
        return [policy.told(found.code)]
    if found.revoked_at is None:
        return []
    if found.revoked_at <= at:
        return ["certificate_revoked"]
    return ["revoked_time_unproven" if found.state == "revoked" else "certificate_revoked_since"]


class _Search:
    """Looks for a path, with a bound on the signatures it will check."""

    def __init__(
        self, trust: TrustDirectory, intermediates: tuple[Certificate, ...], at: datetime
    ) -> None:
        self.trust = trust
        self.known = (*trust.anchors, *trust.authorities, *intermediates)
        self.at = at
        self.checks = 0
        self.fault = "certificate_not_trusted"

    def path_from(self, leaf: Certificate) -> tuple[tuple[Certificate, ...], str]:
        """The path and an empty text, or just the leaf and what is wrong."""
        if leaf.strange:
            return (leaf,), "certificate_extension_unknown"
        if leaf.der in self.trust.anchor_ders:
            return (leaf,), ""
        path = self._extended((leaf,))
        return (path, "") if path else ((leaf,), self.fault)

    def _extended(self, path: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
        if len(path) >= PATH_LIMIT:
            return ()
        for issuer in self._issuers_of(path[-1]):
            if issuer in path or not self._may_issue(issuer, path):
                continue
            longer = (*path, issuer)
            if issuer.der in self.trust.anchor_ders:
                return longer
            found = self._extended(longer)
            if found:
                return found
        return ()

    def _issuers_of(self, certificate: Certificate) -> Iterator[Certificate]:
        for issuer in self.known:
            if issuer.subject_name != certificate.issuer_name:
                continue
            wanted = certificate.issuer_key_id
            if wanted and issuer.key_id and wanted != issuer.key_id:
                continue
            yield issuer

    def _may_issue(self, issuer: Certificate, path: tuple[Certificate, ...]) -> bool:
        """Whether the authority may have issued the last of the path, and did."""
        below = sum(1 for found in path[1:] if found.issuer_name != found.subject_name)
        if (
            not issuer.is_authority
            or issuer.strange
            or not issuer.allows("key_cert_sign")
            or (issuer.path_length is not None and below > issuer.path_length)
        ):
            self.fault = "authority_not_allowed"
            return False
        self.checks += 1
        fault = "too many" if self.checks > CHECK_LIMIT else issue_fault(path[-1], issuer)
        if fault:
            is_open = fault == "algorithm_unsupported"
            self.fault = "certificate_algorithm_unsupported" if is_open else "certificate_forged"
            return False
        if not issuer.covers(self.at):
            self.fault = "authority_not_valid"
            return False
        return True


class _Asked:
    """Asks about revocation: first what is at hand, then, where allowed, outside."""

    def __init__(
        self, trust: TrustDirectory, policy: RevocationPolicy, *, at: datetime, now: datetime
    ) -> None:
        self.trust = trust
        self.policy = policy
        self.at = at
        self.now = now
        self.evidence = trust.evidence.with_more(policy.evidence)

    def revocation_of_leaf(self, leaf: Certificate, issuer: Certificate) -> RevocationAnswer:
        """What nobody could read may be what speaks against it."""
        found = self.revocation_of(leaf, issuer)
        is_open = found.code in ABSENT and self.evidence.unread
        return replace(found, code=UNREADABLE) if is_open else found

    def revocation_of(self, certificate: Certificate, issuer: Certificate) -> RevocationAnswer:
        # Nothing is published about a certificate after its end.
        at = min(self.at, certificate.not_after)
        found = check_revocation(certificate, issuer, self.evidence, at=at, now=self.now)
        if found.state != "unknown" or self.policy.fetcher is None:
            return found
        fetched = fetch_evidence(certificate, issuer, self.policy.fetcher)
        if fetched == Fetched():
            return replace(found, code="revocation_unreachable") if found.code in ABSENT else found
        self.evidence = self.evidence.with_more(fetched.evidence)
        return check_revocation(certificate, issuer, self.evidence, at=at, now=self.now)

    def authority_codes(self, authority: Certificate, issuer: Certificate) -> list[str]:
        """Faults of an authority on the way; the operator's own ones need no proof."""
        found = self.revocation_of(authority, issuer)
        if found.state != "unknown":
            return ["authority_revoked"] if found.state == "revoked" else []
        if authority.der in self.trust.known_ders:
            return ["authority_revocation_unknown"] if found.code in HEARD else []
        told = self.policy.told(found.code)
        return [told if told == "revocation_skipped" else "authority_revocation_unknown"]
