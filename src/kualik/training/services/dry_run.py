"""The dry run made once and kept for its pages; long lists are checked and saved by a job.

Reading and checking 5,000 rows takes seconds, so every page of the table cannot do it anew. What
is kept holds no IIN (``showing``) and is given up after an hour or when the list is imported.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import Q, QuerySet

from kualik.core import jobs
from kualik.core.clock import local_day
from kualik.core.jobs import Payload
from kualik.core.journal import Actor
from kualik.core.models import Job
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.training.models import ImportDraft
from kualik.training.queries import drafts_of
from kualik.training.services.importing import (
    ImportResult,
    Progress,
    confirm_import,
    preview_import,
    read_draft,
)
from kualik.training.services.recognise import ColumnMapping
from kualik.training.services.showing import ColumnsShown, DryRun, show_columns, show_list

CHECK_JOB: Final = "training.check_list"
IMPORT_JOB: Final = "training.import_list"
KEPT_SECONDS: Final = 60 * 60
# Some 2,500 rows of a workbook, checked in about a second; above it the page waits for a job.
SMALL_BYTES: Final = 150_000
# A job nobody took for so long: no worker runs, so the page does the work itself.
PATIENCE: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job works on the list; both figures are 0 until it has read the file."""

    done: int
    total: int


def edition_on(day: date) -> str:
    """The edition that a request filed on that day would follow."""
    return standards.in_force(day).edition


def look_at_columns(*, draft: ImportDraft) -> ColumnsShown:
    """The columns of a draft with examples; RuleViolation ``list_gone``."""
    mapping = ColumnMapping.from_record(draft.mapping)
    key = f"training:columns:{_digest(draft.pk, draft.sha256, draft.mapping)}"
    kept = cache.get(key)
    if isinstance(kept, ColumnsShown):
        return kept
    shown = show_columns(grid=read_draft(draft=draft), mapping=mapping)
    cache.set(key, shown, KEPT_SECONDS)
    return shown


def dry_run(*, draft: ImportDraft, now: datetime) -> DryRun | Waiting:
    """The judged list, or how far the job is that judges it.

    RuleViolation with the codes of ``preview_import``.
    """
    key = state_key(draft, local_day(now))
    kept = cache.get(key)
    if isinstance(kept, DryRun):
        return kept
    if _is_long(draft):
        work = f"{CHECK_JOB}:{key}"
        jobs.enqueue(name=CHECK_JOB, key=work, payload={"draft": draft.pk}, now=now)
        if _at_work(now).filter(key=work).exists():
            return Waiting(*cache.get(f"{key}:progress", (0, 0)))
    return _make(draft, now)


def begin_import(
    *,
    draft: ImportDraft,
    actor: Actor,
    accept_attention: Collection[int],
    offers: bool = False,
    now: datetime,
) -> ImportResult | None:
    """Import a list now, or give a long one to a job and return None.

    RuleViolation with the codes of ``confirm_import``; a job's are told by ``import_failure``.
    """
    accepted = sorted(accept_attention)
    if _is_long(draft) and not draft.imported_at:
        key = f"{_import_keys(draft)}{_digest(draft.mapping, draft.defaults, accepted, offers)}"
        who = {"actor": actor.name, "role": actor.role}
        payload = {"draft": draft.pk, "accepted": accepted, "offers": offers, **who}
        jobs.reset(keys=[key], now=now)
        jobs.enqueue(name=IMPORT_JOB, key=key, payload=payload, now=now)
        if _at_work(now).filter(key=key).exists():
            return None
    return _import(draft, actor, accepted, offers, now)


def import_progress(*, draft: ImportDraft, now: datetime) -> Waiting | None:
    """How far the job is that imports the list; None when none is at it."""
    if not _at_work(now).filter(key__startswith=_import_keys(draft)).exists():
        return None
    return Waiting(*cache.get(f"training:import:{draft.pk}:progress", (0, 0)))


def import_failure(*, draft: ImportDraft) -> RuleViolation | None:
    """Why the last job did not import the list; told once."""
    key = f"training:import:{draft.pk}:failed"
    failed = cache.get(key)
    if failed is None:
        return None
    cache.delete(key)
    code, params = failed
    return RuleViolation(code, **params)


def forget_dry_run(*, draft: ImportDraft, now: datetime) -> None:
    """Give up what was kept of a list."""
    cache.delete(state_key(draft, local_day(now)))
    cache.delete(f"training:columns:{_digest(draft.pk, draft.sha256, draft.mapping)}")


def run_check_job(payload: Payload, now: datetime) -> None:
    """The handler of ``CHECK_JOB``; a rule broken is met again and told by the page."""
    draft = ImportDraft.objects.filter(pk=_number(payload), imported_at=None).first()
    if draft is None:
        return
    try:
        _make(draft, now)
    except RuleViolation:
        return


def run_import_job(payload: Payload, now: datetime) -> None:
    """The handler of ``IMPORT_JOB``; run twice it imports once."""
    draft = ImportDraft.objects.filter(pk=_number(payload), imported_at=None).first()
    accepted = payload["accepted"]
    if draft is None or not isinstance(accepted, list):
        return
    actor = Actor(str(payload["actor"]), str(payload["role"]))
    try:
        _import(draft, actor, accepted, bool(payload.get("offers")), now)
    except RuleViolation as broken:
        cache.set(f"training:import:{draft.pk}:failed", (broken.code, broken.params), KEPT_SECONDS)


def state_key(draft: ImportDraft, today: date) -> str:
    """What the dry run of a draft depends on; it changes with every answer of the office."""
    edition = edition_on(today)
    digest = _digest(draft.pk, draft.sha256, draft.mapping, draft.defaults, str(today), edition)
    return f"training:list:{digest}"


def _make(draft: ImportDraft, now: datetime) -> DryRun:
    today = local_day(now)
    key = state_key(draft, today)
    preview = preview_import(
        draft=draft,
        today=today,
        edition=edition_on(today),
        on_progress=_told_to(f"{key}:progress"),
    )
    shown = show_list(grid=preview.grid, checked=preview.checked)
    cache.set(key, shown, KEPT_SECONDS)
    cache.delete(f"{key}:progress")
    return shown


def _import(
    draft: ImportDraft, actor: Actor, accepted: Collection[int], offers: bool, now: datetime
) -> ImportResult:
    key = f"training:import:{draft.pk}:progress"
    result = confirm_import(
        draft=draft,
        actor=actor,
        now=now,
        edition=edition_on(local_day(now)),
        accept_attention=frozenset(accepted),
        offers=offers,
        on_progress=_told_to(key),
    )
    cache.delete(key)
    # Rows of the provider's other lists may be there now.
    for other in (draft, *drafts_of(draft.provider).filter(imported_at=None)):
        forget_dry_run(draft=other, now=now)
    return result


def _told_to(key: str) -> Progress:
    def tell(done: int, total: int) -> None:
        cache.set(key, (done, total), KEPT_SECONDS)

    return tell


def _is_long(draft: ImportDraft) -> bool:
    try:
        return draft.content.size > SMALL_BYTES
    except (FileNotFoundError, ValueError):
        return False


def _at_work(now: datetime) -> QuerySet[Job]:
    """Jobs that run or were asked just now; not those that ended and those nobody takes."""
    recent = Q(run_at__gt=now - PATIENCE) | Q(leased_until__gt=now)
    return Job.objects.filter(recent, done_at=None, failed_at=None)


def _import_keys(draft: ImportDraft) -> str:
    return f"{IMPORT_JOB}:{draft.pk}:"


def _number(payload: Payload) -> int:
    return int(str(payload["draft"]))


def _digest(*parts: object) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]
