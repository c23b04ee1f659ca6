"""Bodies that hear complaints, ways outside, and what complainants are told: data."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.standards.source import Node, read
from kualik.rules.workdays import WeeklyHours, WorkCalendar

DATA = Path(__file__).resolve().parents[1] / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """To whom a provider may send a complaint; ``check`` marks that nobody confirmed it yet.

    ``term`` is the code of the term in which it decides; ``address`` may be empty.
    """

    code: str
    term: str
    check: bool
    hours: WeeklyHours
    name: Text
    address: Text

    @property
    def calendar(self) -> WorkCalendar:
        """Its working days: national holidays and its own week."""
        return WorkCalendar(self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to complain outside of this system; ``address`` may be empty."""

    code: str
    address: str
    check: bool
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """One version of the data."""

    version: int
    bodies: tuple[Body, ...]
    outside: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a complainant is told: of lateness, of the way, of the court, rights and duties."""

    late: Text
    way: Text
    court: Text
    rights: tuple[Text, ...]
    duties: tuple[Text, ...]


def bodies() -> Bodies:
    """The installation's own list, else the one of the program; a fault names file and key."""
    return load_bodies(Path(settings.COMPLAINT_BODIES or DATA / "bodies.toml"))


@cache
def load_bodies(path: Path) -> Bodies:
    """The bodies and ways of a file, each code once."""
    root = read(path)
    found = Bodies(
        version=root.integer("version"),
        bodies=tuple(
            Body(
                code=node.string("code"),
                term=node.string("term", ("quality_body", "higher_body")),
                check=node.boolean("check"),
                hours=WeeklyHours.parse(node.string("hours")),
                name=node.text("name"),
                address=node.text("address") if "address" in node.values else Text("", ""),
            )
            for node in root.tables("bodies")
        ),
        outside=tuple(
            Way(
                code=node.string("code"),
                address=str(node.take("address")),
                check=node.boolean("check"),
                text=node.text("text"),
            )
            for node in root.tables("outside")
        ),
    )
    root.finish()
    return found


def appeal_addresses() -> dict[str, list[Text]]:
    """Name and address of the bodies by the way of appeal that leads to them, for refusals
    (``cases.adapters.addresses``)."""
    found: dict[str, list[Text]] = {}
    for one in bodies().bodies:
        sides = [(one.name.get(code), one.address.get(code)) for code in LANGUAGES]
        said = Text(*[", ".join(filter(None, side)) for side in sides])
        found.setdefault(one.term, []).append(said)
    return found


def body(code: str) -> Body:
    """The body of that code. Raises ``complaint_body_unknown``."""
    for found in bodies().bodies:
        if found.code == code:
            return found
    raise RuleViolation("complaint_body_unknown", body=code)


@cache
def words() -> Words:
    """The texts for complainants."""
    root = read(DATA / "words.toml")
    root.boolean("check")
    found = Words(
        late=root.text("late"),
        way=root.text("way"),
        court=root.text("court"),
        rights=tuple(_text(node) for node in root.tables("rights")),
        duties=tuple(_text(node) for node in root.tables("duties")),
    )
    root.finish()
    return found


def _text(node: Node) -> Text:
    """A row that is a text itself."""
    return Text(*[node.string(language) for language in LANGUAGES])
