"""What a member of staff at the window sees of the person who stands there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from kualik.accounts.models import Person, User
from kualik.cases.models import Mandate, Request
from kualik.cases.queries import requests_visible_to
from kualik.cases.queries.asking import Receivable, receivable_by
from kualik.cases.queries.mandates import acting_for
from kualik.counter.models import DocumentAsk, Identification, Visit, Window
from kualik.counter.queries.order import AT_WINDOW
from kualik.providers.models import Office
from kualik.rules.lifecycle import AWAITING_RESULT, State

# Whoever was identified has left by then, or may show the document again.
STANDS_FOR: Final = timedelta(hours=1)
SHOWN_ENDED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything the provider holds about the person at the window and those they act for.

    ``documents`` wait to be asked for, ``awaiting`` are requests without an answer, ``ready`` those
    whose document may be handed over, ``ended`` the last others.
    """

    documents: Sequence[Receivable]
    awaiting: Sequence[Request]
    ready: Sequence[Request]
    ended: Sequence[Request]
    mandates: Sequence[Mandate]


def visit_in_hand(user: User) -> Visit | None:
    """The visit that was called to this member of staff and is not over."""
    found = Visit.objects.filter(user=user, state__in=AT_WINDOW, office__provider=user.provider_id)
    return found.select_related("office", "window").first()


def office_of(user: User) -> Office | None:
    """Where somebody works: the office of the window they sit at, else the main one; None for
    staff of no provider."""
    window = Window.objects.filter(user=user).exclude(state=Window.State.CLOSED)
    seat = window.select_related("office").first()
    if seat is not None:
        return seat.office
    return Office.objects.filter(provider=user.provider_id).order_by("-is_main", "pk").first()


def identifications_visible_to(user: User) -> QuerySet[Identification]:
    """The records of the provider's own offices; none for staff of no provider."""
    if user.provider_id is None:
        return Identification.objects.none()
    rows = Identification.objects.filter(office__provider=user.provider_id)
    return rows.select_related("office__provider", "person", "visit")


def asks_visible_to(user: User) -> QuerySet[DocumentAsk]:
    """The questions asked at the provider's own offices."""
    if user.provider_id is None:
        return DocumentAsk.objects.none()
    rows = DocumentAsk.objects.filter(office__provider=user.provider_id)
    return rows.select_related("office__provider", "visit__office", "user", "identification")


def is_standing(record: Identification, *, now: datetime) -> bool:
    """Whether the person still counts as being at the window."""
    return now - record.checked_at < STANDS_FOR


def facts_of(record: Identification, *, now: datetime) -> Mapping[str, str]:
    """What the digital documents service told, while it may be kept; else nothing."""
    is_over = record.expires_at is not None and record.expires_at <= now
    return {} if is_over else record.facts


def desk_of(record: Identification, user: User, *, now: datetime) -> Desk:
    """What may be done for the person of ``record`` at the provider of ``user``."""
    mandates = mandates_here(record, user, now=now)
    requests = list(_requests(record.person, mandates, user))
    return Desk(
        documents=_documents(record, user, now=now),
        awaiting=[row for row in requests if row.state in AWAITING_RESULT],
        ready=[row for row in requests if row.state == State.ISSUED],
        ended=[
            row
            for row in requests
            if row.state not in AWAITING_RESULT and row.state != State.ISSUED
        ][:SHOWN_ENDED],
        mandates=mandates,
    )


def document_of(
    record: Identification, completion: int, user: User, *, now: datetime
) -> Receivable | None:
    """One of the documents that may be asked for; None when it is not, or not any more."""
    found = _documents(record, user, now=now)
    return next((row for row in found if row.completion.pk == completion), None)


def request_of(record: Identification, number: str, user: User, *, now: datetime) -> Request | None:
    """A request of the person at the window, or of somebody they act for."""
    mandates = mandates_here(record, user, now=now)
    return _requests(record.person, mandates, user).filter(number=number).first()


def mandates_here(record: Identification, user: User, *, now: datetime) -> Sequence[Mandate]:
    """The powers of attorney by which the person may act at this provider now."""
    found = acting_for(record.person, now=now)
    return [row for row in found if row.provider_id == user.provider_id]


def _documents(record: Identification, user: User, *, now: datetime) -> Sequence[Receivable]:
    found = receivable_by(record.person, now=now)
    return [row for row in found if row.completion.provider_id == user.provider_id]


def _requests(person: Person, mandates: Sequence[Mandate], user: User) -> QuerySet[Request]:
    whose = [person.pk, *(row.principal_id for row in mandates if row.principal_id)]
    rows = requests_visible_to(user).filter(person__in=whose)
    return rows.select_related("completion__group", "mandate__representative").order_by(
        "-filed_at", "-pk"
    )
