"""The work at the window: shown, filed, decided, represented, taken back (A57.2.1, A303.2.1)."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.accounts.queries import phones_of
from kualik.accounts.services import PersonFacts, register_persons
from kualik.cases.models import Evidence, Mandate, Request
from kualik.cases.services.application import Wish, data_digest
from kualik.cases.services.counter_filing import Presence, file_at_counter
from kualik.cases.services.deciding import refuse_request
from kualik.cases.services.deciding_alone import DECIDE_JOB, LEFT, run_decide_job
from kualik.cases.services.following import follow
from kualik.cases.services.mandating import MandateFacts
from kualik.cases.services.sealing import SEAL_JOB, run_seal_job
from kualik.cases.services.waiting import WAITS_TASK
from kualik.core import journal
from kualik.core.models import Job, JournalEntry, StaffTask
from kualik.counter.models import Identification, Visit
from kualik.counter.services.serving import represent
from kualik.notifications.models import Message
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.asking import let_decide_alone
from tests.counter.desk import (
    MONDAY,
    WISH,
    at_desk,
    case_page,
    file_here,
    file_page,
    filed,
    form_of,
    identified,
    iin_of,
    served_visit,
)
from tests.world import FACTS, World, build_world, iin

OLD = datetime(2020, 10, 5, 5, 0, tzinfo=UTC)  # A57 was in force


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def mine(world: World) -> Completion:
    """A completed programme of a provider's list, without a request."""
    found = world.demo.free[0]
    found.source_row = 12
    found.save()
    return found


@pytest.fixture
def clerk(world: World) -> Client:
    return at_desk(world.demo.staff[Role.CLERK])


@pytest.fixture
def record(clerk: Client, mine: Completion) -> Identification:
    return identified(clerk, mine.person)


@pytest.fixture
def agent(world: World) -> Person:
    """Somebody who learned nothing here and acts for another."""
    facts = PersonFacts(iin(990), "Сейітов", "Бекзат", "Маратұлы")
    return register_persons(people=[facts], now=world.now)[facts.iin]


def paper(principal: Person, **changes: str) -> dict[str, str]:
    """A power of attorney as the form takes it."""
    return {
        "principal_iin": iin_of(principal),
        "document_number": "11-7",
        "issued_by": "Нотариус Қ. Әлиева",
        "issued_on": "2026-11-02",
        "valid_until": "2027-11-02",
        **changes,
    }


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def decide(world: World) -> None:
    """The worker has run."""
    for name, run in ((DECIDE_JOB, run_decide_job), (SEAL_JOB, run_seal_job)):
        for job in Job.objects.filter(name=name, done_at=None):
            run(job.payload, MONDAY)


def open_calls() -> list[StaffTask]:
    return list(StaffTask.objects.filter(kind=WAITS_TASK, closed_at=None))


