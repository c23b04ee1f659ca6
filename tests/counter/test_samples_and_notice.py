"""Samples for the stand and the notice for the wall (A57.10.a, A303.10.e, A303.10.f)."""

import pytest
import zxingcpp
from django.test import Client
from django.urls import reverse
from PIL import Image

from kualik.papers.queries import forms
from kualik.providers.models import Office
from kualik.rules.lifecycle import Role
from tests.papers.samples import is_archival_and_accessible, picture_of, text_of
from tests.world import World, build_world, sign_in


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def office_of(world: World) -> Office:
    return Office.objects.get(provider=world.demo.provider, is_main=True)


def notice(world: World, size: str = "a4") -> bytes:
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    answer = client.get(reverse("counter:notice", args=[office_of(world).pk, size]))
    assert answer.headers["Content-Type"] == "application/pdf"
    return answer.content


@pytest.mark.parametrize("key", sorted(forms()))
def test_each_form_has_a_public_sample_that_nobody_takes_for_a_document(key, settings) -> None:
    settings.PUBLIC_URL = "https://kualik.example.kz"
    answer = Client().get(reverse("counter:sample", args=[key]))
    content = answer.content
    said = text_of(content)
    assert said.count("ҮЛГІ · ОБРАЗЕЦ · SAMPLE") == 2
    assert forms()[key].title.kk in said
    assert forms()[key].title.ru in said
    assert is_archival_and_accessible(content)
    assert content == Client().get(reverse("counter:sample", args=[key])).content


def test_the_code_of_a_sample_leads_to_the_page_of_samples(tmp_path, settings) -> None:
    settings.PUBLIC_URL = "https://kualik.example.kz"
    content = Client().get(reverse("counter:sample", args=["A303-pd-certificate@1"])).content
    with Image.open(picture_of(content, tmp_path)) as picture:
        codes = [code.text for code in zxingcpp.read_barcodes(picture)]
    assert codes == ["https://kualik.example.kz/samples/"]


def test_an_unknown_form_has_no_sample(db: None) -> None:
    assert (
        Client().get(reverse("counter:sample", args=["A303-rt-certificate@1"])).status_code == 404
    )


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_list_of_samples_is_open_to_everybody(db: None, language: str) -> None:
    said = Client().get(reverse("counter:samples"), {"lang": language}).content.decode()
    for key in forms():
        assert reverse("counter:sample", args=[key]) in said


def test_the_notice_says_all_that_the_standard_wants_on_the_wall(world: World) -> None:
    said = text_of(notice(world))
    for expected in (
        "DEMO медицина академиясы",
        "Медицинская академия DEMO",
        "Абай даңғылы, 1",
        "проспект Абая, 1",
        "+7 727 300 00 01",
        "1414",
        "8-800-080-7777",
        "08:30–17:30",
        "выходной",
        "Услуга оказывается физическим лицам бесплатно.",
        "Пандус",
        "Стойка с образцами документов",
        "Шағым беру тәртібі",
        "Как подать жалобу",
    ):
        assert expected in said, expected


def test_the_notice_is_one_page_of_each_size(world: World) -> None:
    for size, points in (("a4", b"595"), ("a3", b"841")):
        content = notice(world, size)
        assert is_archival_and_accessible(content)
        assert points in content
    assert Client().get("/office/samples/notice/1/a5.pdf").status_code == 302


def test_the_notice_follows_the_data_of_the_provider(world: World) -> None:
    office = office_of(world)
    before = text_of(notice(world)).count("есть")
    Office.objects.filter(pk=office.pk).update(
        phones=["+7 727 999 88 77"], has_ramp=True, address_ru="улица Новая, 5"
    )
    said = text_of(notice(world))
    assert "+7 727 999 88 77" in said
    assert "улица Новая, 5" in said
    assert (before, said.count("есть")) == (0, 1)


def test_the_code_of_the_notice_leads_to_the_page_of_the_provider(world: World, tmp_path) -> None:
    with Image.open(picture_of(notice(world), tmp_path)) as picture:
        (code,) = [code.text for code in zxingcpp.read_barcodes(picture)]
    assert code.endswith(reverse("providers:provider", args=["DEMO"]))


def test_another_providers_notice_is_not_found_and_a_stranger_is_led_to_the_sign_in(
    world: World,
) -> None:
    where = reverse("counter:notice", args=[office_of(world).pk, "a4"])
    strange = sign_in(Client(), world.other.staff[Role.CLERK])
    assert strange.get(where).status_code == 404
    assert Client().get(where).status_code == 302
    mine = sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])
    said = mine.get(reverse("counter:stand")).content.decode()
    assert where in said
    assert where not in strange.get(reverse("counter:stand")).content.decode()
