"""How many deadlines the legal clock computes in a second, on one core."""

from datetime import datetime, timedelta
from time import perf_counter

from kualik.rules.deadline import compute
from kualik.rules.workdays import ALMATY, WeeklyHours, WorkCalendar

COUNT = 100_000
HOURS = "Mon-Fri 08:30-17:30; Sat 09:00-14:00"


def run() -> dict[str, float]:
    """Computes ``COUNT`` deadlines spread over six years; prints and returns the figures.

    The calendar starts empty: the first use of each year is part of the time.
    """
    first = datetime(2021, 1, 1, 8, 0, tzinfo=ALMATY)
    minutes = 6 * 365 * 24 * 60 // COUNT
    moments = [first + timedelta(minutes=minutes * number) for number in range(COUNT)]
    calendar = WorkCalendar(WeeklyHours.parse(HOURS))
    started = perf_counter()
    for moment in moments:
        compute(edition="A303", calendar=calendar, filed_at=moment, mastered_on=moment.date())
    seconds = perf_counter() - started
    figures = {"deadlines": COUNT, "seconds": seconds, "deadlines_per_second": COUNT / seconds}
    print(f"deadlines: {COUNT} in {seconds:.2f} s, {COUNT / seconds:,.0f} per second")
    return figures


if __name__ == "__main__":
    run()
