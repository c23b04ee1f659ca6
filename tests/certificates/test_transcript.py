"""The transcript: all documents of a person with hours and credits of five years, sealed by the
operator's key."""

import csv
import json
import shutil
import subprocess
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from kualik.certificates.models import Certificate, Letter
from kualik.certificates.services.checking import check_code, check_file
from kualik.certificates.services.standing import replace_certificate, suspend_certificate
from kualik.certificates.services.transcripts import (
    can_be_sealed,
    order_transcript,
    sealed_transcript,
    transcript_of,
)
from kualik.core import clock
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.models import KeyUse
from kualik.signatures.services import disable_key
from tests.certificates.owners import (
    NOT_THEIRS,
    Owner,
    answers,
    body,
    iins,
    made,
    operator_key,
    others,
    owner,
    status,
)
from tests.entering import open_cabinet

PAGE = "/cabinet/transcript/"
REASON = Text("Тексеру жүріп жатыр", "Идёт проверка")


@pytest.fixture
def holder(db: None) -> Owner:
    """With a second document: that of somebody else, given to the holder."""
    found = owner()
    Certificate.objects.filter(pk=found.foreign.pk).update(person=found.person)
    found.foreign.refresh_from_db()
    return found


def today():
    return local_day(clock.now())


def ordered(holder: Owner) -> Letter:
    return order_transcript(person=holder.person, actor=SYSTEM, now=clock.now())


def stored(letter: Letter) -> bytes:
    with default_storage.open(letter.file) as file:
        return file.read()


