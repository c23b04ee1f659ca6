"""Parts that fail when a test says so, and what follows from an incident."""

from datetime import UTC, datetime, timedelta

from kualik.accounts.models import User
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM
from kualik.incidents.adapters.probes import Trial, Unwell
from kualik.incidents.models import Incident, Report
from kualik.incidents.queries import causes
from kualik.incidents.services.detecting import run_trials
from kualik.incidents.services.recording import Finding, begin_incident, end_incident
from kualik.incidents.services.taking import OperatorsProtocol, take_protocol
from kualik.incidents.services.telling import record_notice
from kualik.papers.services import ProtocolFacts, render_protocol
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # 10:00 in Almaty
FRIDAY = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)  # 16:00 in Almaty


class Part:
    """A part of the system; ``fault`` is what it says while it fails."""

    def __init__(self, cause: str = "timestamp", provider: Provider | None = None) -> None:
        self.fault = ""
        self.tries = 0
        code = f"{cause}:{provider.code}" if provider else cause
        self.trial = Trial(code=code, cause=cause, attempt=self.attempt, provider=provider)

    def attempt(self, *, now: datetime) -> None:
        self.tries += 1
        if self.fault:
            raise Unwell(self.fault)


class Watch:
    """A clock that the turns of a minute move on, and the parts that are tried at each."""

    def __init__(self, *parts: Part, at: datetime = MONDAY) -> None:
        self.parts, self.now = parts, at

    def turns(self, count: int) -> None:
        for _ in range(count):
            run_trials(trials=[part.trial for part in self.parts], clock=lambda: self.now)
            self.now += MINUTE


def fail(
    *,
    provider: Provider | None = None,
    began_at: datetime = MONDAY,
    ended_at: datetime | None = None,
    cause: str = "storage",
) -> Incident:
    """An incident as a probe finds it."""
    finding = Finding(
        cause=cause,
        what=causes()[cause].what,
        provider=provider,
        began_at=began_at,
        found_at=began_at + 2 * MINUTE,
        fault="not_stored: PermissionError",
    )
    incident = begin_incident(finding=finding, actor=SYSTEM, now=began_at + 2 * MINUTE)
    if ended_at is not None:
        end_incident(incident=incident, ended_at=ended_at, actor=SYSTEM, now=ended_at)
    return incident


def report_of(incident: Incident, provider: Provider) -> Report:
    """What one provider owes of an incident."""
    return Report.objects.select_related("incident", "provider").get(
        incident=incident, provider=provider
    )


def tell_by_hand(report: Report, user: User, *, at: datetime) -> Report:
    """The operator was called."""
    return record_notice(
        report=report,
        way="phone",
        reference="№ 4711",
        at=at,
        note="",
        user=user,
        role=Role.OFFICE_HEAD,
        now=at,
    )


def operators_pdf(number: str = "77-Т") -> bytes:
    """A protocol as an operator might send it."""
    facts = ProtocolFacts(
        number=number,
        provider=Text("Оператор", "Оператор"),
        sections=(("what", Text("Сақтау жүйесі", "Система хранения")),),
        numbers=(),
    )
    return render_protocol(facts=facts, created_at=MONDAY)


def bring_protocol(report: Report, user: User, *, at: datetime) -> Report:
    """The operator's protocol comes back and is uploaded."""
    given = OperatorsProtocol(
        filename="хаттама 77.pdf", content=operators_pdf(), number="77-Т", dated=local_day(at)
    )
    return take_protocol(report=report, given=given, user=user, role=Role.OFFICE_HEAD, now=at)
