"""Documents that wait to be handed out on paper, and who stands at the window for one."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from kualik.accounts.models import Person, User
from kualik.cases.models import Mandate, Request
from kualik.cases.queries import own_requests
from kualik.cases.services.delivery import ON_PAPER
from kualik.core.clock import local_day
from kualik.counter.models import HandOver, Identification
from kualik.counter.queries.work import STANDS_FOR, identifications_visible_to
from kualik.rules.lifecycle import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who was identified at the window and may take the document; ``mandate`` for a
    representative (A57.8.head, A303.8.head)."""

    record: Identification
    mandate: Mandate | None

    @property
    def person(self) -> Person:
        return self.record.person


def waiting_on_paper(user: User) -> QuerySet[Request]:
    """The own provider's documents that somebody wants on paper, the oldest first."""
    issued = own_requests(user).filter(state=State.ISSUED, delivery__in=sorted(ON_PAPER))
    return issued.order_by("certificate__sealed_at", "pk")


def receiver_of(request: Request, user: User, *, now: datetime) -> Receiver | None:
    """The person of the request, or a representative whose power of attorney stands today, if one
    of them was identified within the hour; the last identified of several."""
    mandates = {row.representative_id: row for row in standing_mandates(request, now=now)}
    entitled = Q(person=request.person_id) | Q(person__in=list(mandates))
    records = identifications_visible_to(user).filter(entitled, checked_at__gt=now - STANDS_FOR)
    last = records.order_by("-checked_at", "-pk").first()
    if last is None:
        return None
    own = last.person_id == request.person_id
    return Receiver(record=last, mandate=None if own else mandates[last.person_id])


def standing_mandates(request: Request, *, now: datetime) -> QuerySet[Mandate]:
    """The powers of attorney by which somebody may take this document today."""
    return Mandate.objects.filter(
        principal_hash=request.person.iin_hash,
        provider=request.provider_id,
        state=Mandate.State.CHECKED,
        valid_until__gte=local_day(now),
    ).order_by("valid_until", "pk")


def hand_over_of(request: Request) -> HandOver | None:
    """How the document was handed out, if it was on paper."""
    found = HandOver.objects.filter(request=request)
    return found.select_related("receiver", "mandate", "blank__receipt", "user").first()
