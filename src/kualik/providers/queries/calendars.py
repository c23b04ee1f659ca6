"""Working calendars of providers and offices, each day by the hours valid on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import Q
from django.utils.dates import WEEKDAYS

from kualik.core.clock import local_day
from kualik.providers.models import Break, Closure, Office, Provider
from kualik.rules.deadline import ClockEvent, EventKind
from kualik.rules.language import Text
from kualik.rules.standards import Standard
from kualik.rules.workdays import DatedHours, Minutes, WeeklyHours, WorkCalendar

Hours = Mapping[int, tuple[int, int]]
SHORT_DAYS = {
    "kk": ("Дс", "Сс", "Ср", "Бс", "Жм", "Сб", "Жс"),
    "ru": ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def weekly_hours(written: Mapping[str, list[int]], *, default: Hours) -> WeeklyHours:
    """The hours of a stored row; those of the standard where nothing is written."""
    if not written:
        return WeeklyHours.of(default)
    return WeeklyHours.of({int(day): (span[0], span[1]) for day, span in written.items()})


def dated_hours(office: Office, *, default: Hours) -> tuple[DatedHours, ...]:
    """The changes of an office's hours, oldest first."""
    rows = sorted(office.changes.all(), key=lambda row: row.valid_from)
    return tuple((row.valid_from, weekly_hours(row.hours, default=default)) for row in rows)


def office_calendar(office: Office, *, default: Hours) -> WorkCalendar:
    """The working calendar of one office: its hours by period, holidays and closures."""
    closures = Closure.objects.filter(provider=office.provider_id).values_list("day", flat=True)
    return WorkCalendar(
        weekly_hours(office.hours, default=default),
        closures=frozenset(closures),
        later=dated_hours(office, default=default),
    )


def office_hours(office: Office, *, on: date, default: Hours) -> WeeklyHours:
    """The weekly hours of an office valid on a day, holidays and closures aside."""
    return office_calendar(office, default=default).weekly_hours_on(on)


def calendar_of(provider: Provider, *, default: Hours) -> WorkCalendar:
    """The working calendar of a provider: that of its main office.

    Without one: the hours of the standard with the provider's own closures.
    """
    office = Office.objects.filter(provider=provider, is_main=True).first()
    if office is None:
        closures = Closure.objects.filter(provider=provider).values_list("day", flat=True)
        return WorkCalendar(WeeklyHours.of(default), closures=frozenset(closures))
    return office_calendar(office, default=default)


def week_of(hours: WeeklyHours) -> list[tuple[str, str]]:
    """Name of the day and ``08:30–17:30`` from Monday on; empty hours on a rest day."""
    return [
        (str(name), span_text(span))
        for name, span in zip(WEEKDAYS.values(), hours.days, strict=True)
    ]


def span_text(span: Minutes | None) -> str:
    """``08:30–17:30``; empty for a rest day."""
    return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in span or ())


def hours_words(hours: WeeklyHours) -> Text:
    """``Пн–Пт 08:30–17:30; Сб 09:00–14:00`` in each language."""
    spans: list[tuple[int, int, str]] = []
    for span, group in groupby(range(len(hours.days)), key=lambda day: hours.days[day]):
        days = list(group)
        if span is not None:
            spans.append((days[0], days[-1], span_text(span)))
    return Text(*(_written(spans, names) for names in SHORT_DAYS.values()))


def _written(spans: list[tuple[int, int, str]], names: tuple[str, ...]) -> str:
    return "; ".join(
        f"{names[first] if first == last else f'{names[first]}–{names[last]}'} {text}"
        for first, last, text in spans
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A weekday whose ``own`` hours do not keep those of row 7; None is a day of rest."""

    weekday: int
    own: Minutes | None
    standard: Minutes | None

    @property
    def name(self) -> str:
        """The day in the language of the page."""
        return str(WEEKDAYS[self.weekday])

    @property
    def words(self) -> tuple[str, str]:
        """Own hours and those of the standard as pages show them."""
        return span_text(self.own), span_text(self.standard)


def contradictions(hours: WeeklyHours, standard: Standard) -> list[Contradiction]:
    """The weekdays that contradict row 7 of an edition (A57.7.1, A303.7.1).

    *Reading*: a day contradicts when it is not worked through all the hours that the act promises,
    or is worked though the act makes it a day of rest. Longer hours on a working day take nothing
    from anyone and do not contradict.
    """
    act = WeeklyHours.of(standard.weekly_hours)
    return [
        Contradiction(weekday=weekday, own=own, standard=promised)
        for weekday, (own, promised) in enumerate(zip(hours.days, act.days, strict=True))
        if not _keeps(own, promised)
    ]


def _keeps(own: Minutes | None, promised: Minutes | None) -> bool:
    if own is None or promised is None:
        return own is promised
    return own[0] <= promised[0] and own[1] >= promised[1]


def hours_contradicting(office: Office, standard: Standard, day: date) -> list[Contradiction]:
    """What of the office's hours valid on ``day`` contradicts row 7, see ``contradictions``."""
    hours = office_hours(office, on=day, default=standard.weekly_hours)
    return contradictions(hours, standard)


def is_open_at(calendar: WorkCalendar, moment: datetime) -> bool:
    """Whether an office of these hours receives people at a moment."""
    hours = calendar.hours_on(local_day(moment))
    return hours is not None and hours[0] <= moment < hours[1]


def next_opening(calendar: WorkCalendar, now: datetime) -> datetime | None:
    """When an office of these hours, closed at ``now``, receives people next."""
    today = calendar.hours_on(local_day(now))
    if today is not None and now < today[0]:
        return today[0]
    hours = calendar.hours_on(calendar.next_working_day(local_day(now)))
    return None if hours is None else hours[0]


def clock_events(*, since: datetime, provider: int | None = None) -> list[ClockEvent]:
    """Technical breaks and incidents that were not over at ``since``, oldest first (A57.7.2,
    A303.7.2): those that concern everybody, and those of one provider by primary key.

    A planned break that was taken back is none.
    """
    concerned = Q(provider=None) | Q(provider=provider)
    lasting = Q(ends_at=None) | Q(ends_at__gte=since)
    rows = Break.objects.filter(concerned, lasting, cancelled_at=None)
    return [
        ClockEvent(EventKind(row.kind), row.starts_at, row.ends_at)
        for row in rows.order_by("starts_at")
    ]
