"""From an uploaded list to completions: upload, correct, look, import."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from django.core.files.base import ContentFile
from django.db import transaction

from kualik.core import jobs, journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.sweeping import sweep_folder
from kualik.core.tasks import close_task
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import replace_iins
from kualik.training.adapters.grid import Grid
from kualik.training.adapters.sheets import read_grid
from kualik.training.models import LIST_FOLDER, HeaderMapping, ImportDraft
from kualik.training.queries import programmes_of, remembered_headers
from kualik.training.services.announcing import announce_import
from kualik.training.services.check import (
    CheckedList,
    CheckedRow,
    GroupDefaults,
    check_list,
    mark_known,
)
from kualik.training.services.course import ProgrammeFacts
from kualik.training.services.recognise import (
    ColumnMapping,
    correct,
    field_names,
    normalise_header,
    recognise,
)
from kualik.training.services.registered import mark_other_spellings
from kualik.training.services.saving import Saved, known_rows, save_completions

Progress = Callable[[int, int], None]
# A list left without import holds numbers of people for nothing.
KEPT_FOR: Final = timedelta(days=7)
# Its handler is a ``core.jobs.Handler`` that ``config.jobs`` names: what an upper room offers the
# people of the list. The payload is {"import": id of the ImportDraft}.
IMPORTED_JOB: Final = "training.list_imported"
# A list that nobody uploaded waits to be looked at; the number of its draft ends the key.
LIST_TASK: Final = "list_waits"


@dataclass(frozen=True, slots=True)
class Preview:
    """The list as read and as judged; nothing of it is saved."""

    grid: Grid
    checked: CheckedList


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Rows by outcome; ``completions`` maps a sheet row to its completion, new or known."""

    created: int
    existing: int
    refused: int
    skipped: int
    groups: tuple[int, ...]
    completions: Mapping[int, int]

    def to_record(self) -> dict[str, object]:
        """As the draft keeps it."""
        return {
            "created": self.created,
            "existing": self.existing,
            "refused": self.refused,
            "skipped": self.skipped,
            "groups": list(self.groups),
            "completions": sorted(self.completions.items()),
        }


@transaction.atomic
def start_import(
    *,
    provider: Provider,
    actor: Actor,
    filename: str,
    content: bytes,
    now: datetime,
    mapping: ColumnMapping | None = None,
) -> ImportDraft:
    """Read an uploaded list and keep it as a draft with its columns recognised, or as ``mapping``
    says where the list is our own.

    RuleViolation with the codes of ``read_grid`` and ``recognise``; nothing is kept then.
    """
    if mapping is None:
        mapping = recognise(grid=read_grid(content), remembered=remembered_headers(provider))
    draft = ImportDraft(
        provider=provider,
        uploaded_by=actor.name,
        filename=replace_iins(filename, lambda _iin: "…")[-200:],
        sha256=hashlib.sha256(content).hexdigest(),
        sheet=mapping.sheet,
        mapping=mapping.to_record(),
        created_at=now,
    )
    draft.content.save("list", ContentFile(content), save=False)
    draft.save()
    journal.record(
        subject=f"import:{draft.pk}",
        action="training.list_uploaded",
        actor=actor,
        now=now,
        data={"provider": provider.code, "sha256": draft.sha256},
    )
    return draft


@transaction.atomic
def choose_sheet(*, draft: ImportDraft, sheet: str) -> ColumnMapping:
    """Take another sheet of the workbook and recognise its columns."""
    grid = read_draft(draft=draft, sheet=sheet)
    mapping = recognise(grid=grid, remembered=remembered_headers(draft.provider))
    draft.sheet, draft.mapping = mapping.sheet, mapping.to_record()
    draft.save(update_fields=["sheet", "mapping"])
    return mapping


