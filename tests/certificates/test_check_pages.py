"""The open check in a browser: three ways in three languages, without a password or a cookie."""

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from kualik.certificates.models import Certificate, PersonSignature
from kualik.certificates.services import standing
from kualik.certificates.views.public import FILES
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.core.throttle import count_miss
from kualik.rules import identifiers
from tests.certificates import people
from tests.certificates.conftest import World

CHECK = "/check/"
FORM = "application/x-www-form-urlencoded"
IIN = "850713400128"
STRANGE_CODE = "0123456789ABCDEF"
TITLES = {
    "valid": {"kk": "Құжат жарамды", "ru": "Документ действителен", "en": "The document is valid"},
    "unknown": {
        "kk": "Мұндай құжат тізілімде жоқ",
        "ru": "Такого документа в реестре нет",
        "en": "The register has no such document",
    },
}


def upload(visitor: Client, content: bytes, name: str = "document.pdf") -> HttpResponse:
    file = SimpleUploadedFile(name, content, content_type="application/pdf")
    response = visitor.post(CHECK, {"file": file})
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_of_a_document_shows_all_of_it_in_both_languages(
    world: World, visitor: Client, language: str
) -> None:
    response = visitor.get(f"/c/{world.document.code}?lang={language}")
    page = response.content.decode()
    assert response.status_code == 200
    assert TITLES["valid"][language] in page
    for said in (
        "Жүнісова Айгүл Серікқызы",
        world.document.number,
        "«Кардиология негіздері»",
        "«Основы кардиологии»",
        "120 сағат, 4 кредит",
        "120 часов, 4 кредита",
        "2026 жылғы 2–27 ақпан",
        "2 марта 2026 года, Алматы",
        "Сейітқали Бауыржан Маратұлы",
        world.key.serial,
        "02.03.2026 10:30",
    ):
        assert said in page
    assert "850713400128" not in page


