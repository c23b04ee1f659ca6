"""What the register answers to a code, a number and a file (issue of the open check)."""

import json
import re
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from kualik.certificates.adapters import marks_in
from kualik.certificates.models import Certificate, PersonSignature
from kualik.certificates.services import checking, standing
from kualik.certificates.services.checking import check_code, check_file, check_number
from kualik.certificates.services.drafting import void_draft
from kualik.certificates.services.recording import to_record
from kualik.core.clock import local_iso
from kualik.core.journal import SYSTEM
from kualik.papers.services import render_certificate
from kualik.rules import facts as fact_rules
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.signatures.services import check_pdf, open_sealer, trust_store
from tests.certificates import people
from tests.certificates.conftest import World

LATER = people.NOW + timedelta(days=1)
STRANGE_CODE = "0123456789ABCDEF"


def codes(found: checking.Check) -> list[str]:
    return [reason.code for reason in found.reasons]


def changed(act: object, certificate: Certificate) -> None:
    assert callable(act)
    act(certificate=certificate, reason=people.REASON, actor=SYSTEM, now=LATER)


def test_a_sealed_document_is_valid_with_its_content_and_its_seal(world: World) -> None:
    found = check_code(world.document.code)
    assert found.verdict == "valid"
    assert found.facts == fact_rules.from_record(world.document.facts)
    assert found.signer is not None
    assert found.signer.name == "", "the seal is the organisation's"
    assert found.signer.serial == world.key.serial
    assert found.signer.bin == "990140000017"
    assert found.signature is not None
    assert "СЕЙІТҚАЛИ БАУЫРЖАН МАРАТҰЛЫ" in found.signature.person
    assert found.signature.role.en == "Person with the right to sign for the organisation"
    assert found.signature.bin == "990140000017"
    assert found.sealed_at == people.NOW
    assert found.is_test
    assert codes(found) == ["test_signature"]


def test_the_seal_is_older_than_the_issue_and_the_date_of_issue_is_the_papers_own(
    world: World,
) -> None:
    prepared_at = people.NOW - timedelta(hours=2)
    Certificate.objects.filter(pk=world.document.pk).update(prepared_at=prepared_at)
    found = check_code(world.document.code)
    assert (found.sealed_at, found.in_force_since) == (prepared_at, people.NOW)
    record = to_record(found)
    assert record["sealed_at"] == local_iso(prepared_at)
    assert record["in_force_since"] == local_iso(people.NOW)
    assert record["issued_on"] == world.document.facts["issued_on"]


def test_the_code_may_be_typed_in_any_way(world: World) -> None:
    typed = identifiers.format_code(world.document.code).lower().replace("0", "o")
    assert check_code(f" {typed} ").verdict == "valid"


def test_one_query_answers_a_code(world: World) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        check_code(world.document.code)
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("act", "verdict"),
    [(standing.suspend_certificate, "suspended"), (standing.revoke_certificate, "revoked")],
)
def test_a_changed_standing_is_told_with_its_reason(
    world: World, act: object, verdict: str
) -> None:
    changed(act, world.document)
    found = check_code(world.document.code)
    assert found.verdict == verdict
    assert found.status_reason == checking.Text(people.REASON.kk, people.REASON.ru)
    assert found.status_changed_at == LATER
    assert codes(found) == [verdict, "test_signature"]


def test_a_restored_document_is_valid_without_a_reason(world: World) -> None:
    changed(standing.suspend_certificate, world.document)
    changed(standing.restore_certificate, world.document)
    found = check_code(world.document.code)
    assert (found.verdict, found.status_reason) == ("valid", None)


def test_a_replaced_document_names_the_one_given_in_its_place(world: World) -> None:
    (fresh,) = people.seal(people.draft(world.signer), world.key)
    standing.replace_certificate(
        certificate=world.document,
        replacement=fresh,
        reason=people.REASON,
        actor=SYSTEM,
        now=LATER,
    )
    found = check_code(world.document.code)
    assert (found.verdict, found.replaced_by) == ("replaced", fresh.code)


def test_drafts_and_void_numbers_are_as_unknown_as_a_code_never_given(world: World) -> None:
    void = people.draft(world.signer)[0]
    void_draft(certificate=void, reason=people.REASON, actor=SYSTEM, now=people.NOW)
    answers = [check_code(code) for code in (world.waiting.code, void.code, STRANGE_CODE)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].verdict == "unknown"
    assert not any(check_number(row.number) for row in (world.waiting, void))


