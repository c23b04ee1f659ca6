"""What registers told of a person, in words; for whom, when, by which consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kualik.accounts.models import Person
from kualik.cases.models import Request
from kualik.core.errors import table
from kualik.gateway.models import Consent, Fact
from kualik.gateway.queries.registers import registers
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.training.models import Completion

SHOWN = 50
SOURCES: Mapping[str, Text] = {
    "GBDFLUniversal_token": Text(
        "«Жеке тұлғалар» мемлекеттік дерекқоры",
        "Государственная база данных «Физические лица»",
        "State database of natural persons",
    ),
    "MCDB_SERVICE": Text(
        "Мобильді азаматтар базасы", "База мобильных граждан", "Registry of phones"
    ),
}
NAMES: Mapping[str, Text] = {
    "known": Text("Дерекқордағы адам", "Человек в базе данных", "The person in the database"),
    "name": Text(
        "Тегі, аты және әкесінің аты", "Фамилия, имя и отчество", "Surname, given name, patronymic"
    ),
    "alive": Text("Өмір сүру мәртебесі", "Статус жизни", "Life status"),
    "paper": Text(
        "Жеке басты куәландыратын құжат",
        "Документ, удостоверяющий личность",
        "Identity document",
    ),
    "fault": Text("Дерекқордың жауабы", "Ответ базы данных", "Answer of the database"),
}
VALUES: Mapping[tuple[str, str], Text] = {
    ("known", "no"): Text("табылмады", "не найден", "not found"),
    ("name", "agrees"): Text("сәйкес келеді", "совпадают", "agree"),
    ("alive", "yes"): Text("тірі", "в живых", "alive"),
    ("alive", "no"): Text("тірі деп танылмайды", "не значится живым", "not recorded as alive"),
    ("paper", "valid"): Text("жарамды құжаты бар", "есть действующий", "one is in force"),
    ("paper", "none"): Text("жарамды құжаты жоқ", "действующего нет", "none is in force"),
}
GOOD = frozenset({("name", "agrees"), ("alive", "yes"), ("paper", "valid")})
PARTS: Mapping[str, Text] = {
    "family_name": Text("тегі", "фамилия", "surname"),
    "given_name": Text("аты", "имя", "given name"),
    "patronymic": Text("әкесінің аты", "отчество", "patronymic"),
}
DIFFERS = Text("сәйкес келмейді: {parts}", "не совпадают: {parts}", "do not agree: {parts}")
STATES: Mapping[str, Text] = {
    Consent.State.ASKED: Text("жауап күтілуде", "ожидается ответ", "waiting for the answer"),
    Consent.State.GIVEN: Text("берілді", "дано", "given"),
    Consent.State.DENIED: Text("бас тартылды", "отказано", "denied"),
    Consent.State.EXPIRED: Text("мерзімі өтті", "срок истёк", "over"),
}
WAYS: Mapping[str, Text] = {
    "sms": Text(
        "1414 SMS-хабарламасына жауап", "ответ на SMS с номера 1414", "answer to an SMS from 1414"
    ),
    "ovt": Text(
        "жеке кабинетте, ЭЦҚ арқылы кіргенде",
        "в личном кабинете, при входе по ЭЦП",
        "in the personal cabinet, entered with an EDS",
    ),
}
LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact; ``is_good``: nothing stands against the person's own data."""

    name: Text
    value: Text
    is_good: bool
    source: Text
    learned_at: datetime
    organisation: Text
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One consent and what came of it; ``state`` is one of ``Consent.State``.

    ``given_at`` is None where it never was given; ``settled_at`` is when it was given or denied, or
    when its time was over without either.
    """

    state: str
    state_text: Text
    way: Text
    source: Text
    organisation: Text
    asked_at: datetime
    settled_at: datetime | None
    given_at: datetime | None
    ends_at: datetime
    facts: Sequence[Line]


def told_of(person: Person, provider: Provider, *, now: datetime) -> Told | None:
    """The last question of a provider to the register of persons; None without one."""
    access = registers().persons.service_id
    rows = Consent.objects.filter(person=person, provider=provider, access_name=access)
    found = rows.select_related("provider").order_by("-pk").first()
    return _told(found, now) if found else None


def all_told(person: Person, *, now: datetime) -> list[Told]:
    """Every question about a person, the last first; at most ``SHOWN``."""
    rows = Consent.objects.filter(person=person).select_related("provider")
    found = rows.prefetch_related("facts__provider").order_by("-pk")[:SHOWN]
    return [_told(row, now) for row in found]


def asking_providers(person: Person) -> list[Provider]:
    """The organisations that may need to know: where the person learned or asked for a document."""
    asked = Request.objects.filter(person=person).values_list("provider", flat=True)
    taught = Completion.objects.filter(person=person).values_list("provider", flat=True)
    return list(Provider.objects.filter(pk__in={*asked, *taught}).order_by("pk"))


def _told(row: Consent, now: datetime) -> Told:
    is_over = row.state in (Consent.State.ASKED, Consent.State.GIVEN) and row.expires_at <= now
    state = Consent.State.EXPIRED.value if is_over else row.state
    return Told(
        state=state,
        state_text=STATES[state],
        way=WAYS[row.basis],
        source=_source(row.access_name),
        organisation=row.provider.name,
        asked_at=row.asked_at,
        settled_at=row.expires_at if state == Consent.State.EXPIRED else row.settled_at,
        given_at=_given_at(row),
        ends_at=row.expires_at,
        facts=[_line(fact) for fact in sorted(row.facts.all(), key=lambda one: one.pk)],
    )


def _given_at(row: Consent) -> datetime | None:
    """What was never given ends, at the earliest, when it is settled."""
    if row.settled_at is None or row.state == Consent.State.DENIED:
        return None
    return row.settled_at if row.settled_at < row.expires_at else None


def _line(fact: Fact) -> Line:
    return Line(
        name=NAMES[fact.name],
        value=_value(fact),
        is_good=(fact.name, fact.value) in GOOD,
        source=_source(fact.source),
        learned_at=fact.learned_at,
        organisation=fact.provider.name,
        about=fact.about,
    )


def _value(fact: Fact) -> Text:
    if fact.name == "fault":
        entry = table().get(fact.value)
        return entry.text if entry else Text(fact.value, fact.value, fact.value)
    kind, _, parts = fact.value.partition(":")
    if kind != "differs":
        return VALUES[fact.name, fact.value]
    names = [PARTS[part] for part in parts.split(",")]
    kk, ru, en = (
        DIFFERS.get(language).format(parts=", ".join(name.get(language) for name in names))
        for language in LANGUAGES
    )
    return Text(kk, ru, en)


def _source(service_id: str) -> Text:
    return SOURCES.get(service_id, Text(service_id, service_id, service_id))
