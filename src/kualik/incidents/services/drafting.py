"""The draft of the protocol, prepared for the operator from facts (A57.10-4)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from kualik.core.clock import ZONE
from kualik.incidents.models import Incident, Report
from kualik.incidents.queries import course, fault_text, touched_at, what_of
from kualik.papers.services import (
    ProtocolFacts,
    protocol_text,
    protocol_words,
    render_protocol,
)
from kualik.rules.language import Text

MOST_NUMBERS = 2_000
ENDS = ("over", "untried", "ended_by_hand")
# What the operator need not hear of: its own protocol and what is done with it.
TOLD_STEPS = frozenset(
    f"incidents.{action}" for action in ("found", "declared", "joined", *ENDS, "told", "measures")
)


def draft_pdf(*, report: Report, now: datetime) -> bytes:
    """The draft as PDF, from the facts as they are; dated by ``now``."""
    return render_protocol(facts=draft_facts(report, now=now), created_at=now)


def draft_words(*, report: Report, now: datetime) -> str:
    """The same as plain text."""
    return protocol_text(draft_facts(report, now=now))


def draft_facts(report: Report, *, now: datetime) -> ProtocolFacts:
    """What the draft says: when, what, what the probes found, whom it touched, what was done."""
    incident = report.incident
    numbers = touched_at(incident, now=now).filter(provider=report.provider).order_by("number")
    return ProtocolFacts(
        number=incident.number,
        provider=report.provider.name,
        sections=tuple(_sections(report)),
        numbers=tuple(numbers.values_list("number", flat=True)[:MOST_NUMBERS]),
    )


def _sections(report: Report) -> Iterator[tuple[str, Text]]:
    incident, provider, said = report.incident, report.provider, protocol_words()
    number = f"№ {incident.number}"
    yield "incident", Text(number, number)
    name = provider.name
    yield (
        "provider",
        Text(f"{name.kk}\nБСН {provider.bin}", f"{name.ru}\nБИН {provider.bin}"),
    )
    yield "what", Text(*(_with_fault(incident, side) for side in ("kk", "ru")))
    yield "period", _period(incident, said)
    by = said["by_staff" if incident.declared_by_id else "by_system"]
    found = minute(incident.found_at)
    yield "found", Text(f"{found}, {by.kk}", f"{found}, {by.ru}")
    yield "notice", _notice(report, said)
    if incident.readings:
        rows = [_reading(row, said) for row in incident.readings]
        yield "readings", _lines(rows)
    steps = [
        Text(*(f"{minute(step.at)} – {step.label.get(side)}" for side in ("kk", "ru")))
        for step in course(incident, report=report)
        if step.action in TOLD_STEPS
    ]
    yield "course", _lines(steps)
    if report.measures_kk:
        yield "measures", Text(report.measures_kk, report.measures_ru)
    yield "basis", said["basis_text"]


def minute(moment: datetime) -> str:
    """A moment as protocols write it, by the clock of Kazakhstan."""
    return f"{moment.astimezone(ZONE):%d.%m.%Y %H:%M}"


def _with_fault(incident: Incident, side: str) -> str:
    what = what_of(incident).get(side)
    said = what[:1].upper() + what[1:]
    fault = fault_text(incident.fault).get(side)
    return f"{said}\n({fault})" if fault else said


def _period(incident: Incident, said: Mapping[str, Text]) -> Text:
    began = minute(incident.began_at)
    ended = minute(incident.ended_at) if incident.ended_at else ""
    return Text(*(f"{began} – {ended or said['lasts'].get(side)}" for side in ("kk", "ru")))


def _notice(report: Report, said: Mapping[str, Text]) -> Text:
    if report.told_at is None:
        return said["not_told"]
    way = said[f"by_{report.notice.get('way', 'other')}"]
    mark = str(report.notice.get("message_id") or report.notice.get("reference") or "–")
    told = minute(report.told_at)
    return Text(f"{told}, {way.kk}: {mark}", f"{told}, {way.ru}: {mark}")


def _reading(row: Mapping[str, object], said: Mapping[str, Text]) -> Text:
    at = minute(datetime.fromisoformat(str(row["at"])))
    fault = str(row.get("fault", ""))
    words = fault_text(fault) if fault else said["well"]
    return Text(*(f"{at} – {words.get(side)}" for side in ("kk", "ru")))


def _lines(rows: list[Text]) -> Text:
    return Text("\n".join(row.kk for row in rows), "\n".join(row.ru for row in rows))
