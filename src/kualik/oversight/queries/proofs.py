"""The map from the clauses to code and tests, and what the last whole run of the tests proved.

Written by ``kualik write_docs`` into ``data/proofs.json``, so that an installation can show it
without the sources.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from kualik.oversight.queries.compliance import ClauseServed, judgements
from kualik.rules import standards
from kualik.rules.language import Text
from kualik.rules.standards import CLAUSES

PROOFS = Path(__file__).parent.parent / "data" / "proofs.json"
SHOWN_STATES: Mapping[str, Text] = {
    "served": Text("Орындалады", "Выполняется", "Served"),
    "partly": Text("Ішінара орындалады", "Выполняется частично", "Partly served"),
    "later": Text("Әзірге орындалмайды", "Пока не выполняется", "Not yet served"),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A test file and what came of its tests in the last whole run; all None if it was not run."""

    file: str
    passed: int | None
    failed: int | None

    @property
    def is_good(self) -> bool:
        """Whether something passed and nothing failed."""
        return bool(self.passed) and not self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause with its text, how far it is served, in words, and what proves it."""

    id: str
    act: str
    title: Text
    says: Text
    state: str
    label: Text
    words: Text
    data: tuple[str, ...]
    code: tuple[str, ...]
    proofs: tuple[Proof, ...]

    @property
    def is_proved(self) -> bool:
        """Whether it has tests and all of them passed; a clause without a test is not."""
        return bool(self.proofs) and all(proof.is_good for proof in self.proofs)


def clauses(kept: Mapping[str, Any] | None = None) -> Sequence[Clause]:
    """All clauses of both acts in their order, by ``kept`` or the map on file."""
    kept = kept or _kept()
    run = kept["run"]["files"]
    return [
        Clause(
            id=clause,
            act=act,
            title=row.title,
            says=row.text,
            state=judgements()[clause].state,
            label=SHOWN_STATES[judgements()[clause].state],
            words=judgements()[clause].words,
            data=tuple(kept["clauses"][clause]["data"]),
            code=tuple(kept["clauses"][clause]["code"]),
            proofs=tuple(_proof(file, run) for file in kept["clauses"][clause]["tests"]),
        )
        for act, ids in CLAUSES.items()
        for clause in ids
        for row in [standards.get(act).clause(clause)]
    ]


def last_run() -> tuple[date | None, int]:
    """The day of the last whole run and how many tests passed in it."""
    run = _kept()["run"]
    passed = sum(counts["passed"] for counts in run["files"].values())
    return (date.fromisoformat(run["on"]) if run["on"] else None), passed


def proofs_text(served: Sequence[ClauseServed], run: Mapping[str, object] | None = None) -> str:
    """What ``data/proofs.json`` has to hold; without ``run`` the results on file stay."""
    rows = {
        clause.id: {"data": clause.data, "code": clause.code, "tests": clause.tests}
        for clause in served
    }
    kept = run or (_read()["run"] if PROOFS.exists() else {"on": "", "files": {}})
    return json.dumps({"clauses": rows, "run": kept}, indent=1, ensure_ascii=False) + "\n"


def _proof(file: str, run: Mapping[str, Mapping[str, int]]) -> Proof:
    counts = run.get(file)
    return Proof(file, counts["passed"], counts["failed"]) if counts else Proof(file, None, None)


def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PROOFS.read_text(encoding="utf-8"))
    return found


_kept = cache(_read)
