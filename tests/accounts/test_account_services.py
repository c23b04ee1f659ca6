import re
from pathlib import Path

import django_otp_webauthn
import pytest
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from kualik.accounts import services
from kualik.accounts.models import Person, User
from kualik.accounts.queries import (
    ROLE_LABELS,
    code_device,
    demo_accounts,
    demo_code,
    passkey_texts,
    role_labels,
    second_factors,
)
from kualik.accounts.services import PersonFacts
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from tests.accounts.conftest import NOW, PASSWORD

KEY = "3132333435363738393031323334353637383930"
IIN = "950714300128"
pytestmark = pytest.mark.django_db


def code_at(moment, key=KEY):
    clock = TOTP(bytes.fromhex(key))
    clock.time = moment.timestamp()
    return f"{clock.token():06d}"


def me(user):
    return Actor(name=f"user:{user.pk}")


def enrol_app(user, **changes):
    facts = {"key": KEY, "code": code_at(NOW), "replace": False, **changes}
    return services.enrol_totp(user=user, actor=me(user), now=NOW, **facts)


def acts(user):
    return [entry.action for entry in journal.history(f"user:{user.pk}")]


def test_an_iin_stands_nowhere_in_clear_and_is_found_again():
    people = services.register_persons(people=[PersonFacts(IIN, "Ахметов", "Данияр")], now=NOW)
    stored = Person.objects.get()
    assert people[IIN] == stored
    assert IIN not in stored.iin_hash
    assert IIN.encode() not in bytes(stored.iin_sealed)
    assert services.find_person(iin=IIN) == stored
    assert services.find_person(iin="950714300129") is None


def test_a_known_person_keeps_the_stored_names():
    services.register_persons(people=[PersonFacts(IIN, "Ахметов", "Данияр", "Ерланұлы")], now=NOW)
    again = services.register_persons(people=[PersonFacts(IIN, "Ахметова", "Дана")], now=NOW)
    assert again[IIN].full_name == "Ахметов Данияр Ерланұлы"
    assert Person.objects.count() == 1


def test_the_same_person_twice_in_a_list_is_one_person():
    facts = PersonFacts(IIN, "Ахметов", "Данияр")
    assert len(services.register_persons(people=[facts, facts], now=NOW)) == 1
    assert Person.objects.count() == 1


def test_lists_show_a_masked_iin():
    person = services.register_persons(people=[PersonFacts(IIN, "Ахметов", "Данияр")], now=NOW)
    shown = services.masked_iin(person[IIN])
    assert shown.isdecimal() is False
    assert IIN[2:10] not in shown
    assert shown.endswith(IIN[-2:])


def test_staff_are_enrolled_with_roles_and_a_journal_entry(enrol):
    user = enrol(email=" Aigul@Example.KZ ", roles=[Role.CLERK, Role.REGISTRAR, Role.CLERK])
    assert user.email == "aigul@example.kz"
    assert user.check_password(PASSWORD)
    assert user.roles == {Role.CLERK, Role.REGISTRAR}
    [entry] = journal.history(f"user:{user.pk}")
    assert (entry.action, entry.data["provider"]) == ("accounts.enrolled", "DEMO")
    assert user.email not in str(entry.data)


def test_every_role_has_a_name_in_three_languages():
    assert set(ROLE_LABELS) == set(Role)
    assert all(label.kk and label.ru and label.en for label in ROLE_LABELS.values())


def test_roles_are_told_in_the_order_of_the_office(enrol):
    user = enrol(roles=[Role.OFFICE_HEAD, Role.REGISTRAR])
    assert [label.en for label in role_labels(user)] == ["Registrar", "Head of the office"]


def test_an_app_is_connected_by_its_first_code(registrar):
    device = enrol_app(registrar)
    assert code_device(registrar) == device
    assert acts(registrar) == ["accounts.enrolled", "accounts.device_added"]


@pytest.mark.parametrize("code", ["000000", "", "abcdef", "١٢٣٤٥٦"])
def test_a_wrong_first_code_connects_nothing(registrar, code):
    with pytest.raises(RuleViolation, match="code_wrong"):
        enrol_app(registrar, code=code)
    assert second_factors(registrar) == []


def test_a_password_alone_cannot_replace_an_app(registrar):
    enrol_app(registrar)
    with pytest.raises(RuleViolation, match="not_permitted"):
        enrol_app(registrar)


