"""Web hooks: told once the act is kept, signed, again until taken, never into the inner network."""

import base64
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

from kualik.core import jobs
from kualik.core.clock import local_iso
from kualik.core.jobs import Later
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, JournalEntry, StaffTask
from kualik.notifications.adapters.hook_posting import PREFIX
from kualik.notifications.adapters.outbound import (
    CallFailed,
    Line,
    is_inner,
    read_target,
)
from kualik.notifications.models import Hook, HookDelivery
from kualik.notifications.services import hook_keeping as keeping
from kualik.notifications.services import hooks
from kualik.notifications.services.hook_keeping import HookFacts
from kualik.notifications.services.hooks import (
    HOOK_JOB,
    MOST_FAILURES,
    PAUSES,
    emit,
    forget_deliveries,
    hook_events,
    order_lost,
    run_hook_job,
)
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from tests.notifications.catching import MovedClock
from tests.notifications.services import Asked, Service

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
KEY = "request:DEMO-2026-Z000001-5:2:accept"
BODY = {"number": "DEMO-2026-Z000001-5", "state": "accepted"}
State = HookDelivery.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver() -> Iterator[Service]:
    running = Service()
    yield running
    running.end()


@pytest.fixture(autouse=True)
def on_a_demonstration(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def provider() -> Provider:
    return open_provider("DEMO", "990140000018")


def open_provider(code: str, bin_number: str) -> Provider:
    names = {f"name_{language}": f"{code} {language}" for language in ("kk", "ru", "en")}
    cities = {f"city_{language}": "Алматы" for language in ("kk", "ru", "en")}
    return Provider.objects.create(
        code=code, bin=bin_number, kind=Provider.Kind.EDUCATION, **names, **cities
    )


def add(provider: Provider, receiver: Service, *events: str) -> Hook:
    facts = HookFacts(
        name="ҚР жүйесі",
        url=f"http://127.0.0.1:{receiver.server_port}/in?from=kualik",
        events=events or ("request.accepted",),
    )
    return keeping.add_hook(provider=provider, facts=facts, actor=SYSTEM, now=NOW)


def tell(provider: Provider, *, key: str = KEY, now: datetime = NOW) -> int:
    return emit(
        provider=provider,
        event="request.accepted",
        about="request:DEMO-2026-Z000001-5",
        body=BODY,
        key=key,
        now=now,
    )


def work(clock: MovedClock) -> int:
    return jobs.run_waiting(handlers={HOOK_JOB: run_hook_job}, worker="w", clock=clock)


def is_signed(asked: Asked, secret: str) -> bool:
    headers = asked.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{asked.body}".encode()
    made = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, "sha256")
    return f"v1,{base64.b64encode(made).decode()}" in headers["webhook-signature"].split(" ")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOW)


