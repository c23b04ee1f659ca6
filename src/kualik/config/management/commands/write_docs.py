"""``kualik write_docs``: writes the generated parts of the documents and the map of proofs anew.

A part stands between ``<!-- generated: name -->`` and ``<!-- end -->``; all other lines are
written by hand and stay.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kualik.oversight.queries import STATES, ClauseServed, compliance
from kualik.oversight.queries.proofs import PROOFS, proofs_text
from kualik.papers.queries import footers, forms
from kualik.rules import lifecycle, standards
from kualik.rules.standards import CLAUSES

ROOT: Path = settings.ROOT
DOCS = ROOT / "docs"
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
RUNS = ("sqlite", "postgresql", "browser")
LABELS = {"served": "served", "partly": "partly served", "later": "not yet served"}
NOTHING = "–"


class Command(BaseCommand):
    help = "Write the generated parts of docs/."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; 1 when they drift")
        parser.add_argument(
            "--results", action="store_true", help="take over what the last whole test run proved"
        )

    def handle(self, *_args: object, **options: object) -> None:
        drifting = drift(run=last_results() if options["results"] else None)
        for file in drifting:
            self.stdout.write(str(file.relative_to(ROOT)))
        if options["check"] and drifting:
            sys.exit(1)
        if not options["check"]:
            for file, text in drifting.items():
                file.write_text(text, encoding="utf-8")


def last_results() -> dict[str, object]:
    """What the whole runs on both databases and in the browser left in ``var/proofs``.

    Raises CommandError when one of them is missing.
    """
    runs = []
    for name in RUNS:
        file = ROOT / "var" / "proofs" / f"{name}.json"
        if not file.exists():
            raise CommandError(f"{file}: run `make test` first")
        runs.append(json.loads(file.read_text(encoding="utf-8")))
    files: dict[str, Counter[str]] = {}
    for run in runs:
        for name, counts in run["files"].items():
            files.setdefault(name, Counter()).update(counts)
    return {
        "on": min(run["on"] for run in runs),
        "files": {
            name: {outcome: counts[outcome] for outcome in ("passed", "failed")}
            for name, counts in sorted(files.items())
        },
    }


def drift(*, run: Mapping[str, object] | None = None) -> dict[Path, str]:
    """The documents whose generated parts are not as the sources say, with the right text; and
    the map of proofs, with the results of ``run`` where there is a new one.

    Raises CommandError when there are no documents or one asks for an unknown part.
    """
    files = sorted(DOCS.rglob("*.md"))
    if not files:
        raise CommandError(f"{DOCS}: there are no documents")
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    right = {file: with_parts(text) for file, text in texts.items()}
    texts[PROOFS] = PROOFS.read_text(encoding="utf-8") if PROOFS.exists() else ""
    right[PROOFS] = proofs_text(served(), run)
    return {file: text for file, text in right.items() if text != texts[file]}


def with_parts(text: str) -> str:
    """The document with its generated parts made anew."""

    def made(found: re.Match[str]) -> str:
        if found[2] not in PARTS:
            raise CommandError(f"there is no part {found[2]!r}")
        return f"{found[1]}\n{PARTS[found[2]]().strip()}\n\n{found[3]}"

    return PART.sub(made, text)


def lifecycle_diagram() -> str:
    """The table of states as a Mermaid diagram."""
    return f"```mermaid\n{lifecycle.mermaid()}```"


def lifecycle_words() -> str:
    """The states in the three languages of the interface."""
    rows = [
        (f"`{state}`", label.kk, label.ru, label.en)
        for state, label in lifecycle.STATE_LABELS.items()
    ]
    return table(("state", "Kazakh", "Russian", "English"), rows)


def clause_overview() -> str:
    """How many clauses are served, and each of them in a line."""
    found = served()
    count = Counter(clause.state for clause in found)
    total = ", ".join(f"{LABELS[state]} {count[state]}" for state in STATES)
    rows = [
        (f"[{clause.id}](#{anchor(clause.id)})", clause.says, LABELS[clause.state])
        for clause in found
    ]
    return f"{len(found)} clauses: {total}.\n\n" + table(("clause", "what it says", "state"), rows)


def clause_details() -> str:
    """Every clause: what it says, what is there, where, and which tests prove it."""
    found = {clause.id: clause for clause in served()}
    blocks = []
    for act, clauses in CLAUSES.items():
        standard = standards.get(act)
        blocks.append(f"### {act}: order № {standard.act.number}")
        blocks += [clause_block(found[clause]) for clause in clauses]
    return "\n\n".join(blocks)


def clause_block(clause: ClauseServed) -> str:
    """One clause as a heading with a list."""
    lines = [
        f'<a id="{anchor(clause.id)}"></a>',
        f"#### {clause.id} {clause.title}: {LABELS[clause.state]}",
        "",
        f"{clause.says}.",
        "",
        clause.words.en,
        "",
        f"- Data: {', '.join(clause.data) or NOTHING}",
        f"- Code: {links(clause.code)}",
        f"- Tests: {links(clause.tests)}",
    ]
    return "\n".join(lines)


def readings() -> str:
    """The recorded decisions on unclear places of the acts."""
    blocks = []
    for act in CLAUSES:
        rows = [
            (f"`{reading.id}`", reading.clause, reading.question.en, reading.decision.en)
            for reading in standards.get(act).readings
        ]
        blocks.append(f"### {act}\n\n" + table(("reading", "clause", "question", "decision"), rows))
    return "\n\n".join(blocks)


def open_facts() -> str:
    """What of the acts is still to be compared with the official source."""
    rows = [
        (act, "publication", standards.get(act).act.published_note.en)
        for act in CLAUSES
        if standards.get(act).act.published_check
    ]
    rows += [
        (act, check.about, check.note.en) for act in CLAUSES for check in standards.get(act).checks
    ]
    return table(("act", "about", "what to check"), rows)


def form_list() -> str:
    """The forms of the documents and whether the official layout was seen."""
    rows = [
        (
            f"`{key}`",
            form.clause,
            f"{form.title.kk} {form.subtitle.kk}",
            f"{form.title.ru} {form.subtitle.ru}",
            "check" if form.check_against_official else "compared",
        )
        for key, form in sorted(forms().items())
    ]
    return table(("form", "clause", "Kazakh", "Russian", "official layout"), rows)


def footer_list() -> str:
    """The sentences on the force of the electronic document, by day of issue."""
    rows = [
        (
            f"`{footer.id}`",
            _days(footer.first, footer.last),
            footer.source,
            "check" if footer.check else "compared",
            footer.text.ru,
        )
        for footer in footers()
    ]
    return table(("footer", "issued", "source", "wording", "Russian text"), rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "lifecycle": lifecycle_diagram,
    "states": lifecycle_words,
    "clauses": clause_overview,
    "clause-details": clause_details,
    "readings": readings,
    "open-facts": open_facts,
    "forms": form_list,
    "footers": footer_list,
}


@cache
def served() -> tuple[ClauseServed, ...]:
    """The map of the clauses, read once."""
    return compliance(ROOT)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def anchor(clause: str) -> str:
    """The anchor of a clause: small letters and hyphens."""
    return clause.lower().replace(".", "-")


def links(paths: Iterable[str]) -> str:
    """Links to files of the repository, from a document in docs/."""
    named = ((path.removeprefix("src/kualik/"), path) for path in paths)
    return ", ".join(f"[{name}](../{path})" for name, path in named) or NOTHING


def _days(first: date, last: date) -> str:
    return f"{'' if first == date.min else first} to {'' if last == date.max else last}".strip()


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")
