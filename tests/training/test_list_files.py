"""Reading lists: kinds of files, encodings, limits, damage."""

import zipfile
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet._reader import WorkSheetParser

from kualik.rules.errors import RuleViolation
from kualik.training.adapters.delimited import decode, find_delimiter
from kualik.training.adapters.grid import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, column_letter
from kualik.training.adapters.sheets import read_grid
from kualik.training.adapters.workbook import MAX_ROWS_READ, MAX_TAGS
from tests.training.lists import (
    BLANK_AT_THE_END,
    HEADER,
    code_of,
    content,
    with_rows,
    workbook,
)

RUSSIAN = "ИИН;ФИО\r\n000;Петров Сергей Иванович\r\n"
KAZAKH = "ЖСН;Тегі;Аты\r\n000;Қыдырәлиева;Мөлдір\r\n001;Һасанова;Ұлжан\r\n"


def refusal(data: bytes) -> str:
    with pytest.raises(RuleViolation) as caught:
        read_grid(data)
    return caught.value.code


def test_numbers_dates_and_formulas_keep_what_they_are() -> None:
    data = workbook([["ИИН", "Начало", "Имя"], [901662463, date(2026, 10, 26), "=A1"]])
    row = read_grid(data).sheet.rows[1]
    assert (row.cells[0].text, row.cells[0].is_number) == ("901662463", True)
    assert (row.cells[1].text, row.cells[1].day) == ("2026-10-26", date(2026, 10, 26))
    assert row.cells[2].is_formula
    assert not row.cells[0].is_formula


def test_a_text_cell_that_only_looks_like_a_formula_is_a_text() -> None:
    book = Workbook()
    book.active.append(["ИИН", "Имя"])
    book.active.append(["1", "=A1"])
    book.active["B2"].data_type = "s"
    target = BytesIO()
    book.save(target)
    assert not read_grid(target.getvalue()).sheet.rows[1].cells[1].is_formula


def test_row_numbers_are_those_of_the_sheet() -> None:
    data = workbook([["Список"], [], ["ИИН", "Имя"], [], [1, "А"]])
    assert [row.number for row in read_grid(data).sheet.rows] == [1, 3, 5]
    csv_rows = read_grid("ИИН;Имя\n\n1;А\n".encode()).sheet.rows
    assert [row.number for row in csv_rows] == [1, 3]


def test_the_first_visible_sheet_with_rows_is_taken() -> None:
    book = Workbook()
    book.active.title = "скрытый"
    book.active.append(["ИИН", "Имя"])
    book.active.sheet_state = "hidden"
    book.create_sheet("пустой")
    book.create_sheet("люди").append(["ИИН", "Фамилия"])
    target = BytesIO()
    book.save(target)
    grid = read_grid(target.getvalue())
    assert (grid.sheet.name, grid.names) == ("люди", ("люди",))
    assert code_of(lambda: read_grid(target.getvalue(), "нет такого")) == "list_sheet_unknown"
    assert code_of(lambda: read_grid(RUSSIAN.encode(), "люди")) == "list_sheet_unknown"


def test_a_cell_at_the_last_row_of_a_sheet_is_reached_in_three_rows(monkeypatch) -> None:
    read = []
    parse_row = WorkSheetParser.parse_row

    def counting(parser: WorkSheetParser, row: object) -> object:
        read.append(row)
        return parse_row(parser, row)

    monkeypatch.setattr(WorkSheetParser, "parse_row", counting)
    blank = with_rows(BLANK_AT_THE_END)
    assert len(blank) < 6_000
    assert [row.number for row in read_grid(blank).sheet.rows] == [1, 2]
    filled = with_rows(BLANK_AT_THE_END.replace("/>", "><v>7</v></c>", 1))
    assert refusal(filled) == "list_too_many_rows"
    # Once as far as the first filled row, once to the end; each sheet of the two files.
    assert len(read) == 2 * (1 + 3)


def test_rows_without_end_and_marks_without_end_are_refused() -> None:
    assert refusal(with_rows("<row/>" * (MAX_ROWS_READ + 1))) == "list_too_many_rows"
    assert refusal(with_rows("<row/>" * MAX_TAGS)) == "list_too_large"


