"""A month built by hand: rows with the moments that a test wants, by local time in Kazakhstan."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from kualik.accounts.models import Person
from kualik.cases.models import Request
from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.core.clock import ZONE
from kualik.core.journal import SYSTEM
from kualik.counter.models import Period as StatePeriod
from kualik.counter.models import Visit
from kualik.oversight.queries.figures import Figures, Scope, figures_of, period_of
from kualik.providers.models import Office, Provider

NOW = datetime(2025, 11, 22, 6, 0, tzinfo=UTC)
GROUND = {
    "ground": "incomplete",
    "clause": "A303.9.2",
    "stage": "service",
    "text": {"kk": "толық емес", "ru": "неполный пакет", "en": "incomplete"},
}


def at(text: str) -> datetime:
    """``2025-10-31 23:59`` by the clock of Almaty."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@dataclass
class Builder:
    """Rows of one provider; ``serial`` keeps numbers apart."""

    provider: Provider
    person: Person
    serial: int = 0
    made: list[Request] = field(default_factory=list)

    @property
    def office(self) -> Office:
        return self.provider.offices.get(is_main=True)

    def request(self, filed: str, *, due: str = "", **changed: object) -> Request:
        """An open request, accepted when it was filed unless ``accepted_at`` is given."""
        self.serial += 1
        filed_at = at(filed)
        row = Request(
            **{
                "provider": self.provider,
                "person": self.person,
                "claim": {"title": "Кардиология"},
                "number": f"{self.provider.code}-2026-F{self.serial:06d}-0",
                "channel": "web",
                "edition": "A303",
                "edition_version": 1,
                "kind": "pd",
                "paper": "certificate",
                "filed_at": filed_at,
                "accepted_at": filed_at,
                "due_at": at(due) if due else filed_at + timedelta(days=1),
                "state": "in_review",
                **changed,
            }
        )
        row.save(force_insert=True)
        self.made.append(row)
        return row

    def issued(self, filed: str, sealed: str, *, due: str = "", **changed: object) -> Request:
        """A request whose document was sealed at that moment."""
        return self.request(
            filed, due=due, state="issued", certificate=self.document(sealed), **changed
        )

    def refused(self, filed: str, decided: str, *, due: str = "", **changed: object) -> Request:
        return self.request(
            filed, due=due, state="refused", decided_at=at(decided), refusal=GROUND, **changed
        )

    def withdrawn(self, filed: str, left: str, **changed: object) -> Request:
        """The moment is in the journal alone."""
        row = self.request(filed, state="withdrawn", **changed)
        journal.record(
            subject=f"request:{row.number}", action="cases.withdraw", actor=SYSTEM, now=at(left)
        )
        return row

    def document(self, sealed: str) -> Certificate:
        example = Certificate.objects.filter(provider=self.provider, status="valid").first()
        assert example is not None, "the world has a sealed document"
        self.serial += 1
        return Certificate.objects.create(
            **{
                field.attname: getattr(example, field.attname)
                for field in Certificate._meta.concrete_fields
                if field.name
                not in ("id", "number", "code", "sequence", "sealed_at", "replaced_by")
            },
            number=f"{self.provider.code}-2026-{self.serial:06d}-F",
            code=f"{self.serial:016d}",
            sequence=900_000 + self.serial,
            sealed_at=at(sealed),
        )

    def visit(
        self, ticket: str, *, waits: int | None, serves: int | None, **changed: object
    ) -> Visit:
        """Somebody who handed documents in after so many minutes; None: never."""
        self.serial += 1
        begins = at(ticket)
        handed = None if waits is None else begins + timedelta(minutes=waits)
        ended = None if serves is None else (handed or begins) + timedelta(minutes=serves)
        return Visit.objects.create(
            **{
                "office": self.office,
                "day": begins.date(),
                "line": "receive",
                "number": f"A{self.serial:03d}",
                "sequence": self.serial,
                "source": "kiosk",
                "key": f"built-{self.serial}",
                "ticket_at": begins,
                "waiting_from": begins,
                "place_at": begins,
                "handed_in_at": handed,
                "ended_at": ended,
                "state": "done",
                "outcome": "filed",
                **changed,
            }
        )

    def no_show(self, ticket: str) -> Visit:
        """Called, missed, never seen again."""
        row = self.visit(ticket, waits=None, serves=60, state="left", outcome="unfinished")
        StatePeriod.objects.create(
            visit=row, state="missed", started_at=row.ticket_at, ended_at=row.ended_at
        )
        return row

    def figures(self, code: str = "2025-10", *, now: datetime = NOW) -> Figures:
        return figures_of(Scope((self.provider,)), period_of(code), now=now)


def weekdays(first: date, count: int) -> Iterator[date]:
    """So many working days from a Monday on."""
    day = first
    while count:
        if day.weekday() < 5:
            count -= 1
            yield day
        day += timedelta(days=1)
