import pytest
from hypothesis import given
from hypothesis import strategies as st

from kualik.rules.errors import RuleViolation
from kualik.rules.spelling import (
    alphabetical,
    is_order_in_doubt,
    mixed_alphabet_letters,
    name_problems,
    normalise_name,
    repair,
    split_full_name,
)

RIGHT_NAMES = [
    "Қыдырәлиева-Сейітмағанбетова",
    "Һасанова",
    "Іскендірова Гүлнұр Әбілқызы",
    "Өмірзақова Жанар Болатқызы",
    "О'Коннор Джон",
    "Müller Jürgen",
    "Ли",
    "Smith",
    "Цой Марина Викторовна",
]


@pytest.mark.parametrize("name", RIGHT_NAMES)
def test_a_right_name_has_no_problems_and_stays_as_it_is(name):
    assert name_problems(name) == []
    assert mixed_alphabet_letters(name) == []
    assert repair(name) == normalise_name(name) == name


@pytest.mark.parametrize(
    ("typed", "odd", "repaired"),
    [
        ("Иван\u006fва", [(4, "o", "о")], "Иванова"),
        ("Cергей", [(0, "C", "С")], "Сергей"),
        ("hасанова", [(0, "h", "һ")], "һасанова"),
        ("Iскендiрова", [(0, "I", "І"), (6, "i", "і")], "Іскендірова"),
        ("\u0259білқызы", [(0, "\u0259", "ә")], "әбілқызы"),
        ("М\u0275лдір", [(1, "\u0275", "ө")], "Мөлдір"),
        ("Мӛлдір", [(1, "ӛ", "ө")], "Мөлдір"),
        ("Yсенұлы", [(0, "Y", "Ү")], "Үсенұлы"),
        ("Yваров", [(0, "Y", "У")], "Уваров"),
        ("Петрzв", [(4, "z", "")], "Петрzв"),
        ("Smith \u0410nna", [(6, "\u0410", "A")], "Smith Anna"),
        ("Петров OMAP", [(7, "O", "О"), (8, "M", "М"), (9, "A", "А"), (10, "P", "Р")], None),
    ],
)
def test_letters_of_the_other_alphabet_are_found_and_named(typed, odd, repaired):
    assert mixed_alphabet_letters(typed) == odd
    assert repair(typed) == (repaired or "Петров ОМАР")
    assert name_problems(typed) == ["name_mixed_alphabet"]


def test_a_foreign_word_beside_a_cyrillic_one_is_left_alone():
    assert mixed_alphabet_letters("Петров Wolfgang") == []


@given(st.text("aceopxyhABCEHKMOPTXYZzəɵасеорхуһәөАВСЕНКМОРТХУЯяқҮӛ", max_size=12))
def test_a_word_is_repaired_once_and_for_all_and_keeps_its_length(word):
    once = repair(word)
    assert len(once) == len(word)
    assert repair(once) == once
    assert all(odd.suggestion == "" for odd in mixed_alphabet_letters(once))


@given(st.text(max_size=40))
def test_no_text_at_all_breaks_the_repair(text):
    assert len(repair(text)) == len(text)


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text):
    assert normalise_name(normalise_name(text)) == normalise_name(text)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Петров \u00a0 Сергей\t", "Петров Сергей"),
        ("Қыдырәлиева – Сейітмағанбетова", "Қыдырәлиева-Сейітмағанбетова"),
        ("О\u2019Коннор", "О'Коннор"),
        ("Ива\u00adнова\u200b\ufeff", "Иванова"),
        ("Андреи\u0306", "Андрей"),
        ("Петров\nСергей", "Петров Сергей"),
    ],
)
def test_a_name_is_brought_to_one_spelling(typed, name):
    assert normalise_name(typed) == name


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["name_empty"]),
        (" - ", ["name_empty"]),
        ("\u202e", ["name_control", "name_empty"]),
        ("Иванова2", ["name_digits"]),
        ("Ива\u202eнова", ["name_control"]),
        ("Ива\x07нова", ["name_control"]),
        ("Иванова (Петрова)", ["name_sign"]),
        ("Иван?ва", ["name_sign"]),
        ("Иван\ufffdва", ["name_sign"]),
        ('=HYPERLINK("http://example.kz","Имя")', ["name_sign", "name_mixed_alphabet"]),
        ("А" * 101, ["name_too_long"]),
        ("А" * 100, []),
        ("Иван\u006fва 2", ["name_digits", "name_mixed_alphabet"]),
    ],
)
def test_each_fault_of_a_name_has_its_code(text, problems):
    assert name_problems(text) == problems


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Петров Сергей Иванович", ("Петров", "Сергей", "Иванович")),
        ("Цой  Марина", ("Цой", "Марина", "")),
        ("Ахметов Ерлан Серік ұлы", ("Ахметов", "Ерлан", "Серік ұлы")),
        ("Алиев Вагиф Самед оглы", ("Алиев", "Вагиф", "Самед оглы")),
        ("Ким Анна Мария Викторовна", ("Ким", "Анна", "Мария Викторовна")),
        (
            "Қыдырәлиева – Сейітмағанбетова Мөлдір",
            ("Қыдырәлиева-Сейітмағанбетова", "Мөлдір", ""),
        ),
    ],
)
def test_a_full_name_is_split_surname_first(text, parts):
    assert split_full_name(text) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Фатима Һасанова", ("Һасанова", "Фатима", "")),
        ("Сергей Иванович Петров", ("Петров", "Сергей", "Иванович")),
        ("Динара Ахметова Сериковна", ("Ахметова", "Динара", "Сериковна")),
    ],
)
def test_moodles_order_is_given_name_first(text, parts):
    assert split_full_name(text, order="given_first") == parts


@pytest.mark.parametrize(("text", "code"), [("Петров", "name_single_word"), (" ", "name_empty")])
def test_one_word_is_no_full_name(text, code):
    with pytest.raises(RuleViolation) as caught:
        split_full_name(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "order", "doubt"),
    [
        ("Петров Сергей Иванович", "family_first", False),
        ("Сергей Иванович Петров", "family_first", True),
        ("Ольга Иванова", "family_first", True),
        ("Иванова Ольга", "family_first", False),
        ("Цой Марина", "family_first", False),
        ("Абай Санжар", "family_first", False),
        ("Фатима Һасанова", "given_first", False),
        ("Һасанова Фатима", "given_first", True),
        ("Петров Сергей Иванович", "given_first", True),
        ("Сергей Иванович Петров", "given_first", False),
        ("Петров", "family_first", False),
    ],
)
def test_the_other_order_is_suspected_where_the_endings_say_so(text, order, doubt):
    assert is_order_in_doubt(text, order=order) is doubt


def test_names_stand_in_the_order_of_the_kazakh_alphabet():
    names = [
        "Абай", "Әбдірахманова", "Бек", "Гали", "Ғаббасова", "Ёлкина", "Жұмабаева", "Йошкин",
        "Ким", "Ким Анна", "Ким-Ли", "Кимаев", "Қожахметов", "Ли", "Нұр", "Ңұр", "Омар", "Өмір",
        "Пак", "Усенов", "Ұлжан", "Үсенов", "Фатима", "Хан", "Һасанова", "Цой", "Шалов", "Щукин",
        "Ыбырай", "Ілияс", "Эмма", "Юлия", "Яна", "Zhanar",
    ]  # fmt: skip
    assert sorted(sorted(names), key=alphabetical) == names
    assert alphabetical("ІЛИЯС") == alphabetical("Ілияс")
