"""``kualik deadline``, run as the installed program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "kualik"


def run(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the program in an empty folder with a bare environment: it needs no database."""
    return subprocess.run(
        [str(PROGRAM), "deadline", *arguments],
        cwd=folder,
        env=environment or {},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("arguments", "accepted", "due"),
    [
        (
            "--edition A303 --filed 2026-11-21T15:10",
            "2026-11-23T08:30:00+05:00",
            "2026-11-24T17:30:00+05:00",
        ),
        (
            "--edition A303 --filed 2026-11-20T16:00 --mastered 2026-11-20",
            "2026-11-20T16:00:00+05:00",
            "2026-11-21T14:00:00+05:00",
        ),
        (
            "--edition A303 --filed 2026-03-20T10:00",
            "2026-03-20T10:00:00+05:00",
            "2026-03-25T17:30:00+05:00",
        ),
        (
            "--edition A303 --filed 2026-11-20T11:00Z --mastered 2026-11-22",
            "2026-11-20T16:00:00+05:00",
            "2026-11-23T17:30:00+05:00",
        ),
        (
            "--edition A57 --filed 2020-11-20T19:30",
            "2020-11-20T19:30:00+06:00",
            "2020-11-21T14:00:00+06:00",
        ),
    ],
)
def test_json_answers_with_offsets(arguments: str, accepted: str, due: str, tmp_path: Path) -> None:
    done = run(*arguments.split(), "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert list(answer) == ["accepted_at", "due_at", "steps"]
    assert (answer["accepted_at"], answer["due_at"]) == (accepted, due)
    for step in answer["steps"]:
        assert list(step) == ["clause", "kk", "ru", "en"]
        assert all(step.values())


def test_hours_replace_those_of_the_edition(tmp_path: Path) -> None:
    done = run(
        *("--edition", "A303", "--filed", "2026-11-20T16:00", "--json"),
        *("--hours", "Mon-Fri 09:00-18:00"),
        folder=tmp_path,
    )
    assert json.loads(done.stdout)["due_at"] == "2026-11-23T18:00:00+05:00"


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("kk", "Беру мерзімі: 2026 жылғы 24 қараша, сейсенбі, 17:30"),
        ("ru", "Срок выдачи: вторник, 24 ноября 2026 года, 17:30"),
        ("en", "Due: Tuesday, 24 November 2026, 17:30"),
    ],
)
def test_text_for_people_in_their_language(language: str, line: str, tmp_path: Path) -> None:
    done = run(
        *("--edition", "A303", "--filed", "2026-11-21T15:10", "--language", language),
        folder=tmp_path,
    )
    lines = done.stdout.splitlines()
    assert lines[1] == line
    assert lines[3].startswith("1. ")
    assert lines[3].endswith("[A303.7.2]")


def test_kazakh_is_the_default_and_survives_a_terminal_of_another_encoding(tmp_path: Path) -> None:
    done = run(
        *("--edition", "A303", "--filed", "2026-11-21T15:10"),
        folder=tmp_path,
        environment={"PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert done.stdout.startswith("Қабылданады: 2026 жылғы 23 қараша, дүйсенбі, 08:30")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--edition", "A303"], "--filed"),
        (["--edition", "A303", "--filed", "yesterday"], "'yesterday'"),
        (["--edition", "A303", "--filed", "2026-11-21"], "not a date with a time: '2026-11-21'"),
        (["--edition", "A303", "--filed", "2026-02-30T10:00"], "'2026-02-30T10:00'"),
        (["--edition", "A303", "--filed", "9999-12-31T23:00-05:00"], "9999"),
        (["--edition", "A303", "--filed", "2019-12-31T10:00"], "covers 2020 to 2099, not 2019"),
        (
            ["--edition", "A303", "--filed", "2026-11-21T15:10", "--mastered", "9999-12-31"],
            "not 9999",
        ),
        (
            ["--edition", "A303", "--filed", "2026-11-21T15:10", "--mastered", "20 November"],
            "'20 November'",
        ),
        (["--edition", "A999", "--filed", "2026-11-21T15:10"], "no edition A999"),
        (
            ["--edition", "A303", "--filed", "2026-11-21T15:10", "--hours", "Mon-Fri always"],
            "the hours cannot be read: Mon-Fri always",
        ),
    ],
)
def test_input_that_cannot_be_used_is_named_in_one_line(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = run(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("kualik deadline: ")
    assert message in done.stderr


def test_the_clock_starts_without_django(tmp_path: Path) -> None:
    program = (
        "import sys; from kualik.config.program import main;"
        "sys.argv = ['kualik', 'deadline', '--edition', 'A303', '--filed', '2026-11-21T15:10'];"
        "main(); sys.exit('django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False, timeout=30)
    assert done.returncode == 0
