"""A small world for tests: two providers with staff, one of them with a request in every state.

Aigerim applies, Bolat decides, Dana signs; Chingiz and the others of the second provider must see
nothing. Values are fixed; requests were filed on a Monday long ago, so those that wait are overdue.
Needs the fixture ``kualik_files``: keys and sealed papers are written to its folders.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from kualik.accounts.models import User
from kualik.accounts.services import PersonFacts, enrol_staff, register_persons
from kualik.cases.models import Request
from kualik.cases.services.deciding import (
    accept_due,
    approve_request,
    decline_request,
    hand_over_request,
    record_withdrawal,
    refuse_request,
    start_review,
)
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.trial_signing import issue_on_trial
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider
from kualik.providers.services import OfficeFacts, ProviderFacts, register_provider
from kualik.rules.identifiers import check_digit
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from kualik.signatures.models import SigningKey
from kualik.signatures.services import enrol_test_key
from kualik.training.models import Completion, Group, Programme
from tests.keeping import kept

FILED_AT = datetime(2025, 9, 8, 5, 0, tzinfo=UTC)  # Monday, 10:00 in Almaty
FILED_LATE = datetime(2025, 9, 8, 13, 0, tzinfo=UTC)  # 18:00, accepted on Tuesday at 8:30
BEFORE_ACCEPTANCE = datetime(2025, 9, 8, 13, 30, tzinfo=UTC)
DUE_AT = datetime(2025, 9, 9, 12, 30, tzinfo=UTC)  # Tuesday, 17:30 in Almaty
STARTED_ON, MASTERED_ON = date(2025, 8, 25), date(2025, 9, 5)
FIVE_DAYS = dict.fromkeys(range(5), (8 * 60 + 30, 17 * 60 + 30))
FACTS = Text(
    "Өтінішке қоса берілген құжаттардың көшірмелері оқылмайды, оқу күндері көрсетілмеген.",
    "Приложенные к заявлению копии документов не читаются, даты обучения не указаны.",
)
ROLES = (
    Role.REGISTRAR,
    Role.CLERK,
    Role.OFFICE_HEAD,
    Role.AUTHORISED_PERSON,
    Role.PROVIDER_ADMIN,
)
NAMES = {
    ("DEMO", Role.REGISTRAR): "Болат Серікұлы Ахметов",
    ("DEMO", Role.AUTHORISED_PERSON): "Дана Маратқызы Оспанова",
    ("OTHER", Role.REGISTRAR): "Шыңғыс Ерланұлы Қасымов",
}
PEOPLE = (
    ("Әбдірахманова", "Айгерім", "Нұрланқызы"),
    ("Қожахметов", "Ерлан", "Өмірбекұлы"),
    ("Ғаббасова", "Гүлнұр", ""),
    ("Иванова", "Мария", "Петровна"),
    ("Төлегенова", "Жанар", "Ілиясқызы"),
    ("Ким", "Виктор", "Андреевич"),
    ("Сәрсенбаева", "Ұлжан", "Қайратқызы"),
    ("Нұрпейісов", "Бауыржан", ""),
    ("Петренко", "Ольга", "Ивановна"),
    ("Жұмабаева", "Сәуле", "Ерболқызы"),
    ("Досжанов", "Асхат", "Мұратұлы"),
)


@dataclass(slots=True, kw_only=True)
class House:
    """One provider with its people; ``key`` is the organisation's, ``iins`` are those of the
    staff; ``free`` completions have no request."""

    provider: Provider
    staff: dict[Role, User]
    iins: dict[Role, str]
    key: SigningKey
    programme: Programme
    group: Group
    completions: list[Completion]
    requests: list[Request]

    @property
    def free(self) -> list[Completion]:
        taken = {request.completion_id for request in self.requests}
        return [row for row in self.completions if row.pk not in taken]


@dataclass(slots=True, kw_only=True)
class World:
    """Both providers, the staff of the platform, and the first provider's requests by state."""

    now: datetime
    demo: House
    other: House
    inspector: User
    contact_centre: User
    by_state: dict[State, Request]


def build_world() -> World:
    """Everything, made through services; decisions are of the last minutes, when the keys are
    valid. Every test gets its own, yet only the first of a process pays for it."""
    return kept(_new_world)


def _new_world() -> World:
    now = clock.now()
    demo = build_house("DEMO", "97044000033", people=PEOPLE, number=1, now=now)
    other = build_house("OTHER", "96034000022", people=PEOPLE[:3], number=2, now=now)
    by_state = file_in_every_state(demo, now=now)
    demo.requests = list(by_state.values())
    other.requests = file_for(other, other.completions[:2], now=now)
    registrar = other.staff[Role.REGISTRAR]
    approve_request(request=other.requests[1], user=registrar, role=Role.REGISTRAR, now=now)
    return World(
        now=now,
        demo=demo,
        other=other,
        inspector=enrol("inspector", None, Role.INSPECTOR, now=now),
        contact_centre=enrol("contact", None, Role.CONTACT_CENTRE, now=now),
        by_state=by_state,
    )


