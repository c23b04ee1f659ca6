"""What pages are told from above: failures, announced breaks, which offices have a queue."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import ResolverMatch
from django.utils.functional import SimpleLazyObject

from kualik.accounts.models import User
from kualik.accounts.queries import visiting_person
from kualik.cases.models import Request
from kualik.core import clock
from kualik.counter.models import Hall
from kualik.counter.services.ticketing import find_ticket
from kualik.incidents.models import Incident
from kualik.incidents.queries import current, effect_of, what_of
from kualik.providers.models import Break, Office, Provider
from kualik.providers.queries import breaks_to_tell
from kualik.rules.language import Text

PAGE_OF_PROVIDER = "providers:provider"
PAGE_OF_TICKET = "counter:ticket"
HALLS = "counter"
# Whoever asks here after a request has one with any of the providers.
PAGES_OF_ALL = frozenset({"cases:status", "complaints:status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the banner.

    ``kind`` is "incident" or "break"; ``whose`` names the provider where not everybody is
    concerned; ``ends_at`` is known of a break alone.
    """

    kind: str
    what: Text
    begins_at: datetime
    effect: Text | None = None
    whose: Text | None = None
    ends_at: datetime | None = None
    lasts: bool = True


def notices(request: HttpRequest) -> dict[str, Callable[[], list[Told]]]:
    """Asked for by the frame of the pages alone, so that an answer without it costs nothing."""
    return {"announcements": partial(told_now, request)}


def queues(_request: HttpRequest) -> dict[str, Collection[int]]:
    """The offices with an electronic queue, for pages of rooms below it: read once a page, and
    only where it is asked for."""
    return {"offices_with_queue": SimpleLazyObject(_offices_with_queue)}


def _offices_with_queue() -> frozenset[int]:
    return frozenset(Hall.objects.values_list("office", flat=True))


def told_now(request: HttpRequest) -> list[Told]:
    """What is told at this moment on a page; nothing where the database cannot say.

    The failure of one provider is told to its staff, to its applicants, on its own page, on the
    screens and phones of its halls, and where somebody asks after a request; the page of failures
    names it to everybody.
    """
    now = clock.now()
    try:
        return [
            *map(_of_incident, _concerning(request, current(now))),
            *(_of_break(pause, now) for pause in breaks_to_tell(now)),
        ]
    except DatabaseError:
        return []


def _concerning(request: HttpRequest, found: list[Incident]) -> list[Incident]:
    whose = {row.provider for row in found if row.provider is not None}
    if not whose:
        return found
    near = _near(request, whose)
    return [row for row in found if row.provider is None or row.provider_id in near]


def _near(request: HttpRequest, providers: set[Provider]) -> set[int]:
    """Which of the providers the page or who looks at it has to do with."""
    user, match = getattr(request, "user", None), request.resolver_match
    of_page = _of_page(match, providers) if match is not None else None
    if of_page is not None:
        return of_page
    if isinstance(user, User):
        return {user.provider_id} if user.provider_id else set()
    person = visiting_person(request)
    if person is None:
        return set()
    own = Request.objects.filter(person=person, provider__in=providers)
    return set(own.values_list("provider_id", flat=True))


def _of_page(match: ResolverMatch, providers: set[Provider]) -> set[int] | None:
    """The providers that a page itself is about; None for a page of nobody in particular."""
    known = {row.code: row.pk for row in providers}
    if match.view_name in PAGES_OF_ALL:
        return set(known.values())
    if match.view_name == PAGE_OF_PROVIDER:
        return {known[code] for code in [match.kwargs["code"]] if code in known}
    if match.view_name == PAGE_OF_TICKET:
        visit = find_ticket(match.kwargs["token"])
        return {visit.office.provider_id} if visit else set()
    if match.namespace == HALLS and "office" in match.kwargs:
        offices = Office.objects.filter(pk=match.kwargs["office"], provider__in=known.values())
        return set(offices.values_list("provider_id", flat=True))
    return None


def _of_incident(incident: Incident) -> Told:
    return Told(
        kind="incident",
        what=what_of(incident),
        begins_at=incident.began_at,
        effect=effect_of(incident),
        whose=incident.provider.name if incident.provider else None,
    )


def _of_break(pause: Break, now: datetime) -> Told:
    return Told(
        kind="break",
        what=pause.note,
        begins_at=pause.starts_at,
        ends_at=pause.ends_at,
        lasts=pause.starts_at <= now,
    )