def test_an_unreadable_code_is_unknown_and_says_so(db: None) -> None:
    found = check_code("not a code")
    assert (found.verdict, codes(found)) == ("unknown", ["code_unreadable"])
    assert "16 characters" in found.words.meaning.en
    assert "forged" not in found.words.meaning.en


@pytest.mark.parametrize("number", ["demo 2026 000001 5", "DEMO-2026-000001-9"])
def test_a_number_typed_for_a_code_is_told_to_open_nothing(db: None, number: str) -> None:
    found = check_code(number)
    assert (found.verdict, codes(found)) == ("unknown", ["number_alone"])
    assert "forged" not in found.words.meaning.en


def test_facts_that_changed_behind_the_register_are_never_shown(world: World) -> None:
    facts = world.document.facts | {"hours": 480}
    Certificate.objects.filter(pk=world.document.pk).update(facts=facts)
    with pytest.raises(RuleViolation) as caught:
        check_code(world.document.code)
    assert caught.value.code == "facts_changed"


def test_a_number_says_only_that_it_exists(world: World) -> None:
    changed(standing.revoke_certificate, world.document)
    assert check_number(world.document.number.lower().replace("-", " ")) is True
    assert check_number(identifiers.public_number(prefix="DEMO", year=2026, sequence=999)) is False
    with pytest.raises(RuleViolation):
        check_number("DEMO-2026-000001-?")


def test_the_sealed_file_has_the_standing_of_the_register(world: World, pdf: bytes) -> None:
    assert check_file(content=pdf, now=LATER).verdict == "valid"
    changed(standing.revoke_certificate, world.document)
    found = check_file(content=pdf, now=LATER)
    assert (found.verdict, found.facts is not None) == ("revoked", True)


def test_the_seal_itself_names_the_number(world: World, pdf: bytes) -> None:
    check = check_pdf(content=pdf, trust=trust_store(), now=LATER)
    assert (check.verdict, check.trusted, check.reason) == ("intact", True, world.document.number)


def test_one_changed_byte_is_an_alteration_and_the_true_content_is_shown(
    world: World, pdf: bytes
) -> None:
    place = pdf.index(b"stream") + 200
    found = check_file(content=pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :], now=LATER)
    assert found.verdict == "altered"
    assert codes(found) == ["not_the_registered_file", "content_changed"]
    assert found.standing == "valid"
    assert found.facts == fact_rules.from_record(world.document.facts)


@pytest.mark.parametrize("rest", [b"\n% note\n", b"\n%%EOF\n"])
def test_something_added_behind_the_seal_is_an_alteration(
    world: World, pdf: bytes, rest: bytes
) -> None:
    assert check_file(content=pdf + rest, now=LATER).verdict == "altered"


