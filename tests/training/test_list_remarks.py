"""Remarks in three languages, and the list given back with them."""

import string
import tomllib
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kualik.rules.language import LANGUAGES
from kualik.training.adapters.sheets import read_grid
from kualik.training.services import remarks
from kualik.training.services.check import VERDICTS, GroupDefaults
from kualik.training.services.recognise import recognise
from kualik.training.services.remarks import (
    filter_text,
    remark_text,
    remarks_workbook,
    verdict_text,
)
from tests.training.lists import (
    BLANK_AT_THE_END,
    checked,
    checked_file,
    checked_row,
    content,
    grid_of,
    iin,
    with_rows,
)

DATA = Path(remarks.__file__).parents[1] / "data"
SOURCES = [*(DATA.parent / "services").glob("*.py"), DATA.parents[1] / "rules" / "spelling.py"]


def rows_of(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", ["remarks.toml", "verdicts.toml"])
def test_every_text_is_there_in_three_languages_with_the_same_facts(name: str) -> None:
    for code, row in rows_of(name).items():
        assert set(row) == set(LANGUAGES), code
        assert all(text.strip() for text in row.values()), code
        assert len({frozenset(placeholders(text)) for text in row.values()}) == 1, code


def test_every_remark_of_the_table_is_one_that_the_check_makes() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES)
    code += (DATA.parents[1] / "rules" / "identifiers.py").read_text(encoding="utf-8")
    code += (DATA.parents[1] / "rules" / "volumes.py").read_text(encoding="utf-8")
    assert [name for name in rows_of("remarks.toml") if f'"{name}"' not in code] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_remark_of_the_bad_list_can_be_said(language: str) -> None:
    for row in checked_file("bad-rows.xlsx", GroupDefaults()).rows:
        for remark in row.remarks:
            text = remark_text(remark, language)
            assert "{" not in text
            assert not any(word.isdigit() and len(word) == 12 for word in text.split())


@pytest.mark.parametrize(
    "cells",
    [
        {"ИИН": "901662463"},
        {"ИИН": "7E+11"},
        {"Имя": ""},
        {"Фамилия": "Smith"},
        {"Часы": "много"},
        {"Часы": "30", "Кредиты": "1"},
        {"Вид": "переподготовка"},
        {"Место работы": "м" * 301},
        {"Кредиты": "2,333", "Часы": ""},
    ],
)
def test_remarks_of_every_kind_find_their_facts(cells: dict[str, str]) -> None:
    row = checked_row(cells)
    assert row.remarks
    for language in LANGUAGES:
        assert all("{" not in remark_text(remark, language) for remark in row.remarks)


def test_a_remark_names_the_field_and_writes_dates_as_people_do() -> None:
    late = checked_row({"Дата окончания": "24.11.2026"}).remarks[0]
    assert "24.11.2026" in remark_text(late, "kk")
    wrong = checked_row({"Часы": "много"}).remarks[0]
    assert remark_text(wrong, "ru") == "«Часы» должно быть числом больше нуля."


def test_verdicts_are_words_in_three_languages() -> None:
    words = {verdict_text(verdict, language) for verdict in VERDICTS for language in LANGUAGES}
    assert len(words) == 15


def test_a_verdict_of_several_rows_is_in_the_plural() -> None:
    assert [filter_text("ready", language) for language in LANGUAGES] == [
        "Дайын",
        "Готовы",
        "Ready",
    ]
    assert all(filter_text(verdict, language) for verdict in VERDICTS for language in LANGUAGES)


def test_the_list_comes_back_with_the_remarks_beside_its_rows() -> None:
    found = checked_file("bad-rows.xlsx", GroupDefaults())
    data = remarks_workbook(checked=found, grid=read_grid(content("bad-rows.xlsx")), language="ru")
    page = load_workbook(BytesIO(data)).active
    assert [cell.value for cell in page[1]][-2:] == ["Состояние строки", "Замечания"]
    assert page["L2"].value == "Не принимается"
    assert page["M2"].value.startswith("A: Контрольная цифра")
    assert page["A2"].fill.start_color.rgb.endswith("F4A79E")
    assert page["B2"].fill.fill_type is None
    assert (page["L13"].value, page["M13"].value) == ("Готова", None)


def test_row_numbers_stay_when_the_list_has_title_rows() -> None:
    grid = read_grid(content("cardiology-2026-11.xlsx"))
    data = remarks_workbook(checked=checked(grid), grid=grid, language="kk")
    page = load_workbook(BytesIO(data)).active
    assert page["Q3"].value == "Жол күйі"
    assert page["B8"].value == "901662463"
    assert page["R8"].value.startswith("B: ЖСН басындағы")


def test_a_blank_cell_at_the_end_of_a_sheet_makes_no_rows_in_the_returned_list() -> None:
    grid = read_grid(with_rows(BLANK_AT_THE_END))
    data = remarks_workbook(checked=checked(grid), grid=grid, language="en")
    assert load_workbook(BytesIO(data)).active.max_row == 2


def test_nothing_in_the_returned_list_is_a_formula() -> None:
    wicked = ['=HYPERLINK("http://example.kz")', "+7", "-1", "@SUM(A1)"]
    grid = grid_of([["ИИН", "ФИО", "a", "b", "c", "d"], [iin(1), "Ким Виктор", *wicked]])
    data = remarks_workbook(checked=checked(grid), grid=grid, language="en")
    row = load_workbook(BytesIO(data)).active[2]
    assert [cell.value for cell in row][2:6] == wicked
    assert {cell.data_type for cell in row if cell.value} <= {"s", "inlineStr"}


def test_the_returned_list_can_be_corrected_and_uploaded_again() -> None:
    grid = read_grid(content("nursing-kk.xlsx"))
    data = remarks_workbook(
        checked=checked_file("nursing-kk.xlsx", GroupDefaults()), grid=grid, language="en"
    )
    again = read_grid(data)
    mapping = recognise(grid=again, remembered={})
    assert mapping.fields == recognise(grid=grid, remembered={}).fields
    assert mapping.unknown == ()
    assert checked(again, GroupDefaults()).counts["ready"] == 15