def words_of(pdf: bytes, folder: Path) -> str:
    (folder / "transcript.pdf").write_bytes(pdf)
    program = shutil.which("pdftotext")
    assert program
    command = [program, "-layout", "transcript.pdf", "-"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_all_documents_are_listed_and_the_valid_ones_counted(holder: Owner) -> None:
    found = transcript_of(holder.person, today=today())
    assert {line.facts.number for line in found.lines} == {
        holder.document.number, holder.foreign.number
    }  # fmt: skip
    assert (found.window.count, found.window.hours, found.window.credits) == (2, 240, 8)
    [group] = found.groups
    assert (group.first.year, group.last.year, group.hours) == (2021, 2025, 240)


def test_what_does_not_stand_is_shown_and_not_counted(holder: Owner) -> None:
    suspend_certificate(certificate=holder.document, reason=REASON, actor=SYSTEM, now=clock.now())
    found = transcript_of(holder.person, today=today())
    assert [line.counts for line in found.lines] != [True, True]
    assert len(found.lines) == 2
    assert found.window.hours == 120
    page = holder.client().get(PAGE, {"lang": "en"}).content.decode()
    assert "Suspended" in page
    assert page.count("not counted") == 1


def test_a_replaced_document_counts_by_the_one_in_its_place(holder: Owner) -> None:
    replace_certificate(
        certificate=holder.document,
        replacement=holder.foreign,
        reason=REASON,
        actor=SYSTEM,
        now=clock.now(),
    )
    assert transcript_of(holder.person, today=today()).window.hours == 120


def test_five_years_later_the_window_is_empty_and_the_group_stays(holder: Owner) -> None:
    ended_on = transcript_of(holder.person, today=today()).lines[0].facts.ended_on
    last_day = ended_on.replace(year=ended_on.year + 5) - timedelta(days=1)
    assert transcript_of(holder.person, today=last_day).window.hours == 240
    later = transcript_of(holder.person, today=last_day + timedelta(days=1))
    assert later.window.count == 0
    assert later.groups[0].hours == 240


@pytest.mark.parametrize("end", ["/", ".csv", ".json"])
def test_only_the_person_reads_the_own_transcript(holder: Owner, end: str) -> None:
    where = f"/cabinet/transcript{end}"
    assert status(holder.client().get(where)) == 200
    answered = answers(others(holder), where)
    # A stranger reads the own one, in which the documents are not.
    assert answered == {**NOT_THEIRS, "stranger": 200}
    page = open_cabinet(Client(), holder.stranger).get(where)
    assert holder.document.number not in page.content.decode()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_tells_the_totals_and_how_they_are_counted(holder: Owner, language: str) -> None:
    page = holder.client().get(PAGE, {"lang": language}).content.decode()
    assert "<strong>240</strong>" in page
    assert "2021–2025" in page
    assert {"kk": "Жарамды құжаттар ғана", "ru": "Считаются только", "en": "Only valid"}[
        language
    ] in page
    assert [number for number in iins(holder) if number in page] == []


def test_the_page_without_documents_offers_nothing_to_take(holder: Owner) -> None:
    person = holder.world.demo.completions[0].person
    Certificate.objects.filter(person=person).update(person=holder.stranger)
    page = open_cabinet(Client(), person).get(PAGE).content.decode()
    assert "transcript.csv" not in page
    with pytest.raises(RuleViolation) as violation:
        order_transcript(person=person, actor=SYSTEM, now=clock.now())
    assert violation.value.code == "transcript_empty"


def test_the_lists_without_a_seal_say_the_same(holder: Owner) -> None:
    client = holder.client()
    table = client.get("/cabinet/transcript.csv", {"lang": "ru"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(table), delimiter=";"))
    assert {row["Номер"] for row in rows} == {holder.document.number, holder.foreign.number}
    assert {row["Часы"] for row in rows} == {"120"}
    assert {row["Входит в итог"] for row in rows} == {"да"}
    record = json.loads(client.get("/cabinet/transcript.json").content)
    assert record["sealed"] is False
    assert record["totals"][0] | {"first": "", "last": ""} == {
        "name": "window", "first": "", "last": "", "count": 2, "hours": 240, "credits": "8"
    }  # fmt: skip
    assert {row["status"] for row in record["documents"]} == {"valid"}


def test_it_is_sealed_by_the_operators_key_and_checked_like_any_document(
    holder: Owner, tmp_path: Path
) -> None:
    key = operator_key()
    letter = made(ordered(holder))
    assert (letter.state, letter.provider, letter.signature) == ("signed", None, "")
    assert letter.key == key
    assert KeyUse.objects.filter(key=key, document_sha256=letter.file_sha256).exists()
    said = words_of(stored(letter), tmp_path)
    for expected in ("ҮЗІНДІ КӨШІРМЕ", "ВЫПИСКА", holder.document.number, "240", letter.number):
        assert expected in said
    assert [number for number in iins(holder) if number in said] == []
    command = [shutil.which("pdfsig") or "", "transcript.pdf"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Signature is Valid." in told.stdout
    found = check_code(letter.code)
    assert (found.verdict, found.signature) == ("valid", None)
    assert found.letter is not None
    assert found.letter.number == letter.number
    assert found.letter.applicant.kk != transcript_of(holder.person, today=today()).holder.kk


def test_a_changed_total_is_found_out(holder: Owner) -> None:
    operator_key()
    letter = made(ordered(holder))
    content = stored(letter)
    assert check_file(content=content, now=clock.now()).verdict == "valid"
    changed = content.replace(b"/Author", b"/Aut0or", 1)
    assert changed != content
    answer = check_file(content=changed, now=clock.now())
    assert answer.verdict == "altered"
    assert answer.letter is not None
    assert answer.letter.number == letter.number


def test_asked_again_while_nothing_changed_it_is_the_same_letter(holder: Owner) -> None:
    operator_key()
    first = ordered(holder)
    assert ordered(holder) == first
    suspend_certificate(certificate=holder.document, reason=REASON, actor=SYSTEM, now=clock.now())
    second = ordered(holder)
    assert second != first
    found = transcript_of(holder.person, today=today())
    assert sealed_transcript(found, holder.person) == second


def test_the_way_from_the_button_to_the_sealed_file(holder: Owner) -> None:
    operator_key()
    client = holder.client()
    for _ in range(2):
        assert client.post(PAGE)["Location"] == PAGE
    [letter] = Letter.objects.filter(kind="transcript")
    assert "being made" in client.get(PAGE, {"lang": "en"}).content.decode()
    made(letter)
    address = f"/cabinet/letters/{letter.number}.pdf"
    assert address in client.get(PAGE).content.decode()
    assert body(client.get(address)) == stored(letter)
    assert answers(others(holder), address) == NOT_THEIRS
    acts = JournalEntry.objects.filter(subject=f"letter:{letter.number}")
    assert [row.action for row in acts.order_by("sequence")] == [
        "certificates.letter_drafted", "certificates.letter_sealed"
    ]  # fmt: skip
    assert acts.order_by("sequence")[0].actor == f"person:{holder.person.pk}"


def test_a_post_of_somebody_else_makes_nothing(holder: Owner) -> None:
    operator_key()
    for who, client in others(holder).items():
        if who != "stranger":
            assert client.post(PAGE).status_code == 302
    assert not Letter.objects.filter(kind="transcript").exists()


def test_without_the_operators_key_the_page_says_so(holder: Owner) -> None:
    client = holder.client()
    page = client.get(PAGE, {"lang": "en"}).content.decode()
    assert "A sealed PDF is not available here" in page
    assert "transcript.csv" in page
    assert "transcript.json" in page
    refused = client.post(PAGE, follow=True).content.decode()
    assert "The operator of this system has no key" in refused
    assert not Letter.objects.filter(kind="transcript").exists()


def test_a_key_out_of_use_or_a_test_key_elsewhere_seals_nothing(
    holder: Owner, settings: Settings
) -> None:
    key = operator_key()
    now = clock.now()
    assert can_be_sealed(now)
    settings.DEMO = False
    assert not can_be_sealed(now)
    settings.DEMO = True
    assert not can_be_sealed(now.replace(year=2026, month=3))
    disable_key(key=key, now=now, actor=SYSTEM)
    assert not can_be_sealed(now)
