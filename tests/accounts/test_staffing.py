"""A provider's administrator keeps the own staff; an invitation becomes an account of one's own."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from kualik.accounts.models import RoleGrant, User
from kualik.accounts.services import staffing
from kualik.accounts.services.staffing import StaffFacts
from kualik.core import clock, journal
from kualik.notifications.models import Message
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


def told(user: User) -> list[str]:
    rows = Message.objects.filter(about=f"user:{user.pk}", address=user.email)
    return list(rows.order_by("pk").values_list("event", flat=True))


@pytest.mark.parametrize("has_password", [True, False])
def test_the_link_of_an_account_in_use_goes_to_its_owner_alone(
    world: World, admin: Client, has_password: bool
) -> None:
    user = world.demo.staff[Role.AUTHORISED_PERSON]
    if has_password:
        user.set_password(PASSWORD)
        user.save()
    answer = admin.post(reverse("accounts:staff_invite", args=[user.pk]), follow=True)
    page = answer.content.decode()
    assert "/invitation/" not in page
    assert "sent to the member&#x27;s own e-mail" in page
    letter = Message.objects.get(event="staff_password_link")
    assert letter.address == user.email
    link = "/invitation/" + letter.body.partition("/invitation/")[2].split()[0]
    assert link not in letter.masked_body
    admin_user = world.demo.staff[Role.PROVIDER_ADMIN]
    assert admin_user.full_name in letter.body
    entry = next(e for e in journal.history(f"user:{user.pk}") if e.action == "accounts.invited")
    assert entry.actor == f"user:{admin_user.pk}"
    assert entry.data == {"handed_to": "member"}
    theirs = Client()
    theirs.post(link, {"password": PASSWORD + "-2", "again": PASSWORD + "-2"})
    user.refresh_from_db()
    assert user.check_password(PASSWORD + "-2")
    assert TOTPDevice.objects.filter(user=user, confirmed=True).exists()
    assert told(user) == ["staff_password_link", "staff_password_changed"]


def test_without_e_mail_no_link_to_an_account_in_use_is_made(
    world: World, admin: Client, settings: Settings
) -> None:
    settings.EMAIL_URL = ""
    user = world.demo.staff[Role.CLERK]
    page = admin.post(reverse("accounts:staff_invite", args=[user.pk]), follow=True)
    assert "this installation sends no e-mail" in page.content.decode()
    assert "/invitation/" not in page.content.decode()
    assert "accounts.invited" not in [e.action for e in journal.history(f"user:{user.pk}")]


def test_every_link_is_journalled_and_told_to_whom_it_is_for(world: World, admin: Client) -> None:
    user = invite(world)
    other = world.demo.staff[Role.CLERK]
    for _ in range(2):
        admin.post(reverse("accounts:staff_invite", args=[user.pk]))
    page = admin.get(reverse("accounts:staff_one", args=[other.pk])).content.decode()
    assert "/invitation/" not in page, "the link of another account"
    actions = [entry.action for entry in journal.history(f"user:{user.pk}")]
    assert actions.count("accounts.invited") == 2
    assert told(user) == ["staff_link_made", "staff_link_made"]


def test_who_gets_other_roles_is_told(world: World) -> None:
    user, now = world.demo.staff[Role.CLERK], clock.now()
    actor = world.demo.staff[Role.PROVIDER_ADMIN].acting_as(Role.PROVIDER_ADMIN)
    for _ in range(2):
        staffing.give_roles(user=user, roles=[Role.REGISTRAR], actor=actor, now=now)
    assert told(user) == ["staff_roles_changed"]


def second_admin(world: World) -> User:
    user = world.demo.staff[Role.OFFICE_HEAD]
    RoleGrant.objects.create(user=user, role=Role.PROVIDER_ADMIN, granted_at=clock.now())
    return user


@pytest.mark.parametrize("lacks", ["password", "second factor", "nothing"])
def test_an_administrator_who_cannot_enter_is_no_last_one(world: World, lacks: str) -> None:
    own, other = world.demo.staff[Role.PROVIDER_ADMIN], second_admin(world)
    if lacks != "password":
        other.set_password(PASSWORD)
        other.save()
    if lacks == "second factor":
        TOTPDevice.objects.filter(user=other).delete()

    def leave() -> None:
        staffing.give_roles(
            user=own, roles=[Role.CLERK], actor=own.acting_as(Role.PROVIDER_ADMIN), now=clock.now()
        )

    if lacks == "nothing":
        leave()
    else:
        assert broken(leave) == "last_admin_kept"


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_take_the_role_from_each_other_at_once(
    kualik_files: object,
) -> None:
    world = build_world()
    pair = [world.demo.staff[Role.PROVIDER_ADMIN], second_admin(world)]
    for user in pair:
        user.set_password(PASSWORD)
        user.save()
    start = threading.Barrier(2)

    def take(actor: User, user: User) -> None:
        by = actor.acting_as(Role.PROVIDER_ADMIN)
        start.wait()
        try:
            with suppress(RuleViolation, OperationalError):
                staffing.give_roles(user=user, roles=[Role.CLERK], actor=by, now=clock.now())
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=order) for order in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert RoleGrant.objects.filter(user__in=pair, role=Role.PROVIDER_ADMIN).count() >= 1


@pytest.mark.parametrize("role", [Role.CLERK, Role.REGISTRAR, Role.OFFICE_HEAD])
def test_other_roles_do_not_keep_staff(world: World, client: Client, role: Role) -> None:
    someone = sign_in(client, world.demo.staff[role])
    assert someone.get(reverse("accounts:staff_list")).status_code == 403
    assert someone.get(reverse("accounts:staff_new")).status_code == 403
