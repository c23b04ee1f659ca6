"""Entering by a signature, from the page with the challenge to the open cabinet or office."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as present
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person, User
from kualik.accounts.services import enrol_staff
from kualik.config import jobs
from kualik.core import clock, journal
from kualik.core.access import APPLICANT_KEY
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.core.throttle import count_miss
from kualik.providers.models import Provider
from kualik.rules.identifiers import check_digit
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import Leaf, Revocation, Scheme, register
from kualik.signatures.models import Challenge
from kualik.signatures.services.test_keys import test_person_leaf as person_leaf
from kualik.signatures.services.trusting import test_authority_root as authority_root
from kualik.signatures.views.entry import REFUSED
from tests.entering import answer, ask, consent, enter, open_cabinet, signed

pytestmark = pytest.mark.django_db
NAME, IIN = "Әбдірахманова Айгерім Нұрланқызы", "840805414770"
OTHER_IIN = "850315300123"
PASSWORD = "бір-екі-үш-төрт"
HERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def installation(served_installation: None) -> None:
    """Every test here enters an installation that asks real services."""


def leaf(iin: str = IIN, *, bin: str = "", scheme: Scheme = Scheme.RSA, name: str = NAME) -> Leaf:
    organisation = "«ДЕМО» АКАДЕМИЯСЫ" if bin else ""
    return person_leaf(
        name=name, iin=iin, organisation=organisation, bin=bin, scheme=scheme, now=clock.now()
    )


def provider(code: str = "DEMO", body: str = "97044000033") -> Provider:
    return Provider.objects.create(
        code=code,
        bin=f"{body}{check_digit(body)}",
        kind=Provider.Kind.EDUCATION,
        name_kk=f"{code} академиясы",
        name_ru=f"Академия {code}",
        city_kk="Алматы",
        city_ru="Алматы",
    )


@pytest.fixture
def enrol() -> Callable[..., User]:
    """Makes a registrar with a password, an IIN and a confirmed device."""

    def make(place: Provider | None, iin: str = IIN, *, has_device: bool = True) -> User:
        user = enrol_staff(
            email=f"staff{User.objects.count()}@example.kz",
            password=PASSWORD,
            full_name="Болат Ахметов",
            position=Text("Тіркеуші", "Регистратор"),
            provider=place,
            roles=[Role.REGISTRAR],
            actor=SYSTEM,
            now=clock.now(),
            iin=iin,
        )
        if has_device:
            TOTPDevice.objects.create(user=user, name="app", confirmed=True)
        return user

    return make


def told(response: HttpResponse) -> str:
    """What the next page would say."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


# The applicant


def test_an_unknown_person_is_let_in_and_registered_by_the_names_of_the_certificate(
    client: Client,
) -> None:
    response = enter(client, leaf())
    assert response.url == "/cabinet/"
    person = Person.objects.get()
    assert (person.family_name, person.given_name, person.patronymic) == tuple(NAME.split())
    assert open_iin(bytes(person.iin_sealed)) == IIN
    consent(person)
    page = client.get(response.url).content.decode()
    assert NAME in page
    assert IIN not in page


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_the_journal_tells_way_level_and_certificate_and_no_iin(
    client: Client, scheme: Scheme
) -> None:
    key = leaf(scheme=scheme)
    enter(client, key)
    person = Person.objects.get()
    [entry] = journal.history(f"person:{person.pk}")
    assert (entry.action, entry.actor, entry.role) == (
        "accounts.entered",
        f"person:{person.pk}",
        "applicant",
    )
    assert entry.data == {"way": "ncalayer", "level": "eds", "certificate": f"{key.serial:x}"}
    assert IIN not in json.dumps(list(JournalEntry.objects.values()), default=str)


def test_a_known_person_keeps_the_stored_names(client: Client) -> None:
    enter(client, leaf(name="Әбдірахманова Айгерім Нұрланқызы"))
    client.post(reverse("signatures:leave"))
    enter(client, leaf(name="Иванова Айгерім Нұрланқызы"))
    assert Person.objects.get().family_name == "Әбдірахманова"


