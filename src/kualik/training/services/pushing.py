"""Completions that another system brings by itself: the checks and the saving of a list."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.sealing import keyed_digest
from kualik.providers.models import Provider
from kualik.rules import standards
from kualik.training.adapters.grid import Cell, Grid, Row, Sheet
from kualik.training.models import ImportDraft
from kualik.training.services.check import CheckedList, GroupDefaults, check_list, mark_known
from kualik.training.services.importing import ImportResult, import_checked, known_programmes
from kualik.training.services.recognise import ColumnMapping, ColumnMatch
from kualik.training.services.registered import mark_other_spellings
from kualik.training.services.saving import known_rows

TextRow = Mapping[str, str]
PURPOSE: Final = "pushed rows"


def check_rows(
    *, provider: Provider, rows: Sequence[TextRow], defaults: GroupDefaults, now: datetime
) -> CheckedList:
    """Judge rows as those of a list are judged; nothing is saved.

    A row maps the import's fields to their texts, days in ISO; rows are numbered from 1. Raises
    ``list_needs_column`` where no row has an IIN or a name.
    """
    today = local_day(now)
    grid, mapping = _grid(rows)
    checked = check_list(
        grid=grid,
        mapping=mapping,
        defaults=defaults,
        today=today,
        edition=standards.in_force(today).edition,
        programmes=known_programmes(provider),
    )
    checked = mark_other_spellings(checked)
    known = known_rows(provider=provider, rows=checked.rows, group_name=defaults.group_name)
    return mark_known(checked, known)


@transaction.atomic
def push_rows(
    *,
    provider: Provider,
    rows: Sequence[TextRow],
    defaults: GroupDefaults,
    accepted: Collection[int],
    require: Callable[[CheckedList], None],
    source: str,
    offers: bool,
    actor: Actor,
    now: datetime,
) -> tuple[CheckedList, ImportResult]:
    """Judge the rows and save the ready ones and those of ``accepted`` (numbers of rows whose
    warnings a person looked at), as one import that ``source`` names in the provider's history.

    ``require`` looks at the judgement that is saved by and raises for one that shall not be. Rows
    that are refused are counted and left out.
    """
    # Judged while no other import of the provider can add what is judged here.
    Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    checked = check_rows(provider=provider, rows=rows, defaults=defaults, now=now)
    require(checked)
    draft = ImportDraft.objects.create(
        provider=provider,
        uploaded_by=actor.name,
        filename=source[:200],
        sha256=_digest(rows),
        mapping=checked.mapping.to_record(),
        defaults=defaults.texts(),
        created_at=now,
    )
    result = import_checked(
        draft=draft,
        checked=checked,
        accept_attention=accepted,
        offers=offers,
        actor=actor,
        now=now,
    )
    return checked, result


def _grid(rows: Sequence[TextRow]) -> tuple[Grid, ColumnMapping]:
    """The rows as the sheet of a list, with a column for each field that any of them has."""
    names = list(dict.fromkeys(name for row in rows for name, text in row.items() if text))
    columns = tuple(ColumnMatch(place, name, name, "chosen") for place, name in enumerate(names))
    sheet = Sheet(
        "",
        tuple(
            Row(number, tuple(Cell(row.get(name, "")) for name in names))
            for number, row in enumerate(rows, start=1)
        ),
    )
    return Grid(sheet), ColumnMapping("", 0, columns)


def _digest(rows: Sequence[TextRow]) -> str:
    told = json.dumps([dict(row) for row in rows], sort_keys=True, ensure_ascii=False)
    return keyed_digest(told.encode(), purpose=PURPOSE)
