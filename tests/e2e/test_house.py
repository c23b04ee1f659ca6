"""The administrator of a provider keeps the house; the platform's announces a break."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from kualik.core import clock

PAGES = (
    "/office/house/",
    "/office/house/facts/",
    "/office/house/history/",
    "/office/house/closures/",
    "/office/house/offices/new/",
)
INNER = ("", "place/", "hours/", "access/", "photo/?fact=ramp")


def office_path(admin) -> str:
    """The address of the main office's page."""
    admin.open("/office/house/")
    link = admin.page.locator("main a[href^='/office/house/offices/']:not([href$='new/'])").first
    return link.get_attribute("href")


@pytest.mark.parametrize(("language", "width"), [("kk", 320), ("ru", 1280)])
def test_every_page_of_the_house(visit, language: str, width: int) -> None:
    admin = visit(language, width)
    admin.sign_in("provider-admin@demo.example")
    first = office_path(admin)
    for path in (*PAGES, *(f"{first}{inner}" for inner in INNER)):
        admin.open(path)
        admin.has_no_fault()
    admin.open("/office/house/")
    admin.keep_picture(f"house-{language}-{width}")


def test_hours_against_the_standard_are_warned_of_saved_and_taken_back(visit) -> None:
    admin = visit("kk", 390)
    admin.sign_in("provider-admin@demo.example")
    path = office_path(admin)
    admin.open(f"{path}hours/")
    day = clock.local_day(clock.now()) + timedelta(days=200)
    admin.page.fill("input[name=valid_from]", day.isoformat())
    admin.page.fill("input[name=opens_0]", "10:00")
    admin.send("main form")
    admin.has_no_fault()
    assert "10:00–17:30" in admin.page.inner_text("main .k-message--warning")
    admin.send("main form")
    admin.has_no_fault()
    assert f"{day:%d.%m.%Y} күнінен бастап" in admin.page.inner_text("main")
    admin.open("/providers/DEMO/")
    assert f"{day:%d.%m.%Y} күнінен бастап" in admin.page.inner_text("main")
    admin.open(path)
    admin.send(f"form[action='{path}hours/cancel/']")
    assert f"{day:%d.%m.%Y} күнінен" not in admin.page.inner_text("main")


def test_a_photo_is_shown_to_the_public_with_its_words(visit) -> None:
    admin = visit("ru", 390)
    admin.sign_in("provider-admin@demo.example")
    path = office_path(admin)
    made = BytesIO()
    Image.new("RGB", (1200, 900), (90, 130, 120)).save(made, "JPEG")
    admin.open(f"{path}photo/?fact=ramp")
    photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}
    admin.page.set_input_files("input[name=photo]", photo)
    for language, words in (("kk", "Пандус"), ("ru", "Пандус у входа"), ("en", "The ramp")):
        admin.page.fill(f"input[name=alt_{language}]", words)
    admin.send("main form")
    admin.has_no_fault()
    visitor = visit("ru", 390)
    visitor.open("/providers/DEMO/")
    visitor.has_no_fault()
    image = visitor.page.locator("img[alt='Пандус у входа']")
    image.scroll_into_view_if_needed()
    assert image.evaluate("async one => { await one.decode(); return one.naturalWidth; }") == 1200
    visitor.keep_picture("provider-with-photo-ru-390")
    admin.send(f"form[action='{path}photo/remove/']")


def test_a_break_is_announced_on_every_page_until_it_is_cancelled(visit) -> None:
    platform = visit("ru")
    platform.sign_in("platform-admin@platform.example")
    platform.open("/office/breaks/")
    platform.has_no_fault()
    day = clock.local_day(clock.now()) + timedelta(days=300)
    platform.page.fill("input[name=starts_at]", f"{day.isoformat()}T22:00")
    platform.page.fill("input[name=ends_at]", f"{day.isoformat()}T23:30")
    for language, words in (("kk", "Жаңарту"), ("ru", "Обновление"), ("en", "Update")):
        platform.page.fill(f"input[name=note_{language}]", words)
    platform.send("main form")
    platform.has_no_fault()
    visitor = visit("kk", 320)
    visitor.open("/")
    visitor.has_no_fault()
    assert "Жаңарту" in visitor.page.inner_text(".k-notices")
    platform.send("form[action$='/cancel/']")
    visitor.open("/")
    assert visitor.page.locator(".k-notices").count() == 0


def test_the_directory_is_narrowed_without_a_script_and_by_the_map(visit) -> None:
    visitor = visit("ru", 1280, scripts=False)
    visitor.open("/providers/")
    visitor.page.locator(".k-map a", has_text="Шымкент").click()
    assert visitor.page.locator("main h2.k-city").all_inner_texts() == ["Шымкент"]
    visitor.page.select_option("select[name=city]", "")
    visitor.page.locator("main form details summary").click()
    visitor.page.check("input[value=sample_stand]")
    visitor.page.locator("main form button[type=submit]").click()
    cities = visitor.page.locator("main h2.k-city").all_inner_texts()
    assert "Алматы" in cities
    assert "Шымкент" not in cities
