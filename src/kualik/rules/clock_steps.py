"""Sentences of the legal clock: ``data/clock_steps.toml`` filled with dates, in three languages."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from string import Formatter

from kualik.rules.holidays import DayKind, SpecialDay
from kualik.rules.language import LANGUAGES, Text


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of an explanation and the clause it rests on, such as ``A303.7.2``."""

    clause: str
    text: Text

    def to_record(self) -> dict[str, str]:
        """``{"clause", "kk", "ru", "en"}``."""
        return {
            "clause": self.clause,
            "kk": self.text.kk,
            "ru": self.text.ru,
            "en": self.text.en,
        }


@dataclass(frozen=True, slots=True)
class _DateWords:
    """How one language writes a date."""

    day: str
    moment: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]

    def write_day(self, day: date) -> str:
        return self.day.format(
            year=day.year,
            month=self.months[day.month - 1],
            day=day.day,
            weekday=self.weekdays[day.weekday()],
        )

    def write_moment(self, moment: datetime) -> str:
        return self.moment.format(date=self.write_day(moment.date()), clock=clock(moment))


@dataclass(frozen=True, slots=True)
class _Words:
    """The whole data file, checked."""

    clauses: Mapping[str, str]
    steps: Mapping[str, Text]
    reasons: Mapping[str, Text]
    unfinished: Text
    dates: Mapping[str, _DateWords]


def step(name: str, edition: str, **values: Text) -> Step:
    """The sentence ``name`` of the data file for an edition, filled with ``values``."""
    words = _words()
    clause = words.clauses[name].format(edition=edition)
    return Step(clause, _filled(words.steps[name], values))


def day_text(day: date) -> Text:
    """``2026 жылғы 23 қараша, дүйсенбі`` and its like."""
    return _each(lambda words: words.write_day(day))


def moment_text(moment: datetime) -> Text:
    """``2026 жылғы 23 қараша, дүйсенбі, 08:30`` and its like, in the zone of ``moment``."""
    return _each(lambda words: words.write_moment(moment))


def hours_text(hours: tuple[datetime, datetime]) -> Text:
    """``08:30–17:30``, the same in every language."""
    return plain_text(f"{clock(hours[0])}–{clock(hours[1])}")


def plain_text(value: str) -> Text:
    """A value that every language writes alike."""
    return Text(value, value, value)


def period_text(start: datetime, end: datetime | None) -> Text:
    """From one moment to another, or to "not ended yet"."""
    return _joined((moment_text(start), moment_text(end) if end else _words().unfinished), " – ")


def days_off_text(days: Iterable[tuple[date, SpecialDay | None]]) -> Text:
    """Days off with their reasons; neighbours with the same reason become one span."""
    spans: list[tuple[date, date, Text]] = []
    for day, special in days:
        reason = _reason(special)
        if spans and spans[-1][2] == reason and (day - spans[-1][1]).days == 1:
            spans[-1] = (spans[-1][0], day, reason)
        else:
            spans.append((day, day, reason))
    return _joined((_span_text(*span) for span in spans), "; ")


def clock(moment: datetime) -> str:
    """``08:30``."""
    return f"{moment.hour:02d}:{moment.minute:02d}"


def _span_text(first: date, last: date, reason: Text) -> Text:
    days = day_text(first) if first == last else _joined((day_text(first), day_text(last)), " – ")
    return Text(*(f"{days.get(name)} ({reason.get(name)})" for name in LANGUAGES))


def _reason(special: SpecialDay | None) -> Text:
    if special is None or special.kind is DayKind.MOVED_WORK:
        return _words().reasons["weekly"]
    other = day_text(special.of) if special.of else Text("", "", "")
    return _filled(_words().reasons[special.kind.value], {"name": special.name, "other": other})


def _each(write: Callable[[_DateWords], str]) -> Text:
    dates = _words().dates
    return Text(write(dates["kk"]), write(dates["ru"]), write(dates["en"]))


def _filled(template: Text, values: Mapping[str, Text]) -> Text:
    return Text(
        *(
            template.get(name).format_map({key: text.get(name) for key, text in values.items()})
            for name in LANGUAGES
        )
    )


def _joined(parts: Iterable[Text], between: str) -> Text:
    listed = tuple(parts)
    return Text(*(between.join(part.get(name) for part in listed) for name in LANGUAGES))


@cache
def _words() -> _Words:
    source = files("kualik.rules").joinpath("data", "clock_steps.toml")
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    return _Words(
        clauses={name: row["clause"] for name, row in data["steps"].items()},
        steps={name: _text(name, row) for name, row in data["steps"].items()},
        reasons={name: _text(name, row) for name, row in data["reasons"].items()},
        unfinished=_text("unfinished", data["unfinished"]),
        dates={
            language: _DateWords(
                row["day"], row["moment"], tuple(row["weekdays"]), tuple(row["months"])
            )
            for language, row in data["dates"].items()
        },
    )


def _text(name: str, row: Mapping[str, str]) -> Text:
    """One row in three languages; ValueError when a language is missing or names other values."""
    text = Text(row["kk"], row["ru"], row["en"])
    named = [{found for _, found, _, _ in Formatter().parse(row[key])} for key in LANGUAGES]
    if "" in (text.kk, text.ru, text.en) or any(values != named[0] for values in named):
        raise ValueError(f"clock_steps.toml: {name} differs between languages")
    return text
