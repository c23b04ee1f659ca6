"""The one table of errors: code → text in three languages and HTTP status."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language

from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """What the outside is told about a code; ``text`` names the error's params in braces."""

    code: str
    status: int
    text: Text


@cache
def table() -> Mapping[str, ErrorEntry]:
    """All codes. Raises KeyError at first use when a row lacks a language or a status."""
    rows: dict[str, ErrorEntry] = {}
    for file in sorted(DATA.glob("errors*.toml")):
        for code, row in tomllib.loads(file.read_text(encoding="utf-8")).items():
            text = Text(**{language: row[language] for language in LANGUAGES})
            rows[code] = ErrorEntry(code, row.get("status", 422), text)
    return rows


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


def message(violation: RuleViolation, language: str | None = None) -> str:
    """The text of a violation in ``language``, by default that of the current request."""
    entry = table().get(violation.code)
    if entry is None:
        return violation.code
    language = language or get_language() or "kk"
    facts = {
        name: value.get(language) if isinstance(value, Text) else value
        for name, value in violation.params.items()
    }
    return entry.text.get(language).format_map(_Facts(facts))


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
