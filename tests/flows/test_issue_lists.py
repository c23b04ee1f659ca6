"""`kualik issue` on the lists that offices have: every document is proved with other tools."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.training.models import Completion
from tests.flows.issuing import COURSE, FULL, issue
from tests.flows.office import NOW, Office, hand_out_keys, open_demo_office

LOWER_MIDDLE = ("-x", "585", "-y", "620", "-W", "585", "-H", "621")


@pytest.fixture
def office(db: None, kualik_files: Path, settings: Settings) -> Iterator[Office]:
    settings.VAR = kualik_files
    hand_out_keys()
    with time_machine.travel(NOW, tick=False):
        yield open_demo_office()


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def prove(file: Path, code: str, holder: str) -> None:
    """The seal by pdfsig, the names by pdftotext, the QR by zbarimg from a 150 dpi rendering of
    the lower middle of the page."""
    assert "Signature is Valid" in run("pdfsig", str(file))
    text = re.sub(r"\s+", " ", run("pdftotext", "-raw", str(file), "-"))
    for word in holder.split():
        assert text.count(word) >= 2, f"{word} stands in both columns of {file.name}"
    image = file.with_suffix("")
    run("pdftoppm", "-r", "150", *LOWER_MIDDLE, "-gray", "-singlefile", str(file), str(image))
    seen = run("zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", f"{image}.pgm")
    assert seen.strip().endswith(f"/c/{code}")
    page = Client().get(f"/c/{code}")
    assert page.status_code == 200
    assert holder in page.content.decode()


GOOD_LISTS = [
    ("cardiology-2026-11.xlsx", (), 0, 28),
    ("nursing-kk.xlsx", (), 0, 15),
    ("anesthesiology-certification-cp1251.csv", ("--title-kk", "Анестезиология"), 0, 17),
    ("moodle-course-completion.csv", FULL, 3, 10),
]


@pytest.mark.any_database
@pytest.mark.django_db
@pytest.mark.parametrize(("name", "options", "exit_code", "count"), GOOD_LISTS)
def test_a_good_list_gives_a_proved_certificate_for_each_person(
    office: Office, tmp_path: Path, name: str, options: tuple[str, ...], exit_code: int, count: int
) -> None:
    code, records = issue(name, tmp_path / "out", *options)
    issued = [record for record in records if record.get("status") == "issued"]
    assert (code, len(issued)) == (exit_code, count)
    summary = records[-1]["summary"]
    assert isinstance(summary, dict)
    assert summary["issued"] == count
    for record in issued:
        certificate = Certificate.objects.get(number=record["number"])
        assert certificate.code == record["code"]
        prove(Path(str(record["file"])), certificate.code, certificate.holder)
        assert journal.broken_links(f"certificate:{certificate.number}") == []


@pytest.mark.django_db
def test_a_second_run_gives_the_same_documents(office: Office, tmp_path: Path) -> None:
    _, first = issue("nursing-kk.xlsx", tmp_path / "one")
    code, second = issue("nursing-kk.xlsx", tmp_path / "two")
    assert code == 0
    assert [row.get("number") for row in first] == [row.get("number") for row in second]
    for row in first[:-1]:
        one, two = (tmp_path / folder / f"{row['number']}.pdf" for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


BAD_CELLS = {
    2: ("A", "iin_check_digit"),
    3: ("A", "iin_length"),
    4: ("B", "family_name_missing"),
    5: ("K", "end_before_start"),
    6: ("I", "volume_mismatch"),
    8: ("A", "person_doubled"),
    9: ("E", "kind_unknown"),
    10: ("K", "not_completed_yet"),
    11: ("C", "formula_in_cell"),
    12: ("A", "iin_missing"),
    14: ("K", "date_impossible"),
    15: ("B", "name_mixed_alphabet"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_of_a_bad_list_only_what_is_right_is_issued_and_each_fault_has_its_cell(
    office: Office, tmp_path: Path, language: str
) -> None:
    code, records = issue("bad-rows.xlsx", tmp_path / "out", "--language", language)
    assert code == 3
    rows = records[:-1]
    refused = {
        row["row"]: (row["column"], row["error"]) for row in rows if row["status"] == "refused"
    }
    assert refused == BAD_CELLS
    assert all(row["message"] for row in rows if row["status"] == "refused")
    assert [row["row"] for row in rows if row["status"] == "issued"] == [7, 13]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((*FULL, "--kind", "rt"), "result_not_in_edition"),
        ((*FULL, "--edition", "A57", "--kind", "cc"), "result_not_in_edition"),
        ((*FULL, "--edition", "A57", "--paper", "reference"), "result_not_in_edition"),
        ((*FULL, "--edition", "A99"), "edition_unknown"),
        (COURSE, "list_needs_answers"),
        ((*FULL, "--filed", "2099-01-01"), "filed_in_future"),
    ],
)  # fmt: skip
def test_an_unusable_order_is_a_named_error_and_nothing_is_written(
    office: Office, tmp_path: Path, options: tuple[str, ...], error: str
) -> None:
    before = Completion.objects.count(), Certificate.objects.count()
    code, records = issue("moodle-course-completion.csv", tmp_path / "out", *options)
    assert (code, records[0]["error"]) == (2, error)
    assert (Completion.objects.count(), Certificate.objects.count()) == before
    assert not (tmp_path / "out").exists()


@pytest.mark.django_db
def test_what_the_list_lacks_is_named_as_the_option_that_gives_it(
    office: Office, tmp_path: Path
) -> None:
    _code, records = issue("moodle-course-completion.csv", tmp_path / "out")
    for option in ("--title-kk", "--title-ru", "--hours", "--start"):
        assert option in str(records[0]["message"])


@pytest.mark.django_db
def test_a_retraining_exists_under_the_older_edition(office: Office, tmp_path: Path) -> None:
    options = ("--kind", "rt", "--edition", "A57", "--hours", "432", *COURSE[:4])
    code, records = issue(
        "moodle-course-completion.csv", tmp_path / "out", *options, "--start", "2026-09-01"
    )
    assert code == 3
    assert records[-1]["warnings"] == ["edition_outside_its_term"]
    issued = Certificate.objects.filter(kind="rt")
    assert issued.count() == 10
    assert {row.facts["form"] for row in issued} == {"A57-rt-certificate@1"}


@pytest.mark.django_db
def test_a_file_that_is_no_list_is_refused_by_name(office: Office, tmp_path: Path) -> None:
    code, records = issue("README.md", tmp_path / "out")
    assert code == 2
    assert str(records[0]["error"]).startswith("list_")
