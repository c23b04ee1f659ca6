"""The papers about a request that its person may have."""

from dataclasses import dataclass
from datetime import datetime

from kualik.cases.models import Request
from kualik.certificates.models import Letter
from kualik.certificates.queries import letters_about
from kualik.certificates.services.letters import faults_of
from kualik.rules.language import Text

TITLES = {
    Letter.Kind.REFUSAL: Text("Дәлелді бас тарту", "Мотивированный отказ", "Reasoned refusal"),
    Letter.Kind.NOT_ACCEPTED: Text(
        "Өтінішті қабылдаудан бас тарту", "Отказ в приёме заявления", "Refusal to accept"
    ),
    Letter.Kind.NOTICE: Text(
        "Нәтиже туралы хабарлама", "Уведомление о результате", "Notice of the result"
    ),
    Letter.Kind.DECISION: Text(
        "Шағым бойынша шешім", "Решение по жалобе", "Decision on a complaint"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A letter about a request. Without ``signed_at`` it is none yet: ``is_prepared`` waits for the
    signature, ``is_stuck`` could not be made and staff know, any other is being made."""

    kind: str
    title: Text
    number: str
    code: str
    signed_at: datetime | None
    is_prepared: bool
    is_stuck: bool
    is_void: bool


def papers_of(request: Request) -> list[Paper]:
    """The letters about a request, oldest first; what was taken back before it was signed never
    was a paper."""
    letters = list(letters_about(f"request:{request.number}"))
    stuck = faults_of(letters)
    return [
        Paper(
            kind=letter.kind,
            title=TITLES.get(Letter.Kind(letter.kind), Text(letter.kind, letter.kind)),
            number=letter.number,
            code=letter.code,
            signed_at=letter.signed_at,
            is_prepared=letter.state == Letter.State.PREPARED,
            is_stuck=letter.number in stuck,
            is_void=letter.state == Letter.State.VOID,
        )
        for letter in letters
        if letter.signed_at or letter.state != Letter.State.VOID
    ]
