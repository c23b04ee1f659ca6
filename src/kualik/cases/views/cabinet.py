"""The applicant's own cabinet: requests and documents at all providers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kualik.accounts.models import Person
from kualik.accounts.queries import applicant_of
from kualik.accounts.services import masked_iin
from kualik.cases.models import Mandate, Request
from kualik.cases.queries import requests_of
from kualik.cases.queries.asking import receivable_by
from kualik.cases.queries.corrections import corrections_of
from kualik.cases.queries.mandates import mandates_given
from kualik.certificates.models import Certificate
from kualik.certificates.queries import certificates_of, letters_of
from kualik.certificates.services.letters import shown_letters
from kualik.certificates.services.wording import Labels, labels_of
from kualik.core import clock
from kualik.core.access import applicant
from kualik.rules.facts import CertificateFacts, from_record
from kualik.rules.language import Text
from kualik.rules.lifecycle import AWAITING_RESULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with where it stands."""

    number: str
    state: str
    programme: Text
    provider: Text
    due_at: datetime
    is_waiting: bool
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A document of the register with what it says; ``is_signed`` by a person, beside the seal."""

    code: str
    status: str
    labels: Labels
    facts: CertificateFacts
    is_signed: bool


@applicant
def cabinet(request: HttpRequest) -> HttpResponse:
    """What the person asked for and what the person has."""
    person = applicant_of(request)
    context = {
        "person": person,
        "masked_iin": masked_iin(person),
        "requests": asked_by(person, now=clock.now()),
        "documents": owned_by(person),
        "receivable": receivable_by(person, now=clock.now()),
        "letters": shown_letters(letters_of(person)),
        "corrections": corrections_of(person),
        "asked": mandates_given(person).filter(state=Mandate.State.WAITING),
    }
    return render(request, "cases/cabinet.html", context)


def asked_by(person: Person, *, now: datetime) -> Sequence[Asked]:
    """The requests of a person, the last filed first."""
    return [_asked(found, now) for found in requests_of(person)]


def owned_by(person: Person) -> Sequence[Owned]:
    """The documents of a person, the last issued first."""
    return [_owned(found) for found in certificates_of(person)]


def _asked(found: Request, now: datetime) -> Asked:
    is_waiting = found.state in AWAITING_RESULT
    return Asked(
        number=found.number,
        state=found.state,
        programme=found.title,
        provider=found.provider.name,
        due_at=found.due_at,
        is_waiting=is_waiting,
        is_overdue=is_waiting and found.due_at < now,
    )


def _owned(found: Certificate) -> Owned:
    return Owned(
        code=found.code,
        status=found.status,
        labels=labels_of(status=found.status, kind=found.kind, paper=found.paper),
        facts=from_record(found.facts),
        is_signed=hasattr(found, "person_signature"),
    )
