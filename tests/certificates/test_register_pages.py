"""The register: who may see what, filters, export, files, the standing of a certificate."""

import csv
import io
from hashlib import sha256

import pytest
from django.test import Client

from kualik.certificates.models import Certificate
from kualik.certificates.services.exporting import plain_cell
from kualik.core import journal
from tests.certificates import people
from tests.certificates.conftest import World

REGISTER = "/office/register/"
EXPORT = f"{REGISTER}export.csv"


def addresses(certificate: Certificate) -> list[str]:
    page = f"{REGISTER}{certificate.number}/"
    return [REGISTER, EXPORT, page, f"{page}file"]


def text_of(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    body = b"".join(response) if response.streaming else response.content
    return body.decode("utf-8-sig", errors="replace")


@pytest.mark.parametrize("who", ["clerk", "head", "admin", "registrar", "signer", "inspector"])
def test_readers_open_the_list_the_export_the_page_and_the_file(
    world: World, foreign: Certificate, who: str
) -> None:
    client = people.client_of(getattr(world, who))
    for address in addresses(world.document):
        assert text_of(client, address)
    shows_foreign = who == "inspector"
    for address in (REGISTER, EXPORT):
        assert (foreign.number in text_of(client, address)) is shows_foreign


def test_strangers_are_sent_to_sign_in_and_the_contact_centre_is_refused(world: World) -> None:
    anonymous, contact = Client(), people.client_of(world.contact)
    for address in addresses(world.document):
        answer = anonymous.get(address)
        assert answer.status_code == 302
        assert "Жүнісова" not in answer.content.decode()
        assert contact.get(address).status_code == 403


def test_staff_of_another_provider_find_nothing_anywhere(
    world: World, foreign: Certificate
) -> None:
    client = people.client_of(world.stranger)
    number = world.document.number
    for address in addresses(world.document)[2:]:
        assert client.get(address).status_code == 404
    for address in (REGISTER, EXPORT):
        for query in ({}, {"text": number}, {"text": "Жүнісова"}):
            listed = text_of(client, address, **query)
            assert f"{number}/" not in listed
            assert f"\n{number};" not in listed
    assert f'value="{world.signer.pk}"' not in text_of(client, REGISTER)


def test_staff_without_their_second_factor_see_nothing(world: World) -> None:
    client = Client()
    client.force_login(world.clerk, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"{REGISTER}{world.document.number}/").status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        {"text": "DEMO 2026 000001"},
        {"text": "demo-2026-000001"},
        {"text": "жүнісова"},
        {"text": "ЖҮНІСОВА"},
        {"text": "Айгүл"},
    ],
    ids=lambda query: query["text"],
)
def test_the_search_finds_numbers_and_names_as_people_type_them(
    world: World, query: dict[str, str]
) -> None:
    client = people.client_of(world.clerk)
    if query["text"] == "DEMO 2026 000001":
        query = {"text": world.document.number.replace("-", " ")}
    listed = text_of(client, EXPORT, **query)
    assert world.document.number in listed
    assert world.documents[1].number not in listed


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "valid"}, 2),
        ({"status": "draft"}, 1),
        ({"status": "revoked"}, 0),
        ({"year": "2026", "kind": "pd", "paper": "certificate"}, 3),
        ({"kind": "cc"}, 0),
        ({"paper": "reference"}, 0),
    ],
)
def test_filters_narrow_the_register(world: World, query: dict[str, str], found: int) -> None:
    client = people.client_of(world.clerk)
    lines = text_of(client, EXPORT, **query).splitlines()
    assert len(lines) - 1 == found


def test_a_filter_by_signer_knows_the_signers_of_the_register(world: World) -> None:
    client = people.client_of(world.clerk)
    page = text_of(client, REGISTER, signer=str(world.signer.pk))
    assert world.document.number in page


def test_an_iin_is_not_searched_for(world: World) -> None:
    client = people.client_of(world.clerk)
    for address in (REGISTER, EXPORT):
        answer = client.get(address, {"text": "850713 400128", "page": "2"})
        assert (answer.status_code, answer["Location"]) == (302, REGISTER)
    page = text_of(client, REGISTER, lang="ru")
    assert "Не ищите по ИИН" in page
    assert "850713" not in page
    assert "pattern=" in page


def test_fifty_entries_make_a_page(world: World) -> None:
    people.draft(world.signer, count=60)
    client = people.client_of(world.clerk)
    assert text_of(client, REGISTER).count("DEMO-2026-") >= 50
    first, second = text_of(client, REGISTER), text_of(client, REGISTER, page="2")
    assert world.document.number not in first
    assert world.document.number in second


