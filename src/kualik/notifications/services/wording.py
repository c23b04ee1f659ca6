"""What people are told, and staff of what went wrong: texts as data."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from kualik.core.clock import ZONE
from kualik.core.faults import read_faults, told
from kualik.core.language import written
from kualik.notifications.models import Message
from kualik.rules.language import LANGUAGES, Text

DATA = Path(__file__).resolve().parents[1] / "data"
PATIENCE = timedelta(days=3)
MASK = "••••••"
FOOT = "\n\n-- \n"
NOT_EVENTS = ("quiet", "footer")

Value = str | int | date | datetime | Text
Values = Mapping[str, Value]
Channel = Message.Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is said of an event and how; ``texts`` is by channel and language: subject and body."""

    name: str
    texts: Mapping[str, Mapping[str, tuple[str, str]]]
    at_once: bool
    patience: timedelta
    secret: frozenset[str]
    opens_task: bool
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it will be sent; ``masked_body`` is empty where nothing is secret."""

    subject: str
    body: str
    masked_body: str


@cache
def events() -> Mapping[str, Event]:
    """All events by name. Raises KeyError when a text lacks a language."""
    return {name: _event(name, row) for name, row in _table().items() if name not in NOT_EVENTS}


def placeholders(text: str) -> frozenset[str]:
    """The names in braces of a text."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def write(event: Event, *, channel: str, language: str, values: Values) -> Written:
    """The text of an event for one channel. Raises KeyError for a value that is missing."""
    subject, body = event.texts[channel][language]
    limits = event.limits if channel == Channel.SMS else {}
    shown = {
        name: shortened(spoken(value, language), limits.get(name)) for name, value in values.items()
    }
    masked = {**shown, **dict.fromkeys(event.secret, MASK)}
    return Written(
        subject=subject.format_map(shown)[:200],
        body=body.format_map(shown).replace("….", "…"),
        masked_body=body.format_map(masked) if event.secret else "",
    )


def with_words(body: str, words: str) -> str:
    """A letter with a provider's own words before its foot."""
    text, foot, end = body.rpartition(FOOT)
    return f"{text}\n\n{words}{foot}{end}" if words and foot else body


def spoken(value: Value, language: str) -> str:
    """A value as the text of a message shows it: one line."""
    return " ".join(written(value, language).split())


def shortened(text: str, limit: int | None) -> str:
    """The text, at most ``limit`` letters of it; a word is torn only if it is very long."""
    if limit is None or len(text) <= limit:
        return text
    kept = text[:limit]
    whole = kept.rpartition(" ")[0]
    return (whole if len(whole) > limit // 2 else kept[:-1]).rstrip(" ,.;:") + "…"


def end_of_quiet(channel: str, *, now: datetime) -> datetime | None:
    """When the quiet hours of ``now`` end for a channel; None outside them, and always where the
    message catcher of a demonstration stands for the phones."""
    quiet = _table()["quiet"]
    if not settings.QUIET_HOURS or channel not in quiet["channels"]:
        return None
    begin, end = (time.fromisoformat(quiet[name]) for name in ("from", "until"))
    local = now.astimezone(ZONE)
    if end <= local.time() < begin:
        return None
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, ZONE)


@cache
def faults() -> Mapping[str, Text]:
    """The words of every fault by its code. Raises KeyError where a language is missing."""
    return read_faults(DATA / "faults.toml")


def fault_text(fault: str) -> tuple[Text, str]:
    """The words of a kept fault, and what the carrier itself said; one without a known code is
    its own words."""
    return told(fault, faults())


def _event(name: str, row: Mapping[str, Any]) -> Event:
    texts: dict[str, dict[str, tuple[str, str]]] = {}
    if "sms" in row:
        texts[Channel.SMS] = {language: ("", row["sms"][language]) for language in LANGUAGES}
    if "email" in row:
        texts[Channel.EMAIL] = {language: _letter(row["email"], language) for language in LANGUAGES}
    minutes = row.get("patience")
    return Event(
        name=name,
        texts=texts,
        at_once=row.get("at_once", False),
        patience=PATIENCE if minutes is None else timedelta(minutes=minutes),
        secret=frozenset(row.get("secret", ())),
        opens_task=row.get("task", True),
        limits=row.get("limits", {}),
    )


def _letter(texts: Mapping[str, Mapping[str, str]], language: str) -> tuple[str, str]:
    letter = texts[language]
    body = f"{letter['body'].strip()}{FOOT}{_table()['footer'][language].strip()}\n"
    return letter["subject"], body


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((DATA / "messages.toml").read_text(encoding="utf-8"))
