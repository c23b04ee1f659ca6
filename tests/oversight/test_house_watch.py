"""The nightly look at an organisation's own house: each worry, whom it concerns, and its end."""

from datetime import timedelta

from kualik.accounts.models import User
from kualik.certificates.models import PersonSignature
from kualik.core.clock import local_day
from kualik.core.models import StaffTask
from kualik.oversight.queries.house import worries_of
from kualik.oversight.services.house_watching import run_house_job, watch_house
from kualik.providers.models import Office
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from tests.world import World


def codes(world: World) -> set[str]:
    return {worry.code for worry in worries_of(world.demo.provider, now=world.now)}


def calm(world: World) -> None:
    """The hours of the edition and a key for years."""
    Office.objects.filter(provider=world.demo.provider).update(hours={})
    later = world.now + timedelta(days=400)
    SigningKey.objects.filter(provider=world.demo.provider).update(not_after=later)


def test_a_house_in_order_worries_nobody(world: World) -> None:
    calm(world)
    assert codes(world) == set()


def test_who_signs_and_who_leads_must_be_there(world: World) -> None:
    calm(world)
    for role in (Role.AUTHORISED_PERSON, Role.OFFICE_HEAD):
        User.objects.filter(pk=world.demo.staff[role].pk).update(is_active=False)
    assert codes(world) == {"house_no_signer", "house_no_head"}


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
