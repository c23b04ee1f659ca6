"""The lasting proof of documents: time-stamps and revocation data behind the issued file.

Issue never waits for it. A job adds what can be reached, asks again for a week with growing
pauses, and says so when it gives up; a daily one prolongs what nears its end.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q

from kualik.certificates.models import Certificate, PersonSignature, Preservation
from kualik.certificates.queries import SEALED
from kualik.certificates.services.discarding import discard_later
from kualik.core import jobs, journal
from kualik.core.jobs import Later, Payload
from kualik.core.journal import SYSTEM
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.tsa import StampAuthority
from kualik.signatures.services import installation_fetcher, installation_trust
from kualik.signatures.services.preserving import (
    Extended,
    extend,
    installation_stamps,
    renew,
)
from kualik.signatures.services.preserving_cms import (
    Asked,
    ExtendedSignature,
    extend_cms,
    renew_cms,
)

PRESERVE_JOB: Final = "certificates.preserve"
RENEW_JOB: Final = "certificates.renew_proofs"
DELAY: Final = timedelta(minutes=10)
FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=12)
PATIENCE: Final = timedelta(days=7)
RENEW_BEFORE: Final = timedelta(days=60)
ASK_AGAIN: Final = timedelta(days=30)
PORTION: Final = 500
LAST_LEVEL: Final = Preservation.Level.LTA


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpers:
    """Who is asked: the time-stamp authority, the services of revocation, and who is believed."""

    tsa: StampAuthority
    trust: TrustDirectory
    fetcher: RevocationFetcher


def order_preservation(*, certificates: Iterable[Certificate], now: datetime) -> int:
    """Ask for the proof of new documents, once each; nothing without an authority.

    Call it in the transaction that makes them valid.
    """
    if not settings.TSA_URL:
        return 0
    payloads = {f"{PRESERVE_JOB}:{row.pk}": _effort(row.pk, now) for row in certificates}
    return jobs.enqueue_all(name=PRESERVE_JOB, payloads=payloads, now=now, run_at=now + DELAY)


def run_preserve_job(payload: Payload, now: datetime) -> None:
    """One effort for one document. Raises Later while something is waited for."""
    tsa = installation_stamps()
    if tsa is None:
        return
    helpers = Helpers(tsa=tsa, trust=installation_trust(), fetcher=installation_fetcher())
    certificate = Certificate.objects.get(pk=str(payload["certificate"]))
    row = preserve(certificate=certificate, helpers=helpers, now=now)
    if not row.fault:
        return
    if now - datetime.fromisoformat(str(payload["since"])) < PATIENCE:
        raise Later(now + pause(row.tries), row.fault)
    journal.record(
        subject=f"certificate:{certificate.number}",
        action="certificates.preservation_given_up",
        actor=SYSTEM,
        now=now,
        data={"level": row.level, "fault": row.fault},
    )


def run_renew_job(_payload: Payload, now: datetime) -> None:
    """Order the work of the day, in a portion: proof that ends within sixty days, documents that
    have none, and those that were given up a month ago."""
    if not settings.TSA_URL:
        return
    person = "certificate__person_signature"
    soon = now + RENEW_BEFORE
    ends = Q(lasts_until__lte=soon) | Q(**{f"{person}__lasts_until__lte": soon})
    # Signatures of the time when they only got a time-stamp.
    bare_signature = Q(**{f"{person}__isnull": False}) & ~Q(**{f"{person}__level": LAST_LEVEL})
    ending = Q(fault="") & (ends | bare_signature)
    given_up = ~Q(fault="") & Q(tried_at__lte=now - ASK_AGAIN)
    rows = Preservation.objects.filter(ending | given_up, certificate__status__in=SEALED)
    first = F("lasts_until").asc(nulls_last=True)
    wanted = list(rows.order_by(first, "pk").values_list("certificate", flat=True)[:PORTION])
    bare = Certificate.objects.filter(status__in=SEALED, preservation=None)
    bare = bare.filter(sealed_at__lte=now - PATIENCE).order_by("pk")
    wanted += bare.values_list("pk", flat=True)[: PORTION - len(wanted)]
    day = now.date().isoformat()
    payloads = {f"{PRESERVE_JOB}:{pk}:{day}": _effort(pk, now) for pk in wanted}
    jobs.enqueue_all(name=PRESERVE_JOB, payloads=payloads, now=now, run_at=now + DELAY)


def preserve(*, certificate: Certificate, helpers: Helpers, now: datetime) -> Preservation:
    """Take the document's proof, and the person's signature beside it, as far as can be reached.

    Slow, outside any transaction; a second run does no harm. What is waited for stands in
    ``fault``. Raises ``preserve_failed`` when a stored file is lost or not the one that was issued,
    and what ``extend_cms`` raises; that stands in ``fault`` too.
    """
    known = Preservation.objects.filter(certificate=certificate).first()
    try:
        issued = _issued(certificate)
        extended = _extended(issued, known, helpers, now)
        _keep(certificate, extended, known=known, now=now)
        fault = _extend_person(certificate, issued, helpers, now)
    except RuleViolation as violation:
        _note(certificate, fault=violation.code, now=now)
        raise
    return _note(certificate, fault=extended.waits_for or fault, now=now)


def pause(tries: int) -> timedelta:
    """Five minutes after the first try, twice as long after each further one, at most half a
    day."""
    doubled: int = 1 << min(max(tries, 1) - 1, 16)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _effort(pk: int, now: datetime) -> Payload:
    return {"certificate": pk, "since": now.isoformat()}


def _issued(certificate: Certificate) -> bytes:
    content = _read(certificate.file)
    if hashlib.sha256(content).hexdigest() != certificate.file_sha256:
        raise RuleViolation("preserve_failed", reason="issued file")
    return content


def _extended(
    issued: bytes, known: Preservation | None, helpers: Helpers, now: datetime
) -> Extended:
    content = _read(known.file) if known and known.file else b""
    # What was lost or damaged is made anew from the issued file.
    if known is None or hashlib.sha256(content).hexdigest() != known.sha256:
        content = issued
    ends = known.lasts_until if known and content != issued else None
    if known and known.level == LAST_LEVEL and ends and ends <= now + RENEW_BEFORE:
        return renew(
            content=content,
            tsa=helpers.tsa,
            trust=helpers.trust,
            fetcher=helpers.fetcher,
            now=now,
        )
    return extend(
        content=content,
        wanted="B-LTA",
        tsa=helpers.tsa,
        trust=helpers.trust,
        fetcher=helpers.fetcher,
        now=now,
    )


def _keep(
    certificate: Certificate, extended: Extended, *, known: Preservation | None, now: datetime
) -> None:
    digest = hashlib.sha256(extended.content).hexdigest()
    if digest in {certificate.file_sha256, known.sha256 if known else ""}:
        return
    stem = certificate.file.removesuffix(".pdf")
    name = f"{stem}.{extended.level.lower()}.pdf"
    stored = default_storage.save(name, ContentFile(extended.content))
    with transaction.atomic():
        row, _ = Preservation.objects.select_for_update().get_or_create(certificate=certificate)
        if row.sha256 != (known.sha256 if known else ""):
            # Somebody else was faster.
            default_storage.delete(stored)
            return
        # The name of a lost file was free again.
        discard_later({row.file} - {stored})
        row.file, row.sha256, row.level = stored, digest, extended.level
        row.stamped_at, row.lasts_until = extended.stamped_at, extended.lasts_until
        row.save()
        journal.record(
            subject=f"certificate:{certificate.number}",
            action="certificates.preserved",
            actor=SYSTEM,
            now=now,
            data={"level": row.level, "sha256": digest, "lasts_until": str(row.lasts_until)},
        )


def _extend_person(certificate: Certificate, issued: bytes, helpers: Helpers, now: datetime) -> str:
    """Lasting proof in the file of the person's signature; what it waits for."""
    entry = PersonSignature.objects.filter(certificate=certificate).first()
    if entry is None:
        return ""
    signature = _read(entry.file)
    if hashlib.sha256(signature).hexdigest() != entry.sha256:
        raise RuleViolation("preserve_failed", reason="signature file")
    asked = Asked(tsa=helpers.tsa, trust=helpers.trust, fetcher=helpers.fetcher, now=now)
    ends = entry.lasts_until
    is_ending = entry.level == LAST_LEVEL and ends is not None and ends <= now + RENEW_BEFORE
    work = renew_cms if is_ending else extend_cms
    extended = work(signature=signature, document=issued, asked=asked)
    _keep_signature(entry, extended, now=now)
    return extended.waits_for


