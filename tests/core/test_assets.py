"""What goes over a slow line: no rule and no letter that no page uses, and none too few."""

from io import BytesIO

import pytest
from django.conf import settings
from fontTools.ttLib import TTFont

from kualik.core.assets import COMPONENTS, LETTERS, SHEET, light_font, light_sheet, used_classes

GOVUK, GOLOS = (folder for _, folder in settings.STATICFILES_DIRS[:2])
KAZAKH = "АаӘәБбВвГгҒғДдЕеЁёЖжЗзИиЙйКкҚқЛлМмНнҢңОоӨөПпРрСсТтУуҰұҮүФфХхҺһЦцЧчШшЩщЪъЫыІіЬьЭэЮюЯя"


@pytest.fixture(scope="module")
def sheet() -> str:
    whole = (GOVUK / COMPONENTS.partition("/")[2]).read_text(encoding="utf-8")
    return light_sheet(whole, used_classes())


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        (".govuk-button{a:b}.govuk-tabs{a:b}", ".govuk-button{a:b}"),
        (".govuk-button--warning:hover{a:b}", ".govuk-button--warning:hover{a:b}"),
        (".govuk-button .govuk-tabs__tab{a:b}", ""),
        (".govuk-tabs,.govuk-button,a{a:b}", ".govuk-button,a{a:b}"),
        (".govuk-button:not(.govuk-tabs){a:b}", ".govuk-button:not(.govuk-tabs){a:b}"),
        ("@media print{.govuk-tabs{a:b}}", ""),
        ("@media print{.govuk-tabs{a:b}.govuk-button{c:d}}", "@media print{.govuk-button{c:d}}"),
        ('@charset "UTF-8";:root{--a:b}@font-face{a:b}', ":root{--a:b}"),
        ("@keyframes k{from{a:b}to{a:c}}", "@keyframes k{from{a:b}to{a:c}}"),
        (r".govuk-\!-margin-0{a:b}", ""),
        (".govuk-button[data-a='x,y'],.govuk-tabs{a:b}", ".govuk-button[data-a='x,y']{a:b}"),
    ],
)
def test_only_rules_that_may_match_are_kept(rules: str, kept: str) -> None:
    assert light_sheet(rules, frozenset({"govuk-button"})) == kept


def test_the_components_of_our_pages_are_there_and_the_others_are_not(sheet: str) -> None:
    for name in ("button--warning", "radios__input", "checkboxes__label", "error-summary__list"):
        assert f".govuk-{name}" in sheet
    for name in ("cookie-banner", "tabs__panel", "exit-this-page", "notification-banner"):
        assert f".govuk-{name}" not in sheet
    assert sheet.count("{") == sheet.count("}")
    assert "GDS Transport" not in sheet.replace('font-family:"GDS Transport"', "").replace(
        "font-family:GDS Transport", ""
    )


def test_the_sheet_of_components_is_half_as_long(sheet: str) -> None:
    assert len(sheet) < 75_000


def test_our_sheet_asks_for_the_components_in_the_line_that_is_replaced() -> None:
    ours = settings.ROOT / "src" / "kualik" / "core" / "static" / SHEET
    assert f'@import url("../{COMPONENTS}");' in ours.read_text(encoding="utf-8")


def test_no_letter_of_kazakh_russian_or_english_is_missing() -> None:
    letters: set[str] = set()
    total = 0
    for name, wanted in LETTERS.items():
        light = light_font((GOLOS / name.partition("/")[2]).read_bytes(), wanted)
        total += len(light)
        found = TTFont(BytesIO(light))
        assert "fvar" in found, "the weights stay"
        letters |= set(map(chr, found.getBestCmap()))
    assert set(KAZAKH) | set("ABCXYZabcxyz0123456789«»–—№…•") <= letters
    assert total < 50_000
