"""The sentences about a request's course, and whose turn it is."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from kualik.cases.models import Request
from kualik.certificates.models import Certificate
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import STATE_LABELS, State

DATA = Path(__file__).resolve().parents[2] / "data" / "following.toml"
SENTENCES = {
    State.FILED: "filed",
    State.ACCEPTED: "considered",
    State.IN_REVIEW: "considered",
    State.APPROVED: "to_be_signed",
    State.HANDED_OVER: "handed_over",
    State.REFUSED: "refused",
    State.NOT_ACCEPTED: "refused",
    State.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What comes next, whose turn it is (empty: nobody's) and by when, if there is a term."""

    what: Text
    who: Text
    by: datetime | None


def turn_of(request: Request, *, is_sealed_alone: bool, now: datetime) -> Turn:
    """What comes next for a request; an answer is owed until the due moment."""
    name = _sentence(request, is_sealed_alone=is_sealed_alone, now=now)
    row = _table()["next"][name]
    is_owed = name in ("filed", "considered", "to_be_signed", "to_be_sealed")
    who = sentence("who", row["who"]) if row["who"] else Text("", "")
    return Turn(what=_text(row), who=who, by=request.due_at if is_owed else None)


def sentence(part: str, name: str, **values: Text) -> Text:
    """One sentence of the data file with its values; empty for a name it does not know."""
    row = _table()[part].get(name)
    if row is None:
        return Text("", "")
    texts = (
        row[language].format_map({key: value.get(language) for key, value in values.items()})
        for language in LANGUAGES
    )
    return Text(*texts)


def _sentence(request: Request, *, is_sealed_alone: bool, now: datetime) -> str:
    state = State(request.state)
    if is_revoked(request):
        return "revoked"
    if state is State.ISSUED:
        is_paper = request.delivery == Request.Delivery.PAPER
        return "to_be_fetched" if is_paper else "to_be_downloaded"
    if state is State.APPROVED and is_sealed_alone:
        return "to_be_sealed"
    if state is State.FILED and now >= request.accepted_at:
        return "considered"
    return SENTENCES[state]


def _text(row: Mapping[str, str]) -> Text:
    return Text(*(row[language] for language in LANGUAGES))


def label_of(request: Request) -> Text:
    """Where the request stands, in the applicant's words."""
    state = State(request.state)
    if state is State.ISSUED and not is_revoked(request):
        return sentence("labels", "ready")
    return STATE_LABELS[state]


def is_revoked(request: Request) -> bool:
    """Whether the document that the request led to has lost its force for good."""
    document = request.certificate
    return document is not None and document.status == Certificate.Status.REVOKED


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))
