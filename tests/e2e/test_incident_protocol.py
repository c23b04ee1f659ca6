"""A failure in the browser: declared, told, its protocol uploaded and signed with the simulated
NCALayer (A57.10-4)."""

import re

import pytest
from playwright.sync_api import expect

SIGNER = "authorised-person-demo"
WHAT = {
    "what_kk": "Тіркеу терезесіндегі компьютерлер",
    "what_ru": "Компьютеры в окнах приёма",
    "what_en": "The computers at the windows",
}


@pytest.fixture
def head(visit):
    visitor = visit("ru", 1280)
    visitor.sign_in("office-head@demo.example")
    return visitor


def fill(visitor, **values: str) -> None:
    for name, value in values.items():
        visitor.page.fill(f"main [name={name}]", value)
    visitor.send("main form.k-form")


def test_a_failure_goes_from_its_declaration_to_the_signed_protocol(visit, head, ncalayer) -> None:
    head.open("/office/incidents/declare/")
    head.has_no_fault()
    fill(head, **WHAT)
    one = head.page.url
    number = one.rstrip("/").rpartition("/")[2]
    head.has_no_fault()
    head.open("/office/")
    expect(head.page.locator(".k-notices")).to_contain_text(WHAT["what_ru"])
    guest = visit("kk", 390)
    guest.open("/")
    assert WHAT["what_kk"] not in guest.page.content()
    guest.open("/providers/DEMO/")
    expect(guest.page.locator(".k-notices")).to_contain_text(WHAT["what_kk"])
    guest.open("/incidents/")
    expect(guest.page.locator("main")).to_contain_text(WHAT["what_kk"])
    guest.has_no_fault()
    guest.keep_picture("incidents-public-kk-390")

    head.open(f"/office/incidents/{number}/DEMO/notice/")
    head.page.check("input[value=phone]")
    fill(head, reference="№ 4711")
    head.open(f"/office/incidents/{number}/end/")
    head.send("main form.k-form")
    head.open("/office/")
    assert WHAT["what_ru"] not in head.page.content()

    draft = head.page.request.get(f"{head.system}/office/incidents/{number}/DEMO/draft.pdf")
    file = {"name": "протокол.pdf", "mimeType": "application/pdf", "buffer": draft.body()}
    head.open(f"/office/incidents/{number}/")
    found = re.search(r"\d\d\.\d\d\.\d{4}", head.page.inner_text("main"))
    assert found
    head.open(f"/office/incidents/{number}/DEMO/upload/")
    head.has_no_fault()
    head.page.set_input_files("input[type=file]", file)
    fill(head, number="77-Т", dated=found[0])

    signer = visit("kk", 390)
    signer.sign_in("authorised-person@demo.example")
    signer.open(f"/office/incidents/{number}/DEMO/sign/")
    signer.has_no_fault()
    ncalayer.behave("registrar-demo")
    signer.page.click("[data-sign]")
    expect(signer.page.locator(".govuk-error-summary")).to_have_count(1, timeout=60_000)
    ncalayer.behave(SIGNER)
    signer.page.click("[data-sign]")
    signer.page.wait_for_url(f"**/office/incidents/{number}/", timeout=60_000)
    expect(signer.page.locator(".k-message--success")).to_have_count(1)
    signer.has_no_fault()
    signer.keep_picture("incident-signed-kk-390")