def test_an_event_arrives_signed_and_is_told_once(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    hook = add(provider, receiver)
    assert [tell(provider), tell(provider)] == [1, 0]
    assert work(clock) == 1
    (asked,) = receiver.script.asked
    assert (asked.path, asked.query) == ("/in", {"from": "kualik"})
    assert asked.headers["webhook-id"] == KEY
    assert asked.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert is_signed(asked, keeping.show_secret(hook=hook, actor=SYSTEM, now=NOW))
    assert json.loads(asked.body) == {
        "type": "request.accepted", "timestamp": local_iso(NOW), "data": BODY,
    }  # fmt: skip
    row = HookDelivery.objects.get()
    assert (row.state, row.attempts, row.status) == (State.DELIVERED, 1, 200)


def test_nobody_is_told_who_did_not_ask(
    provider: Provider, receiver: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = open_provider("OTHER", "060540001234")
    add(other, receiver)
    add(provider, receiver, "certificate.issued")
    with django_assert_num_queries(1):
        assert tell(provider) == 0
    assert not HookDelivery.objects.exists()


def test_an_act_that_is_taken_back_is_not_told(provider: Provider, receiver: Service) -> None:
    add(provider, receiver)
    with transaction.atomic():
        tell(provider)
        transaction.set_rollback(True)
    assert not HookDelivery.objects.exists()
    assert not Job.objects.exists()


def test_a_failing_receiver_is_asked_again_after_growing_pauses_until_it_takes(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    add(provider, receiver)
    tell(provider)
    receiver.script.status = 500
    for pause in (*PAUSES[:3], timedelta(0)):
        assert work(clock) == 1
        assert work(clock) == 0, "not before its time"
        clock.at += pause
    row = HookDelivery.objects.get()
    assert (row.state, row.attempts, row.fault) == (State.WAITING, 4, "status 500")
    receiver.script.status = 204
    clock.at += PAUSES[3]
    work(clock)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.fault) == (State.DELIVERED, 5, "")
    assert len({asked.headers["webhook-id"] for asked in receiver.script.asked}) == 1
    assert len({asked.body for asked in receiver.script.asked}) == 1
    hook = Hook.objects.get()
    assert (hook.failures, hook.quiet_until) == (0, None)


def test_a_receiver_that_is_away_costs_one_try_at_a_time(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    add(provider, receiver)
    receiver.script.breaks = True
    for number in range(10):
        tell(provider, key=f"request:{number}")
    work(clock)
    assert len(receiver.script.asked) == 1
    assert HookDelivery.objects.filter(attempts=1).count() == 1
    receiver.script.breaks = False
    clock.at += PAUSES[0]
    work(clock)
    assert HookDelivery.objects.filter(state=State.DELIVERED).count() == 10


def test_an_event_whose_job_was_lost_is_made_again_once(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    hook = add(provider, receiver)
    tell(provider)
    assert order_lost(now=NOW) == 0
    Job.objects.filter(name=HOOK_JOB).update(failed_at=NOW)
    keeping.pause_hook(hook=hook, actor=SYSTEM, now=NOW)
    assert order_lost(now=NOW) == 0
    Hook.objects.update(paused_at=None)
    assert order_lost(now=NOW) == 1
    work(clock)
    assert HookDelivery.objects.get().state == State.DELIVERED
    assert order_lost(now=NOW) == 0


def test_a_new_address_does_not_wait_for_what_the_former_one_failed(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    hook = add(provider, receiver)
    receiver.script.status = 500
    tell(provider)
    work(clock)
    hook.refresh_from_db()
    assert hook.quiet_until is not None
    facts = HookFacts(name="x", url=hook.url + "&new=1", events=hook.events)
    keeping.change_hook(hook=hook, facts=facts, actor=SYSTEM, now=NOW)
    hook.refresh_from_db()
    assert (hook.failures, hook.quiet_until) == (0, None)


def test_what_is_removed_while_it_is_tried_stays_given_up(
    provider: Provider, receiver: Service
) -> None:
    hook = add(provider, receiver)
    tell(provider)
    tried = HookDelivery.objects.select_related("hook__provider").get()
    keeping.remove_hook(hook=hook, actor=SYSTEM, now=NOW)
    with pytest.raises(Later):
        hooks._try_again(tried, "no answer", None, now=NOW)
    tried.refresh_from_db()
    assert (tried.state, tried.fault) == (State.FAILED, keeping.REMOVED)


def test_only_what_is_told_again_is_counted(provider: Provider, receiver: Service) -> None:
    add(provider, receiver)
    tell(provider)
    waiting = HookDelivery.objects.get()
    assert keeping.replay(deliveries=[waiting], actor=SYSTEM, now=NOW) == 0
    assert not JournalEntry.objects.filter(action="notifications.hook_replayed").exists()


def test_an_event_that_nobody_takes_is_given_up_and_can_be_told_again(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    add(provider, receiver)
    tell(provider)
    receiver.script.status = 500
    for _ in range(len(PAUSES) + 1):
        work(clock)
        clock.at += timedelta(hours=11)
    row = HookDelivery.objects.get()
    assert (row.state, row.attempts) == (State.FAILED, len(PAUSES) + 1)
    assert work(clock) == 0
    receiver.script.status = 200
    assert keeping.replay(deliveries=[row], actor=SYSTEM, now=clock.at) == 1
    work(clock)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.key) == (State.DELIVERED, 1, KEY)


def test_after_many_failures_the_hook_pauses_and_a_person_is_told(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    hook = add(provider, receiver)
    receiver.script.status = 503
    for number in range(4):
        tell(provider, key=f"request:{number}")
    for _ in range(MOST_FAILURES * 2):
        work(clock)
        clock.at += timedelta(hours=2)
    hook.refresh_from_db()
    assert hook.paused_at is not None
    assert hook.failures == MOST_FAILURES == len(receiver.script.asked)
    task = StaffTask.objects.get()
    assert (task.kind, task.scope, task.role) == ("hook_paused", "DEMO", "provider_admin")
    tell(provider, key="request:later")
    assert work(clock) == 0
    receiver.script.status = 200
    waiting = keeping.resume_hook(hook=hook, actor=SYSTEM, now=clock.at)
    assert waiting == HookDelivery.objects.filter(state=State.WAITING).count() > 0
    work(clock)
    assert not HookDelivery.objects.filter(state=State.WAITING).exists()
    task.refresh_from_db()
    assert task.closed_at is not None


def test_a_receiver_that_is_gone_is_asked_no_more(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    hook = add(provider, receiver)
    tell(provider)
    receiver.script.status = 410
    work(clock)
    hook.refresh_from_db()
    assert hook.paused_at == NOW


def test_no_redirect_is_followed(provider: Provider, receiver: Service, clock: MovedClock) -> None:
    add(provider, receiver)
    tell(provider)
    receiver.script.status = 307
    work(clock)
    assert HookDelivery.objects.get().fault == "status 307"
    assert len(receiver.script.asked) == 1


def test_a_new_secret_and_the_former_one_sign_side_by_side_for_two_days(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    hook = add(provider, receiver)
    former = keeping.show_secret(hook=hook, actor=SYSTEM, now=NOW)
    keeping.renew_secret(hook=hook, actor=SYSTEM, now=NOW)
    present = keeping.show_secret(hook=hook, actor=SYSTEM, now=NOW)
    tell(provider, key="request:1")
    work(clock)
    clock.at += keeping.OVERLAP
    tell(provider, key="request:2", now=clock.at)
    work(clock)
    first, second = receiver.script.asked
    assert former != present
    assert [is_signed(first, former), is_signed(first, present)] == [True, True]
    assert [is_signed(second, former), is_signed(second, present)] == [False, True]


def test_a_second_press_does_not_take_the_secret_that_the_receiver_uses(
    provider: Provider, receiver: Service
) -> None:
    hook = add(provider, receiver)
    seen_at_once = Hook.objects.get()
    in_use = keeping.secrets_of(hook, NOW)[0]
    keeping.renew_secret(hook=hook, actor=SYSTEM, now=NOW)
    for pressed in (hook, seen_at_once):
        with pytest.raises(RuleViolation) as refused:
            keeping.renew_secret(hook=pressed, actor=SYSTEM, now=NOW + timedelta(minutes=1))
        assert refused.value.code == "hook_former_secret_signs"
    assert in_use in keeping.secrets_of(Hook.objects.get(), NOW + timedelta(minutes=1))
    keeping.end_former_secret(hook=hook, actor=SYSTEM, now=NOW + timedelta(minutes=2))
    keeping.renew_secret(hook=hook, actor=SYSTEM, now=NOW + timedelta(minutes=2))
    assert in_use not in keeping.secrets_of(hook, NOW + timedelta(minutes=2))


def test_the_secret_is_sealed_and_looking_at_it_is_journalled(
    provider: Provider, receiver: Service
) -> None:
    hook = add(provider, receiver)
    secret = keeping.show_secret(hook=hook, actor=SYSTEM, now=NOW)
    assert secret.startswith(PREFIX)
    assert secret.encode() not in bytes(hook.secret_sealed)
    entries = JournalEntry.objects.filter(subject=f"hook:{hook.pk}").order_by("sequence")
    assert [entry.action for entry in entries] == [
        "notifications.hook_added", "notifications.hook_secret_shown",
    ]  # fmt: skip
    assert not any(secret in json.dumps(entry.data) for entry in entries)


def test_a_hook_that_was_removed_hears_nothing(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    hook = add(provider, receiver)
    tell(provider)
    keeping.remove_hook(hook=hook, actor=SYSTEM, now=NOW)
    assert tell(provider, key="request:later") == 0
    work(clock)
    assert receiver.script.asked == []
    assert HookDelivery.objects.get().state == State.FAILED


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0",
        "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:1::",
        "64:ff9b:1::a00:1", "::127.0.0.1", "::ffff:0:10.0.0.1", "fec0::1", "4000::1",
    ],
)  # fmt: skip
def test_addresses_of_inner_networks_are_known(address: str) -> None:
    assert is_inner(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001::5e", "64:ff9b::808:808"])
def test_addresses_of_the_public_network_are_let_through(address: str) -> None:
    assert not is_inner(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "0x7f000001", "[::1]"])
def test_no_spelling_of_an_inner_address_is_called_for_real(
    receiver: Service, provider: Provider, settings: Settings, host: str
) -> None:
    settings.DEMO = False
    target = read_target(f"http://{host}:{receiver.server_port}/", schemes=("http",))
    with pytest.raises(CallFailed, match="inner network|name is not known"):
        Line(target, seconds=2).post(b"{}", headers={})
    assert receiver.script.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.kz/", "ftp://example.kz/", "https:///x", "https://user:psw@example.kz/",
        "https://example.kz/#x", "https://example.kz:99999/", "https://example.kz/a b",
        "https://example.kz/\r\nHost: x", "https://example.kz/\x01",
        "https://exa\x00mple.kz/", "example.kz", "", "https://пример.kz/",
    ],
)  # fmt: skip
def test_an_address_that_does_not_fit_is_refused(
    provider: Provider, settings: Settings, url: str
) -> None:
    settings.DEMO = False
    facts = HookFacts(name="x", url=url, events=["request.filed"])
    with pytest.raises(RuleViolation) as refused:
        keeping.add_hook(provider=provider, facts=facts, actor=SYSTEM, now=NOW)
    assert refused.value.code == "address_unfit"


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]",
        "169.254.169.254", "localhost", "x.localhost", "10.0.0.1.", "[fd00::1]",
    ],
)  # fmt: skip
def test_an_inner_address_is_refused_at_entry(
    provider: Provider, settings: Settings, host: str
) -> None:
    settings.DEMO = False
    facts = HookFacts(name="x", url=f"https://{host}/x", events=["request.filed"])
    with pytest.raises(RuleViolation) as refused:
        keeping.add_hook(provider=provider, facts=facts, actor=SYSTEM, now=NOW)
    assert refused.value.code == "address_inner"


def test_on_a_demonstration_this_computer_may_be_told_and_no_other_inner_one(
    provider: Provider,
) -> None:
    own = HookFacts(name="x", url="http://127.0.0.1:9/x", events=["request.filed"])
    assert keeping.add_hook(provider=provider, facts=own, actor=SYSTEM, now=NOW)
    other = HookFacts(name="x", url="http://10.0.0.1/x", events=["request.filed"])
    with pytest.raises(RuleViolation) as refused:
        keeping.add_hook(provider=provider, facts=other, actor=SYSTEM, now=NOW)
    assert refused.value.code == "address_inner"


def test_a_receiver_that_drips_is_left_after_the_deadline(receiver: Service) -> None:
    receiver.script.drips = True
    target = read_target(f"http://127.0.0.1:{receiver.server_port}/", schemes=("http",))
    with pytest.raises(CallFailed, match="slow|no answer"):
        Line(target, seconds=0.6, may_loop=True).post(b"{}", headers={})


def test_old_deliveries_are_forgotten_and_waiting_ones_are_not(
    provider: Provider, receiver: Service
) -> None:
    add(provider, receiver)
    tell(provider, key="request:1")
    tell(provider, key="request:2")
    HookDelivery.objects.filter(key="request:1").update(state=State.DELIVERED)
    assert forget_deliveries(now=NOW + timedelta(days=91)) == 1
    assert HookDelivery.objects.get().key == "request:2"


def test_every_event_has_words() -> None:
    assert all(text.kk and text.ru and text.en for text in hook_events().values())


def test_the_receiver_of_the_documentation_knows_our_signature_and_nothing_else(
    provider: Provider, receiver: Service, clock: MovedClock
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    place: dict[str, Any] = {}
    exec(compile(code, "hooks.md", "exec"), place)  # noqa: S102 - our own documentation
    hook = add(provider, receiver)
    tell(provider)
    work(clock)
    (asked,) = receiver.script.asked
    headers = {name.lower(): value for name, value in asked.headers.items()}
    secret = keeping.show_secret(hook=hook, actor=SYSTEM, now=NOW)
    body, at = asked.body.encode(), NOW.timestamp()
    assert place["is_genuine"](headers, body, secret, at)
    assert not place["is_genuine"](headers, body + b" ", secret, at)
    assert not place["is_genuine"](headers, body, secret, at + 301)
    assert not place["is_genuine"]({**headers, "webhook-id": "x"}, body, secret, at)
    assert not place["is_genuine"](headers, body, f"{PREFIX}{'A' * 44}", at)
    assert set(hook_events()) <= set(re.findall(r"[a-z]+\.[a-z_]+", _spelled_out(text)))


def _spelled_out(text: str) -> str:
    """The table writes the later events of documents without their first word."""
    return re.sub(r"`\.(\w+)`", r"`certificate.\1`", text)
