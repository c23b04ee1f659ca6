"""The repository checks itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
CODE = [file for file in SOURCES if "migrations" not in file.parts]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ROOM_FILES = {
    "models", "queries", "adapters", "services", "forms", "views", "api", "admin", "management",
    "urls", "apps", "migrations", "templates", "static", "data", "__init__",
}  # fmt: skip
ROOMS = (
    "providers", "accounts", "notifications", "signatures", "papers", "training", "certificates",
    "cases", "complaints", "incidents", "counter", "gateway", "oversight",
)  # fmt: skip


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ROOT)))
def test_sources_are_short_and_functions_shorter(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    views = "views" in file.parts or file.name == "views.py"
    limit = 25 if views else 40
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, FUNCTIONS):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= limit, f"{node.name}: {length} lines"


def test_test_files_are_within_600_lines() -> None:
    long = [file for file in (ROOT / "tests").rglob("*.py") if file.read_text().count("\n") > 600]
    assert long == []


def test_rooms_hold_only_the_known_files() -> None:
    for room in ROOMS:
        names = {path.stem for path in (ROOT / "src/kualik" / room).iterdir()} - {"__pycache__"}
        assert names <= ROOM_FILES, (room, names - ROOM_FILES)


def test_rules_import_the_standard_library_only() -> None:
    for file in (ROOT / "src/kualik/rules").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or name.startswith("kualik.rules"), name


def test_no_first_party_import_hides_in_a_function() -> None:
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, FUNCTIONS):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.ImportFrom):
                        assert not (inner.module or "").startswith("kualik"), file


def test_lock_files_hold_no_address() -> None:
    for file in [*ROOT.glob("requirements/*"), ROOT / "package-lock.json"]:
        assert "://" not in file.read_text(encoding="utf-8"), file.name


def test_no_unfinished_marks_in_the_sources() -> None:
    for file in CODE:
        assert not re.search(r"TODO|FIXME|XXX|NotImplementedError", file.read_text()), file


def test_no_national_test_signatures_are_kept() -> None:
    kept = [file for file in tracked_files() if any(part.startswith("kz-") for part in file.parts)]
    assert kept == []


def test_no_text_names_a_place_on_somebodys_machine() -> None:
    place = re.compile(r"(?<![\w.:/}])/(home|root|Users)/\w")
    for file in tracked_files():
        if file.suffix in {".py", ".md", ".toml", ".html", ".css", ".po", ".sh", ""}:
            found = place.search(file.read_text(encoding="utf-8", errors="ignore"))
            assert found is None, f"{file}: {found}"