@transaction.atomic
def correct_mapping(
    *, draft: ImportDraft, changes: Mapping[str, str | None], now: datetime
) -> ColumnMapping:
    """Set the meaning of columns by letter and remember it for the provider's next lists."""
    _require_open(draft)
    mapping = correct(ColumnMapping.from_record(draft.mapping), changes)
    for match in mapping.columns:
        header = normalise_header(match.header)
        if match.letter in changes and header:
            HeaderMapping.objects.update_or_create(
                provider=draft.provider,
                header=header,
                defaults={"field": match.field or "", "chosen_at": now},
            )
    draft.mapping = mapping.to_record()
    draft.save(update_fields=["mapping"])
    return mapping


@transaction.atomic
def answer_for_group(*, draft: ImportDraft, defaults: GroupDefaults) -> None:
    """Keep what the list does not hold and the office said once for all of it."""
    _require_open(draft)
    draft.defaults = defaults.texts()
    draft.save(update_fields=["defaults"])


def preview_import(
    *,
    draft: ImportDraft,
    today: date,
    edition: str,
    on_progress: Progress | None = None,
) -> Preview:
    """The dry run over a draft; ``list_gone`` when its file was deleted."""
    grid = read_draft(draft=draft)
    checked = check_list(
        grid=grid,
        mapping=ColumnMapping.from_record(draft.mapping),
        defaults=GroupDefaults.from_texts(draft.defaults),
        today=today,
        edition=edition,
        programmes=known_programmes(draft.provider),
        on_progress=on_progress,
    )
    checked = mark_other_spellings(checked)
    known = known_rows(provider=draft.provider, rows=checked.rows, group_name=_group_name(draft))
    return Preview(grid, mark_known(checked, known))


def confirm_import(
    *,
    draft: ImportDraft,
    actor: Actor,
    now: datetime,
    edition: str,
    accept_attention: Collection[int] = frozenset(),
    offers: bool = False,
    on_progress: Progress | None = None,
) -> ImportResult:
    """Save the ready rows and those of ``accept_attention`` (sheet rows a person looked at).

    The list is judged again first, outside the transaction; then all rows are written in one.
    With ``offers`` the people of the list are told that they may have their documents.
    A draft imported before returns its first result. RuleViolation ``list_needs_answers`` when
    the group was not asked for everything, ``import_changed`` when the draft was changed meanwhile.
    """
    if draft.imported_at:
        return _kept_result(draft)
    checked = preview_import(
        draft=draft, today=local_day(now), edition=edition, on_progress=on_progress
    ).checked
    if checked.missing:
        raise RuleViolation(
            "list_needs_answers", fields=checked.missing, names=field_names(checked.missing)
        )
    return import_checked(
        draft=draft,
        checked=checked,
        accept_attention=accept_attention,
        offers=offers,
        actor=actor,
        now=now,
    )


@transaction.atomic
def discard_import(*, draft: ImportDraft, actor: Actor, now: datetime) -> None:
    """Give a draft up: its file and its row go, the journal keeps that it was there. Raises
    ``import_done``, also where it was imported a moment ago."""
    current = ImportDraft.objects.select_for_update(no_key=True).filter(pk=draft.pk).first()
    if current is None:
        return
    _require_open(current)
    journal.record(
        subject=f"import:{draft.pk}", action="training.list_discarded", actor=actor, now=now
    )
    close_task(key=f"{LIST_TASK}:{draft.pk}", actor=actor, now=now)
    transaction.on_commit(partial(draft.content.storage.delete, draft.content.name or ""))
    draft.delete()


def forget_lists(*, now: datetime) -> int:
    """Discard the drafts nobody imported within a week; how many."""
    stale = ImportDraft.objects.filter(imported_at=None, created_at__lt=now - KEPT_FOR)
    drafts = list(stale)
    for draft in drafts:
        discard_import(draft=draft, actor=journal.SYSTEM, now=now)
    return len(drafts)


def sweep_lists(*, now: datetime) -> int:
    """Delete stored lists that no draft names, left by what stopped half-way; how many."""
    named = ImportDraft.objects.values_list("content", flat=True)
    return sweep_folder(LIST_FOLDER, named, now=now)


