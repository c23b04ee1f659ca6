"""The day itself: events in the order of their moments, each written into the books."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

import requests

from bench.day import desk
from bench.day.books import LIMIT, BlankBook, Books, Entry
from bench.day.browser import Refused
from bench.day.desk import Clerk, House
from bench.day.people import Visitor, Way
from bench.day.system import System
from kualik.demo.people import people, read_data

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
# From a free window and somebody who waits to the press of the clerk.
REACTION = 15 * SECOND
RECALL_AFTER, BACK_AFTER, RECALLS = 60 * SECOND, 5 * MINUTE, 3
OUTAGE, LOOK_EVERY, LOOKS_AFTER = 20 * MINUTE, 3 * MINUTE, 4
PAPER_LONGER = 30 * SECOND
# Who of the demonstration's first organisation has a document ready.
READY = (9, 10, 11, 24, 25)
# The cause chosen for each term, and how the tables print it.
CAUSES = {
    "waiting": ("no_window", "No window was free"),
    "serving": ("difficult", "A difficult case"),
}
Act = Callable[[], None]


class Day:
    """Plays the visitors of one day; ``books`` is what the script itself knows of it."""

    def __init__(
        self,
        system: System,
        house: House,
        visitors: list[Visitor],
        *,
        outage: tuple[datetime, datetime],
        failure: tuple[datetime, datetime],
    ) -> None:
        self.system, self.house = system, house
        self.outage, self.failure = outage, failure
        self.books = Books(blanks=BlankBook())
        self.waiting: list[Entry] = []
        self.missed: dict[str, Entry] = {}
        self.papers: list[tuple[Visitor, datetime]] = []
        self.ready = list(READY)
        self.events: list[tuple[datetime, int, Act]] = []
        self.order = count()
        self.is_away = self.has_paper_trouble = False
        self.board = Board(system, house.office)
        for visitor in visitors:
            self.at(visitor.at, lambda visitor=visitor: self.arrive(visitor))
        self.at(outage[0], self.fail)
        looks = int(OUTAGE / LOOK_EVERY)
        for step in range(1, looks):
            self.at(outage[0] + step * LOOK_EVERY, system.await_turn)
        self.at(outage[1], self.recover)
        for step in range(1, LOOKS_AFTER + 1):
            self.at(outage[1] + step * MINUTE, system.await_turn)
        self.at(failure[0], lambda: self.printer(works=False))
        self.at(failure[1], lambda: self.printer(works=True))

    def at(self, moment: datetime, act: Act) -> None:
        """Do it then; what comes first of those at one moment was planned first."""
        heappush(self.events, (moment, next(self.order), act))

    def soon(self, after: timedelta, act: Act) -> None:
        self.at(self.now + after, act)

    @property
    def now(self) -> datetime:
        return self.system.now

    def play(self) -> None:
        """All events until nothing is left to do."""
        while self.events:
            moment, _, act = heappop(self.events)
            self.system.set_clock(max(moment, self.now))
            act()
        if self.waiting or any(clerk.entry for clerk in self.house.clerks):
            raise Refused("somebody is still in the hall")

    def arrive(self, visitor: Visitor) -> None:
        """Somebody comes in and takes a ticket, on paper while nothing answers."""
        if self.is_away:
            self.papers.append((visitor, self.now.replace(second=0)))
            return
        entry = self._ticket(visitor)
        self.books.entries.append(entry)
        if visitor.way is Way.GIVES_UP:
            self._give_up(entry)
            return
        self.waiting.append(entry)
        self.soon(REACTION, self.call)

    def _ticket(self, visitor: Visitor) -> Entry:
        printed: bool | None = None
        if visitor.source == "kiosk":
            number, printed = desk.take_at_kiosk(self.house, visitor)
            if printed is self.has_paper_trouble:
                raise Refused(f"ticket {number}: printed is {printed}")
        elif visitor.source == "phone":
            number, self.address = desk.take_by_phone(self.house, visitor)
        else:
            number = desk.take_at_reception(self.house, visitor)
        return Entry(visitor=visitor, number=number, ticket_at=self.now, printed=printed)

    def _give_up(self, entry: Entry) -> None:
        """Nobody can be called between the ticket and its return: no clerk presses meanwhile."""
        desk.give_up(self.house, self.address)
        entry.outcome, entry.ended_at = "cancelled", self.now

    def call(self) -> None:
        """Everybody at a free window presses for the next visitor, at the same moment."""
        free = [clerk for clerk in self.house.clerks if clerk.entry is None]
        if self.is_away:
            return
        # The window of the quick lines first, so that who comes next to which is always the same.
        special = [clerk for clerk in free if clerk.lines]
        self._call([clerk for clerk in special if self._waits_for(clerk)])
        general = [clerk for clerk in free if not clerk.lines]
        self._call(general if self.waiting else [])

    def _waits_for(self, clerk: Clerk) -> bool:
        return any(clerk.serves(entry.visitor) for entry in self.waiting)

    def _call(self, clerks: list[Clerk]) -> None:
        if not clerks:
            return
        wanted = min(len(clerks), len(self.waiting))
        self.books.races += len(clerks) > 1
        with ThreadPoolExecutor(len(clerks)) as pool:
            numbers = list(pool.map(Clerk.call, clerks))
        called = [number for number in numbers if number]
        if len(set(called)) != len(called) or len(called) < wanted:
            raise Refused(f"{len(clerks)} pressed, {len(self.waiting)} waited: {numbers}")
        for clerk, number in zip(clerks, numbers, strict=True):
            if number:
                self._called(clerk, number)

    def _called(self, clerk: Clerk, number: str) -> None:
        [entry] = [one for one in self.waiting if one.number == number]
        self.waiting.remove(entry)
        entry.called.append((self.now, clerk.window))
        clerk.entry = entry
        if entry.visitor.way in (Way.NO_SHOW, Way.RETURNS) and not entry.was_missed:
            self.soon(RECALL_AFTER, lambda: self.again(clerk, 1))
        elif entry.visitor.way is Way.LEAVES:
            self.soon(entry.visitor.walk, lambda: self.end(clerk, "left"))
        else:
            self.soon(entry.visitor.walk, lambda: self.hand_in(clerk))

    def again(self, clerk: Clerk, calls: int) -> None:
        """Nobody comes to the window; after the last call the next visitor is due."""
        if self.is_away:
            self.at(self.outage[1] + REACTION, lambda: self.again(clerk, calls))
        elif calls < RECALLS:
            clerk.press("again")
            self.soon(RECALL_AFTER, lambda: self.again(clerk, calls + 1))
        else:
            clerk.press("miss")
            entry, clerk.entry = self._entry(clerk), None
            entry.was_missed = True
            if entry.visitor.way is Way.RETURNS:
                self.soon(BACK_AFTER, lambda: self.back(entry))
            self.call()

    def back(self, entry: Entry) -> None:
        """A missed visitor is there after all, within the time in which the place is kept."""
        desk.come_back(self.house, entry.number, entry.visitor.language)
        self.waiting.append(entry)
        self.soon(REACTION, self.call)

    def hand_in(self, clerk: Clerk) -> None:
        """The documents are on the table."""
        entry = self._entry(clerk)
        entry.handed_in_at = self.now
        if self.is_away:
            entry.is_recorded_later = True
            clerk.keep("hand_in", self.now)
        else:
            clerk.press("hand_in")
        work = entry.visitor.work
        if entry.visitor.way is Way.PAPER:
            self.soon(MINUTE, lambda: self.paper(clerk))
            work += 2 * MINUTE
        outcomes = {"receive": "filed", "pick_up": "handed_over", "correct": "corrected"}
        outcome = outcomes.get(entry.visitor.line, "answered")
        self.soon(work, lambda: self.end(clerk, outcome))

    def paper(self, clerk: Clerk) -> None:
        """The visitor gets a document on a blank; the first blank of the day is spoiled."""
        if self.is_away:
            raise Refused("a document on paper was planned into the outage")
        [(iin, _, _)] = people(read_data()["people"], first=self.ready.pop(0), count=1)
        is_first = not self.books.blanks.used
        gone = desk.hand_over(clerk, iin, spoils=is_first)
        self.books.blanks.used += 1
        self.books.blanks.spoiled += gone - 1
        clerk.page = clerk.browser.open(desk.WINDOW)

    def end(self, clerk: Clerk, outcome: str) -> None:
        """The visitor goes; whatever took too long is explained."""
        entry = self._entry(clerk)
        entry.ended_at, entry.outcome = self.now, outcome
        typed = {"outcome": outcome}
        for name, spent in (("waiting", entry.waited), ("serving", entry.served)):
            if spent > LIMIT:
                typed[f"{name}_cause"], printed = CAUSES[name]
                setattr(entry, f"{name}_reason", printed)
        if self.is_away:
            entry.is_recorded_later = True
            clerk.keep("finish", self.now, **typed)
        else:
            clerk.press("finish", **typed)
        clerk.entry = None
        self.soon(REACTION, self.call)

    def fail(self) -> None:
        """The building is cut off: nobody reaches the site, and the site reaches nobody."""
        self.is_away = True
        self.system.stop("web", "authority")

    def recover(self) -> None:
        """Everything answers again: kept marks and numbers on paper are entered."""
        self.system.start("authority")
        self.system.start("web")
        self.system.listen(self.system.simulators + 2)
        self.system.await_web()
        self.is_away = False
        for clerk in self.house.clerks:
            clerk.merge()
        for place, (visitor, at) in enumerate(self.papers, start=1):
            number = desk.enter_paper(self.house, visitor, place, at)
            entry = Entry(visitor=visitor, number=number, ticket_at=at)
            self.books.entries.append(entry)
            self.waiting.append(entry)
        self.soon(REACTION, self.call)

    def printer(self, *, works: bool) -> None:
        """The printer of tickets ends, or begins again."""
        self.has_paper_trouble = not works
        if works:
            self.system.start("printer")
            self.system.listen(self.system.printer_port)
        else:
            self.system.stop("printer")

    def _entry(self, clerk: Clerk) -> Entry:
        if clerk.entry is None:
            raise Refused(f"nobody is at window {clerk.window}")
        return clerk.entry


class Board:
    """A screen in the hall: what it was told of calls, from the live events."""

    def __init__(self, system: System, office: str) -> None:
        self.address = f"http://127.0.0.1:{system.live_port}/live/{office}/"
        self.seen: set[tuple[str, int]] = set()
        self.events = 0
        self.is_on = True
        threading.Thread(target=self._listen, daemon=True).start()

    def turn_off(self) -> None:
        """Listen no longer than to the next sign of life."""
        self.is_on = False

    def _listen(self) -> None:
        with requests.get(self.address, stream=True, timeout=90) as answer:
            for line in answer.iter_lines():
                if not self.is_on:
                    return
                if line.startswith(b"data: "):
                    self.events += 1
                    calls = json.loads(line[6:])["called"]
                    self.seen |= {(call["number"], int(call["window"])) for call in calls}
