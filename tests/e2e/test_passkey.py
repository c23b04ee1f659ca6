"""A passkey is made and used in a real browser with a software authenticator."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

from kualik.accounts import services
from kualik.accounts.queries import second_factors
from kualik.core import clock, journal
from kualik.core.journal import SYSTEM
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.e2e.seen import CHROMIUM_PATH

PASSWORD = "бір-екі-үш-төрт"
EMAIL = "aigul@example.kz"
BROWSER = {
    "executable_path": CHROMIUM_PATH,
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ],
}
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(request, settings, tmp_path):
    """The address of the site, which is also the origin that passkeys are bound to."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    # The server keeps the static root of its start, so it starts after the line above.
    url = request.getfixturevalue("live_server").url
    settings.OTP_WEBAUTHN_RP_ID = "localhost"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [url]
    return url


@pytest.fixture
def registrar(transactional_db):
    return services.enrol_staff(
        email=EMAIL,
        password=PASSWORD,
        full_name="Айгүл Серікқызы",
        position=Text("Тіркеуші", "Регистратор"),
        provider=None,
        roles=[Role.REGISTRAR],
        actor=SYSTEM,
        now=clock.now(),
    )


@contextmanager
def browser_page():
    """A page with a platform authenticator; the database is out of reach while it is open."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**BROWSER)
        page = browser.new_page()
        page.set_default_timeout(15_000)
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
        browser.close()


def give_password(page, site):
    page.goto(f"{site}/login/?lang=en")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def make_passkey_and_leave(page, site):
    give_password(page, site)
    expect(page).to_have_url(f"{site}/login/enrol/")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url(f"{site}/cases/office/")
    expect(page.get_by_text("work of the office")).to_be_visible()
    page.goto(f"{site}/profile/")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("This device already has a passkey for this system.")).to_be_visible()
    page.get_by_role("navigation").get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/")


@pytest.mark.urls("tests.accounts.urls")
def test_a_passkey_is_the_second_factor(registrar, site):
    with browser_page() as page:
        make_passkey_and_leave(page, site)
        give_password(page, site)
        expect(page).to_have_url(f"{site}/login/code/")
        page.goto(f"{site}/cases/office/")
        expect(page).to_have_url(f"{site}/login/code/?next=/cases/office/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{site}/cases/office/")
    [device] = second_factors(registrar)
    assert device.is_passkey
    assert device.used_at is not None
    acts = [entry.action for entry in journal.history(f"user:{registrar.pk}")]
    assert acts[1:] == ["accounts.device_added", "accounts.signed_in", "accounts.signed_in"]
