"""Whose number it is: confirmed by a registry, an entry or a document, never by a list."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from kualik.accounts.models import Person, PersonPhone
from kualik.accounts.queries import confirmed_phone, person_of_phone, phones_of
from kualik.accounts.services import (
    MOVED_JOB,
    PersonFacts,
    confirm_phone,
    offer_code,
    owner_of,
    register_persons,
    remove_phone,
)
from kualik.accounts.services.entering import enter_by_code
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.models import Job
from kualik.rules.errors import RuleViolation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
IIN, OTHER_IIN, UNKNOWN_IIN = "850315300123", "840805414770", "620101499003"
PHONE, SECOND = "+77011234567", "+77029999999"
CLERK = Actor(name="user:7", role="clerk")
HERE = "tests.accounts.test_phones"


class Registry:
    """A registry of phones that knows one person."""

    def lookup(self, iin: str) -> str | None:
        return "8 (701) 123-45-67" if iin == IIN else None


class AwayRegistry:
    """One that does not answer."""

    def lookup(self, iin: str) -> str | None:
        raise TimeoutError(f"no answer about {len(iin)} digits")


@pytest.fixture
def people() -> tuple[Person, Person]:
    facts = [PersonFacts(IIN, "Ким", "Виктор"), PersonFacts(OTHER_IIN, "Ахметова", "Айгерім")]
    found = register_persons(people=facts, now=NOW)
    return found[IIN], found[OTHER_IIN]


def confirm(
    person: Person, phone: str = PHONE, how: str = "counter", hours: int = 0
) -> PersonPhone:
    return confirm_phone(
        person=person,
        phone=phone,
        how=how,
        evidence={"document": "identity_card", "last": "4321"},
        actor=CLERK,
        now=NOW + timedelta(hours=hours),
    )


def acts(person: Person) -> list[str]:
    return [entry.action for entry in journal.history(f"person:{person.pk}")]


def test_a_confirmed_number_is_found_however_it_is_spelled(people: tuple[Person, Person]) -> None:
    person, _ = people
    row = confirm(person, "8 701 123 45 67")
    assert row.phone == confirmed_phone(person) == PHONE
    for spelled in ("+7 (701) 123-45-67", "87011234567", "7011234567"):
        assert person_of_phone(spelled) == person
    for spelled in ("", "1414", "+7 701 123 45 68"):
        assert person_of_phone(spelled) is None


def test_the_journal_tells_how_it_was_confirmed_and_no_whole_number(
    people: tuple[Person, Person],
) -> None:
    person, _ = people
    confirm(person)
    [entry] = journal.history(f"person:{person.pk}")
    assert (entry.action, entry.actor) == ("accounts.phone_confirmed", "user:7")
    assert entry.data == {"phone": "4567", "how": "counter", "moved": False}


def test_confirming_it_again_changes_nothing(people: tuple[Person, Person]) -> None:
    person, _ = people
    first = confirm(person)
    assert confirm(person, how="eds", hours=5) == first
    assert acts(person) == ["accounts.phone_confirmed"]


def test_a_number_of_somebody_else_moves_and_both_journals_say_so(
    people: tuple[Person, Person],
) -> None:
    former, latter = people
    held = confirm(former)
    confirm(latter, how="eds", hours=1)
    assert (confirmed_phone(former), confirmed_phone(latter)) == ("", PHONE)
    assert acts(former) == ["accounts.phone_confirmed", "accounts.phone_moved"]
    assert journal.history(f"person:{latter.pk}")[0].data["moved"] is True
    assert Job.objects.get(name=MOVED_JOB).payload == {"phone": held.pk}


def test_the_last_confirmed_number_is_the_one_to_reach_a_person_at(
    people: tuple[Person, Person],
) -> None:
    person, _ = people
    confirm(person)
    confirm(person, SECOND, hours=2)
    assert [row.phone for row in phones_of(person)] == [SECOND, PHONE]
    assert confirmed_phone(person) == SECOND


def test_a_person_removes_the_own_number_and_no_other(people: tuple[Person, Person]) -> None:
    person, stranger = people
    row = confirm(person)
    for owner, number in ((stranger, row.pk), (person, row.pk + 1)):
        with pytest.raises(RuleViolation, match="phone_not_yours"):
            remove_phone(person=owner, phone_id=number, actor=CLERK, now=NOW)
    remove_phone(person=person, phone_id=row.pk, actor=CLERK, now=NOW)
    assert confirmed_phone(person) == ""
    assert person_of_phone(PHONE) is None
    assert acts(person)[-1] == "accounts.phone_removed"
    with pytest.raises(RuleViolation, match="phone_not_yours"):
        remove_phone(person=person, phone_id=row.pk, actor=CLERK, now=NOW)


@pytest.mark.parametrize("text", ["", "1414", "abc", "+7 701"])
def test_what_is_no_number_is_refused(people: tuple[Person, Person], text: str) -> None:
    with pytest.raises(RuleViolation, match="phone_unreadable"):
        confirm(people[0], text)


def test_a_person_has_five_numbers_at_most(people: tuple[Person, Person]) -> None:
    for digit in range(5):
        confirm(people[0], f"+7701000000{digit}")
    with pytest.raises(RuleViolation, match="too_many_phones"):
        confirm(people[0])


def test_the_database_lets_no_number_have_two_owners(people: tuple[Person, Person]) -> None:
    confirm(people[0])
    row = PersonPhone(person=people[1], phone=PHONE, how="eds", confirmed_at=NOW, confirmed_by="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


# The registry of phones


def test_without_a_registry_only_a_confirmed_number_is_the_persons(
    people: tuple[Person, Person],
) -> None:
    person, stranger = people
    assert owner_of(person=person, phone=PHONE, iin=IIN) is None
    confirm(person)
    assert owner_of(person=person, phone=PHONE, iin=IIN) == person
    assert owner_of(person=stranger, phone=PHONE, iin=OTHER_IIN) is None
    assert owner_of(person=None, phone=PHONE, iin=UNKNOWN_IIN) is None


def test_a_number_that_the_registry_names_lets_its_person_in_and_is_kept(
    people: tuple[Person, Person], settings: Settings
) -> None:
    settings.PHONE_REGISTRY = f"{HERE}.Registry"
    person, stranger = people
    assert owner_of(person=person, phone=PHONE, iin=IIN) == person
    assert owner_of(person=person, phone=SECOND, iin=IIN) is None
    assert owner_of(person=stranger, phone=PHONE, iin=OTHER_IIN) is None
    offer = offer_code(person=person, phone=PHONE, purpose="enter", session_secret="s", now=NOW)
    entered = enter_by_code(token=offer.token, code=offer.code, session_secret="s", now=NOW)
    assert entered == person
    [row] = phones_of(person)
    assert (row.phone, row.how, row.confirmed_by) == (PHONE, "registry", "system")


def test_a_registry_that_is_away_stops_nobody_with_a_confirmed_number(
    people: tuple[Person, Person], settings: Settings
) -> None:
    settings.PHONE_REGISTRY = f"{HERE}.AwayRegistry"
    person, _ = people
    assert owner_of(person=person, phone=PHONE, iin=IIN) is None
    confirm(person)
    assert owner_of(person=person, phone=PHONE, iin=IIN) == person


def test_a_number_that_was_removed_meanwhile_opens_nothing(people: tuple[Person, Person]) -> None:
    person, _ = people
    row = confirm(person)
    offer = offer_code(person=person, phone=PHONE, purpose="enter", session_secret="s", now=NOW)
    remove_phone(person=person, phone_id=row.pk, actor=CLERK, now=NOW)
    with pytest.raises(RuleViolation, match="otp_unknown"):
        enter_by_code(token=offer.token, code=offer.code, session_secret="s", now=NOW)
