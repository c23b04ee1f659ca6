"""The pages of powers of attorney: entered, answered by the principal, checked by a clerk."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person, User
from kualik.accounts.services import PersonFacts, register_persons
from kualik.cases.models import Draft, Mandate, Request
from kualik.cases.services.mandating import confirm_mandate
from kualik.core import clock
from kualik.core.clock import local_day
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.papers import ask_to_act, paper, scan, taken
from tests.entering import open_cabinet
from tests.world import World, iin, sign_in

NAME = "Досжанов Асхат Мұратұлы"
WHO = ("anonymous", "applicant", "registrar", "clerk", "office_head", "authorised_person",
       "provider_admin", "inspector", "contact_centre", "stranger")  # fmt: skip
COUNTER = frozenset({"registrar", "clerk", "office_head"})
MANDATES, NEW = reverse("cases:mandates"), reverse("cases:mandate_new")


@pytest.fixture
def completion(world: World) -> Completion:
    return world.demo.free[-1]


@pytest.fixture
def number(world: World, completion: Completion) -> str:
    """The principal's IIN."""
    return iin(100 + world.demo.completions.index(completion))


@pytest.fixture
def bekzat(world: World) -> Person:
    facts = PersonFacts(iin(990), "Сейітов", "Бекзат", "Маратұлы")
    return register_persons(people=[facts], now=world.now)[facts.iin]


@pytest.fixture
def mandate(world: World, bekzat: Person, number: str) -> Mandate:
    """One that waits for its check."""
    return ask_to_act(bekzat, paper(world.demo.provider, number), now=world.now)


def cabinet(person: Person, level: str = "eds") -> Client:
    client = open_cabinet(Client(), person, level=level)
    client.cookies["kualik_language"] = "en"
    return client


def confirm(mandate: Mandate, principal: Person) -> None:
    now = clock.now()
    confirm_mandate(mandate=mandate, principal=principal, way="ncalayer", level="eds", now=now)


def sent(world: World, number: str, key: str = "", **given: object) -> dict[str, object]:
    today = local_day(clock.now())
    return {
        "principal_iin": number,
        "principal_name": NAME,
        "provider": world.demo.provider.pk,
        "document_number": "1-2345",
        "issued_by": "Нотариус Б. Оразова",
        "issued_on": (today - timedelta(days=30)).isoformat(),
        "valid_until": (today + timedelta(days=30)).isoformat(),
        "scans": scan("Сенімхат.png"),
        "key": key,
    } | given


def key(client: Client, person: Person) -> str:
    client.get(NEW)
    return Draft.objects.filter(person=person, kind="mandate").latest("pk").key


def at(name: str, *parts: object) -> str:
    return reverse(f"cases:{name}", args=parts)


def test_a_person_enters_a_power_of_attorney_once(
    world: World, bekzat: Person, number: str
) -> None:
    client = cabinet(bekzat)
    own = key(client, bekzat)
    for _ in range(2):
        answer = client.post(NEW, sent(world, number, own))
        assert answer["Location"] == MANDATES
    found = Mandate.objects.get()
    assert (found.state, found.representative) == (Mandate.State.WAITING, bekzat)
    assert found.attachments.get().filename == "Сенімхат.png"
    page = client.get(MANDATES).content.decode()
    assert NAME in page
    assert number not in page


def test_the_answer_is_the_same_for_an_unknown_iin(
    world: World, bekzat: Person, number: str
) -> None:
    client, pages = cabinet(bekzat), []
    chance = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|/\d+/|data-seconds="\d+"')
    for wanted in (number, iin(5555)):
        with transaction.atomic():
            client.post(NEW, sent(world, wanted, key(client, bekzat)))
            pages.append(chance.sub("", client.get(MANDATES).content.decode()))
            transaction.set_rollback(True)
    assert "Waits for its check" in pages[0]
    assert pages[0] == pages[1]


