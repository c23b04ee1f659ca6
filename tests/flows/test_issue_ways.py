"""`kualik issue` by each of the two lawful ways (A57.10-2, A303.4)."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from kualik.cases.models import Request
from kualik.cases.services.sealing import prepared_for, run_seal_job
from kualik.certificates.models import Certificate, PersonSignature
from kualik.core import jobs
from kualik.rules.language import LANGUAGES
from kualik.signatures.models import KeyUse
from tests.flows.issuing import DONE, Record, issue, people
from tests.flows.office import NOW, Office, hand_out_keys, open_demo_office
from tests.flows.signing import accept, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None, kualik_files: Path, settings: Settings) -> Iterator[Office]:
    """Where nobody plays the authorised person, as on a real installation."""
    settings.VAR = kualik_files
    with time_machine.travel(NOW, tick=False):
        yield open_demo_office()


def statuses(records: list[Record]) -> list[object]:
    return [record["status"] for record in records[:-1]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_a_person_signs_the_program_prepares_and_says_who_must_sign(
    office: Office, tmp_path: Path, language: str
) -> None:
    names = people(tmp_path / "list.xlsx", 3)
    code, records = issue(names, tmp_path / "out", *DONE, "--language", language)
    assert (code, statuses(records)) == (4, ["prepared"] * 3)
    assert {record["error"] for record in records[:-1]} == {"awaits_person_signature"}
    assert all(str(row["number"]) in str(row["message"]) for row in records[:-1])
    assert records[-1]["summary"] == {
        "rows": 3, "issued": 0, "prepared": 3, "refused": 0, "not_completed": 0
    }  # fmt: skip
    assert list((tmp_path / "out").iterdir()) == [], "what is not issued is given to nobody"
    assert set(Certificate.objects.values_list("status", flat=True)) == {"draft"}
    assert set(Request.objects.values_list("state", flat=True)) == {"approved"}
    assert set(KeyUse.objects.values_list("actor", flat=True)) == {None}


def test_the_next_run_gives_out_what_was_signed_meanwhile(office: Office, tmp_path: Path) -> None:
    names = people(tmp_path / "list.xlsx", 2)
    _, first = issue(names, tmp_path / "one", *DONE)
    uses = KeyUse.objects.count()
    request, _ = prepared_for(office.signer, NOW)
    assert request.certificate is not None
    (outcome,) = accept(office, {request.certificate.number: signed(office, request)})
    assert outcome.is_issued
    code, second = issue(names, tmp_path / "two", *DONE)
    assert (code, statuses(second)) == (4, ["issued", "prepared"])
    assert [row.get("number") for row in second] == [row.get("number") for row in first]
    names = {file.name for file in (tmp_path / "two").iterdir()}
    number = request.certificate.number
    assert names == {f"{number}.pdf", f"{number}.pdf.p7s"}
    assert KeyUse.objects.count() == uses, "what is prepared today is not made again"


def test_on_a_demonstration_the_person_is_played(office: Office, tmp_path: Path) -> None:
    hand_out_keys()
    code, records = issue(people(tmp_path / "list.xlsx", 2), tmp_path / "out", *DONE)
    assert (code, statuses(records)) == (0, ["issued"] * 2)
    assert PersonSignature.objects.filter(signer=office.signer).count() == 2
    for record in records[:-1]:
        file, signature = Path(str(record["file"])), Path(str(record["signature"]))
        assert signature == file.with_suffix(".pdf.p7s")
        entry = PersonSignature.objects.get(certificate__number=record["number"])
        assert hashlib.sha256(signature.read_bytes()).hexdigest() == entry.sha256


def test_where_the_seal_is_enough_the_program_issues(office: Office, tmp_path: Path) -> None:
    office.seal_automatically(daily_quota=2)
    code, records = issue(people(tmp_path / "list.xlsx", 3), tmp_path / "out", *DONE)
    assert (code, statuses(records)) == (4, ["issued", "issued", "prepared"])
    assert list((tmp_path / "out").glob("*.p7s")) == []
    assert PersonSignature.objects.count() == 0
    handlers = {"cases.seal": run_seal_job}
    assert jobs.run_waiting(handlers=handlers, worker="one", clock=lambda: NOW) == 2
    assert KeyUse.objects.count() == 3, "the ordered jobs find the work done"


def test_under_a57_the_program_never_issues_alone(office: Office, tmp_path: Path) -> None:
    office.seal_automatically()
    names = people(tmp_path / "list.xlsx", 2)
    code, records = issue(names, tmp_path / "out", *DONE, "--edition", "A57")
    assert (code, statuses(records)) == (4, ["prepared"] * 2)


def test_a_row_at_fault_and_a_row_that_waits_end_as_refused(office: Office, tmp_path: Path) -> None:
    names = people(tmp_path / "list.xlsx", 2, {3: "Ж" * 480})
    code, records = issue(names, tmp_path / "out", *DONE)
    assert (code, statuses(records)) == (3, ["prepared", "refused"])
