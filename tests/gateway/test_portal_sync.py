"""Services of the portal on the synchronous channel, and those that answer by documents."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from kualik.cases.models import Request
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.models import Conversation, Profile
from kualik.gateway.services.synchronous import answer
from kualik.rules.lifecycle import State
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.storage import save_leaf
from kualik.signatures.adapters.xml_shape import DS
from tests.flows.office import NOW, Office, open_demo_office
from tests.gateway.conftest import BusKeys
from tests.gateway.portal_side import Service, open_service, response, told, whole, work

EVENING = NOW + timedelta(hours=9)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(db: None, kualik_files: Path, settings: Settings, bus_keys: BusKeys) -> Office:
    save_leaf(Path(settings.KEYS_ROOT) / "gateway", Scheme.RSA, bus_keys.ours.leaf)
    found = open_demo_office()
    found.seal_automatically(decides_alone=True)
    return found


def said(service: Service, data: str) -> str:
    """What a question of the synchronous channel is answered."""
    return answer(service.inbound(data, kind="sync", correlation=""), NOW)


def cell(answered: str, name: str) -> str:
    """The text of an element."""
    return answered.partition(f"<{name}>")[2].partition("<")[0]


def test_each_operation_has_its_answer(office: Office) -> None:
    service = open_service(office, family="operations")
    (completion,) = service.completed()
    filed = said(service, service.form(**whole(completion)))
    assert filed.startswith('<SubmitRequestResponse xmlns="urn:example:cert-operations">')
    assert cell(filed, "code") == "001"
    request = Request.objects.get()
    assert cell(filed, "reportNumber") == request.number
    work()
    status = said(service, service.form(operation="status"))
    assert status.startswith("<GetStatusResponse")
    assert cell(status, "code") == "010"
    assert "<file>" not in status
    result = said(service, service.form(operation="result"))
    assert base64.b64decode(cell(result, "content")).startswith(b"%PDF")
    assert [DS in said for said in (filed, status, result)] == [False, False, True]
    assert Conversation.objects.get().answered_at == NOW
    assert Conversation.objects.get().outbound.count() == 0


def test_a_request_sent_again_is_filed_once_and_tells_where_it_stands(office: Office) -> None:
    service = open_service(office, family="operations")
    (completion,) = service.completed()
    said(service, service.form(**whole(completion)))
    work()
    again = said(service, service.form(**whole(completion)))
    assert cell(again, "code") == "010"
    assert Request.objects.count() == 1


def test_two_numbers_are_two_conversations_however_long_the_name_of_the_service_is(
    office: Office,
) -> None:
    service = open_service(office, family="operations")
    Profile.objects.update(service_id="S" * 120)
    service.profile.refresh_from_db()
    first, second = service.completed(count=2)
    for number, completion in (("101000000000001", first), ("101000000000002", second)):
        filed = said(service, service.form(**{**whole(completion), "number": number}))
        assert cell(filed, "code") == "001"
    persons = {row.request.person_id for row in Conversation.objects.select_related("request")}
    assert persons == {first.person_id, second.person_id}


def test_data_added_by_a_question_are_added_once_where_its_answer_was_lost(office: Office) -> None:
    service = open_service(office, family="universal")
    (completion,) = service.completed()
    data = service.form(**whole(completion))
    answer(service.inbound(data, kind="sync", correlation=""), EVENING)
    update = service.inbound(
        service.form(action="ADD", comment="Түсінік"), kind="sync", correlation=""
    )
    answer(update, EVENING)
    version = Request.objects.get().version
    answer(update, EVENING + timedelta(minutes=2))
    assert Request.objects.get().version == version


@pytest.mark.parametrize("operation", ["status", "result", "withdraw"])
def test_a_question_that_overtakes_its_request_is_told_to_come_later(
    office: Office, operation: str
) -> None:
    service = open_service(office, family="operations")
    with pytest.raises(GatewayFault) as fault:
        said(service, service.form(operation=operation))
    assert fault.value.code == "2019"
    (completion,) = service.completed()
    said(service, service.form(**whole(completion)))
    code = "030" if operation == "withdraw" else "001"
    assert cell(said(service, service.form(operation=operation)), "code") == code


def test_data_added_to_a_request_that_is_not_there_yet_come_later(office: Office) -> None:
    service = open_service(office, family="universal")
    with pytest.raises(GatewayFault, match="2019"):
        said(service, service.form(action="ADD", comment="Түсінік"))
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("is_filed", [True, False])
def test_a_number_of_another_person_tells_nothing_of_them(office: Office, is_filed: bool) -> None:
    service = open_service(office, family="operations")
    mine, others = service.completed(count=2)
    first = whole(mine) if is_filed else {**whole(mine), "kind": "rt"}
    known = said(service, service.form(**first))
    assert (Conversation.objects.get().request is not None) is is_filed
    answered = said(service, service.form(**whole(others)))
    assert cell(answered, "code") == "022"
    assert cell(answered.partition("<reason>")[2], "code") == "gateway_number_taken"
    assert cell(answered, "reportNumber") == ""
    assert mine.person.iin_hash not in answered
    work()
    answered = said(service, service.form(**whole(others)))
    assert "<file>" not in answered
    assert cell(answered, "code") == "022"
    assert cell(said(service, service.form(**first)), "code") == ("010" if is_filed else "022")
    assert cell(known, "code") == ("001" if is_filed else "022")
    assert Request.objects.count() == is_filed


def test_a_request_is_taken_back_by_its_operation(office: Office) -> None:
    service = open_service(office, family="operations")
    (completion,) = service.completed()
    said(service, service.form(**whole(completion)))
    answered = said(service, service.form(operation="withdraw"))
    assert cell(answered, "code") == "030"
    assert Request.objects.get().state == State.WITHDRAWN


@pytest.mark.parametrize(
    ("name", "code"),
    [("kinds", "pd"), ("papers", "reference"), ("deliveries", "both"), ("statuses", "010")],
)
def test_dictionaries_show_our_words_by_the_codes_of_the_form(
    office: Office, name: str, code: str
) -> None:
    service = open_service(office, family="operations")
    question = service.form(operation="dictionary", dictionary=name, language="ru")
    answered = said(service, question)
    assert f"<record><code>{code}</code><name>" in answered


def test_programmes_are_a_dictionary_with_their_volume(office: Office) -> None:
    service = open_service(office, family="operations")
    (completion,) = service.completed()
    question = service.form(operation="dictionary", dictionary="programmes", language="kk")
    programme = completion.programme
    words = f"{programme.title_kk} ({programme.hours} сағат)"
    assert f"<code>{programme.pk}</code><name>{words}</name>" in said(service, question)
    unknown = service.form(operation="dictionary", dictionary="planets")
    assert said(service, unknown).count("<record>") == 0


def test_a_programme_is_asked_for_by_its_code(office: Office) -> None:
    service = open_service(office, family="operations")
    (completion,) = service.completed()
    said_all = {
        **whole(completion),
        "programme": "",
        "programme_code": str(completion.programme.pk),
    }
    said(service, service.form(**said_all))
    work()
    assert Request.objects.get().state == State.ISSUED


def test_what_cannot_be_read_is_answered_in_the_same_form(office: Office) -> None:
    service = open_service(office, family="operations")
    answered = said(service, "<SubmitRequest><requestNumber>1</requestNumber></SubmitRequest>")
    assert cell(answered.partition("<reason>")[2], "code") == "gateway_field_missing"
    assert cell(answered, "code") == "022"


@pytest.mark.parametrize(
    ("language", "word"),
    [("kz", "Куәлік"), ("KK", "Куәлік"), ("", "Куәлік"), ("ru", "Свидетельство")]
    + [("en", "Свидетельство"), ("русский", "Свидетельство")],
)
def test_a_dictionary_is_given_in_a_language_that_there_is(
    office: Office, language: str, word: str
) -> None:
    service = open_service(office, family="operations")
    question = service.form(operation="dictionary", dictionary="papers", language=language)
    answered = said(service, question)
    assert answered.startswith("<GetDictionaryRecordsResponse")
    assert f"<name>{word}</name>" in answered


@pytest.mark.parametrize(
    ("family", "data"),
    [
        ("operations", "<Foo><requestNumber>1</requestNumber></Foo>"),
        ("operations", ""),
        ("operations", "hello"),
        ("universal", "<otherMessage/>"),
        ("document", "hello"),
    ],
)
def test_what_is_no_question_of_the_service_is_a_fault_and_no_refusal(
    office: Office, family: str, data: str
) -> None:
    service = open_service(office, family=family)
    with pytest.raises(GatewayFault) as fault:
        said(service, data)
    assert fault.value.code == "2005"
    assert Conversation.objects.count() == 0


@pytest.mark.parametrize("operation", ["status", "result", "withdraw", "dictionary"])
def test_a_question_that_is_written_wrongly_is_not_told_that_nothing_was_filed(
    office: Office, operation: str
) -> None:
    service = open_service(office, family="operations")
    long = {"number": "1" * 61, "dictionary": "d" * 61}
    with pytest.raises(GatewayFault) as fault:
        said(service, service.form(operation=operation, **long))
    assert fault.value.code == "2005"
    assert "Слишком длинное значение поля" in fault.value.message


def test_an_addition_that_is_written_wrongly_leaves_its_request_as_it_was(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    answer(service.inbound(service.form(**whole(completion)), kind="sync"), EVENING)
    wrong = service.form(action="ADD", comment="x" * 1001)
    with pytest.raises(GatewayFault) as fault:
        answer(service.inbound(wrong, kind="sync"), EVENING)
    assert fault.value.code == "2005"


def test_a_service_that_is_off_is_unknown(office: Office) -> None:
    service = open_service(office, family="operations")
    Profile.objects.update(is_active=False)
    with pytest.raises(GatewayFault) as fault:
        said(service, service.form(operation="status"))
    assert fault.value.code == "2016"


def test_the_document_service_answers_at_once_and_later(office: Office) -> None:
    service = open_service(office, family="document")
    (completion,) = service.completed()
    form = service.form(**whole(completion), system="PEP")
    filed = said(service, form)
    assert cell(filed, "Code") == "001"
    assert cell(filed, "requestSystemId") == "PEP"
    assert cell(filed, "declarantId") == whole(completion)["iin"]
    work()
    done = said(service, form)
    assert cell(done, "Code") == "010"
    assert base64.b64decode(cell(done, "Content")).startswith(b"%PDF")


def test_the_document_service_is_told_on_the_asynchronous_channel_too(office: Office) -> None:
    service = open_service(office, family="document")
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion), system="PEP"))
    work()
    assert [code for _, code in told(conversation)] == ["001", "004", "010"]
    found = response(conversation)
    assert found.shape == "element"
    assert cell(found.data, "declarantId") == whole(completion)["iin"]


def test_asked_in_between_the_synchronous_channel_tells_of_the_same_request(office: Office) -> None:
    service = open_service(office, family="document")
    (completion,) = service.completed()
    form = service.form(**whole(completion))
    service.ask(form, now=EVENING)
    assert cell(said(service, form), "Code") == "001"
    assert Request.objects.count() == 1
