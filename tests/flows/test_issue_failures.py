"""`kualik issue` with something in its way: nothing is written, or every row is said."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from pytest_django import Settings

from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.filing import Filing, file_requests
from kualik.certificates.models import Certificate
from kualik.certificates.services.standing import (
    replace_certificate,
    revoke_certificate,
    suspend_certificate,
)
from kualik.config.issuing import Order, issue_list
from kualik.config.issuing.making import AT_ONCE
from kualik.core import journal
from kualik.core.models import JournalEntry
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from kualik.training.models import Completion, ImportDraft
from tests.flows.issuing import DONE, Record, issue, people
from tests.flows.office import NOW, Office, hand_out_keys, open_demo_office
from tests.training.lists import COURSE

pytestmark = pytest.mark.django_db
REASON = Text("Атауында қате бар", "Ошибка в названии")
# Within the limit of a title, but one word that no column holds.
UNPRINTABLE = "Ж" * 480


@pytest.fixture
def office(db: None, kualik_files: Path, settings: Settings) -> Iterator[Office]:
    settings.VAR = kualik_files
    hand_out_keys()
    with time_machine.travel(NOW, tick=False):
        yield open_demo_office()


def key_file() -> Path:
    return Path(settings.KEYS_ROOT) / SigningKey.objects.get().store


def written() -> tuple[int, int, int]:
    return Completion.objects.count(), Certificate.objects.count(), ImportDraft.objects.count()


def errors_of(records: list[Record]) -> list[object]:
    return [record.get("error", record.get("status")) for record in records[:-1]]


# Nothing is written


def test_without_its_key_nothing_is_imported(office: Office, tmp_path: Path) -> None:
    key_file().unlink()
    code, records = issue(people(tmp_path / "list.xlsx", 2), tmp_path / "out", *DONE)
    assert (code, [record["error"] for record in records]) == (2, ["key_missing"])
    assert written() == (0, 0, 0)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["taken", "taken/inside", "new/../taken"])
def test_where_no_file_can_be_put_nothing_is_imported(
    office: Office, tmp_path: Path, out: str
) -> None:
    (tmp_path / "taken").write_text("a file")
    code, records = issue(people(tmp_path / "list.xlsx", 2), tmp_path / out, *DONE)
    assert (code, [record["error"] for record in records]) == (2, ["out_unwritable"])
    assert written() == (0, 0, 0)
    assert not (tmp_path / "new").exists()


def test_without_a_storage_nothing_is_imported(office: Office, tmp_path: Path) -> None:
    Path(settings.MEDIA_ROOT).write_text("a file")
    code, records = issue(people(tmp_path / "list.xlsx", 2), tmp_path / "deep" / "out", *DONE)
    assert (code, [record["error"] for record in records]) == (2, ["storage_unwritable"])
    assert written() == (0, 0, 0)
    assert not (tmp_path / "deep").exists()


def test_a_folder_that_was_there_stays(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    code, _ = issue("moodle-course-completion.csv", out)
    assert code == 2
    assert list(out.iterdir()) == []


# After the decision


def test_what_cannot_be_stored_is_said_row_by_row_and_sealed_by_the_next_run(
    office: Office, tmp_path: Path
) -> None:
    media = Path(settings.MEDIA_ROOT)
    media.mkdir()
    (media / "certificates").write_text("a file where the folder should be")
    names = people(tmp_path / "list.xlsx", 3)
    code, records = issue(names, tmp_path / "out", *DONE)
    assert (code, errors_of(records)) == (3, ["storage_unwritable"] * 3)
    assert records[-1]["summary"] == {
        "rows": 3,
        "issued": 0,
        "prepared": 0,
        "refused": 3,
        "not_completed": 0,
    }
    (media / "certificates").unlink()
    code, again = issue(names, tmp_path / "out", *DONE)
    assert (code, errors_of(again)) == (0, ["issued"] * 3)
    assert [row.get("number") for row in again] == [row.get("number") for row in records]


def test_one_document_that_cannot_be_printed_does_not_stop_the_others(
    office: Office, tmp_path: Path
) -> None:
    names = people(tmp_path / "list.xlsx", 4, {3: UNPRINTABLE})
    code, records = issue(names, tmp_path / "out", *DONE)
    assert code == 3
    assert errors_of(records) == ["issued", "paper_overflow", "issued", "issued"]
    refused = records[1]
    assert refused["message"]
    assert Certificate.objects.get(number=refused["number"]).status == Certificate.Status.DRAFT
    assert sorted(file.stem for file in (tmp_path / "out").glob("*.pdf")) == sorted(
        str(record["number"]) for record in records[:-1] if record["status"] == "issued"
    )


def test_a_fault_in_the_second_portion_leaves_the_first_as_it_is(
    office: Office, tmp_path: Path
) -> None:
    names = people(tmp_path / "list.xlsx", AT_ONCE + 3)
    order = Order(
        content=names.read_bytes(),
        filename=names.name,
        provider=office.stage.provider,
        defaults=COURSE,
        paper="certificate",
        edition="A303",
        filed_at=NOW,
        language="en",
    )
    records = issue_list(order=order, folder=tmp_path / "out", now=NOW)
    first = list(islice(records, AT_ONCE))
    assert {record["status"] for record in first} == {"issued"}
    assert len(list((tmp_path / "out").glob("*.pdf"))) == AT_ONCE
    key_file().unlink()
    *second, summary = records
    assert [record["error"] for record in second] == ["key_missing"] * 3
    assert summary["summary"] == {
        "rows": AT_ONCE + 3, "issued": AT_ONCE, "prepared": 0, "refused": 3, "not_completed": 0
    }  # fmt: skip


def test_a_document_that_cannot_be_put_out_is_said_with_its_number(
    office: Office, tmp_path: Path
) -> None:
    names = people(tmp_path / "list.xlsx", 2)
    _, first = issue(names, tmp_path / "one", *DONE)
    (tmp_path / "two" / f"{first[0]['number']}.pdf").mkdir(parents=True)
    code, second = issue(names, tmp_path / "two", *DONE)
    assert (code, errors_of(second)) == (3, ["out_unwritable", "issued"])
    assert second[0]["number"] == first[0]["number"]


def test_a_document_that_is_lost_is_said_with_its_number(office: Office, tmp_path: Path) -> None:
    names = people(tmp_path / "list.xlsx", 2)
    _, first = issue(names, tmp_path / "one", *DONE)
    certificate = Certificate.objects.get(number=first[1]["number"])
    (Path(settings.MEDIA_ROOT) / certificate.file).unlink()
    code, second = issue(names, tmp_path / "two", *DONE)
    assert (code, errors_of(second)) == (3, ["issued", "file_unreadable"])


# What an earlier run brought


def test_only_a_valid_document_is_given_out_again(office: Office, tmp_path: Path) -> None:
    names = people(tmp_path / "list.xlsx", 4)
    _, first = issue(names, tmp_path / "one", *DONE)
    rows = [Certificate.objects.get(number=record["number"]) for record in first[:-1]]
    about = {"reason": REASON, "actor": office.registrar.acting_as(Role.REGISTRAR), "now": NOW}
    revoke_certificate(certificate=rows[0], **about)
    suspend_certificate(certificate=rows[1], **about)
    Certificate.objects.filter(pk=rows[3].pk).update(person=rows[2].person)
    rows[3].refresh_from_db()
    replace_certificate(certificate=rows[2], replacement=rows[3], **about)
    code, second = issue(names, tmp_path / "two", *DONE)
    assert code == 3
    assert errors_of(second) == [
        "certificate_revoked", "certificate_suspended", "certificate_replaced", "issued"
    ]  # fmt: skip
    assert [row.get("number") for row in second] == [row.get("number") for row in first]
    assert all(str(row["number"]) in str(row["message"]) for row in second[:3])
    assert [file.stem for file in (tmp_path / "two").glob("*.pdf")] == [rows[3].number]


@pytest.mark.parametrize("paper", ["certificate", "reference"])
def test_after_a_revocation_a_person_decides_and_not_the_program(
    office: Office, tmp_path: Path, paper: str
) -> None:
    names, order = people(tmp_path / "list.xlsx", 1), (*DONE, "--paper", paper)
    _, first = issue(names, tmp_path / "one", *DONE)
    certificate = Certificate.objects.get(number=first[0]["number"])
    actor = office.registrar.acting_as(Role.REGISTRAR)
    revoke_certificate(certificate=certificate, reason=REASON, actor=actor, now=NOW)
    code, second = issue(names, tmp_path / "two", *order)
    assert (code, errors_of(second)) == (3, ["certificate_revoked"])

    later = NOW + timedelta(hours=1)
    (again,) = file_requests(
        provider=office.stage.provider,
        filings=[Filing(completion=Completion.objects.get(), paper=paper)],
        channel=Request.Channel.REGISTRAR,
        filed_at=later,
        actor=actor,
        now=later,
    )
    assert again.replaces == certificate
    with time_machine.travel(later, tick=False):
        code, third = issue(names, tmp_path / "three", *order)
        again.refresh_from_db()
        assert (code, errors_of(third)) == (3, ["certificate_revoked"])
        assert (third[0]["number"], again.certificate) == (certificate.number, None)
        user, role = office.registrar, Role.REGISTRAR
        approve_requests(requests=[again], user=user, role=role, now=later)
        code, last = issue(names, tmp_path / "four", *order)
        assert (code, errors_of(last)) == (0, ["issued"])
        assert last[0]["number"] != certificate.number


def test_the_other_paper_for_the_same_training_is_another_request(
    office: Office, tmp_path: Path
) -> None:
    names = people(tmp_path / "list.xlsx", 1)
    issue(names, tmp_path / "one", *DONE)
    code, second = issue(names, tmp_path / "two", *DONE, "--paper", "reference")
    assert (code, errors_of(second)) == (3, ["request_exists"])
    assert str(second[0]["number"]) in str(second[0]["message"])
    assert list((tmp_path / "two").iterdir()) == []


# The journal


def test_the_journal_says_that_the_program_acted_for_the_persons(
    office: Office, tmp_path: Path
) -> None:
    _, records = issue(people(tmp_path / "list.xlsx", 2), tmp_path / "out", *DONE)
    key = SigningKey.objects.get()
    run = JournalEntry.objects.get(action="cases.issued_by_program")
    assert run.subject == f"import:{ImportDraft.objects.get().pk}"
    assert (run.actor, run.role) == ("program:kualik issue", "system")
    assert run.data.pop("os_user")
    assert run.data == {
        "through": "kualik issue",
        "registrar": office.registrar.pk,
        "signer": office.signer.pk,
        "key": key.serial,
        "count": 2,
    }
    for record in records[:-1]:
        life = journal.history(f"certificate:{record['number']}")
        assert [(entry.action, entry.actor) for entry in life] == [
            ("certificates.drafted", f"user:{office.registrar.pk}"),
            ("certificates.seal_ordered", "program:kualik issue"),
            ("certificates.prepared", "program:kualik issue"),
            ("certificates.signed", f"user:{office.signer.pk}"),
        ]
    assert journal.broken_links(run.subject) == []
