"""Who stands at the window, by which document, who looked and when (A57.8.1, A303.8.1)."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.accounts.queries.looks import looks_of
from kualik.core import journal
from kualik.core.models import JournalEntry
from kualik.counter.adapters.numbers import open_number
from kualik.counter.models import Identification, Visit
from kualik.counter.services.identifying import LOOK_UPS
from kualik.rules.lifecycle import Role
from kualik.training.models import Completion
from tests.counter.desk import (
    CARD,
    MONDAY,
    at_desk,
    identified,
    iin_of,
    served_visit,
    show_card,
)
from tests.world import World, build_world, iin

STRANGER = iin(7777)
PAGE = "/office/work/"
CSRF = re.compile(r'csrfmiddlewaretoken" value="[^"]*"')


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def clerk(world: World) -> Client:
    return at_desk(world.demo.staff[Role.CLERK])


@pytest.fixture
def mine(world: World) -> Completion:
    return world.demo.free[0]


def test_the_record_says_which_document_who_checked_and_when(
    world: World, clerk: Client, mine: Completion
) -> None:
    """A57.8.1, A303.8.1."""
    record = identified(clerk, mine.person, valid_until="2031-05-01")
    assert record.person == mine.person
    assert (record.kind, record.number_end) == ("identity_card", "233")
    assert record.checked_by == world.demo.staff[Role.CLERK]
    assert record.checked_at == MONDAY
    assert record.office.provider == world.demo.provider
    assert open_number(bytes(record.number_sealed)) == "047112233"
    assert b"047112233" not in bytes(record.number_sealed)


def test_the_journal_and_the_person_know_of_it(
    world: World, clerk: Client, mine: Completion
) -> None:
    record = identified(clerk, mine.person)
    (entry,) = journal.history(f"identification:{record.pk}")
    assert (entry.action, entry.role) == ("counter.identified", "clerk")
    assert entry.actor == f"user:{world.demo.staff[Role.CLERK].pk}"
    person = f"person:{mine.person_id}"
    assert entry.data == {"person": person, "kind": "identity_card", "last": "233"}
    assert looks_of(mine.person)[0].what.ru == "Обслуживание у окна"


def test_what_the_register_knows_is_not_asked(clerk: Client, mine: Completion) -> None:
    page = clerk.get(PAGE).content.decode()
    assert 'name="family_name"' not in page
    answer = show_card(clerk, mine.person)
    assert answer.status_code == 302
    page = clerk.get(answer.headers["Location"]).content.decode()
    assert mine.person.full_name in page
    assert iin_of(mine.person) not in page


def test_an_unknown_person_is_registered_by_the_names_of_the_document(clerk: Client) -> None:
    sent = {"iin": STRANGER, **CARD}
    first = clerk.post(PAGE, sent)
    assert first.status_code == 422
    assert 'name="family_name"' in first.content.decode()
    assert not Identification.objects.exists()
    names = {"family_name": "Сағынтаев", "given_name": "Олжас", "patronymic": ""}
    assert clerk.post(PAGE, {**sent, **names}).status_code == 302
    assert Identification.objects.get().person.full_name == "Сағынтаев Олжас"


def test_an_iin_alone_shows_nothing_of_who_is_in_the_register(
    clerk: Client, mine: Completion
) -> None:
    for sent in ({}, {"number": "12"}, {"number": "047112233", "document": "driver_licence"}):
        pages = [
            clerk.post(PAGE, {"iin": typed, "visit": "no", **sent}).content.decode()
            for typed in (iin_of(mine.person), STRANGER)
        ]
        known, unknown = (CSRF.sub("", page).partition("</main>")[0] for page in pages)
        assert known.replace(iin_of(mine.person), STRANGER) == unknown
        assert "family_name" not in pages[0]
        assert mine.person.family_name not in pages[0]
    assert not JournalEntry.objects.filter(action="counter.person_looked_up").exists()


def test_every_look_into_the_register_is_in_the_journal_of_who_looked(
    world: World, clerk: Client, mine: Completion
) -> None:
    show_card(clerk, mine.person)
    clerk.post(PAGE, {"iin": STRANGER, **CARD})
    user = world.demo.staff[Role.CLERK]
    looked = [row for row in journal.history(f"user:{user.pk}") if row.action.endswith("looked_up")]
    assert [row.data["is_known"] for row in looked] == [True, False]
    assert not any(part in str(looked[1].data) for part in (STRANGER, STRANGER[-4:]))


def test_whoever_tries_iins_out_is_stopped_and_a_colleague_is_not(
    world: World, clerk: Client, mine: Completion
) -> None:
    for _ in range(LOOK_UPS.misses):
        assert clerk.post(PAGE, {"iin": STRANGER, **CARD}).status_code == 422
    answer = show_card(clerk, mine.person)
    assert answer.status_code == 422
    assert "Too many tries" in answer.content.decode()
    assert mine.person.family_name not in answer.content.decode()
    colleague = at_desk(world.demo.staff[Role.REGISTRAR])
    assert show_card(colleague, mine.person).status_code == 302


def test_a_document_whose_term_is_over_shows_nobody(clerk: Client, mine: Completion) -> None:
    answer = show_card(clerk, mine.person, valid_until="2026-11-22")
    assert answer.status_code == 422
    assert "expired: 22.11.2026" in answer.content.decode()
    assert not Identification.objects.exists()
    assert show_card(clerk, mine.person, valid_until="2026-11-23").status_code == 302


@pytest.mark.parametrize("kind", ["digital_document", "driver_licence", ""])
def test_only_a_known_kind_in_the_hand_counts(clerk: Client, mine: Completion, kind: str) -> None:
    assert show_card(clerk, mine.person, document=kind).status_code == 422
    assert not Identification.objects.exists()


def test_a_number_of_signs_alone_is_no_number(clerk: Client, mine: Completion) -> None:
    answer = show_card(clerk, mine.person, number="--- . ---")
    assert "not complete" in answer.content.decode()


def test_an_iin_with_a_wrong_digit_is_refused_and_nothing_is_told(clerk: Client) -> None:
    wrong = STRANGER[:-1] + str((int(STRANGER[-1]) + 1) % 10)
    assert clerk.post(PAGE, {"iin": wrong, **CARD}).status_code == 422
    assert not Person.objects.filter(family_name="Сағынтаев").exists()


def test_nobody_serves_themselves(world: World, clerk: Client) -> None:
    own = world.demo.iins[Role.CLERK]
    names = {"family_name": "Өзі", "given_name": "Өзі"}
    answer = clerk.post(PAGE, {"iin": own, **CARD, **names})
    assert answer.status_code == 422
    assert "own case" in answer.content.decode()
    assert not Identification.objects.exists()


def test_a_form_sent_twice_is_one_look(clerk: Client, mine: Completion) -> None:
    first, second = identified(clerk, mine.person), identified(clerk, mine.person)
    assert first == second
    assert Identification.objects.count() == 1


def test_the_ticket_in_hand_learns_whose_it_is(
    world: World, clerk: Client, mine: Completion
) -> None:
    visit = served_visit(world.demo)
    assert visit.number in clerk.get(PAGE).content.decode()
    record = identified(clerk, mine.person, visit=str(visit.pk))
    visit.refresh_from_db()
    assert (record.visit, visit.person) == (visit, mine.person)
    assert "A001" in clerk.get(reverse("counter:work", args=[record.pk])).content.decode()


def test_somebody_without_a_ticket_leaves_the_ticket_alone(
    world: World, clerk: Client, mine: Completion
) -> None:
    visit = served_visit(world.demo)
    assert 'name="visit" value="no"' in clerk.get(PAGE, {"visit": "no"}).content.decode()
    assert identified(clerk, mine.person).visit is None
    assert Visit.objects.get(pk=visit.pk).person is None


def test_a_ticket_of_somebody_else_is_not_taken_over(world: World, mine: Completion) -> None:
    visit = served_visit(world.demo)
    registrar = at_desk(world.demo.staff[Role.REGISTRAR])
    assert identified(registrar, mine.person, visit=str(visit.pk)).visit is None


def test_after_an_hour_the_document_is_looked_at_again(
    monday: time_machine.Traveller, clerk: Client, mine: Completion
) -> None:
    record = identified(clerk, mine.person)
    page = reverse("counter:work", args=[record.pk])
    assert "Identify again" not in clerk.get(page).content.decode()
    monday.shift(timedelta(minutes=61))
    for name in ("work", "claim", "representative", "work_phone"):
        answer = clerk.get(reverse(f"counter:{name}", args=[record.pk]))
        assert answer.status_code == 409, name
        said = answer.content.decode()
        assert "Identify again" in said
        assert not any(part in said for part in (mine.person.family_name, mine.holder_kk)), name
    show_card(clerk, mine.person)
    assert clerk.get(reverse("counter:work", args=[record.pk + 1])).status_code == 200


def test_the_page_leads_by_the_keyboard(clerk: Client) -> None:
    page = clerk.get(PAGE).content.decode()
    assert re_field(page, "id_iin").count("autofocus") == 1
    assert 'accesskey="i"' in page
    assert 'accesskey="e"' in page


def test_the_iin_stands_in_no_address_and_no_entry(
    world: World, clerk: Client, mine: Completion
) -> None:
    answer = show_card(clerk, mine.person)
    typed = iin_of(mine.person)
    assert typed not in answer.headers["Location"]
    assert not any(typed in str(row.data) for row in JournalEntry.objects.all())


def re_field(page: str, name: str) -> str:
    """The tag of a field."""
    return next(part for part in page.split("<") if f'id="{name}"' in part)
