"""The nightly reconciliation: even books, and each way to spoil them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.certificates.models import BlankReceipt, Certificate
from kualik.core.clock import ZONE
from kualik.core.models import Job, JournalEntry, StaffTask
from kualik.notifications.models import Message
from kualik.oversight.queries.books import books_of, kept_books
from kualik.oversight.services.reconciling import BOOKS_JOB, reconcile, run_books_job
from kualik.rules.lifecycle import Role, State
from tests.world import World

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def differing(world: World) -> dict[str, tuple[str, ...]]:
    balances = books_of(world.demo.provider, now=world.now)
    return {balance.code: balance.rows for balance in balances if not balance.is_even}


def test_the_books_of_the_world_are_even_and_say_so_in_counts(world: World) -> None:
    balances = {row.code: row for row in books_of(world.demo.provider, now=world.now)}
    assert differing(world) == {}
    filed = balances["requests"]
    assert [count for _, count in filed.left] == [len(world.demo.requests)]
    assert sum(count for _, count in filed.right) == len(world.demo.requests)


def test_a_state_that_no_act_led_to_is_found(world: World) -> None:
    request = world.by_state[State.ACCEPTED]
    Request.objects.filter(pk=request.pk).update(state=State.WITHDRAWN)
    assert differing(world) == {"requests": (request.number,)}


def test_a_request_that_the_journal_does_not_know_is_found(world: World) -> None:
    request = world.by_state[State.FILED]
    Request.objects.filter(pk=request.pk).update(number="DEMO-2025-Z009999-X")
    assert differing(world)["requests"] == ("DEMO-2025-Z009999-X",)


def test_a_document_issued_but_void_in_the_register_is_found(world: World) -> None:
    request = world.by_state[State.ISSUED]
    Certificate.objects.filter(pk=request.certificate_id).update(status=Certificate.Status.VOID)
    assert differing(world) == {"approved": (request.number,), "issued": (request.number,)}


def test_a_person_who_could_be_told_and_was_not_is_found(world: World) -> None:
    """As far back as the outbox reaches."""
    request = world.by_state[State.ISSUED]
    about = f"request:{request.number}"
    sealed_at = request.certificate.sealed_at
    Message.objects.filter(scope="DEMO").update(created_at=sealed_at - timedelta(seconds=1))
    person = request.person
    person.email = "aigerim@example.kz"
    person.save(update_fields=["email"])
    Message.objects.filter(about=about, event="request_issued").delete()
    Message.objects.create(
        key="another", channel="sms", address="+77000000001", event="request_filed",
        language="kk", body="…", about="request:another", scope="DEMO",
        created_at=sealed_at - timedelta(days=1), give_up_at=sealed_at,
    )  # fmt: skip
    assert request.number in differing(world)["told"]
    Message.objects.create(
        key="failed", channel="sms", address="+77000000001", event="request_issued",
        language="kk", body="…", about=about, scope="DEMO", state="failed",
        created_at=sealed_at, give_up_at=sealed_at,
    )  # fmt: skip
    assert request.number in differing(world)["told"], "nobody was told by what failed"
    Message.objects.filter(key="failed").update(state="sent")
    assert request.number not in differing(world).get("told", ())


def test_who_has_neither_address_nor_number_is_counted_and_is_no_difference(world: World) -> None:
    balances = {row.code: row for row in books_of(world.demo.provider, now=world.now)}
    told = balances["told"]
    assert sum(count for _, count in told.left) == sum(count for _, count in told.right) > 0


def test_blanks_without_rows_are_found(world: World) -> None:
    BlankReceipt.objects.create(
        provider=world.demo.provider, series="AA", first=1, last=10, document="№ 1",
        received_on=world.now.date(), entered_at=world.now,
        entered_by=world.demo.staff[Role.REGISTRAR],
    )  # fmt: skip
    assert differing(world) == {"blanks": ()}


def test_a_rewritten_entry_of_the_journal_is_found(world: World) -> None:
    request = world.by_state[State.HANDED_OVER]
    entry = JournalEntry.objects.filter(subject=f"request:{request.number}").first()
    assert entry is not None
    assert differing(world) == {}
    entry.pk = None
    entry.sequence = 99
    entry.at = world.now
    JournalEntry.objects.bulk_create([entry])
    assert differing(world)["journal"] == (request.number,)


def test_a_difference_becomes_a_task_of_the_head_and_an_even_book_closes_it(world: World) -> None:
    request = world.by_state[State.ACCEPTED]
    Request.objects.filter(pk=request.pk).update(state=State.WITHDRAWN)
    run_books_job({}, world.now)
    task = StaffTask.objects.get(key="books:DEMO:requests")
    assert (task.role, task.scope, task.closed_at) == ("office_head", "DEMO", None)
    assert task.params == {"count": 1, "rows": request.number}
    Request.objects.filter(pk=request.pk).update(state=State.ACCEPTED)
    reconcile(provider=world.demo.provider, now=world.now)
    task.refresh_from_db()
    assert task.closed_at == world.now


@pytest.mark.django_db(transaction=True)
def test_the_history_is_read_before_the_transaction(world: World) -> None:
    """Who writes meanwhile does not wait (SQLite has one writer)."""
    with CaptureQueriesContext(connection) as asked:
        reconcile(provider=world.demo.provider, now=world.now)
    said = [row["sql"] for row in asked.captured_queries]
    begun = next(place for place, sql in enumerate(said) if sql.startswith("BEGIN"))
    assert not [sql for sql in said[begun:] if "cases_request" in sql]


@pytest.mark.parametrize("role", [Role.OFFICE_HEAD, Role.PROVIDER_ADMIN])
def test_who_answers_sees_the_own_books_alone(world: World, signed_in: SignIn, role: Role) -> None:
    client, address = signed_in(world.demo.staff[role]), reverse("oversight:books", args=["DEMO"])
    assert "not compared yet" in client.get(address).content.decode()
    run_books_job({}, world.now)
    assert "Filed = decided + open" in client.get(address).content.decode()
    assert client.get(reverse("oversight:books", args=["OTHER"])).status_code == 404


def test_the_page_shows_what_the_last_comparison_found_and_computes_nothing(
    world: World, signed_in: SignIn
) -> None:
    request = world.by_state[State.ACCEPTED]
    Request.objects.filter(pk=request.pk).update(state=State.WITHDRAWN)
    run_books_job({}, world.now)
    kept = kept_books(world.demo.provider)
    assert kept is not None
    assert kept.at == world.now
    assert list(kept.balances) == books_of(world.demo.provider, now=world.now)
    Request.objects.filter(pk=request.pk).update(state=State.ACCEPTED)
    client, address = signed_in(world.inspector), reverse("oversight:books", args=["DEMO"])
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address).content.decode()
    assert request.number in page
    assert f"{world.now.astimezone(ZONE):%d.%m.%Y %H:%M}" in page
    assert not [row for row in asked.captured_queries if "cases_request" in row["sql"]]


def test_who_supervises_has_the_books_compared_by_the_worker(
    world: World, signed_in: SignIn
) -> None:
    client = signed_in(world.inspector)
    address = reverse("oversight:books_compare", args=["DEMO"])
    answer = client.post(address)
    assert answer.headers["Location"] == reverse("oversight:books", args=["DEMO"])
    job = Job.objects.get(name=BOOKS_JOB)
    run_books_job(job.payload, world.now)
    assert kept_books(world.demo.provider) is not None
    assert kept_books(world.other.provider) is None
    assert signed_in(world.demo.staff[Role.CLERK]).post(address).status_code == 403
    assert signed_in(world.other.staff[Role.OFFICE_HEAD]).post(address).status_code == 404


def test_an_inspector_sees_all_books_and_a_clerk_none(world: World, signed_in: SignIn) -> None:
    client = signed_in(world.inspector)
    for code in ("DEMO", "OTHER"):
        assert client.get(reverse("oversight:books", args=[code])).status_code == 200
    client = signed_in(world.demo.staff[Role.CLERK])
    assert client.get(reverse("oversight:books", args=["DEMO"])).status_code == 403
