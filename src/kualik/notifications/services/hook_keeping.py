"""Hooks of a provider: made, changed, paused, and their events told again."""

import base64
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from kualik.core import journal
from kualik.core.clock import ZONE
from kualik.core.journal import Actor
from kualik.core.sealing import seal
from kualik.core.tasks import close_task
from kualik.notifications.adapters.hook_posting import PREFIX, check_hook_address
from kualik.notifications.models import Hook, HookDelivery
from kualik.notifications.services.hooks import (
    PAUSED_TASK,
    PURPOSE,
    TEST_EVENT,
    Event,
    deliver_to,
    former_until,
    hook_events,
    order_deliveries,
    secrets_of,
)
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation

SECRET_BYTES: Final = 32
MOST_HOOKS: Final = 20
# How long the secret before the present one signs too.
OVERLAP: Final = timedelta(days=2)
REMOVED: Final = "the hook was removed"
State = HookDelivery.State


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFacts:
    """What a provider says of a hook."""

    name: str
    url: str
    events: Collection[str]


@transaction.atomic
def add_hook(*, provider: Provider, facts: HookFacts, actor: Actor, now: datetime) -> Hook:
    """Make a hook with a fresh secret. RuleViolation ``address_unfit``, ``address_inner``,
    ``hook_event_unknown``, ``hooks_too_many``."""
    _check(facts)
    if Hook.objects.filter(provider=provider, removed_at=None).count() >= MOST_HOOKS:
        raise RuleViolation("hooks_too_many", limit=MOST_HOOKS)
    hook = Hook.objects.create(
        provider=provider,
        name=facts.name,
        url=facts.url,
        events=_ordered(facts.events),
        secret_sealed=_fresh_secret(),
        created_at=now,
        created_by=actor.name,
    )
    _record(hook, "added", actor=actor, now=now, data={"events": hook.events})
    return hook


@transaction.atomic
def change_hook(*, hook: Hook, facts: HookFacts, actor: Actor, now: datetime) -> None:
    """Set name, address and events. RuleViolation as ``add_hook``."""
    _check(facts)
    if facts.url != hook.url:
        # What failed was the former address.
        hook.failures, hook.quiet_until = 0, None
    hook.name, hook.url, hook.events = facts.name, facts.url, _ordered(facts.events)
    hook.save(update_fields=["name", "url", "events", "failures", "quiet_until"])
    _record(hook, "changed", actor=actor, now=now, data={"events": hook.events})


@transaction.atomic
def renew_secret(*, hook: Hook, actor: Actor, now: datetime) -> None:
    """A fresh secret; the present one signs beside it for two days.

    RuleViolation ``hook_former_secret_signs`` while the one before it does: the receiver may use
    that one still, and only two of them sign.
    """
    hook.refresh_from_db(from_queryset=Hook.objects.select_for_update(no_key=True))
    until = former_until(hook, now)
    if until:
        raise RuleViolation(
            "hook_former_secret_signs", until=f"{until.astimezone(ZONE):%d.%m.%Y %H:%M}"
        )
    hook.previous_sealed, hook.previous_ends_at = hook.secret_sealed, now + OVERLAP
    hook.secret_sealed = _fresh_secret()
    hook.save(update_fields=["secret_sealed", "previous_sealed", "previous_ends_at"])
    _record(hook, "secret_renewed", actor=actor, now=now)


@transaction.atomic
def end_former_secret(*, hook: Hook, actor: Actor, now: datetime) -> None:
    """Let the present secret sign alone from now on."""
    if Hook.objects.filter(pk=hook.pk, previous_ends_at__gt=now).update(previous_ends_at=now):
        _record(hook, "former_secret_ended", actor=actor, now=now)


def show_secret(*, hook: Hook, actor: Actor, now: datetime) -> str:
    """The secret in force, for the receiver's settings; the journal keeps who looked."""
    _record(hook, "secret_shown", actor=actor, now=now)
    return secrets_of(hook, now)[0]


@transaction.atomic
def pause_hook(*, hook: Hook, actor: Actor, now: datetime) -> None:
    """Tell it nothing for now; events go on being written."""
    if Hook.objects.filter(pk=hook.pk, paused_at=None).update(paused_at=now):
        _record(hook, "paused", actor=actor, now=now)


@transaction.atomic
def resume_hook(*, hook: Hook, actor: Actor, now: datetime) -> int:
    """Go on, beginning with what waits; how many wait."""
    Hook.objects.filter(pk=hook.pk).update(paused_at=None, failures=0, quiet_until=None)
    close_task(key=f"{PAUSED_TASK}:{hook.pk}", actor=actor, now=now)
    waiting = list(
        hook.deliveries.filter(state=State.WAITING).order_by("pk").values_list("pk", flat=True)
    )
    order_deliveries(waiting, now=now)
    _record(hook, "resumed", actor=actor, now=now, data={"waiting": len(waiting)})
    return len(waiting)


@transaction.atomic
def remove_hook(*, hook: Hook, actor: Actor, now: datetime) -> None:
    """Tell it nothing ever again; what waits is given up."""
    if not Hook.objects.filter(pk=hook.pk, removed_at=None).update(removed_at=now):
        return
    hook.deliveries.filter(state=State.WAITING).update(state=State.FAILED, fault=REMOVED)
    close_task(key=f"{PAUSED_TASK}:{hook.pk}", actor=actor, now=now)
    _record(hook, "removed", actor=actor, now=now)


def send_test(*, hook: Hook, now: datetime) -> None:
    """An event that means nothing, so that a receiver can be tried."""
    stamp = f"{now:%Y%m%dT%H%M%S%f}"
    event = Event(name=TEST_EVENT, about=f"hook:{hook.pk}", key=f"test:{hook.pk}:{stamp}", body={})
    deliver_to(hook, [event], now=now)


@transaction.atomic
def replay(*, deliveries: Collection[HookDelivery], actor: Actor, now: datetime) -> int:
    """Tell events of one hook again, under the keys they had; how many."""
    again = HookDelivery.objects.filter(
        pk__in=[row.pk for row in deliveries],
        hook__removed_at=None,
        state__in=[State.DELIVERED, State.FAILED],
    )
    pks = list(again.order_by("pk").values_list("pk", flat=True))
    HookDelivery.objects.filter(pk__in=pks).update(
        state=State.WAITING, attempts=0, fault="", delivered_at=None
    )
    order_deliveries(pks, now=now)
    if pks:
        hook = Hook.objects.select_related("provider").get(deliveries=pks[0])
        _record(hook, "replayed", actor=actor, now=now, data={"deliveries": len(pks)})
    return len(pks)


def _check(facts: HookFacts) -> None:
    check_hook_address(facts.url)
    unknown = set(facts.events) - set(hook_events())
    if unknown or not facts.events:
        raise RuleViolation("hook_event_unknown", names=", ".join(sorted(unknown)))


def _ordered(events: Collection[str]) -> list[str]:
    return [name for name in hook_events() if name in events]


def _fresh_secret() -> bytes:
    secret = PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()
    return seal(secret, purpose=PURPOSE)


def _record(
    hook: Hook,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    data: dict[str, object] | None = None,
) -> None:
    journal.record(
        subject=f"hook:{hook.pk}", action=f"notifications.hook_{action}", actor=actor, now=now,
        data={"provider": hook.provider.code, **(data or {})},
    )  # fmt: skip