@transaction.atomic
def import_checked(
    *,
    draft: ImportDraft,
    checked: CheckedList,
    accept_attention: Collection[int],
    offers: bool,
    actor: Actor,
    now: datetime,
) -> ImportResult:
    """Save what was judged, all of it or nothing; a draft imported before returns its result.

    A draft of another system's rows has no file. Raises ``import_changed``.
    """
    # Imports of one provider go one after another, so that none adds what another just did.
    Provider.objects.select_for_update(no_key=True).get(pk=draft.provider_id)
    current = ImportDraft.objects.select_for_update(no_key=True).get(pk=draft.pk)
    if current.imported_at:
        return _kept_result(current)
    if (current.mapping, current.defaults) != (draft.mapping, draft.defaults):
        raise RuleViolation("import_changed")
    accepted = [row for row in checked.rows if _is_accepted(row, accept_attention)]
    skipped = checked.counts["skipped"]
    saved = save_completions(
        provider=draft.provider, rows=accepted, group_name=_group_name(draft), now=now
    )
    result = _result(saved, refused=len(checked.rows) - len(accepted) - skipped, skipped=skipped)
    _close(draft, result, actor=actor, now=now)
    announce_import(draft, now=now)
    if offers:
        key = f"{IMPORTED_JOB}:{draft.pk}"
        jobs.enqueue(name=IMPORTED_JOB, key=key, payload={"import": draft.pk}, now=now)
    return result


def _group_name(draft: ImportDraft) -> str:
    return str(draft.defaults.get("group_name", ""))


def _is_accepted(row: CheckedRow, accept_attention: Collection[int]) -> bool:
    """A known row adds nothing and leads to the completion that is there."""
    if row.verdict == "attention":
        return row.row in accept_attention
    return row.verdict in ("ready", "known")


def _close(draft: ImportDraft, result: ImportResult, *, actor: Actor, now: datetime) -> None:
    """Mark the draft imported, note it in the journal and let the file go."""
    name = draft.content.name or ""
    draft.imported_at = now
    draft.result = result.to_record()
    draft.content = ""
    draft.save(update_fields=["imported_at", "result", "content"])
    journal.record(
        subject=f"import:{draft.pk}",
        action="training.list_imported",
        actor=actor,
        now=now,
        data={
            "created": result.created,
            "existing": result.existing,
            "refused": result.refused,
            "skipped": result.skipped,
            "groups": list(result.groups),
        },
    )
    close_task(key=f"{LIST_TASK}:{draft.pk}", actor=actor, now=now)
    if name:
        transaction.on_commit(partial(draft.content.storage.delete, name))


def _result(saved: Saved, *, refused: int, skipped: int) -> ImportResult:
    return ImportResult(
        created=saved.created,
        existing=len(saved.completions) - saved.created,
        refused=refused,
        skipped=skipped,
        groups=saved.groups,
        completions=saved.completions,
    )


def _kept_result(draft: ImportDraft) -> ImportResult:
    kept = draft.result
    return ImportResult(
        created=kept["created"],
        existing=kept["existing"],
        refused=kept["refused"],
        skipped=kept["skipped"],
        groups=tuple(kept["groups"]),
        completions=dict(kept["completions"]),
    )


def _require_open(draft: ImportDraft) -> None:
    if draft.imported_at:
        raise RuleViolation("import_done")


def read_draft(*, draft: ImportDraft, sheet: str = "") -> Grid:
    """The cells of a draft's sheet, or of another; ``list_gone`` when its file was deleted."""
    try:
        with draft.content.open("rb") as stream:
            return read_grid(stream.read(), sheet or draft.sheet or None)
    except (FileNotFoundError, ValueError) as error:
        raise RuleViolation("list_gone") from error


def known_programmes(provider: Provider) -> list[ProgrammeFacts]:
    """What the provider teaches already, to compare a list with."""
    return [
        ProgrammeFacts(
            kind=programme.kind,
            title_kk=programme.title_kk,
            title_ru=programme.title_ru,
            specialty_kk=programme.specialty_kk,
            specialty_ru=programme.specialty_ru,
            hours=programme.hours,
            credits=programme.credits,
        )
        for programme in programmes_of(provider)
    ]
