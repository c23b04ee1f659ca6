"""The administrator's own house: each page, and nobody else's."""

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kualik.core import journal
from kualik.core.clock import local_day
from kualik.providers.models import Closure, HoursChange, Office, Provider
from kualik.providers.queries import history_of, listing_of
from kualik.providers.services import announce_closure, change_access, change_hours
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role
from tests.providers.houses import SIX_DAYS
from tests.world import World, build_world, sign_in

pytestmark = pytest.mark.django_db

PLACE = {
    "name_kk": "Екінші орын",
    "name_ru": "Второе место",
    "name_en": "Second place",
    "address_kk": "Төле би көшесі, 94",
    "address_ru": "улица Толе би, 94",
    "address_en": "94 Tole bi street",
    "phones": "+7 727 300 00 02\n\n+7 727 300 00 03\n",
    "windows": "2",
    "position": "43.2551, 76.9126",
}
OWN = {
    "name_kk": "Жаңа атау",
    "name_ru": "Новое название",
    "name_en": "New name",
    "city_kk": "Алматы",
    "city_ru": "Алматы",
    "city_en": "Almaty",
    "accreditation": "IA-1",
    "accreditation_until": "2030-12-31",
    "site": "ulgi.example",
}
OFFICE_PAGES = ("office", "office_place", "office_hours", "office_access", "photo_put")
OFFICE_ACTS = ("hours_cancel", "photo_remove")


@pytest.fixture
def world(kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def admin(world: World) -> Client:
    return sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])


def office_of(world: World) -> Office:
    return world.demo.provider.offices.get()


def page(client: Client, name: str, *parts: object, **query: str) -> str:
    response = client.get(reverse(f"providers:{name}", args=parts), {"lang": "ru"} | query)
    assert response.status_code == 200
    return response.content.decode()


def send(client: Client, name: str, *parts: object, **sent: object) -> HttpResponse:
    address = reverse(f"providers:{name}", args=parts)
    response: HttpResponse = client.post(f"{address}?lang=ru", sent)
    return response


def ahead(world: World, days: int) -> str:
    return (local_day(world.now) + timedelta(days=days)).isoformat()


def week(hours: dict[int, tuple[int, int]]) -> dict[str, str]:
    """The fields of the form of hours."""
    return {
        f"{part}_{day}": f"{minute // 60:02d}:{minute % 60:02d}"
        for day, span in hours.items()
        for part, minute in zip(("opens", "closes"), span, strict=True)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_house_shows_what_the_public_is_told(world, admin, language):
    html = admin.get(reverse("providers:house"), {"lang": language}).content.decode()
    provider = world.demo.provider
    for text in (provider.name_kk, provider.name_ru, provider.name_en, provider.bin):
        assert text in html
    assert reverse("providers:office", args=[office_of(world).pk]) in html
    assert world.other.provider.bin not in html


def test_own_facts_are_changed_and_the_change_is_in_the_history(world, admin):
    before = world.demo.provider.name_ru
    assert send(admin, "facts", **OWN).status_code == 302
    provider = Provider.objects.get(pk=world.demo.provider.pk)
    assert (provider.name_ru, provider.site) == ("Новое название", "https://ulgi.example")
    assert provider.code == "DEMO"
    html = page(admin, "history")
    user = world.demo.staff[Role.PROVIDER_ADMIN]
    assert user.full_name in html
    assert f"<del>{before}</del>" in html
    assert "<ins>Новое название</ins>" in html
    assert "<ins>31.12.2030</ins>" in html
    assert journal.broken_links(f"provider:{provider.pk}") == []


def test_saving_the_same_facts_again_leaves_no_second_trace(world, admin):
    send(admin, "facts", **OWN)
    count = len(history_of(world.demo.provider, most=99))
    send(admin, "facts", **OWN)
    assert len(history_of(world.demo.provider, most=99)) == count


@pytest.mark.parametrize("missing", ["name_en", "city_kk"])
def test_a_name_is_needed_in_every_language(world, admin, missing):
    response = send(admin, "facts", **(OWN | {missing: ""}))
    assert response.status_code == 200
    assert "govuk-error-summary" in response.content.decode()


def test_an_office_is_opened_and_found_in_the_directory(world, admin):
    assert send(admin, "office_new", **PLACE).status_code == 302
    offices = listing_of("DEMO", now=world.now).offices
    assert [office.is_main for office in offices] == [True, False]
    assert offices[1].phones == ("+7 727 300 00 02", "+7 727 300 00 03")
    assert offices[1].position == (43.2551, 76.9126)
    again = send(admin, "office_new", **PLACE)
    assert again.status_code == 200
    assert "уже есть" in again.content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"phones": "позвоните нам"}, "контактный телефон"),
        ({"position": "55.75, 37.61"}, "за пределами Казахстана"),
        ({"position": "у рынка"}, "43.2380"),
        ({"windows": "0"}, "1"),
    ],
)
def test_an_office_with_wrong_facts_is_not_saved(world, admin, changed, words):
    office = office_of(world)
    response = send(admin, "office_place", office.pk, **(PLACE | changed))
    assert response.status_code == 200
    assert words in response.content.decode()
    assert office_of(world).name_ru == office.name_ru


