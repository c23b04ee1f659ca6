"""The load itself: requests, faults, processes that are killed, and a day without the gateway."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import requests

from bench.day.system import ROOT, System
from bench.gateway.services import SERVICES

PROCESSES = ("authority", "portal", "messages", "web", "worker")
ON_THE_WAY = """
SELECT (SELECT count(*) FROM gateway_outbound WHERE state = 'waiting')
  + (SELECT count(*) FROM gateway_inbound WHERE kind = 'REQUEST' AND handled_at IS NULL)
  + (SELECT count(*) FROM incidents_incident WHERE cause = 'gateway' AND state = 'lasts')
"""
STAGING = "import django; django.setup(); from bench.gateway import stage; stage.main()"
# Played time for each look at the books; pauses between tries are played, not slept through.
LOOK_SECONDS, STEP = 0.4, timedelta(seconds=6)
AWAY, AWAY_STEP = timedelta(days=1), timedelta(minutes=30)
PATIENCE = 300.0
WITHDRAWS_EVERY, SIGNS_EVERY = 12, 8
Books = dict[str, Any]


class Stuck(RuntimeError):
    """Nothing came to an end for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is played: ``rate`` of every fault, how many kills, whether the gateway goes away."""

    requests: int
    rate: float
    kills: int
    has_day_without: bool
    seed: int

    def kills_at(self) -> list[tuple[int, str]]:
        """After how many ended requests, by the seed, which process is killed."""
        moments = []
        for at in range(self.kills):
            drawn = sha256(f"{self.seed} kill {at}".encode()).digest()
            after = int.from_bytes(drawn[:4], "big") * self.requests * 9 // 10 >> 32
            moments.append((after, ("worker", "web")[at % 2]))
        return sorted(moments)


@contextmanager
def installation(folder: Path, *, requests: int) -> Iterator[tuple[System, list[dict[str, Any]]]]:
    """A system with the organisation of the load and a portal, at work; their people."""
    system = System(folder, now=datetime.now(UTC))  # noqa: TID251 - from here on time is played
    system.environment["KUALIK_LOG_LEVEL"] = "ERROR"
    # Spoilt messages are a part of the play, and all come from one address.
    system.environment["KUALIK_GATEWAY_REFUSALS"] = "1000000"
    try:
        system.call("migrate", "--verbosity", "0")
        people = json.loads(staged(system, "load", requests))
        for name in PROCESSES:
            system.start(name)
        for place in (2, 8):
            system.listen(system.simulators + place)
        system.await_web()
        yield system, people
    finally:
        system.stop(*system.processes)


def staged(system: System, act: str, number: int) -> str:
    """One act of the stage, in a process of its own; what it says."""
    with (system.folder / "log").open("a", encoding="utf-8") as log:
        done = subprocess.run(
            [sys.executable, "-c", STAGING, act, str(number)],
            env=system.environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=log,
            text=True,
        )  # fmt: skip
    return done.stdout


class Load:
    """Plays a plan on a running installation."""

    def __init__(self, system: System, people: Sequence[dict[str, Any]], plan: Plan) -> None:
        self.system, self.people, self.plan = system, people, plan
        self.portal = f"http://127.0.0.1:{system.simulators + 8}"
        self.killed: list[str] = []
        self.regretted: set[str] = set()
        self.withdrawn: list[str] = []
        self.numbers: dict[str, list[str]] = {}
        self.seconds = 0.0

    def play(self) -> Books:
        """From the first request to the last answer; the portal's books of then."""
        self.tell("faults", {"every": self.plan.rate, "seed": self.plan.seed})
        self.tell("behaviour", {"poll_seconds": 3, "late_seconds": 1})
        begun = time.perf_counter()
        for place, service in enumerate(SERVICES):
            self.numbers[service["code"]] = self.file(service, self.people[place :: len(SERVICES)])
        for numbers in self.numbers.values():
            self.regretted |= set(numbers[WITHDRAWS_EVERY - 1 :: WITHDRAWS_EVERY])
        books = self.until_ended()
        self.seconds = time.perf_counter() - begun
        return books

    def file(self, service: dict[str, str], people: Sequence[dict[str, Any]]) -> list[str]:
        """Requests of all these people at once; every eighth is signed by the citizen's key."""
        told = {name: service[name] for name in ("code", "family", "service_id", "namespace")}
        asked = [
            {**one, "confirmation": "OTP" if place % SIGNS_EVERY else "EDS"}
            for place, one in enumerate(people)
        ]
        wanted = {"people": asked, "service": told, "way": service["way"]}
        numbers: list[str] = self.tell("requests", wanted)["numbers"]
        return numbers

    def until_ended(self) -> Books:
        """Play on until both sides have nothing left to say."""
        kills, is_gone = self.plan.kills_at(), not self.plan.has_day_without
        last, end = -1, time.perf_counter() + PATIENCE
        while True:
            books = self.books()
            self.withdraw(books)
            ended = sum(one["final_at"] is not None for one in books["requests"])
            while kills and kills[0][0] <= ended:
                self.kill(kills.pop(0)[1])
            if not is_gone and ended * 2 >= self.plan.requests:
                is_gone = True
                self.go_away()
            if ended == self.plan.requests and is_gone and self.is_quiet(books):
                return books
            # Each step of the way is taken for all requests before the next one begins.
            heard = sum(len(one["statuses"]) for one in books["requests"])
            if heard > last:
                last, end = heard, time.perf_counter() + PATIENCE
            if time.perf_counter() > end:
                raise Stuck(f"{ended} of {self.plan.requests} ended; {books['waiting']} on the way")
            self.let_pass(STEP)

    def withdraw(self, books: Books) -> None:
        """Some think better of it: at once, or over the synchronous channel as soon as there is an
        answer, since nobody can tell there what comes first."""
        for row in books["requests"]:
            number, may = row["number"], row["way"] == "push" or row["acked_at"]
            if number in self.regretted and may:
                self.regretted.remove(number)
                self.tell(f"requests/{number}/updates", {"action": "WITHDRAW"})
                self.withdrawn.append(number)

    def let_pass(self, step: timedelta) -> None:
        """Some time, in which the processes work."""
        time.sleep(LOOK_SECONDS)
        self.system.set_clock(self.system.now + step)

    def go_away(self) -> None:
        """The gateway answers nobody for a day, in which the counter works on."""
        self.tell("behaviour", {"away": "yes"})
        for _ in range(AWAY // AWAY_STEP // 2):
            self.let_pass(AWAY_STEP)
        staged(self.system, "counter", self.plan.requests)
        for _ in range(AWAY // AWAY_STEP // 2):
            self.let_pass(AWAY_STEP)
        self.tell("behaviour", {"away": "no"})

    def kill(self, name: str) -> None:
        """SIGKILL to a process and its children at once, then start it as a keeper does."""
        process = self.system.processes.pop(name)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        for pid in (process.pid, *map(int, children.split())):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        self.killed.append(name)
        self.system.start(name)
        if name == "web":
            self.system.await_web()

    def is_quiet(self, books: Books) -> bool:
        """Nothing is on its way in either direction."""
        return not books["waiting"] and self.system.read(ON_THE_WAY)[0][0] == 0

    def books(self) -> Books:
        found: Books = requests.get(f"{self.portal}/books", timeout=60).json()
        return found

    def tell(self, path: str, told: Any) -> Any:
        answer = requests.post(f"{self.portal}/{path}", json=told, timeout=600)
        answer.raise_for_status()
        return answer.json()
