"""Photos of accessibility: taken in without metadata, shown with words (A303.10.e)."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from kualik.core import journal
from kualik.providers.adapters import LIMIT_BYTES, LONGEST_SIDE, read_picture
from kualik.providers.models import Photo
from kualik.providers.services import put_photo, remove_photo
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role
from tests.providers.houses import ACTOR, NOW, picture, refused, register
from tests.world import build_world, sign_in

pytestmark = pytest.mark.django_db

ALT = Text("Есік алдындағы пандус", "Пандус у входа", "The ramp at the door")
GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112


def with_place(kind: str = "JPEG", orientation: int = 1) -> bytes:
    """A picture as a telephone makes it: place, device and comment."""
    exif = Image.Exif()
    exif[MAKE] = "SECRETPHONE"
    exif[ORIENTATION] = orientation
    exif.get_ifd(GPS).update({1: "N", 2: (43.0, 14.0, 16.8)})
    more = {"comment": b"SECRETCOMMENT"} if kind == "JPEG" else {}
    return picture(kind, exif=exif.tobytes(), **more)


def put(office, content: bytes, *, fact: str = "ramp", alt: Text = ALT) -> Photo:
    return put_photo(office=office, fact=fact, content=content, alt=alt, now=NOW, actor=ACTOR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_points_of_a_picture_is_kept(kind):
    source = with_place(kind)
    assert b"SECRETPHONE" in source
    found = read_picture(source)
    assert b"SECRET" not in found.content
    assert b"Exif" not in found.content
    with Image.open(BytesIO(found.content)) as drawn:
        assert drawn.format == "JPEG"
        assert not drawn.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(drawn.info)


def test_a_picture_is_turned_as_it_was_held():
    # Orientation 6: the telephone was held upright.
    found = read_picture(with_place(orientation=6))
    assert (found.width, found.height) == (300, 400)
    with Image.open(BytesIO(found.content)) as drawn:
        assert drawn.getpixel((150, 20))[1] < 60
        assert drawn.getpixel((150, 380))[1] > 200


def test_a_large_picture_is_made_smaller_and_a_small_one_left():
    large = read_picture(picture(size=(4000, 2000)))
    assert (large.width, large.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert read_picture(picture(size=(40, 30))).width == 40


def test_what_is_seen_through_becomes_white():
    made = BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(made, "PNG")
    with Image.open(BytesIO(read_picture(made.getvalue()).content)) as drawn:
        assert drawn.getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo_type_refused"),
        (b"%PDF-1.7", "photo_type_refused"),
        (b"", "photo_type_refused"),
        (picture("GIF"), "photo_type_refused"),
        (picture("BMP"), "photo_type_refused"),
        (picture()[:900], "photo_unreadable"),
        (b"\xff" * (LIMIT_BYTES + 1), "photo_too_large"),
    ],
)
def test_what_is_no_fit_picture_is_refused_by_its_content(content, code):
    assert refused(read_picture, content=content) == code


def test_a_small_file_with_too_many_points_is_refused():
    assert refused(read_picture, content=picture("PNG", (12000, 6000))) == "photo_too_large"


def test_another_photo_takes_the_place_of_the_one_before(
    kualik_files, django_capture_on_commit_callbacks
):
    office = register().offices.get()
    with django_capture_on_commit_callbacks(execute=True):
        first = put(office, picture())
    with django_capture_on_commit_callbacks(execute=True):
        second = put(office, picture(size=(200, 200)))
    assert Photo.objects.get() == second
    assert not default_storage.exists(first.content.name)
    assert default_storage.exists(second.content.name)
    with django_capture_on_commit_callbacks(execute=True):
        remove_photo(office=office, fact="ramp", now=NOW, actor=ACTOR)
        remove_photo(office=office, fact="ramp", now=NOW, actor=ACTOR)
    assert not default_storage.exists(second.content.name)
    actions = [entry.action for entry in journal.history(f"provider:{office.provider_id}")]
    assert actions[2:] == ["photo_put", "photo_put", "photo_removed"]


def test_a_photo_has_words_in_all_languages_and_belongs_to_one_of_the_five_facts(kualik_files):
    office = register().offices.get()
    facts = {"office": office, "content": picture(), "now": NOW, "actor": ACTOR}
    silent = {"fact": "ramp", "alt": Text("Пандус", "Пандус")}
    assert refused(put_photo, **facts, **silent) == "text_missing"
    assert refused(put_photo, **facts, fact="lift", alt=ALT) == "accessibility_unknown"
    assert not Photo.objects.exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_public_sees_the_photo_with_its_words(kualik_files, client, language):
    office = register().offices.get()
    photo = put(office, picture())
    put(office, picture(), fact="tactile_path", alt=Text("жоқ", "нет", "none"))
    html = client.get("/providers/ULGI/", {"lang": language}).content.decode()
    assert f'alt="{ALT.get(language)}" width="400" height="300"' in html
    assert html.count("<img") - html.count("mark.svg") <= 1
    response = client.get(reverse("providers:photo", args=["ULGI", photo.pk]))
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["ETag"] == f'"{photo.sha256}"'
    assert b"".join(response).startswith(b"\xff\xd8\xff")


def test_a_photo_of_another_provider_is_not_found_under_a_foreign_address(kualik_files, client):
    photo = put(register().offices.get(), picture())
    register(code="OTHER", bin="960340000227")
    assert client.get(reverse("providers:photo", args=["OTHER", photo.pk])).status_code == 404


def test_the_administrator_puts_and_removes_a_photo(kualik_files):
    world = build_world()
    client = sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])
    office = world.demo.provider.offices.get()
    address = reverse("providers:photo_put", args=[office.pk])
    words = {"fact": "ramp", "alt_kk": ALT.kk, "alt_ru": ALT.ru, "alt_en": ALT.en}
    assert client.get(address, {"fact": "ramp"}).status_code == 200
    assert client.get(address, {"fact": "lift"}).status_code == 404
    upload = SimpleUploadedFile("my name.jpg", with_place(), "image/jpeg")
    assert client.post(address, words | {"photo": upload}).status_code == 302
    photo = Photo.objects.get()
    assert "name" not in photo.content.name
    with photo.content.open() as kept:
        assert b"SECRET" not in kept.read()
    client.post(reverse("providers:photo_remove", args=[office.pk]), {"fact": "ramp"})
    assert not Photo.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"text", "Выберите снимок JPEG"),
        (b"\xff\xd8\xff" + bytes(LIMIT_BYTES), "5 мегабайт"),
    ],
)
def test_the_form_says_what_is_wrong_with_a_file(kualik_files, content, words):
    world = build_world()
    client = sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])
    office = world.demo.provider.offices.get()
    sent = {"fact": "ramp", "alt_kk": ALT.kk, "alt_ru": ALT.ru, "alt_en": ALT.en}
    upload = SimpleUploadedFile("photo.jpg", content, "image/jpeg")
    address = reverse("providers:photo_put", args=[office.pk]) + "?lang=ru"
    response = client.post(address, sent | {"photo": upload})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not Photo.objects.exists()


def test_a_stranger_puts_no_photo(kualik_files):
    world = build_world()
    office = world.demo.provider.offices.get()
    other = sign_in(Client(), world.other.staff[Role.PROVIDER_ADMIN])
    clerk = sign_in(Client(), world.demo.staff[Role.CLERK])
    for name in ("photo_put", "photo_remove"):
        address = reverse(f"providers:{name}", args=[office.pk])
        assert other.post(address, {"fact": "ramp"}).status_code == 404
        assert clerk.post(address, {"fact": "ramp"}).status_code == 403
        assert Client().post(address, {"fact": "ramp"}).status_code == 302
