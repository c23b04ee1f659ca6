import re

import pytest
import zxingcpp
from django.conf import settings as present
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from kualik.accounts import services
from kualik.accounts.models import User
from kualik.accounts.views.signing_in import SIGN_INS
from kualik.core import clock, journal
from kualik.core.throttle import count_miss
from kualik.rules.lifecycle import Role
from tests.accounts.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.urls")]
WRONG = "Электрондық пошта немесе құпиясөз дұрыс емес."
TOO_MANY = "Тым көп әрекет жасалды. 15 минуттан кейін қайталап көріңіз."


def code_of(device, ahead=0):
    """The code of a device at this moment, or some steps of 30 seconds later."""
    app = TOTP(device.bin_key, drift=ahead)
    app.time = clock.now().timestamp()
    return f"{app.token():06d}"


def add_app(user, name="app"):
    return TOTPDevice.objects.create(user=user, name=name, confirmed=True)


def give_password(client, email="aigul@example.kz", password=PASSWORD, **more):
    return client.post(reverse("accounts:login"), {"email": email, "password": password, **more})


def give_code(client, code, **more):
    return client.post(reverse("accounts:second_factor"), {"code": code, **more})


def text_of(response):
    return response.content.decode()


@pytest.fixture
def app(registrar):
    return add_app(registrar)


def test_both_factors_open_the_office(client, app):
    step = give_password(client)
    assert step.url == "/login/code/"
    done = give_code(client, code_of(app))
    assert done.url == "/cases/office/"
    assert client.get(done.url).content == b"work of the office"
    entry = journal.history(f"user:{app.user_id}")[-1]
    assert (entry.action, entry.data) == ("accounts.signed_in", {"device": app.persistent_id})


def test_a_password_alone_opens_no_staff_page(client, app):
    give_password(client)
    response = client.get("/cases/office/")
    assert response.url == "/login/code/?next=/cases/office/"
    assert client.get("/profile/").url == "/login/code/?next=/profile/"
    assert [entry.action for entry in journal.history(f"user:{app.user_id}")] == [
        "accounts.enrolled"
    ]


def test_an_address_is_taken_in_any_letters(client, app):
    assert give_password(client, email=" AIGUL@example.kz").url == "/login/code/"


def test_answers_do_not_tell_an_unknown_address_from_a_wrong_password(client, app):
    answers = [
        give_password(client, email=email, password="wrong")
        for email in ("aigul@example.kz", "nobody@example.kz")
    ]
    texts = [re.sub(r'value="[^"]*"', "", text_of(answer)) for answer in answers]
    assert texts[0] == texts[1]
    assert WRONG in texts[0]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_an_inactive_person_gets_the_same_answer(client, app):
    User.objects.update(is_active=False)
    assert WRONG in text_of(give_password(client))


def test_an_open_session_ends_when_the_person_is_made_inactive(client, app):
    give_password(client)
    give_code(client, code_of(app))
    User.objects.update(is_active=False)
    assert client.get("/cases/office/").url == "/login/?next=/cases/office/"


def test_a_person_without_a_password_cannot_sign_in(client, app):
    user = User.objects.get()
    user.set_unusable_password()
    user.save()
    assert WRONG in text_of(give_password(client, password=user.password))


def test_a_wrong_code_is_refused_and_the_next_try_must_wait(client, app):
    give_password(client)
    right = code_of(app)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert "Код дұрыс емес немесе бұрын пайдаланылған" in text_of(give_code(client, wrong))
    assert "аздап күту керек" in text_of(give_code(client, right))
    assert client.get("/cases/office/").status_code == 302


@pytest.mark.parametrize("code", ["12345", "1234567", "12a456", "", "１２３４５６"])
def test_what_is_not_six_digits_is_no_try(client, app, code):
    give_password(client)
    give_code(client, code)
    assert TOTPDevice.objects.get().throttling_failure_count == 0


def test_a_code_may_be_typed_in_two_groups(client, app):
    give_password(client)
    code = code_of(app)
    assert give_code(client, f" {code[:3]} {code[3:]}").url == "/cases/office/"


def test_a_code_serves_once(client, app):
    code = code_of(app)
    give_password(client)
    give_code(client, code)
    client.post(reverse("accounts:logout"))
    give_password(client)
    assert give_code(client, code).status_code == 200
    assert client.get("/cases/office/").status_code == 302


def test_the_code_of_somebody_else_is_refused(client, app, enrol):
    other = add_app(enrol(email="other@example.kz"))
    give_password(client)
    assert give_code(client, code_of(other)).status_code == 200


