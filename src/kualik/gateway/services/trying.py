"""A profile tried out: what would be read of a document and what would be answered. Nothing is
stored and nobody is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from xml.parsers.expat import ExpatError

from lxml import etree

from kualik.cases.services.application import DELIVERIES, LANGUAGES
from kualik.core.clock import local_day
from kualik.core.language import spoken
from kualik.gateway.models import Profile
from kualik.gateway.services.mapping import (
    DICTIONARY,
    PAPERS,
    RESULT,
    SUBMIT,
    Paper,
    PortalForm,
    Reply,
    echo_of,
    operation_of,
    read,
    write,
    write_form,
    write_records,
)
from kualik.gateway.services.profiles import Rows, families
from kualik.gateway.services.threads import refusal_of
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import KIND_LABELS
from kualik.rules.identifiers import mask_iin
from kualik.rules.language import Text

NUMBER: Final = "101000000000001"
# Somebody who does not exist; the check digit is right.
SAMPLE: Final[Mapping[str, str]] = {
    "number": NUMBER,
    "chain": NUMBER,
    "system": "PEP",
    "iin": "900101300017",
    "family_name": "ТЕСТОВ",
    "given_name": "ТЕСТ",
    "patronymic": "ТЕСТОВИЧ",
    "phone": "77010000001",
    "kind": "pd",
    "programme": "Кардиология",
    "hours": "120",
    "paper": "certificate",
    "language": "kk",
    "delivery": "electronic",
    "confirmation": "OTP",
}
UNSHOWN: Final = ("operation", "files")
WORDS: Final[Mapping[str, Mapping[str, Text]]] = {
    "kind": KIND_LABELS,
    "paper": PAPERS,
    "language": LANGUAGES,
    "delivery": DELIVERIES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """``values`` are what was read, by the label of the row; ``answers`` the documents that we
    would write at each step; ``fault`` is why nothing could be read, ``place`` the line and column
    where the XML breaks, both from 1."""

    values: list[tuple[Text, str]]
    answers: list[tuple[str, str]]
    fault: RuleViolation | None = None
    place: tuple[int, int] | None = None


def sample_of(rows: Rows, *, now: datetime) -> str:
    """A request as the rows expect it."""
    ended = local_day(now) - timedelta(days=3)
    days = {
        "started_on": (ended - timedelta(days=18)).isoformat(),
        "ended_on": ended.isoformat(),
    }
    coded = {
        name: rows[f"{name}.{SAMPLE[name]}"] for name in ("kind", "paper", "language", "delivery")
    }
    return _pretty(write_form(rows, {**SAMPLE, **days, **coded}))


def try_out(rows: Rows, xml: str, *, now: datetime) -> Trial:
    """What would come of a document."""
    echo = echo_of(rows, xml)
    try:
        form = read(rows, xml)
    except RuleViolation as violation:
        kept = refusal_of(violation)
        if rows.family == Profile.Family.OPERATIONS and operation_of(rows, xml) != SUBMIT:
            # It is answered by a fault.
            return Trial(values=[], answers=[], fault=violation, place=_place(violation))
        reply = Reply(
            status="not_filed",
            at=now,
            echo=echo,
            code=kept["code"],
            reasons=Text(kept["kk"], kept["ru"]),
        )
        answers = [("not_filed", _pretty(write(rows, reply)))]
        return Trial(values=[], answers=answers, fault=violation, place=_place(violation))
    return Trial(values=_values(rows, form), answers=_answers(rows, form, echo, now=now))


def _place(violation: RuleViolation) -> tuple[int, int] | None:
    """Where the parser stopped; None for what is wrong elsewhere than in the XML itself."""
    reason = violation.__cause__ and violation.__cause__.__cause__
    return (reason.lineno, reason.offset + 1) if isinstance(reason, ExpatError) else None


def _values(rows: Rows, form: PortalForm) -> list[tuple[Text, str]]:
    """What is not empty, the IIN masked."""
    known = families()[rows.family].rows
    said: list[tuple[Text, str]] = []
    for name in form.__dataclass_fields__:
        value = getattr(form, name)
        if name not in UNSHOWN and value and f"form.{name}" in known:
            said.append((known[f"form.{name}"].label, _shown(name, value)))
    label = known["form.files"].label if "form.files" in known else Text("", "")
    said += [(label, f"{each.name or '–'}, {len(each.content)} B") for each in form.files]
    return said


def _shown(name: str, value: object) -> str:
    if name == "iin":
        return mask_iin(str(value))
    if name in WORDS:
        return spoken(WORDS[name][str(value)])
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)


def _answers(
    rows: Rows, form: PortalForm, echo: Mapping[str, str], *, now: datetime
) -> list[tuple[str, str]]:
    if form.operation == DICTIONARY:
        return [("filed", _pretty(write_records(rows, [("1", "…")])))]
    paper = Paper(
        kind="CERTIFICATE",
        name="DEMO-2026-000001-K.pdf",
        number="DEMO-2026-000001-K",
        day=local_day(now),
        content=b"%PDF",
        signature=b"CMS",
    )
    replies = {
        "filed": Reply(status="filed", at=now, echo=echo, our_number="DEMO-2026-Z000001-1"),
        "issued": Reply(status="issued", at=now, echo=echo, papers=[paper]),
        "refused": Reply(
            status="refused", at=now, echo=echo, code="unreliable", reasons=Text("…", "…")
        ),
    }
    ways = {"filed": SUBMIT, "issued": RESULT, "refused": RESULT}
    return [
        (step, _pretty(write(rows, reply, operation=ways[step]))) for step, reply in replies.items()
    ]


def _pretty(xml: str) -> str:
    root = etree.fromstring(xml)
    etree.indent(root)
    written: str = etree.tostring(root, encoding="unicode")
    return written
