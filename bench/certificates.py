"""Certificates per second in one process, complete: request, facts, number, page, QR, seal, row,
journal; beside the plain way, an HTML page by WeasyPrint signed by pyHanko as documented."""

from collections.abc import Callable
from importlib import import_module
from time import perf_counter

import django
from django.core.management import call_command

PEOPLE = 200
NAIVE = 8
ROUNDS = 3


def run() -> dict[str, float]:
    """Medians of ``ROUNDS`` interleaved rounds; certificates per second."""
    django.setup()
    call_command("migrate", verbosity=0)
    ways = import_module("bench.ways")
    office, plain = ways.Office(), ways.PlainWay()
    office.issue(office.bring(0, 10))
    ours, naive = [], []
    for number in range(1, ROUNDS + 1):
        completions = office.bring(number * 1000, PEOPLE)
        ours.append(PEOPLE / seconds(lambda done=completions: office.issue(done)))
        naive.append(NAIVE / seconds(lambda: plain.issue(NAIVE)))
    fast, slow = sorted(ours)[ROUNDS // 2], sorted(naive)[ROUNDS // 2]
    return {
        "ours_per_second": round(fast, 1),
        "naive_per_second": round(slow, 1),
        "times_faster": round(fast / slow, 1),
        "share_of_the_seal": round(fast * seal() / 1000, 3),
    }


def seal() -> float:
    """Milliseconds that a seal takes here and now."""
    return float(import_module("bench.seal").run(naive=1, rounds=1)["ours_ms"])


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes."""
    started = perf_counter()
    work()
    return perf_counter() - started