def test_an_unconfirmed_app_does_not_count(client, registrar):
    TOTPDevice.objects.create(user=registrar, confirmed=False)
    assert give_password(client).url == "/login/enrol/"


def test_tries_are_stopped_and_the_right_password_too(client, app):
    for _ in range(present.AXES_FAILURE_LIMIT):
        response = give_password(client, password="wrong")
    assert response.status_code == 429
    assert TOO_MANY in text_of(response)
    stopped = give_password(client)
    assert stopped.status_code == 429
    assert client.get("/login/code/").url.startswith("/login/?")
    locks = journal.JournalEntry.objects.filter(action="accounts.locked_out")
    assert [lock.subject for lock in locks] == [f"user:{app.user_id}"]


def test_an_unknown_address_is_stopped_alike(client, app):
    for _ in range(present.AXES_FAILURE_LIMIT):
        response = give_password(client, email="nobody@example.kz", password="wrong")
    assert response.status_code == 429
    assert TOO_MANY in text_of(response)
    assert give_password(client).url == "/login/code/"


def test_the_stop_is_told_in_the_language_of_the_visitor(client, app):
    client.cookies["kualik_language"] = "ru"
    for _ in range(present.AXES_FAILURE_LIMIT):
        response = give_password(client, password="wrong")
    assert "Повторите через 15 минут" in text_of(response)


def test_one_address_cannot_try_many_accounts_without_end(client, app):
    for _ in range(SIGN_INS.misses - 1):
        count_miss(SIGN_INS, "127.0.0.1", now=clock.now())
    assert WRONG in text_of(give_password(client, password="wrong"))
    response = give_password(client)
    assert response.status_code == 429
    assert "too_many_tries" in text_of(response)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "http:evil.example",
    ],
)
def test_a_sign_in_never_leads_to_another_site(client, app, address):
    page = client.get(reverse("accounts:login"), {"next": address})
    assert "evil" not in text_of(page).split("</header>")[1]
    assert give_password(client, next=address).url == "/login/code/"
    assert give_code(client, code_of(app), next=address).url == "/cases/office/"


def test_the_wanted_page_is_reached_through_both_steps(client, app):
    step = give_password(client, next="/training/groups/?page=2")
    assert step.url == "/login/code/?next=%2Ftraining%2Fgroups%2F%3Fpage%3D2"
    assert 'value="/training/groups/?page=2"' in text_of(client.get(step.url))
    assert give_code(client, code_of(app), next="/training/groups/?page=2").url == (
        "/training/groups/?page=2"
    )


def test_who_has_no_work_in_the_office_lands_on_the_profile(client, enrol):
    device = add_app(enrol(email="admin@example.kz", roles=[Role.PLATFORM_ADMIN]))
    give_password(client, email="admin@example.kz")
    assert give_code(client, code_of(device)).url == "/profile/"


def test_each_step_gives_the_session_a_new_key(client, app):
    client.get(reverse("accounts:login"))
    keys = [client.session.session_key]
    give_password(client)
    keys.append(client.session.session_key)
    give_code(client, code_of(app))
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3


@pytest.mark.parametrize("name", ["login", "second_factor", "enrol", "profile"])
def test_pages_of_the_sign_in_are_not_kept_by_browsers(client, app, name):
    if name != "login":
        give_password(client)
    if name in ("enrol", "profile"):
        give_code(client, code_of(app))
    response = client.get(reverse(f"accounts:{name}"))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


def test_a_complete_sign_in_skips_the_steps(client, app):
    give_password(client)
    give_code(client, code_of(app))
    assert client.get(reverse("accounts:login")).url == "/cases/office/"
    assert client.get(reverse("accounts:second_factor")).url == "/cases/office/"


def test_signing_out_is_a_post(client, app):
    give_password(client)
    give_code(client, code_of(app))
    assert client.get(reverse("accounts:logout")).url == "/"
    assert client.post(reverse("accounts:logout")).url == "/"
    assert client.get("/cases/office/").url == "/login/?next=/cases/office/"


def test_a_first_app_is_connected_by_the_drawn_code(client, registrar):
    assert give_password(client).url == "/login/enrol/"
    page = client.get("/login/enrol/")
    secret = re.search(r'<code class="k-secret"[^>]*>([A-Z2-7 ]+)</code>', text_of(page))
    drawn = read_qr(page.context["qr"])
    assert drawn.startswith("otpauth://totp/Kualik%3Aaigul%40example.kz?")
    assert f"secret={secret[1].replace(' ', '')}" in drawn
    device = TOTPDevice(key=client.session["enrol_key"])
    assert client.post("/login/enrol/", {"code": code_of(device)}).url == "/cases/office/"
    assert client.get("/cases/office/").status_code == 200
    assert "enrol_key" not in client.session
    acts = [entry.action for entry in journal.history(f"user:{registrar.pk}")]
    assert acts[1:] == ["accounts.device_added", "accounts.signed_in"]