def test_a_file_cut_short_is_an_alteration_of_the_document_it_was(world: World, pdf: bytes) -> None:
    found = check_file(content=pdf[: len(pdf) * 9 // 10], now=LATER)
    assert (found.verdict, found.facts is not None) == ("altered", True)


def test_a_file_with_our_code_and_another_seal_is_no_document(world: World, pdf: bytes) -> None:
    """The seal is sound and of a key we know, but the register never took this file in."""
    forged = fact_rules.from_record(world.document.facts | {"hours": 480, "credits": "16"})
    block = people.seal_block(forged, world.key)
    page = render_certificate(
        facts=forged,
        check_url=f"https://elsewhere.example/c/{world.document.code}",
        seal=block,
        is_test=True,
    )
    sealed = open_sealer(key=world.key).seal(
        page, sealed_at=people.NOW, reason=forged.number, location="Алматы"
    )
    found = check_file(content=sealed, now=LATER)
    assert found.verdict == "altered"
    assert found.facts is not None
    assert found.facts.hours == 120
    unsigned = check_file(content=page, now=LATER)
    assert unsigned.verdict == "altered"
    assert "no_signature" in codes(unsigned)


def test_a_number_in_a_file_opens_nothing_but_its_existence(world: World) -> None:
    """Numbers can be guessed: a crafted file must not turn one into the content."""
    crafted = b"%PDF-1.7\n(" + world.document.number.encode() + b")\n%%EOF\n"
    found = check_file(content=crafted, now=LATER)
    assert (found.verdict, found.facts) == ("altered", None)
    assert found.named_number == world.document.number


def test_a_sealed_file_of_nobody_in_the_register_is_not_ours(world: World, pdf: bytes) -> None:
    Certificate.objects.filter(pk=world.document.pk).update(
        file_sha256="", code=STRANGE_CODE, number="DEMO-2026-000777-A"
    )
    found = check_file(content=pdf, now=LATER)
    assert (found.verdict, found.facts) == ("unknown", None)
    assert found.signer is not None
    assert found.signer.trusted
    assert codes(found) == ["file_not_in_register", "test_signature"]


def test_a_signer_of_another_installation_is_named_by_the_file_and_not_confirmed(
    world: World, pdf: bytes, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    PersonSignature.objects.all().delete()
    Certificate.objects.all().delete()
    settings.KEYS_ROOT = tmp_path / "elsewhere"
    file = tmp_path / "document.pdf"
    file.write_bytes(pdf)
    with pytest.raises(SystemExit):
        call_command("check", str(file), "--language", "ru")
    printed = capsys.readouterr().out
    assert "Файл называет подписавшим (не подтверждено): " in printed
    assert "ЭЦП уполномоченного лица" not in printed
    assert "Печать в файле" not in printed
    with pytest.raises(SystemExit):
        call_command("check", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["signer"]["trusted"] is False


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"just a text", "not_a_pdf"),
        (b"%PDF-1.7\nbroken", "truncated"),
        (b"%PDF-1.7\nbroken\n%%EOF", "structure_damaged"),
    ],
)
def test_a_foreign_file_is_unknown_with_the_reason(db: None, content: bytes, reason: str) -> None:
    found = check_file(content=content, now=LATER)
    assert (found.verdict, codes(found)) == ("unknown", ["file_not_in_register", reason])


def test_marks_are_found_in_compressed_streams_and_wide_letters() -> None:
    address = "https://kualik.example/c/0123456789ABCDEF"
    packed = b"stream\n" + zlib.compress(address.encode()) + b"\nendstream"
    wide = b"(\xfe\xff" + address.encode("utf-16-be") + b")"
    written = b"<FEFF" + address.encode("utf-16-be").hex().upper().encode() + b">"
    printed = b"(0123-4567-89AB-CDEF)"
    for content in (packed, wide, written, printed):
        assert marks_in(content).codes == ("0123456789ABCDEF",)
    assert marks_in(rb"/Reason (DEMO\0552026\055000001\0555)").numbers == ("DEMO-2026-000001-5",)


def test_a_file_full_of_codes_is_asked_about_three_of_them() -> None:
    codes = (identifiers.check_code(number.to_bytes(10)) for number in range(50))
    assert len(marks_in(b" ".join(f"/c/{code}".encode() for code in codes)).codes) == 3


def test_a_small_file_that_swells_is_read_within_a_budget() -> None:
    bomb = zlib.compress(b"\0" * 30_000_000) + b"\nendstream\n"
    assert marks_in((b"stream\n" + bomb) * 30).codes == ()


def test_the_command_answers_a_file_in_json(
    world: World, pdf: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "document.pdf"
    file.write_bytes(pdf)
    call_command("check", str(file), "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "valid"
    assert answer["number"] == world.document.number
    assert answer["signer"]["serial"] == identifiers.format_serial(world.key.serial)
    assert [reason["code"] for reason in answer["reasons"]] == ["test_signature"]
    assert not re.search(r"(?<![0-9A-Za-z])850713400128", json.dumps(answer))


def test_the_command_ends_with_one_for_anything_but_valid(
    world: World, pdf: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "document.pdf"
    file.write_bytes(pdf + b" ")
    for what, verdict in ((str(file), "altered"), (STRANGE_CODE, "unknown"), ("слово", "unknown")):
        with pytest.raises(SystemExit) as caught:
            call_command("check", what, "--json")
        assert caught.value.code == 1
        assert json.loads(capsys.readouterr().out)["verdict"] == verdict


def test_the_command_speaks_kazakh_unless_told_otherwise(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check", world.document.code)
    assert capsys.readouterr().out.startswith("Құжат жарамды\n")
    call_command("check", world.document.code, "--language", "ru")
    printed = capsys.readouterr().out
    assert "Документ действителен" in printed
    assert "Период обучения: 2–27 февраля 2026 года" in printed


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nonsense", "A check code has 16 characters"),
        ("", "A check code has 16 characters"),
        ("DEMO-2026-000001-5", "A number alone opens nothing"),
    ],
)
def test_the_command_takes_a_slip_of_the_hand_for_no_forgery(
    db: None, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        call_command("check", typed, "--language", "en")
    printed = capsys.readouterr().out
    assert caught.value.code == 1
    assert said in printed
    assert "forged" not in printed


def test_the_command_names_a_missing_file(db: None) -> None:
    with pytest.raises(CommandError, match="Мұндай файл жоқ: no/such.pdf") as caught:
        call_command("check", "no/such.pdf")
    assert caught.value.returncode == 1
