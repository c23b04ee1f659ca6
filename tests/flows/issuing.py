"""`kualik issue` as a test calls it, and lists of people for it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.training.lists import iin, workbook

LISTS = Path(__file__).resolve().parents[1] / "fixtures" / "completions"
COURSE = ("--title-kk", "Дәлелді медицина", "--title-ru", "Доказательная медицина", "--hours", "60")
FULL = (*COURSE, "--start", "2026-11-02")
DONE = (*FULL, "--end", "2026-11-13")
TITLE = "Доказательная медицина"
Record = dict[str, object]


def issue(name: str | Path, out: Path, *options: str) -> tuple[int, list[Record]]:
    """The exit status and the records of a run over a list of the fixtures or of ``people``."""
    said = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command(
            "issue", str(LISTS / name), "--provider", "DEMO", "--out", str(out), *options,
            stdout=said,
        )  # fmt: skip
    assert isinstance(end.value.code, int)
    return end.value.code, [json.loads(line) for line in said.getvalue().splitlines()]


def people(file: Path, count: int, titles: dict[int, str] | None = None) -> Path:
    """A list of that many people in the rows from 2 on; ``titles`` by row, for some of them."""
    rows = [
        (iin(row), "Ахметова", "Динара", (titles or {}).get(row, TITLE))
        for row in range(2, count + 2)
    ]
    file.write_bytes(workbook([("ИИН", "Фамилия", "Имя", "Тема"), *rows]))
    return file
