"""The two addresses that a phone calls, and the page with the code, over HTTP."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
import zxingcpp
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.test.client import FakePayload
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from kualik.accounts.models import Person, User
from kualik.accounts.services import enrol_staff
from kualik.core import clock
from kualik.core.access import APPLICANT_KEY
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.core.throttle import count_miss
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import Leaf, Revocation, Scheme, register
from kualik.signatures.models import Challenge, PhoneSigning
from kualik.signatures.services.phone import BODY_LIMIT_BYTES, LIFE, WRONG_SIGNATURES
from kualik.signatures.services.test_keys import test_person_leaf as person_leaf
from kualik.signatures.services.trusting import test_authority_root as authority_root
from kualik.signatures.views.entry import OFFERED
from kualik.signatures.views.phone_api import STRANGERS, WRONG_OF_NETWORK
from tests.signatures.phones import body, signed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served_installation")]
NAME, IIN, OTHER_IIN = "Әбдірахманова Айгерім Нұрланқызы", "840805414770", "850315300123"
PAGE = "/enter/phone/"
JSON = "application/json"


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    settings.PUBLIC_URL = "http://testserver"


def leaf(iin: str = IIN, *, bin: str = "", scheme: Scheme = Scheme.RSA) -> Leaf:
    name = "«ДЕМО» АКАДЕМИЯСЫ" if bin else ""
    return person_leaf(
        name=NAME, iin=iin, organisation=name, bin=bin, scheme=scheme, now=clock.now()
    )


class Phone:
    """A phone that has read the code of a page."""

    def __init__(self, page: str, *, language: str = "ru") -> None:
        code = re.search(r">mobileSign:(http://testserver/egov/[\w-]{43}/)<", page)
        assert code, "the page shows the text of the code"
        self.client = Client(headers={"Accept-Language": f"{language}-KZ,{language};q=0.9"})
        self.link = code[1]

    def card(self) -> dict:
        return self.client.get(self.link).json()

    def asked(self) -> dict:
        return self.client.get(self.address(), headers=self.bearer()).json()

    def put(self, answer: object, *, bearer: dict | None = None):
        headers = self.bearer() if bearer is None else bearer
        return self.client.put(self.address(), body(answer), content_type=JSON, headers=headers)

    def address(self) -> str:
        return f"{self.link}documents/"

    def bearer(self) -> dict:
        return {"Authorization": f"Bearer {self.card()['document']['auth_token']}"}

    def sign(self, key: Leaf | None = None, **asked):
        return self.put(signed(self.asked(), key or leaf(), now=clock.now(), **asked))


def open_page(client: Client, **query: str) -> str:
    return client.get(PAGE, query).content.decode()


def phone_of(client: Client, **query: str) -> Phone:
    return Phone(open_page(client, **query))


def stage(client: Client, **query: str) -> str:
    return client.get(f"{PAGE}state/", query).json()["stage"]


def finish(client: Client, **fields: str):
    return client.post(f"{PAGE}answer/", fields)


def told(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def move_end(by: timedelta) -> None:
    row = PhoneSigning.objects.get()
    PhoneSigning.objects.update(expires_at=row.expires_at + by)


# The addresses of the phone


def test_the_phone_learns_who_asks_and_fetches_the_challenge(client: Client) -> None:
    phone = phone_of(client)
    card, asked = phone.card(), phone.asked()
    assert card["document"]["uri"] == phone.address()
    assert card["organisation"]["nameKz"] == "«Куәлік» көрсетілімі"
    assert card["description"].startswith("«Куәлік» жүйесіндегі кабинетке кіру / Вход")
    [one] = asked["documentsToSign"]
    challenge = Challenge.objects.get().text
    assert (asked["signMethod"], one["document"]["file"]["mime"]) == ("CMS_WITH_DATA", "text/plain")
    assert one["document"]["file"]["data"] == b64encode(challenge.encode()).decode()
    assert "Сайт: testserver" in challenge


def test_a_phone_needs_no_cookie_and_no_token_against_forgery(client: Client) -> None:
    phone = phone_of(client)
    phone.client = Client(enforce_csrf_checks=True)
    answer = phone.sign()
    assert (answer.status_code, answer.json()) == (200, {"message": "success"})
    assert not answer.cookies


@pytest.mark.parametrize(
    ("header", "code"),
    [({}, 401), ({"Authorization": "Bearer wrong"}, 401), ({"Authorization": "Basic YTpi"}, 401)],
)
def test_the_documents_are_given_to_the_bearer_alone(
    client: Client, header: dict, code: int
) -> None:
    phone = phone_of(client)
    for answer in (
        phone.client.get(phone.address(), headers=header),
        phone.put({}, bearer=header),
    ):
        assert answer.status_code == code
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer.json()["code"] == "phone_token_wrong"
    assert stage(client) == "offered"


@pytest.mark.parametrize(
    ("language", "text"),
    [("kk", "Мұндай код жоқ"), ("ru", "Такого кода нет"), ("en", "There is no such code")],
)
def test_a_refusal_is_json_in_the_language_of_the_phone(language: str, text: str) -> None:
    answer = Client(headers={"Accept-Language": language}).get("/egov/nobody/")
    assert answer.status_code == 404
    assert answer.json()["code"] == "phone_offer_unknown"
    assert answer.json()["message"].startswith(text)
    assert "no-store" in answer["Cache-Control"]


def test_an_unknown_language_is_answered_in_kazakh() -> None:
    answer = Client(headers={"Accept-Language": "de, *"}).get("/egov/nobody/")
    assert answer.json()["message"].startswith("Мұндай код жоқ")


def test_other_methods_are_not_answered(client: Client) -> None:
    phone = phone_of(client)
    assert phone.client.post(phone.link).status_code == 405
    assert phone.client.post(phone.address()).status_code == 405
    assert phone.client.delete(phone.address()).status_code == 405


def test_an_invalid_signature_is_answered_by_403_and_the_page_says_why(client: Client) -> None:
    phone = phone_of(client)
    key = leaf(OTHER_IIN)
    register(authority_root() / "rsa", key, Revocation(at=clock.now() - timedelta(hours=1)))
    phone.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "kk"
    answer = phone.sign(key)
    assert (answer.status_code, answer.json()["code"]) == (403, "phone_signature_invalid")
    state = client.get(f"{PAGE}state/").json()
    assert state["stage"] == "fetched"
    assert state["fault"] == message_of(answer)
    page = open_page(client, lang="en")
    assert "The phone has received the request" not in page
    assert "The code still works" in page
    assert ">New code<" in page
    assert state["fault"] in open_page(client, lang="kk")
    assert phone.sign().status_code == 200


def test_a_code_that_took_too_many_wrong_signatures_ends_with_the_reason(client: Client) -> None:
    phone = phone_of(client)
    for _ in range(WRONG_SIGNATURES.misses):
        phone.sign(change=lambda content: b"other")
    assert stage(client) == "spent"
    page = open_page(client, lang="en")
    assert "Something else than the offered document was signed on the phone." in page
    assert "This code takes no more signatures" in page
    assert ">New code<" in page
    assert "mobileSign:" not in page


def message_of(answer) -> str:
    return answer.json()["message"]


def test_other_content_is_answered_by_403(client: Client) -> None:
    answer = phone_of(client).sign(change=lambda content: content + b"!")
    assert (answer.status_code, answer.json()["code"]) == (403, "phone_content_differs")


def test_a_body_over_the_limit_is_not_read(client: Client) -> None:
    phone = phone_of(client)
    big = b" " * (BODY_LIMIT_BYTES + 1)
    answer = phone.client.put(phone.address(), big, content_type=JSON, headers=phone.bearer())
    assert (answer.status_code, answer.json()["code"]) == (413, "phone_body_too_large")


def test_a_body_that_breaks_off_is_refused(client: Client) -> None:
    class Broken(FakePayload):
        def read(self, *_sizes: int) -> bytes:
            raise OSError("the phone is gone")

    phone = phone_of(client)
    answer = phone.client.put(
        phone.address(), b"{}", content_type=JSON, headers=phone.bearer(),
        **{"wsgi.input": Broken(b"{}")},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (400, "phone_body_unreadable")


def test_the_end_of_an_offer_is_told_to_the_phone_and_to_the_page(client: Client) -> None:
    phone = phone_of(client)
    answer = signed(phone.asked(), leaf(), now=clock.now())
    bearer = phone.bearer()
    move_end(-LIFE)
    for refused in (phone.client.get(phone.link), phone.put(answer, bearer=bearer)):
        assert (refused.status_code, refused.json()["code"]) == (410, "phone_offer_expired")
    assert stage(client) == "expired"
    page = open_page(client)
    assert "mobileSign:" not in page
    assert "The code has expired." in open_page(client, lang="en")


def test_a_used_offer_is_told_as_such(client: Client) -> None:
    phone = phone_of(client)
    answer, bearer = signed(phone.asked(), leaf(), now=clock.now()), phone.bearer()
    assert phone.put(answer, bearer=bearer).status_code == 200
    refused = phone.put(answer, bearer=bearer)
    assert (refused.status_code, refused.json()["code"]) == (409, "phone_offer_used")


def test_guesses_and_wrong_signatures_come_to_an_end(client: Client) -> None:
    phone, stranger = phone_of(client), Client(REMOTE_ADDR="192.0.2.7")
    for _ in range(STRANGERS.misses):
        assert stranger.get("/egov/nobody/").status_code == 404
    assert stranger.get("/egov/nobody/").status_code == 429
    assert phone.client.get(phone.link).status_code == 200
    wrong = signed(phone.asked(), leaf(), now=clock.now(), change=lambda content: b"other")
    bearer = phone.bearer()
    for _ in range(WRONG_SIGNATURES.misses):
        assert phone.put(wrong, bearer=bearer).status_code == 403
    assert phone.put(wrong, bearer=bearer).status_code == 429


def test_new_codes_give_a_network_no_more_wrong_signatures(client: Client) -> None:
    phone = phone_of(client)
    for _ in range(WRONG_OF_NETWORK.misses - 1):
        count_miss(WRONG_OF_NETWORK, "127.0.0.1", now=clock.now())
    assert phone.sign(change=lambda content: b"other").status_code == 403
    assert phone_of(Client()).client.get(phone.link).json()["code"] == "too_many_tries"


def test_where_it_is_switched_off_there_is_neither_page_nor_address(
    client: Client, settings: Settings
) -> None:
    phone = phone_of(client)
    settings.EGOV_MOBILE = False
    assert client.get(PAGE).status_code == 404
    assert phone.client.get(phone.link).status_code == 404


# The page


def test_the_code_holds_the_address_and_the_links_open_the_applications(client: Client) -> None:
    page = client.get(PAGE)
    shown = page.context["phone"]
    assert read_qr(shown.qr) == shown.text
    address = shown.text.removeprefix("mobileSign:")
    for link, path, isi in (
        (shown.mobile, "/mobileSign/", "1476128386"),
        (shown.business, "/businessSign/", "1597880144"),
    ):
        parts = urlsplit(link)
        query = {name: value for name, [value] in parse_qs(parts.query).items()}
        assert (parts.netloc, parts.path, query["link"]) == ("m.egov.kz", path, address)
        assert (query["isi"], set(query)) == (isi, {"link", "isi", "ibi", "apn"})
    assert not re.search(r"\s", shown.text)


def read_qr(qr, scale: int = 4) -> str:
    side = qr.size * scale
    picture = bytearray(b"\xff" * side * side)
    for bar in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z", qr.path):
        left, top, width, height = (int(number) * scale for number in bar)
        for row in range(top, top + height):
            picture[row * side + left : row * side + left + width] = bytes(width)
    return zxingcpp.read_barcode(memoryview(picture).cast("B", [side, side])).text


def test_a_page_opened_again_keeps_its_code_and_a_new_one_is_asked_by_a_button(
    client: Client,
) -> None:
    first = phone_of(client).link
    assert phone_of(client).link == first
    answer = client.post(PAGE, {"next": "/cabinet/"})
    assert answer.url == "/enter/phone/?next=%2Fcabinet%2F"
    assert phone_of(client).link != first


def test_without_scripts_the_page_reloads_unless_told_otherwise(client: Client) -> None:
    reload = '<noscript><meta http-equiv="refresh" content="5"></noscript>'
    assert reload in open_page(client)
    stopped = open_page(client, reload="no")
    assert reload not in stopped
    assert "?next=&amp;reload=no" in stopped


def test_the_page_tells_in_words_how_long_the_code_works(client: Client) -> None:
    open_page(client, lang="en")
    move_end(-timedelta(seconds=30))
    assert "4 more minutes." in open_page(client)
    move_end(-timedelta(minutes=3))
    assert "1 more minute." in open_page(client)
    move_end(-timedelta(minutes=1))
    assert "less than a minute" in open_page(client)


def test_an_unknown_person_enters_by_phone_with_any_key(client: Client) -> None:
    phone = phone_of(client)
    assert phone.sign(leaf(scheme=Scheme.GOST512)).status_code == 200
    assert stage(client) == "signed"
    assert 'action="/enter/phone/answer/"' in open_page(client)
    assert finish(client, next="/cabinet/?lang=ru").url == "/cabinet/?lang=ru"
    assert client.session[APPLICANT_KEY]["way"] == "egov-mobile"
    [entry] = JournalEntry.objects.filter(action="accounts.entered")
    assert (entry.data["way"], entry.data["level"]) == ("egov-mobile", "eds")
    assert client.get(PAGE).url == "/cabinet/"
    assert Person.objects.get().full_name == NAME


def test_the_result_is_of_the_browser_that_asked_and_of_one_use(client: Client) -> None:
    phone_of(client).sign()
    thief = Client()
    open_page(thief)
    assert "әлі қол қойылған жоқ" in told(finish(thief))
    assert finish(client).url == "/cabinet/"
    assert finish(thief).url == "/enter/phone/"
    assert Person.objects.count() == 1
    assert APPLICANT_KEY not in thief.session


def test_who_signs_at_the_last_moment_of_the_code_enters(client: Client) -> None:
    start = clock.now()
    phone = phone_of(client)
    with time_machine.travel(start + LIFE - timedelta(seconds=5), tick=False):
        assert phone.sign().status_code == 200
    with time_machine.travel(start + LIFE + timedelta(seconds=30), tick=False):
        assert finish(client).url == "/cabinet/"


def test_asking_for_another_code_alone_begins_no_session() -> None:
    visitor = Client()
    assert visitor.post(PAGE).url == PAGE
    assert not Session.objects.exists()


def test_what_one_page_asked_for_opens_no_other(client: Client) -> None:
    """The challenge of an applicant is none of staff."""
    phone_of(client).sign()
    open_page(client, **{"as": "staff"})
    assert "әлі қол қойылған жоқ" in told(finish(client, **{"as": "staff"}))
    assert stage(client) == "signed"


def test_a_refusal_on_the_phone_is_said_and_offers_a_new_code(client: Client) -> None:
    phone = phone_of(client)
    assert phone.put({"status": "CANCELED"}).status_code == 200
    assert stage(client) == "cancelled"
    page = open_page(client, lang="en")
    assert "The request was refused on the phone." in page
    assert "New code" in page
    assert "mobileSign:" not in page


def test_a_key_of_an_organisation_opens_no_cabinet_and_a_new_code_is_there(client: Client) -> None:
    first = phone_of(client)
    first.sign(leaf(bin="970440000331"))
    answer = finish(client, next="/cabinet/")
    assert answer.url == "/enter/phone/?next=%2Fcabinet%2F"
    assert "Бұл – ұйымның кілті" in told(answer)
    assert phone_of(client).link != first.link


def test_a_browser_without_a_code_has_no_state_and_nothing_to_finish() -> None:
    answer = Client().get(f"{PAGE}state/")
    assert (answer.status_code, answer.json()) == (404, {"stage": "unknown"})
    assert finish(Client()).url == "/enter/phone/"
    assert Client().get(f"{PAGE}answer/").url == "/enter/"


def test_the_forms_need_the_token_against_forgery() -> None:
    careful = Client(enforce_csrf_checks=True)
    assert careful.post(PAGE, {}).status_code == 403
    assert careful.post(f"{PAGE}answer/", {}).status_code == 403


def test_a_signature_by_phone_takes_the_place_of_the_password_alone(client: Client) -> None:
    user = staff()
    phone_of(client, **{"as": "staff", "next": "/office/requests/"}).sign()
    answer = finish(client, **{"as": "staff", "next": "/office/requests/"})
    assert answer.url == "/login/?next=%2Foffice%2Frequests%2F"
    assert client.get(answer.url).url.startswith("/login/code/")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.get("/office/requests/").url.startswith("/login/code/")


def test_a_person_who_is_none_of_the_staff_is_told_so(client: Client) -> None:
    staff(iin=OTHER_IIN)
    phone_of(client, **{"as": "staff"}).sign()
    answer = finish(client, **{"as": "staff"})
    assert answer.url == "/enter/phone/?as=staff"
    assert "_auth_user_id" not in client.session


def staff(iin: str = IIN) -> User:
    user = enrol_staff(
        email="staff@example.kz",
        password=None,
        full_name="Болат Ахметов",
        position=Text("Тіркеуші", "Регистратор"),
        provider=None,
        roles=[Role.REGISTRAR],
        actor=SYSTEM,
        now=clock.now(),
        iin=iin,
    )
    TOTPDevice.objects.create(user=user, name="app", confirmed=True)
    return user


def test_a_demonstration_leads_to_the_simulated_phone(client: Client, settings: Settings) -> None:
    settings.SIMULATORS = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
    assert 'href="http://127.0.0.1:2/?link=http%3A%2F%2Ftestserver%2Fegov' in open_page(client)
    settings.DEMO = False
    assert "127.0.0.1:2" not in open_page(client)


def test_no_iin_stands_in_an_address_in_a_code_or_in_what_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="kualik")
    phone = phone_of(client)
    everything = [phone.link, json.dumps(phone.card()), json.dumps(phone.asked())]
    phone.sign(change=lambda content: b"other")
    phone.sign()
    everything += [open_page(client), client.get(f"{PAGE}state/").content.decode(), caplog.text]
    everything.append(finish(client).url)
    assert all(IIN not in text for text in everything)
    row = PhoneSigning.objects.get()
    assert (row.state, row.documents, row.signatures) == ("used", {}, [])


def test_a_stream_of_new_codes_comes_to_an_end(client: Client) -> None:
    client.defaults["REMOTE_ADDR"] = "192.0.2.9"
    for _ in range(OFFERED.misses):
        count_miss(OFFERED, "192.0.2.9", now=clock.now())
    assert client.get(PAGE).status_code == 429
    assert not PhoneSigning.objects.exists()


def offers() -> Iterator[str]:
    yield from PhoneSigning.objects.values_list("token", flat=True)


def test_a_code_is_made_when_the_page_is_shown_and_for_each_browser(client: Client) -> None:
    open_page(client)
    open_page(Client())
    assert len(set(offers())) == 2
    assert reverse("signatures:phone_card", args=[next(offers())]).startswith("/egov/")