def test_address_and_phones_are_changed(world, admin):
    office = office_of(world)
    assert send(admin, "office_place", office.pk, **PLACE).status_code == 302
    shown = page(admin, "office", office.pk)
    assert "улица Толе би, 94" in shown
    assert "43.25510, 76.91260" in shown


def test_hours_are_set_ahead_and_cancelled(world, admin):
    office, day = office_of(world), ahead(world, 10)
    sent = week(SIX_DAYS) | {"valid_from": day}
    assert send(admin, "office_hours", office.pk, **sent).status_code == 302
    assert HoursChange.objects.get().hours["5"] == [540, 840]
    assert "Пн–Пт 08:30–17:30; Сб 09:00–14:00" in page(admin, "office", office.pk)
    form = page(admin, "office_hours", office.pk, **{"from": day})
    assert f'value="{day}"' in form
    send(admin, "hours_cancel", office.pk, valid_from=day)
    assert not HoursChange.objects.exists()


def test_hours_against_the_standard_are_saved_when_sent_a_second_time(world, admin):
    # A303.7.1: warned of, not forbidden, and recorded.
    office = office_of(world)
    sent = week({0: (600, 1020)}) | {"valid_from": ahead(world, 10)}
    first = send(admin, "office_hours", office.pk, **sent)
    html = first.content.decode()
    assert first.status_code == 200
    assert "A303.7.1" in html
    assert "10:00–17:00" in html
    assert not HoursChange.objects.exists()
    assert send(admin, "office_hours", office.pk, **sent, is_known="1").status_code == 302
    entry = journal.history(f"provider:{office.provider_id}")[-1]
    assert entry.data["after"]["contradicts"] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"closes_0": ""}, "closes_0"),
        ({"opens_0": "17:30", "closes_0": "08:30"}, "closes_0"),
        ({"opens_0": "25:00"}, "opens_0"),
        ({"valid_from": "2020-01-01"}, "valid_from"),
        ({"valid_from": ""}, "valid_from"),
    ],
)
def test_hours_that_cannot_be_are_shown_at_their_field(world, admin, changed, field):
    office = office_of(world)
    sent = week(SIX_DAYS) | {"valid_from": ahead(world, 10)} | changed
    response = send(admin, "office_hours", office.pk, **sent)
    assert response.status_code == 200
    assert f'href="#id_{field}"' in response.content.decode()
    assert not HoursChange.objects.exists()


def test_hours_of_today_that_contradict_the_standard_are_shown(world, admin):
    # The world's provider rests on Saturday, which A303.7.1 works.
    assert "09:00–14:00" in page(admin, "office", office_of(world).pk)


def test_accessibility_is_changed_with_before_and_after(world, admin):
    office = office_of(world)
    send(admin, "office_access", office.pk, accessible=["call_button"])
    found = office_of(world)
    assert found.has_call_button
    assert not found.has_waiting_hall
    lines = history_of(world.demo.provider, most=1)
    assert {change.name.ru: change.after.ru for change in lines[0].changes}[
        "Кнопка вызова"
    ] == "есть"
    send(admin, "office_access", office.pk)
    assert not office_of(world).has_call_button


