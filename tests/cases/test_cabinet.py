"""The cabinet shows a person the own requests and documents, and nobody else's."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.test import Client

from kualik.accounts.models import Person
from kualik.accounts.services import masked_iin
from kualik.cases.models import Request
from kualik.certificates.models import PersonSignature
from kualik.core import clock
from kualik.rules.identifiers import holds_iin
from kualik.rules.lifecycle import Role, State
from tests.entering import open_cabinet
from tests.world import World, sign_in


def cabinet_of(person: Person, language: str = "kk") -> str:
    client = open_cabinet(Client(), person)
    response = client.get("/cabinet/", {"lang": language})
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("state", sorted(State))
def test_a_request_is_shown_with_its_state_in_words(world: World, state: State) -> None:
    found = world.by_state[state]
    page = cabinet_of(found.person)
    assert found.number in page
    assert found.provider.name.kk in page
    cards = page.count('class="k-card') - page.count("k-card--ready")
    assert cards == (2 if has_document(found) else 1)


def has_document(found: Request) -> bool:
    return found.state in (State.ISSUED, State.HANDED_OVER)


def test_a_waiting_request_tells_when_the_result_is_due(world: World) -> None:
    due = "2025 жылғы 9 қыркүйек"
    assert due in cabinet_of(world.by_state[State.IN_REVIEW].person)
    assert due not in cabinet_of(world.by_state[State.WITHDRAWN].person)


def test_a_document_leads_to_its_check_page(world: World) -> None:
    found = world.by_state[State.ISSUED]
    assert found.certificate is not None
    page = cabinet_of(found.person)
    assert found.certificate.number in page
    assert f'href="/c/{found.certificate.code}"' in page


def taken(client: Client, number: str) -> list[int]:
    """The answers to asking for the PDF, the signature and both."""
    codes = []
    for end in (".pdf", ".pdf.p7s", ".zip"):
        answer = client.get(f"/cabinet/documents/{number}{end}")
        b"".join(answer)  # closes the file
        codes.append(answer.status_code)
    return codes


def test_the_holder_takes_the_document_and_the_signature_along(world: World) -> None:
    found = world.by_state[State.ISSUED]
    assert found.certificate is not None
    number, client = found.certificate.number, open_cabinet(Client(), found.person)
    page = client.get("/cabinet/").content.decode()
    for end in (".pdf", ".pdf.p7s", ".zip"):
        where = f"/cabinet/documents/{number}{end}"
        assert f'href="{where}"' in page
        answer = client.get(where)
        assert answer.status_code == 200
        assert f'filename="{number}{end}"' in answer["Content-Disposition"]
        assert "no-store" in answer["Cache-Control"]
        content = b"".join(answer)
    with ZipFile(BytesIO(content)) as archive:
        assert archive.namelist()[:2] == [f"{number}.pdf", f"{number}.pdf.p7s"]


def test_a_document_of_the_seal_alone_is_the_pdf_only(world: World) -> None:
    found = world.by_state[State.ISSUED]
    assert found.certificate is not None
    PersonSignature.objects.filter(certificate=found.certificate).delete()
    client = open_cabinet(Client(), found.person)
    assert taken(client, found.certificate.number) == [200, 404, 404]
    assert ".p7s" not in client.get("/cabinet/").content.decode()


def test_nobody_but_the_holder_takes_a_document_from_the_cabinet(world: World) -> None:
    found, other = world.by_state[State.ISSUED], world.by_state[State.HANDED_OVER]
    draft = world.by_state[State.APPROVED]
    assert found.certificate is not None
    assert draft.certificate is not None
    number = found.certificate.number
    assert taken(open_cabinet(Client(), other.person), number) == [404] * 3
    assert taken(open_cabinet(Client(), draft.person), draft.certificate.number) == [404] * 3
    staff = [sign_in(Client(), user) for user in world.demo.staff.values()]
    for client in (Client(), sign_in(Client(), world.inspector), *staff):
        assert taken(client, number) == [302] * 3


def test_a_draft_is_no_document_yet(world: World) -> None:
    found = world.by_state[State.APPROVED]
    assert found.certificate is not None
    assert found.certificate.number not in cabinet_of(found.person)


def test_the_iin_is_shown_masked(world: World) -> None:
    person = world.by_state[State.ISSUED].person
    page = cabinet_of(person)
    assert masked_iin(person) in page
    assert person.full_name in page
    assert not holds_iin(page)


def test_nothing_of_anybody_else_is_shown(world: World) -> None:
    mine = world.by_state[State.ISSUED]
    page = cabinet_of(mine.person)
    others = Request.objects.exclude(person=mine.person).select_related("certificate")
    assert len(others) > 5
    for other in others:
        assert other.number not in page
        assert other.completion.holder_kk not in page
        assert other.certificate is None or other.certificate.code not in page


def test_documents_of_all_providers_stand_together(world: World) -> None:
    mine, there = world.by_state[State.ISSUED], world.by_state[State.HANDED_OVER]
    assert there.certificate is not None
    Request.objects.filter(pk=there.pk).update(person=mine.person, provider=world.other.provider)
    there.certificate.person = mine.person
    there.certificate.save()
    page = cabinet_of(mine.person)
    assert there.certificate.number in page
    assert world.other.provider.name.kk in page


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_somebody_new_is_told_what_will_come(world: World, language: str) -> None:
    nobody = Person.objects.create(
        iin_hash="x" * 64,
        iin_sealed=world.demo.requests[0].person.iin_sealed,
        family_name="Жаңа",
        given_name="Адам",
        created_at=clock.now(),
    )
    page = cabinet_of(nobody, language)
    assert page.count("k-own__empty") == 3


def test_anonymous_and_staff_are_led_to_the_ways_of_entering(world: World) -> None:
    staff = [sign_in(Client(), world.demo.staff[role]) for role in (Role.REGISTRAR, Role.CLERK)]
    for client in (Client(), sign_in(Client(), world.inspector), *staff):
        for answer in (client.get("/cabinet/"), client.post("/cabinet/")):
            assert (answer.status_code, answer.url) == (302, "/enter/?next=/cabinet/")


def test_the_menu_of_an_applicant_leads_to_the_cabinet_and_out(world: World) -> None:
    person = world.by_state[State.ISSUED].person
    client = open_cabinet(Client(), person)
    page = client.get("/standards/").content.decode()
    assert 'href="/cabinet/"' in page
    assert 'action="/leave/"' in page
    assert person.full_name in page
    public = Client().get("/standards/").content.decode()
    assert 'href="/enter/"' in public
    assert 'action="/leave/"' not in public
