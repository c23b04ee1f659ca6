"""Staff found by the IIN of a signature, persons entered by it."""

import pytest
from django.db import IntegrityError, transaction

from kualik.accounts.models import Person, User
from kualik.accounts.services import (
    PersonFacts,
    enrol_staff,
    enter_person,
    find_staff,
    is_own_iin,
)
from kualik.core import journal
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.accounts.conftest import NOW

pytestmark = pytest.mark.django_db
IIN, OTHER = "840805414770", "850315300123"


def enrolled(provider: Provider | None, iin: str) -> User:
    return enrol_staff(
        email=f"staff{User.objects.count()}@example.kz",
        password=None,
        full_name="Болат Ахметов",
        position=Text("Тіркеуші", "Регистратор"),
        provider=provider,
        roles=[Role.REGISTRAR],
        actor=SYSTEM,
        now=NOW,
        iin=iin,
    )


def test_an_account_knows_its_owner_and_keeps_no_iin(provider: Provider) -> None:
    user = enrolled(provider, IIN)
    assert is_own_iin(user, IIN)
    assert not is_own_iin(user, OTHER)
    assert IIN not in str(User.objects.values().get())


def test_an_account_without_an_iin_belongs_to_nobody(provider: Provider) -> None:
    user = enrolled(provider, "")
    assert user.iin_hash == ""
    assert not is_own_iin(user, "")
    assert not is_own_iin(user, IIN)
    assert find_staff(iin="") == []


def test_staff_are_found_at_an_organisation_or_everywhere(provider: Provider) -> None:
    here, platform = enrolled(provider, IIN), enrolled(None, IIN)
    enrolled(provider, OTHER)
    assert find_staff(iin=IIN) == [here, platform]
    assert find_staff(iin=IIN, bin=provider.bin) == [here]
    assert find_staff(iin=IIN, bin="960340000227") == []
    User.objects.filter(pk=here.pk).update(is_active=False)
    assert find_staff(iin=IIN, bin=provider.bin) == []


def test_a_person_has_one_account_at_an_organisation(provider: Provider) -> None:
    enrolled(provider, IIN)
    with pytest.raises(IntegrityError), transaction.atomic():
        enrolled(provider, IIN)
    enrolled(provider, "")
    enrolled(provider, "")


def test_entering_registers_once_and_is_journalled_each_time() -> None:
    facts = PersonFacts(IIN, "Тестова", "Айгүл", "Серікқызы")
    for way, level in (("ncalayer", "eds"), ("egov-mobile", "eds")):
        person = enter_person(facts=facts, way=way, level=level, serial="1f", now=NOW)
    assert Person.objects.get() == person
    acts = journal.history(f"person:{person.pk}")
    assert [(act.action, act.data["way"]) for act in acts] == [
        ("accounts.entered", "ncalayer"),
        ("accounts.entered", "egov-mobile"),
    ]
