"""Proof that outlasts keys and authorities: PAdES B-T, B-LT and B-LTA behind a sealed file.

The issued bytes stay the beginning of what comes out. B-T: a document time-stamp. B-LT: the
certificates and the revocation data of the seal and of the time-stamp. B-LTA: another time-stamp
over both; a renewal is one more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from kualik.core import errors
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.adapters.extension import add_evidence, add_stamp
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.reading import SealedFile, UnreadablePdf, read_sealed
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.tsa import HttpStampAuthority, StampAuthority
from kualik.signatures.services.gathering import (
    EVIDENCE_LIMIT_BYTES,
    Gathering,
    Waits,
    asked_token,
    renewed,
)
from kualik.signatures.services.proofs import LEVELS, Level, Proof, proof_of, subjects
from kualik.signatures.services.verdicts import Reason, is_reason

READABLE: Final = frozenset({"rsa", "ecdsa"})

WAITS: Final[dict[str, Text]] = {
    "tsa_unreachable": Text(
        "Уақыт белгілері орталығы жауап бермейді.",
        "Служба меток времени не отвечает.",
        "The time-stamp authority does not answer.",
    ),
    "timestamp_refused": Text(
        "Уақыт белгілері орталығы белгі беруден бас тартты.",
        "Служба меток времени отказала в метке.",
        "The time-stamp authority refused to give a time-stamp.",
    ),
    "timestamp_not_asked": Text(
        "Уақыт белгілері орталығы басқа сұрауға жауап берді.",
        "Служба меток времени ответила на другой запрос.",
        "The time-stamp authority answered another question.",
    ),
    "timestamp_clock": Text(
        "Уақыт белгілері орталығының сағаты біздікінен өзгеше.",
        "Часы службы меток времени расходятся с нашими.",
        "The clock of the time-stamp authority differs from ours.",
    ),
    "evidence_too_large": Text(
        "Кері қайтарып алынған сертификаттар тізімі құжатқа салу үшін тым үлкен.",
        "Список отозванных сертификатов слишком велик, чтобы вложить его в документ.",
        "The revocation list is too large to be put into a document.",
    ),
    "preserve_failed": Text(
        "Сақтаудағы файл берілген файлға сәйкес келмейді.",
        "Файл в хранилище не совпадает с выданным.",
        "The file in the storage is not the one that was issued.",
    ),
    "proof_no_longer": Text(
        "Жаңа уақыт белгісі бұрынғысынан ұзақ жарамды емес.",
        "Новая метка времени действует не дольше прежней.",
        "A new time-stamp would not last longer than the present one.",
    ),
}
"""What is waited for, besides the reasons of a verification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """A file and its proof; ``waits_for`` is a code of ``wait_text`` where the level that was
    wanted is not reached, and empty where it is."""

    content: bytes
    level: Level
    stamped_at: datetime | None
    lasts_until: datetime | None
    waits_for: str = ""


def wait_text(code: str) -> Text:
    """What is still waited for, in words."""
    if code in WAITS:
        return WAITS[code]
    return Reason(code).text if is_reason(code) else errors.table()[code].text


def installation_stamps() -> StampAuthority | None:
    """The authority of this installation, None where it has none."""
    if not settings.TSA_URL:
        return None
    return HttpStampAuthority(settings.TSA_URL, settings.TSA_POLICY)


def extend(
    *,
    content: bytes,
    wanted: Level,
    tsa: StampAuthority,
    trust: TrustDirectory,
    fetcher: RevocationFetcher,
    now: datetime,
) -> Extended:
    """The file with proof up to the level ``wanted``, or up to what could be reached.

    Nothing is taken over unverified: time-stamps and revocation data must be good by our own
    judgement. Raises ``preserve_failed`` for a file that is not sealed by this system, or has
    something else than proof behind its seal.
    """
    work = _Work(content, tsa=tsa, trust=trust, fetcher=fetcher, now=now)
    try:
        work.reach(wanted)
    except Waits as waits:
        return work.result(waits.code)
    return work.result()


def renew(
    *,
    content: bytes,
    tsa: StampAuthority,
    trust: TrustDirectory,
    fetcher: RevocationFetcher,
    now: datetime,
) -> Extended:
    """The B-LTA file with one more time-stamp, and what proves the present one under it.

    A file that would last no longer for it comes back as it was, waiting for
    ``proof_no_longer``. Raises as ``extend`` does.
    """
    work = _Work(content, tsa=tsa, trust=trust, fetcher=fetcher, now=now)
    return work.result(renewed(work, content, work.gather, work.stamp))


class _Work:
    """One file on its way up."""

    def __init__(
        self,
        content: bytes,
        *,
        tsa: StampAuthority,
        trust: TrustDirectory,
        fetcher: RevocationFetcher,
        now: datetime,
    ) -> None:
        self.tsa = tsa
        self.trust = trust
        self.fetcher = fetcher
        self.now = now
        self.take(content)

    def take(self, content: bytes) -> None:
        """Go on with these bytes, read and judged anew."""
        try:
            sealed = read_sealed(content)
        except UnreadablePdf as error:
            raise RuleViolation("preserve_failed", reason=str(error)) from error
        proof = proof_of(sealed.certificate, sealed.additions, trust=self.trust, now=self.now)
        if proof is None:
            raise RuleViolation("preserve_failed", reason="additions")
        self.content: bytes = content
        self.sealed: SealedFile = sealed
        self.proof: Proof = proof

    def result(self, waits_for: str = "") -> Extended:
        return Extended(
            content=self.content,
            level=self.proof.level,
            stamped_at=self.proof.stamped_at,
            lasts_until=self.proof.lasts_until,
            waits_for=waits_for,
        )

    def reach(self, wanted: Level) -> None:
        """Raises Waits at the step that cannot be done."""
        goal = LEVELS.index(wanted)
        if goal >= LEVELS.index("B-T") and self.proof.level == "B-B":
            self.stamp()
        if goal >= LEVELS.index("B-LT") and self.proof.level == "B-T":
            self.gather()
        if goal >= LEVELS.index("B-LTA") and self.proof.level == "B-LT":
            self.stamp()

    def stamp(self) -> None:
        self.take(add_stamp(self.content, self._token))

    def _token(self, data: bytes) -> bytes:
        return asked_token(self.tsa, data, trust=self.trust, now=self.now, families=READABLE)

    def gather(self) -> None:
        """Put into the store what proves the seal and all time-stamps good."""
        found = Gathering(self.trust, self.fetcher, self.now)
        additions = self.sealed.additions
        known = (*self.sealed.certificates, *additions.store.certificates)
        for certificate, others, at in subjects(self.sealed.certificate, additions.stamps):
            found.add(certificate, (*others, *known), at, additions.store.evidence)
        if found.is_empty:
            return
        content = add_evidence(
            self.content,
            certificates=found.certificates,
            responses=found.responses,
            crls=found.crls,
        )
        if len(content) - len(self.content) > EVIDENCE_LIMIT_BYTES:
            raise Waits("evidence_too_large")
        self.take(content)