def _keep_signature(entry: PersonSignature, extended: ExtendedSignature, *, now: datetime) -> None:
    same = PersonSignature.objects.filter(pk=entry.pk, sha256=entry.sha256)
    digest = hashlib.sha256(extended.content).hexdigest()
    proof = {"level": extended.level, "lasts_until": extended.lasts_until}
    if digest == entry.sha256:
        same.update(**proof)
        return
    stem = entry.certificate.file.removesuffix(".pdf")
    name = f"{stem}.{extended.level.lower()}.p7s"
    stored = default_storage.save(name, ContentFile(extended.content))
    with transaction.atomic():
        if not same.update(file=stored, sha256=digest, **proof):
            # Somebody else was faster.
            default_storage.delete(stored)
            return
        discard_later({entry.file} - {stored})
        journal.record(
            subject=f"certificate:{entry.certificate.number}",
            action="certificates.signature_stamped",
            actor=SYSTEM,
            now=now,
            data={
                "level": extended.level,
                "signature_sha256": digest,
                "before": entry.sha256,
                "lasts_until": str(extended.lasts_until),
            },
        )


@transaction.atomic
def _note(certificate: Certificate, *, fault: str, now: datetime) -> Preservation:
    """Write down a try; tries are counted from the last success on."""
    row, _ = Preservation.objects.select_for_update().get_or_create(certificate=certificate)
    row.tried_at, row.fault = now, fault
    row.tries = row.tries + 1 if fault else 0
    row.save()
    return row


def _read(name: str) -> bytes:
    """The stored bytes; none where the file is lost, so that no digest fits them."""
    try:
        with default_storage.open(name, "rb") as stored:
            content: bytes = stored.read()
    except FileNotFoundError:
        return b""
    return content
