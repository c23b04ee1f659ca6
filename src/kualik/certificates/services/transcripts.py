"""The transcript: all documents of a person in one list, with hours and credits of five years."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from kualik.accounts.models import Person
from kualik.certificates.models import Certificate, Letter
from kualik.certificates.queries import certificates_of
from kualik.certificates.services.exporting import plain_cell
from kualik.certificates.services.letters import draft_letter
from kualik.certificates.services.policy import ORGANISATION
from kualik.certificates.services.sealing import check_address
from kualik.certificates.services.wording import Labels, labels_of
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.papers.queries import words
from kualik.rules import facts as fact_rules
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text
from kualik.rules.transcript import Total, Training, by_five_years, last_five_years, plain
from kualik.signatures.queries import usable_keys

WINDOW, GROUP = "window", "group"
SHEET: Final = "letters/transcript"
SAME: Final = ("holder", "rows", "periods", "made_on")
HEADER: Final = (
    Text("Нөмірі", "Номер", "Number"),
    Text("Құжат", "Документ", "Document"),
    Text("Оқу түрі", "Вид обучения", "Kind of training"),
    Text("Бағдарламасы (қазақша)", "Программа (на казахском)", "Programme (Kazakh)"),
    Text("Бағдарламасы (орысша)", "Программа (на русском)", "Programme (Russian)"),
    Text("Ұйым", "Организация", "Provider"),
    Text("Оқу басталды", "Начало обучения", "Began"),
    Text("Оқу аяқталды", "Окончание обучения", "Ended"),
    Text("Берілген күні", "Дата выдачи", "Date of issue"),
    Text("Сағат", "Часы", "Hours"),
    Text("Кредит", "Кредиты", "Credits"),
    Text("Мәртебесі", "Статус", "Status"),
    Text("Есепке кіреді", "Входит в итог", "Counted"),
    Text("Тексеру беті", "Страница проверки", "Check page"),
)
YES, NO = Text("иә", "да", "yes"), Text("жоқ", "нет", "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A document of the register; ``counts`` in the totals only while it is valid."""

    code: str
    status: str
    labels: Labels
    facts: CertificateFacts
    credits: Decimal
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """All documents of a person as they stand on ``made_on``, the last issued first."""

    made_on: date
    holder: Text
    lines: tuple[Line, ...]
    window: Total
    groups: tuple[Total, ...]


def transcript_of(person: Person, *, today: date) -> Transcript:
    """The person's documents from all providers. A suspended, revoked or replaced one is shown
    and not counted; the name is that of the newest document."""
    lines = tuple(line_of(row) for row in certificates_of(person))
    counted = [_training(line) for line in lines if line.counts]
    newest = lines[0].facts if lines else None
    return Transcript(
        made_on=today,
        holder=(
            Text(newest.holder_kk, newest.holder_ru)
            if newest
            else Text(person.full_name, person.full_name)
        ),
        lines=lines,
        window=last_five_years(counted, today),
        groups=tuple(by_five_years(counted)),
    )


def line_of(row: Certificate) -> Line:
    """A document as lists for its holder show it."""
    facts = fact_rules.from_record(row.facts)
    return Line(
        code=row.code,
        status=row.status,
        labels=labels_of(status=row.status, kind=row.kind, paper=row.paper),
        facts=facts,
        credits=Decimal(facts.credits),
        counts=row.status == Certificate.Status.VALID,
    )


def how_counted() -> Text:
    """The sentence on what the totals hold, as the sheet has it."""
    return words(SHEET)["counting"]


def can_be_sealed(now: datetime) -> bool:
    """Whether this installation can seal a transcript: its operator has a key, and the edition in
    force lets a uniform paper be sealed without a person (reading A303-organisation-seal)."""
    day = local_day(now)
    has_key = usable_keys(provider=None, now=now).exists()
    return has_key and standards.in_force(day).may_seal(ORGANISATION, day)


def sealed_transcript(transcript: Transcript, person: Person) -> Letter | None:
    """The person's transcript letter that says just the same, sealed or about to be."""
    wanted = _plain(transcript)
    found = Letter.objects.filter(
        person=person, kind=Letter.Kind.TRANSCRIPT, facts__made_on=wanted["made_on"]
    ).exclude(state=Letter.State.VOID)
    same = (row for row in found.order_by("-id") if all(row.facts[k] == wanted[k] for k in SAME))
    return next(same, None)


