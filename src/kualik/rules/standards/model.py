"""One edition of the standard of the state service as frozen values."""

from dataclasses import dataclass
from datetime import date

from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The order that sets the standard. ``published_on`` is assumed while ``published_check``."""

    number: str
    adopted_on: date
    registered_number: str
    registered_on: date
    title: Text
    published_on: date
    wait_days: int
    published_check: bool
    published_note: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A fact still to be checked against the official source; ``about`` says which."""

    about: str
    note: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One spelling of the service's name; ``place`` is "rules" or "standard"."""

    clause: str
    place: str
    language: str
    original: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term of the act; ``unit`` is "working_day" or "minute".

    ``reading`` names the recorded decision where the clause is of another edition.
    """

    code: str
    clause: str
    amount: int
    unit: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A document the edition gives; ``check`` marks a form not yet seen in its official layout."""

    kind: str
    paper: str
    form: str
    clause: str
    check: bool
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """The fee in tenge, zero in both acts."""

    clause: str
    amount_tenge: int
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Office hours: weekday (0 is Monday) with opening and closing minute of the day."""

    clause: str
    reading: str
    week: tuple[tuple[int, int, int], ...]
    holidays: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """Hours of the portal and what happens to a request after office hours."""

    clause: str
    reading: str
    round_the_clock: bool
    after_hours: str
    break_extends_term: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a closed list of the act.

    ``value`` is a phone, an address, the channel of a document or the force of a confirmation;
    ``since`` is the first day the entry may be used, None for the whole life of the edition.
    """

    group: str
    code: str
    clause: str
    value: str
    reading: str
    since: date | None
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why a provider may refuse; ``stage`` is "service" or "acceptance" (article 19)."""

    code: str
    stage: str
    edition: str
    clause: str
    law: Text
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One clause; ``topic`` is the same for the same matter in every edition."""

    id: str
    topic: str
    original: str
    title: Text
    text: Text

    @property
    def number(self) -> str:
        """The clause without its act: "9.2" of "A303.9.2"."""
        return self.id.partition(".")[2]

    @property
    def of_rules(self) -> bool:
        """Whether this is a point of the Rules ("10-2") and no row of the standard."""
        return "-" in self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A recorded decision on an unclear place of the act."""

    id: str
    clause: str
    question: Text
    decision: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """One version of one edition; a request keeps (edition, version) for ever."""

    edition: str
    version: int
    original: str
    title: Text
    in_force_from: date
    in_force_to: date | None
    act: Act
    checks: tuple[Check, ...]
    names: tuple[Name, ...]
    terms: tuple[Term, ...]
    results: tuple[Result, ...]
    fee: Fee
    hours: Hours
    portal: Portal
    items: tuple[Item, ...]
    grounds: tuple[Ground, ...]
    rows: tuple[Row, ...]
    readings: tuple[Reading, ...]

    @property
    def weekly_hours(self) -> dict[int, tuple[int, int]]:
        """Weekday to (opening, closing) minute of the day; a closed day is absent."""
        return {weekday: (opens, closes) for weekday, opens, closes in self.hours.week}

    @property
    def provider_kinds(self) -> tuple[str, ...]:
        """Kinds of organisation that may provide the service (row 1)."""
        return tuple(item.code for item in self.items_of("provider_kind"))

    def covers(self, on: date) -> bool:
        """Whether the edition is in force on that day, both ends included."""
        return self.in_force_from <= on and (self.in_force_to is None or on <= self.in_force_to)

    def items_of(self, group: str) -> tuple[Item, ...]:
        """The closed list of that name in the order of the act; empty when the act has none."""
        return tuple(item for item in self.items if item.group == group)

    def may_seal(self, code: str, on: date) -> bool:
        """Whether "authorised_person" or "organisation" alone may seal a certificate that day."""
        return any(
            item.code == code and (item.since is None or item.since <= on)
            for item in self.items_of("sealing")
        )

    def term(self, code: str) -> Term:
        """The term "issue", "waiting", "serving", "incident_notice" or "incident_protocol"."""
        for term in self.terms:
            if term.code == code:
                return term
        raise RuleViolation("term_not_in_edition", edition=self.edition, term=code)

    def result(self, kind: str, paper: str) -> Result:
        """The document of that kind (row 5); retraining does not exist under A303."""
        for result in self.results:
            if (result.kind, result.paper) == (kind, paper):
                return result
        raise RuleViolation(
            "result_not_in_edition",
            edition=self.edition,
            order=self.act.number,
            kind=kind,
            paper=paper,
        )

    def clause(self, clause: str) -> Row:
        """The row with that clause id, such as "A303.9.2"."""
        for row in self.rows:
            if row.id == clause:
                return row
        raise RuleViolation("clause_not_in_edition", edition=self.edition, clause=clause)

    def readings_of(self, clause: str) -> tuple[Reading, ...]:
        """The recorded decisions on that clause, of this edition or of the one it leans on."""
        return tuple(reading for reading in self.readings if reading.clause == clause)