def test_entering_gives_the_browser_a_new_session(client: Client) -> None:
    """A session that somebody planted before is worth nothing afterwards."""
    fields, content = ask(client)
    planted = client.session.session_key
    answer(client, fields, signed(content, leaf()))
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()
    assert set(client.session.keys()) == {APPLICANT_KEY}


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/cabinet/?lang=ru", "/cabinet/?lang=ru"),
        ("https://evil.example/", "/cabinet/"),
        ("//evil.example/", "/cabinet/"),
        ("javascript:alert(1)", "/cabinet/"),
    ],
)
def test_an_entry_leads_to_the_wanted_page_of_this_site_alone(
    client: Client, wanted: str, reached: str
) -> None:
    assert enter(client, leaf(), next=wanted).url == reached


def test_the_cabinet_sends_strangers_to_the_ways_of_entering_and_back(client: Client) -> None:
    sent = client.get("/cabinet/")
    assert sent.url == "/enter/?next=/cabinet/"
    assert "/enter/eds/?next=%2Fcabinet%2F" in client.get(sent.url).content.decode()


def test_who_is_inside_is_led_on_from_the_ways_of_entering(client: Client) -> None:
    enter(client, leaf())
    for page in ("/enter/", "/enter/eds/"):
        assert client.get(page).url == "/cabinet/"
        assert client.get(page, {"next": "/status/"}).url == "/status/"


def test_leaving_ends_the_session_and_needs_a_press_of_the_button(client: Client) -> None:
    enter(client, leaf())
    consent(Person.objects.get())
    assert client.get("/leave/").url == "/"
    assert client.get("/cabinet/").status_code == 200
    assert client.post("/leave/").url == "/"
    assert client.get("/cabinet/").url.startswith("/enter/")


def test_an_entry_ends_after_eight_hours_however_busy_it_was(client: Client) -> None:
    enter(client, leaf())
    person = Person.objects.get()
    almost = clock.now() - timedelta(seconds=present.SESSION_COOKIE_AGE - 60)
    assert open_cabinet(client, person, since=almost).get("/cabinet/").status_code == 200
    over = clock.now() - timedelta(seconds=present.SESSION_COOKIE_AGE)
    assert open_cabinet(client, person, since=over).get("/cabinet/").url.startswith("/enter/")


def test_a_person_who_is_no_more_has_no_cabinet(client: Client) -> None:
    enter(client, leaf())
    Person.objects.all().delete()
    assert client.get("/cabinet/").status_code == 403


def test_a_key_of_an_organisation_opens_no_private_cabinet(client: Client) -> None:
    response = enter(client, leaf(bin="970440000331"))
    assert response.url == "/enter/eds/"
    assert "Бұл – ұйымның кілті" in told(response)
    assert not Person.objects.exists()


# What is refused


def test_a_refusal_leads_to_a_new_challenge_and_says_why(client: Client) -> None:
    revoked = leaf(OTHER_IIN)
    register(authority_root() / "rsa", revoked, Revocation(at=clock.now() - timedelta(hours=1)))
    fields, content = ask(client, next="/cabinet/")
    response = answer(client, fields, signed(content, revoked))
    assert response.url == "/enter/eds/?next=%2Fcabinet%2F"
    assert "Қолтаңба қабылданбады" in client.get(response.url).content.decode()
    again, _ = ask(client)
    assert again["token"] != fields["token"]
    assert client.get("/cabinet/").status_code == 302


def test_when_the_authority_is_silent_nobody_is_let_in(client: Client, settings: Settings) -> None:
    """Asked anew at every sign-in: what could not be learnt is not good."""
    settings.TEST_AUTHORITY_URL = "http://127.0.0.1:9"
    key = person_leaf(name=NAME, iin="900101300018", now=clock.now())
    response = enter(client, key)
    assert "Қолтаңба қабылданбады" in told(response)


