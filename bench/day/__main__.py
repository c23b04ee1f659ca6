"""``python -m bench.day [--visitors N] [--folder PATH]``: play the day, print it, 1 if it differs.

The day is the next Monday on which people work. A folder that is given stays; one with the tables
laid down saves the time of making them.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bench.day import desk
from bench.day.books import Books
from bench.day.checking import Line, compare
from bench.day.people import come
from bench.day.playing import OUTAGE, Day
from bench.day.system import System, clear, installation
from kualik.core.clock import ZONE
from kualik.rules import standards
from kualik.rules.workdays import WeeklyHours, WorkCalendar

VISITORS = 200
NIGHT, OUTAGE_AT = timedelta(hours=5), timedelta(hours=10, minutes=20)
FAILURE_AT, FAILURE = timedelta(hours=13, minutes=45), timedelta(minutes=75)
OPENS, CLOSES = timedelta(hours=8, minutes=30), timedelta(hours=17, minutes=30)
MINUTE = timedelta(minutes=1)


def main() -> int:
    parser = argparse.ArgumentParser(description="A working day of a hall on the real server.")
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="kualik-day-"))
    begun = time.perf_counter()
    midnight = next_monday(datetime.now(ZONE))  # noqa: TID251 - from here on time is played
    try:
        with installation(folder, now=midnight + NIGHT) as system:
            day, lines = play(system, midnight, chosen.visitors)
    finally:
        if not chosen.folder:
            clear(folder)
    tell(day, lines, seconds=time.perf_counter() - begun)
    return int(not all(line.is_same for line in lines))


def next_monday(now: datetime) -> datetime:
    """Its first moment; the first after today that is no holiday."""
    calendar = WorkCalendar(WeeklyHours.of(standards.in_force(now.date()).weekly_hours))
    day = now.date() + timedelta(days=7 - now.weekday())
    while not calendar.is_working(day):
        day += timedelta(days=7)
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def play(system: System, midnight: datetime, visitors: int) -> tuple[Day, list[Line]]:
    """From the first clerk to the count of the evening, then the comparison."""
    outage = (midnight + OUTAGE_AT, midnight + OUTAGE_AT + OUTAGE)
    failure = (midnight + FAILURE_AT, midnight + FAILURE_AT + FAILURE)
    house = desk.open_house(system)
    people = come(visitors, midnight, outage=outage)
    day = Day(system, house, people, outage=outage, failure=failure)
    system.set_clock(midnight + OPENS - 20 * MINUTE)
    blanks = day.books.blanks
    blanks.before, blanks.received = desk.stock(house, f"{midnight:%Y-%m-%d}"), desk.DELIVERED
    for place, clerk in enumerate(house.clerks, start=1):
        system.set_clock(midnight + OPENS - MINUTE * (10 - place))
        clerk.sit_down(place)
    system.set_clock(midnight + OPENS)
    day.play()
    system.set_clock(max(system.now, midnight + CLOSES))
    day.board.turn_off()
    for clerk in house.clerks:
        clerk.leave()
    desk.lose_blank(house, desk.FIRST_BLANK + desk.DELIVERED - 1)
    blanks.lost += 1
    system.set_clock(system.now + 20 * MINUTE)
    desk.count(house, blanks.left)
    system.await_turn()
    return day, compare(system, house, day)


def tell(day: Day, lines: Sequence[Line], *, seconds: float) -> None:
    """The table: what the system says, what the books say."""
    wide = max(len(line.name) for line in lines)
    for line in lines:
        sign = " " if line.is_same else "✗"
        print(f"{sign} {line.name:<{wide}}  {_said(line.system):>26}  {_said(line.books):>26}")
    books: Books = day.books
    on_paper = sum(one.number[0] == "P" for one in books.entries)
    by_source = Counter(one.visitor.source for one in books.entries if one.number[0] != "P")
    sources = ", ".join(f"{name} {number}" for name, number in sorted(by_source.items()))
    shown = sum(one.printed is False for one in books.entries)
    print(
        f"\n{len(books.entries)} tickets ({sources}, paper in the outage {on_paper}; on the screen"
        f" alone {shown}); {books.races} moments at which several clerks pressed at once;"
        f" {len(day.board.seen)} calls on the board; {seconds:.0f} s."
    )
    wrong = sum(not line.is_same for line in lines)
    print(f"{wrong} differences." if wrong else "The system and the books say the same.")


def _said(value: object) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    sys.exit(main())
