"""The pages of the ledger: who sees which blanks, and what may be done there (A57.4, A303.4)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import User
from kualik.certificates.forms import DeliveryForm, WriteOffForm
from kualik.certificates.models import Blank, BlankCount, BlankReceipt, PrinterSetting
from kualik.certificates.services.blanks import (
    Act,
    Delivery,
    give_blanks,
    held_by,
    pick_blanks,
    print_on_blank,
    receive_blanks,
    spoil_blank,
    test_page,
)
from kualik.core.clock import local_day
from kualik.core.tasks import open_tasks
from kualik.counter.forms.handing import CameOutForm
from kualik.rules.lifecycle import Role, State
from tests.papers.samples import boxes_of
from tests.world import House, World, build_world, sign_in

LEDGER = "certificates:blanks"
DELIVERY = {
    "series": "ZZ",
    "first": "5",
    "last": "7",
    "digits": "4",
    "received_on": "2026-11-20",
}


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    found = build_world()
    for house in (found.demo, found.other):
        fill(found, house)
    return found


def fill(world: World, house: House) -> None:
    """Ten blanks; the clerk holds the first three."""
    head = {
        "user": house.staff[Role.OFFICE_HEAD],
        "role": Role.OFFICE_HEAD,
        "now": world.now,
    }
    code = house.provider.code[:2]
    paper = Delivery(
        series=code, first=1, last=10, document="Жүкқұжат", received_on=local_day(world.now)
    )
    receive_blanks(provider=house.provider, delivery=paper, **head)
    rows = pick_blanks(provider=house.provider, series=code, first=1, count=3)
    give_blanks(blanks=rows, holder=house.staff[Role.CLERK], **head)


def as_(world: World, role: Role, house: House | None = None) -> Client:
    return sign_in(Client(), (house or world.demo).staff[role])


def page(client: Client, name: str, *args: object, **query: object) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_ledger_shows_that_every_blank_is_accounted_for(world: World) -> None:
    said = page(as_(world, Role.OFFICE_HEAD), LEDGER)
    assert "DE 000001" in said
    assert "OT 000001" not in said
    assert world.demo.staff[Role.CLERK].full_name in said
    assert reverse("certificates:blanks_count") in said


def test_a_clerk_sees_the_ledger_without_the_acts_of_the_keeper(world: World) -> None:
    said = page(as_(world, Role.CLERK), LEDGER)
    assert "DE 000001" in said
    for name in ("blanks_count", "blanks_give", "blanks_receive"):
        assert reverse(f"certificates:{name}") not in said
        assert as_(world, Role.CLERK).get(reverse(f"certificates:{name}")).status_code == 403


def test_the_list_is_narrowed_by_number_and_state(world: World) -> None:
    client = as_(world, Role.REGISTRAR)
    assert "DE 000002" not in page(client, LEDGER, number="1")
    said = page(client, LEDGER, state="given")
    assert "DE 000003" in said
    assert "DE 000004" not in said
    assert "DE 000001" in page(client, LEDGER, number="x", state="?")


def test_the_inspector_sees_every_ledger_and_changes_none(world: World) -> None:
    client = sign_in(Client(), world.inspector)
    said = page(client, LEDGER)
    assert reverse("certificates:ledger", args=["OTHER"]) in said
    said = page(client, "certificates:ledger", "OTHER")
    assert "OT 000001" in said
    blank = Blank.objects.get(series="OT", number=1)
    assert "OT 000001" in page(client, "certificates:blank", blank.pk)
    assert client.post(reverse("certificates:blank_back", args=[blank.pk])).status_code == 403


def test_another_providers_blanks_are_not_found(world: World) -> None:
    client = as_(world, Role.OFFICE_HEAD, world.other)
    blank = Blank.objects.get(series="DE", number=1)
    assert client.get(reverse("certificates:ledger", args=["DEMO"])).status_code == 404
    for name in ("blank", "blank_spoil", "blank_lose"):
        assert client.get(reverse(f"certificates:{name}", args=[blank.pk])).status_code == 404
    for name in ("certificates:blank_back", "certificates:blank_spoil", "counter:blank_act"):
        assert client.post(reverse(name, args=[blank.pk])).status_code == 404
    blank.refresh_from_db()
    assert blank.state == "given"


def test_a_delivery_is_entered_on_its_page(world: World) -> None:
    client = as_(world, Role.PROVIDER_ADMIN)
    form = {
        "series": "zz",
        "first": "5",
        "last": "7",
        "digits": "4",
        "document": "Шот-фактура № 3",
        "received_on": local_day(world.now).isoformat(),
    }
    answer = client.post(reverse("certificates:blanks_receive"), form)
    assert answer.status_code == 302
    assert BlankReceipt.objects.get(series="ZZ").last == 7
    said = client.post(reverse("certificates:blanks_receive"), form)
    assert said.status_code == 200
    assert BlankReceipt.objects.filter(series="ZZ").count() == 1


def test_blanks_are_given_from_the_lowest_number_in_the_safe(world: World) -> None:
    client = as_(world, Role.OFFICE_HEAD)
    said = page(client, "certificates:blanks_give")
    assert 'name="first" value="4"' in said
    assert world.other.staff[Role.CLERK].full_name not in said
    holder = world.demo.staff[Role.REGISTRAR]
    form = {"holder": holder.pk, "series": "DE", "first": "4", "count": "2"}
    client.post(reverse("certificates:blanks_give"), form)
    assert [row.number for row in held_by(holder)] == [4, 5]
    answer = client.post(reverse("certificates:blanks_give"), form)
    assert answer.status_code == 200
    strange = {**form, "holder": world.other.staff[Role.CLERK].pk, "first": "6"}
    client.post(reverse("certificates:blanks_give"), strange)
    assert not held_by(world.other.staff[Role.CLERK]).filter(series="DE")


def test_the_clerk_brings_a_blank_back_and_writes_another_one_off(world: World) -> None:
    client = as_(world, Role.CLERK)
    first, second, _ = held_by(world.demo.staff[Role.CLERK])
    client.post(reverse("certificates:blank_back", args=[first.pk]))
    where = reverse("certificates:blank_spoil", args=[second.pk])
    assert client.post(where, {"act_number": "", "reason": ""}).status_code == 200
    client.post(where, {"act_number": "14", "reason": "Сия төгілді"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("in_stock", "spoiled")
    said = page(client, "certificates:blank", second.pk)
    assert "Сия төгілді" in said
    assert client.get(where).status_code == 409


def test_an_iin_in_a_reason_is_masked(world: World) -> None:
    (blank, *_) = held_by(world.demo.staff[Role.CLERK])
    where = reverse("certificates:blank_lose", args=[blank.pk])
    iin = world.demo.iins[Role.CLERK]
    as_(world, Role.CLERK).post(where, {"act_number": "2", "reason": f"{iin} алып кетті"})
    blank.refresh_from_db()
    assert blank.state == "lost"
    assert iin not in blank.reason


def test_the_count_of_the_evening_asks_for_a_remark_only_where_it_differs(world: World) -> None:
    client, where = as_(world, Role.OFFICE_HEAD), reverse("certificates:blanks_count")
    assert client.post(where, {"counted": "9"}).status_code == 200
    assert not BlankCount.objects.exists()
    assert client.post(where, {"counted": "9", "remark": "Іздейміз"}).status_code == 302
    assert open_tasks(roles=[Role.OFFICE_HEAD], scope="DEMO").filter(kind="blanks_differ")
    tasks = page(client, "cases:tasks")
    assert reverse("certificates:ledger", args=["DEMO"]) in tasks
    assert client.post(where, {"counted": "10"}).status_code == 302
    assert not open_tasks(roles=[Role.OFFICE_HEAD], scope="DEMO").filter(kind="blanks_differ")


def test_a_scan_of_the_act_is_looked_at_kept_and_handed_out_as_a_file(
    world: World, tmp_path: object
) -> None:
    (blank, *_) = held_by(world.demo.staff[Role.CLERK])
    clerk = {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}
    spoil_blank(blank=blank, act=Act(number="3", reason="жыртылды"), **clerk)
    head = as_(world, Role.OFFICE_HEAD)
    where = reverse("counter:blank_act", args=[blank.pk])
    bad = {"scan": upload("act.pdf", b"no pdf")}
    assert head.post(where, bad).status_code == 422
    printer = PrinterSetting(name="x", right=0, down=0, changed_at=world.now)
    good = {"scan": upload("act.pdf", test_page(printer))}
    assert head.post(where, good).status_code == 302
    answer = head.get(reverse("counter:blank_act_file", args=[blank.pk]))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    strange = as_(world, Role.OFFICE_HEAD, world.other)
    assert strange.get(reverse("counter:blank_act_file", args=[blank.pk])).status_code == 404


def upload(name: str, content: bytes) -> object:
    return SimpleUploadedFile(name, content)


def test_a_printer_is_aligned_and_its_test_page_follows(world: World) -> None:
    client, where = as_(world, Role.CLERK), reverse("certificates:printers")
    said = client.post(where, {"name": "Терезе 1", "right": "-1.5", "down": "2"})
    assert said.status_code == 302
    row = PrinterSetting.objects.get(provider=world.demo.provider)
    assert (row.right, row.down) == (-15, 20)
    content = client.get(reverse("certificates:printer_test", args=[row.pk])).content
    assert "Терезе" in {word for word, *_ in boxes_of(content)}
    assert client.post(where, {"name": "Терезе 1", "right": "21", "down": "0"}).status_code == 200
    client.post(
        where, {"name": "Терезе 1", "right": "0,4", "down": "0"}, headers={"Accept-Language": "ru"}
    )
    other = as_(world, Role.CLERK, world.other)
    assert other.get(reverse("certificates:printer_test", args=[row.pk])).status_code == 404


def test_nobody_without_a_password_sees_a_ledger(world: World) -> None:
    assert Client().get(reverse(LEDGER)).status_code == 302


def test_the_keeper_frees_a_blank_that_waits_at_the_printer_of_somebody_gone(world: World) -> None:
    clerk, request = world.demo.staff[Role.CLERK], world.by_state[State.ISSUED]
    first, second, _ = held_by(clerk)
    given = {"certificate": request.certificate, "printer": None, "reason": "тағы"}
    acting = {"user": clerk, "role": Role.CLERK, "now": world.now}
    print_on_blank(blank=first, **given, **acting)
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    for role in (Role.PROVIDER_ADMIN, Role.OFFICE_HEAD):
        said = page(as_(world, role), "certificates:blank", first.pk)
        assert reverse("certificates:blank_nothing", args=[first.pk]) in said
        assert reverse("certificates:blank_lose", args=[first.pk]) not in said
    assert (
        as_(world, Role.REGISTRAR, world.other)
        .post(reverse("certificates:blank_nothing", args=[first.pk]))
        .status_code
        == 404
    )
    admin = as_(world, Role.PROVIDER_ADMIN)
    admin.post(reverse("certificates:blank_nothing", args=[first.pk]))
    admin.post(reverse("certificates:blank_nothing", args=[first.pk]))
    admin.post(reverse("certificates:blank_back", args=[first.pk]))
    first.refresh_from_db()
    assert first.state == "in_stock"
    print_on_blank(blank=second, **given, **acting)
    where = reverse("certificates:blank_spoil", args=[second.pk])
    admin.post(where, {"act_number": "15", "reason": "Принтерде қалған"})
    second.refresh_from_db()
    assert (second.state, second.printings.get().outcome) == ("spoiled", "spoiled")


def test_no_iin_stays_in_the_numbers_of_papers(world: World) -> None:
    number = world.demo.iins[Role.CLERK]
    delivery = DeliveryForm({**DELIVERY, "document": f"№ 3, ЖСН {number}"})
    acts = [WriteOffForm({"act_number": number, "reason": f"ЖСН {number}"})]
    acts.append(CameOutForm({"act_number": number, "reason": number, "outcome": "spoiled"}))
    assert delivery.is_valid()
    assert number not in delivery.delivery().document
    for form in acts:
        assert form.is_valid()
        assert number not in f"{form.act()}"


def test_the_ledger_says_that_blanks_moved_after_the_count(world: World) -> None:
    client = as_(world, Role.OFFICE_HEAD)
    client.post(reverse("certificates:blanks_count"), {"counted": "10", "remark": ""})
    row = BlankCount.objects.get()
    client.cookies["kualik_language"] = "en"
    assert "count again" not in page(client, LEDGER)
    BlankCount.objects.filter(pk=row.pk).update(counted_at=row.counted_at - timedelta(hours=1))
    assert "count again" in page(client, LEDGER)
