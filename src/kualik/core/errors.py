"""The one table of errors: code → text in three languages and HTTP status."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language

from kualik.core.language import written
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text

DATA = Path(__file__).parent / "data"
# As a trace ends: "…RuleViolation: paper_overflow (part=programme)".
VIOLATION = re.compile(r"RuleViolation: (?P<code>\w+)(?: \((?P<facts>.*)\))?$", re.MULTILINE)
FACT = re.compile(r"(\w+)=(.*?)(?=, \w+=|$)")


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """What the outside is told about a code; ``text`` names the error's params in braces.

    ``words`` call the values of a param that are names of the program, by param and value.
    """

    code: str
    status: int
    text: Text
    words: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)


@cache
def table() -> Mapping[str, ErrorEntry]:
    """All codes. Raises KeyError at first use when a row lacks a language or a status."""
    rows: dict[str, ErrorEntry] = {}
    for file in sorted(DATA.glob("errors*.toml")):
        for code, row in tomllib.loads(file.read_text(encoding="utf-8")).items():
            words = {
                name: {value: _text(said) for value, said in values.items()}
                for name, values in row.get("words", {}).items()
            }
            rows[code] = ErrorEntry(code, row.get("status", 422), _text(row), words)
    return rows


def _text(row: Mapping[str, str]) -> Text:
    return Text(**{language: row[language] for language in LANGUAGES})


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def message(violation: RuleViolation, language: str | None = None) -> str:
    """The text of a violation in ``language``, by default that of the current request; days and
    moments as people write them."""
    entry = table().get(violation.code)
    if entry is None:
        return violation.code
    language = language or get_language() or "kk"
    facts = {name: _said(entry, name, value, language) for name, value in violation.params.items()}
    return entry.text.get(language).format_map(_Facts(facts))


def _said(entry: ErrorEntry, name: str, value: object, language: str) -> str:
    known = entry.words.get(name, {}).get(value) if isinstance(value, str) else None
    return written(known or value, language)


def violation_in(trace: str) -> RuleViolation | None:
    """The broken rule that a trace of a job ends in; None for any other fault."""
    said = VIOLATION.findall(trace)
    code, facts = said[-1] if said else ("", "")
    return RuleViolation(code, **dict(FACT.findall(facts))) if code in table() else None


def status(violation: RuleViolation) -> int:
    """The HTTP status of a violation."""
    entry = table().get(violation.code)
    return entry.status if entry else 422


class ErrorMiddleware:
    """Shows a broken rule that no view caught as a page with its text, never as a trace."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RuleViolation):
            return None
        context = {"message": message(exception), "code": exception.code}
        return render(request, "core/violation.html", context, status=status(exception))
