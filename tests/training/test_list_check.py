"""The dry run: every fault found in its cell, and only right rows ready."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from kualik.rules.errors import RuleViolation
from kualik.training.adapters.grid import Cell, Grid, Row, Sheet
from kualik.training.services.check import GroupDefaults, check_list
from kualik.training.services.course import ProgrammeFacts
from kualik.training.services.recognise import recognise
from tests.training.lists import (
    COURSE,
    TODAY,
    checked,
    checked_file,
    checked_row,
    codes,
    grid_of,
    iin,
)

NOTHING = GroupDefaults()
MOODLE = replace(COURSE, ended_on=None)
FAULTS = {
    2: [("A", "iin_check_digit")],
    3: [("A", "iin_length")],
    4: [("B", "family_name_missing")],
    5: [("K", "end_before_start")],
    6: [("I", "volume_mismatch")],
    7: [],
    8: [("A", "person_doubled")],
    9: [("E", "kind_unknown"), ("A", "iin_two_names")],
    10: [("K", "not_completed_yet")],
    11: [("C", "formula_in_cell")],
    12: [("A", "iin_missing")],
    13: [],
    14: [("K", "date_impossible")],
    15: [("B", "name_mixed_alphabet"), ("A", "iin_two_names")],
}


@pytest.mark.parametrize(
    ("name", "defaults", "ready", "skipped"),
    [
        ("cardiology-2026-11.xlsx", NOTHING, 28, 0),
        ("nursing-kk.xlsx", NOTHING, 15, 0),
        # The file holds 17 people.
        (
            "anesthesiology-certification-cp1251.csv",
            GroupDefaults(title_kk="Анестезиология"),
            17,
            0,
        ),
        ("moodle-course-completion.csv", MOODLE, 10, 2),
    ],
)
def test_the_good_lists_are_ready_row_by_row(
    name: str, defaults: GroupDefaults, ready: int, skipped: int
) -> None:
    found = checked_file(name, defaults)
    others = {"attention": 0, "known": 0, "refused": 0}
    assert found.counts == {"ready": ready, "skipped": skipped} | others
    assert found.missing == ()
    assert all(row.values for row in found.rows if row.verdict == "ready")


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("cardiology-2026-11.xlsx", ()),
        ("anesthesiology-certification-cp1251.csv", ("title_kk",)),
        (
            "moodle-course-completion.csv",
            ("kind", "title_kk", "title_ru", "hours", "started_on"),
        ),
    ],
)
def test_what_the_list_lacks_is_asked_once(name: str, missing: tuple[str, ...]) -> None:
    found = checked_file(name, NOTHING)
    assert found.missing == missing
    assert all((row.values is None) == bool(missing) for row in found.rows if row.row > 5)


def test_each_fault_of_the_bad_list_is_named_by_its_cell() -> None:
    found = checked_file("bad-rows.xlsx", NOTHING)
    told = {
        row.row: [
            (remark.column, remark.code) for remark in row.remarks if remark.severity != "note"
        ]
        for row in found.rows
    }
    assert told == FAULTS
    assert [row.row for row in found.rows if row.verdict == "ready"] == [7, 13]
    assert found.counts["refused"] == 12
    assert found.rows[6].remarks[0].params == {"row": 7}


def test_the_values_of_a_row_are_those_of_its_cells() -> None:
    values = checked_file("cardiology-2026-11.xlsx", NOTHING).rows[4].values
    assert values is not None
    assert values.iin == "000901662463"
    assert values.holder_kk == "Сәрсенбаева Айгүл Қанатқызы"
    assert (values.course.programme.hours, values.course.programme.credits) == (120, Decimal(4))
    assert values.course.programme.title_kk.startswith("Шұғыл кардиология")
    assert (values.course.started_on, values.mastered_on) == (
        date(2026, 10, 26),
        date(2026, 11, 20),
    )
    assert (values.result, values.study_form) == ("92", "очная")
    assert "000901662463" not in repr(values)


def test_moodle_names_are_given_first_and_the_completion_is_the_day_of_mastery() -> None:
    values = checked_file("moodle-course-completion.csv", MOODLE).rows[0].values
    assert values is not None
    assert (values.family_name, values.given_name) == ("Һасанова", "Фатима")
    assert values.mastered_on == date(2026, 11, 19)
    assert values.email == "learner0@example.kz"


def test_a_full_name_in_one_cell_is_cut() -> None:
    title = GroupDefaults(title_kk="Анестезиология")
    values = checked_file("anesthesiology-certification-cp1251.csv", title).rows[0].values
    assert values is not None
    assert (values.family_name, values.given_name, values.patronymic) == (
        "Петров",
        "Сергей",
        "Иванович",
    )
    assert (values.course.programme.kind, values.protocol) == ("cc", "№ 14 от 13.11.2026")


@pytest.mark.parametrize(
    ("cells", "verdict", "code"),
    [
        ({"ИИН": "9001O1300019"}, "refused", "iin_not_digits"),
        ({"ИИН": "000000000000"}, "refused", "iin_placeholder"),
        ({"ИИН": "7,50217E+11"}, "refused", "iin_rounded"),
        ({"ИИН": "901662463"}, "attention", "iin_zeros_guessed"),
        ({"Имя": ""}, "attention", "given_name_missing"),
        ({"Фамилия": "Иванoва"}, "attention", "name_mixed_alphabet"),
        ({"Фамилия": "Smith"}, "attention", "name_in_latin"),
        ({"Фамилия": "Müller"}, "attention", "name_in_latin"),
        ({"Имя": "X"}, "attention", "name_in_latin"),
        ({"Фамилия": "АХМЕТОВА"}, "ready", "name_in_capitals"),
        ({"Фамилия": "Ахметова2"}, "refused", "name_digits"),
        ({"Фамилия": "Ахметова*"}, "refused", "name_sign"),
        ({"Фамилия": "А" * 101}, "refused", "name_too_long"),
        ({"Дата начала": "46296"}, "refused", "date_not_understood"),
        ({"Дата окончания": "31.11.2026"}, "refused", "date_impossible"),
        ({"Дата окончания": "01.11.2026"}, "refused", "end_before_start"),
        ({"Дата окончания": "24.11.2026"}, "refused", "not_completed_yet"),
        ({"Часы": "много"}, "refused", "number_not_understood"),
        ({"Часы": "0"}, "refused", "number_not_understood"),
        ({"Часы": "60,5"}, "refused", "number_not_understood"),
        ({"Часы": "99999"}, "refused", "number_not_understood"),
        ({"Кредиты": "9"}, "refused", "volume_mismatch"),
        ({"Часы": "30", "Кредиты": "1"}, "attention", "volume_out_of_range"),
        ({"Вид": "вебинар"}, "refused", "kind_unknown"),
        ({"Вид": "переподготовка"}, "refused", "volume_kind_unknown"),
        ({"Тема": "т" * 501}, "refused", "text_too_long"),
        ({"Место работы": "м" * 301}, "refused", "text_too_long"),
        ({"Тема": "Инфекционный кoнтроль"}, "ready", "title_mixed_alphabet"),
        ({"Фамилия": "李", "Имя": "小龙"}, "refused", "letter_not_printed"),
        ({"Тема": "Инфекционный контроль 😀"}, "refused", "letter_not_printed"),
        ({"Специальность": "β-талассемия"}, "refused", "letter_not_printed"),
        ({"Телефон": "12"}, "ready", "phone_doubtful"),
        ({"E-mail": "нет"}, "ready", "email_doubtful"),
    ],
)
def test_a_fault_gives_its_verdict(cells: dict[str, str], verdict: str, code: str) -> None:
    row = checked_row(cells)
    assert code in codes(row)
    assert row.verdict == verdict
    assert (row.values is None) == (verdict == "refused")


@pytest.mark.parametrize(
    "cells",
    [
        {"ИИН": f"{iin(1)[:6]} {iin(1)[6:]}"},
        {"Часы": "60 ч", "Кредиты": "2,0"},
        {"Вид": "Курсы повышения квалификации"},
        {"Вид": "ПК"},
        {"Вид": "біліктілікті арттыру"},
        {"Дата начала": "2 қараша 2026"},
        {"Телефон": "+7 701 739 94 21"},
        {"Отчество": "-"},
        {"Фамилия": "Қыдырәлиева - Сейітмағанбетова"},
    ],
)
def test_usual_spellings_pass_without_a_word(cells: dict[str, str]) -> None:
    row = checked_row(cells)
    assert (row.verdict, codes(row)) == ("ready", [])


def test_the_repair_of_look_alike_letters_is_what_would_be_imported() -> None:
    row = checked_row({"Фамилия": "Иванoва"})
    assert row.values is not None
    assert row.values.family_name == "Иванова"
    assert row.remarks[0].params == {"letters": "o", "suggestion": "Иванова"}


def test_letters_the_document_cannot_show_are_named_once_each() -> None:
    remark = checked_row({"Фамилия": "李小龙李"}).remarks[0]
    assert (remark.code, remark.params) == ("letter_not_printed", {"letters": "李, 小, 龙"})
    remark = checked_row({"Тема (рус)": "Уход\u200b за детьми"}).remarks[0]
    assert (remark.column, remark.params) == ("D", {"letters": "U+200B"})


def test_a_wrong_sign_in_a_name_is_told_once() -> None:
    assert codes(checked_row({"Фамилия": "Ким😀"})) == ["name_sign"]


def test_hours_follow_from_credits_and_the_reverse() -> None:
    volume = replace(COURSE, hours=None, credits=None)
    for cells in ({"Часы": "120"}, {"Кредиты": "4"}):
        values = checked_row(cells, volume).values
        assert values is not None
        assert (values.course.programme.hours, values.course.programme.credits) == (120, 4)


def test_the_cells_of_the_list_win_over_the_answers_for_the_group() -> None:
    values = checked_row({"Тема": "Своя тема"}).values
    assert values is not None
    assert values.course.programme.title_ru == "Своя тема"
    assert values.course.programme.title_kk == COURSE.title_kk


def test_retraining_is_a_result_of_the_older_edition_only() -> None:
    retraining = replace(COURSE, kind="rt", hours=432, credits=Decimal("14.4"))
    grid = grid_of([["ИИН", "Фамилия", "Имя"], [iin(1), "Ким", "Виктор"]])
    assert checked(grid, retraining, edition="A57").rows[0].verdict == "ready"
    assert codes(checked(grid, retraining, edition="A303").rows[0]) == ["volume_kind_unknown"]


def people(*rows: tuple[str, str, str]) -> list[tuple[str, list[str]]]:
    found = checked(grid_of([["ИИН", "ФИО", "Тема"], *map(list, rows)]))
    return [(row.verdict, codes(row)) for row in found.rows]


def test_of_a_doubled_person_the_first_right_row_stays() -> None:
    assert people((iin(1), "Ким Виктор", "А"), (iin(1), "Ким Виктор Андреевич", "А")) == [
        ("ready", ["person_doubled_below"]),
        ("refused", ["person_doubled"]),
    ]
    assert people((iin(1), "К1м Виктор", "А"), (iin(1), "К1м Виктор", "А"))[1] == (
        "refused",
        ["name_digits"],
    )


def test_one_person_may_stand_in_a_list_with_two_programmes() -> None:
    assert people((iin(1), "Ким Виктор", "А"), (iin(1), "Ким Виктор", "Б")) == [("ready", [])] * 2


def test_one_number_under_two_names_refuses_both() -> None:
    assert (
        people((iin(1), "Ким Виктор", "А"), (iin(1), "Цой Марина", "Б"))
        == [("refused", ["iin_two_names"])] * 2
    )


def test_namesakes_with_their_own_numbers_are_two_people() -> None:
    assert people((iin(1), "Ким Виктор", "А"), (iin(2), "Ким Виктор", "А")) == [("ready", [])] * 2


def test_a_formula_refuses_a_row_only_in_a_column_that_is_used() -> None:
    formula = Cell("=A2+1", is_formula=True)
    head = tuple(Cell(text) for text in ("№", "ИИН", "Фамилия", "Имя"))
    right = (formula, Cell(iin(1)), Cell("Ким"), Cell("Виктор"))
    wrong = (Cell("2"), Cell(iin(2)), formula, Cell("Виктор"))
    sheet = Sheet("", (Row(1, head), Row(2, right), Row(3, wrong)))
    rows = checked(Grid(sheet)).rows
    assert [(row.verdict, codes(row)) for row in rows] == [
        ("ready", []),
        ("refused", ["formula_in_cell"]),
    ]


def test_completion_without_a_day_takes_the_day_of_the_group() -> None:
    head = ["ИИН", "ФИО", "Курс завершен"]
    grid = grid_of([head, [iin(1), "Ким Виктор", "Да"], [iin(2), "Цой Марина", "Нет"]])
    assert checked(grid, MOODLE).missing == ("ended_on",)
    rows = checked(grid).rows
    assert [row.verdict for row in rows] == ["ready", "skipped"]
    assert rows[0].values is not None
    assert rows[0].values.mastered_on == COURSE.ended_on


def test_a_row_that_lacks_what_other_rows_have_is_refused() -> None:
    head = ["ИИН", "ФИО", "Курс завершен", "Часы"]
    done = "19 ноября 2026, 16:10"
    grid = grid_of([head, [iin(1), "Ким Виктор", "Да", "60"], [iin(2), "Цой Марина", done, ""]])
    rows = checked(grid, replace(MOODLE, hours=None, credits=None)).rows
    assert [codes(row) for row in rows] == [["field_missing"], ["field_missing"]]
    assert rows[1].remarks[0].column == "D"


def test_a_list_without_numbers_or_names_cannot_be_checked() -> None:
    for head in (["Фамилия", "Имя"], ["ИИН", "Часы"]):
        with pytest.raises(RuleViolation) as caught:
            checked(grid_of([head, ["1", "2"]]))
        assert caught.value.code == "list_needs_column"


def test_a_programme_known_otherwise_is_pointed_out() -> None:
    known = ProgrammeFacts(
        kind="pd", title_kk="Басқаша", title_ru="Инфекционный  Контроль", hours=60,
        credits=Decimal(2),
    )  # fmt: skip
    grid = grid_of([["ИИН", "ФИО"], [iin(1), "Ким Виктор"]])
    told = []
    for programme in (known, replace(known, hours=120), replace(known, kind="cc")):
        found = check_list(
            grid=grid,
            mapping=recognise(grid=grid, remembered={}),
            defaults=COURSE,
            today=TODAY,
            edition="A303",
            programmes=[programme],
        )
        told.append((found.rows[0].verdict, codes(found.rows[0])))
    assert told == [("attention", ["title_differs"]), ("ready", ["volume_differs"]), ("ready", [])]


def test_progress_is_told_while_a_long_list_is_checked() -> None:
    grid = grid_of([["ИИН", "ФИО"], *([["1", "Ким Виктор"]] * 600)])
    told: list[tuple[int, int]] = []
    check_list(
        grid=grid,
        mapping=recognise(grid=grid, remembered={}),
        defaults=COURSE,
        today=TODAY,
        edition="A303",
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(250, 600), (500, 600), (600, 600)]


def test_answers_for_the_group_survive_being_kept() -> None:
    assert GroupDefaults.from_texts(COURSE.texts()) == COURSE
    assert GroupDefaults.from_texts({}) == NOTHING
