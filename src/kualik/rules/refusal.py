"""Motivated refusals: a ground of the edition, facts in both languages, ways and terms of appeal.

A57.9, A57.10-3, A303.9.1, A303.9.2; Law on state services, articles 19 and 19-1; APPC, article 80.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.standards.model import Ground, Standard
from kualik.rules.standards.source import Node, read

DATA = Path(__file__).resolve().parent / "data" / "appeal.toml"

MINIMUM_LETTERS = 20
MINIMUM_WORDS = 3
WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealWay:
    """Where to complain and how long that body has; ``unit`` is "working_day" or "month"."""

    code: str
    amount: int
    unit: str
    source: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """Ways and terms of appeal.

    ``months`` to file a complaint, ``months_if_not_named`` when the refusal named no way
    (APPC, article 92, part 1-1); ``silence`` is the text for an overdue request (article 91).
    """

    version: int
    months: int
    months_if_not_named: int
    heading: Text
    deadline: Text
    again: Text
    hearing: Text
    silence: Text
    ways: tuple[AppealWay, ...]

    def text(self) -> Text:
        """The whole passage in three languages, a way to a line, for papers and notices."""
        return Text(*(self._passage(language) for language in LANGUAGES))

    def _passage(self, language: str) -> str:
        ways = [
            f"{position}) {way.text.get(language)}"
            for position, way in enumerate(self.ways, start=1)
        ]
        last = [self.deadline.get(language), self.again.get(language)]
        return "\n".join([f"{self.heading.get(language)}:", *ways, *last])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal that may be signed and sent; constructing one checks that nothing is missing.

    ``facts`` are the reasons: what exactly was found in this request. ``ground.stage`` tells a
    refusal of the service from a refusal to accept the request.
    """

    standard: Standard
    ground: Ground
    facts: Text
    decided_on: date
    provider_name: Text
    appeal: Appeal

    def __post_init__(self) -> None:
        if self.ground not in self.standard.grounds:
            raise _ground_unknown(self.standard, self.ground.code)
        _check_facts(self.ground, self.facts)
        if not self.provider_name.kk.strip() or not self.provider_name.ru.strip():
            raise RuleViolation("refusal_provider_missing")
        if not self.appeal.ways:
            raise RuleViolation("refusal_appeal_missing")


def grounds(standard: Standard) -> tuple[Ground, ...]:
    """Grounds to refuse the service, row 9 of that edition."""
    return tuple(ground for ground in standard.grounds if ground.stage == "service")


def acceptance_grounds(standard: Standard) -> tuple[Ground, ...]:
    """Grounds to refuse to accept a request that is not accepted yet (article 19)."""
    return tuple(ground for ground in standard.grounds if ground.stage == "acceptance")


@cache
def appeal() -> Appeal:
    """The appeal route printed on every refusal, read once."""
    return load_appeal(DATA)


def load_appeal(path: Path) -> Appeal:
    """The appeal route of a file; raises ``StandardError`` naming file, key and line."""
    root = read(path)
    found = Appeal(
        version=root.integer("version"),
        months=root.integer("months"),
        months_if_not_named=root.integer("months_if_not_named"),
        heading=root.text("heading"),
        deadline=root.text("deadline"),
        again=root.text("again"),
        hearing=root.text("hearing"),
        silence=root.text("silence"),
        ways=tuple(_way(node) for node in root.tables("ways")),
    )
    root.finish()
    return found


def make_refusal(
    *, standard: Standard, ground: str, facts: Text, decided_on: date, provider_name: Text
) -> Refusal:
    """A refusal of the service on a ground of the edition the request was filed under."""
    return _make(grounds(standard), standard, ground, facts, decided_on, provider_name)


def make_acceptance_refusal(
    *, standard: Standard, ground: str, facts: Text, decided_on: date, provider_name: Text
) -> Refusal:
    """A refusal to accept the request; the lifecycle allows it only from ``filed``."""
    return _make(acceptance_grounds(standard), standard, ground, facts, decided_on, provider_name)


def _make(
    offered: tuple[Ground, ...],
    standard: Standard,
    code: str,
    facts: Text,
    decided_on: date,
    provider_name: Text,
) -> Refusal:
    for ground in offered:
        if ground.code == code:
            return Refusal(
                standard=standard,
                ground=ground,
                facts=facts,
                decided_on=decided_on,
                provider_name=provider_name,
                appeal=appeal(),
            )
    raise _ground_unknown(standard, code)


def _ground_unknown(standard: Standard, code: str) -> RuleViolation:
    return RuleViolation("refusal_ground_not_in_edition", edition=standard.edition, ground=code)


def _check_facts(ground: Ground, facts: Text) -> None:
    """Both languages, a sentence each, neither a copy of the other nor of the ground."""
    for language, written, law in (
        ("kk", facts.kk.strip(), ground.text.kk),
        ("ru", facts.ru.strip(), ground.text.ru),
    ):
        words = WORD.findall(written)
        short = len(words) < MINIMUM_WORDS or sum(map(len, words)) < MINIMUM_LETTERS
        if short or written.casefold() == law.casefold():
            raise RuleViolation("refusal_facts_missing", language=language, letters=MINIMUM_LETTERS)
    if facts.kk.strip() == facts.ru.strip():
        raise RuleViolation("refusal_facts_missing", language="kk", letters=MINIMUM_LETTERS)


def _way(node: Node) -> AppealWay:
    return AppealWay(
        code=node.string("code"),
        amount=node.integer("amount"),
        unit=node.string("unit", ("working_day", "month")),
        source=node.string("source"),
        text=node.text("text"),
    )
