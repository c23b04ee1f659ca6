"""The offer after an import, and the short message that answers it (A303.10.a)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.accounts.services import applicant, confirm_phone, withdraw_consent
from kualik.cases.models import Evidence, Request
from kualik.cases.services.answering import is_yes, run_answer_job
from kualik.cases.services.deciding_alone import DECIDE_JOB, LEFT, run_decide_job
from kualik.cases.services.offering import offer_documents, run_offer_job
from kualik.config.jobs import HANDLERS
from kualik.core import journal
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.notifications.models import InboundSms, Message
from kualik.notifications.services.receiving import ANSWER_JOB, receive_sms
from kualik.rules.lifecycle import State
from kualik.training.models import Completion, ImportDraft
from kualik.training.services.importing import IMPORTED_JOB
from tests.cases.asking import at_home, confirm, let_decide_alone
from tests.entering import consent
from tests.world import MASTERED_ON, STARTED_ON, World, complete

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # Monday, 11:00 in Almaty
MINUTE = timedelta(minutes=1)
OWN = "+77010000109"


@pytest.fixture(autouse=True)
def carriers(settings) -> None:
    settings.SMS_URL = "smpp://kualik:secret@127.0.0.1:2775"
    settings.EMAIL_URL = "smtp://127.0.0.1:2525"


@pytest.fixture
def mine(world: World) -> Completion:
    """A completed programme of a list with the person's own number."""
    found = world.demo.free[0]
    found.phone, found.source_row = "8 (701) 000-01-09", 3
    found.save()
    return found


def own(person: Person, phone: str = OWN) -> None:
    """The number is confirmed for the person."""
    confirm_phone(person=person, phone=phone, how="counter", evidence={}, actor=SYSTEM, now=NOW)


def offer(*completions: Completion, now: datetime = NOW) -> int:
    return offer_documents(completions=[row.pk for row in completions], now=now)


def answer(text: str = "1", *, phone: str = OWN, reference: str = "1") -> InboundSms:
    """What comes in a minute after the offer, and what is done with it."""
    arrived = NOW + MINUTE
    inbound = receive_sms(
        carrier="smpp", reference=reference, phone=phone, text=text, received_at=arrived,
        now=arrived,
    )  # fmt: skip
    run_answer_job({"inbound": inbound.pk}, arrived)
    inbound.refresh_from_db()
    return inbound


def another(mine: Completion) -> Completion:
    """A second programme that the same person completed a month earlier."""
    back = timedelta(days=30)
    group = mine.group
    group.pk, group.started_on, group.ended_on = None, STARTED_ON - back, MASTERED_ON - back
    group.save()
    second = Completion.objects.get(pk=mine.pk)
    second.pk, second.group, second.mastered_on = None, group, group.ended_on
    second.started_on = group.started_on
    second.save()
    return second


def told(event: str) -> list[str]:
    """The texts of the short messages of an event."""
    found = Message.objects.filter(event=event, channel="sms").order_by("pk")
    return list(found.values_list("body", flat=True))


def test_people_with_a_phone_and_no_document_are_told_once(world: World, mine: Completion) -> None:
    without = world.demo.free[1]
    Completion.objects.filter(pk=without.pk).update(phone="")
    taken = world.by_state[State.ISSUED].completion
    refused = world.by_state[State.REFUSED].completion
    assert offer(mine, without, taken, refused) == 2
    offer(mine, without, taken, refused)
    assert Message.objects.filter(event="completion_offer").count() == 2
    (body, _) = told("completion_offer")
    assert mine.programme.title_kk in body
    assert "1 деп жауап беріңіз" in body
    assert Message.objects.get(about=f"completion:{mine.pk}").address == OWN


def test_the_offer_speaks_the_persons_language_to_the_confirmed_number(mine: Completion) -> None:
    Person.objects.filter(pk=mine.person_id).update(language="ru", email="a@example.kz")
    own(mine.person, "+77775550001")
    offer(mine)
    messages = Message.objects.filter(about=f"completion:{mine.pk}")
    assert {row.address for row in messages} == {"+77775550001", "a@example.kz"}
    assert "ответьте 1" in told("completion_offer")[0]
    letter = messages.get(channel="email")
    assert reverse("cases:receive", args=[mine.pk]) in letter.body


def test_retraining_and_what_is_not_mastered_yet_is_not_offered(
    world: World, mine: Completion
) -> None:
    Completion.objects.filter(pk=mine.pk).update(mastered_on=NOW.date() + timedelta(days=1))
    assert offer(mine) == 0
    Completion.objects.filter(pk=mine.pk).update(mastered_on=NOW.date())
    world.demo.programme.kind = "rt"
    world.demo.programme.save()
    assert offer(mine) == 0