def test_only_the_chosen_sheet_is_read_to_its_end() -> None:
    book = Workbook()
    book.active.append(["ИИН", "Имя"])
    long = book.create_sheet("длинный")
    for place in range(MAX_ROWS + 40):
        long.append([place])
    target = BytesIO()
    book.save(target)
    assert read_grid(target.getvalue()).names == ("Sheet", "длинный")
    assert code_of(lambda: read_grid(target.getvalue(), "длинный")) == "list_too_many_rows"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "utf-8-sig"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "utf-16"),
        (RUSSIAN, "utf-16-le"),
        (RUSSIAN, "utf-16-be"),
        (KAZAKH, "kz1048"),
        (KAZAKH, "utf-8"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_delimiter_is_found_below_a_title_row(delimiter: str) -> None:
    rows = ["Список слушателей", delimiter.join(HEADER), delimiter.join(["1", "2", "3", "4"])]
    assert find_delimiter("\n".join(rows)) == delimiter


def test_a_comma_inside_quotes_does_not_cut_a_cell() -> None:
    rows = read_grid(content("moodle-course-completion.csv")).sheet.rows
    assert rows[1].cells[6].text == "19 November 2026, 4:10 PM"


def test_the_separator_line_of_excel_is_obeyed_and_counted() -> None:
    rows = read_grid("sep=|\r\nИИН|Имя\r\n1|А\r\n".encode()).sheet.rows
    assert [cell.text for cell in rows[0].cells] == ["ИИН", "Имя"]
    assert rows[0].number == 2


def test_in_a_csv_an_equals_sign_makes_a_formula_unless_it_quotes_a_text() -> None:
    row = read_grid(b'iin;name\n="000901662463";=SUM(A1)\n').sheet.rows[1]
    assert (row.cells[0].text, row.cells[0].is_formula) == ("000901662463", False)
    assert row.cells[1].is_formula


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "list_empty"),
        (b" \r\n ", "list_empty"),
        (b"\xef\xbb\xbf", "list_empty"),
        (b";;\n;;\n", "list_empty"),
        (b"x" * (MAX_BYTES + 1), "list_too_large"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "list_old_excel"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "list_encrypted",
        ),
        (b"%PDF-1.7 ...", "list_format_unknown"),
        (b"<html><table><tr><td>1</td></tr></table>", "list_format_unknown"),
        (b"PK\x03\x04 broken", "list_not_a_table"),
        (b"one line of prose", "list_not_a_table"),
        (b"a;b\x01c;d\n1;2", "list_not_a_table"),
        (b"\xff\xfe\x00\xd8", "list_not_a_table"),
        (b'a;"' + b"x" * 200_000 + b'";c\n', "list_not_a_table"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name(data: bytes, code: str) -> None:
    assert refusal(data) == code


def archive(**members: bytes) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return target.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = archive(xl__workbook_xml=b"<x/>", xl__sheet_xml=b" " * (60 * 1024 * 1024))
    assert len(bomb) < 200_000
    assert refusal(bomb) == "list_too_large"


def test_a_workbook_that_declares_entities_is_refused() -> None:
    text = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert refusal(archive(xl__workbook_xml=text)) == "list_not_a_table"


def test_another_kind_of_zip_is_refused() -> None:
    assert refusal(archive(word__document_xml=b"<x/>")) == "list_format_unknown"


def test_an_empty_workbook_is_refused() -> None:
    assert refusal(workbook([])) == "list_empty"


def test_limits_of_rows_columns_and_sheets() -> None:
    lines = ["iin;name"] + [f"{place};A" for place in range(MAX_ROWS + 40)]
    assert refusal("\n".join(lines).encode()) == "list_too_many_rows"
    wide = ["x"] * (MAX_COLUMNS + 1)
    assert refusal(workbook([wide])) == "list_too_many_columns"
    assert refusal(";".join(wide).encode()) == "list_too_many_columns"
    book = Workbook()
    for place in range(21):
        book.create_sheet(f"s{place}").append(["iin", "name"])
    target = BytesIO()
    book.save(target)
    assert refusal(target.getvalue()) == "list_too_many_sheets"


def test_a_far_cell_does_not_make_the_sheet_wide_or_long() -> None:
    book = load_workbook(BytesIO(workbook([["ИИН", "Имя"], ["1", "А"]])))
    book.active["XFD1000"].number_format = "0.00"
    target = BytesIO()
    book.save(target)
    sheet = read_grid(target.getvalue()).sheet
    assert (sheet.width, len(sheet.rows)) == (2, 2)


def test_column_letters_go_on_after_z() -> None:
    assert [column_letter(place) for place in (0, 25, 26, 51, 52, 59)] == [
        "A", "Z", "AA", "AZ", "BA", "BH",
    ]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    code = code_of(lambda: read_grid(data))
    assert not code or code.startswith("list_")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="аЖқ;,\t\"'=\r\n \\1", max_size=200), st.sampled_from(["utf-8", "utf-16"]))
def test_any_text_is_read_or_refused_by_name(text: str, encoding: str) -> None:
    code = code_of(lambda: read_grid(text.encode(encoding)))
    assert not code or code.startswith("list_")


@settings(max_examples=120, deadline=None)
@given(st.integers(min_value=0, max_value=5_000), st.binary(min_size=1, max_size=12))
def test_a_damaged_workbook_is_read_or_refused_by_name(place: int, patch: bytes) -> None:
    whole = workbook([["ИИН", "Имя"], [1, "А"]])
    spot = place % len(whole)
    code = code_of(lambda: read_grid(whole[:spot] + patch + whole[spot + len(patch) :]))
    assert not code or code.startswith("list_")
