"""Powers of attorney (A57.8.head, A303.8.head): who may act, until when, and who learns what."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kualik.accounts.models import Person, PersonPhone
from kualik.accounts.services import PersonFacts, enter_person, register_persons
from kualik.accounts.services.entering import applicant
from kualik.cases.models import Mandate, Request
from kualik.cases.queries.mandates import (
    acting_for,
    filed_by,
    mandate_for,
    mandates_given,
    refusal_reasons,
)
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.mandating import (
    ASKED_JOB,
    check_facts,
    check_mandate,
    confirm_mandate,
    reason_of,
    refuse_mandate,
    register_mandate,
    revoke_mandate,
    run_asked_job,
)
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.models import Job, StaffTask
from kualik.notifications.models import Message
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.training.models import Completion
from tests.cases.papers import ask_to_act, paper
from tests.world import World, iin

NOTHING = Text("", "")
STRANGER = 990


@pytest.fixture
def bekzat(world: World) -> Person:
    """Somebody who learned nothing here and acts for another."""
    facts = PersonFacts(iin(STRANGER), "Сейітов", "Бекзат", "Маратұлы")
    return register_persons(people=[facts], now=world.now)[facts.iin]


def completion_of(world: World) -> Completion:
    return world.demo.free[0]


def iin_of(world: World, completion: Completion) -> str:
    place = world.demo.completions.index(completion)
    return iin(100 + place)


def asked(world: World, bekzat: Person, **given: object) -> Mandate:
    facts = paper(world.demo.provider, iin_of(world, completion_of(world)), **given)
    return ask_to_act(bekzat, facts, now=world.now)


def check(world: World, mandate: Mandate) -> None:
    check_mandate(
        mandate=mandate,
        principal_iin=iin_of(world, completion_of(world)),
        user=world.demo.staff[Role.CLERK],
        role=Role.CLERK,
        now=world.now,
    )


def checked(world: World, bekzat: Person) -> Mandate:
    mandate = asked(world, bekzat)
    check(world, mandate)
    return mandate


def file(world: World, mandate: Mandate, completion: Completion | None = None) -> Request:
    (request,) = file_requests(
        provider=world.demo.provider,
        filings=[Filing(completion=completion or completion_of(world), mandate=mandate)],
        channel=Request.Channel.WEB,
        filed_at=world.now,
        actor=applicant(mandate.representative),
        now=world.now,
    )
    return request


def refused(call, *args: object, **given: object) -> str:
    with pytest.raises(RuleViolation) as violation:
        call(*args, **given)
    return violation.value.code


def test_what_waits_for_its_check_gives_no_power(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    assert mandate.state == Mandate.State.WAITING
    assert mandate.attachments.get().purpose == "mandate"
    assert acting_for(bekzat, now=world.now) == []
    assert refused(file, world, mandate) == "mandate_not_in_force"
    task = StaffTask.objects.get(key=f"mandate:{mandate.pk}")
    assert (task.scope, task.role) == ("DEMO", "clerk")


def test_the_iin_is_kept_nowhere_in_clear(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    kept = str(Mandate.objects.filter(pk=mandate.pk).values().get())
    kept += str([entry.data for entry in journal.history(f"mandate:{mandate.pk}")])
    kept += str([task.params for task in StaffTask.objects.all()])
    kept += str(list(Message.objects.values_list("body", flat=True)))
    assert iin_of(world, completion_of(world)) not in kept


def test_a_known_and_an_unknown_principal_look_alike(world: World, bekzat: Person) -> None:
    """The statements are the same too: who is told is found out later, by a job."""
    with CaptureQueriesContext(connection) as for_known:
        known = asked(world, bekzat)
    with CaptureQueriesContext(connection) as for_unknown:
        other = paper(world.demo.provider, iin(5555))
        unknown = ask_to_act(bekzat, other, now=world.now, key="second")
    assert len(for_known) == len(for_unknown)
    assert not Message.objects.filter(event="mandate_asked").exists()
    for job in Job.objects.filter(name=ASKED_JOB):
        run_asked_job(job.payload, world.now)
    told = Message.objects.filter(event="mandate_asked").values_list("about", flat=True)
    assert set(told) <= {f"mandate:{known.pk}"}
    shown = ("state", "principal_name", "reason_kk", "valid_until")
    assert [getattr(known, name) for name in shown] == [getattr(unknown, name) for name in shown]


def test_a_clerk_who_types_the_iin_of_the_scan_lets_the_person_act(
    world: World, bekzat: Person
) -> None:
    mandate = checked(world, bekzat)
    mandate.refresh_from_db()
    assert (mandate.state, mandate.evidence["by"]) == (Mandate.State.CHECKED, "clerk")
    assert mandate.checked_by == f"user:{world.demo.staff[Role.CLERK].pk}"
    (found,) = acting_for(bekzat, now=world.now)
    completion = completion_of(world)
    assert found.principal == completion.person
    assert mandate_for(bekzat, completion.person, world.demo.provider, now=world.now) == found
    assert mandate_for(bekzat, completion.person, world.other.provider, now=world.now) is None
    assert StaffTask.objects.get(key=f"mandate:{mandate.pk}").closed_at


def test_another_iin_in_the_scan_is_noticed(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    given = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    code = refused(check_mandate, mandate=mandate, principal_iin=iin(5555), **given)
    assert code == "mandate_iin_differs"
    code = refused(check_mandate, mandate=mandate, principal_iin="123", **given)
    assert code == "iin_length"


def test_a_clerk_of_another_provider_checks_nothing(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    given = {"user": world.other.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    wanted = iin_of(world, completion_of(world))
    assert refused(check_mandate, mandate=mandate, principal_iin=wanted, **given) == "not_permitted"
    given["ground"], given["remark"] = "expired", NOTHING
    assert refused(refuse_mandate, mandate=mandate, **given) == "not_permitted"


def test_nobody_checks_the_own_power_of_attorney(world: World) -> None:
    own = world.demo.iins[Role.CLERK]
    facts = PersonFacts(own, "Сейітов", "Бекзат", "Маратұлы")
    person = register_persons(people=[facts], now=world.now)[own]
    wanted = iin_of(world, completion_of(world))
    mandate = ask_to_act(person, paper(world.demo.provider, wanted), now=world.now)
    given = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    assert refused(check_mandate, mandate=mandate, principal_iin=wanted, **given) == "own_case"


@pytest.mark.parametrize(
    ("issued_on", "valid_until", "code"),
    [
        ((2026, 5, 4), (2026, 11, 21), "mandate_expired"),
        ((2026, 5, 5), (2026, 5, 4), "mandate_days_wrong"),
        ((2026, 11, 23), (2027, 6, 1), "mandate_days_wrong"),
        ((2026, 5, 4), (2029, 5, 5), "mandate_too_long"),
        ((2024, 2, 29), (2027, 3, 1), "mandate_too_long"),
    ],
)
def test_a_paper_that_cannot_hold_is_not_taken(
    world: World,
    bekzat: Person,
    issued_on: tuple[int, int, int],
    valid_until: tuple[int, int, int],
    code: str,
) -> None:
    days = {"issued_on": date(*issued_on), "valid_until": date(*valid_until)}
    facts = paper(world.demo.provider, iin(5555), **days)
    now = datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert refused(check_facts, facts, representative=bekzat, now=now) == code


@pytest.mark.parametrize(
    ("number", "code"),
    [(iin(STRANGER), "mandate_for_oneself"), ("000000000000", "iin_placeholder")],
)
def test_the_principal_is_another_person(
    world: World, bekzat: Person, number: str, code: str
) -> None:
    assert refused(asked, world, bekzat, principal_iin=number) == code


def test_nobody_enters_more_papers_than_clerks_can_look_at(world: World, bekzat: Person) -> None:
    for place in range(5):
        facts = paper(world.demo.provider, iin(5600 + place))
        ask_to_act(bekzat, facts, now=world.now, key=f"k{place}")
    facts = paper(world.demo.provider, iin(5700))
    code = refused(ask_to_act, bekzat, facts, now=world.now, key="last")
    assert code == "too_many_mandates"
    later = world.now + timedelta(days=2)
    assert refused(ask_to_act, bekzat, facts, now=later, key="later") == "too_many_mandates"
    # Those whose term ended unchecked are no work any more.
    Mandate.objects.update(valid_until=local_day(world.now))
    assert ask_to_act(bekzat, facts, now=later, key="then").state == Mandate.State.WAITING


def test_withdrawing_and_entering_again_is_no_way_round(world: World, bekzat: Person) -> None:
    for place in range(5):
        facts = paper(world.demo.provider, iin(5600))
        mandate = ask_to_act(bekzat, facts, now=world.now, key=f"k{place}")
        revoke_mandate(mandate=mandate, person=bekzat, now=world.now)
    code = refused(ask_to_act, bekzat, facts, now=world.now, key="last")
    assert code == "too_many_mandates"
    assert ask_to_act(bekzat, facts, now=world.now + timedelta(days=2), key="later")


def test_the_last_day_is_still_good_and_the_next_is_not(world: World, bekzat: Person) -> None:
    mandate = checked(world, bekzat)
    Mandate.objects.filter(pk=mandate.pk).update(valid_until=local_day(world.now))
    assert acting_for(bekzat, now=world.now)
    assert acting_for(bekzat, now=world.now + timedelta(days=1)) == []


def test_a_mandate_that_ended_mid_way_files_nothing(world: World, bekzat: Person) -> None:
    mandate = checked(world, bekzat)
    yesterday = local_day(world.now) - timedelta(days=1)
    Mandate.objects.filter(pk=mandate.pk).update(valid_until=yesterday)
    assert refused(file, world, mandate) == "mandate_not_in_force"


def test_an_ended_paper_is_not_accepted_any_more(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    mandate.valid_until = local_day(world.now) - timedelta(days=1)
    mandate.save()
    given = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    wanted = iin_of(world, completion_of(world))
    code = refused(check_mandate, mandate=mandate, principal_iin=wanted, **given)
    assert code == "mandate_expired"


def test_the_document_is_asked_for_the_principal_alone(world: World, bekzat: Person) -> None:
    mandate = checked(world, bekzat)
    stranger = world.other.completions[0]
    assert refused(file, world, mandate, world.demo.free[1]) == "mandate_not_in_force"
    assert refused(file, world, mandate, stranger) == "not_permitted"
    request = file(world, mandate)
    assert (request.person, request.mandate) == (completion_of(world).person, mandate)
    assert list(filed_by(bekzat)) == [request]


def test_the_principal_confirms_after_a_strong_entry(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    principal = completion_of(world).person
    facts = PersonFacts(iin_of(world, completion_of(world)), "Ә", "А", "")
    enter_person(facts=facts, way="ncalayer", level="eds", serial="77AB", now=world.now)
    # Somebody else's browser, or the same person's telephone, since then.
    enter_person(facts=facts, way="code", level="otp", now=world.now)
    given = {"mandate": mandate, "principal": principal, "way": "ncalayer", "now": world.now}
    assert refused(confirm_mandate, level="otp", **given) == "entry_too_weak"
    confirm_mandate(level="eds", **given)
    mandate.refresh_from_db()
    evidence = mandate.evidence
    assert (evidence["by"], evidence["level"], evidence["certificate"]) == (
        "principal",
        "eds",
        "77AB",
    )
    assert mandate.checked_by == f"person:{principal.pk}"
    assert acting_for(bekzat, now=world.now)


def test_nobody_but_the_principal_confirms(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    given = {"mandate": mandate, "way": "ncalayer", "level": "eds", "now": world.now}
    for person in (bekzat, world.demo.completions[1].person):
        assert refused(confirm_mandate, principal=person, **given) == "not_permitted"


def test_the_principal_takes_it_back_at_any_time(world: World, bekzat: Person) -> None:
    mandate = checked(world, bekzat)
    stranger = world.demo.completions[1].person
    code = refused(revoke_mandate, mandate=mandate, person=stranger, now=world.now)
    assert code == "not_permitted"
    principal = completion_of(world).person
    revoke_mandate(mandate=mandate, person=principal, now=world.now)
    assert acting_for(bekzat, now=world.now) == []
    assert refused(file, world, mandate) == "mandate_not_in_force"
    mandate.refresh_from_db()
    assert mandate.evidence["ended"]["by"] == "principal"
    assert mandate.evidence["by"] == "clerk"
    code = refused(revoke_mandate, mandate=mandate, person=principal, now=world.now)
    assert code == "conflict"


def test_what_was_filed_before_goes_on(world: World, bekzat: Person) -> None:
    mandate = checked(world, bekzat)
    request = file(world, mandate)
    revoke_mandate(mandate=mandate, person=completion_of(world).person, now=world.now)
    request.refresh_from_db()
    assert request.state == "filed"
    assert list(filed_by(bekzat)) == [request]


def test_a_refusal_names_its_reason_in_both_languages(world: World, bekzat: Person) -> None:
    mandate = asked(world, bekzat)
    given = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    remark = Text("Екінші беті жоқ.", "Нет второй страницы.")
    refuse_mandate(mandate=mandate, ground="unreadable", remark=remark, **given)
    mandate.refresh_from_db()
    assert mandate.state == Mandate.State.REFUSED
    assert mandate.reason_ru == f"{refusal_reasons()['unreadable'].ru} {remark.ru}"
    told = Message.objects.filter(about=f"mandate:{mandate.pk}", event="mandate_refused")
    assert not told.exists(), "the representative has no address yet"


def test_another_reason_needs_words() -> None:
    assert refused(reason_of, "other", Text("Сөз", "")) == "reason_missing"
    assert refused(reason_of, "unheard_of", NOTHING) == "reason_missing"
    assert reason_of("other", Text("Сөз", "Слово")) == Text("Сөз", "Слово")


@pytest.mark.parametrize("code", sorted(refusal_reasons()))
def test_every_reason_is_said_in_three_languages(code: str) -> None:
    said = refusal_reasons()[code]
    assert said.kk
    assert said.ru
    assert said.en
    assert len({said.kk, said.ru, said.en}) == 3


def test_both_hear_of_it_at_their_confirmed_numbers(world: World, bekzat: Person) -> None:
    principal = completion_of(world).person
    for person, phone in ((principal, "+77010000091"), (bekzat, "+77010000092")):
        PersonPhone.objects.create(
            person=person, phone=phone, how="counter", confirmed_at=world.now, confirmed_by="x"
        )
    mandate = asked(world, bekzat)
    for _ in range(2):
        run_asked_job(Job.objects.get(name=ASKED_JOB).payload, world.now)
    check(world, mandate)
    run_asked_job(Job.objects.get(name=ASKED_JOB).payload, world.now)
    revoke_mandate(mandate=mandate, person=principal, now=world.now)
    told = Message.objects.filter(about=f"mandate:{mandate.pk}").order_by("pk")
    assert [(message.event, message.address) for message in told] == [
        ("mandate_asked", "+77010000091"),
        ("mandate_checked", "+77010000092"),
        ("mandate_checked", "+77010000091"),
        ("mandate_revoked", "+77010000092"),
    ]
    assert bekzat.full_name in told[0].body


def test_a_clerk_registers_the_original_at_the_counter(world: World, bekzat: Person) -> None:
    clerk = world.demo.staff[Role.CLERK]
    facts = paper(world.demo.provider, iin_of(world, completion_of(world)))
    by = {"user": clerk, "role": Role.CLERK, "now": world.now}
    mandate = register_mandate(representative=bekzat, facts=facts, **by)
    assert acting_for(bekzat, now=world.now) == [mandate]
    assert mandate.evidence == {"by": "counter", "role": "clerk"}
    (entry,) = journal.history(f"mandate:{mandate.pk}")
    assert (entry.action, entry.actor) == ("cases.mandate_checked", f"user:{clerk.pk}")


def test_a_clerk_registers_papers_for_the_own_provider_alone_and_never_the_own(
    world: World, bekzat: Person
) -> None:
    number = iin_of(world, completion_of(world))
    clerk = world.demo.staff[Role.CLERK]
    foreign = paper(world.other.provider, number)
    own = paper(world.demo.provider, world.demo.iins[Role.CLERK])
    for facts, code in ((foreign, "not_permitted"), (own, "own_case")):
        with pytest.raises(RuleViolation) as violation:
            register_mandate(
                representative=bekzat, facts=facts, user=clerk, role=Role.CLERK, now=world.now
            )
        assert violation.value.code == code
    assert not Mandate.objects.exists()


def test_a_principal_who_comes_later_finds_it(world: World, bekzat: Person) -> None:
    number = iin(5555)
    mandate = ask_to_act(bekzat, paper(world.demo.provider, number), now=world.now)
    check_mandate(
        mandate=mandate,
        principal_iin=number,
        user=world.demo.staff[Role.CLERK],
        role=Role.CLERK,
        now=world.now,
    )
    assert acting_for(bekzat, now=world.now) == []
    facts = PersonFacts(number, "Төлегенова", "Жанар")
    person = register_persons(people=[facts], now=world.now)[number]
    assert acting_for(bekzat, now=world.now)[0].principal == person
    assert list(mandates_given(person)) == [mandate]
