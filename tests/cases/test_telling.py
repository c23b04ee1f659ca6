"""Who hears what of a request, by which address and in which language; every act tells once."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from kualik.accounts.models import Person, PersonPhone
from kualik.accounts.services import confirm_phone
from kualik.cases.models import Mandate, Request
from kualik.cases.services import deciding
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.overdue import report_overdue
from kualik.cases.services.telling import tell
from kualik.certificates.models import Letter
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, StaffTask
from kualik.notifications.models import Message
from kualik.notifications.services.sending import forget_unsent
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from tests.world import DUE_AT, FACTS, FILED_AT, FILED_LATE, House, World, complete, iin, issue

MOBILE = "+77051112233"
MANY = tuple((f"Оспан{'ов' * (1 + number % 3)}", f"Ұлан{number}", "") for number in range(60))


@pytest.fixture
def fresh(world: World) -> World:
    """The world whose past was told to nobody."""
    Message.objects.all().delete()
    return world


def events_of(request: Request) -> list[str]:
    rows = Message.objects.filter(about=f"request:{request.number}").order_by("pk")
    return list(rows.values_list("event", flat=True))


def file_one(
    house: House,
    *,
    now: datetime,
    channel: Request.Channel = Request.Channel.WEB,
    filed_at: datetime = FILED_AT,
    language: str = "kk",
) -> Request:
    (request,) = file_requests(
        provider=house.provider,
        filings=[Filing(completion=house.free[0], language=language)],
        channel=channel,
        filed_at=filed_at,
        actor=SYSTEM,
        now=now,
    )
    house.requests.append(request)
    return request


def by(house: House, role: Role = Role.REGISTRAR) -> dict[str, object]:
    return {"user": house.staff[role], "role": role}


def test_the_receipt_leaves_at_once_with_number_acceptance_and_due_moment(fresh: World) -> None:
    request = file_one(fresh.demo, now=fresh.now)
    (message,) = Message.objects.all()
    assert (message.event, message.channel) == ("request_filed", "sms")
    assert message.address == request.phone.replace(" ", "")
    assert (message.person, message.scope) == (request.person, "DEMO")
    for said in (request.number, "08.09.2025 10:00", "09.09.2025 17:30"):
        assert said in message.body
    assert f"/r/{request.number}" in message.body
    assert Job.objects.filter(name="notifications.sms", done_at=None).exists()


def test_the_own_address_and_language_go_before_those_of_the_list(fresh: World) -> None:
    person = fresh.demo.free[0].person
    Person.objects.filter(pk=person.pk).update(email="aigerim@demo.example", language="ru")
    evidence = {"document": "ID"}
    confirm_phone(
        person=person, phone=MOBILE, how="counter", evidence=evidence, actor=SYSTEM, now=fresh.now
    )
    fresh.demo.free[0].person.refresh_from_db()
    file_one(fresh.demo, now=fresh.now, language="kk")
    told = {message.channel: message for message in Message.objects.all()}
    assert told["sms"].address == MOBILE
    assert told["email"].address == "aigerim@demo.example"
    assert "Момент приёма" in told["sms"].body
    assert told["email"].subject.startswith("Заявление")


def test_a_phone_that_was_taken_back_hears_nothing_more(fresh: World) -> None:
    person = fresh.demo.free[0].person
    confirm_phone(person=person, phone=MOBILE, how="counter", evidence={}, actor=SYSTEM,
                  now=fresh.now)  # fmt: skip
    PersonPhone.objects.update(ended_at=fresh.now)
    file_one(fresh.demo, now=fresh.now)
    assert Message.objects.get().address != MOBILE


def test_without_a_carrier_nothing_is_written_and_the_act_goes_on(
    fresh: World, settings: Settings
) -> None:
    settings.SMS_URL = settings.EMAIL_URL = ""
    request = file_one(fresh.demo, now=fresh.now)
    assert request.pk
    assert not Message.objects.exists()


def test_an_act_that_fails_tells_nobody(fresh: World) -> None:
    request = fresh.by_state[State.APPROVED]
    with pytest.raises(RuleViolation):
        deciding.refuse_request(
            request=request, ground="incomplete", facts=FACTS, now=fresh.now, **by(fresh.demo)
        )
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("channel", "heard"),
    [
        ("web", ["request_filed", "request_approved", "request_issued", "request_handed_over"]),
        ("registrar", ["request_filed", "request_issued", "request_handed_over"]),
        ("counter", ["request_filed", "request_issued", "request_handed_over"]),
    ],
)
def test_the_way_to_the_document_is_told_and_said_once(
    fresh: World, channel: str, heard: list[str]
) -> None:
    """Who stood at the counter or on a list need not hear that the seal is on its way."""
    house, now = fresh.demo, fresh.now
    request = file_one(house, now=now, channel=Request.Channel(channel))
    deciding.approve_request(request=request, now=now, **by(house))
    issue(house, request, now=now)
    request.refresh_from_db()
    deciding.hand_over_request(request=request, now=now, **by(house))
    assert events_of(request) == heard
    last = Message.objects.latest("pk").body
    assert request.certificate is not None
    assert request.certificate.number in last
    assert f"/c/{request.certificate.code}" in last


def test_who_asked_from_afar_gets_the_notice_of_the_result_as_a_paper(fresh: World) -> None:
    """A57.10-2, A303.10: the result comes to the cabinet as a sealed electronic document."""
    house, now = fresh.demo, fresh.now
    afar = file_one(house, now=now)
    deciding.approve_request(request=afar, now=now, **by(house))
    issue(house, afar, now=now)
    about = f"request:{afar.number}"
    assert Letter.objects.get(about=about).kind == "notice"
    listed = fresh.by_state[State.ISSUED]
    assert not Letter.objects.filter(about=f"request:{listed.number}", kind="notice").exists()


def test_a_refusal_names_the_way_on_and_last_day_and_its_letter_waits_for_the_signature(
    fresh: World,
) -> None:
    request = file_one(fresh.demo, now=fresh.now, language="ru")
    deciding.refuse_request(
        request=request, ground="incomplete", facts=FACTS, now=DUE_AT, **by(fresh.demo)
    )
    message = Message.objects.latest("pk")
    assert message.event == "request_refused"
    assert "Причина и порядок обжалования" in message.body
    assert "09.12.2025" in message.body
    letter = Letter.objects.get(about=f"request:{request.number}")
    assert (letter.kind, letter.state) == ("refusal", "draft")
    assert letter.signer == fresh.demo.staff[Role.AUTHORISED_PERSON]


def test_a_request_that_is_not_accepted_is_told_as_such(fresh: World) -> None:
    request = file_one(fresh.demo, now=fresh.now, filed_at=FILED_LATE)
    deciding.decline_request(
        request=request,
        ground="papers_expired",
        facts=FACTS,
        now=FILED_LATE + timedelta(minutes=5),
        **by(fresh.demo, Role.CLERK),
    )
    assert events_of(request) == ["request_filed", "request_not_accepted"]
    assert Letter.objects.get(about=f"request:{request.number}").kind == "not_accepted"


def test_acceptance_is_told_to_those_alone_who_filed_outside_hours(fresh: World) -> None:
    house = fresh.demo
    at_night = file_one(house, now=fresh.now, filed_at=FILED_LATE)
    by_day = file_one(house, now=fresh.now)
    deciding.accept_due(now=fresh.now)
    assert events_of(at_night) == ["request_filed", "request_accepted"]
    assert events_of(by_day) == ["request_filed"]


def test_a_withdrawal_that_staff_enter_is_told_to_the_person(fresh: World) -> None:
    request = file_one(fresh.demo, now=fresh.now)
    deciding.record_withdrawal(
        request=request, reason="Өтініш № 7", now=fresh.now, **by(fresh.demo)
    )
    assert events_of(request)[-1] == "request_withdrawn"


def test_an_overdue_request_is_told_once_and_left_to_the_head_of_the_office(fresh: World) -> None:
    request = fresh.by_state[State.IN_REVIEW]
    assert report_overdue(now=fresh.now) > 0
    assert events_of(request) == ["request_overdue"]
    task = StaffTask.objects.get(key=f"request_overdue:{request.number}")
    assert (task.role, task.scope, task.kind) == ("office_head", "DEMO", "request_overdue")
    assert task.params["answers"] == fresh.demo.staff[Role.OFFICE_HEAD].full_name
    assert report_overdue(now=fresh.now + timedelta(hours=1)) == 0
    assert len(events_of(request)) == 1


def test_at_the_due_moment_itself_nothing_is_overdue(fresh: World) -> None:
    request = file_one(fresh.demo, now=fresh.now)
    Request.objects.exclude(pk=request.pk).update(due_at=fresh.now + timedelta(days=1))
    assert report_overdue(now=request.due_at) == 0
    assert report_overdue(now=request.due_at + timedelta(seconds=1)) == 1


def test_the_answer_takes_the_late_request_off_the_list(fresh: World) -> None:
    request = fresh.by_state[State.IN_REVIEW]
    report_overdue(now=fresh.now)
    deciding.refuse_request(
        request=request, ground="incomplete", facts=FACTS, now=fresh.now, **by(fresh.demo)
    )
    assert StaffTask.objects.get(key=f"request_overdue:{request.number}").closed_at == fresh.now
    assert report_overdue(now=fresh.now + timedelta(hours=2)) == 0


def test_an_approved_document_that_waits_for_its_seal_is_late_too(fresh: World) -> None:
    request = fresh.by_state[State.APPROVED]
    report_overdue(now=fresh.now)
    assert events_of(request) == ["request_overdue"]
    issue(fresh.demo, request, now=fresh.now)
    assert StaffTask.objects.get(key=f"request_overdue:{request.number}").closed_at


def test_a_second_refusal_after_a_complaint_is_told_as_well(fresh: World) -> None:
    request = file_one(fresh.demo, now=fresh.now)
    given = {"ground": "incomplete", "facts": FACTS, "now": fresh.now, **by(fresh.demo)}
    deciding.refuse_request(request=request, **given)
    Request.objects.filter(pk=request.pk).update(
        state=State.IN_REVIEW, version=request.version + 1, refusal=None
    )
    request.refresh_from_db()
    Letter.objects.update(state="void")
    deciding.refuse_request(request=request, **given)
    assert events_of(request).count("request_refused") == 2


def test_no_message_holds_an_iin_and_no_address_stands_in_a_text(fresh: World) -> None:
    house = fresh.demo
    request = file_one(house, now=fresh.now)
    tell(request=request, event="request_overdue", now=fresh.now, answers="Дана Оспанова")
    for message in Message.objects.all():
        assert iin(102) not in message.body
        assert message.address not in message.body


def by_power(house: House, *, agent: Person, today: date, now: datetime) -> Request:
    """A request that somebody filed for another by a power of attorney of ten days."""
    completion = house.free[0]
    mandate = Mandate.objects.create(
        representative=agent,
        principal=completion.person,
        principal_hash=completion.person.iin_hash,
        principal_name=completion.person.full_name,
        provider=house.provider,
        document_number="11-7",
        issued_by="Нотариус",
        issued_on=today,
        valid_until=today + timedelta(days=10),
        state=Mandate.State.CHECKED,
        created_at=now,
    )
    (request,) = file_requests(
        provider=house.provider,
        filings=[Filing(completion=completion, mandate=mandate)],
        channel=Request.Channel.WEB,
        filed_at=now,
        actor=SYSTEM,
        now=now,
    )
    return request


def test_who_filed_by_a_power_of_attorney_hears_the_same_while_it_lasts(fresh: World) -> None:
    house, now, agent = fresh.demo, fresh.now, fresh.other.requests[0].person
    confirm_phone(person=agent, phone=MOBILE, how="counter", evidence={}, actor=SYSTEM, now=now)
    agent.language = "ru"
    agent.save()
    request = by_power(house, agent=agent, today=local_day(now), now=now)
    received = Message.objects.filter(person=agent)
    assert [(row.event, row.address, row.language) for row in received] == [
        ("request_filed", MOBILE, "ru")
    ]
    own = Message.objects.filter(person=request.person, event="request_filed")
    assert {row.address for row in own}.isdisjoint({MOBILE})
    assert own.exists()
    tell(request=request, event="request_filed", now=now)
    tell(request=request, event="request_handed_over", now=now, handed_at=now)
    assert received.count() == 1
    Mandate.objects.update(state=Mandate.State.REVOKED)
    request = Request.objects.get(pk=request.pk)
    tell(request=request, event="request_withdrawn", now=now)
    assert received.count() == 1
    assert "request_withdrawn" in events_of(request)


def test_sixty_people_are_told_in_the_statements_of_a_few(fresh: World) -> None:
    house = fresh.demo
    completions = complete(house.group, MANY, number=20, now=fresh.now)

    def statements(count: int, start: int) -> int:
        filings = [Filing(completion=row) for row in completions[start : start + count]]
        with CaptureQueriesContext(
            connection,
        ) as caught:
            file_requests(
                provider=house.provider,
                filings=filings,
                channel=Request.Channel.REGISTRAR,
                filed_at=FILED_AT,
                actor=SYSTEM,
                now=fresh.now,
            )
        return len(caught)

    few, many = statements(5, 0), statements(50, 5)
    assert Message.objects.filter(event="request_filed").count() == 55
    assert many - few <= 2


def test_of_an_invented_past_nobody_hears(fresh: World) -> None:
    """The demonstration takes back what lies longer behind than an hour, with its jobs."""
    Job.objects.all().delete()
    old = file_one(fresh.demo, now=fresh.now - timedelta(days=2))
    new = file_one(fresh.demo, now=fresh.now)
    assert forget_unsent(before=fresh.now - timedelta(hours=1)) == 1
    assert events_of(old) == []
    assert events_of(new) == ["request_filed"]
    (job,) = Job.objects.filter(name="notifications.sms")
    assert job.payload == {"message": Message.objects.get().pk}
