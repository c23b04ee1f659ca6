"""A provider's administrator keeps the own staff; an invitation becomes an account of one's own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import RoleGrant, User
from kualik.accounts.services import staffing
from kualik.accounts.services.staffing import StaffFacts
from kualik.core import clock, journal
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.world import World, build_world, sign_in

PASSWORD = "күзгі-жапырақ-27"
FORM = {
    "email": "New.Clerk@demo.example",
    "full_name": "Сәуле Ерболқызы Жұмабаева",
    "position_kk": "маман",
    "position_ru": "специалист",
    "position_en": "",
    "roles": ["clerk"],
    "iin": "",
}


@pytest.fixture
def world(db, kualik_files) -> World:
    return build_world()


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    client.cookies["kualik_language"] = "en"
    return sign_in(client, world.demo.staff[Role.PROVIDER_ADMIN])


def invite(world: World, **other: object) -> User:
    facts = StaffFacts(
        **{
            "email": "new@demo.example",
            "full_name": "Сәуле Жұмабаева",
            "position": Text("маман", "специалист"),
            "roles": frozenset({Role.CLERK}),
            **other,
        }
    )
    actor = world.demo.staff[Role.PROVIDER_ADMIN].acting_as(Role.PROVIDER_ADMIN)
    return staffing.invite_staff(
        provider=world.demo.provider, facts=facts, actor=actor, now=clock.now()
    )


def broken(rule: Callable[[], object]) -> str:
    with pytest.raises(RuleViolation) as raised:
        rule()
    return raised.value.code


def test_an_invited_clerk_chooses_a_password_by_the_link_and_signs_in(
    world: World, admin: Client
) -> None:
    answer = admin.post(reverse("accounts:staff_new"), FORM)
    user = User.objects.get(email="new.clerk@demo.example")
    assert answer.headers["Location"] == reverse("accounts:staff_one", args=[user.pk])
    page = admin.get(answer.headers["Location"]).content.decode()
    link = "/invitation/" + page.partition("/invitation/")[2].partition("<")[0]
    assert "/invitation/" not in admin.get(answer.headers["Location"]).content.decode()
    newcomer = Client()
    page = newcomer.get(link).content.decode()
    assert FORM["full_name"] in page
    answer = newcomer.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert answer.headers["Location"] == reverse("accounts:login")
    assert newcomer.get(link).status_code == 410
    told = {"email": "new.clerk@demo.example", "password": PASSWORD}
    answer = newcomer.post(reverse("accounts:login"), told)
    assert answer.headers["Location"].startswith(reverse("accounts:enrol"))


@pytest.mark.parametrize("password", ["12345678", "short", "password"])
def test_a_weak_password_is_told_at_its_field(world: World, client: Client, password: str) -> None:
    user = invite(world)
    token = staffing.invitation_of(user, now=clock.now())
    address = reverse("accounts:invitation", args=[token])
    page = client.post(address, {"password": password, "again": password}).content.decode()
    assert "govuk-error-summary" in page
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_two_different_passwords_are_told(world: World, client: Client) -> None:
    token = staffing.invitation_of(invite(world), now=clock.now())
    address = reverse("accounts:invitation", args=[token])
    client.cookies["kualik_language"] = "en"
    page = client.post(address, {"password": PASSWORD, "again": "x"}).content.decode()
    assert "The two passwords differ." in page


def test_a_link_ends_after_three_days_and_when_forged(world: World) -> None:
    user, now = invite(world), clock.now()
    token = staffing.invitation_of(user, now=now)
    late = now + timedelta(days=3)
    assert staffing.invited(token=token, now=late - timedelta(seconds=1)) == user
    assert broken(lambda: staffing.invited(token=token, now=late)) == "invitation_ended"
    assert broken(lambda: staffing.invited(token=token + "x", now=now)) == "invitation_ended"
    staffing.dismiss_staff(user=user, actor=journal.SYSTEM, now=now)
    assert broken(lambda: staffing.invited(token=token, now=now)) == "invitation_ended"


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"roles": frozenset()}, "roles_empty"),
        ({"roles": frozenset({Role.INSPECTOR})}, "role_not_given"),
        ({"roles": frozenset({Role.PLATFORM_ADMIN, Role.CLERK})}, "role_not_given"),
    ],
)
def test_an_organisation_gives_its_own_roles_alone(
    world: World, other: dict[str, object], code: str
) -> None:
    assert broken(lambda: invite(world, **other)) == code


def test_one_address_and_one_person_have_one_account(world: World) -> None:
    invite(world)
    assert broken(lambda: invite(world)) == "staff_exists"
    iin = world.demo.iins[Role.REGISTRAR]
    assert broken(lambda: invite(world, email="other@demo.example", iin=iin)) == "staff_exists"


def test_roles_change_with_a_line_in_the_journal(world: World, admin: Client) -> None:
    user = world.demo.staff[Role.CLERK]
    told = {**FORM, "full_name": user.full_name, "roles": ["clerk", "registrar"]}
    admin.post(reverse("accounts:staff_one", args=[user.pk]), told)
    assert set(RoleGrant.objects.filter(user=user).values_list("role", flat=True)) == {
        "clerk", "registrar",
    }  # fmt: skip
    entry = next(e for e in journal.history(f"user:{user.pk}") if "roles_given" in e.action)
    assert entry.data == {"before": ["clerk"], "after": ["clerk", "registrar"]}


def test_the_last_administrator_stays_one_and_nobody_closes_the_own_account(
    world: World, admin: Client
) -> None:
    own = world.demo.staff[Role.PROVIDER_ADMIN]
    address = reverse("accounts:staff_one", args=[own.pk])
    told = {**FORM, "full_name": own.full_name, "roles": ["clerk"]}
    assert "This is the last administrator" in admin.post(address, told).content.decode()
    page = admin.post(reverse("accounts:staff_close", args=[own.pk]), follow=True)
    assert "You cannot close your own account." in page.content.decode()
    own.refresh_from_db()
    assert own.is_active


def test_a_closed_account_is_out_at_once_and_may_come_back(world: World, admin: Client) -> None:
    user = world.demo.staff[Role.CLERK]
    theirs = sign_in(Client(), user)
    assert theirs.get(reverse("cases:office")).status_code == 200
    admin.post(reverse("accounts:staff_close", args=[user.pk]))
    assert theirs.get(reverse("cases:office")).status_code == 302
    admin.post(reverse("accounts:staff_close", args=[user.pk]))
    user.refresh_from_db()
    assert user.is_active


def test_staff_of_another_organisation_are_not_there(world: World, admin: Client) -> None:
    foreign = world.other.staff[Role.CLERK]
    page = admin.get(reverse("accounts:staff_list")).content.decode()
    assert world.demo.staff[Role.CLERK].email in page
    assert foreign.email not in page
    for name in ("staff_one", "staff_invite", "staff_close"):
        assert admin.post(reverse(f"accounts:{name}", args=[foreign.pk])).status_code == 404
    foreign.refresh_from_db()
    assert foreign.is_active


@pytest.mark.parametrize("role", [Role.CLERK, Role.REGISTRAR, Role.OFFICE_HEAD])
def test_other_roles_do_not_keep_staff(world: World, client: Client, role: Role) -> None:
    someone = sign_in(client, world.demo.staff[role])
    assert someone.get(reverse("accounts:staff_list")).status_code == 403
    assert someone.get(reverse("accounts:staff_new")).status_code == 403