def test_the_export_is_a_table_without_codes_and_formulas(world: World) -> None:
    facts = world.document.facts | {"holder_kk": "=HYPERLINK(1)", "holder_ru": "+7"}
    Certificate.objects.filter(pk=world.document.pk).update(facts=facts)
    client = people.client_of(world.clerk)
    text = text_of(client, EXPORT, text=world.document.number, lang="ru")
    (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert row["Номер"] == world.document.number
    assert row["Кому выдано (на казахском)"] == "'=HYPERLINK(1)"
    assert row["Кому выдано (на русском)"] == "'+7"
    assert world.document.code not in text
    assert "850713400128" not in text


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1"])
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    assert plain_cell(cell).startswith("'")


def test_taking_the_register_out_is_written_down(world: World) -> None:
    text_of(people.client_of(world.clerk), EXPORT, text="Жүнісова")
    entry = journal.history(f"user:{world.clerk.pk}")[-1]
    assert (entry.action, entry.role) == ("certificates.exported", "clerk")
    assert entry.data == {"rows": 2, "filters": {"text": True}}


def test_the_page_shows_the_life_the_key_and_the_digest(world: World) -> None:
    page = text_of(people.client_of(world.clerk), f"{REGISTER}{world.document.number}/")
    for said in (
        world.key.serial,
        world.document.file_sha256,
        "Нөмір берілді, деректер бекітілді",
        "Уәкілетті тұлғаның ЭЦҚ-сымен куәландырылды",
    ):
        assert said in page


def test_the_file_comes_byte_for_byte_under_its_number(world: World) -> None:
    client = people.client_of(world.clerk)
    response = client.get(f"{REGISTER}{world.document.number}/file")
    content = b"".join(response)
    assert sha256(content).hexdigest() == world.document.file_sha256
    assert response["Content-Type"] == "application/pdf"
    assert f'filename="{world.document.number}.pdf"' in response["Content-Disposition"]
    assert client.get(f"{REGISTER}{world.waiting.number}/file").status_code == 404


def test_the_head_of_the_office_suspends_and_restores_with_a_reason(world: World) -> None:
    client = people.client_of(world.head)
    page = f"{REGISTER}{world.document.number}/"
    reason = {"reason_kk": people.REASON.kk, "reason_ru": people.REASON.ru}
    assert client.get(f"{page}suspend/").status_code == 200
    assert client.post(f"{page}suspend/", reason)["Location"] == page
    world.document.refresh_from_db()
    assert world.document.status == "suspended"
    entry = journal.history(f"certificate:{world.document.number}")[-1]
    assert entry.action == "certificates.suspended"
    assert (entry.actor, entry.role) == (f"user:{world.head.pk}", "office_head")
    assert world.head.full_name in text_of(client, page)
    assert client.post(f"{page}restore/", reason)["Location"] == page
    world.document.refresh_from_db()
    assert world.document.status == "valid"


def test_a_reason_is_needed_in_both_languages(world: World) -> None:
    client = people.client_of(world.admin)
    address = f"{REGISTER}{world.document.number}/revoke/"
    answer = client.post(address, {"reason_kk": "себебі", "reason_ru": " "})
    world.document.refresh_from_db()
    assert (answer.status_code, world.document.status) == (200, "valid")
    assert 'aria-invalid="true"' in answer.content.decode()


@pytest.mark.parametrize("who", ["clerk", "registrar", "signer", "inspector"])
def test_others_may_not_change_the_standing(world: World, who: str) -> None:
    client = people.client_of(getattr(world, who))
    address = f"{REGISTER}{world.document.number}/revoke/"
    reason = {"reason_kk": people.REASON.kk, "reason_ru": people.REASON.ru}
    assert client.post(address, reason).status_code == 403
    assert "/revoke/" not in text_of(client, f"{REGISTER}{world.document.number}/")
    world.document.refresh_from_db()
    assert world.document.status == "valid"


def test_nobody_changes_a_certificate_of_another_provider(
    world: World, foreign: Certificate
) -> None:
    client = people.client_of(world.head)
    assert client.post(f"{REGISTER}{foreign.number}/revoke/").status_code == 404


def test_what_a_standing_does_not_allow_is_refused(world: World) -> None:
    client = people.client_of(world.head)
    page = f"{REGISTER}{world.document.number}/"
    assert client.get(f"{page}restore/").status_code == 409
    assert client.get(f"{page}destroy/").status_code == 404
    assert client.get(f"{REGISTER}{world.waiting.number}/revoke/").status_code == 409


def test_a_draft_names_who_will_sign_it_and_not_who_signed(world: World) -> None:
    page = text_of(people.client_of(world.clerk), REGISTER, lang="ru")
    assert page.count("Подпишет") == 1