def test_a_list_of_three_hundred_is_offered_in_the_statements_of_a_few(world: World) -> None:
    people = [(f"Оспан{'ов' * (1 + number % 3)}", f"Ұлан{number}", "") for number in range(310)]
    rows = complete(world.demo.group, people, number=20, now=NOW)

    def statements(some: list[Completion]) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert offer(*some) == len(some)
        return len(caught)

    assert statements(rows[10:]) - statements(rows[:10]) <= 10


def test_the_job_of_an_import_offers_to_everybody_of_the_list(mine: Completion) -> None:
    assert HANDLERS[IMPORTED_JOB] is run_offer_job
    draft = ImportDraft.objects.create(
        provider=mine.provider, uploaded_by="user:1", filename="тізім.xlsx", sha256="0" * 64,
        created_at=NOW, imported_at=NOW, result={"completions": [[2, mine.pk]]},
    )  # fmt: skip
    for _ in range(2):
        run_offer_job({"import": draft.pk}, NOW)
    assert len(told("completion_offer")) == 1
    run_offer_job({"import": 10**9}, NOW)


def test_one_from_the_confirmed_number_files_the_request_with_its_evidence(
    mine: Completion,
) -> None:
    own(mine.person)
    offer(mine)
    inbound = answer()
    filed = Request.objects.get(completion=mine)
    assert inbound.outcome == "filed"
    assert (filed.channel, filed.paper, filed.delivery) == (
        "sms-answer", "certificate", "electronic",
    )  # fmt: skip
    kept = Evidence.objects.get(request=filed)
    assert (kept.level, kept.way, kept.signature) == ("sms", "sms-answer", None)
    assert kept.content == f"{told('completion_offer')[0]}\n\n1"
    assert kept.facts["inbound"] == inbound.pk
    assert kept.facts["phone"] == "+7…09"
    assert OWN not in str(kept.facts)
    assert filed.number in told("answer_filed")[-1]


def test_the_same_message_delivered_again_files_once(mine: Completion) -> None:
    assert HANDLERS[ANSWER_JOB] is run_answer_job
    own(mine.person)
    offer(mine)
    first, second = answer(), answer()
    assert first.pk == second.pk
    run_answer_job({"inbound": first.pk}, NOW + 2 * MINUTE)
    assert Request.objects.filter(completion=mine).count() == 1
    assert InboundSms.objects.get().outcome == "filed"
    assert not told("answer_state")


def test_a_second_one_is_told_where_the_request_stands(mine: Completion) -> None:
    own(mine.person)
    offer(mine)
    answer()
    assert answer(reference="2").outcome == "answer_state"
    filed = Request.objects.get(completion=mine)
    (body,) = told("answer_state")
    assert filed.number in body
    assert "Өтініш түсті" in body or "Қабылданды" in body


def test_a_request_made_in_the_cabinet_meanwhile_is_named(mine: Completion) -> None:
    own(mine.person)
    offer(mine)
    confirm(at_home(mine.person), mine)
    assert answer().outcome == "answer_state"
    assert Request.objects.filter(completion=mine).count() == 1


def test_a_number_from_a_list_alone_files_nothing(mine: Completion) -> None:
    offer(mine)
    assert answer().outcome == "number_unconfirmed"
    assert not Request.objects.filter(completion=mine).exists()
    assert reverse("cases:phones") in told("number_unconfirmed")[0]


def test_a_number_confirmed_for_somebody_else_files_nothing(world: World, mine: Completion) -> None:
    own(world.demo.free[1].person)
    offer(mine)
    Message.objects.filter(event="completion_offer").update(person=mine.person)
    assert answer().outcome == "number_unconfirmed"
    assert (
        not Request.objects.exclude(pk__in=[row.pk for row in world.demo.requests])
        .filter(completion=mine)
        .exists()
    )


def test_the_confirmed_number_may_answer_what_went_to_the_lists_number(mine: Completion) -> None:
    offer(mine)
    own(mine.person, "+77775550001")
    assert answer(phone="+77775550001").outcome == "filed"


@pytest.mark.parametrize("text", ["1", " 1 ", "1.", "«1»", '"1"!', "１", "1\n", "\u200f1\u200e"])
def test_one_is_one_however_it_is_typed(text: str) -> None:
    assert is_yes(text)


@pytest.mark.parametrize("text", ["", "2", "11", "1 қате", "иә", "1️⃣0", "10", "STOP", "¹2", "😀"])
def test_everything_else_is_asked_again(text: str) -> None:
    assert not is_yes(text)


def test_an_unclear_answer_is_told_what_to_do(mine: Completion) -> None:
    own(mine.person)
    offer(mine)
    assert answer("иә, керек").outcome == "answer_not_understood"
    assert "1 деп жіберіңіз" in told("answer_not_understood")[0]
    assert not Request.objects.filter(completion=mine).exists()