def build_house(
    code: str,
    bin_body: str,
    *,
    people: tuple[tuple[str, str, str], ...],
    number: int,
    now: datetime,
) -> House:
    """A provider with one member of staff for each role, a key, a group and its completions."""
    provider = register_provider(
        facts=ProviderFacts(
            code=code,
            bin=f"{bin_body}{check_digit(bin_body)}",
            kind="education",
            name=Text(f"{code} медицина академиясы", f"Медицинская академия {code}", f"{code} ltd"),
            city=Text("Алматы", "Алматы", "Almaty"),
        ),
        main_office=OfficeFacts(
            name=Text("Бас кеңсе", "Главный офис", "Main office"),
            address=Text("Абай даңғылы, 1", "проспект Абая, 1", "1 Abai avenue"),
            phones=("+7 727 300 00 01",),
            hours=FIVE_DAYS,
        ),
        now=now,
        actor=SYSTEM,
    )
    iins = {role: iin(number * 100 + 50 + place) for place, role in enumerate(ROLES)}
    staff = {
        role: enrol(f"{role}@{code}".lower(), provider, role, now=now, iin=iins[role])
        for role in ROLES
    }
    key = enrol_test_key(provider=provider, now=now, actor=SYSTEM)
    programme = Programme.objects.create(
        provider=provider,
        kind="pd",
        title_kk=f"Кардиология негіздері {code}",
        title_ru=f"Основы кардиологии {code}",
        hours=120,
        credits=Decimal(4),
    )
    group = Group.objects.create(
        provider=provider,
        programme=programme,
        name=f"Топ {code}-1",
        started_on=STARTED_ON,
        ended_on=MASTERED_ON,
        created_at=now,
    )
    completions = complete(group, people, number=number, now=now)
    return House(
        provider=provider,
        staff=staff,
        iins=iins,
        key=key,
        programme=programme,
        group=group,
        completions=completions,
        requests=[],
    )


def complete(
    group: Group, people: tuple[tuple[str, str, str], ...], *, number: int, now: datetime
) -> list[Completion]:
    """Completions of a group; ``number`` keeps the IINs of several groups apart."""
    facts = [
        PersonFacts(iin(number * 100 + place), family, given, patronymic)
        for place, (family, given, patronymic) in enumerate(people)
    ]
    persons = register_persons(people=facts, now=now)
    return [
        Completion.objects.create(
            provider=group.provider,
            programme=group.programme,
            group=group,
            person=persons[one.iin],
            family_name=one.family_name,
            given_name=one.given_name,
            patronymic=one.patronymic,
            holder_kk=persons[one.iin].full_name,
            holder_ru=persons[one.iin].full_name,
            phone=f"+7 701 000 {number:02d} {place:02d}",
            started_on=group.started_on,
            mastered_on=group.ended_on,
            hours=group.programme.hours,
            credits=group.programme.credits,
            created_at=now,
        )
        for place, one in enumerate(facts)
    ]


def iin(number: int) -> str:
    """A number with a right check digit; bodies without one are passed over."""
    body = f"8503153{number:04d}"
    digit = check_digit(body)
    return f"{body}{digit}" if digit is not None else iin(number + 5000)


def enrol(
    name: str, provider: Provider | None, role: Role, *, now: datetime, iin: str = ""
) -> User:
    """A member of staff with one role, a confirmed second factor and no password."""
    code = provider.code if provider else ""
    user = enrol_staff(
        email=name if "@" in name else f"{name}@example.kz",
        password=None,
        full_name=NAMES.get((code, role), f"{role.value} {code}".strip()),
        position=Text(f"{role.value} қызметі", f"должность {role.value}", role.value),
        provider=provider,
        roles=[role],
        actor=SYSTEM,
        now=now,
        iin=iin,
    )
    TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
    return user


def sign_in(client: Client, user: User) -> Client:
    """The client as a member of staff signed in with both factors."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.get(user=user).persistent_id
    session.save()
    return client


def file_for(
    house: House, completions: list[Completion], *, now: datetime, filed_at: datetime = FILED_AT
) -> list[Request]:
    """Requests for completions, entered by the registrar from their applications."""
    registrar = house.staff[Role.REGISTRAR]
    return file_requests(
        provider=house.provider,
        filings=[
            Filing(completion=row, application_number="12-3", application_on=FILED_AT.date())
            for row in completions
        ],
        channel=Request.Channel.REGISTRAR,
        filed_at=filed_at,
        actor=registrar.acting_as(Role.REGISTRAR),
        now=now,
    )


def issue(house: House, *requests: Request, now: datetime) -> None:
    """Prepare approved requests and sign them as the authorised person does."""
    issue_on_trial(requests=requests, iins=list(house.iins.values()), now=now)


def file_in_every_state(house: House, *, now: datetime) -> dict[State, Request]:
    """A request in each state for the first completions, filed on one Monday.

    Only the one that is not accepted came after hours: article 19 ends with the acceptance.
    """
    others = [state for state in State if state is not State.FILED]
    late = others.index(State.NOT_ACCEPTED)
    people = house.completions
    filed = [
        *file_for(house, people[:late], now=now),
        *file_for(house, people[late : late + 1], now=now, filed_at=FILED_LATE),
        *file_for(house, people[late + 1 : len(others)], now=now),
    ]
    rows = dict(zip(others, filed, strict=True))
    bolat = house.staff[Role.REGISTRAR]
    by = {"user": bolat, "role": Role.REGISTRAR, "now": now}
    decline_request(
        request=rows[State.NOT_ACCEPTED],
        ground="papers_expired",
        facts=FACTS,
        user=bolat,
        role=Role.REGISTRAR,
        now=BEFORE_ACCEPTANCE,
    )
    refuse_request(request=rows[State.REFUSED], ground="incomplete", facts=FACTS, **by)
    record_withdrawal(request=rows[State.WITHDRAWN], reason="Өтініш № 7", **by)
    start_review(request=rows[State.IN_REVIEW], **by)
    for state in (State.APPROVED, State.ISSUED, State.HANDED_OVER):
        approve_request(request=rows[state], **by)
    issue(house, rows[State.ISSUED], rows[State.HANDED_OVER], now=now)
    hand_over_request(request=rows[State.HANDED_OVER], **by)
    accept_due(now=now)
    rows[State.FILED] = file_for(house, people[len(others) : len(State)], now=now)[0]
    return {state: Request.objects.get(pk=rows[state].pk) for state in State}
