"""The e-government bus: answers of the synchronous service and whole journeys a second, and what
share of the processor's time the signatures of the messages take."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import django
import requests

from bench.day.system import System
from bench.gateway.playing import Load, Plan, installation
from bench.gateway.services import SERVICES
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.storage import load_leaf
from tests.migrated import lay_tables

JOURNEYS, QUESTIONS, CLIENTS = 60, 200, 4
REPEATS = 50
TICKS = os.sysconf("SC_CLK_TCK")
OPERATIONS = SERVICES[2]
ASKED = '<GetStatus xmlns="{namespace}"><requestNumber>{number}</requestNumber></GetStatus>'
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


def run() -> dict[str, Any]:
    """``journeys_per_s`` from the portal's request to its acknowledged result, without faults;
    ``sync_per_s`` answers to signed questions for a status, each of which is verified and signed;
    ``cpu_ms`` of the web server and the worker; ``signing`` is the share of signatures in it, by
    the milliseconds of one and how many there are."""
    folder = Path(os.environ["KUALIK_VAR"])
    lay_tables(folder / "kualik.sqlite3")
    plan = Plan(requests=JOURNEYS, rate=0, kills=0, has_day_without=False, seed=1)
    with installation(folder, requests=JOURNEYS) as (system, people):
        load, before = Load(system, people, plan), spent(system)
        books = load.play()
        journey_ms = (spent(system) - before) / JOURNEYS * 1000
        django.setup()
        milliseconds = of_one(folder, system.now)
        before = spent(system)
        rate = ask_all(system, prepared(folder, system.now, load.numbers[OPERATIONS["code"]]))
        question_ms = (spent(system) - before) / QUESTIONS * 1000
        (outbound,) = system.read("SELECT count(*) FROM gateway_outbound")[0]
        (inbound,) = system.read("SELECT count(*) FROM gateway_inbound")[0]
    # For each message one of the two signs and the other verifies, and the other way round for its
    # answer: one of both at our side.
    messages = (outbound + inbound - QUESTIONS) / JOURNEYS
    pair = milliseconds["sign"] + milliseconds["verify"]
    return {
        "journeys_per_s": round(len(books["requests"]) / load.seconds, 2),
        "sync_per_s": round(rate, 1),
        "cpu_ms": {"journey": round(journey_ms), "question": round(question_ms, 1)},
        "messages_of_a_journey": round(messages, 1),
        "one_signature_ms": {name: round(value, 2) for name, value in milliseconds.items()},
        "signing": {
            "journey": round(messages * pair / journey_ms, 3),
            "question": round(pair / question_ms, 3),
        },
    }


def spent(system: System) -> float:
    """Processor seconds of the web server, its children and the worker until now."""
    total = 0
    for name in ("web", "worker"):
        pid = system.processes[name].pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        for one in (str(pid), *children):
            stat = Path(f"/proc/{one}/stat").read_text("utf-8").rpartition(")")[2].split()
            total += int(stat[11]) + int(stat[12])
    return total / TICKS


def portal_key(folder: Path) -> Any:
    """The key of the simulated portal; the rooms can be imported once Django stands."""
    root = folder / "simulators" / "portal"
    keys = import_module("kualik.gateway.adapters.transport_keys")
    return keys.LeafKey(load_leaf(root, Scheme.RSA.value, scheme=Scheme.RSA, chain=()))


def prepared(folder: Path, now: datetime, numbers: Sequence[str]) -> list[bytes]:
    """Signed questions for the status of requests, each a message of its own."""
    wire = import_module("tools.portal.wire")
    wsse = import_module("kualik.gateway.adapters.wsse")
    key, made = portal_key(folder), []
    for place in range(QUESTIONS):
        number = numbers[place % len(numbers)]
        bare = wire.sync_request(
            message_id=str(uuid4()),
            service_id=OPERATIONS["service_id"],
            sender_id="pep",
            now=now,
            data=ASKED.format(namespace=OPERATIONS["namespace"], number=number),
            shape="element",
        )
        made.append(wsse.sign(bare, key))
    return made


def ask_all(system: System, questions: Sequence[bytes]) -> float:
    """Answers a second to some clients at once. Raises RuntimeError for one that is a fault."""

    def ask(question: bytes) -> None:
        answer = requests.post(
            f"{system.address}/gateway/sync/", data=question, headers=HEADERS, timeout=60
        )
        if b"GetStatusResponse" not in answer.content:
            raise RuntimeError(answer.text[:400])

    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, questions))
    return len(questions) / (time.perf_counter() - begun)


def of_one(folder: Path, now: datetime) -> Mapping[str, float]:
    """Milliseconds to sign and to verify an envelope."""
    wsse = import_module("kualik.gateway.adapters.wsse")
    key = portal_key(folder)
    wire = import_module("tools.portal.wire")
    bare = wire.sync_request(
        message_id="1", service_id="S", sender_id="pep", now=now, data="<a/>", shape="element"
    )
    signed = wsse.sign(bare, key)
    return {
        "sign": timed(lambda: wsse.sign(bare, key)),
        "verify": timed(lambda: wsse.verify(signed, pinned=[key.certificate_der], now=now)),
    }


def timed(act: Callable[[], object]) -> float:
    """Processor milliseconds of one."""
    begun = time.process_time()
    for _ in range(REPEATS):
        act()
    return (time.process_time() - begun) / REPEATS * 1000
