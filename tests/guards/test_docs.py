"""The documents say what the sources say."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands

from kualik.config.management.commands import write_docs
from kualik.oversight.queries import compliance, quoted_clauses, stray_quotations
from kualik.rules.standards import ALL_CLAUSES, CLAUSES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LEGAL = ROOT / "docs" / "legal.md"
SETTINGS = ROOT / "docs" / "settings.md"
DEPENDENCIES = ROOT / "docs" / "adr" / "0013-dependencies.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
READERS = ("text", "flag", "number", "words", "fingerprints", "secret", "kept_secret")


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def anchors(file: Path) -> set[str]:
    text = file.read_text(encoding="utf-8")
    return set(re.findall(r'<a id="([^"]+)">', text))


def test_generated_parts_have_no_drift():
    drifting = [name_of(file) for file in write_docs.drift()]
    assert drifting == [], "run make docs"


def test_every_generated_part_is_used_once():
    found = [name for file in DOCUMENTS for _, name, _ in write_docs.PART.findall(file.read_text())]
    assert sorted(found) == sorted(write_docs.PARTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_to_something(document):
    for link in LINK.findall(CODE.sub("", document.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{link} is not there"
        assert not anchor or anchor in anchors(target), f"{link}: no such place"


def test_every_document_is_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or document.suffix != ".md":
            continue
        reached.add(document)
        links = LINK.findall(document.read_text(encoding="utf-8"))
        waiting += [(document.parent / link.partition("#")[0]).resolve() for link in links]
    missing = set(DOCUMENTS) - reached
    assert {file for file in missing if file.parent.name != "adr"} == set()


def test_decisions_are_numbered_without_gaps_and_have_their_parts():
    files = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"# {file.name[:4]} ")
        parts = ["## Context", "## Decision", "## Consequences", "## Rejected"]
        assert [line for line in text.splitlines() if line in parts] == parts, file.name


def test_decisions_that_the_code_names_exist():
    numbers = {file.name[:4] for file in (ROOT / "docs" / "adr").glob("*.md")}
    for file in (ROOT / "src").rglob("*.py"):
        assert set(re.findall(r"ADR (\d{4})", file.read_text(encoding="utf-8"))) <= numbers, file


# Settings


def variables_of_the_program() -> dict[str, str | None]:
    """Variable → its default as the code writes it; None where the default is computed."""
    found: dict[str, str | None] = {}
    tree = ast.parse((ROOT / "src/kualik/config/settings.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        reader = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        first = node.args[0]
        if reader not in READERS or not isinstance(first, ast.Constant):
            continue
        given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
        literal = given and isinstance(given[0], ast.Constant)
        found[first.value] = str(given[0].value) if literal else None
        if reader.endswith("secret"):
            found[f"{first.value}_FILE"] = None
    return found


def variables_of_the_scripts() -> set[str]:
    found: set[str] = set()
    programs = [file for file in (ROOT / "bin").iterdir() if file.is_file()]
    for file in [ROOT / "Makefile", *programs]:
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r"^(?:export )?([A-Z_]+) \?=", text, re.MULTILINE))
        found |= set(re.findall(r"\$\{([A-Z_]+):-", text))
        found |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', text))
    return found


def documented(heading: str) -> dict[str, str]:
    """Variable → the cell of its default, of the table under a heading."""
    part = SETTINGS.read_text(encoding="utf-8").partition(f"## {heading}\n")[2]
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \|", part.partition("\n## ")[0], re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_settings_list_every_variable_of_the_program_and_no_other():
    assert set(documented("Read by the program")) == set(variables_of_the_program())


def test_settings_name_the_defaults_of_the_code():
    rows = documented("Read by the program")
    for name, default in variables_of_the_program().items():
        written = {"True": "1", "False": "0"}.get(default or "", default)
        assert not written or written in rows[name], name


def test_settings_list_every_variable_of_the_scripts():
    scripts = set(documented("Read by make and its scripts"))
    assert variables_of_the_scripts() - set(variables_of_the_program()) == scripts


def test_the_program_reads_the_environment_in_one_place():
    for file in (ROOT / "src").rglob("*.py"):
        if file.name in {"environment.py", "settings.py"}:
            continue
        text = file.read_text(encoding="utf-8")
        assert "getenv" not in text, file
        assert "os.environ" not in text.replace("os.environ.setdefault", ""), file


# Commands


def test_commands_in_the_documents_exist():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = {*get_commands(), "deadline", "journal", "cms", "xml", "help"}
    for document in DOCUMENTS:
        for code in CODE.findall(document.read_text(encoding="utf-8")):
            made = set(re.findall(r"(?:^|[`\s/])make ([a-z][a-z0-9-]*)", code))
            called = set(re.findall(r"(?:^|[`\s/])kualik ([a-z][a-z_]+)", code))
            assert made <= targets, f"{document.name}: make {made - targets}"
            assert called <= commands, f"{document.name}: kualik {called - commands}"


def test_the_readme_shows_every_own_command():
    own = {name for name, app in get_commands().items() if app in ("kualik.config", "kualik.demo")}
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    alone, for_builders = {"check", "deadline", "journal"}, {"worker", "write_docs", "write_audit"}
    for command in (own | alone) - for_builders:
        assert f"### `kualik {command}`" in shown


# The law


def test_every_clause_of_both_acts_stands_on_the_page():
    headings = re.findall(r"^#### (\S+) ", LEGAL.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [clause for clauses in CLAUSES.values() for clause in clauses]


@pytest.mark.parametrize("clause", compliance(ROOT), ids=lambda clause: clause.id)
def test_what_is_called_served_has_code_and_a_test(clause):
    assert all(clause.words.get(code).endswith(".") for code in ("kk", "ru", "en"))
    if clause.state != "later":
        assert clause.data or clause.code, "no data and no code quotes it"
        assert clause.tests, "no test quotes it"


def test_the_program_quotes_only_clauses_that_exist():
    assert stray_quotations(ROOT) == {}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("(A57.9, A303.9.1, A303.9.2).", {"A57.9", "A303.9.1", "A303.9.2"}),
        ("A57.10-2 and A57.10.a; A303.8.head", {"A57.10-2", "A57.10.a", "A303.8.head"}),
        ("A303.toml, A57.names, standards.A57, A303-pd-certificate@1", set()),
        ("see A303.7.2.", {"A303.7.2"}),
    ],
)
def test_clause_ids_are_read_as_they_are_written(text, ids):
    assert quoted_clauses(text) == ids


def test_no_document_quotes_a_clause_that_is_none():
    known = ALL_CLAUSES | {clause.rpartition(".")[0] for clause in ALL_CLAUSES}
    for document in DOCUMENTS:
        assert quoted_clauses(document.read_text(encoding="utf-8")) <= known, document.name


# Dependencies and rooms


def pinned() -> dict[str, str]:
    """Direct dependency → its version in the lock files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(entry for extra in extras for entry in extra)]
    wanted += (ROOT / "requirements/node.in").read_text(encoding="utf-8").split()
    names = {re.split(r"[<>=;\[ ]", entry)[0] for entry in wanted}
    locks = "\n".join(
        (ROOT / "requirements" / file).read_text(encoding="utf-8")
        for file in ("dev.txt", "run.txt", "node.txt")
    )
    versions = dict(
        re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", locks, re.MULTILINE)
    )
    found = {name: versions[name.lower()] for name in names}
    packages = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    return found | packages["dependencies"] | packages["devDependencies"]


def test_the_table_of_dependencies_is_that_of_the_lock_files():
    text = DEPENDENCIES.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) \| (\d\S*) \| \S.* \| \S.* \|$", text, re.MULTILINE)
    assert dict(rows) == pinned()
    assert len(rows) == len(dict(rows))


def test_architecture_names_every_room():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "src/kualik").glob("*/__init__.py")}
    assert {room for room in rooms if f"`{room}`" not in text} == set()


def test_the_changelog_begins_with_the_version():
    versions = re.findall(
        r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert versions[0] == (ROOT / "VERSION").read_text().strip()
