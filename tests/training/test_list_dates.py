"""Dates as offices and programs write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kualik.rules.errors import RuleViolation
from kualik.training.services.dates import parse_date, spreadsheet_day
from tests.training.lists import code_of

DAY = date(2026, 11, 19)
OUTCOMES = {"", "date_impossible", "date_not_understood"}


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-19",
        "2026.11.19",
        "2026-11-19T00:00:00",
        "2026-11-19 16:10",
        "19.11.2026",
        "19/11/2026",
        "19-11-2026",
        "19.11.26",
        "19.11.2026 г.",
        "19.11.2026 ж.",
        "19 November 2026, 4:10 PM",
        "Thursday, 19 November 2026, 4:10 PM",
        "November 19, 2026",
        "19 Nov 2026",
        "19 ноября 2026 г.",
        "«19» ноября 2026 года",
        "четверг, 19 ноября 2026, 16:10",
        "2026 жылғы 19 қараша",
        "2026 ж. 19 қараша",
        "19 қараша 2026, 16:10",
        " 19   ноября  2026 ",
    ],
)
def test_a_date_is_read_in_every_usual_spelling(text: str) -> None:
    assert parse_date(text) == DAY


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("1 қаңтар 2026", 1), ("1 ақпан 2026", 2), ("1 наурыз 2026", 3), ("1 сәуір 2026", 4),
        ("1 мамыр 2026", 5), ("1 маусым 2026", 6), ("1 шілде 2026", 7), ("1 тамыз 2026", 8),
        ("1 қыркүйек 2026", 9), ("1 қазан 2026", 10), ("1 қараша 2026", 11),
        ("1 желтоқсан 2026", 12), ("1 января 2026", 1), ("1 февраля 2026", 2),
        ("1 марта 2026", 3), ("1 апреля 2026", 4), ("1 мая 2026", 5), ("1 июня 2026", 6),
        ("1 июля 2026", 7), ("1 августа 2026", 8), ("1 сентября 2026", 9),
        ("1 октября 2026", 10), ("1 декабря 2026", 12), ("1 May 2026", 5), ("1 July 2026", 7),
    ],
)  # fmt: skip
def test_every_month_is_known_by_name(text: str, month: int) -> None:
    assert parse_date(text) == date(2026, month, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("31.11.2026", "date_impossible"),
        ("30 февраля 2026", "date_impossible"),
        ("11/20/2026", "date_impossible"),
        ("2026-13-01", "date_impossible"),
        ("01.01.0206", "date_impossible"),
        ("ноябрь 2026", "date_not_understood"),
        ("20.11", "date_not_understood"),
        ("20261119", "date_not_understood"),
        ("19 ноября 2026 по 20 ноября 2026", "date_not_understood"),
        ("до 19 ноября 2026", "date_not_understood"),
        ("", "date_not_understood"),
        ("x" * 500, "date_not_understood"),
        ("١٩.١١.٢٠٢٦", "date_not_understood"),
    ],
)
def test_what_is_no_date_is_named(text: str, code: str) -> None:
    with pytest.raises(RuleViolation) as caught:
        parse_date(text)
    assert caught.value.code == code


def test_a_number_that_lost_its_date_format_is_counted_as_spreadsheets_do() -> None:
    assert spreadsheet_day(46345) == date(2026, 11, 19)
    for number in (-1, 0, 120, 99_999, 10**12):
        with pytest.raises(RuleViolation):
            spreadsheet_day(number)


@given(st.text(max_size=80))
def test_any_text_is_a_date_or_a_named_refusal(text: str) -> None:
    assert code_of(lambda: parse_date(text)) in OUTCOMES


@given(st.from_regex(r"[0-9²٣]{1,4}[ ./-][0-9]{1,2}[ ./-][0-9]{1,4}( г\.| ж)?", fullmatch=True))
def test_anything_like_a_date_is_a_date_or_a_named_refusal(text: str) -> None:
    assert code_of(lambda: parse_date(text)) in OUTCOMES


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)))
def test_iso_and_dotted_spellings_come_back(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day:%d.%m.%Y}") == day