def test_a_closed_period_is_announced_corrected_and_cancelled(world, admin):
    words = {"reason_kk": "Түгендеу", "reason_ru": "Инвентаризация", "reason_en": ""}
    first, last = ahead(world, 20), ahead(world, 22)
    assert send(admin, "closures", first=first, last=last, **words).status_code == 302
    assert Closure.objects.count() == 3
    form = page(admin, "closures", correct=first)
    assert f'name="begins_on" value="{first}"' in form
    send(admin, "closures", begins_on=first, first=last, last="", **words)
    assert [row.day.isoformat() for row in Closure.objects.all()] == [last]
    send(admin, "closure_cancel", day=last)
    assert not Closure.objects.exists()
    labels = [line.action.ru for line in history_of(world.demo.provider, most=2)]
    assert labels == ["Нерабочий период отменён", "Объявлен нерабочий период"]


def test_a_period_that_began_has_no_button_and_no_way(world, admin):
    yesterday = world.now - timedelta(days=2)
    today = local_day(world.now)
    announce_closure(
        provider=world.demo.provider,
        day=today,
        until=today + timedelta(days=2),
        reason=Text("Түгендеу", "Инвентаризация"),
        now=yesterday,
        actor=journal.SYSTEM,
    )
    html = page(admin, "closures")
    assert "Инвентаризация" in html
    assert f'name="day" value="{today.isoformat()}"' not in html
    send(admin, "closure_cancel", day=today.isoformat())
    assert Closure.objects.count() == 3


def test_a_day_typed_wrongly_does_nothing(world, admin):
    for day in ("soon", "2026-13-45"):
        assert send(admin, "closure_cancel", day=day).status_code == 302
        assert page(admin, "closures", correct=day)
        assert page(admin, "office_hours", office_of(world).pk, **{"from": day})
    assert send(admin, "hours_cancel", office_of(world).pk, valid_from="").status_code == 302


def test_the_house_of_another_provider_is_not_found(world):
    stranger = sign_in(Client(), world.other.staff[Role.PROVIDER_ADMIN])
    office = office_of(world)
    for name in (*OFFICE_PAGES[1:], *OFFICE_ACTS):
        address = reverse(f"providers:{name}", args=[office.pk])
        assert stranger.post(address, {"fact": "ramp"}).status_code == 404, name
    for name in OFFICE_PAGES:
        address = reverse(f"providers:{name}", args=[office.pk])
        assert stranger.get(address, {"fact": "ramp"}).status_code == 404, name
    assert world.demo.provider.name_ru not in page(stranger, "house")


def test_the_history_of_another_house_is_not_shown(world):
    change_access(
        office=office_of(world),
        accessible=frozenset({"sample_stand"}),
        now=world.now,
        actor=world.demo.staff[Role.PROVIDER_ADMIN].acting_as(Role.PROVIDER_ADMIN),
    )
    stranger = sign_in(Client(), world.other.staff[Role.PROVIDER_ADMIN])
    name = world.demo.staff[Role.PROVIDER_ADMIN].full_name
    assert name not in re.sub(r"<header.*?</header>", "", page(stranger, "history"), flags=re.S)


@pytest.mark.parametrize("role", [Role.CLERK, Role.OFFICE_HEAD, Role.REGISTRAR])
def test_other_roles_do_not_keep_the_house(world, role):
    client = sign_in(Client(), world.demo.staff[role])
    for name in ("house", "facts", "history", "closures", "office_new"):
        assert client.get(reverse(f"providers:{name}")).status_code == 403


def test_strangers_are_led_to_the_sign_in(world):
    for name in ("house", "facts", "history", "closures", "office_new", "breaks"):
        response = Client().get(reverse(f"providers:{name}"))
        assert response.headers["Location"].startswith(reverse("accounts:login"))


def test_the_history_names_only_acts_of_the_house(world):
    change_hours(
        office=office_of(world),
        hours=SIX_DAYS,
        valid_from=local_day(world.now) + timedelta(days=5),
        now=world.now,
        actor=journal.SYSTEM,
    )
    subject = f"provider:{world.demo.provider.pk}"
    journal.record(subject=subject, action="other.thing", actor=journal.SYSTEM, now=world.now)
    lines = history_of(world.demo.provider, most=50)
    assert [line.action.en for line in lines][0] == "A change of office hours was set"
    assert all(line.action.ru != "other.thing" for line in lines)
