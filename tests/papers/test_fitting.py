"""Sizes and line breaks, reckoned from the letters' advances."""

import pytest

from kualik.papers.adapters import advance
from kualik.papers.services.fitting import balanced, broken, fit, fit_lines, height
from kualik.rules.errors import RuleViolation

TITLE = (
    "Современные подходы к ведению пациентов с острым коронарным синдромом, сердечной "
    "недостаточностью и нарушениями ритма на догоспитальном этапе"
)


@pytest.mark.parametrize("measure", [18, 21.5, 26, 40])
@pytest.mark.parametrize("face", ["regular", "bold", "italic"])
def test_lines_keep_within_the_measure_and_lose_no_word(measure, face):
    for lines in (broken(TITLE, face, measure), balanced(TITLE, face, measure)):
        assert " ".join(lines) == TITLE
        assert max(advance(line, face) for line in lines) <= measure


@pytest.mark.parametrize("measure", [18, 21.5, 26, 40])
def test_even_lines_are_as_few_and_leave_no_word_alone(measure):
    lines = balanced(TITLE, "regular", measure)
    assert len(lines) == len(broken(TITLE, "regular", measure))
    assert all(" " in line for line in lines)


def test_a_surname_breaks_after_its_hyphen_and_an_ordinal_does_not():
    assert broken("Серікбайұлы-Омаров", "regular", 8) == ("Серікбайұлы-", "Омаров")
    assert broken("Қағидаларға 3-қосымша", "regular", 9) == ("Қағидаларға", "3-қосымша")


def test_any_blank_parts_words():
    assert broken(" Ли\n Анна\tИ ", "regular", 40) == ("Ли Анна И",)


def test_type_shrinks_by_half_points_until_all_texts_fit():
    size = fit(
        (TITLE, "Кардиология"), "regular", width=300, high=40, most=14.5, least=7, part="programme"
    )
    assert size * 2 == int(size * 2)
    assert height(len(broken(TITLE, "regular", 300 * 0.995 / size)), size) <= 40
    assert height(len(broken(TITLE, "regular", 300 * 0.995 / (size + 0.5))), size + 0.5) > 40


def test_what_stays_too_large_is_named():
    with pytest.raises(RuleViolation, match="paper_overflow") as caught:
        fit(("Ш" * 90,), "bold", width=300, high=40, most=17, least=7, part="holder")
    assert caught.value.params == {"part": "holder"}
    assert fit_lines(("Ш" * 90,), "bold", width=300, most=26, least=20) is None


@pytest.mark.parametrize(
    ("sign", "named"), [("漢", "漢"), ("\u202e", "U+202E"), ("\u0007", "U+0007")]
)
def test_a_sign_without_a_glyph_has_no_width(sign, named):
    with pytest.raises(RuleViolation, match="paper_glyph_missing") as caught:
        advance(f"Ли{sign}", "regular")
    assert caught.value.params == {"character": named}
