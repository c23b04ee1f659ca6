"""``python -m bench.gateway``: play a load, print what came of it, 1 if the books differ.

--requests N    1,000 of them    --rate R   of every fault, 0.05    --kills N   SIGKILLs, 8
--no-day-without   the gateway stays    --seed N    --folder PATH   stays; with tables it saves
                                                                    the time of making them
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.day.system import clear
from bench.gateway.comparing import differences
from bench.gateway.playing import Books, Load, Plan, installation


def main() -> int:
    parser = argparse.ArgumentParser(description="The e-government bus under load.")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--no-day-without", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="kualik-gateway-"))
    plan = Plan(
        requests=chosen.requests,
        rate=chosen.rate,
        kills=chosen.kills,
        has_day_without=not chosen.no_day_without,
        seed=chosen.seed,
    )
    try:
        with installation(folder, requests=plan.requests) as (system, people):
            load = Load(system, people, plan)
            books = load.play()
            known = differences(system, books, has_day_without=plan.has_day_without)
            found = [*known, *system.faults()]
    finally:
        if not chosen.folder:
            clear(folder)
    tell(load, books)
    for line in found:
        print(f"✗ {line}")
    print("The portal and the system say the same." if not found else f"{len(found)} differences.")
    return int(bool(found))


def tell(load: Load, books: Books) -> None:
    """What happened, in numbers."""
    rows = books["requests"]
    states = Counter(row["state"] for row in rows)
    faults = Counter(name for row in rows for name in row["faults"])
    print(f"{len(rows)} requests: {dict(states)}; {len(load.withdrawn)} were withdrawn on the way")
    print(f"faults: {dict(sorted(faults.items()))}; copies heard {sum(r['copies'] for r in rows)}")
    print(f"killed: {load.killed}; {load.seconds:.0f} s, {len(rows) / load.seconds:.2f} a second")


if __name__ == "__main__":
    sys.exit(main())