def test_the_iin_never_comes_back(world: World, bekzat: Person, number: str) -> None:
    client = cabinet(bekzat)
    page = client.post(NEW, sent(world, number, issued_by="")).content.decode()
    assert 'href="#id_issued_by"' in page
    assert "Сенімхат.png" in page
    assert NAME in page
    assert number not in page
    assert number not in str(Draft.objects.values_list("data", flat=True))
    assert number not in client.get(NEW).content.decode()


def test_after_another_mistake_the_iin_need_not_be_typed_again_nor_the_term(
    world: World, bekzat: Person, number: str
) -> None:
    client = cabinet(bekzat)
    page = client.post(NEW, sent(world, number, issued_by="")).content.decode()
    assert "The IIN is entered." in page
    client.post(NEW, sent(world, "", valid_until="", scans=""))
    made = Mandate.objects.get()
    assert made.principal_hash == Person.objects.get(pk=made.principal_id).iin_hash
    assert made.valid_until == made.issued_on.replace(year=made.issued_on.year + 1)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"principal_iin": "123456789012"}, "principal_iin"),
        ({"principal_iin": iin(990)}, "principal_iin"),
        ({"principal_name": "Аты \u202eөтриК"}, "principal_name"),
        ({"principal_name": "Аты 😀"}, "principal_name"),
        ({"principal_name": "а" * 300}, "principal_name"),
        ({"provider": "99999"}, "provider"),
        ({"issued_on": "2099-01-01"}, "issued_on"),
        ({"valid_until": "2020-01-01", "issued_on": "2019-06-01"}, "valid_until"),
        ({"valid_until": "2090-01-01"}, "valid_until"),
        ({"document_number": "1" * 300}, "document_number"),
        ({"scans": ""}, "scans"),
    ],
)
def test_a_mistake_is_told_at_its_field(
    world: World, bekzat: Person, number: str, given: dict, field: str
) -> None:
    answer = cabinet(bekzat).post(NEW, sent(world, number, **given))
    assert answer.status_code == 200
    assert f'href="#id_{field}"' in answer.content.decode()
    assert not Mandate.objects.exists()


def test_the_principal_confirms_with_one_press(
    world: World, mandate: Mandate, completion: Completion
) -> None:
    client = cabinet(completion.person)
    assert "asks to act for you" in client.get(at("cabinet")).content.decode()
    page = client.get(MANDATES).content.decode()
    assert mandate.representative.full_name in page
    assert at("mandate_confirm", mandate.pk) in page
    client.post(at("mandate_confirm", mandate.pk))
    mandate.refresh_from_db()
    assert (mandate.state, mandate.evidence["level"]) == (Mandate.State.CHECKED, "eds")


def test_a_code_from_the_phone_is_too_weak_to_confirm_but_not_to_reject(
    mandate: Mandate, completion: Completion
) -> None:
    client = cabinet(completion.person, level="otp")
    page = client.get(MANDATES).content.decode()
    assert at("mandate_confirm", mandate.pk) not in page
    page = client.post(at("mandate_confirm", mandate.pk), follow=True).content.decode()
    assert "enter the cabinet by EDS" in page
    client.post(at("mandate_revoke", mandate.pk))
    mandate.refresh_from_db()
    assert mandate.state == Mandate.State.REVOKED


@pytest.mark.parametrize("name", ["mandate_confirm", "mandate_revoke"])
def test_a_stranger_answers_for_nobody(world: World, mandate: Mandate, name: str) -> None:
    client = cabinet(world.demo.completions[0].person)
    assert client.post(at(name, mandate.pk)).status_code == 404
    mandate.refresh_from_db()
    assert mandate.state == Mandate.State.WAITING


def test_the_representative_does_not_confirm_the_own_paper(
    mandate: Mandate, bekzat: Person
) -> None:
    assert cabinet(bekzat).post(at("mandate_confirm", mandate.pk)).status_code == 404


