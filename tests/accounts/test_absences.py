"""Absences of staff: who enters whose, and who is named to sign meanwhile (A57.10-2)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Absence
from kualik.accounts.queries import authorised_person
from kualik.core.clock import local_day
from kualik.core.journal import history
from kualik.rules.lifecycle import Role
from tests.world import World, build_world, enrol, sign_in

ADDRESS = "accounts:absences"


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def days(world: World, first: int, last: int) -> dict[str, str]:
    today = local_day(world.now)
    return {
        "from_day": f"{today + timedelta(days=first):%d.%m.%Y}",
        "to_day": f"{today + timedelta(days=last):%d.%m.%Y}",
    }


def test_a_signer_enters_the_own_absence_and_another_is_named(world: World) -> None:
    signer, today = world.demo.staff[Role.AUTHORISED_PERSON], local_day(world.now)
    second = enrol("second", world.demo.provider, Role.AUTHORISED_PERSON, now=world.now)
    client = sign_in(Client(), signer)
    sent = {"user": signer.pk, **days(world, 0, 5)}
    for _ in range(2):
        assert client.post(reverse(ADDRESS), sent).status_code == 302
    found = Absence.objects.get()
    assert (found.user, found.entered_by) == (signer, f"user:{signer.pk}")
    assert authorised_person(world.demo.provider, on=today) == second
    assert authorised_person(world.demo.provider, on=today + timedelta(days=6)) == signer
    client.post(reverse("accounts:absence_cancel", args=[found.pk]))
    assert authorised_person(world.demo.provider, on=today) == signer
    assert [entry.action for entry in history(f"user:{signer.pk}")][-2:] == [
        "accounts.absence_entered",
        "accounts.absence_cancelled",
    ]


def test_where_everybody_is_away_the_first_appointed_is_named(world: World) -> None:
    signer, today = world.demo.staff[Role.AUTHORISED_PERSON], local_day(world.now)
    Absence.objects.create(user=signer, from_day=today, to_day=today, entered_by="user:1")
    assert authorised_person(world.demo.provider, on=today) == signer


def test_the_administrator_enters_those_of_the_own_people_alone(world: World) -> None:
    client = sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])
    clerk = world.demo.staff[Role.CLERK]
    assert client.post(reverse(ADDRESS), {"user": clerk.pk, **days(world, 1, 1)}).status_code == 302
    assert clerk.full_name in client.get(reverse(ADDRESS)).content.decode()
    stranger = world.other.staff[Role.CLERK]
    client.post(reverse(ADDRESS), {"user": stranger.pk, **days(world, 1, 1)})
    assert Absence.objects.get().user == clerk
    other = sign_in(Client(), world.other.staff[Role.PROVIDER_ADMIN])
    cancel = reverse("accounts:absence_cancel", args=[Absence.objects.get().pk])
    assert other.post(cancel).status_code == 404


def test_a_clerk_enters_nobody_elses_absence(world: World) -> None:
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    answer = client.post(reverse(ADDRESS), {"user": signer.pk, **days(world, 1, 1)})
    assert "govuk-error-summary" in answer.content.decode()
    assert not Absence.objects.exists()


@pytest.mark.parametrize(("first", "last"), [(2, 1), (-9, -1)])
def test_days_that_cannot_be_are_refused_in_words(world: World, first: int, last: int) -> None:
    clerk = world.demo.staff[Role.CLERK]
    sent = {"user": clerk.pk, **days(world, first, last)}
    answer = sign_in(Client(), clerk).post(reverse(ADDRESS), sent)
    assert "govuk-error-summary" in answer.content.decode()
    assert not Absence.objects.exists()


@pytest.mark.parametrize("who", ["inspector", "contact_centre"])
def test_others_have_no_absences_to_enter(world: World, who: str) -> None:
    assert sign_in(Client(), getattr(world, who)).get(reverse(ADDRESS)).status_code == 403