def read_qr(qr, scale=4):
    """The text of a code drawn by horizontal and vertical bars, as the page draws it."""
    side = qr.size * scale
    picture = bytearray(b"\xff" * side * side)
    for bar in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z", qr.path):
        left, top, width, height = (int(number) * scale for number in bar)
        for row in range(top, top + height):
            picture[row * side + left : row * side + left + width] = bytes(width)
    return zxingcpp.read_barcode(memoryview(picture).cast("B", [side, side])).text


def test_a_first_app_with_a_wrong_code_opens_nothing(client, registrar):
    give_password(client)
    key = client.get("/login/enrol/") and client.session["enrol_key"]
    response = client.post("/login/enrol/", {"code": "000000"})
    assert response.status_code == 200
    assert client.session["enrol_key"] == key
    assert client.get("/cases/office/").status_code == 302


def test_a_password_alone_cannot_connect_a_second_app(client, app):
    give_password(client)
    assert client.get("/login/enrol/").url == "/login/code/"
    assert client.post("/login/enrol/", {"code": "123456"}).url == "/login/code/"


def test_a_new_app_takes_the_place_of_the_old(client, app):
    give_password(client)
    give_code(client, code_of(app))
    client.get("/login/enrol/")
    new = TOTPDevice(key=client.session["enrol_key"])
    client.post("/login/enrol/", {"code": code_of(new)})
    assert [device.key for device in TOTPDevice.objects.all()] == [new.key]
    assert client.get("/cases/office/").status_code == 200


def test_the_profile_shows_the_person_and_keeps_the_last_device(client, app):
    give_password(client)
    give_code(client, code_of(app))
    page = text_of(client.get("/profile/"))
    assert "Айгүл Серікқызы" in page
    assert "Тіркеуші" in page
    assert "Медициналық академия" in page
    client.post("/profile/devices/remove/", {"device": app.persistent_id})
    assert TOTPDevice.objects.filter(pk=app.pk).exists()
    assert "Соңғы кіру құралын жоюға болмайды" in text_of(client.get("/profile/"))


@pytest.mark.parametrize("step", ["registration", "authentication"])
@pytest.mark.parametrize("half", ["begin", "complete"])
def test_passkeys_are_closed_to_strangers(client, db, step, half):
    response = client.post(f"/webauthn/{step}/{half}/")
    assert response.url.startswith("/login/?")


def test_a_password_alone_cannot_add_a_passkey_beside_an_app(client, app):
    give_password(client)
    for half in ("begin", "complete"):
        response = client.post(f"/webauthn/registration/{half}/")
        assert response.status_code == 403
        assert response.json()["code"] == "passkey_refused"


def test_an_invented_passkey_is_refused_in_the_language_of_the_visitor(client, app):
    give_password(client)
    client.post("/webauthn/authentication/begin/")
    answer = client.post(
        "/webauthn/authentication/complete/", {"id": "x"}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Кіру кілті қабылданбады")
    assert client.get("/cases/office/").status_code == 302


@pytest.fixture
def demo_user(registrar, settings):
    settings.DEMO, settings.DEMO_PASSWORD = True, PASSWORD
    services.enrol_demo_device(user=registrar, now=clock.now())
    return registrar


def test_the_demonstration_signs_in_by_what_its_pages_show(client, demo_user):
    page = client.get(reverse("accounts:login"))
    [account] = page.context["demo_accounts"]
    shown = text_of(page)
    assert PASSWORD in shown
    assert "Тіркеуші" in shown
    give_password(client, email=account.email, password=page.context["demo_password"])
    for _ in range(3):
        code = re.search(r'id="demo-code">(\d{6})<', text_of(client.get("/login/code/")))[1]
        assert give_code(client, code).url == "/cases/office/"
        client.post(reverse("accounts:logout"))
        give_password(client)


def test_a_real_installation_shows_no_accounts_and_no_codes(client, demo_user, settings):
    settings.DEMO = False
    page = text_of(client.get(reverse("accounts:login")))
    assert demo_user.email not in page
    assert PASSWORD not in page
    give_password(client)
    assert "demo-code" not in text_of(client.get("/login/code/"))


def test_a_real_app_is_not_told_in_a_demonstration(client, app, settings):
    settings.DEMO = True
    assert app.user.email not in text_of(client.get(reverse("accounts:login")))
    give_password(client)
    assert "demo-code" not in text_of(client.get("/login/code/"))
