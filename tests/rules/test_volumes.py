from decimal import Decimal

import pytest

from kualik.rules.errors import RuleViolation
from kualik.rules.volumes import (
    check_volume,
    credits_for,
    credits_text,
    edition_volumes,
    hours_for,
    parse_volumes,
)

ONE_EDITION = """
[X]
hours_per_credit = [30]
credit_places = 2
source = "an act"
check = false
[X.pd]
min_hours = 60
max_hours = 120
source = "an act"
check = false
"""


def refusal(**keywords):
    with pytest.raises(RuleViolation) as caught:
        check_volume(**keywords)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "hours", "volume"), [("pd", 60, "2"), ("pd", 120, "4.0"), ("cc", 900, "30")]
)
def test_the_volumes_of_real_programmes_pass(kind, hours, volume):
    check_volume(kind=kind, hours=hours, credits=Decimal(volume))


def test_hours_that_are_not_thirty_to_the_credit_are_a_mismatch():
    found = refusal(kind="pd", hours=60, credits=Decimal("9"))
    assert found.code == "volume_mismatch"
    assert found.params["expected_credits"] == "2"
    assert found.params["hours_per_credit"] == 30


@pytest.mark.parametrize("volume", ["0", "-2", "NaN", "Infinity", "2.01"])
def test_credits_that_are_no_sensible_figure_are_a_mismatch(volume):
    assert refusal(kind="pd", hours=60, credits=Decimal(volume)).code == "volume_mismatch"


def test_credits_with_no_exact_decimal_are_accepted_rounded():
    check_volume(kind="pd", hours=100, credits=Decimal("3.33"))
    assert refusal(kind="pd", hours=100, credits=Decimal("3.3")).code == "volume_mismatch"


@pytest.mark.parametrize(("kind", "hours"), [("pd", 0), ("pd", -60), ("pd", 59), ("cc", 60)])
def test_a_volume_outside_the_range_of_its_kind_names_the_range(kind, hours):
    found = refusal(kind=kind, hours=hours, credits=Decimal(hours) / 30)
    assert found.code == "volume_out_of_range"
    assert found.params["min_hours"] == edition_volumes("A303").ranges[kind].min_hours


def test_retraining_has_no_volume_under_a303():
    """A57.5.2: the result exists under A57 only."""
    found = refusal(kind="rt", hours=432, credits=Decimal("14.4"), edition="A303")
    assert found.code == "volume_kind_unknown"


@pytest.mark.parametrize(
    ("kind", "hours", "volume"),
    [
        ("pd", 54, "1"),
        ("pd", 108, "2"),
        ("pd", 216, "4"),
        ("pd", 216, "7.2"),
        ("rt", 432, "8"),
        ("rt", 432, "14.4"),
    ],
)
def test_the_hours_of_order_691_pass_under_a57(kind, hours, volume):
    check_volume(kind=kind, hours=hours, credits=Decimal(volume), edition="A57")


def test_an_unknown_edition_is_named():
    found = refusal(kind="pd", hours=60, credits=Decimal("2"), edition="A1")
    assert found.code == "volume_edition_unknown"


def test_hours_and_credits_are_converted_both_ways():
    assert str(credits_for(120)) == "4"
    assert str(credits_for(1200)) == "40"
    assert str(credits_for(45)) == "1.5"
    assert str(credits_for(100)) == "3.33"
    assert str(credits_for(54, edition="A57")) == "1.8"
    assert hours_for(Decimal("1.5")) == 45
    for odd in ("1.01", "NaN"):
        with pytest.raises(RuleViolation) as caught:
            hours_for(Decimal(odd))
        assert caught.value.code == "volume_not_whole_hours"


@pytest.mark.parametrize(
    ("stored", "text"),
    [("4.00", "4"), ("1.50", "1.5"), ("40", "40"), ("4E+1", "40"), ("0.07", "0.07")],
)
def test_credits_are_written_without_idle_zeros(stored, text):
    assert credits_text(Decimal(stored)) == text


def test_the_kinds_are_those_of_the_editions_and_every_figure_has_a_source():
    """A57.5, A303.5."""
    assert set(edition_volumes("A57").ranges) == {"pd", "rt"}
    assert set(edition_volumes("A303").ranges) == {"pd", "cc"}
    for edition in ("A57", "A303"):
        data = edition_volumes(edition)
        assert data.source
        assert data.check
        assert all(limits.source and limits.check for limits in data.ranges.values())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[30]", "[]", r"volumes.toml: \[X\] hours_per_credit"),
        ("[30]", "30", r"\[X\] hours_per_credit"),
        ("= 60", "= 600", r"\[X.pd\] min_hours: greater"),
        ("= 60", "= true", r"\[X.pd\] min_hours: a whole number"),
        ("max_hours", "most_hours", r"\[X.pd\] most_hours: unknown key"),
        ('"an act"', '" "', r"source: missing"),
        ("check = false", 'check = "no"', r"check: true or false"),
        ("[X]", "[X", "volumes.toml"),
    ],
)
def test_a_fault_in_the_data_names_file_table_and_key(old, new, message):
    with pytest.raises(ValueError, match=message):
        parse_volumes(ONE_EDITION.replace(old, new))


def test_good_data_are_read():
    assert parse_volumes(ONE_EDITION)["X"].ranges["pd"].max_hours == 120
