"""Office hours by period: a change is dated ahead and may be corrected until its day comes."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from kualik.core.journal import Actor
from kualik.providers.models import HoursChange, Office
from kualik.providers.queries import contradictions, office_hours
from kualik.providers.services.recording import locked_office, record, require_later
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.workdays import LAST_MINUTE, WEEKDAYS, Minutes, WeeklyHours


@transaction.atomic
def change_hours(
    *,
    office: Office,
    hours: Mapping[int, Minutes],
    valid_from: date,
    now: datetime,
    actor: Actor,
) -> HoursChange:
    """Sets the weekly hours of an office from a later day on (A57.7.1, A303.7.1).

    A change of the same day takes the place of the one that was set before. Requests filed until
    now keep the due time they have. Hours that contradict the edition in force on that day are
    taken and the days recorded: the act binds the provider, the clock follows what is worked.

    Errors: ``hours_too_late`` (day): the day is not later than today, so it is a part of clocks
    already told to people; ``hours_empty``; ``hours_wrong`` (weekday): closing not later than
    opening, or outside the day.
    """
    require_later(valid_from, now, code="hours_too_late")
    checked = checked_hours(hours)
    locked = locked_office(office)
    standard = standards.in_force(valid_from)
    before = office_hours(locked, on=valid_from, default=standard.weekly_hours)
    change, _ = HoursChange.objects.update_or_create(
        office=locked, valid_from=valid_from, defaults={"hours": checked}
    )
    against = contradictions(WeeklyHours.of(hours), standard)
    after: dict[str, object] = {"valid_from": valid_from.isoformat(), "hours": checked}
    if against:
        after["contradicts"] = [WEEKDAYS[one.weekday] for one in against]
    data = {"office": locked.pk, "before": {"hours": _written(before)}, "after": after}
    record(locked.provider, "hours_changed", actor, now, data)
    return change


@transaction.atomic
def cancel_hours(*, office: Office, valid_from: date, now: datetime, actor: Actor) -> None:
    """Takes a change of hours back before its day; nothing to do when it is gone already.

    Errors: ``hours_too_late`` (day).
    """
    require_later(valid_from, now, code="hours_too_late")
    locked = locked_office(office)
    row = HoursChange.objects.filter(office=locked, valid_from=valid_from).first()
    if row is None:
        return
    data = {
        "office": locked.pk,
        "before": {"valid_from": valid_from.isoformat(), "hours": row.hours},
    }
    row.delete()
    record(locked.provider, "hours_change_cancelled", actor, now, data)


def checked_hours(hours: Mapping[int, Minutes]) -> dict[str, list[int]]:
    """The hours as a row keeps them; RuleViolation ``hours_empty`` or ``hours_wrong``."""
    if not hours:
        raise RuleViolation("hours_empty")
    for weekday, (opens, closes) in hours.items():
        if weekday not in range(len(WEEKDAYS)) or not 0 <= opens < closes <= LAST_MINUTE:
            raise RuleViolation("hours_wrong", weekday=weekday + 1)
    return {str(weekday): [opens, closes] for weekday, (opens, closes) in sorted(hours.items())}


def _written(hours: WeeklyHours) -> dict[str, list[int]]:
    return {str(day): list(span) for day, span in enumerate(hours.days) if span is not None}
