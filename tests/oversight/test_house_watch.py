"""The nightly look at an organisation's own house: each worry, whom it concerns, and its end."""

from datetime import timedelta

from django_otp.plugins.otp_totp.models import TOTPDevice

from kualik.accounts.models import User
from kualik.accounts.queries import authorised_person
from kualik.accounts.services.absences import enter_absence
from kualik.cases.queries.tasks import task_text
from kualik.certificates.models import PersonSignature
from kualik.core.clock import local_day
from kualik.core.models import StaffTask
from kualik.counter.queries.offered import lines
from kualik.oversight.queries.house import worries_of
from kualik.oversight.services.house_watching import run_house_job, watch_house
from kualik.providers.models import Office
from kualik.providers.services import change_hours
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from tests.counter.hall import open_lobby
from tests.world import World, enrol


def codes(world: World) -> set[str]:
    return {worry.code for worry in worries_of(world.demo.provider, now=world.now)}


def calm(world: World) -> None:
    """The hours of the edition, a key for years, and a signer who can sign in."""
    Office.objects.filter(provider=world.demo.provider).update(hours={})
    later = world.now + timedelta(days=400)
    SigningKey.objects.filter(provider=world.demo.provider).update(not_after=later)
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    signer.set_password("бір-екі-үш-төрт")
    signer.save(update_fields=["password"])


def test_a_house_in_order_worries_nobody(world: World) -> None:
    calm(world)
    assert codes(world) == set()


def test_who_signs_and_who_leads_must_be_there(world: World) -> None:
    calm(world)
    for role in (Role.AUTHORISED_PERSON, Role.OFFICE_HEAD):
        User.objects.filter(pk=world.demo.staff[role].pk).update(is_active=False)
    assert codes(world) == {"house_no_signer", "house_no_head"}


def test_a_signer_who_cannot_sign_in_is_told(world: World) -> None:
    calm(world)
    TOTPDevice.objects.filter(user=world.demo.staff[Role.AUTHORISED_PERSON]).delete()
    assert codes(world) == {"house_no_signer", "house_signer_not_ready"}


def test_a_signer_who_is_away_on_the_next_working_day_is_told(world: World) -> None:
    """A57.10-2: the only authorised person is away from today for two weeks."""
    calm(world)
    signer, today = world.demo.staff[Role.AUTHORISED_PERSON], local_day(world.now)
    absence = enter_absence(
        user=signer,
        from_day=today,
        to_day=today + timedelta(days=14),
        actor=signer.acting_as(Role.AUTHORISED_PERSON),
        now=world.now,
    )
    assert codes(world) == {"house_no_signer"}
    second = enrol("second", world.demo.provider, Role.AUTHORISED_PERSON, now=world.now)
    second.set_password("бір-екі-үш-төрт")
    second.save()
    assert codes(world) == set()
    assert authorised_person(world.demo.provider, on=today) == second
    assert authorised_person(world.demo.provider, on=absence.to_day + timedelta(days=1)) == signer


def test_a_line_that_no_window_of_the_hall_is_for_is_told(world: World) -> None:
    calm(world)
    lobby = open_lobby(world.demo, windows=1)
    assert codes(world) == set()
    lobby.windows[0].lines = ["receive", "ask", "correct"]
    lobby.windows[0].save()
    (worry,) = worries_of(world.demo.provider, now=world.now)
    assert worry.code == "house_line_unserved"
    watch_house(provider=world.demo.provider, now=world.now)
    said = task_text(StaffTask.objects.get(kind="house_line_unserved", scope="DEMO"))
    assert lines()["pick_up"].name.kk in said.kk
    assert lines()["pick_up"].name.ru in said.ru


def test_a_key_that_ends_or_is_none_is_told(world: World) -> None:
    calm(world)
    keys = SigningKey.objects.filter(provider=world.demo.provider)
    keys.update(not_after=world.now + timedelta(days=30))
    assert codes(world) == {"house_key_ends"}
    keys.update(not_after=world.now + timedelta(days=31))
    assert codes(world) == set()
    keys.update(disabled_at=world.now)
    assert codes(world) == {"house_no_key"}


def test_the_own_key_of_a_signer_is_told_to_the_signer(world: World) -> None:
    calm(world)
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    issued = world.demo.provider.certificates.filter(sealed_at__isnull=False).first()
    PersonSignature.objects.filter(signer=signer).delete()
    PersonSignature.objects.create(
        certificate=issued, signer=signer, file="a", sha256="0" * 64, document_sha256="1" * 64,
        person="D", organisation="", bin="", role="first_head", serial="1", algorithm="RSA",
        certificate_not_after=world.now + timedelta(days=3),
        signed_at=world.now, accepted_at=world.now,
    )  # fmt: skip
    (worry,) = worries_of(world.demo.provider, now=world.now)
    assert (worry.code, worry.role) == ("house_personal_key_ends", Role.AUTHORISED_PERSON)
    assert worry.params["name"] == signer.full_name


def test_an_accreditation_that_ends_is_told_three_months_ahead(world: World) -> None:
    calm(world)
    provider = world.demo.provider
    provider.accreditation_until = local_day(world.now) + timedelta(days=90)
    assert [worry.code for worry in worries_of(provider, now=world.now)] == [
        "house_accreditation_ends"
    ]


def test_hours_shorter_than_row_7_are_told(world: World) -> None:
    """A303.7.1: the world's office does not work on Saturdays."""
    calm(world)
    office = Office.objects.get(provider=world.demo.provider)
    office.hours = {str(day): [540, 1050] for day in range(5)}
    office.save(update_fields=["hours"])
    assert codes(world) == {"house_hours"}


def test_hours_dated_ahead_are_compared_with_row_7_too(world: World) -> None:
    """A303.7.1: from next week on the office would close at noon."""
    calm(world)
    office = Office.objects.get(provider=world.demo.provider)
    day = local_day(world.now) + timedelta(days=7)
    admin = world.demo.staff[Role.PROVIDER_ADMIN].acting_as(Role.PROVIDER_ADMIN)
    hours = dict.fromkeys(range(6), (540, 720))
    change_hours(office=office, hours=hours, valid_from=day, now=world.now, actor=admin)
    (worry,) = worries_of(world.demo.provider, now=world.now)
    assert (worry.code, worry.params["day"]) == ("house_hours_ahead", f"{day:%d.%m.%Y}")
    later = world.now + timedelta(days=7)
    assert {found.code for found in worries_of(world.demo.provider, now=later)} == {"house_hours"}


def test_missing_words_are_counted(world: World) -> None:
    calm(world)
    Office.objects.filter(provider=world.demo.provider).update(address_en="", name_kk="")
    (worry,) = worries_of(world.demo.provider, now=world.now)
    assert (worry.code, worry.params) == ("house_translations", {"count": 2})


def test_worries_become_tasks_once_and_leave_when_mended(world: World) -> None:
    calm(world)
    Office.objects.filter(provider=world.demo.provider).update(address_en="")
    run_house_job({}, world.now)
    run_house_job({}, world.now)
    task = StaffTask.objects.get(kind="house_translations", scope="DEMO")
    assert (task.role, task.closed_at) == ("provider_admin", None)
    Office.objects.filter(provider=world.demo.provider).update(address_en="Astana")
    watch_house(provider=world.demo.provider, now=world.now)
    task.refresh_from_db()
    assert task.closed_at == world.now
