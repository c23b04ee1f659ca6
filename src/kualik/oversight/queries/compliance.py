"""Which clause of the acts is served, by what data and code, and which tests speak of it.

The state of a clause is a judgement, kept in ``data/compliance.toml``; data, code and tests are
found by the clause ids that the sources quote.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kualik.rules import standards
from kualik.rules.language import Text
from kualik.rules.standards import ALL_CLAUSES, CLAUSES, Standard

JUDGEMENT = Path(__file__).parent.parent / "data" / "compliance.toml"
STATES = ("served", "partly", "later")
QUOTED = re.compile(r"\bA(?:57|303)\.(?:name\b|\d+(?:-\d+)?(?:\.(?:\d+|head|[a-z])\b)?)")
SOURCES = frozenset({".py", ".html", ".toml"})
# A test that lists all clauses proves the text of the acts, not a rule.
WHOLE_ACT = len(ALL_CLAUSES) * 3 // 4
# The text of the acts itself, this map and its test are no proof that a clause is served.
LEFT_OUT = (
    "src/kualik/oversight/",
    "src/kualik/rules/data/standards/",
    "src/kualik/rules/standards/clauses.py",
    "tests/guards/",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How far a clause is served, in words; ``tests`` prove it without quoting its id."""

    state: str
    words: Text
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseServed:
    """One clause; ``code`` and ``tests`` are paths from the root of the repository.

    ``data`` names the entries of the standards that rest on the clause, such as "term issue".
    """

    id: str
    title: str
    says: str
    state: str
    words: Text
    data: tuple[str, ...]
    code: tuple[str, ...]
    tests: tuple[str, ...]


def compliance(root: Path) -> tuple[ClauseServed, ...]:
    """Every clause of both acts, in their order, as the sources under ``root`` stand.

    Raises ValueError when the judgement misses a clause, names one twice or one that is none,
    or names a test that is not there.
    """
    judged = judgements()
    data, code, tests = _data(), _code(root), _tests(root)
    served = []
    for act, clauses in CLAUSES.items():
        standard = standards.get(act)
        for clause in clauses:
            row = standard.clause(clause)
            judgement = judged[clause]
            _check_tests(judgement, root)
            served.append(
                ClauseServed(
                    id=clause,
                    title=row.title.en,
                    says=row.text.en,
                    state=judgement.state,
                    words=judgement.words,
                    data=tuple(data.get(clause, ())),
                    code=_quoting(clause, code),
                    tests=tuple(sorted({*_quoting(clause, tests), *judgement.tests})),
                )
            )
    return tuple(served)


def quoted_clauses(text: str) -> frozenset[str]:
    """The ids a text quotes, as it writes them: "A303.5" stands for all of row 5."""
    return frozenset(QUOTED.findall(text))


def stray_quotations(root: Path) -> dict[str, list[str]]:
    """Files of the program that quote an id which is no clause and no row."""
    known = ALL_CLAUSES | {clause.rpartition(".")[0] for clause in ALL_CLAUSES}
    found = {path: sorted(ids - known) for path, ids in _code(root).items()}
    return {path: ids for path, ids in found.items() if ids}


@cache
def judgements() -> Mapping[str, Judgement]:
    """The judgement on every clause. Raises ValueError for one that is missing or unknown."""
    judged: dict[str, Judgement] = {}
    for entry in tomllib.loads(JUDGEMENT.read_text(encoding="utf-8"))["clause"]:
        judgement = Judgement(
            entry["state"],
            Text(entry["kk"], entry["ru"], entry["en"]),
            tuple(entry.get("tests", ())),
        )
        if judgement.state not in STATES:
            raise ValueError(f"{JUDGEMENT.name}: {judgement.state!r} is no state")
        for clause in entry["ids"]:
            if clause in judged or clause not in ALL_CLAUSES:
                raise ValueError(f"{JUDGEMENT.name}: {clause} stands twice or is no clause")
            judged[clause] = judgement
    missing = sorted(ALL_CLAUSES - set(judged))
    if missing:
        raise ValueError(f"{JUDGEMENT.name}: {missing[0]} is missing")
    return judged


def _check_tests(judgement: Judgement, root: Path) -> None:
    for test in judgement.tests:
        if not (root / test).is_file():
            raise ValueError(f"{JUDGEMENT.name}: there is no {test}")


def _data() -> dict[str, list[str]]:
    """Clause → what the standards hold under it besides its text."""
    found: dict[str, list[str]] = {}
    for act in CLAUSES:
        for clause, entry in _entries(standards.get(act)):
            listed = found.setdefault(clause, [])
            if entry not in listed:
                listed.append(entry)
    return found


def _entries(standard: Standard) -> Iterator[tuple[str, str]]:
    for name in standard.names:
        yield name.clause, f"name in {name.language}"
    for term in standard.terms:
        yield term.clause, f"term {term.code}"
    for result in standard.results:
        yield result.clause, f"form {result.form}"
    yield standard.fee.clause, "fee"
    yield standard.hours.clause, "office hours"
    yield standard.portal.clause, "portal hours"
    for item in standard.items:
        yield item.clause, f"{item.group.replace('_', ' ')} {item.code}"
    for ground in standard.grounds:
        yield ground.clause, f"ground {ground.code}"


def _code(root: Path) -> dict[str, frozenset[str]]:
    return _quotations(root, "src/kualik")


def _tests(root: Path) -> dict[str, frozenset[str]]:
    quoted = _quotations(root, "tests")
    return {
        path: ids
        for path, ids in quoted.items()
        if len(ids) < WHOLE_ACT and path.rpartition("/")[2].startswith("test_")
    }


def _quotations(root: Path, folder: str) -> dict[str, frozenset[str]]:
    found = {}
    for file in sorted((root / folder).rglob("*")):
        path = file.relative_to(root).as_posix()
        if file.suffix in SOURCES and not path.startswith(LEFT_OUT):
            ids = quoted_clauses(file.read_text(encoding="utf-8"))
            if ids:
                found[path] = ids
    return found


def _quoting(clause: str, quotations: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    row = clause.rpartition(".")[0]
    return tuple(path for path, ids in quotations.items() if ids & {clause, row})
