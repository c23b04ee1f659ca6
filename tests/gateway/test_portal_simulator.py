"""The simulated portal itself: what leaves it, what it believes, what it writes into its books."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from lxml import etree

from kualik.gateway.adapters import envelope, kdp
from kualik.gateway.adapters.envelope import Envelope
from kualik.gateway.adapters.faults import GatewayFault
from tests.gateway.conftest import NOW, BusKeys
from tests.gateway.portal_running import Running, running
from tools.portal import wire
from tools.portal.books import Books
from tools.portal.faults import NAMES, SPOILT, Faults
from tools.portal.pushing import MOST_TRIES
from tools.portal.services import catalogue

SAMPLES = Path(__file__).parents[1] / "fixtures" / "gateway" / "samples"
IIN = "840805414770"
SPACE = "urn:example:cert-service"
SYNC_SPACE = "urn:example:cert-operations"
STORE = "http://egov.bee.kz/eds/tempstorage/v2/"
KDP_ASKED = kdp.Question(
    iin=IIN,
    company="«Алатау» медицина университеті",
    company_bin="990240001237",
    responsible="Демонстрация",
    employee="Бекова А.М.",
    access_name="GBDFLUniversal_token",
    data_name="Аты-жөні",
    lasts=timedelta(minutes=10),
)


@pytest.fixture
def portal(tmp_path: Path, bus_keys: BusKeys) -> Iterator[Running]:
    with running(tmp_path, bus_keys) as found:
        yield found


def said(number: str, code: str, *, extra: str = "") -> str:
    """What the system writes of a request of the first family."""
    return (
        f'<responseMessage xmlns:n="{SPACE}"><n:SystemInfo><n:RequestNumber>{number}'
        f"</n:RequestNumber></n:SystemInfo><n:ResponseData><n:CurrentStatus>{code}"
        f"</n:CurrentStatus><n:CurrentStatusText>Статус {code}</n:CurrentStatusText>{extra}"
        "</n:ResponseData></responseMessage>"
    )


def tell(
    portal: Running, number: str, code: str, kind: str = "NOTIFICATION", **more: Any
) -> requests.Response:
    """A status of a request, sent by the system."""
    row = portal.request(number)
    return portal.send(
        wire.async_message(
            service_id=more.get("service_id", "EXAMPLE_CERT_SERVICE"),
            message_type=kind,
            sender_id="kualik",
            now=NOW,
            data=said(number, code, extra=more.get("extra", "")),
            correlation_id=more.get("correlation_id", row["correlation_id"]),
            properties={"kualik-key": more.get("key", str(uuid4()))},
        ),
        key=more.get("signed_by"),
    )


def code_of(answer: requests.Response) -> str:
    return envelope.read(answer.content).info.code


# What leaves


@pytest.mark.parametrize("service", sorted(catalogue()))
def test_each_service_gets_its_own_document_signed_and_confirmed(
    portal: Running, service: str
) -> None:
    number = portal.file(service, programme="Мейіргер ісі", confirmation="OTP")
    portal.until(number, lambda _row: portal.system.taken)
    message = portal.system.taken[0]
    assert message.info.service_id == catalogue()[service].service_id
    root = etree.fromstring(message.data.text.encode())
    texts = [element.text for element in root.iter() if element.text]
    assert {IIN, number, "ӘБДІРАХМАНОВА", "Мейіргер ісі"} <= set(texts)
    spaces = {etree.QName(one).namespace for one in root.iterdescendants()}
    assert spaces == {catalogue()[service].namespace, "http://www.w3.org/2000/09/xmldsig#"}
    assert message.data.shape == ("text" if service == "DEMO" else "element")


def test_a_request_of_the_first_family_has_the_elements_of_the_sample(portal: Running) -> None:
    number = portal.file("DEMO")
    portal.until(number, lambda row: row["acked_at"])
    sample = envelope.read((SAMPLES / "01-async-request-portal-to-us.xml").read_bytes())

    def names(message: Envelope) -> list[str]:
        root = etree.fromstring(message.data.text.encode())
        found = [etree.QName(one).localname for one in root.iter()]
        return found[: found.index("Middlename") + 1]

    assert names(portal.system.taken[0]) == names(sample)


@pytest.mark.parametrize("name", SPOILT)
def test_what_nobody_may_take_goes_first_and_the_right_message_follows(
    portal: Running, name: str
) -> None:
    portal.post("/faults", {name: 1})
    number = portal.file()
    row = portal.until(number, lambda row: row["acked_at"])
    assert row["faults"] == [name]
    assert row["wrongly_taken"] == []
    assert len(portal.system.taken) == 1
    if name != "huge_xml":
        assert len(portal.system.refused) == 1


def test_a_spoilt_message_that_is_taken_all_the_same_is_told_in_the_books(
    portal: Running,
) -> None:
    portal.post("/faults", {"clock_skew": 1})
    portal.system.has_clock = False
    row = portal.until(portal.file(), lambda row: row["acked_at"])
    assert row["wrongly_taken"] == ["clock_skew"]


def test_a_duplicate_is_the_same_bytes(portal: Running) -> None:
    portal.post("/faults", {"duplicate": 1})
    portal.until(portal.file(), lambda row: row["acked_at"])
    first, second = portal.system.raw
    assert first == second


def test_after_a_lost_acknowledgement_the_same_message_is_signed_anew(portal: Running) -> None:
    portal.post("/faults", {"lost_ack": 1})
    number = portal.file()
    portal.until(number, lambda row: row["faults"])
    portal.post("/faults", {"lost_ack": 0})
    portal.until(number, lambda row: row["acked_at"])
    first, *_, last = (one.info for one in portal.system.taken)
    ids = [(one.message_id, one.correlation_id) for one in (first, last)]
    assert ids[0] == ids[1]
    assert portal.system.taken[0].data == portal.system.taken[-1].data
    assert portal.system.raw[0] != portal.system.raw[-1]


def test_an_update_goes_into_the_same_conversation(portal: Running) -> None:
    number = portal.file()
    portal.post(f"/requests/{number}/updates", {"action": "WITHDRAW", "comment": "қажет емес"})
    portal.until(number, lambda _row: len(portal.system.taken) == 2)
    first, second = (one.info for one in portal.system.taken)
    assert (first.message_type, second.message_type) == ("REQUEST", "UPDATE")
    assert first.correlation_id == second.correlation_id
    assert "WITHDRAW" in portal.system.taken[1].data.text


def test_the_same_seed_chooses_the_same_messages() -> None:
    def chosen(seed: int) -> list[int]:
        faults = Faults(seed=seed, rates={"duplicate": 0.3})
        return [at for at in range(200) if faults.hits("duplicate", str(at))]

    assert chosen(1) == chosen(1) != chosen(2)
    assert 30 < len(chosen(1)) < 90


# What comes


def test_statuses_stand_in_the_order_they_came_and_one_response_ends_it(portal: Running) -> None:
    number = portal.file()
    for code in ("001", "002", "004"):
        assert tell(portal, number, code).status_code == 200
    file = base64.b64encode(b"%PDF-1.7 x").decode()
    extra = (
        f"<n:Attachment><n:FileName>a.pdf</n:FileName><n:Content>{file}</n:Content>"
        "<n:DocNumber>DEMO-1</n:DocNumber></n:Attachment>"
    )
    tell(portal, number, "010", "RESPONSE", extra=extra)
    row = portal.request(number)
    assert [one["code"] for one in row["statuses"]] == ["001", "002", "004", "010"]
    assert (row["state"], row["responses"], row["result"]["number"]) == ("APPROVED", 1, "DEMO-1")
    assert row["breaches"] == ["a result without a signature"]
    states = [one for one in portal.system.taken if one.operation == envelope.CHANGE_STATUS]
    portal.until(number, lambda _row: len(portal.system.taken) == 5)
    assert len(states) <= 4


def test_a_second_copy_gets_the_first_answer_and_a_second_response_is_counted(
    portal: Running,
) -> None:
    number, key = portal.file(), str(uuid4())
    first, again = (tell(portal, number, "030", "RESPONSE", key=key) for _ in range(2))
    ids = [portal.read(one).info.message_id for one in (first, again)]
    assert ids[0] == ids[1]
    tell(portal, number, "020", "RESPONSE")
    row = portal.request(number)
    assert (row["state"], row["responses"], row["copies"]) == ("WITHDRAWN", 2, 1)
    assert [one["code"] for one in row["after_the_end"]] == ["020"]


def test_only_messages_of_the_system_are_believed(portal: Running) -> None:
    number = portal.file()
    assert code_of(tell(portal, number, "010", signed_by=portal.system.keys.foreign)) == "2015"
    assert code_of(tell(portal, number, "010", correlation_id="1")) == "2019"
    assert code_of(tell(portal, number, "010", service_id="ANOTHER")) == "2016"
    assert code_of(tell(portal, number, "010", "REQUEST")) == "2005"
    bare = (SAMPLES / "03-async-notification-status.xml").read_bytes()
    unsigned = requests.post(f"{portal.url}/shep/async", data=bare, timeout=20)
    assert code_of(unsigned) == "2015"
    portal.read(unsigned)
    assert portal.request(number)["statuses"] == []


def test_faults_of_answers_leave_what_was_taken_in_the_books(portal: Running) -> None:
    number = portal.file()
    portal.post("/faults", {"lost_ack": 1})
    with pytest.raises(requests.ConnectionError):
        tell(portal, number, "001")
    portal.post("/faults", {"lost_ack": 0, "error_500": 1})
    assert "Internal" in tell(portal, number, "002").text
    portal.post("/faults", {"error_500": 0, "wrong_correlation": 1})
    answer = portal.read(tell(portal, number, "004"))
    assert answer.info.correlation_id != portal.request(number)["correlation_id"]
    assert [one["code"] for one in portal.request(number)["statuses"]] == ["001", "004"]


def test_what_is_not_pushed_waits_to_be_pulled_and_is_told_as_delivered(portal: Running) -> None:
    portal.post("/behaviour", {"push": "no"})
    number = portal.file()
    asked = wire.messages_request(
        service_id="EXAMPLE_CERT_SERVICE", sender_id="kualik", now=NOW, amount=5
    )
    found = envelope.read_messages(portal.read(portal.send(asked)))
    [(info, _)] = found
    assert info.correlation_id == portal.request(number)["correlation_id"]
    told = wire.delivery_notification(
        message_id=info.message_id,
        service_id="EXAMPLE_CERT_SERVICE",
        sender_id="kualik",
        now=NOW,
    )
    assert portal.send(told).status_code == 200
    assert portal.request(number)["acked_at"]
    assert portal.system.taken == []


def test_the_state_of_a_message_is_told_and_an_unknown_one_is_a_signed_fault(
    portal: Running,
) -> None:
    message_id = portal.read(tell(portal, portal.file(), "001")).info.message_id

    def state(name: str) -> Envelope:
        asked = wire.message_status_request(message_id=name, sender_id="kualik", now=NOW)
        return portal.read(portal.send(asked))

    assert state(message_id).operation == "getMessageStatusResponse"
    assert state("0").info.code == "2019"


def test_a_synchronous_service_is_asked_until_the_result_comes(portal: Running) -> None:
    file = base64.b64encode(b"%PDF-1.7 y").decode()

    def answer(message: Envelope) -> str:
        root = etree.fromstring(message.data.text.encode())
        asked, number = etree.QName(root).localname, root.findtext("{*}requestNumber")
        code = "010" if len(portal.system.taken) > 3 else "001"
        paper = f"<file><fileName>r.pdf</fileName><content>{file}</content></file>"
        return (
            f'<{asked}Response xmlns="{SYNC_SPACE}"><requestNumber>{number}</requestNumber>'
            f"<status><code>{code}</code><nameRu>р</nameRu><nameKz>қ</nameKz></status>"
            f"{paper if asked == 'GetResult' else ''}</{asked}Response>"
        )

    portal.system.answer = answer
    row = portal.until(portal.file("TURAN"), lambda row: row["final_at"])
    asked = [
        etree.QName(etree.fromstring(one.data.text.encode())).localname
        for one in portal.system.taken
    ]
    assert asked == ["SubmitRequest", "GetStatus", "GetStatus", "GetStatus", "GetResult"]
    assert (row["state"], row["responses"]) == ("APPROVED", 1)


def test_a_question_that_overtook_its_request_is_asked_until_the_number_is_known(
    portal: Running,
) -> None:
    early = [GatewayFault("2019"), GatewayFault("2019")]

    def answer(message: Envelope) -> str:
        root = etree.fromstring(message.data.text.encode())
        asked, number = etree.QName(root).localname, root.findtext("{*}requestNumber")
        if asked == "GetStatus" and early:
            with portal.portal.books.lock:
                tries = "UPDATE outbox SET attempts = ? WHERE kind = 'GetStatus'"
                portal.portal.books.line.execute(tries, (MOST_TRIES + 1,))
            raise early.pop()
        code = "001" if asked == "SubmitRequest" else "030"
        return (
            f'<{asked}Response xmlns="{SYNC_SPACE}"><requestNumber>{number}</requestNumber>'
            f"<status><code>{code}</code><nameRu>р</nameRu><nameKz>қ</nameKz></status>"
            f"</{asked}Response>"
        )

    portal.system.answer = answer
    number = portal.file("TURAN")
    row = portal.until(number, lambda row: row["final_at"])
    assert (row["state"], early) == ("WITHDRAWN", [])
    assert not [one for one in portal.portal.books.events(number) if one["kind"] == "refused"]


# Registers


def test_consent_waits_for_the_citizen_and_opens_the_register(portal: Running) -> None:
    asked = kdp.question_xml(KDP_ASKED)
    assert kdp.read_answer(portal.ask("KDP_SERVICE", asked, "typed").data.text).word == "PENDING"
    for language, words in {
        "kk": "«Алатау» медицина университеті дербес деректерге қолжетімділік сұрайды: аты-жөні",
        "ru": "Медицинский университет «Алатау» запрашивает доступ к персональным данным: ФИО",
    }.items():
        assert words in portal.get(f"/1414?lang={language}").text
    key = f"{IIN} 990240001237 GBDFLUniversal_token"
    form = {"room": "consent", "key": key, "answer": "allow"}
    requests.post(f"{portal.url}/1414", data=form, timeout=20)
    told = kdp.read_answer(portal.ask("KDP_SERVICE", asked, "typed").data.text)
    assert told.word == "VALID"
    person = portal.ask("GBDFLUniversal_token", person_question(told.code, told.key), "typed")
    assert "<code>00000</code>" in person.data.text
    assert "ӘБДІРАХМАНОВА" in person.data.text
    assert "1984-08-05" in person.data.text
    schema = etree.XMLSchema(etree.parse("src/kualik/gateway/data/schema/gbdfl-root.xsd"))
    root = etree.fromstring(person.data.text.encode())
    root.tag = "data"
    schema.assertValid(etree.fromstring(etree.tostring(root)))
    stranger = portal.ask("GBDFLUniversal_token", person_question("x", told.key), "typed")
    assert "<code>00403</code>" in stranger.data.text


@pytest.mark.parametrize(("bin", "word"), [("990240001237", "VALID"), ("030940004565", "DENIED")])
def test_a_checked_identity_needs_no_sms_when_its_token_is_ours(
    portal: Running, bin: str, word: str
) -> None:
    ovt = kdp.ovt(
        bin=bin, check="Ds", key=portal.system.keys.ours, now=NOW, lasts=timedelta(minutes=5)
    )
    asked = kdp.Question(**{**as_fields(KDP_ASKED), "ovt": ovt})
    answer = portal.ask("KDP_SERVICE", kdp.question_xml(asked), "typed")
    assert kdp.read_answer(answer.data.text).word == word


def as_fields(question: kdp.Question) -> dict[str, Any]:
    return {name: getattr(question, name) for name in question.__dataclass_fields__}


def person_question(token: str, key: str) -> str:
    return (
        '<cs:Request xmlns:cs="http://message.persistence.interactive.nat">'
        "<messageId>1</messageId><messageDate>2026-11-23T10:00:00+05:00</messageDate>"
        f"<senderCode>kualik</senderCode><iin>{IIN}</iin><kdpToken>{token}</kdpToken>"
        f"<publicKey>{key}</publicKey></cs:Request>"
    )


def test_a_file_lives_in_the_store_for_its_hours(tmp_path: Path, bus_keys: BusKeys) -> None:
    moment = [NOW]
    upload = (SAMPLES / "14-eds-upload-data.xml").read_text("utf-8")
    upload = upload.replace("edu_org", "kualik")
    with running(tmp_path, bus_keys, now=lambda: moment[0]) as portal:
        made = etree.fromstring(portal.ask("EDS_TEMP_FILES", upload).data.text.encode())
        assert made.findtext(f".//{{{STORE}}}code") == "0"
        file_id = made.findtext(f".//{{{STORE}}}fileIdentifier")
        wanted = (
            f'<t:tempStorageRequest xmlns:t="{STORE}"><t:type>DOWNLOAD</t:type>'
            f"<t:downloadRequest><t:fileIdentifiers>{file_id}</t:fileIdentifiers>"
            "</t:downloadRequest><t:credentials><t:senderId>kualik</t:senderId><t:password/>"
            "</t:credentials></t:tempStorageRequest>"
        )
        found = etree.fromstring(portal.ask("EDS_TEMP_FILES", wanted).data.text.encode())
        assert found.findtext(f".//{{{STORE}}}content") == "JVBERi0xLjcKJUVPRgo="
        moment[0] = NOW + timedelta(hours=8)
        gone = etree.fromstring(portal.ask("EDS_TEMP_FILES", wanted).data.text.encode())
        assert gone.findtext(f".//{{{STORE}}}code") == "404"
        schema = etree.XMLSchema(etree.parse("src/kualik/gateway/data/schema/eds-temp-storage.xsd"))
        for answer in (made, found, gone):
            schema.assertValid(answer)


def test_a_document_is_shown_only_after_the_person_allowed_it(portal: Running) -> None:
    space = "urn:example:digital-documents"

    def ask(name: str, **fields: str) -> dict[str, str]:
        inner = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
        answer = portal.ask("DIGITAL_DOCUMENTS", f'<{name} xmlns="{space}">{inner}</{name}>')
        root = etree.fromstring(answer.data.text.encode())
        return {etree.QName(one).localname: one.text or "" for one in root}

    asked = ask("documentAccessRequest", iin=IIN, documentType="IdentityCard")
    wanted = {"requestId": asked["requestId"], "iin": IIN}
    assert ask("documentRequest", **wanted) == {"status": "PENDING"}
    form = {"room": "access", "key": asked["requestId"], "answer": "allow"}
    requests.post(f"{portal.url}/1414", data=form, timeout=20)
    told = ask("documentRequest", **wanted)
    assert told["status"] == "ALLOWED"
    owner = json.loads(told["document"])["documents"][0]["serializableData"]["common"]["docOwner"]
    assert (owner["iin"], owner["lastName"]) == (IIN, "ӘБДІРАХМАНОВА")


# Pages


def test_the_state_of_a_request_has_the_fields_of_the_portal(portal: Running) -> None:
    number = portal.file()
    told = portal.get(f"/services/P00.01/rest/request-states/{number}").json()
    sample = json.loads((SAMPLES / "33-portal-request-state.json").read_text("utf-8"))
    assert list(told) == list(sample)
    assert (told["status"], told["completed"]) == ("IN_PROCESSING", False)
    assert portal.get(f"/services/P00.02/rest/request-states/{number}").status_code == 404


@pytest.mark.parametrize(("language", "word"), [("kk", "Өңделуде"), ("ru", "В обработке")])
def test_a_citizen_orders_the_service_and_sees_it_in_the_cabinet(
    portal: Running, language: str, word: str
) -> None:
    visitor = requests.Session()
    visitor.post(f"{portal.url}/enter?lang={language}", data={"person": "graduate"}, timeout=20)
    form = visitor.get(f"{portal.url}/services/DEMO?lang={language}", timeout=20).text
    assert f'lang="{language}"' in form
    given = {"kind": "pd", "paper": "certificate", "language": language, "delivery": "electronic"}
    check = visitor.post(
        f"{portal.url}/services/DEMO/check", data={**given, "confirmation": "OTP"}, timeout=20
    ).text
    draft = etree.HTML(check).xpath("//input[@name='draft']/@value")[0]
    code = etree.HTML(check).xpath("//p[contains(@class,'told')]/strong/text()")[0]
    send = f"{portal.url}/requests/send"
    wrong = visitor.post(send, data={"draft": draft, "code": "000"}, timeout=20)
    assert 'role="alert"' in wrong.text
    cabinet = visitor.post(send, data={"draft": draft, "code": code}, timeout=20)
    assert "/cabinet/101000000000001" in cabinet.url
    assert word in cabinet.text
    other = requests.Session()
    other.post(f"{portal.url}/enter", data={"person": "stranger"}, timeout=20)
    assert other.get(cabinet.url, timeout=20).status_code == 404


AHEAD = {
    "kk": (
        "Қабылданатын уақыты: 24.11.2026 09:00; нәтиже мерзімі: 27.11.2026 18:00",
        "тіркеуші",
        "уәкілетті тұлға құжатқа қол қояды",
        "Азамат өтінішті кері қайтарып алуға жіберді",
        "Статус kk",
    ),
    "ru": (
        "Будет принято: 24.11.2026 09:00; результат до: 27.11.2026 18:00",
        "регистратор",
        "уполномоченное лицо подпишет документ",
        "Гражданин отозвал заявление",
        "Статус ru",
    ),
}


@pytest.mark.parametrize("language", sorted(AHEAD))
def test_the_cabinet_tells_when_it_is_accepted_and_who_acts_next(
    portal: Running, language: str
) -> None:
    dates, first, then, withdrawn, status = AHEAD[language]
    number = portal.file()
    visitor = requests.Session()
    visitor.post(f"{portal.url}/enter?lang={language}", data={"person": "graduate"}, timeout=20)

    def shown() -> str:
        return visitor.get(f"{portal.url}/cabinet/{number}?lang={language}", timeout=20).text

    at = "<n:{0}>2026-11-{1}+05:00</n:{0}>"
    extra = at.format("AcceptedAt", "24T09:00:00") + at.format("DueAt", "27T18:00:00")
    texts = "<n:CurrentStatusText{0}>Статус {1}</n:CurrentStatusText{0}>"
    extra += texts.format("Kz", "kk") + texts.format("Ru", "ru")
    tell(portal, number, "001", extra=extra)
    page = shown()
    assert dates in page
    assert first in page
    assert status in page
    tell(portal, number, "004")
    visitor.post(f"{portal.url}/cabinet/{number}/withdraw", timeout=20)
    page = shown()
    assert dates in page
    assert then in page
    assert withdrawn in page
    tell(portal, number, "030", "RESPONSE")
    assert dates not in shown()


def test_every_fault_can_be_set_by_name_and_no_other(portal: Running) -> None:
    told = portal.post("/faults", {"every": 0.05, "seed": 7})
    assert told == {"seed": 7, **dict.fromkeys(NAMES, 0.05)}
    for wrong in ({"gremlins": 1}, {"duplicate": 2}):
        answer = requests.post(f"{portal.url}/faults", json=wrong, timeout=20)
        assert answer.status_code == 400
    assert portal.get("/workings?lang=ru").status_code == 200


def test_a_page_of_another_site_changes_nothing(portal: Running) -> None:
    answer = requests.post(
        f"{portal.url}/faults",
        json={"every": 1},
        headers={"Origin": "http://elsewhere.example"},
        timeout=20,
    )
    assert answer.status_code == 403
    asked = requests.get(f"{portal.url}/books", headers={"Host": "kualik.example"}, timeout=20)
    assert asked.status_code == 403


def test_the_books_are_there_after_a_restart(tmp_path: Path, bus_keys: BusKeys) -> None:
    with running(tmp_path, bus_keys) as portal:
        portal.system.is_away = True
        number = portal.file()
        tell(portal, number, "001")
    books = Books(tmp_path / "portal" / "books.sqlite3")
    assert books.request(number)["code"] == "001"
    assert books.undelivered() == 2
    books.line.close()