def test_the_representative_receives_for_the_principal_at_that_provider_only(
    world: World, mandate: Mandate, bekzat: Person, completion: Completion
) -> None:
    client = cabinet(bekzat)
    assert client.get(at("acting", mandate.pk)).status_code == 404
    confirm(mandate, completion.person)
    page = client.get(at("acting", mandate.pk)).content.decode()
    receive = at("receive", completion.pk)
    assert receive in page
    assert at("receive", world.other.free[0].pk) not in page
    shown = client.get(receive)
    assert completion.holder_kk in shown.content.decode()
    assert at("correction_new", completion.pk) not in shown.content.decode()
    form = shown.context["draft"]
    data = {"key": form.key, "seen": shown.context["sight"].digest, "paper": "certificate"}
    data |= {"language": "kk", "delivery": "electronic", "do": "confirm"}
    client.post(receive, data)
    filed = Request.objects.get(mandate=mandate)
    assert (filed.person, filed.channel) == (completion.person, "web")
    assert filed.number in client.get(MANDATES).content.decode()
    page = cabinet(completion.person).get(at("own_request", filed.number)).content.decode()
    assert "Filed by the representative" in page
    assert bekzat.full_name in page


def test_a_mandate_that_ends_mid_way_files_nothing(
    world: World, mandate: Mandate, bekzat: Person, completion: Completion
) -> None:
    confirm(mandate, completion.person)
    client = cabinet(bekzat)
    receive = at("receive", completion.pk)
    shown = client.get(receive)
    data = {"key": shown.context["draft"].key, "seen": shown.context["sight"].digest}
    data |= {"paper": "certificate", "language": "kk", "delivery": "electronic", "do": "confirm"}
    yesterday = local_day(world.now) - timedelta(days=1)
    Mandate.objects.filter(pk=mandate.pk).update(valid_until=yesterday)
    assert client.post(receive, data).status_code == 404
    assert client.get(receive).status_code == 404
    assert client.get(at("acting", mandate.pk)).status_code == 404
    assert not Request.objects.filter(mandate=mandate).exists()
    assert "Its term is over" in client.get(MANDATES).content.decode()


def test_the_representative_sees_no_other_document_of_the_principal(
    world: World, bekzat: Person
) -> None:
    request = world.by_state[State.HANDED_OVER]
    assert request.certificate is not None
    principal = request.person
    number = iin(100 + world.demo.completions.index(request.completion))
    mandate = ask_to_act(bekzat, paper(world.demo.provider, number), now=world.now)
    confirm(mandate, principal)
    client = cabinet(bekzat)
    for page in (at("acting", mandate.pk), MANDATES, at("cabinet")):
        assert request.certificate.number not in client.get(page).content.decode()
        assert request.number not in client.get(page).content.decode()
    where = reverse("certificates:own_file", args=[request.certificate.number])
    assert client.get(where).status_code == 404
    assert client.get(at("own_request", request.number)).status_code == 404
    assert client.get(at("correction_of", request.certificate.number)).status_code == 404


def people(world: World) -> dict[str, User | None]:
    staff = {role.value: user for role, user in world.demo.staff.items()}
    return staff | {
        "anonymous": None,
        "stranger": world.other.staff[Role.CLERK],
        "inspector": world.inspector,
        "contact_centre": world.contact_centre,
    }


def visitor(world: World, person: Person, who: str) -> Client:
    if who == "applicant":
        return cabinet(person)
    user = people(world)[who]
    return sign_in(Client(), user) if user else Client()


