"""Web hooks: an event is a row in the transaction of the act, told by a job, tried again."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import F

from kualik.core import jobs
from kualik.core.clock import local_iso
from kualik.core.jobs import Later, Payload
from kualik.core.sealing import unseal
from kualik.core.tasks import Task, open_task
from kualik.notifications.adapters.hook_posting import post_hook
from kualik.notifications.adapters.outbound import CallFailed, Reply
from kualik.notifications.models import Hook, HookDelivery
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role

HOOK_JOB: Final = "notifications.hook"
PAUSED_TASK: Final = "hook_paused"
PURPOSE: Final = "hook"
DATA: Final = Path(__file__).parents[1] / "data" / "hooks.toml"
TEST_EVENT: Final = "hook.test"
# Between the tries of one event: nine of them within some 28 hours.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
# An address that fails is asked at least so often, by whatever waits for it.
LONGEST_QUIET: Final = timedelta(hours=1)
# So many failures in a row, some fifteen hours, and the address is asked no more.
MOST_FAILURES: Final = 20
KEPT_FOR: Final = timedelta(days=90)
GONE: Final = 410
State = HookDelivery.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to tell; ``key`` names it for ever (no dots), ``body`` holds no IIN and no name."""

    name: str
    about: str
    key: str
    body: Mapping[str, object]