@transaction.atomic
def order_transcript(*, person: Person, actor: Actor, now: datetime) -> Letter:
    """A letter with the transcript of this moment, which a job renders and seals with the
    operator's key; one of today that says the same is returned instead.

    Raises ``transcript_empty`` and ``transcript_not_sealed_here``.
    """
    Person.objects.select_for_update().get(pk=person.pk)
    today = local_day(now)
    transcript = transcript_of(person, today=today)
    if not transcript.lines:
        raise RuleViolation("transcript_empty")
    if not can_be_sealed(now):
        raise RuleViolation("transcript_not_sealed_here")
    known = sealed_transcript(transcript, person)
    if known:
        return known
    return draft_letter(
        kind=Letter.Kind.TRANSCRIPT,
        provider=None,
        person=person,
        about=f"person:{person.pk}",
        edition=standards.in_force(today).edition,
        facts=_facts(transcript),
        signer=None,
        actor=actor,
        now=now,
    )


def csv_lines(transcript: Transcript, language: str) -> Iterator[list[str]]:
    """The list for a spreadsheet, its head first; no cell can run as a formula."""
    yield [name.get(language) for name in HEADER]
    for line in transcript.lines:
        facts = line.facts
        cells = [
            facts.number,
            line.labels.paper.get(language),
            line.labels.kind.get(language),
            facts.programme.kk,
            facts.programme.ru,
            facts.provider_name.get(language),
            *(f"{day:%d.%m.%Y}" for day in (facts.started_on, facts.ended_on, facts.issued_on)),
            str(facts.hours),
            facts.credits.replace(".", ","),
            line.labels.status.get(language),
            (YES if line.counts else NO).get(language),
            check_address(line.code),
        ]
        yield [plain_cell(cell) for cell in cells]


def to_record(transcript: Transcript) -> Mapping[str, object]:
    """The transcript for programs, as JSON values; it is not sealed."""
    return {
        "sealed": False,
        "made_on": transcript.made_on.isoformat(),
        "holder": {"kk": transcript.holder.kk, "ru": transcript.holder.ru},
        "documents": [
            {
                **fact_rules.to_record(line.facts),
                "status": line.status,
                "counted": line.counts,
                "check": check_address(line.code),
            }
            for line in transcript.lines
        ],
        "totals": json.loads(json.dumps(_periods(transcript), default=date.isoformat)),
        "counting": {"kk": how_counted().kk, "ru": how_counted().ru},
    }


def _training(line: Line) -> Training:
    facts = line.facts
    return Training(ended_on=facts.ended_on, hours=facts.hours, credits=line.credits)


def _facts(transcript: Transcript) -> dict[str, object]:
    """What the letter freezes."""
    return {
        "holder": transcript.holder,
        "rows": [_row(line) for line in transcript.lines],
        "periods": _periods(transcript),
        "made_on": transcript.made_on,
    }


def _row(line: Line) -> Mapping[str, object]:
    facts = line.facts
    return {
        "number": facts.number,
        "paper": _sides(line.labels.paper),
        "programme": _sides(facts.programme),
        "provider": _sides(facts.provider_name),
        "started_on": facts.started_on,
        "ended_on": facts.ended_on,
        "issued_on": facts.issued_on,
        "hours": facts.hours,
        "credits": facts.credits,
        "state": _sides(line.labels.status),
        "counts": line.counts,
    }


def _periods(transcript: Transcript) -> list[Mapping[str, object]]:
    named = [(WINDOW, transcript.window), *((GROUP, one) for one in transcript.groups)]
    return [
        {
            "name": name,
            "first": total.first,
            "last": total.last,
            "count": total.count,
            "hours": total.hours,
            "credits": plain(total.credits),
        }
        for name, total in named
    ]


def _sides(text: Text) -> Mapping[str, str]:
    return {"kk": text.kk, "ru": text.ru}


def _plain(transcript: Transcript) -> Mapping[str, object]:
    """The same as the letter keeps it."""
    facts = {**_facts(transcript), "holder": _sides(transcript.holder)}
    found: Mapping[str, object] = json.loads(json.dumps(facts, default=date.isoformat))
    return found
