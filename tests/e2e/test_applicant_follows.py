"""What applicants ask of the office: a correction, acting for another, mending what went wrong."""

import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from kualik.core import clock
from tests.cases.papers import png

BOTH = pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
SCAN = {"name": "card.png", "mimeType": "image/png", "buffer": png()}
DOCUMENT = "main .k-verdict--good a[href$='.pdf']"
APPROVE = "main .k-next form[action$='/approve/'] button"
SIGNER = "authorised-person-syr"
# The longest surname that a document holds, and a run of letters that no line does.
SURNAME = "Қырғызбаева" + "ә" * 34
RUN = "Ж" * 80
MADE_MS = 60_000


def today() -> date:
    return clock.local_day(clock.now())


def at_office(visit, language: str, role: str):
    office = visit(language)
    office.sign_in(f"{role}@syr.example")
    return office


def sign_all(visitor, ncalayer, person: str) -> None:
    """Everything that is prepared for this person gets the person's own signature."""
    ncalayer.behave(person)
    wait_for_link(visitor, "/office/seal/sign/", "#confirm")
    visitor.page.check("#confirm")
    visitor.page.locator("#signing button[type=submit]").click()
    expect(visitor.page.locator("#signing .k-message--success")).to_be_visible(timeout=MADE_MS)


def text_of(visitor, link: str, folder: Path) -> str:
    with visitor.page.expect_download() as waiting:
        visitor.page.locator(link).first.click()
    file = folder / "paper.pdf"
    waiting.value.save_as(file)
    read = ["pdftotext", "-layout", file, "-"]
    return subprocess.run(read, check=True, capture_output=True, text=True).stdout


def wait_for_link(visitor, path: str, link: str) -> None:
    """The worker makes it: look again until it is there."""
    for _ in range(60):
        # The page must not renew itself while it is opened anew.
        visitor.open(f"{path}?reload=no")
        if visitor.page.locator(link).count():
            return
        visitor.page.wait_for_timeout(500)
    pytest.fail(f"{path} never shows {link}")


@BOTH
def test_a_wrong_spelling_is_corrected_and_the_document_says_the_new_name(
    visit, applicants, tmp_path: Path, language: str, width: int
) -> None:
    me, visitor = applicants[f"misspelt-{language}"], visit(language, width)
    page, name = visitor.page, f"{SURNAME} {me.name.partition(' ')[2]}"
    visitor.be(me)
    visitor.open("/cabinet/")
    visitor.follow("main a[href^='/cabinet/corrections/of/']")
    visitor.is_fine("applicant-correction", width)
    visitor.follow("main .k-actions button[type=submit]")
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    page.fill("main input[name=holder_kk]", name)
    page.fill("main input[name=holder_ru]", name)
    page.set_input_files("main input[name=scans]", SCAN)
    visitor.follow("main .k-actions button[type=submit]")
    visitor.is_fine("applicant-correction-check", 320, width)
    visitor.send("main form:has(input[name=key])")
    own = page.url.removeprefix(visitor.system).partition("?")[0]
    visitor.is_fine("applicant-correction-sent", 320, width)

    office = at_office(visit, language, "registrar")
    office.open(f"/office/corrections/{own.strip('/').rpartition('/')[2]}/")
    office.is_fine("applicant-correction-office", 320, 1280)
    office.follow("main .k-next a[href$='/accept/']")
    office.is_fine("applicant-correction-accept", 320, 1280)
    office.send("main form")
    office.open("/office/requests/")
    office.is_fine("office-long-name", 320, 1280)

    wait_for_link(visitor, own, "main .k-verdict--good")
    visitor.is_fine("applicant-corrected", 320, width)
    visitor.follow("main .k-verdict--good a[href^='/cabinet/requests/']")
    assert name.split()[0] in text_of(visitor, DOCUMENT, tmp_path)


@BOTH
def test_a_representative_receives_by_power_of_attorney(
    visit, applicants, language: str, width: int
) -> None:
    friend, visitor = applicants[f"friend-{language}"], visit(language, width)
    principal, page = applicants[f"principal-{language}"], visitor.page
    visitor.be(friend)
    visitor.open("/cabinet/mandates/")
    visitor.follow("main a[href='/cabinet/mandates/new/']")
    yesterday = today() - timedelta(days=1)
    page.fill("main input[name=principal_name]", principal.name)
    value = page.locator("main select[name=provider] option", has_text="«Сырдар")
    page.select_option("main select[name=provider]", value.get_attribute("value"))
    page.fill("main input[name=document_number]", "1-2207")
    page.fill("main input[name=issued_by]", "Нотариус А. Қуанышбекова, Қызылорда")
    page.fill("main input[name=issued_on]", str(yesterday - timedelta(days=300)))
    for valid_until in (yesterday, yesterday + timedelta(days=30)):
        page.fill("main input[name=principal_iin]", principal.iin)
        page.fill("main input[name=valid_until]", str(valid_until))
        page.set_input_files("main input[name=scans]", SCAN)
        visitor.follow("main .k-actions button[type=submit]")
        if valid_until == yesterday:
            expect(page.locator(".govuk-error-summary")).to_be_visible()
            visitor.is_fine("applicant-mandate-expired", width)
    expect(page.locator(".govuk-error-summary")).to_have_count(0)
    visitor.is_fine("applicant-mandates", width)

    office = at_office(visit, language, "clerk")
    office.open("/office/mandates/")
    office.follow(f"main a[href^='/office/mandates/']:has-text('{friend.name}')")
    office.is_fine("applicant-mandate-office", 1280)
    office.follow("main .k-next a[href$='/check/']")
    office.page.fill("main input[name=principal_iin]", principal.iin)
    office.send("main form")

    visitor.open("/cabinet/mandates/")
    visitor.follow("main a[href^='/cabinet/for/']")
    visitor.is_fine("applicant-acting", width)
    visitor.follow(f"main a[href='/cabinet/receive/{principal.completion}/']")
    visitor.is_fine("applicant-acting-receive", width)
    visitor.follow("main .govuk-button[value=confirm]")
    number = page.url.partition("?")[0].strip("/").rpartition("/")[2]
    visitor.open(f"/cabinet/requests/{number}/?reload=no")
    visitor.is_fine("applicant-acting-filed", width)

    office = at_office(visit, language, "registrar")
    office.open(f"/office/requests/{number}/")
    office.follow(APPROVE)
    visitor.be(principal)
    wait_for_link(visitor, f"/cabinet/requests/{number}/", DOCUMENT)
    expect(page.locator("main")).to_contain_text(friend.name)
    visitor.has_no_fault()