def test_who_was_offered_nothing_gets_no_reply(mine: Completion) -> None:
    own(mine.person)
    assert answer("1").outcome == "no_offer"
    assert answer("Сәлем", phone="1414", reference="2").outcome == "no_offer"
    assert not Message.objects.filter(about__startswith="inbound:").exists()


def test_of_several_offers_the_last_one_is_answered(mine: Completion) -> None:
    earlier = another(mine)
    own(mine.person)
    offer(earlier, now=NOW - timedelta(hours=1))
    offer(mine)
    answer()
    assert Request.objects.filter(completion=mine).exists()
    assert not Request.objects.filter(completion=earlier).exists()


def test_an_offer_is_answered_within_a_quarter(mine: Completion) -> None:
    own(mine.person)
    offer(mine, now=NOW - timedelta(days=90, minutes=1))
    assert answer().outcome == "no_offer"
    assert not Request.objects.filter(completion=mine).exists()


def test_of_two_offers_of_one_list_each_one_takes_the_next(mine: Completion) -> None:
    earlier = another(mine)
    own(mine.person)
    assert offer(earlier, mine) == 2
    first, second = told("completion_offer")
    assert first != second
    assert answer().outcome == "filed"
    assert answer(reference="2").outcome == "filed"
    filed = Request.objects.filter(channel="sms-answer").values_list("completion", flat=True)
    assert set(filed) == {mine.pk, earlier.pk}
    receipts = told("answer_filed")
    assert all(f"«{mine.programme.title_kk[:10]}" in body for body in receipts)
    assert len(set(receipts)) == 2
    assert answer(reference="3").outcome == "answer_state"


def test_an_offer_to_the_lists_number_waits_behind_one_to_the_own_number(
    mine: Completion,
) -> None:
    earlier = another(mine)
    offer(earlier, now=NOW - timedelta(hours=1))
    own(mine.person, "+77775550001")
    offer(mine)
    for place in range(2):
        assert answer(phone="+77775550001", reference=f"{place}").outcome == "filed"
    assert Request.objects.filter(completion=earlier, channel="sms-answer").exists()


def test_nothing_is_offered_after_the_consent_was_withdrawn(mine: Completion) -> None:
    """Reading A303-offer: who never agreed may be told, who withdrew may not."""
    consent(mine.person)
    withdraw_consent(person=mine.person, actor=applicant(mine.person), now=NOW)
    assert offer(mine) == 0
    assert not Message.objects.filter(event="completion_offer").exists()
    consent(mine.person)
    assert offer(mine) == 1


def test_who_withdrew_the_consent_agrees_before_an_answer_files_anything(
    mine: Completion,
) -> None:
    own(mine.person)
    offer(mine)
    consent(mine.person)
    withdraw_consent(person=mine.person, actor=applicant(mine.person), now=NOW)
    assert answer().outcome == "consent_first"
    assert not Request.objects.filter(completion=mine).exists()
    assert reverse("accounts:consent") in told("consent_first")[0]
    consent(mine.person)
    assert answer(reference="2").outcome == "filed"


def test_an_answer_that_came_before_a_later_offer_means_the_earlier_one(mine: Completion) -> None:
    later = another(mine)
    own(mine.person)
    offer(mine)
    offer(later, now=NOW + timedelta(hours=1))
    answer()
    assert Request.objects.filter(completion=mine).exists()
    assert not Request.objects.filter(completion=later).exists()


def test_what_cannot_be_filed_any_more_is_told(world: World, mine: Completion) -> None:
    own(mine.person)
    offer(mine)
    world.demo.programme.kind = "rt"
    world.demo.programme.save()
    assert answer().outcome == "answer_not_filed"
    assert not Request.objects.filter(completion=mine).exists()


def test_two_machines_do_not_talk_for_ever(mine: Completion) -> None:
    own(mine.person)
    offer(mine)
    for place in range(9):
        answer("Автожауап", reference=f"a{place}")
    assert len(told("answer_not_understood")) == 6


def test_what_an_answer_asked_for_is_left_to_a_person(world: World, mine: Completion) -> None:
    """A short message shows a title; what will be printed nobody saw."""
    let_decide_alone(world.demo, world)
    own(mine.person)
    offer(mine)
    answer()
    run_decide_job(Job.objects.get(name=DECIDE_JOB).payload, NOW + MINUTE)
    filed = Request.objects.get(completion=mine)
    assert filed.state == State.FILED
    last = journal.history(f"request:{filed.number}")[-1]
    assert (last.action, last.data) == (LEFT, {"why": "channel"})
