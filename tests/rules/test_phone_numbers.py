"""Numbers as people write them, as we keep them and as people read them."""

import pytest

from kualik.rules.phones import e164, masked, spaced


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("8 (701) 123-45-67", "+77011234567"),
        ("+7 701 123 45 67", "+77011234567"),
        ("701 123 45 67", "+77011234567"),
        ("00998 90 123 45 67", "+998901234567"),
        ("1414", ""),
        ("+7 701", ""),
        ("\u0667\u0660\u0661", ""),
        ("KUALIK", ""),
        ("", ""),
    ],
)
def test_a_number_is_kept_with_its_country(typed: str, kept: str) -> None:
    assert e164(typed) == kept


def test_a_kazakh_number_is_read_in_groups_and_others_as_they_stand() -> None:
    assert spaced("+77011234567") == "+7 701 123 45 67"
    assert spaced("+998901234567") == "+998901234567"
    assert spaced("") == ""


def test_a_log_shows_country_and_end_alone() -> None:
    assert masked("+77011234567") == "+7…67"
    assert masked("1414") == "…"
