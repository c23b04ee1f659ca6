"""What every act on a house has in common: texts in all languages, and the journal."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import models

from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.providers.models import Office, Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text


def in_three_languages(field: str, text: Text) -> dict[str, str]:
    """Columns of a text; RuleViolation ``text_missing`` when a language was not written."""
    for language in LANGUAGES:
        require_text(field, text, language)
    return {f"{field}_{language}": getattr(text, language).strip() for language in LANGUAGES}


def require_text(field: str, text: Text, language: str) -> None:
    """Raises RuleViolation ``text_missing`` when the text is empty in that language."""
    # Not ``text.get``: it falls back to Kazakh, and a missing translation would pass.
    if not getattr(text, language).strip():
        raise RuleViolation("text_missing", field=field, language=language)


def require_later(day: date, now: datetime, *, code: str) -> None:
    """Raises RuleViolation ``code`` (day) for a day that has begun."""
    if day <= local_day(now):
        raise RuleViolation(code, day=f"{day:%d.%m.%Y}")


def locked_office(office: Office) -> Office:
    """The row as it stands now; nobody else changes it until the transaction ends."""
    rows = Office.objects.select_for_update(of=("self",)).select_related("provider")
    return rows.get(pk=office.pk)


def record(
    provider: Provider, action: str, actor: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    """One line in the history of a house."""
    journal.record(
        subject=f"provider:{provider.pk}", action=action, actor=actor, now=now, data=data
    )


def changed_fields(
    row: models.Model, values: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """The fields that would differ, as the row has them and as ``values`` have them."""
    fields = [name for name, value in values.items() if getattr(row, name) != value]
    return (
        {name: kept_value(getattr(row, name)) for name in fields},
        {name: kept_value(values[name]) for name in fields},
    )


def kept_value(value: object) -> object:
    """A value as the journal keeps it."""
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def saved(row: models.Model, values: Mapping[str, object], fields: Iterable[str]) -> None:
    """Write those fields of the row."""
    for name in fields:
        setattr(row, name, values[name])
    row.save(update_fields=list(fields))