@cache
def hook_events() -> Mapping[str, Text]:
    """Every event that may be asked for, with its words."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {name: Text(*(row[language] for language in LANGUAGES)) for name, row in rows.items()}


def emit(
    *,
    provider: Provider,
    event: str,
    about: str,
    body: Mapping[str, object],
    key: str,
    now: datetime,
) -> int:
    """Tell one event; see ``emit_all``."""
    told = Event(name=event, about=about, key=key, body=body)
    return emit_all(provider=provider, events=[told], now=now)


def emit_all(*, provider: Provider, events: Sequence[Event], now: datetime) -> int:
    """Write a delivery for every hook of the provider that asked for an event, once for its key.

    Call it in the transaction of the act. How many deliveries were written.
    """
    names = {event.name for event in events}
    hooks = [
        hook
        for hook in Hook.objects.filter(provider=provider, removed_at=None)
        if names & set(hook.events)
    ]
    return sum(
        deliver_to(hook, [event for event in events if event.name in hook.events], now=now)
        for hook in hooks
    )


@transaction.atomic
def deliver_to(hook: Hook, events: Sequence[Event], *, now: datetime) -> int:
    """Write the deliveries of some events to one hook and order their jobs; how many are new."""
    keys = [event.key for event in events]
    known = set(HookDelivery.objects.filter(hook=hook, key__in=keys).values_list("key", flat=True))
    fresh = [
        HookDelivery(
            hook=hook,
            key=event.key,
            event=event.name,
            about=event.about,
            body={"type": event.name, "timestamp": local_iso(now), "data": dict(event.body)},
            created_at=now,
        )
        for event in events
        if event.key not in known
    ]
    HookDelivery.objects.bulk_create(fresh, batch_size=200)
    if hook.paused_at is None:
        order_deliveries([row.pk for row in fresh], now=now)
    return len(fresh)


def order_deliveries(pks: Sequence[int], *, now: datetime) -> int:
    """Have deliveries made, those whose job ended before too; how many had none."""
    payloads = {f"{HOOK_JOB}:{pk}": {"delivery": pk} for pk in pks}
    return jobs.renew_all(name=HOOK_JOB, payloads=payloads, now=now)


def run_hook_job(payload: Payload, now: datetime) -> None:
    """Tell one event. Raises Later until it is taken, or given up.

    A hook that is paused orders its deliveries anew when it goes on.
    """
    pk = int(str(payload["delivery"]))
    rows = HookDelivery.objects.select_related("hook", "hook__provider")
    delivery = rows.filter(pk=pk, state=State.WAITING).first()
    if delivery is None or delivery.hook.paused_at or delivery.hook.removed_at:
        return
    quiet_until = delivery.hook.quiet_until
    if quiet_until is not None and now < quiet_until:
        raise Later(quiet_until, "the receiver is left alone")
    fault, reply = _told(delivery, now=now)
    if reply is not None and not fault:
        _mark_taken(delivery, reply, now=now)
    else:
        _try_again(delivery, fault, reply, now=now)


def _told(delivery: HookDelivery, *, now: datetime) -> tuple[str, Reply | None]:
    """What speaks against the answer ("" for nothing), and the answer if there was one."""
    hook = delivery.hook
    try:
        reply = post_hook(
            hook.url, key=delivery.key, body=delivery.body, secrets=secrets_of(hook, now), now=now
        )
    except CallFailed as failed:
        return str(failed), None
    except RuleViolation as violation:
        return violation.code, None
    return ("" if 200 <= reply.status < 300 else f"status {reply.status}"), reply


def secrets_of(hook: Hook, now: datetime) -> list[str]:
    """The secrets in force, the newest first. Raises ``iin_key_wrong``."""
    found = [unseal(bytes(hook.secret_sealed), purpose=PURPOSE)]
    if former_until(hook, now):
        found.append(unseal(bytes(hook.previous_sealed), purpose=PURPOSE))
    return found


def former_until(hook: Hook, now: datetime) -> datetime | None:
    """Until when the former secret signs beside the present one; None when it does not."""
    ends_at = hook.previous_ends_at
    return ends_at if ends_at is not None and now < ends_at else None


@transaction.atomic
def _mark_taken(delivery: HookDelivery, reply: Reply, *, now: datetime) -> None:
    HookDelivery.objects.filter(pk=delivery.pk).update(
        state=State.DELIVERED,
        attempts=F("attempts") + 1,
        tried_at=now,
        delivered_at=now,
        status=reply.status,
        milliseconds=reply.milliseconds,
        fault="",
    )
    Hook.objects.filter(pk=delivery.hook_id).exclude(failures=0).update(
        failures=0, quiet_until=None
    )


def _try_again(delivery: HookDelivery, fault: str, reply: Reply | None, *, now: datetime) -> None:
    """Keep what happened; the event waits for its next try unless it had all of them."""
    attempts = delivery.attempts + 1
    is_spent = attempts > len(PAUSES)
    with transaction.atomic():
        # Given up meanwhile, with its hook, it stays so.
        HookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(
            state=State.FAILED if is_spent else State.WAITING,
            attempts=attempts,
            tried_at=now,
            status=reply.status if reply else None,
            milliseconds=reply.milliseconds if reply else None,
            fault=fault[:200],
        )
        is_paused = _count_failure(
            delivery.hook, is_gone=reply is not None and reply.status == GONE, now=now
        )
    if not (is_spent or is_paused):
        raise Later(now + PAUSES[attempts - 1], fault)


def _count_failure(hook: Hook, *, is_gone: bool, now: datetime) -> bool:
    """One more failure in a row: leave the address alone for a while; True: for good."""
    Hook.objects.filter(pk=hook.pk).update(failures=F("failures") + 1)
    hook.refresh_from_db(fields=["failures"])
    quiet = min(PAUSES[min(hook.failures, len(PAUSES)) - 1], LONGEST_QUIET)
    Hook.objects.filter(pk=hook.pk).update(quiet_until=now + quiet)
    if not is_gone and hook.failures < MOST_FAILURES:
        return False
    Hook.objects.filter(pk=hook.pk, paused_at=None).update(paused_at=now)
    task = Task(
        key=f"{PAUSED_TASK}:{hook.pk}",
        kind=PAUSED_TASK,
        subject=f"hook:{hook.pk}",
        scope=hook.provider.code,
        role=Role.PROVIDER_ADMIN,
        params={"name": hook.name},
    )
    open_task(task, now=now)
    return True


def order_lost(*, now: datetime) -> int:
    """Have made again what waits and has no job any more, as where a worker died at every try or
    the hook went on while its last try ended; how many were ordered."""
    waiting = HookDelivery.objects.filter(
        state=State.WAITING, hook__paused_at=None, hook__removed_at=None
    )
    return order_deliveries(list(waiting.order_by("pk").values_list("pk", flat=True)), now=now)


def forget_deliveries(*, now: datetime) -> int:
    """Delete what was told, or given up, long ago; how many."""
    old = HookDelivery.objects.filter(created_at__lt=now - KEPT_FOR)
    return old.exclude(state=State.WAITING).delete()[0]
