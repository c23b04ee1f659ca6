"""What an applicant may ask for: completed programmes without a document, own and principals'."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from kualik.accounts.models import Person
from kualik.cases.models import LIVE_STATES, Mandate, Request
from kualik.cases.queries.mandates import acting_for
from kualik.cases.queries.requests import unrequested
from kualik.core.clock import local_day
from kualik.rules import standards
from kualik.rules.lifecycle import State
from kualik.training.models import Completion

# Where staff may still say which training a claim is about.
UNDECIDED_STATES = (State.FILED, State.ACCEPTED, State.IN_REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivable:
    """A completed programme that waits for its document; ``mandate`` when it is a principal's.

    ``is_given`` says whether the edition in force gives any document for it (A57.5.2).
    """

    completion: Completion
    mandate: Mandate | None
    is_given: bool


def receivable_by(person: Person, *, now: datetime) -> Sequence[Receivable]:
    """All of them, of all providers: the own ones first, the last mastered first."""
    kinds = {row.kind for row in standards.in_force(local_day(now)).results}
    mandates = acting_for(person, now=now)
    found = [_receivable(row, None, kinds) for row in _waiting(now).filter(person=person)]
    for mandate in mandates:
        rows = _waiting(now).filter(person=mandate.principal, provider=mandate.provider)
        found += [_receivable(row, mandate, kinds) for row in rows]
    return found


def receivable(person: Person, pk: int, *, now: datetime) -> Receivable | None:
    """One of them; None when it is not the person's to ask for, or not any more."""
    return next((row for row in receivable_by(person, now=now) if row.completion.pk == pk), None)


def live_request_of(person: Person, pk: int) -> Request | None:
    """The last request on its way, or ended well, for an own completed programme."""
    rows = Request.objects.filter(completion=pk, completion__person=person, state__in=LIVE_STATES)
    return rows.order_by("-pk").first()


def was_refused(completion: Completion) -> bool:
    """Whether an earlier request for a completed programme ended in a refusal."""
    refused = (State.REFUSED, State.NOT_ACCEPTED)
    return Request.objects.filter(completion=completion, state__in=refused).exists()


def linkable(request: Request) -> Sequence[Completion]:
    """The trainings that a claim may be about: the person's, at that provider, not asked for."""
    rows = Completion.objects.filter(person=request.person, provider=request.provider)
    return list(_related(unrequested(rows)).order_by("-mastered_on", "-pk"))


def _waiting(now: datetime) -> QuerySet[Completion]:
    done = Completion.objects.filter(mastered_on__lte=local_day(now))
    return _related(unrequested(done)).order_by("-mastered_on", "-pk")


def _related(rows: QuerySet[Completion]) -> QuerySet[Completion]:
    return rows.select_related("provider", "programme", "group", "person")


def _receivable(completion: Completion, mandate: Mandate | None, kinds: set[str]) -> Receivable:
    is_given = completion.programme.kind in kinds
    return Receivable(completion=completion, mandate=mandate, is_given=is_given)
