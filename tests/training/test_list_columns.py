"""Headers of a list: the row and the meaning of each column found, corrected, remembered."""

import pytest

from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.training.adapters.sheets import read_grid
from kualik.training.services.recognise import (
    ColumnMapping,
    correct,
    fields,
    normalise_header,
    recognise,
)
from tests.training.lists import code_of, content, grid_of, workbook

EXPECTED = {
    "cardiology-2026-11.xlsx": """3 - iin family_name given_name patronymic workplace position
        kind title_ru title_kk hours credits started_on ended_on result study_form""",
    "nursing-kk.xlsx": """1 iin family_name given_name patronymic kind title_kk title_ru hours
        credits started_on ended_on""",
    "anesthesiology-certification-cp1251.csv": """1 iin full_name kind title_ru specialty_ru
        credits hours started_on ended_on protocol phone""",
    "moodle-course-completion.csv": "1 - full_name_given_first iin email - - completed",
    "bad-rows.xlsx": """1 iin family_name given_name patronymic kind title_ru title_kk hours
        credits started_on ended_on""",
}


def meaning(*headers: str) -> list[str | None]:
    """What a header row with these cells, beside an IIN and a surname, is taken for."""
    mapping = recognise(grid=grid_of([["ИИН", "Фамилия", *headers]]), remembered={})
    return [match.field for match in mapping.columns[2:]]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_columns_of_the_five_lists_are_found(name: str) -> None:
    mapping = recognise(grid=read_grid(content(name)), remembered={})
    found = [match.field or "-" for match in mapping.columns]
    assert [str(mapping.header_row), *found] == EXPECTED[name].split()


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("ИМЯ:", "given_name"),
        ("Имя (по удостоверению)", "given_name"),
        ("Отчество (если есть)", "patronymic"),
        ("Әкесінің аты (бар болса)", "patronymic"),
        ("First name", "given_name"),
        ("Кол-во часов", "hours"),
        ("Объём, часов", "hours"),
        ("Часы (ак.)", "hours"),
        ("Сағат саны", "hours"),
        ("Зачётные кредиты", "credits"),
        ("Наименование программы на казахском языке", "title_kk"),
        ("Наименование программы на государственном языке", "title_kk"),
        ("Наименование программы на русском языке", "title_ru"),
        ("Бағдарламаның атауы (қазақ тілінде)", "title_kk"),
        ("Бағдарлама атауы (орыс тілінде)", "title_ru"),
        ("Бағдарлама", "title_kk"),
        ("Course title", "title_ru"),
        ("Мамандығы", "specialty_kk"),
        ("Специальность (каз)", "specialty_kk"),
        ("Дата начала обучения", "started_on"),
        ("Оқудың басталған күні", "started_on"),
        ("Дата завершения обучения", "ended_on"),
        ("Место работы, должность", "workplace"),
        ("Моб. телефон", "phone"),
        ("E-mail", "email"),
        ("№ протокола", "protocol"),
        ("Форма обучения (очная/дистанционная)", "study_form"),
        ("Должноcть", "position"),
        ("Дожность", "position"),
        ("Дата рождения", None),
        ("Имя пользователя", None),
        ("Дата выдачи", None),
        ("Пол", None),
        ("№ п/п", None),
        ("Цвет", None),
    ],
)
def test_close_wordings_of_a_header_are_known(header: str, field: str | None) -> None:
    assert meaning(header) == [field]


def test_the_order_of_columns_does_not_matter() -> None:
    mapping = recognise(
        grid=grid_of([["Часы", "Отчество", "ИИН", "Имя", "Фамилия"]]), remembered={}
    )
    assert [match.field for match in mapping.columns] == [
        "hours", "patronymic", "iin", "given_name", "family_name",
    ]  # fmt: skip


def test_look_alike_letters_in_a_header_do_no_harm() -> None:
    assert normalise_header("Oтчecтвo") == normalise_header("ОТЧЕСТВО:")
    assert normalise_header("  Тема\nцикла ") == "тема цикла"


def test_a_field_goes_to_the_column_that_says_it_best() -> None:
    assert meaning("Дата протокола", "Протокол") == [None, "protocol"]


def test_name_beside_surname_is_a_given_name_and_alone_a_whole_name() -> None:
    assert meaning("Name") == ["given_name"]
    for header in ("Имя", "Name"):
        mapping = recognise(grid=grid_of([["ИИН", header]]), remembered={})
        assert mapping.fields == {"iin", "full_name_given_first"}


def test_the_completion_dates_of_moodle_activities_are_not_taken_for_the_end() -> None:
    assert meaning("Тест - Completion date", "Тест - Дата завершения") == [None, None]
    assert meaning("Completion date") == ["ended_on"]


def test_a_list_without_a_header_is_refused_by_name() -> None:
    grid = grid_of([["900101300019", "Ким", "Виктор"], ["900101300027", "Цой", "Марина"]])
    assert code_of(lambda: recognise(grid=grid, remembered={})) == "list_header_not_found"


def test_too_many_people_below_the_header_are_refused() -> None:
    grid = grid_of([["ИИН", "Фамилия"], *([["1", "А"]] * 5_001)])
    assert code_of(lambda: recognise(grid=grid, remembered={})) == "list_too_many_rows"
    recognise(grid=grid_of([["ИИН", "Фамилия"], *([["1", "А"]] * 5_000)]), remembered={})


def test_the_office_corrects_the_mapping_and_a_field_moves() -> None:
    grid = grid_of([["ИИН", "Фамилия", "Имя", "Прозвище"]])
    mapping = correct(recognise(grid=grid, remembered={}), {"D": "given_name", "B": None})
    assert [match.field for match in mapping.columns] == ["iin", None, None, "given_name"]
    assert [match.origin for match in mapping.columns][1::2] == ["chosen", "chosen"]
    assert mapping.columns[3].field == "given_name"
    assert ColumnMapping.from_record(mapping.to_record()) == mapping


@pytest.mark.parametrize(
    ("changes", "code"), [({"Z": "iin"}, "column_unknown"), ({"A": "shoe"}, "field_unknown")]
)
def test_a_correction_names_a_column_and_a_field_that_exist(
    changes: dict[str, str | None], code: str
) -> None:
    mapping = recognise(grid=grid_of([["ИИН", "Фамилия"]]), remembered={})
    with pytest.raises(RuleViolation) as caught:
        correct(mapping, changes)
    assert caught.value.code == code


def test_what_the_office_chose_before_wins_over_the_dictionary() -> None:
    grid = grid_of([["ИИН", "Фамилия", "Цвет", "Часы"]])
    remembered = {normalise_header("Цвет"): "result", normalise_header("Часы"): ""}
    mapping = recognise(grid=grid, remembered=remembered)
    assert [match.field for match in mapping.columns[2:]] == ["result", None]
    assert {match.origin for match in mapping.columns[2:]} == {"remembered"}


def test_unknown_columns_are_told_and_known_useless_ones_are_not() -> None:
    grid = grid_of([["ИИН", "Фамилия", "Цвет", "Дата рождения"]])
    mapping = recognise(grid=grid, remembered={})
    assert [match.header for match in mapping.unknown] == ["Цвет"]


def test_every_field_has_a_name_in_three_languages() -> None:
    for field, label in fields().items():
        assert all(label.get(language).strip() for language in LANGUAGES), field
        assert label.en, field


def test_a_sheet_can_be_chosen_by_name() -> None:
    grid = read_grid(workbook([["ИИН", "Фамилия"]], title="Группа 2"), "Группа 2")
    assert recognise(grid=grid, remembered={}).sheet == "Группа 2"
