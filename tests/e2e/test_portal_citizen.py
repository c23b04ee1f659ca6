"""A citizen asks at the portal of e-government and gets the signed document there."""

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.seen import SEEN

REQUEST = r"SYR-\d{4}-Z\d{6}-[0-9A-Z]"
# Filed, accepted, in review, waits for the signature, issued.
LAST_STATUS = "010"
CHANNEL = {
    "kk": "«Электрондық үкімет» веб-порталы арқылы",
    "ru": "Через веб-портал «электронного правительства»",
}


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def look(citizen, name: str) -> None:
    """The page is sound as ours are, and counts as none of ours."""
    before = len(SEEN.visits)
    citizen.is_fine(name, citizen.page.viewport_size["width"])
    del SEEN.visits[before:]


@pytest.mark.parametrize(
    ("language", "width", "confirmation"), [("kk", 390, "OTP"), ("ru", 1280, "EDS")]
)
def test_a_request_of_the_portal_brings_the_signed_document_there(
    visit, applicants, egov, tmp_path: Path, language: str, width: int, confirmation: str
) -> None:
    """A57.2.2, A303.2.2."""
    me, citizen = applicants[f"portal-{language}"], visit(language, width)
    page, citizen.system = citizen.page, egov.address
    citizen.open("/")
    look(citizen, "portal-enter")
    page.check(f"#person-{me.id}")
    citizen.send("main form")
    citizen.follow("main a[href='/services/SYR']")
    expect(page.locator("main input[name=programme]")).to_have_value(me.title[language])
    page.check(f"#confirmation-{confirmation}")
    look(citizen, "portal-order")
    citizen.send("main form")
    if confirmation == "OTP":
        page.fill("main input[name=code]", page.locator("main .told strong").inner_text())
    look(citizen, "portal-confirm")
    citizen.send("main form")
    page.wait_for_url("**/cabinet/*")
    number = page.url.rpartition("/")[2]
    page.wait_for_selector("main .told.good", timeout=180_000)
    look(citizen, "portal-issued")
    with page.expect_download() as waiting:
        page.click("main a[href^='/download/']")
    file = tmp_path / "certificate.pdf"
    waiting.value.save_as(file)
    text = run("pdftotext", "-layout", file, "-")
    assert me.name.split()[0] in text
    assert me.title[language].split()[0] in text
    assert "Signature is Valid" in run("pdfsig", file)
    told = egov.request(number)
    codes = [one["code"] for one in told["statuses"]]
    assert codes == sorted(codes)
    assert (told["state"], told["code"], told["responses"]) == ("APPROVED", LAST_STATUS, 1)
    assert told["breaches"] == told["refused"] == told["after_the_end"] == []
    is_like_any_other(visit, me, language, width)


def is_like_any_other(visit, me, language: str, width: int) -> None:
    """The person finds the request in the cabinet, the office in its list, with its channel."""
    own = visit(language, width)
    own.be(me)
    own.open("/cabinet/")
    link = own.page.locator("main a[href^='/cabinet/requests/']").first
    found = re.search(REQUEST, link.get_attribute("href"))
    assert found
    own.follow("main a[href^='/cabinet/requests/']")
    own.is_fine("portal-own-request", width)
    expect(own.page.locator("main .k-verdict--good a[href$='.pdf']").first).to_be_visible()
    office = visit(language, width)
    office.sign_in("registrar@syr.example")
    office.open(f"/office/requests/{found[0]}/")
    office.is_fine("portal-office-request", width)
    expect(office.page.locator("main")).to_contain_text(CHANNEL[language])