def test_outside_a_demonstration_a_test_key_opens_nothing(
    client: Client, settings: Settings
) -> None:
    key = leaf()
    settings.DEMO = False
    response = enter(client, key)
    assert "Қолтаңба қабылданбады" in told(response)
    assert not Person.objects.exists()


def test_an_answer_cannot_be_sent_twice_nor_from_another_browser(client: Client) -> None:
    fields, content = ask(client)
    signature = signed(content, leaf())
    thief = Client()
    assert "басқа браузерде" in told(answer(thief, fields, signature))
    assert "бір рет пайдаланылды" in told(answer(client, fields, signature))
    assert not Person.objects.exists()


def test_an_empty_form_is_refused_in_words(client: Client) -> None:
    fields, _ = ask(client)
    assert "Қолтаңба файлы бос" in told(answer(client, fields, ""))
    assert "табылмады" in told(client.post(reverse("signatures:eds_answer"), {}))


def test_guesses_from_one_address_come_to_an_end(client: Client) -> None:
    client.defaults["REMOTE_ADDR"] = HERE
    fields, _ = ask(client)
    answer(client, fields, "")
    for _ in range(REFUSED.misses - 1):
        count_miss(REFUSED, HERE, now=clock.now())
    assert "Тым көп әрекет жасалды" in told(enter(client, leaf()))
    client.defaults["REMOTE_ADDR"] = "192.0.2.8"
    assert enter(client, leaf()).url == "/cabinet/"


def test_the_answer_needs_the_token_against_forgery() -> None:
    careful = Client(enforce_csrf_checks=True)
    assert careful.post(reverse("signatures:eds_answer"), {}).status_code == 403
    assert careful.post(reverse("signatures:leave"), {}).status_code == 403


def test_the_page_may_speak_to_ncalayer_and_to_nobody_else(
    client: Client, settings: Settings
) -> None:
    settings.NCALAYER_URL = "wss://127.0.0.1:13579/"
    response = client.get(reverse("signatures:eds"))
    policy = response["Content-Security-Policy"]
    assert "connect-src 'self' wss://127.0.0.1:13579" in policy
    assert "*" not in policy
    assert "no-store" in response["Cache-Control"]
    assert 'data-ncalayer="wss://127.0.0.1:13579/"' in response.content.decode()


def test_the_challenge_speaks_the_language_of_the_page_and_names_the_site(client: Client) -> None:
    _, content = ask(client, lang="ru")
    assert "не подписание документа" in content.decode()
    assert "Сайт: testserver" in content.decode()


def test_a_page_says_what_is_needed_without_scripts(client: Client) -> None:
    assert "<noscript>" in client.get(reverse("signatures:eds")).content.decode()


# Staff


def test_a_signature_takes_the_place_of_the_password_alone(
    client: Client, enrol: Callable[..., User]
) -> None:
    user = enrol(provider())
    key = leaf()
    response = enter(client, key, **{"as": "staff", "next": "/office/requests/"})
    assert response.url == "/login/?next=%2Foffice%2Frequests%2F"
    assert client.get(response.url).url == "/login/code/?next=%2Foffice%2Frequests%2F"
    assert client.get("/office/").url == "/login/code/?next=/office/"
    entry = journal.history(f"user:{user.pk}")[-1]
    assert (entry.action, entry.data) == (
        "accounts.signature_accepted",
        {"certificate": f"{key.serial:x}"},
    )
    assert APPLICANT_KEY not in client.session


def test_without_a_device_one_is_enrolled_as_after_a_password(
    client: Client, enrol: Callable[..., User]
) -> None:
    enrol(provider(), has_device=False)
    response = enter(client, leaf(), **{"as": "staff"})
    assert client.get(response.url).url == "/login/enrol/"


