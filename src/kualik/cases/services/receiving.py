"""Receiving the document on a programme that a list names: look, confirm, filed (A303.10.a, b)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from kualik.cases.models import Draft, Request
from kualik.cases.services.application import Line, Wish, completion_lines, data_digest
from kualik.cases.services.attaching import hand_attachments, scans_of
from kualik.cases.services.confirming import Confirmation, keep_evidence
from kualik.cases.services.deciding_alone import decide_later
from kualik.cases.services.drafting import finish, held
from kualik.cases.services.filing import Filing, clocks_of_days, file_requests, standard_for
from kualik.core.journal import Actor
from kualik.rules.deadline import Deadline
from kualik.rules.errors import RuleViolation
from kualik.rules.standards import Result, Standard
from kualik.training.models import Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the person sees before confirming: the edition in force, the documents it gives for the
    programme, the legal clock as it would run from now, and what the data are known by."""

    standard: Standard
    results: Sequence[Result]
    term: Deadline
    digest: str


def sight_of(completion: Completion, *, now: datetime) -> Sight:
    """Everything that is shown; no results where the edition gives no such document (A57.5.2)."""
    standard = standard_for("", now)
    day = completion.mastered_on
    clocks = clocks_of_days([day], provider=completion.provider, standard=standard, filed_at=now)
    kind = completion.programme.kind
    return Sight(
        standard=standard,
        results=[row for row in standard.results if row.kind == kind],
        term=clocks[day].deadline,
        digest=data_digest(completion),
    )


def lines_to_confirm(
    completion: Completion, wish: Wish, *, draft: Draft, now: datetime
) -> list[Line]:
    """The application that is confirmed or signed, line by line.

    Raises ``result_not_in_edition``.
    """
    standard = standard_for("", now)
    scans = scans_of(draft)
    return completion_lines(completion, wish, scans=scans, standard=standard, key=draft.key)


@transaction.atomic
def receive(
    *,
    draft: Draft,
    completion: Completion,
    wish: Wish,
    seen: str,
    confirmation: Confirmation,
    channel: Request.Channel,
    actor: Actor,
    now: datetime,
    application_number: str = "",
    application_on: date | None = None,
) -> Request:
    """File the request with its evidence; sent twice it is filed once and answered alike.

    ``seen`` is the digest of the data that the person looked at. The application is the one that
    the channel numbered itself, under which its people will ask. Raises ``data_changed`` when they
    are others now, and what ``file_requests`` raises.
    """
    current = held(draft=draft)
    if current.result:
        return Request.objects.get(number=current.result)
    digest = data_digest(completion)
    if seen != digest:
        raise RuleViolation("data_changed")
    (request,) = file_requests(
        provider=completion.provider,
        filings=[_filing(completion, wish, application_number, application_on)],
        channel=channel,
        filed_at=now,
        actor=actor,
        now=now,
    )
    hand_attachments(draft=draft, request=request)
    keep_evidence(request=request, confirmation=confirmation, facts={"data": digest}, now=now)
    finish(draft=draft, result=request.number, now=now)
    decide_later(request=request, now=now)
    return request


def _filing(completion: Completion, wish: Wish, number: str, day: date | None) -> Filing:
    return Filing(
        completion=completion,
        paper=wish.paper,
        language=wish.language,
        delivery=wish.delivery,
        application_number=number,
        application_on=day,
        mandate=wish.mandate,
        note=wish.note,
    )
