"""The organisation's own programmes."""

import pytest
from django.test import Client
from django.urls import reverse

from kualik.rules.lifecycle import Role
from kualik.training.models import Programme
from tests.world import World, build_world, sign_in

FORM = {
    "kind": "pd",
    "title_kk": "Жедел кардиология",
    "title_ru": "Неотложная кардиология",
    "specialty_kk": "",
    "specialty_ru": "",
    "hours": "60",
    "credits": "2",
}


@pytest.fixture
def world(db, kualik_files) -> World:
    return build_world()


@pytest.fixture
def office(world: World, client: Client) -> Client:
    client.cookies["kualik_language"] = "en"
    return sign_in(client, world.demo.staff[Role.PROVIDER_ADMIN])


def test_a_programme_is_entered_corrected_and_retired(world: World, office: Client) -> None:
    office.post(reverse("training:programme_new"), FORM)
    made = Programme.objects.get(title_ru=FORM["title_ru"])
    assert (made.provider, made.hours, made.is_active) == (world.demo.provider, 60, True)
    address = reverse("training:programme", args=[made.pk])
    office.post(address, {**FORM, "title_kk": "Шұғыл кардиология"})
    office.post(reverse("training:programme_retire", args=[made.pk]))
    made.refresh_from_db()
    assert (made.title_kk, made.is_active) == ("Шұғыл кардиология", False)


def test_the_same_programme_twice_is_told_at_its_field(office: Client) -> None:
    address = reverse("training:programme_new")
    office.post(address, FORM)
    page = office.post(address, FORM).content.decode()
    assert "A programme of this kind, title and hours exists already." in page
    assert Programme.objects.filter(title_ru=FORM["title_ru"]).count() == 1


def test_hours_and_credits_must_agree(office: Client) -> None:
    page = office.post(reverse("training:programme_new"), {**FORM, "credits": "5"}).content.decode()
    assert "govuk-error-summary" in page
    assert not Programme.objects.filter(title_ru=FORM["title_ru"]).exists()


def test_a_programme_with_a_group_is_shown_and_not_changed(world: World, office: Client) -> None:
    used = world.demo.programme
    address = reverse("training:programme", args=[used.pk])
    assert "so it cannot be changed" in office.get(address).content.decode()
    office.post(address, FORM)
    used.refresh_from_db()
    assert used.title_ru != FORM["title_ru"]


def test_programmes_of_another_organisation_are_not_there(world: World, office: Client) -> None:
    foreign = world.other.programme.pk
    assert office.get(reverse("training:programme", args=[foreign])).status_code == 404
    assert office.post(reverse("training:programme_retire", args=[foreign])).status_code == 404


@pytest.mark.parametrize(
    ("role", "answer"), [(Role.REGISTRAR, 200), (Role.CLERK, 403), (Role.AUTHORISED_PERSON, 403)]
)
def test_who_keeps_programmes(world: World, client: Client, role: Role, answer: int) -> None:
    someone = sign_in(client, world.demo.staff[role])
    assert someone.get(reverse("training:programmes")).status_code == answer