@BOTH
def test_a_refusal_comes_as_a_signed_letter_and_asking_again_brings_the_document(
    visit, ncalayer, applicants, tmp_path: Path, language: str, width: int
) -> None:
    me, visitor = applicants[f"refused-{language}"], visit(language, width)
    path = f"/cabinet/requests/{me.number}/"
    office = at_office(visit, language, "registrar")
    office.open(f"/office/requests/{me.number}/refuse/")
    office.page.locator("main input[type=radio]").first.check()
    office.page.fill(
        "main textarea[name=facts_kk]", f"Ұсынылған дипломның көшірмесі оқылмайды. {RUN}"
    )
    office.page.fill(
        "main textarea[name=facts_ru]", f"Копия представленного диплома не читается. {RUN}"
    )
    office.send("main form")
    office.is_fine("applicant-refusal-preview", 320, 1280)
    office.follow("main button[name=step][value=confirm]")
    office.is_fine("applicant-refused-office", 320, 1280)

    signer = at_office(visit, language, "authorised-person")
    wait_for_link(signer, "/office/seal/", "main a[href='/office/seal/sign/']")
    signer.is_fine("applicant-letter-waits", 1280)
    sign_all(signer, ncalayer, SIGNER)

    visitor.be(me)
    visitor.open(path)
    visitor.is_fine("applicant-refused", 320, width)
    letter = text_of(visitor, "main a[href^='/cabinet/letters/']", tmp_path)
    assert "көшірмесі оқылмайды" in letter
    assert "не читается" in letter
    visitor.follow("main .k-verdict--bad a[href^='/cabinet/receive/']")
    visitor.follow("main .govuk-button[value=confirm]")
    number = visitor.page.url.partition("?")[0].strip("/").rpartition("/")[2]
    assert number != me.number
    # Who was refused by a person is not decided on by the machine.
    wait_for_link(office, f"/office/requests/{number}/", APPROVE)
    office.follow(APPROVE)
    wait_for_link(visitor, f"/cabinet/requests/{number}/", DOCUMENT)
    visitor.open("/cabinet/")
    visitor.is_fine("applicant-after-refusal", width)


@BOTH
def test_an_overdue_request_is_complained_of_and_the_decision_brings_the_document(
    visit, ncalayer, applicants, language: str, width: int
) -> None:
    me, visitor = applicants[f"overdue-{language}"], visit(language, width)
    page, path = visitor.page, f"/cabinet/requests/{me.number}/"
    visitor.be(me)
    visitor.open(path)
    visitor.is_fine("applicant-overdue", width)
    visitor.follow("main .k-verdict--bad a[href^='/complaints/new/']")
    expect(page.locator("main input[name=named_number]")).to_have_value(me.number)
    visitor.is_fine("applicant-complaint", width)
    page.fill("main textarea[name=text]", f"Мерзім өтіп кетті, жауап жоқ. {RUN}")
    visitor.send("main form:has(textarea[name=text])")
    expect(page.locator(".govuk-error-summary")).to_have_count(0)
    visitor.is_fine("applicant-complained", 320, width)
    number = page.url.partition("?")[0].strip("/").rpartition("/")[2]

    head = at_office(visit, language, "office-head")
    head.open(f"/office/complaints/{number}/")
    head.is_fine("applicant-complaint-read", 320, 1280)
    head.follow("main .k-next a[href$='/decide/']")
    head.page.check("main input[name=kind][value=action_ordered]")
    head.page.fill(
        "main textarea[name=findings_kk]", "Өтініш мерзімінде қаралмаған, шағым негізді."
    )
    head.page.fill(
        "main textarea[name=findings_ru]", "Заявление не рассмотрено в срок, обоснованно."
    )
    head.send("main form")
    head.follow("main button[name=confirm]")
    head.is_fine("applicant-complaint-office", 1280)
    wait_for_link(head, f"/office/complaints/{number}/", "main a[href='/office/seal/sign/']")
    sign_all(head, ncalayer, "office-head-syr")
    head.open(f"/office/requests/{me.number}/")
    head.follow(APPROVE)

    visitor.open(f"/cabinet/complaints/{number}/")
    expect(page.locator("main a[href^='/cabinet/letters/']").first).to_be_visible()
    visitor.is_fine("applicant-complaint-decided", width)
    wait_for_link(visitor, path, DOCUMENT)
    visitor.is_fine("applicant-complaint-issued", width)
