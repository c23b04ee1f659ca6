"""What the administrator of a provider sees of the own house: plans and who changed what when."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from django.contrib.auth import get_user_model

from kualik.core.models import JournalEntry
from kualik.providers.models import Break, Closure, Office, Provider
from kualik.providers.queries.calendars import SHORT_DAYS, hours_words, weekly_hours
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.workdays import WEEKDAYS

DATA = Path(__file__).resolve().parents[1] / "data" / "history.toml"
DAYS = frozenset({"first", "last", "valid_from", "accreditation_until"})
Words = Mapping[str, Mapping[str, Text]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact that an act changed, as it was and as it is; empty where it was nothing."""

    name: Text
    before: Text
    after: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One act in the history of a house; ``by`` is a person's name, empty for the system."""

    at: datetime
    by: str
    action: Text
    about: Text
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPeriod:
    """A closed period; it may be corrected until the day on which it begins."""

    first: date
    last: date
    reason: Text

    def is_begun(self, today: date) -> bool:
        """Whether its first day came already."""
        return self.first <= today


def history_of(
    provider: Provider, *, most: int, office: Office | None = None, acts: Collection[str] = ()
) -> list[Line]:
    """Who changed what of the house when, newest first; of one office or of some acts alone."""
    words = _words()
    rows = JournalEntry.objects.filter(
        subject=f"provider:{provider.pk}", action__in=acts or words["actions"]
    )
    if office is not None:
        rows = rows.filter(data__office=office.pk)
    entries = list(rows.order_by("-sequence")[:most])
    names = _names(entries)
    offices = {row.pk: row.name for row in Office.objects.filter(provider=provider)}
    return [
        Line(
            at=entry.at,
            by=names.get(entry.actor, ""),
            action=words["actions"][entry.action],
            about=_about(entry.data, offices),
            changes=tuple(_changes(entry.data, words)),
        )
        for entry in entries
    ]


def closed_periods(provider: Provider, *, since: date) -> list[ClosedPeriod]:
    """The closed periods that last on ``since`` or come later, soonest first."""
    found: dict[date, ClosedPeriod] = {}
    for row in Closure.objects.filter(provider=provider).order_by("day"):
        first = row.begins_on or row.day
        found[first] = ClosedPeriod(first=first, last=row.day, reason=row.reason)
    return [period for period in found.values() if period.last >= since]


def planned_breaks() -> list[Break]:
    """All technical breaks that were announced, the last first."""
    rows = Break.objects.filter(kind=Break.Kind.TECHNICAL_BREAK)
    return list(rows.order_by("-starts_at"))


def breaks_to_tell(now: datetime) -> list[Break]:
    """The technical breaks that last or were announced for later, soonest first (A303.7.2)."""
    rows = Break.objects.filter(
        kind=Break.Kind.TECHNICAL_BREAK,
        announced_at__lte=now,
        cancelled_at=None,
        ends_at__gt=now,
    )
    return list(rows.order_by("starts_at"))


def _about(data: Mapping[str, object], offices: Mapping[int, Text]) -> Text:
    office = data.get("office")
    return offices.get(office, Text("", "")) if isinstance(office, int) else Text("", "")


def _changes(data: Mapping[str, object], words: Words) -> list[Change]:
    before, after = data.get("before"), data.get("after")
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    return [
        Change(
            name=words["fields"][field],
            before=_value(field, old.get(field), words),
            after=_value(field, new.get(field), words),
        )
        for field in words["fields"]
        if field in old or field in new
    ]


def _value(field: str, value: object, words: Words) -> Text:
    if field == "hours" and isinstance(value, dict):
        return hours_words(weekly_hours(value, default={})) if value else words["values"]["act"]
    if field == "contradicts" and isinstance(value, list):
        days = [WEEKDAYS.index(name) for name in value]
        return Text(*(", ".join(names[day] for day in days) for names in SHORT_DAYS.values()))
    if field == "photo":
        return words["fields"].get(str(value), Text("", ""))
    if isinstance(value, bool):
        return words["values"]["yes" if value else "no"]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    if field in DAYS and text:
        text = f"{date.fromisoformat(text):%d.%m.%Y}"
    return Text(text, text, text)


def _names(entries: list[JournalEntry]) -> dict[str, str]:
    """Full names of staff by the journal's name; the model of staff lives in a room above."""
    keys = {entry.actor.removeprefix("user:") for entry in entries if "user:" in entry.actor}
    staff = get_user_model().objects.filter(pk__in=[key for key in keys if key.isdigit()])
    return {f"user:{user.pk}": user.full_name for user in staff}


@cache
def _words() -> Words:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {
        kind: {code: Text(*(row[name] for name in LANGUAGES)) for code, row in rows.items()}
        for kind, rows in data.items()
    }
