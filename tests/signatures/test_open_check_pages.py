"""The page and the address for machines: one answer in three languages, nothing kept."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as program_settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import FakePayload
from django.urls import reverse
from pytest_django import Settings

from kualik.core import errors
from kualik.core.models import JournalEntry
from kualik.core.throttle import count_miss
from kualik.signatures.adapters.test_authority import Scheme, sign_xml
from kualik.signatures.views.inspecting import FILES
from tests.signatures.authorities import (
    HEAD,
    INDIVIDUAL,
    NOW,
    authority,
    expired,
    head,
    individual,
)
from tests.signatures.pdf_samples import plain_pdf, signed_pdf, stamped_pdf, with_new_content
from tests.signatures.verification import CONTENT, FAST, signed

PAGE = "/signatures/"
API = "/api/signatures"
TITLES = {
    "valid": {
        "kk": "Қолтаңба жарамды",
        "ru": "Подпись действительна",
        "en": "The signature is valid",
    },
    "invalid": {
        "kk": "Қолтаңба жарамсыз",
        "ru": "Подпись недействительна",
        "en": "The signature is not valid",
    },
}
each_language = pytest.mark.parametrize("language", ["kk", "ru", "en"])


@pytest.fixture
def visitor(db: None, settings: Settings, kualik_files: Path) -> Iterator[Client]:
    """Somebody at an installation that believes the authorities of these tests."""
    believed = kualik_files / "believed"
    believed.mkdir()
    for scheme in FAST:
        made = authority(scheme)
        (believed / f"{scheme}-root.cer").write_bytes(made.root.certificate_der)
        (believed / f"{scheme}-issuing.cer").write_bytes(made.issuing.certificate_der)
        (believed / f"{scheme}.crl").write_bytes(made.crl({}, now=NOW))
    settings.TRUST_ROOT = believed
    roots = [authority(scheme).root.certificate_der for scheme in FAST]
    settings.TRUST_PINS = [sha256(root).hexdigest() for root in roots]
    with time_machine.travel(NOW, tick=False):
        yield Client()


def posted(
    visitor: Client, where: str, content: bytes | None, document: bytes | None = None, **asked: str
) -> HttpResponse:
    given = {"file": content, "document": document}
    files = {
        name: SimpleUploadedFile("upload.bin", data)
        for name, data in given.items()
        if data is not None
    }
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    response = visitor.post(f"{where}?{query}", files)
    assert isinstance(response, HttpResponse)
    return response


def page_of(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


# The page


@each_language
def test_anybody_is_asked_for_two_files(visitor: Client, language: str) -> None:
    response = visitor.get(PAGE, {"lang": language})
    page = page_of(response)
    assert page.count('class="govuk-file-upload" type="file"') == 2
    assert reverse("certificates:check") in page
    assert '<meta name="robots" content="noindex">' in page
    assert "no-store" in response["Cache-Control"]


@each_language
def test_a_signed_pdf_is_told_in_words(visitor: Client, language: str) -> None:
    pdf = signed_pdf(head(Scheme.GOST512))
    page = page_of(posted(visitor, PAGE, pdf, lang=language))
    assert TITLES["valid"][language] in page
    said = {
        "kk": ("Ұйымның бірінші басшысы", "МЕМСТ 34.10-2015, 512 бит", "дәлелденбеген"),
        "ru": ("Первый руководитель организации", "ГОСТ 34.10-2015, 512 бит", "не доказано"),
        "en": ("First head of the organisation", "GOST 34.10-2015, 512 bits", "not proven"),
    }
    for words in (*said[language], "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ", HEAD.organisation, HEAD.bin):
        assert words in page
    assert "21.11.2026 13:00" in page
    assert sha256(pdf).hexdigest() in page


@each_language
def test_a_proven_time_stands_beside_the_stated_one(visitor: Client, language: str) -> None:
    signed_once = signed_pdf(individual(Scheme.RSA))
    stamped = stamped_pdf(signed_once, authority(Scheme.RSA), at=NOW - timedelta(minutes=7))
    page = page_of(posted(visitor, PAGE, stamped, lang=language))
    said = {
        "kk": ("қол қоюшының айтуынша", "Болғаны дәлелденген ең кеш сәт", "дәлелдейді"),
        "ru": ("со слов подписавшего", "Существовал не позднее", "подтверждено меткой времени"),
        "en": ("as stated", "Existed at the latest", "proven by a time-stamp"),
    }
    card = page[: page.index('id="signer-2"')]
    places = [card.index(words) for words in ("21.11.2026 13:00", said[language][0],
              said[language][1], "21.11.2026 14:53", said[language][2])]  # fmt: skip
    assert places == sorted(places)


@each_language
def test_a_change_after_signing_is_told_in_words(visitor: Client, language: str) -> None:
    forged = with_new_content(signed_pdf(individual(Scheme.RSA)))
    page = page_of(posted(visitor, PAGE, forged, lang=language))
    assert TITLES["invalid"][language] in page
    words = {
        "kk": "Осы қолтаңбадан кейін файл өзгертілген",
        "ru": "После этой подписи файл изменён",
        "en": "The file was changed after this signature",
    }
    assert words[language] in page


def test_expired_since_is_not_told_as_invalid(visitor: Client) -> None:
    page = page_of(posted(visitor, PAGE, signed([expired(Scheme.RSA)]), lang="en"))
    assert "Its term ended on 20.11.2026" in page


def test_a_detached_signature_asks_for_its_document(visitor: Client) -> None:
    value = signed([individual(Scheme.RSA)], detached=True)
    page = page_of(posted(visitor, PAGE, value, lang="en"))
    assert "give the signed document too" in page
    assert 'href="#id_document"' in page
    assert "not valid" not in page
    assert TITLES["valid"]["en"] in page_of(posted(visitor, PAGE, value, CONTENT, lang="en"))
    assert TITLES["valid"]["en"] in page_of(posted(visitor, PAGE, CONTENT, value, lang="en"))


def test_a_signed_xml_is_told(visitor: Client) -> None:
    signed_xml = sign_xml(individual(Scheme.GOST512), b"<a>text</a>", exclusive=True)
    assert TITLES["valid"]["ru"] in page_of(posted(visitor, PAGE, signed_xml, lang="ru"))


@each_language
@pytest.mark.parametrize(
    ("content", "code"),
    [(None, ""), (b"", "file_empty"), (b"\x89PNG", "file_not_recognised"),
     (plain_pdf(), "file_not_signed"), (b"%PDF-1.4 cut", "pdf_unreadable")],
)  # fmt: skip
def test_a_wrong_file_is_told_at_its_field(
    visitor: Client, language: str, content: bytes | None, code: str
) -> None:
    page = page_of(posted(visitor, PAGE, content, lang=language))
    assert 'href="#id_file"' in page
    assert 'class="k-verdict' not in page
    if code:
        assert errors.table()[code].text.get(language) in page


def test_a_file_over_the_limit_is_thrown_away_and_told(visitor: Client) -> None:
    large = bytes(program_settings.UPLOAD_LIMIT_BYTES + 1)
    value = signed([individual(Scheme.RSA)], detached=True)
    assert 'href="#id_file"' in page_of(posted(visitor, PAGE, large, lang="en"))
    page = page_of(posted(visitor, PAGE, value, large, lang="en"))
    assert "larger than 20 megabytes" in page
    assert 'href="#id_document"' in page


def test_more_files_than_two_are_not_held_in_memory(visitor: Client, settings: Settings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 100_000
    value = signed([individual(Scheme.RSA)], detached=True)
    largest = bytes(settings.UPLOAD_LIMIT_BYTES)
    names = ("document", "more", "file")
    contents = (largest, largest, value)
    files = {
        name: SimpleUploadedFile("upload.bin", content)
        for name, content in zip(names, contents, strict=True)
    }
    refused = visitor.post(API, files)
    assert (refused.status_code, refused.json()["error"]) == (413, "file_too_large")
    del files["more"]
    for file in files.values():
        file.seek(0)
    assert visitor.post(API, files).json()["status"] == "invalid"


def test_what_an_upload_is_called_is_not_shown(visitor: Client) -> None:
    assert "upload.bin" not in page_of(posted(visitor, PAGE, signed([individual(Scheme.RSA)])))


def test_tries_are_counted_by_address(visitor: Client) -> None:
    for _ in range(FILES.misses):
        count_miss(FILES, "127.0.0.1", now=NOW)
    assert posted(visitor, PAGE, plain_pdf()).status_code == 429
    refused = posted(visitor, API, plain_pdf())
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_tries")
    assert visitor.get(PAGE).status_code == 200


def test_the_check_of_certificates_leads_here(visitor: Client) -> None:
    assert f'href="{PAGE}"' in visitor.get(reverse("certificates:check")).content.decode()


# Machines


def test_machines_get_the_same_answer(visitor: Client) -> None:
    response = posted(visitor, API, signed([individual(Scheme.RSA), head(Scheme.GOST512)]))
    found = response.json()
    assert (response.status_code, found["status"], found["kind"]) == (200, "valid", "cms")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "no-store" in response["Cache-Control"]
    signer = next(each for each in found["signers"] if each["bin"])
    assert signer["person"] == "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ"
    assert (signer["bin"], signer["roles"]) == (HEAD.bin, ["legal_entity", "first_head"])
    assert (signer["status"], signer["certificate_now"]) == ("valid", "in_force")
    assert signer["signed_at_source"] == "stated"
    assert all(set(reason["text"]) == {"kk", "ru", "en"} for reason in signer["reasons"])
    assert "iin" not in signer


@pytest.mark.parametrize(
    "kind", ["application/pdf", "application/octet-stream", "application/x-www-form-urlencoded"]
)
def test_the_file_may_be_the_body(visitor: Client, kind: str) -> None:
    pdf = signed_pdf(individual(Scheme.RSA))
    assert visitor.post(API, pdf, content_type=kind).json()["status"] == "valid"


def test_both_files_may_be_sent_as_form_data(visitor: Client) -> None:
    value = signed([individual(Scheme.RSA)], detached=True)
    assert posted(visitor, API, value, CONTENT).json()["status"] == "valid"
    assert posted(visitor, API, value, b"other").json()["status"] == "invalid"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"\x89PNG", 415, "file_not_recognised"),
        (plain_pdf(), 422, "file_not_signed"),
        (signed([individual(Scheme.RSA)], detached=True), 422, "document_needed"),
        (bytes(program_settings.UPLOAD_LIMIT_BYTES + 1), 413, "file_too_large"),
        (b"", 422, "file_empty"),
        (None, 422, "file_missing"),
    ],
    ids=lambda value: str(value) if isinstance(value, str | int) else "",
)
def test_machines_are_told_what_is_wrong(
    visitor: Client, content: bytes | None, status: int, code: str
) -> None:
    response = posted(visitor, API, content)
    found = response.json()
    assert (response.status_code, found["status"], found["error"]) == (status, "unreadable", code)
    assert found["message"] == errors.table()[code].text.kk.format(limit=20)


def test_a_body_has_its_limit_and_its_kind(visitor: Client) -> None:
    large = bytes(program_settings.UPLOAD_LIMIT_BYTES + 1)
    answers = (
        visitor.post(API, large, content_type="application/pdf"),
        visitor.post(API, b"", content_type="application/pdf"),
        visitor.post(API, b"{}", content_type="application/json"),
        visitor.post(API, b"--x", content_type="multipart/form-data"),
    )
    assert [(each.status_code, each.json()["error"]) for each in answers] == [
        (413, "file_too_large"),
        (422, "file_missing"),
        (415, "media_type_unsupported"),
        (400, "upload_unreadable"),
    ]


def test_a_browser_of_another_site_may_ask_before_it_sends(visitor: Client) -> None:
    response = visitor.options(
        API,
        headers={
            "Origin": "https://office.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert (response.status_code, response.content) == (204, b"")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response["Access-Control-Allow-Methods"]
    assert "content-type" in response["Access-Control-Allow-Headers"].lower()
    assert int(response["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in response


def test_who_only_opens_the_address_for_machines_is_told_how_to_send(visitor: Client) -> None:
    response = visitor.get(API, {"lang": "en"})
    assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")
    found = response.json()
    assert (found["status"], found["error"]) == ("unreadable", "post_expected")
    assert "docs/signatures.md" in found["message"]
    assert PAGE in found["message"]


@pytest.mark.parametrize("kind", ["application/pdf", "multipart/form-data; boundary=x"])
def test_an_upload_that_breaks_off_is_refused(visitor: Client, kind: str) -> None:
    class Broken(FakePayload):
        def read(self, *_sizes: int) -> bytes:
            raise OSError("the visitor is gone")

    response = visitor.generic("POST", API, b"--x", kind, **{"wsgi.input": Broken(b"--x")})
    assert (response.status_code, response.json()["error"]) == (400, "upload_unreadable")


def test_the_language_is_asked_for_by_address_or_header(visitor: Client) -> None:
    table = errors.table()["file_not_recognised"].text
    by_header = visitor.post(
        API, b"\x89PNG", content_type="image/png", headers={"accept-language": "ru-KZ,ru;q=0.9"}
    )
    assert (by_header.json()["message"], by_header["Content-Language"]) == (table.ru, "ru")
    by_address = visitor.post(
        f"{API}?lang=en", b"\x89PNG", content_type="image/png", headers={"accept-language": "ru"}
    )
    assert by_address.json()["message"] == table.en
    other = visitor.post(
        API, b"\x89PNG", content_type="image/png", headers={"accept-language": "de"}
    )
    assert other.json()["message"] == table.kk


# Nothing kept, nobody's number shown


@each_language
def test_no_persons_number_is_anywhere(visitor: Client, language: str) -> None:
    leaves = [individual(Scheme.RSA), head(Scheme.GOST512)]
    for content in (
        signed(leaves),
        signed_pdf(*leaves),
        sign_xml(leaves[1], b"<a/>", exclusive=True),
    ):
        page = page_of(posted(visitor, PAGE, content, lang=language))
        record = json.dumps(posted(visitor, API, content, lang=language).json())
        assert "ТЕСТОВ" in page
        for iin in (INDIVIDUAL.iin, HEAD.iin):
            assert iin not in page
            assert iin not in record


def test_nothing_is_kept_and_no_cookie_is_set(visitor: Client, kualik_files: Path) -> None:
    before = sorted(kualik_files.rglob("*"))
    response = posted(visitor, PAGE, signed_pdf(individual(Scheme.RSA)))
    assert response.cookies == {}
    assert posted(visitor, API, signed_pdf(individual(Scheme.RSA))).cookies == {}
    assert sorted(kualik_files.rglob("*")) == before
    assert not JournalEntry.objects.exists()
    assert not default_storage.exists("upload.bin")
