"""Taking a complaint: registered, its clocks set, its number and its receipt (A57.17-2).

Whatever comes is taken, in time or late, with an IIN or without (APPC, articles 92 and 93).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import F

from kualik.accounts.models import Person, User
from kualik.cases.adapters.scans import Scan
from kualik.cases.models import Draft, Request
from kualik.cases.services.drafting import finish
from kualik.complaints.models import Complaint, ComplaintFile, ComplaintSeries
from kualik.complaints.queries import registered_at
from kualik.complaints.services.moving import State, change, record, subject_of, with_clocks
from kualik.complaints.services.telling import tell
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.tasks import Task, open_task
from kualik.providers.models import Provider
from kualik.providers.queries import calendar_of
from kualik.rules import identifiers, standards
from kualik.rules.complaints import (
    clock_of,
    clock_to_record,
    is_limit_over,
    last_day_to_complain,
    law,
    registered_on,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.rules.refusal import appeal
from kualik.rules.workdays import WorkCalendar

NUMBER_LETTER = "S"
NEW_TASK = "complaint_new"
# Both run from the registration: three days to satisfy in full or send on, five to answer.
PROVIDERS_TERMS = ("forward", "provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFacts:
    """What is complained of and by whom, as it was written or said.

    ``learned_on`` is the day by what is on file; lateness counts from it where none was said.
    """

    provider: Provider
    subject: str
    text: str
    channel: str
    complainant: str
    wish: str = ""
    language: str = "kk"
    postal_address: str = ""
    residence: str = ""
    phone: str = ""
    email: str = ""
    named_number: str = ""
    known_on: date | None = None
    learned_on: date | None = None
    ways_were_named: bool = True
    late_reason: str = ""
    person: Person | None = None
    request: Request | None = None
    against: User | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """A file with a name that may be shown; its content was looked at."""

    filename: str
    scan: Scan


def file_complaint(
    *,
    key: str,
    facts: ComplaintFacts,
    files: Sequence[Added] = (),
    received_at: datetime,
    filed_by: User | None = None,
    tells: bool = True,
    draft: Draft | None = None,
    actor: Actor,
    now: datetime,
) -> Complaint:
    """Register a complaint; one sent twice under the same ``key`` is registered once.

    A complaint that came on a day off is registered on the next working day. Lateness is marked,
    never a ground to refuse. Without ``tells`` no receipt goes to its phone and e-mail. ``draft``
    is the one it was written in. Raises ``filed_in_future``, ``complaint_subject_unknown``.
    """
    if received_at > now:
        raise RuleViolation("filed_in_future")
    law().subject(facts.subject)
    known = Complaint.objects.filter(key=key).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            found = _register(
                key, facts, files, received_at=received_at, filed_by=filed_by, actor=actor, now=now
            )
            if draft is not None:
                finish(draft=draft, result=found.number, now=now)
            _announce(found, tells=tells, now=now)
            return found
    except IntegrityError:
        # Both sendings came at once: the other one was registered.
        known = Complaint.objects.filter(key=key).first()
        if known is None:
            raise
        return known


def _register(
    key: str,
    facts: ComplaintFacts,
    files: Sequence[Added],
    *,
    received_at: datetime,
    filed_by: User | None,
    actor: Actor,
    now: datetime,
) -> Complaint:
    calendar = _calendar(facts.provider, received_at)
    day = registered_on(received_at, calendar)
    complaint = Complaint.objects.create(
        key=key,
        number=_reserve_number(facts.provider, year=local_day(now).year),
        received_at=received_at,
        registered_on=day,
        is_late=_is_late(facts, received_at, calendar),
        filed_by=filed_by,
        **_columns(facts),
        **_clocks(day, calendar),
    )
    for added in files:
        _keep(complaint, added, now=now)
    data = {
        "channel": complaint.channel,
        "subject": complaint.subject,
        "is_late": complaint.is_late,
        "request": facts.request.number if facts.request else "",
    }
    action = "registered" if day == local_day(received_at) else "received"
    record(complaint, action, actor=actor, now=now, data=data)
    return complaint


def register_now(complaint: Complaint, *, actor: Actor, now: datetime) -> None:
    """Register at this moment what waits for the next working day, for it is acted on already;
    its terms count from this day. Nothing to do for one that is registered."""
    if registered_at(complaint) <= now:
        return
    day, calendar = local_day(now), _calendar(complaint.provider, now)
    open_states = (State.REGISTERED, State.IN_REVIEW)
    change(complaint, frm=open_states, registered_on=day, **_clocks(day, calendar))
    record(complaint, "registered", actor=actor, now=now)


def _calendar(provider: Provider, moment: datetime) -> WorkCalendar:
    default = standards.in_force(local_day(moment)).weekly_hours
    return calendar_of(provider, default=default)


def _clocks(day: date, calendar: WorkCalendar) -> dict[str, object]:
    """Both terms of the provider, registered on ``day``."""
    clocks = [clock_of(code, registered=day, calendar=calendar) for code in PROVIDERS_TERMS]
    return with_clocks([clock_to_record(clock, calendar) for clock in clocks])


def _announce(complaint: Complaint, *, tells: bool, now: datetime) -> None:
    """The receipt to the complainant, the news to the head of the office."""
    answer_by = clock_due(complaint, "provider")
    if tells:
        tell(complaint, "complaint_registered", now=now, due_at=answer_by)
    task = Task(
        key=new_task_key(complaint),
        kind=NEW_TASK,
        subject=subject_of(complaint),
        scope=complaint.provider.code,
        role=Role.OFFICE_HEAD,
        params={"number": complaint.number, "due_at": answer_by.isoformat()},
    )
    open_task(task, now=now)


def new_task_key(complaint: Complaint) -> str:
    """The key of the task that a new complaint opens."""
    return f"{NEW_TASK}:{complaint.number}"


def clock_due(complaint: Complaint, term: str) -> datetime:
    """The last moment of one term of a complaint. Raises StopIteration without that term."""
    found = next(record for record in complaint.clocks if record["term"] == term)
    return datetime.fromisoformat(found["due_at"])


def _columns(facts: ComplaintFacts) -> dict[str, object]:
    request = facts.request
    against = facts.against
    if against is None and request is not None and facts.subject == "decision":
        against = request.decided_by
    return {
        "provider": facts.provider,
        "person": facts.person,
        "request": request,
        "named_number": facts.named_number,
        "subject": facts.subject,
        "text": facts.text,
        "wish": facts.wish,
        "channel": facts.channel,
        "language": facts.language,
        "complainant": facts.complainant,
        "postal_address": facts.postal_address,
        "residence": facts.residence,
        "phone": facts.phone,
        "email": facts.email,
        "known_on": facts.known_on,
        "ways_were_named": facts.ways_were_named,
        "late_reason": facts.late_reason,
        "against": against,
    }


def _is_late(facts: ComplaintFacts, received_at: datetime, calendar: WorkCalendar) -> bool:
    known = facts.known_on or facts.learned_on
    if known is None:
        return False
    last = last_day_to_complain(known, appeal=appeal(), ways_were_named=facts.ways_were_named)
    return is_limit_over(last, on=local_day(received_at), calendar=calendar)


def _keep(complaint: Complaint, added: Added, *, now: datetime) -> None:
    kept = ComplaintFile(
        complaint=complaint,
        filename=added.filename,
        media_type=added.scan.media_type,
        size=len(added.scan.content),
        sha256=hashlib.sha256(added.scan.content).hexdigest(),
        created_at=now,
    )
    kept.content.save("scan", ContentFile(added.scan.content), save=False)
    kept.save()


def _reserve_number(provider: Provider, *, year: int) -> str:
    """The next public number; the series' row is locked until commit."""
    ComplaintSeries.objects.get_or_create(provider=provider, year=year)
    series = ComplaintSeries.objects.filter(provider=provider, year=year)
    series.update(last=F("last") + 1)
    return identifiers.public_number(
        prefix=provider.code,
        year=year,
        sequence=series.values_list("last", flat=True).get(),
        letter=NUMBER_LETTER,
    )
