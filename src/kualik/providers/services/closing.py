"""Days without service by the provider's own decision, announced before they begin."""

from datetime import date, datetime, timedelta

from django.db import transaction

from kualik.core.journal import Actor
from kualik.providers.models import Closure, Provider
from kualik.providers.services.recording import record, require_later, require_text
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

MOST_DAYS = 60


@transaction.atomic
def announce_closure(
    *,
    provider: Provider,
    day: date,
    reason: Text,
    now: datetime,
    actor: Actor,
    until: date | None = None,
) -> Closure:
    """Announces a closed period from ``day`` to ``until``, by default of one day, at the latest on
    the day before it begins. Returns its first day.

    Errors: ``closure_too_late`` (day): a day that began is part of clocks already told to people;
    ``closure_exists`` (day); ``closure_wrong`` (most) for a period that ends before it begins or
    is too long; ``text_missing``.
    """
    last = until or day
    require_later(day, now, code="closure_too_late")
    if not timedelta() <= last - day < timedelta(days=MOST_DAYS):
        raise RuleViolation("closure_wrong", most=MOST_DAYS)
    for language in ("kk", "ru"):
        require_text("reason", reason, language)
    Provider.objects.select_for_update().get(pk=provider.pk)
    days = [day + timedelta(days=number) for number in range((last - day).days + 1)]
    taken = Closure.objects.filter(provider=provider, day__in=days).order_by("day").first()
    if taken is not None:
        raise RuleViolation("closure_exists", day=f"{taken.day:%d.%m.%Y}")
    words = {f"reason_{name}": getattr(reason, name).strip() for name in ("kk", "ru", "en")}
    rows = Closure.objects.bulk_create(
        Closure(provider=provider, day=one, begins_on=day, **words) for one in days
    )
    told = {name: words[name] for name in ("reason_kk", "reason_ru")}
    after = {"first": day.isoformat(), "last": last.isoformat(), **told}
    data = {"day": day.isoformat(), "after": after}
    record(provider, "closure_announced", actor, now, data)
    return rows[0]


@transaction.atomic
def cancel_closure(*, provider: Provider, day: date, now: datetime, actor: Actor) -> None:
    """Takes the closed period that begins on ``day`` back, the whole of it and only before it
    begins; nothing to do when it is gone already.

    Errors: ``closure_begun`` (day): people were told of clocks that count with it.
    """
    require_later(day, now, code="closure_begun")
    Provider.objects.select_for_update().get(pk=provider.pk)
    rows = Closure.objects.filter(provider=provider, begins_on=day) | Closure.objects.filter(
        provider=provider, begins_on=None, day=day
    )
    found = list(rows.order_by("day"))
    if not found:
        return
    data = {
        "before": {
            "first": day.isoformat(),
            "last": found[-1].day.isoformat(),
            "reason_kk": found[0].reason_kk,
            "reason_ru": found[0].reason_ru,
        }
    }
    rows.delete()
    record(provider, "closure_cancelled", actor, now, data)


@transaction.atomic
def correct_closure(
    *,
    provider: Provider,
    begins_on: date,
    day: date,
    until: date,
    reason: Text,
    now: datetime,
    actor: Actor,
) -> Closure:
    """Puts another period in the place of the one that begins on ``begins_on``; errors are those
    of ``cancel_closure`` and ``announce_closure``, and then the former period stands."""
    cancel_closure(provider=provider, day=begins_on, now=now, actor=actor)
    return announce_closure(
        provider=provider, day=day, until=until, reason=reason, now=now, actor=actor
    )
