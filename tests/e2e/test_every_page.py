"""Every page a person may open: no accessibility fault, its own language, no sideways scroll."""

import pytest

PUBLIC = (
    "/",
    "/standards/",
    "/standards/A57/",
    "/standards/A303/",
    "/standards/diff/",
    "/providers/",
    "/providers/DEMO/",
    "/check/",
    "/status/",
    "/login/",
    "/enter/phone/",
    "/view/",
    "/accessibility/",
    "/api/",
)
OFFICE = (
    "/office/",
    "/office/groups/",
    "/office/import/",
    "/office/requests/",
    "/office/register/",
    "/office/tasks/",
    "/profile/",
)
FIRST_OF = ("/office/groups/", "/office/requests/", "/office/register/")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_public_pages(visit, language: str) -> None:
    visitor = visit(language)
    for path in PUBLIC:
        visitor.open(path)
        visitor.is_fine(f"public{path.replace('/', '-')}".rstrip("-"), 320, 1280)


@pytest.mark.parametrize(("language", "width"), [("kk", 390), ("ru", 1280)])
def test_office_pages(visit, language: str, width: int) -> None:
    office = visit(language, width)
    office.sign_in("registrar@turan.example")
    for path in OFFICE:
        office.open(path)
        office.has_no_fault()
        office.keep_picture(f"office{path.replace('/', '-')}{language}-{width}")
    for path in FIRST_OF:
        office.open(path)
        link = office.page.locator(f"main a[href^='{path}']:not([href*='?']):not([href$='.csv'])")
        office.open(link.first.get_attribute("href"))
        office.has_no_fault()
        office.keep_picture(f"one{path.replace('/', '-')}{language}-{width}")


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_refusal_is_previewed_before_it_is_made(visit, language: str) -> None:
    office = visit(language)
    office.sign_in("registrar@turan.example")
    office.open("/office/requests/?state=in_review")
    link = office.page.locator("main table a[href^='/office/requests/']").first
    path = link.get_attribute("href")
    office.open(f"{path}refuse/")
    office.has_no_fault()
    office.send("main form")
    office.has_no_fault()
    assert office.page.locator(".govuk-error-summary").count() == 1
    office.keep_picture(f"refuse-errors-{language}")
    office.page.locator("input[type=radio]").first.check()
    office.page.fill("textarea >> nth=0", "Ұсынылған дипломның нөмірі тізілімнен табылмады.")
    office.page.fill("textarea >> nth=1", "Номер представленного диплома не найден в реестре.")
    office.send("main form")
    office.has_no_fault()
    assert "тізілімнен табылмады" in office.page.inner_text("main")
    assert "не найден в реестре" in office.page.inner_text("main")
    office.keep_picture(f"refuse-preview-{language}")


def test_a_page_that_is_not_there_says_so(visit) -> None:
    visitor = visit("kk", 390)
    visitor.page.goto(f"{visitor.system}/nowhere/?lang=kk")
    visitor.has_no_fault()
    visitor.page.goto(f"{visitor.system}/c/0000000000000000?lang=kk")
    visitor.has_no_fault()
    visitor.keep_picture("check-unknown-kk")