def test_a_new_app_replaces_the_old_one(registrar):
    old = enrol_app(registrar)
    new = enrol_app(registrar, replace=True)
    assert [device.id for device in second_factors(registrar)] == [new.persistent_id]
    assert old.pk != new.pk
    assert acts(registrar)[-2:] == ["accounts.device_removed", "accounts.device_added"]


def test_the_last_device_stays(registrar):
    device = enrol_app(registrar)
    with pytest.raises(RuleViolation, match="last_device_kept"):
        services.remove_device(
            user=registrar, device_id=device.persistent_id, actor=me(registrar), now=NOW
        )


def test_one_of_two_devices_is_removed(registrar):
    first = enrol_app(registrar)
    second = TOTPDevice.objects.create(user=registrar, name="second", confirmed=True)
    services.remove_device(
        user=registrar, device_id=first.persistent_id, actor=me(registrar), now=NOW
    )
    assert [device.id for device in second_factors(registrar)] == [second.persistent_id]


def test_a_device_of_somebody_else_is_unknown(registrar, enrol):
    other = enrol(email="other@example.kz")
    foreign = enrol_app(other)
    enrol_app(registrar)
    with pytest.raises(RuleViolation, match="device_unknown"):
        services.remove_device(
            user=registrar, device_id=foreign.persistent_id, actor=me(registrar), now=NOW
        )
    assert second_factors(other)


def test_a_demonstration_device_is_made_once_and_kept(registrar, settings):
    settings.DEMO = True
    device = services.enrol_demo_device(user=registrar, now=NOW)
    assert services.enrol_demo_device(user=registrar, now=NOW) == device
    with pytest.raises(RuleViolation, match="demo_device_kept"):
        enrol_app(registrar, replace=True)
    assert acts(registrar) == ["accounts.enrolled", "accounts.device_added"]


def test_the_demonstration_names_active_people_with_its_device(registrar, enrol, settings):
    settings.DEMO = True
    gone = enrol(email="gone@example.kz")
    enrol(email="real@example.kz")
    for user in (registrar, gone):
        services.enrol_demo_device(user=user, now=NOW)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    [account] = demo_accounts()
    assert (account.email, account.roles[0].ru) == (registrar.email, "Регистратор")
    settings.DEMO = False
    assert demo_accounts() == []


def test_the_shown_code_is_that_of_the_demonstration_device_alone(registrar, enrol, settings):
    settings.DEMO = True
    device = services.enrol_demo_device(user=registrar, now=NOW)
    assert demo_code(registrar, now=NOW) == code_at(NOW, device.key)
    other = enrol(email="other@example.kz")
    enrol_app(other)
    assert demo_code(other, now=NOW) == ""
    settings.DEMO = False
    assert demo_code(registrar, now=NOW) == ""


def test_the_demonstration_signs_in_several_times_within_half_a_minute(registrar, settings):
    settings.DEMO = True
    device = services.enrol_demo_device(user=registrar, now=NOW)
    for _ in range(5):
        clock = TOTP(device.bin_key, drift=device.drift)
        code = demo_code(registrar, now=NOW)
        clock.time = NOW.timestamp()
        assert clock.verify(int(code), tolerance=1, min_t=device.last_t + 1)
        device.last_t, device.drift = clock.t(), clock.drift
        device.save()


def test_a_lock_out_is_journalled_without_the_address(registrar):
    services.record_lock_out(email=registrar.email, now=NOW)
    services.record_lock_out(email="stranger@example.kz", now=NOW)
    entries = journal.JournalEntry.objects.filter(action="accounts.locked_out").order_by("pk")
    assert entries[0].subject == f"user:{registrar.pk}"
    assert all("@" not in f"{entry.subject}{entry.data}" for entry in entries)
    assert entries[1].subject.startswith("sign-in:")


def test_the_passkey_scripts_are_translated_whole():
    folder = Path(django_otp_webauthn.__file__).parent / "static" / "django_otp_webauthn"
    scripts = [file.read_text(encoding="utf-8") for file in folder.glob("*.js")]
    said = {text for script in scripts for text in re.findall(r'gettext\("([^"]+)"\)', script)}
    assert said == set(passkey_texts())
    assert all(text.kk and text.ru and text.en for text in passkey_texts().values())
