"""Filing a request: the edition is fixed and the legal clock is set, once and for ever."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from kualik.cases.adapters.observers import FILED, Change, announce
from kualik.cases.models import LIVE_STATES, Mandate, Request, RequestSeries
from kualik.cases.queries import revoked_before
from kualik.cases.services.telling import tell_filed
from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor, Event
from kualik.providers.models import Provider
from kualik.providers.queries import calendar_of, clock_events
from kualik.rules import deadline, identifiers, standards
from kualik.rules.deadline import Deadline
from kualik.rules.errors import RuleViolation
from kualik.rules.standards import Standard
from kualik.training.models import Completion

NUMBER_LETTER = "Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What is asked for: a document on paper form ``paper`` for a completed programme.

    ``mandate`` is that of the representative who files (A57.8.head, A303.8.head); ``replaces`` the
    standing document in whose place the new one shall come, or the revoked one after which the
    document is asked for anew; the latter is found by ``file_requests`` itself.
    ``note`` are the applicant's own words.
    """

    completion: Completion
    paper: str = "certificate"
    language: str = "kk"
    delivery: str = Request.Delivery.ELECTRONIC
    application_number: str = ""
    application_on: date | None = None
    mandate: Mandate | None = None
    replaces: Certificate | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """The legal clock's answer and what is stored of it."""

    deadline: Deadline
    record: dict[str, object]


@transaction.atomic
def file_requests(
    *,
    provider: Provider,
    filings: Sequence[Filing],
    channel: Request.Channel,
    filed_at: datetime,
    actor: Actor,
    now: datetime,
    edition: str = "",
) -> list[Request]:
    """Requests in the order given, all or none.

    ``edition`` empty takes the standard in force on the day of filing; a registrar who enters
    an older application names its edition. Raises ``result_not_in_edition`` (A57.5.2: retraining
    exists under A57 only), ``not_completed_yet`` (A57.3.1, A303.3.1), ``request_exists``,
    ``filed_in_future``, ``mandate_not_in_force``.
    """
    if filed_at > now:
        raise RuleViolation("filed_in_future")
    standard = standard_for(edition, filed_at)
    filings = _after_revocation(filings, filed_at=filed_at)
    _check(filings, provider=provider, standard=standard, today=local_day(now))
    days = {filing.completion.mastered_on for filing in filings}
    clocks = clocks_of_days(days, provider=provider, standard=standard, filed_at=filed_at)
    numbers = reserve_numbers(provider=provider, year=local_day(now).year, count=len(filings))
    requests = [
        _new_request(
            filing,
            standard=standard,
            channel=channel,
            clock=clocks[filing.completion.mastered_on],
            number=number,
        )
        for filing, number in zip(filings, numbers, strict=True)
    ]
    _enter(requests, actor=actor, now=now)
    return requests


def file_replacement(
    *,
    earlier: Certificate,
    completion: Completion,
    actor: Actor,
    now: datetime,
    application_number: str = "",
    application_on: date | None = None,
) -> Request:
    """The request of the office for a document in the place of ``earlier``, which stands until
    then.

    A request keeps its edition for ever, and this one sets right what the old one was owed: the
    new document is of the old one's edition, paper, language and delivery. The standard in force
    today may not even know the result (A57.5.2: retraining exists under A57 only). Its own clock
    runs from now. ``completion`` is the training as it stands now; the application, if there is
    one, asks for the replacement. Raises what ``file_requests`` raises.
    """
    asked = earlier.request
    filing = Filing(
        completion=completion,
        paper=asked.paper,
        language=asked.language,
        delivery=asked.delivery,
        application_number=application_number,
        application_on=application_on,
        replaces=earlier,
    )
    (filed,) = file_requests(
        provider=asked.provider,
        filings=[filing],
        channel=Request.Channel.REGISTRAR,
        filed_at=now,
        actor=actor,
        now=now,
        edition=asked.edition,
    )
    return filed


def _enter(requests: Sequence[Request], *, actor: Actor, now: datetime) -> None:
    """Rows, journal and receipts."""
    try:
        Request.objects.bulk_create(requests, batch_size=100)
    except IntegrityError as error:
        raise RuleViolation("request_exists") from error
    journal.record_all(filed_entry(request, actor=actor, now=now) for request in requests)
    announce([filed_change(request, actor=actor, now=now) for request in requests])
    tell_filed(requests, now=now)


