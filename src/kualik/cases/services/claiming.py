"""A request of somebody whom no list names: what they say of the training, and its scans.

It goes to review like any other; a document is made only after staff have found or entered the
training (``linking``), and never by the machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction

from kualik.accounts.models import Person
from kualik.cases.adapters.observers import announce
from kualik.cases.models import LIVE_STATES, Attachment, Draft, Request
from kualik.cases.services.application import Line, Wish, claim_lines
from kualik.cases.services.attaching import hand_attachments, scans_of
from kualik.cases.services.confirming import Confirmation, keep_evidence
from kualik.cases.services.drafting import finish, held
from kualik.cases.services.filing import (
    clocks_of_days,
    filed_change,
    filed_entry,
    reserve_numbers,
    standard_for,
)
from kualik.cases.services.overdue import CLAIM_TASK
from kualik.cases.services.telling import tell_filed
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.tasks import Task, open_task
from kualik.providers.models import Provider
from kualik.rules.deadline import Deadline
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a person says of a training; ``hours`` 0 and empty texts where nothing was said."""

    title: str
    kind: str
    started_on: date
    ended_on: date
    hours: int = 0
    comment: str = ""
    phone: str = ""
    email: str = ""

    def record(self, holder: str) -> dict[str, object]:
        """As ``Request.claim`` keeps it."""
        days = {"started_on": self.started_on.isoformat(), "ended_on": self.ended_on.isoformat()}
        return {**asdict(self), **days, "holder": holder}


def term_of_claim(claim: Claim, *, provider: Provider, now: datetime) -> Deadline:
    """The legal clock as it would run from now, from the day that the person says."""
    standard = standard_for("", now)
    clocks = clocks_of_days([claim.ended_on], provider=provider, standard=standard, filed_at=now)
    return clocks[claim.ended_on].deadline


def lines_of_claim(
    claim: Claim,
    wish: Wish,
    *,
    provider: Provider,
    person: Person,
    draft: Draft,
    now: datetime,
    scans: Sequence[Attachment] | None = None,
) -> list[Line]:
    """The application that is confirmed or signed, line by line.

    Raises ``result_not_in_edition``.
    """
    return claim_lines(
        claim.record(person.full_name),
        wish,
        provider=provider,
        person=person,
        scans=scans_of(draft) if scans is None else scans,
        standard=standard_for("", now),
        key=draft.key,
    )


@transaction.atomic
def file_claim(
    *,
    draft: Draft,
    claim: Claim,
    wish: Wish,
    provider: Provider,
    confirmation: Confirmation,
    facts: Mapping[str, object],
    actor: Actor,
    now: datetime,
    channel: Request.Channel = Request.Channel.WEB,
    application_number: str = "",
    application_on: date | None = None,
) -> Request:
    """File the claim of the draft's person with its scans and evidence; sent twice it is filed
    once. The application is the one that the channel numbered itself. Raises
    ``result_not_in_edition``, ``not_completed_yet``, ``request_exists``."""
    current = held(draft=draft)
    if current.result:
        return Request.objects.get(number=current.result)
    # The same form in two windows has two drafts; the person's row lets one of them go first.
    Person.objects.select_for_update(no_key=True).get(pk=draft.person_id)
    record = claim.record(draft.person.full_name)
    _refuse_double(draft.person, provider, record)
    request = _new_request(draft.person, claim, wish, provider, record, channel, now)
    request.application_number, request.application_on = application_number, application_on
    request.save(update_fields=["application_number", "application_on"])
    hand_attachments(draft=draft, request=request)
    keep_evidence(request=request, confirmation=confirmation, facts=facts, now=now)
    journal.record_all([filed_entry(request, actor=actor, now=now)])
    announce([filed_change(request, actor=actor, now=now)])
    finish(draft=draft, result=request.number, now=now)
    open_task(_task(request), now=now)
    tell_filed([request], now=now)
    return request


def _task(request: Request) -> Task:
    """For the registrar; it leaves when the training is found or the request has its answer."""
    return Task(
        key=f"{CLAIM_TASK}:{request.number}",
        kind=CLAIM_TASK,
        subject=f"request:{request.number}",
        scope=request.provider.code,
        role=Role.REGISTRAR,
        params={"number": request.number, "due_at": request.due_at.isoformat()},
    )


def _new_request(
    person: Person,
    claim: Claim,
    wish: Wish,
    provider: Provider,
    record: Mapping[str, object],
    channel: Request.Channel,
    now: datetime,
) -> Request:
    """The row with the edition in force and the clock that runs from the day the person says."""
    standard = standard_for("", now)
    standard.result(claim.kind, wish.paper)
    if claim.ended_on > local_day(now):
        raise RuleViolation("not_completed_yet", on=claim.ended_on)
    day = claim.ended_on
    clock = clocks_of_days([day], provider=provider, standard=standard, filed_at=now)[day]
    (number,) = reserve_numbers(provider=provider, year=local_day(now).year, count=1)
    return Request.objects.create(
        provider=provider,
        person=person,
        claim=record,
        number=number,
        channel=channel,
        edition=standard.edition,
        edition_version=standard.version,
        kind=claim.kind,
        paper=wish.paper,
        language=wish.language,
        delivery=wish.delivery,
        filed_at=clock.deadline.filed_at,
        accepted_at=clock.deadline.accepted_at,
        due_at=clock.deadline.due_at,
        clock=clock.record,
    )


def _refuse_double(person: Person, provider: Provider, record: Mapping[str, object]) -> None:
    """The same training claimed again while the first claim is open or fulfilled."""
    same = Request.objects.filter(
        person=person,
        provider=provider,
        kind=record["kind"],
        claim__title=record["title"],
        claim__ended_on=record["ended_on"],
        state__in=LIVE_STATES,
    ).first()
    if same is not None:
        raise RuleViolation("request_exists", number=same.number)