def test_completions_are_found_without_any_document_about_them(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    page = text(clerk, reverse("counter:work", args=[record.pk]))
    assert mine.programme.title_ru in page or mine.programme.title_kk in page
    assert file_page(record, mine) in page
    assert 'accesskey="f" autofocus' in page


def test_the_person_sees_what_will_be_printed_and_that_it_is_free(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    """A57.6, A303.6."""
    page = text(clerk, file_page(record, mine))
    for said in (mine.holder_kk, mine.programme.title_kk, mine.programme.title_ru, "120 сағат"):
        assert said in page
    assert "Free of charge for individuals" in page
    assert "A303.6" in page
    assert 'type="file"' not in page


def test_one_press_files_at_the_counter_with_the_identification_as_evidence(
    world: World, clerk: Client, record: Identification, mine: Completion
) -> None:
    """A57.8.1, A303.8.1: nothing but the identity document was asked for."""
    answer = file_here(clerk, record, mine, language="ru", delivery="both", paper="reference")
    request = Request.objects.get(completion=mine)
    assert answer.headers["Location"] == case_page(record, request)
    assert (request.channel, request.edition) == ("counter", "A303")
    assert (request.language, request.delivery, request.paper) == ("ru", "both", "reference")
    assert request.filed_at == request.accepted_at == MONDAY
    kept = Evidence.objects.get(request=request)
    assert (kept.level, kept.way) == ("counter", "window")
    assert kept.facts["identification"] == record.pk
    assert kept.facts["document"] == "identity_card"
    assert kept.facts["last"] == "233"
    assert kept.facts["data"] == data_digest(mine)
    assert kept.sha256 == hashlib.sha256(kept.content.encode()).hexdigest()
    assert mine.holder_kk in kept.content
    assert "window" in follow(request, now=MONDAY).confirmed.en
    assert not request.attachments.exists()


def test_the_form_sent_twice_files_once(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    page = file_page(record, mine)
    sent = {**form_of(clerk, page), **WISH}
    first, second = clerk.post(page, sent), clerk.post(page, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert Request.objects.filter(completion=mine).count() == 1


def test_the_service_itself_files_a_key_once(
    world: World, record: Identification, mine: Completion
) -> None:
    user = world.demo.staff[Role.CLERK]
    presence = Presence(record=record.pk, document="identity_card", end="233")
    given = {"wish": Wish(), "seen": data_digest(mine), "presence": presence, "user": user}
    filing = {"completion": mine, "key": "k" * 32, "role": Role.CLERK, "now": MONDAY, **given}
    assert file_at_counter(**filing) == file_at_counter(**filing)
    with pytest.raises(RuleViolation, match="request_exists"):
        file_at_counter(**{**filing, "key": "l" * 32})


def test_data_that_changed_since_they_were_shown_are_shown_again(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    page = file_page(record, mine)
    sent = {**form_of(clerk, page), **WISH}
    Completion.objects.filter(pk=mine.pk).update(holder_ru="Другое Имя")
    answer = clerk.post(page, sent)
    assert answer.status_code == 422
    assert "Другое Имя" in answer.content.decode()
    assert not Request.objects.filter(completion=mine).exists()


def test_the_ticket_knows_what_was_filed_for_it(
    world: World, clerk: Client, mine: Completion
) -> None:
    visit = served_visit(world.demo)
    record = identified(clerk, mine.person, visit=str(visit.pk))
    page = text(clerk, file_page(record, mine))
    assert re.search(r'<input[^>]*value="ru"[^>]*checked', page)
    request = filed(clerk, record, mine)
    visit.refresh_from_db()
    assert list(visit.requests.all()) == [request]
    assert visit.version == 1


def test_without_a_machine_the_registrar_is_called_at_once(
    world: World, clerk: Client, record: Identification, mine: Completion
) -> None:
    request = filed(clerk, record, mine)
    (call,) = open_calls()
    assert (call.role, call.scope) == ("registrar", "DEMO")
    assert call.subject == f"request:{request.number}"
    assert "The registrar is called" in text(clerk, case_page(record, request))
    state = clerk.get(case_page(record, request, "case_state")).json()["state"]
    registrar = at_desk(world.demo.staff[Role.REGISTRAR])
    assert request.number in text(registrar, reverse("cases:tasks"))
    registrar.post(reverse("cases:approve", args=[request.number]))
    assert open_calls() == []
    assert clerk.get(case_page(record, request, "case_state")).json()["state"] != state
    assert "approved" in clerk.get(case_page(record, request, "case_state")).json()["state"]


def test_a_refusal_ends_the_call_too(
    world: World, clerk: Client, record: Identification, mine: Completion
) -> None:
    request = filed(clerk, record, mine)
    bolat = world.demo.staff[Role.REGISTRAR]
    refuse_request(
        request=request, ground="incomplete", facts=FACTS, user=bolat, role=Role.REGISTRAR,
        now=MONDAY,
    )  # fmt: skip
    assert open_calls() == []


def test_a_registrar_at_the_window_approves_at_once(world: World, mine: Completion) -> None:
    bolat = at_desk(world.demo.staff[Role.REGISTRAR])
    record = identified(bolat, mine.person)
    request = filed(bolat, record, mine)
    page = text(bolat, case_page(record, request))
    assert case_page(record, request, "case_approve") in page
    answer = bolat.post(case_page(record, request, "case_approve"))
    assert answer.headers["Location"] == case_page(record, request)
    request.refresh_from_db()
    assert request.state == State.APPROVED
    assert request.decided_by == world.demo.staff[Role.REGISTRAR]
    bolat.post(case_page(record, request, "case_approve"))
    request.refresh_from_db()
    assert request.version == 2


def test_where_the_machine_decides_the_document_is_there_within_seconds(
    world: World, clerk: Client, record: Identification, mine: Completion
) -> None:
    """A303.4; docs/adr/0024."""
    let_decide_alone(world.demo, world)
    request = filed(clerk, record, mine)
    assert open_calls() == []
    assert "The system is deciding" in text(clerk, case_page(record, request))
    decide(world)
    request.refresh_from_db()
    assert (request.state, request.decided_by) == (State.ISSUED, None)
    page = text(clerk, case_page(record, request))
    assert "may be printed and handed over" in page
    assert request.certificate is not None
    assert reverse("certificates:certificate_file", args=[request.certificate.number]) in page
    (entry,) = [
        row for row in journal.history(f"request:{request.number}") if row.action == "cases.approve"
    ]
    assert entry.data["grounds"]["confirmed"] == "counter"


def test_outside_the_hours_of_the_seal_the_registrar_is_called(
    world: World, clerk: Client, record: Identification, mine: Completion
) -> None:
    let_decide_alone(world.demo, world, opens=12 * 60, closes=18 * 60)
    filed(clerk, record, mine)
    assert len(open_calls()) == 1


def test_what_the_machine_leaves_is_called_out_to_the_registrar(
    world: World, clerk: Client, record: Identification, mine: Completion
) -> None:
    let_decide_alone(world.demo, world)
    Completion.objects.filter(pk=mine.pk).update(source_row=None)
    request = filed(clerk, record, mine)
    assert len(open_calls()) == 1
    run_decide_job(Job.objects.get(name=DECIDE_JOB).payload, MONDAY)
    assert [task.subject for task in open_calls()] == [f"request:{request.number}"]
    last = journal.history(f"request:{request.number}")[-1]
    assert (last.action, last.data) == (LEFT, {"why": "not_in_list"})


def test_after_an_hour_nothing_is_filed_in_the_absence_of_the_person(
    monday: time_machine.Traveller, clerk: Client, record: Identification, mine: Completion
) -> None:
    page = file_page(record, mine)
    sent = {**form_of(clerk, page), **WISH}
    monday.shift(timedelta(minutes=61))
    answer = clerk.post(page, sent)
    assert answer.status_code == 409
    assert "Identify again" in answer.content.decode()
    assert not Request.objects.filter(completion=mine).exists()


def test_a_representative_is_identified_himself_and_the_principal_by_the_paper(
    world: World, clerk: Client, mine: Completion, agent: Person
) -> None:
    """A57.8.head, A303.8.head."""
    visit = served_visit(world.demo)
    record = identified(clerk, agent, visit=str(visit.pk))
    assert clerk.get(file_page(record, mine)).status_code == 404
    answer = clerk.post(reverse("counter:representative", args=[record.pk]), paper(mine.person))
    assert answer.headers["Location"] == reverse("counter:work", args=[record.pk])
    mandate = Mandate.objects.get()
    assert (mandate.state, mandate.principal) == (Mandate.State.CHECKED, mine.person)
    assert mandate.principal_name == mine.person.full_name
    assert mandate.evidence["by"] == "counter"
    request = filed(clerk, record, mine)
    assert (request.person, request.mandate) == (mine.person, mandate)
    assert request.evidence.facts["identification"] == record.pk
    assert agent.full_name in request.evidence.content
    visit.refresh_from_db()
    assert (visit.person, visit.mandate) == (agent, mandate)


def test_what_a_representative_files_waits_for_a_person(
    world: World, clerk: Client, mine: Completion, agent: Person
) -> None:
    let_decide_alone(world.demo, world)
    record = identified(clerk, agent)
    clerk.post(reverse("counter:representative", args=[record.pk]), paper(mine.person))
    filed(clerk, record, mine)
    run_decide_job(Job.objects.get(name=DECIDE_JOB).payload, MONDAY)
    assert len(open_calls()) == 1


def test_a_paper_entered_twice_is_one(clerk: Client, mine: Completion, agent: Person) -> None:
    record = identified(clerk, agent)
    for _ in range(2):
        clerk.post(reverse("counter:representative", args=[record.pk]), paper(mine.person))
    assert Mandate.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"valid_until": "2026-11-20"}, "valid_until"),
        ({"issued_on": "2027-01-01"}, "issued_on"),
        ({"valid_until": "2030-01-01"}, "valid_until"),
    ],
)
def test_a_paper_out_of_its_term_is_no_power(
    clerk: Client, mine: Completion, agent: Person, changes: dict[str, str], said: str
) -> None:
    record = identified(clerk, agent)
    page = reverse("counter:representative", args=[record.pk])
    answer = clerk.post(page, paper(mine.person, **changes))
    assert answer.status_code == 422
    assert f'href="#id_{said}"' in answer.content.decode()
    assert iin_of(mine.person) not in answer.content.decode()
    assert not Mandate.objects.exists()


def test_an_unknown_principal_needs_a_name(clerk: Client, agent: Person) -> None:
    record = identified(clerk, agent)
    page = reverse("counter:representative", args=[record.pk])
    sent = {**paper(agent), "principal_iin": iin(7777)}
    assert clerk.post(page, sent).status_code == 422
    assert clerk.post(page, {**sent, "principal_name": "Досжанов Асхат"}).status_code == 302
    assert Mandate.objects.get().principal is None


def test_a_clerk_represents_nobody_and_is_nobodys_principal(
    world: World, clerk: Client, agent: Person
) -> None:
    record = identified(clerk, agent)
    page = reverse("counter:representative", args=[record.pk])
    own = world.demo.iins[Role.CLERK]
    sent = {**paper(agent), "principal_iin": own, "principal_name": "Өзі Өзі"}
    assert clerk.post(page, sent).status_code == 422
    assert not Mandate.objects.exists()


def claim_form(client: Client, page: str, **changes: str) -> dict[str, str]:
    """What a person tells of a training that no list names."""
    said = {
        "programme": "",
        "title": "Эхокардиография",
        "kind": "pd",
        "started_on": "2026-10-05",
        "ended_on": "2026-10-30",
        "hours": "120",
        "phone": "",
    }
    return {**form_of(client, page), **said, **WISH, **changes}


def test_who_is_in_no_list_asks_all_the_same_without_any_paper(
    world: World, clerk: Client, agent: Person
) -> None:
    record = identified(clerk, agent)
    page = reverse("counter:claim", args=[record.pk])
    assert page in text(clerk, reverse("counter:work", args=[record.pk]))
    assert 'type="file"' not in text(clerk, page)
    sent = claim_form(clerk, page, comment=f"Менің ЖСН {iin_of(agent)}")
    first, second = clerk.post(page, sent), clerk.post(page, sent)
    request = Request.objects.get(person=agent)
    assert first.headers["Location"] == second.headers["Location"] == case_page(record, request)
    assert (request.channel, request.completion, request.delivery) == ("counter", None, "paper")
    assert (request.evidence.level, request.evidence.facts["last"]) == ("counter", "233")
    assert iin_of(agent) not in f"{request.claim} {request.evidence.content}"
    assert [task.subject for task in open_calls()] == [f"request:{request.number}"]
    assert not Job.objects.filter(name=DECIDE_JOB).exists()
    bolat = at_desk(world.demo.staff[Role.REGISTRAR])
    assert reverse("cases:claim_training", args=[request.number]) in text(
        bolat, case_page(record, request)
    )


def test_a_claim_of_a_training_that_goes_on_is_not_filed(clerk: Client, agent: Person) -> None:
    page = reverse("counter:claim", args=[identified(clerk, agent).pk])
    answer = clerk.post(page, claim_form(clerk, page, ended_on="2026-12-01"))
    assert answer.status_code == 422
    assert clerk.post(page, {**claim_form(clerk, page), "key": "another"}).status_code == 404
    assert not Request.objects.filter(person=agent).exists()


def test_the_number_is_confirmed_without_typing_the_person_again(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    """A303.10.a."""
    page = reverse("counter:work_phone", args=[record.pk])
    assert 'name="iin"' not in text(clerk, page)
    answer = clerk.post(page, {"phone": "+7 701 555 44 33"})
    check = reverse("counter:work_phone_check", args=[record.pk])
    assert answer.headers["Location"] == check
    sent = Message.objects.get(event="counter_code")
    code = next(word for word in sent.body.replace(".", " ").split() if word.isdigit())
    assert clerk.post(check, {"code": "000000" if code != "000000" else "1"}).status_code == 422
    assert clerk.post(check, {"code": code}).status_code == 302
    (phone,) = phones_of(mine.person)
    assert (phone.phone, phone.how) == ("+77015554433", "counter")
    assert phone.evidence["document"] == "identity_card"
    assert clerk.get(check).headers["Location"] == page


def test_a_code_for_one_person_confirms_nothing_for_another(
    world: World, clerk: Client, record: Identification
) -> None:
    clerk.post(reverse("counter:work_phone", args=[record.pk]), {"phone": "+7 701 555 44 33"})
    other = identified(clerk, world.demo.free[1].person)
    answer = clerk.get(reverse("counter:work_phone_check", args=[other.pk]))
    assert answer.headers["Location"] == reverse("counter:work_phone", args=[other.pk])


def test_a_request_is_taken_back_by_the_persons_paper(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    request = filed(clerk, record, mine)
    page = case_page(record, request, "case_withdraw")
    assert page in text(clerk, case_page(record, request))
    assert clerk.post(page, {"reason": ""}).status_code == 422
    assert clerk.post(page, {"reason": "Өтініш № 7, 23.11.2026"}).status_code == 302
    request.refresh_from_db()
    assert request.state == State.WITHDRAWN
    assert open_calls() == []


def test_under_the_old_order_an_electronic_document_shows_nobody(
    world: World, mine: Completion
) -> None:
    """A57.8.1 names the identity document alone; A303.8.1 adds the electronic one."""
    Completion.objects.filter(pk=mine.pk).update(
        started_on=date(2020, 9, 1), mastered_on=date(2020, 10, 2)
    )
    mine.refresh_from_db()
    user = world.demo.staff[Role.CLERK]
    filing = {
        "completion": mine,
        "wish": Wish(),
        "seen": data_digest(mine),
        "key": "k" * 32,
        "user": user,
        "role": Role.CLERK,
        "now": OLD,
    }
    digital = Presence(record=1, document="digital_document", end="")
    with pytest.raises(RuleViolation, match="document_not_in_edition"):
        file_at_counter(**filing, presence=digital)
    card = Presence(record=1, document="identity_card", end="233")
    assert file_at_counter(**filing, presence=card).edition == "A57"


def test_an_old_request_is_not_taken_back_by_an_electronic_document(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    request = filed(clerk, record, mine)
    Request.objects.filter(pk=request.pk).update(edition="A57", edition_version=1)
    Identification.objects.filter(pk=record.pk).update(kind="digital_document")
    page = case_page(record, request, "case_withdraw")
    answer = clerk.post(page, {"reason": "Өтініш № 7"})
    assert answer.status_code == 422
    assert "By row 8 of the standard" in answer.content.decode()
    Request.objects.filter(pk=request.pk).update(edition="A303")
    assert clerk.post(page, {"reason": "Өтініш № 7"}).status_code == 302


def test_an_old_request_is_not_approved_by_an_electronic_document(
    world: World, mine: Completion
) -> None:
    """A57.8.1."""
    bolat = at_desk(world.demo.staff[Role.REGISTRAR])
    record = identified(bolat, mine.person)
    request = filed(bolat, record, mine)
    Request.objects.filter(pk=request.pk).update(edition="A57", edition_version=1)
    Identification.objects.filter(pk=record.pk).update(kind="digital_document")
    page = case_page(record, request, "case_approve")
    assert "By row 8 of the standard" in bolat.post(page, follow=True).content.decode()
    request.refresh_from_db()
    assert request.state not in (State.APPROVED, State.ISSUED)


def test_while_the_old_order_was_in_force_nobody_represented_by_an_electronic_document(
    world: World, clerk: Client, mine: Completion, agent: Person
) -> None:
    """A57.8.head, A57.8.1."""
    record = identified(clerk, agent)
    values = {"kind": "digital_document", "checked_at": OLD}
    Identification.objects.filter(pk=record.pk).update(**values)
    record.refresh_from_db()
    facts = MandateFacts(
        principal_iin=iin_of(mine.person),
        principal_name=mine.person.full_name,
        provider=world.demo.provider,
        document_number="11-7",
        issued_by="Нотариус",
        issued_on=date(2020, 10, 2),
        valid_until=date(2021, 10, 1),
    )
    by = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": OLD}
    with pytest.raises(RuleViolation, match="document_not_in_edition"):
        represent(record=record, facts=facts, **by)
    Identification.objects.filter(pk=record.pk).update(kind="identity_card")
    record.refresh_from_db()
    assert represent(record=record, facts=facts, **by).state == Mandate.State.CHECKED


def test_who_is_a_known_principal_shows_only_after_the_whole_paper(
    world: World, clerk: Client, mine: Completion, agent: Person
) -> None:
    page = reverse("counter:representative", args=[identified(clerk, agent).pk])
    said = [
        clerk.post(page, {"principal_iin": number}).content.decode()
        for number in (iin_of(mine.person), iin(7777))
    ]
    assert mine.person.family_name not in said[0]
    assert [page.count('href="#id_principal_name"') for page in said] == [0, 0]
    actions = JournalEntry.objects.filter(action="counter.person_looked_up")
    before = actions.count()
    clerk.post(page, {**paper(agent), "principal_iin": iin(7777)})
    assert actions.count() == before + 1


def test_requests_ready_and_on_their_way_are_shown_not_asked(world: World, clerk: Client) -> None:
    ready = world.by_state[State.ISSUED]
    record = identified(clerk, ready.person)
    page = text(clerk, reverse("counter:work", args=[record.pk]))
    assert "Ready to be handed over" in page
    assert case_page(record, ready) in page
    waiting = world.by_state[State.IN_REVIEW]
    page = text(clerk, reverse("counter:work", args=[identified(clerk, waiting.person).pk]))
    assert "Requests on their way" in page


def test_the_receipt_is_one_key_away_and_says_that_it_is_free(
    clerk: Client, record: Identification, mine: Completion
) -> None:
    """A57.6, A303.6, A303.7.2."""
    request = filed(clerk, record, mine)
    page = text(clerk, case_page(record, request))
    assert reverse("cases:receipt", args=[request.number]) in page
    assert "Free of charge for individuals" in page
    assert 'accesskey="r"' in page
    assert clerk.get(reverse("cases:receipt", args=[request.number])).content[:5] == b"%PDF-"


def test_a_colleague_of_the_office_goes_on_with_the_same_person(
    world: World, clerk: Client, record: Identification, mine: Completion
) -> None:
    head = at_desk(world.demo.staff[Role.OFFICE_HEAD])
    request = filed(head, record, mine)
    assert request.evidence.facts["staff"] == f"user:{world.demo.staff[Role.OFFICE_HEAD].pk}"
    assert Visit.objects.count() == 0
