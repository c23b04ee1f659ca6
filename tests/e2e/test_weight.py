"""A page weighs less than 100 kB at a first visit, with its letters, style and script."""

import pytest

from bench.weight import weigh

MOST_BYTES = 100_000
PUBLIC = ("/", "/check/", "/status/", "/enter/", "/providers/", "/view/", "/accessibility/")
OFFICE = ("/office/", "/office/requests/", "/office/tasks/")


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_public_page_is_light(visit, language: str) -> None:
    visitor = visit(language, 390)
    for path in PUBLIC:
        found = weigh(visitor.page, f"{visitor.system}{path}?lang={language}")
        assert 20_000 < found.bytes < MOST_BYTES, path
        assert found.files > 3, path


def test_the_pages_of_the_cabinet_are_light(visit, ncalayer) -> None:
    visitor = visit("kk", 390)
    visitor.enter(ncalayer, "graduate-demo-1")
    link = visitor.page.locator("main a[href^='/cabinet/requests/']").first.get_attribute("href")
    for path in ("/cabinet/", link, "/cabinet/ask/"):
        found = weigh(visitor.page, f"{visitor.system}{path}")
        assert 20_000 < found.bytes < MOST_BYTES, path


def test_the_pages_of_the_office_are_light(visit) -> None:
    visitor = visit("ru")
    visitor.sign_in("registrar@turan.example")
    for path in OFFICE:
        found = weigh(visitor.page, f"{visitor.system}{path}")
        assert 20_000 < found.bytes < MOST_BYTES, path