def standard_for(edition: str, filed_at: datetime) -> Standard:
    """The edition named, or the one in force when ``edition`` is empty."""
    return standards.get(edition) if edition else standards.in_force(local_day(filed_at))


def _after_revocation(filings: Sequence[Filing], *, filed_at: datetime) -> list[Filing]:
    """A training whose document was revoked is asked for anew, after that document."""
    fresh = {filing.completion.pk for filing in filings if filing.replaces is None}
    revoked = revoked_before(fresh, filed_at=filed_at)
    return [
        replace(filing, replaces=filing.replaces or revoked.get(filing.completion.pk))
        for filing in filings
    ]


def _check(
    filings: Sequence[Filing], *, provider: Provider, standard: Standard, today: date
) -> None:
    for filing in filings:
        completion = filing.completion
        if completion.provider_id != provider.pk:
            raise RuleViolation("not_permitted")
        if completion.mastered_on > today:
            raise RuleViolation("not_completed_yet", on=completion.mastered_on)
        standard.result(completion.programme.kind, filing.paper)
        _check_mandate(filing, today=today)
    fresh = [filing.completion.pk for filing in filings if filing.replaces is None]
    taken = Request.objects.filter(
        Q(completion__in=fresh)
        | Q(replaces__in=[filing.replaces.pk for filing in filings if filing.replaces]),
        state__in=LIVE_STATES,
    ).first()
    if taken is not None:
        raise RuleViolation("request_exists", number=taken.number)


def _check_mandate(filing: Filing, *, today: date) -> None:
    """The power of attorney is read anew: it may have ended since the page was opened."""
    if filing.mandate is None:
        return
    row = Mandate.objects.filter(
        pk=filing.mandate.pk,
        state=Mandate.State.CHECKED,
        valid_until__gte=today,
        provider=filing.completion.provider_id,
        principal_hash=filing.completion.person.iin_hash,
    )
    if not row.exists():
        raise RuleViolation("mandate_not_in_force")


def clocks_of_days(
    days: Collection[date], *, provider: Provider, standard: Standard, filed_at: datetime
) -> dict[date, Clock]:
    """One clock for each day of mastery."""
    calendar = calendar_of(provider, default=standard.weekly_hours)
    events = clock_events(since=filed_at, provider=provider.pk)
    clocks = {}
    for mastered_on in days:
        found = deadline.compute(
            edition=standard.edition,
            calendar=calendar,
            filed_at=filed_at,
            mastered_on=mastered_on,
            events=events,
        )
        clocks[mastered_on] = Clock(found, deadline.to_record(found))
    return clocks


def _new_request(
    filing: Filing, *, standard: Standard, channel: Request.Channel, clock: Clock, number: str
) -> Request:
    completion = filing.completion
    return Request(
        provider_id=completion.provider_id,
        person=completion.person,
        completion=completion,
        number=number,
        channel=channel,
        application_number=filing.application_number,
        application_on=filing.application_on,
        mandate=filing.mandate,
        replaces=filing.replaces,
        claim={"comment": filing.note} if filing.note else None,
        edition=standard.edition,
        edition_version=standard.version,
        kind=completion.programme.kind,
        paper=filing.paper,
        language=filing.language,
        delivery=filing.delivery,
        filed_at=clock.deadline.filed_at,
        accepted_at=clock.deadline.accepted_at,
        due_at=clock.deadline.due_at,
        clock=clock.record,
    )


def filed_entry(request: Request, *, actor: Actor, now: datetime) -> Event:
    """The first act in the life of a request."""
    return Event(
        subject=f"request:{request.number}",
        action="cases.filed",
        actor=actor,
        at=now,
        data={"channel": request.channel, "edition": request.edition},
    )


def filed_change(request: Request, *, actor: Actor, now: datetime) -> Change:
    """The same for whoever follows requests."""
    return Change(request=request, events=(FILED,), actor=actor, at=now)


def reserve_numbers(*, provider: Provider, year: int, count: int) -> list[str]:
    """``count`` public numbers in a row; the series' row is locked until commit."""
    RequestSeries.objects.get_or_create(provider=provider, year=year)
    series = RequestSeries.objects.filter(provider=provider, year=year)
    series.update(last=F("last") + count)
    last = series.values_list("last", flat=True).get()
    return [
        identifiers.public_number(
            prefix=provider.code, year=year, sequence=sequence, letter=NUMBER_LETTER
        )
        for sequence in range(last - count + 1, last + 1)
    ]