def test_the_key_of_an_organisation_finds_the_account_there(
    client: Client, enrol: Callable[..., User]
) -> None:
    here, there = provider(), provider("OTHER", "96034000022")
    enrol(here)
    wanted = enrol(there)
    enter(client, leaf(bin=there.bin), **{"as": "staff"})
    assert int(client.session["_auth_user_id"]) == wanted.pk


def test_a_private_key_does_not_choose_between_two_organisations(
    client: Client, enrol: Callable[..., User]
) -> None:
    for place in (provider(), provider("OTHER", "96034000022")):
        enrol(place)
    response = enter(client, leaf(), **{"as": "staff"})
    assert response.url == "/enter/eds/?as=staff"
    assert "бірнеше ұйымда" in told(response)


def test_who_is_no_staff_gets_no_further(client: Client, enrol: Callable[..., User]) -> None:
    place = provider()
    enrol(place, OTHER_IIN)
    User.objects.update(is_active=False)
    enrol(place, "")
    for key in (leaf(), leaf(OTHER_IIN, scheme=Scheme.GOST512), leaf(bin="960340000227")):
        assert "тіркелгісі жоқ" in told(enter(client, key, **{"as": "staff"}))
    assert "_auth_user_id" not in client.session


def test_wrong_passwords_that_lock_an_account_stop_the_signature_too(
    client: Client, enrol: Callable[..., User]
) -> None:
    user = enrol(provider())
    for _ in range(present.AXES_FAILURE_LIMIT):
        client.post(reverse("accounts:login"), {"email": user.email, "password": "wrong"})
    assert "Тым көп әрекет жасалды" in told(enter(client, leaf(), **{"as": "staff"}))
    client.defaults["REMOTE_ADDR"] = "192.0.2.9"
    assert enter(client, leaf(), **{"as": "staff"}).url == "/login/"


def test_an_applicant_who_signs_in_as_staff_leaves_the_cabinet(
    client: Client, enrol: Callable[..., User]
) -> None:
    user = enrol(provider())
    enter(client, leaf())
    enter(client, leaf(), **{"as": "staff"})
    assert client.get("/cabinet/").url.startswith("/enter/")
    client.post(reverse("accounts:logout"))
    enter(client, leaf())
    client.post(reverse("accounts:login"), {"email": user.email, "password": PASSWORD})
    assert client.get("/cabinet/").url.startswith("/enter/")
    assert client.get("/profile/").url.startswith("/login/code/")


def test_staff_who_enter_the_cabinet_leave_the_office(
    client: Client, enrol: Callable[..., User]
) -> None:
    enrol(provider())
    enter(client, leaf(), **{"as": "staff"})
    assert enter(client, leaf()).url == "/cabinet/"
    consent(Person.objects.get())
    assert client.get("/profile/").url.startswith("/login/?")
    assert client.get("/cabinet/").status_code == 200


def test_both_in_one_session_are_neither(client: Client, enrol: Callable[..., User]) -> None:
    """No way of ours leads there; if one ever did, the cabinet stays closed."""
    user = enrol(provider())
    enter(client, leaf())
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    open_cabinet(client, Person.objects.get())
    assert {APPLICANT_KEY, "_auth_user_id"} <= set(client.session.keys())
    assert client.get("/cabinet/").url.startswith("/enter/")


def test_the_sign_in_of_staff_offers_the_signature_and_keeps_the_wanted_page(
    client: Client,
) -> None:
    page = client.get(reverse("accounts:login"), {"next": "/office/seal/"}).content.decode()
    assert "/enter/eds/?as=staff&amp;next=/office/seal/" in page


# The day after


def test_what_entering_leaves_behind_is_swept_by_the_job_of_the_day(client: Client) -> None:
    ask(client)
    now = clock.now()
    jobs.run_sweep_job({}, now)
    assert (Challenge.objects.count(), Session.objects.count()) == (1, 1)
    jobs.run_sweep_job({}, now + timedelta(days=1))
    assert (Challenge.objects.count(), Session.objects.count()) == (0, 0)