@pytest.mark.parametrize("who", WHO)
def test_clerks_of_that_provider_check_and_nobody_else(
    world: World, mandate: Mandate, bekzat: Person, number: str, who: str
) -> None:
    client = visitor(world, bekzat, who)
    away = 302 if who in ("anonymous", "applicant") else 403

    def expected(stranger: int = 404, answer: int = 200) -> int:
        if who == "stranger":
            return stranger
        return answer if who in COUNTER else away

    assert client.get(at("mandate_checks")).status_code == expected(stranger=200)
    assert client.get(at("mandate", mandate.pk)).status_code == expected()
    refusal = {"ground": "other"}
    assert client.get(at("mandate_refuse", mandate.pk)).status_code == expected()
    assert client.post(at("mandate_refuse", mandate.pk), refusal).status_code == expected(
        answer=302
    )
    mandate.refresh_from_db()
    assert mandate.state == Mandate.State.WAITING, "another reason needs words"
    assert client.get(at("mandate_check", mandate.pk)).status_code == expected()
    answer = client.post(at("mandate_check", mandate.pk), {"principal_iin": number})
    assert answer.status_code == expected(answer=302)
    mandate.refresh_from_db()
    assert (mandate.state == Mandate.State.CHECKED) is (who in COUNTER)


@pytest.mark.parametrize("who", WHO)
def test_the_scan_is_handed_to_staff_of_that_provider_only(
    world: World, mandate: Mandate, bekzat: Person, completion: Completion, who: str
) -> None:
    kept = mandate.attachments.get()
    handlers = COUNTER | {"authorised_person", "provider_admin"}
    answer = taken(visitor(world, bekzat, who), at("attachment", kept.pk))
    wanted = 200 if who in handlers else 302 if who in ("anonymous", "applicant") else 403
    assert answer == (404 if who == "stranger" else wanted)
    assert cabinet(completion.person).get(at("own_attachment", kept.pk)).status_code == 404


def test_the_list_of_another_provider_does_not_know_it(
    world: World, mandate: Mandate, signed_in: Callable[[User], Client]
) -> None:
    page = signed_in(world.other.staff[Role.CLERK]).get(at("mandate_checks"))
    assert mandate.representative.full_name not in page.content.decode()
    page = signed_in(world.demo.staff[Role.CLERK]).get(at("mandate_checks"))
    assert mandate.representative.full_name in page.content.decode()


def test_the_clerk_compares_the_iin_of_the_scan(
    world: World, mandate: Mandate, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(world.demo.staff[Role.CLERK])
    where = at("mandate_check", mandate.pk)
    page = client.post(where, {"principal_iin": iin(5555)}, follow=True).content.decode()
    assert "is not the one the representative entered" in page
    assert iin(5555) not in page


def test_a_refusal_tells_the_representative_why(
    world: World, mandate: Mandate, bekzat: Person, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(world.demo.staff[Role.CLERK])
    client.post(at("mandate_refuse", mandate.pk), {"ground": "issued_abroad"})
    page = cabinet(bekzat).get(f"{MANDATES}?lang=ru").content.decode()
    assert "без апостиля" in page


def test_one_that_ended_while_it_waited_can_only_be_refused(
    world: World, mandate: Mandate, signed_in: Callable[[User], Client]
) -> None:
    yesterday = local_day(world.now) - timedelta(days=1)
    Mandate.objects.filter(pk=mandate.pk).update(valid_until=yesterday)
    client = signed_in(world.demo.staff[Role.CLERK])
    page = client.get(at("mandate", mandate.pk)).content.decode()
    assert at("mandate_check", mandate.pk) not in page
    client.post(at("mandate_refuse", mandate.pk), {"ground": "expired"})
    mandate.refresh_from_db()
    assert mandate.state == Mandate.State.REFUSED


def test_the_request_page_of_the_office_names_the_representative(
    world: World,
    mandate: Mandate,
    completion: Completion,
    signed_in: Callable[[User], Client],
) -> None:
    confirm(mandate, completion.person)
    request = world.by_state[State.FILED]
    Request.objects.filter(pk=request.pk).update(mandate=mandate)
    client = signed_in(world.demo.staff[Role.CLERK])
    page = client.get(at("request", request.number)).content.decode()
    assert mandate.representative.full_name in page
    assert mandate.document_number in page
