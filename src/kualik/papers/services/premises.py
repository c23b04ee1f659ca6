"""The notice for the wall of the premises (A57.10.a, A303.10.e, A303.10.f)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kualik.papers.adapters import qr_svg, render_pdf
from kualik.papers.queries import words
from kualik.papers.services.wording import local, short_date
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

# The same page on a sheet of twice the area.
SCALES: Final = {"a4": 1.0, "a3": 2**0.5}
# Type shrinks until the whole stands on one page.
TYPES: Final = (1.0, 0.9, 0.8, 0.7)
NUMBERS: Final = "1414 · 8-800-080-7777"
MOST_CLOSED: Final = 5
Span = tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PremisesFacts:
    """An office as its visitors must find it on the wall.

    ``week`` is opening and closing minute by weekday from Monday, None on a day of rest; ``ahead``
    are changes of the hours in words with their first day, ``closed`` days announced with their
    reason; ``access`` the five facts of A303.10.e; ``issue`` is in working days, ``waiting`` and
    ``serving`` in minutes, ``months`` the term of a complaint.
    """

    provider_name: Text
    service: Text
    office: Text
    address: Text
    phones: tuple[str, ...]
    week: Sequence[Span]
    ahead: Sequence[tuple[date, Text]]
    closed: Sequence[tuple[date, Text]]
    access: Sequence[tuple[Text, bool]]
    issue: int
    waiting: int
    serving: int
    months: int
    page_url: str


def render_premises(*, facts: PremisesFacts, size: str, now: datetime) -> bytes:
    """The notice in Kazakh and Russian on one page; ``size`` is "a4" or "a3". Dated by ``now``.

    PDF/A-2a and PDF/UA-1. Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    table = words("premises")
    both = {name: f"{text.kk} / {text.ru}" for name, text in table.items()}
    day = short_date(local(now).date())
    data = {
        "title": f"{facts.provider_name.kk} / {facts.provider_name.ru}",
        "author": facts.provider_name.kk,
        "scale": SCALES[size],
        "sides": [_side(facts, language) for language in ("kk", "ru")],
        "contact": both["contact"],
        "numbers": NUMBERS,
        "page": both["page"],
        "page_url": facts.page_url,
        "as_of": both["as_of"].format(day=day),
        "qr": qr_svg(facts.page_url),
        "qr_alt": f"{both['page']}: {facts.page_url}",
    }
    for size_of_type in TYPES[:-1]:
        try:
            return _set({**data, "type": size_of_type}, now)
        except RuleViolation as violation:
            if violation.code != "paper_overflow":
                raise
    return _set({**data, "type": TYPES[-1]}, now)


def _set(data: Mapping[str, object], now: datetime) -> bytes:
    return render_pdf(sheet="premises", data=data, created_at=now)


def _side(facts: PremisesFacts, language: str) -> Mapping[str, object]:
    said = {name: text.get(language) for name, text in words("premises").items()}
    terms = {"issue": facts.issue, "waiting": facts.waiting, "serving": facts.serving}
    closed = [(short_date(day), why.get(language)) for day, why in facts.closed[:MOST_CLOSED]]
    ahead = [(short_date(day), hours.get(language)) for day, hours in facts.ahead[:MOST_CLOSED]]
    access = [(name.get(language), said["yes" if has else "no"]) for name, has in facts.access]
    return {
        "lang": language,
        "heading": said["heading"],
        "provider": facts.provider_name.get(language),
        "service": facts.service.get(language),
        "office": facts.office.get(language),
        "address": {"label": said["address"], "text": facts.address.get(language)},
        "phones": {"label": said["phones"], "text": "\n".join(facts.phones)},
        "hours": {"label": said["hours"], "rows": list(_hours(facts.week, said))},
        "holidays": said["holidays"],
        "ahead": {"label": said["ahead"], "rows": ahead} if ahead else None,
        "closed": {"label": said["closed"], "rows": closed} if closed else None,
        "terms": {"label": said["terms"], "text": said["terms_text"].format(**terms)},
        "free": said["free"],
        "bring": {"label": said["bring"], "text": said["bring_text"]},
        "access": {"label": said["access"], "rows": access},
        "complain": {
            "label": said["complain"],
            "text": said["complain_text"].format(months=facts.months),
        },
    }


def _hours(week: Sequence[Span], said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Days in a row with the same hours in one line."""
    names = said["weekdays"].split(",")
    start = 0
    for day in range(1, len(week) + 1):
        if day < len(week) and week[day] == week[start]:
            continue
        first, last = names[start], names[day - 1]
        span = week[start]
        label = first if start == day - 1 else f"{first} – {last}"
        yield label.capitalize(), _clock(span) if span else said["rest"]
        start = day


def _clock(span: tuple[int, int]) -> str:
    return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in span)
