"""One document of its holder: its page, its files, its card for a phone."""

import io
import json

import pytest
import zxingcpp
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from PIL import Image

from kualik.certificates.models import Preservation
from kualik.certificates.services.sealing import check_address
from kualik.certificates.services.standing import revoke_certificate
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.rules.language import Text
from tests.certificates.owners import NOT_THEIRS, Owner, answers, body, iins, others, owner, status

PAGES = ("", "print.pdf", "archive.zip", "share/", "phone/", "phone/card.png")


@pytest.fixture
def holder(db: None) -> Owner:
    return owner()


def where(holder: Owner, page: str = "") -> str:
    return f"/cabinet/documents/{holder.document.number}/{page}"


@pytest.mark.parametrize("page", PAGES)
def test_only_the_holder_opens_what_belongs_to_a_document(holder: Owner, page: str) -> None:
    assert status(holder.client().get(where(holder, page))) == 200
    assert answers(others(holder), where(holder, page)) == NOT_THEIRS


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_everything_about_a_document_is_at_one_place(holder: Owner, language: str) -> None:
    number, code = holder.document.number, holder.document.code
    page = holder.client().get(where(holder), {"lang": language}).content.decode()
    for address in (
        f"/cabinet/documents/{number}.pdf",
        f"/cabinet/documents/{number}.pdf.p7s",
        *(where(holder, part) for part in ("print.pdf", "archive.zip", "share/", "phone/")),
        f"/c/{code}",
    ):
        assert f'href="{address}"' in page
    assert f'href="{reverse("cases:correction_of", args=[number])}"' in page
    assert holder.document.holder in page
    assert [number for number in iins(holder) if number in page] == []


def test_a_revoked_document_says_so_and_asks_for_no_spelling(holder: Owner) -> None:
    reason = Text("Қате берілген", "Выдан по ошибке")
    revoke_certificate(certificate=holder.document, reason=reason, actor=SYSTEM, now=clock.now())
    page = holder.client().get(where(holder)).content.decode()
    assert reason.kk in page
    assert "Күші жойылған" in page
    assert reverse("cases:correction_of", args=[holder.document.number]) not in page


def test_print_shows_the_sealed_file_itself(holder: Owner) -> None:
    answer = holder.client().get(where(holder, "print.pdf"))
    assert answer["Content-Disposition"].startswith("inline")
    assert "object-src 'none'" not in answer["Content-Security-Policy"]
    with default_storage.open(holder.document.file) as stored:
        assert body(answer) == stored.read()


def test_the_pdf_with_its_proof_is_given_when_there_is_one(holder: Owner) -> None:
    client = holder.client()
    assert status(client.get(where(holder, "lasting.pdf"))) == 404
    Preservation.objects.update_or_create(
        certificate=holder.document,
        defaults={"level": "B-LT", "file": holder.document.file, "stamped_at": clock.now()},
    )
    assert status(client.get(where(holder, "lasting.pdf"))) == 200
    assert answers(others(holder), where(holder, "lasting.pdf")) == NOT_THEIRS
    assert where(holder, "lasting.pdf") in client.get(where(holder)).content.decode()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_saved_picture_leads_to_the_check_page(holder: Owner, language: str) -> None:
    answer = holder.client().get(where(holder, "phone/card.png"), {"lang": language})
    assert answer["Content-Type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.width == 1080
    [found] = zxingcpp.read_barcodes(picture)
    assert found.text == check_address(holder.document.code)


def test_an_icon_opens_the_card_after_the_cabinet_was_left(holder: Owner) -> None:
    page = holder.client().get(where(holder, "phone/"), {"lang": "ru"}).content.decode()
    code = holder.document.code
    assert f'rel="manifest" href="/c/{code}/card.webmanifest?lang=ru"' in page
    manifest = json.loads(Client().get(f"/c/{code}/card.webmanifest?lang=ru").content)
    assert manifest["short_name"] == "Свидетельство"
    assert holder.document.number in manifest["name"]
    assert manifest["start_url"] == f"/c/{code}/card"
    card = Client().get(manifest["start_url"])
    assert card.status_code == 200
    assert holder.document.holder in card.content.decode()
    assert card["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("page", ["card", "card.webmanifest"])
def test_a_card_of_no_document_is_none(holder: Owner, page: str) -> None:
    answer = Client().get(f"/c/0000000000000000/{page}", follow=True)
    assert answer.status_code == 404


def test_guessing_codes_by_cards_is_limited_as_on_the_check_page(holder: Owner) -> None:
    client = Client()
    for place in range(20):
        client.get(f"/c/{place:016d}/card")
    assert client.get(f"/c/{holder.document.code}/card").status_code == 429
    assert client.get(f"/c/{holder.document.code}").status_code == 429
