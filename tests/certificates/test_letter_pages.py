"""Letters on pages: who downloads them, and what the open check says of them (A57.10-2)."""

import json
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from kualik.accounts.services import PersonFacts, register_persons
from kualik.certificates.models import Letter
from kualik.certificates.services.checking import check_code, check_file, check_number
from kualik.certificates.services.letters import void_letter
from kualik.certificates.services.letters.checking import masked_name
from kualik.core.journal import SYSTEM
from kualik.rules.language import Text
from tests.certificates import letter_samples as samples
from tests.certificates import people
from tests.certificates.conftest import World
from tests.entering import open_cabinet

NOW = people.NOW
REASON = Text("Шешім өзгертілді", "Решение изменено")
OWN = ("own_letter", "own_letter_signature", "own_letter_bundle")
OFFICE = ("letter", "letter_file", "letter_signature", "letter_bundle")
READERS = ("clerk", "registrar", "head", "signer", "admin", "inspector")


@pytest.fixture
def letter(world: World) -> Letter:
    """A refusal that the authorised person signed."""
    return samples.signed(world.signer)


def where(name: str, letter: Letter) -> str:
    return reverse(f"certificates:{name}", args=[letter.number])


def status(client: Client, address: str) -> int:
    """What reading is answered; a file is read to its end, so that it is closed."""
    response = client.get(address)
    body(response)
    code: int = response.status_code
    return code


def body(response) -> bytes:
    return b"".join(response) if response.streaming else response.content


def test_the_addressee_takes_letter_and_signature_along(letter: Letter) -> None:
    client = open_cabinet(Client(), letter.person)
    file, signature, bundle = (client.get(where(name, letter)) for name in OWN)
    assert body(file) == samples.content_of(letter)
    assert f'filename="{letter.number}.pdf"' in file["Content-Disposition"]
    assert f'filename="{letter.number}.pdf.p7s"' in signature["Content-Disposition"]
    with ZipFile(BytesIO(bundle.content)) as archive:
        assert archive.namelist() == [
            f"{letter.number}.pdf", f"{letter.number}.pdf.p7s", "README.txt"
        ]  # fmt: skip
        assert archive.read(f"{letter.number}.pdf") == samples.content_of(letter)
        assert archive.read(f"{letter.number}.pdf.p7s") == body(signature)


@pytest.mark.parametrize("name", OWN)
def test_nobody_else_finds_a_letter_in_a_cabinet(world: World, letter: Letter, name: str) -> None:
    iin, family, given, patronymic = people.NAMES[1]
    facts = PersonFacts(iin=iin, family_name=family, given_name=given, patronymic=patronymic)
    other = register_persons(people=[facts], now=NOW)[iin]
    assert status(open_cabinet(Client(), other), where(name, letter)) == 404
    assert status(Client(), where(name, letter)) == 302
    assert status(people.client_of(world.clerk), where(name, letter)) == 302


@pytest.mark.parametrize("name", OWN)
def test_a_letter_that_waits_for_its_signature_lies_in_no_cabinet(world: World, name: str) -> None:
    letter = samples.prepared(world.signer)
    client = open_cabinet(Client(), letter.person)
    assert status(client, where(name, letter)) == 404


@pytest.mark.parametrize("name", OFFICE)
def test_staff_of_the_provider_read_it_and_nobody_elses(
    world: World, letter: Letter, name: str
) -> None:
    for who in READERS:
        assert status(people.client_of(getattr(world, who)), where(name, letter)) == 200
    assert status(people.client_of(world.stranger), where(name, letter)) == 404
    assert status(people.client_of(world.contact), where(name, letter)) == 403
    assert status(Client(), where(name, letter)) == 302
    assert status(open_cabinet(Client(), letter.person), where(name, letter)) == 302


@pytest.mark.parametrize("name", OFFICE)
def test_a_decision_on_a_complaint_is_read_by_who_may_decide(world: World, name: str) -> None:
    letter = samples.signed(world.head, "decision")
    answers = {
        who: status(people.client_of(getattr(world, who)), where(name, letter)) for who in READERS
    }
    assert answers == {
        "clerk": 404, "registrar": 404, "head": 200, "signer": 200, "admin": 200, "inspector": 200
    }  # fmt: skip


