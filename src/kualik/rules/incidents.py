"""The terms of a failure of the information system: one working day each (A57.10-4)."""

from datetime import datetime, timedelta

from kualik.rules.workdays import WorkCalendar

# Staff are warned while there is office time left to act.
WARNED_BEFORE = timedelta(hours=2)


def one_working_day(calendar: WorkCalendar, since: datetime) -> datetime:
    """The end of a term of one working day that begins at ``since``.

    The day on which it begins is not counted, so it ends with the office hours of the first
    working day after that. Raises ``naive_time``, ``year_not_covered``.
    """
    following = calendar.next_working_day(calendar.localise(since).date())
    hours = calendar.hours_on(following)
    if hours is None:
        raise ValueError(f"{following} is no working day")
    return hours[1]


def warned_at(due_at: datetime) -> datetime:
    """When staff are warned that a term is about to end."""
    return due_at - WARNED_BEFORE