def test_the_answer_is_quick_unlisted_and_leaves_no_cookie(world: World, visitor: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        response = visitor.get(f"/c/{world.document.code}")
    # Two for the document, two for what is announced to everybody.
    assert len(queries) <= 4
    assert response["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert response.cookies == {}


def test_a_code_in_another_spelling_leads_to_the_one_address(world: World, visitor: Client) -> None:
    code = world.document.code
    typed = identifiers.format_code(code).lower()
    response = visitor.get(f"/c/{typed}?lang=ru")
    assert (response.status_code, response["Location"]) == (302, f"/c/{code}?lang=ru")
    assert visitor.get(CHECK, {"code": f" {typed} "})["Location"] == f"/c/{code}"
    assert visitor.post(CHECK, f"code={typed}", content_type=FORM)["Location"] == f"/c/{code}"


@pytest.mark.parametrize("typed", [IIN, "8507 1340 0128", "nonsense"])
def test_only_a_code_comes_into_an_address(db: None, visitor: Client, typed: str) -> None:
    response = visitor.post(CHECK, f"code={typed}", content_type=FORM)
    assert response.status_code == 200
    assert "govuk-error-summary" in response.content.decode()
    page = visitor.get(CHECK).content.decode()
    form = page[: page.index('name="code"')].rpartition("<form")[2]
    assert 'method="post"' in form


def test_an_iin_in_an_address_is_led_away(db: None, visitor: Client) -> None:
    response = visitor.get(CHECK, {"code": IIN})
    assert (response.status_code, response["Location"]) == (302, f"{CHECK}?refused=iin")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_an_unknown_code_is_not_found_on_the_same_page(
    db: None, visitor: Client, language: str
) -> None:
    response = visitor.get(f"/c/{STRANGE_CODE}?lang={language}")
    assert response.status_code == 404
    assert TITLES["unknown"][language] in response.content.decode()
    assert visitor.get("/c/so").status_code == 404


def test_a_code_that_cannot_be_read_is_a_slip_and_no_forgery(db: None, visitor: Client) -> None:
    response = visitor.get("/c/nonsense?lang=en")
    page = response.content.decode()
    assert response.status_code == 404
    assert "A check code has 16 characters" in page
    assert "forged" not in page


def test_a_signer_whom_only_the_file_names_is_not_confirmed(
    world: World, visitor: Client, pdf: bytes, settings: Settings, tmp_path: Path
) -> None:
    PersonSignature.objects.all().delete()
    Certificate.objects.all().delete()
    warning = "Расталмаған."
    assert warning not in upload(visitor, pdf).content.decode()
    settings.KEYS_ROOT = tmp_path / "elsewhere"
    assert warning in upload(visitor, pdf).content.decode()


def test_a_draft_looks_like_a_code_that_was_never_given(world: World, visitor: Client) -> None:
    draft, strange = world.waiting.code, STRANGE_CODE
    pages = [visitor.get(f"/c/{code}").content.decode() for code in (draft, strange)]
    assert pages[0].replace(draft, "") == pages[1].replace(strange, "")


def test_a_revoked_document_says_so_with_the_reason(world: World, visitor: Client) -> None:
    standing.revoke_certificate(
        certificate=world.document, reason=people.REASON, actor=SYSTEM, now=people.NOW
    )
    page = visitor.get(f"/c/{world.document.code}?lang=ru").content.decode()
    assert "Документ аннулирован" in page
    assert people.REASON.ru in page


def test_a_replaced_document_leads_to_the_new_one(world: World, visitor: Client) -> None:
    (fresh,) = people.seal(people.draft(world.signer), world.key)
    standing.replace_certificate(
        certificate=world.document,
        replacement=fresh,
        reason=people.REASON,
        actor=SYSTEM,
        now=people.NOW,
    )
    assert f"/c/{fresh.code}" in visitor.get(f"/c/{world.document.code}").content.decode()


def test_machines_get_the_answer_as_json_from_anywhere(world: World, visitor: Client) -> None:
    response = visitor.get(f"/c/{world.document.code}.json")
    answer = response.json()
    assert response["Access-Control-Allow-Origin"] == "*"
    assert answer["verdict"] == "valid"
    assert answer["holder_kk"] == "Жүнісова Айгүл Серікқызы"
    assert answer["signer"]["is_test"] is True
    missing = visitor.get(f"/c/{STRANGE_CODE}.json")
    assert (missing.status_code, missing.json()["verdict"]) == (404, "unknown")


def test_guessing_codes_is_stopped_after_twenty_misses(world: World, visitor: Client) -> None:
    for guess in range(20):
        code = identifiers.check_code(guess.to_bytes(10))
        assert visitor.get(f"/c/{code}").status_code == 404
    assert visitor.get(f"/c/{world.document.code}").status_code == 429
    blocked = visitor.get(f"/c/{world.document.code}.json")
    assert (blocked.status_code, blocked.json()["error"]) == (429, "too_many_tries")
    assert visitor.get(CHECK, {"number": world.document.number}).status_code == 429
    assert upload(visitor, b"anything").status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.get(f"/c/{world.document.code}").status_code == 200


def test_guessing_numbers_is_stopped_too(db: None, visitor: Client) -> None:
    for sequence in range(1, 21):
        number = identifiers.public_number(prefix="DEMO", year=2026, sequence=sequence)
        assert visitor.get(CHECK, {"number": number}).status_code == 200
    assert visitor.get(CHECK, {"number": "DEMO-2026-000001-5"}).status_code == 429


def test_looking_at_files_is_limited_even_when_they_are_genuine(
    world: World, visitor: Client, pdf: bytes
) -> None:
    for _ in range(FILES.misses):
        count_miss(FILES, "127.0.0.1", now=clock.now())
    assert upload(visitor, pdf).status_code == 429
    assert visitor.get(f"/c/{world.document.code}").status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert upload(elsewhere, pdf).status_code == 200


def test_every_file_that_is_looked_at_counts(world: World, visitor: Client, pdf: bytes) -> None:
    for _ in range(FILES.misses - 1):
        count_miss(FILES, "127.0.0.1", now=clock.now())
    assert upload(visitor, b"").status_code == 200
    assert upload(visitor, pdf).status_code == 200
    assert upload(visitor, pdf).status_code == 429


@pytest.mark.parametrize("typed", ["850713400128", "850713 400 128", "8507-1340-0128"])
def test_an_iin_is_not_looked_up_and_leaves_the_address(
    db: None, visitor: Client, typed: str
) -> None:
    answer = visitor.get(CHECK, {"number": typed, "lang": "ru"})
    assert (answer.status_code, answer["Location"]) == (302, f"{CHECK}?refused=iin")
    page = visitor.get(answer["Location"], headers={"cookie": "kualik_language=ru"})
    assert "Не ищите по ИИН" in page.content.decode()
    assert "pattern=" in page.content.decode()


def test_codes_that_are_right_or_slips_of_the_hand_cost_nothing(
    world: World, visitor: Client
) -> None:
    for _ in range(25):
        assert visitor.get(f"/c/{world.document.code}").status_code == 200
        assert visitor.get("/c/ABCD").status_code == 404


def test_a_number_tells_that_it_exists_and_nothing_else(world: World, visitor: Client) -> None:
    page = visitor.get(CHECK, {"number": world.document.number.lower()}).content.decode()
    assert "k-message--success" in page
    for hidden in ("Жүнісова", "Айгүл", "Кардиология", world.document.code):
        assert hidden not in page
    for absent in (world.waiting.number, "DEMO-2026-000999-0"):
        page = visitor.get(CHECK, {"number": absent}).content.decode()
        assert "k-message--success" not in page


def test_typing_errors_are_explained_beside_the_field(db: None, visitor: Client) -> None:
    page = visitor.get(CHECK, {"code": "ABC"}).content.decode()
    assert 'aria-invalid="true"' in page
    assert "Тексеру коды 16 таңбадан тұрады" in page
    page = visitor.get(CHECK, {"number": "DEMO-2026-000001-9", "lang": "ru"}).content.decode()
    assert "Контрольный знак номера не сходится" in page


def test_a_genuine_file_is_told_without_a_token_or_a_cookie(
    world: World, visitor: Client, pdf: bytes
) -> None:
    response = upload(visitor, pdf)
    assert response.status_code == 200
    assert "Құжат жарамды" in response.content.decode()
    assert response.cookies == {}


def test_an_altered_file_stands_beside_the_true_content(
    world: World, visitor: Client, pdf: bytes
) -> None:
    page = upload(visitor, pdf.replace(b"/Type/Page", b"/Type/PagE", 1)).content.decode()
    assert "Файл тізілімдегі құжаттан өзгеше" in page
    assert "Құжаттың мазмұны қол қойылғаннан кейін өзгертілген." in page
    assert "«Кардиология негіздері»" in page


def test_a_foreign_file_and_garbage_are_not_ours(db: None, visitor: Client) -> None:
    for content in (b"%PDF-1.7\nforeign\n%%EOF", b"\x00\xff garbage"):
        page = upload(visitor, content).content.decode()
        assert "Бұл файл тізілімде жоқ" in page


def test_a_file_that_only_names_a_number_learns_nothing_of_its_holder(
    world: World, visitor: Client
) -> None:
    page = upload(visitor, b"%PDF-1.7 (" + world.document.number.encode() + b")").content.decode()
    assert world.document.number in page
    assert "Жүнісова" not in page


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "Файл бос."), (b"%PDF-" + b"0" * (20 * 1024 * 1024), "Файл 20 мегабайттан үлкен.")],
    ids=["empty", "too large"],
)
def test_an_empty_or_too_large_file_is_refused_with_the_reason(
    db: None, visitor: Client, content: bytes, said: str
) -> None:
    response = upload(visitor, content)
    page = response.content.decode()
    assert response.status_code == 200
    assert "govuk-error-summary" in page
    assert said in page


def test_a_form_sent_without_a_file_asks_for_one(db: None, visitor: Client) -> None:
    assert "govuk-error-summary" in visitor.post(CHECK, {}).content.decode()


def test_nothing_of_an_upload_is_kept(world: World, visitor: Client, pdf: bytes) -> None:
    before = json.dumps(list(Certificate.objects.order_by("id").values("id", "status", "file")))
    upload(visitor, pdf + b"x", name="Жүнісова.pdf")
    after = json.dumps(list(Certificate.objects.order_by("id").values("id", "status", "file")))
    assert before == after


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_of_a_code_can_only_be_read(db: None, client: Client, method: str) -> None:
    assert getattr(client, method)(f"/c/{STRANGE_CODE}").status_code == 405