@pytest.mark.parametrize("name", OFFICE[1:])
def test_what_is_only_prepared_is_given_to_nobody(world: World, name: str) -> None:
    letter = samples.prepared(world.signer)
    assert status(people.client_of(world.signer), where(name, letter)) == 404


def test_a_paper_without_a_persons_signature_has_none_to_download(world: World) -> None:
    letter = samples.prepared(world.signer, "notice", now=samples.LATER)
    client = people.client_of(world.clerk)
    answers = [status(client, where(name, letter)) for name in OFFICE]
    assert answers == [200, 200, 404, 404]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_open_check_tells_a_letter_and_no_name_in_full(
    letter: Letter, visitor: Client, language: str
) -> None:
    page = visitor.get(f"/c/{letter.code}?lang={language}").content.decode()
    name = {"kk": "Ж. Айгүл С.", "ru": "Ж. Айгуль С.", "en": "Ж. Айгүл С."}[language]
    for said in (letter.number, name, "990140000017", "СЕЙІТҚАЛИ БАУЫРЖАН", "02.03.2026"):
        assert said in page
    for hidden in ("Жүнісова", "Жунусова", "Дипломның", "диплома", people.STAFF_IINS[0]):
        assert hidden not in page


def test_machines_get_the_same_answer(letter: Letter, visitor: Client) -> None:
    answer = visitor.get(f"/c/{letter.code}.json").json()
    assert (answer["verdict"], answer["paper"]) == ("valid", "letter")
    assert answer["number"] == letter.number
    assert answer["title"]["ru"] == "Мотивированный отказ в оказании государственной услуги"
    assert answer["applicant"]["ru"] == "Ж. Айгуль С."
    assert answer["signature"]["status"] == "valid"
    assert answer["dated"] == "2026-03-02"


def test_a_prepared_letter_and_one_taken_back_before_are_unknown(world: World) -> None:
    letter = samples.prepared(world.signer)
    content = samples.content_of(letter)
    assert check_code(letter.code).verdict == "unknown"
    assert check_file(content=content, now=NOW).letter is None
    assert not check_number(letter.number)
    void_letter(letter=letter, reason=REASON, actor=SYSTEM, now=NOW)
    assert check_code(letter.code).verdict == "unknown"


def test_a_letter_taken_back_says_so_and_why(letter: Letter, visitor: Client) -> None:
    void_letter(letter=letter, reason=REASON, actor=SYSTEM, now=NOW)
    found = check_code(letter.code)
    assert (found.verdict, found.words.tone) == ("revoked", "bad")
    page = visitor.get(f"/c/{letter.code}?lang=ru").content.decode()
    assert "Документ отозван" in page
    assert "Решение изменено" in page
    client = open_cabinet(Client(), letter.person)
    assert status(client, where("own_letter", letter)) == 200


def test_the_file_is_told_from_a_tampered_one(letter: Letter, visitor: Client) -> None:
    content = samples.content_of(letter)
    assert check_file(content=content, now=NOW).verdict == "valid"
    forged = content.replace(b"/Producer", b"/Predecor", 1) + b"\n% more"
    found = check_file(content=forged, now=NOW)
    assert (found.verdict, found.standing) == ("altered", "valid")
    assert found.letter is not None
    assert found.letter.number == letter.number
    upload = SimpleUploadedFile("letter.pdf", forged, content_type="application/pdf")
    page = visitor.post("/check/?lang=en", {"file": upload}).content.decode()
    assert "The true content, as the register has it" in page
    assert letter.number in page


def test_a_number_says_only_that_the_letter_exists(letter: Letter) -> None:
    assert check_number(letter.number)


def test_the_command_line_reads_letters_too(letter: Letter, tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(samples.content_of(letter))
    out = StringIO()
    call_command("check", str(path), language="ru", stdout=out)
    assert letter.number in out.getvalue()
    assert "Ж. Айгуль С." in out.getvalue()
    out = StringIO()
    call_command("check", letter.code, json=True, stdout=out)
    assert json.loads(out.getvalue())["paper"] == "letter"


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Жунусова Айгуль Сериковна", "Ж. Айгуль С."),
        ("Ким Виктор", "К. Виктор"),
        ("Ким", "К."),
        ("", ""),
    ],
)
def test_a_name_is_shortened_so_that_it_can_be_compared_only(name: str, masked: str) -> None:
    assert masked_name(name) == masked
