from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import (
    Iin,
    check_character,
    check_code,
    check_digit,
    check_iin,
    format_code,
    format_serial,
    holds_iin,
    iin_hints,
    mask_iin,
    parse_bin,
    parse_code,
    parse_iin,
    parse_public_number,
    public_number,
    replace_iins,
    restore_leading_zeros,
)

GOOD_IINS = ["791028302728", "750216473656", "000901662463", "720216404658"]
UNREADABLE_CODES = [
    "",
    "7ZQ",
    "0123456789ABCDEFG",
    "0123456789ABCDEU",
    "0" * 70,
    "0123 4567 89AB !",
]
bodies = st.text("0123456789", min_size=11, max_size=11)
numbers = st.builds(
    public_number,
    prefix=st.from_regex(r"[A-Z][A-Z0-9]{1,11}", fullmatch=True),
    year=st.integers(2000, 2099),
    sequence=st.integers(1, 999_999),
    letter=st.sampled_from(["", "A", "R", "Z"]),
)


def refusal(call, *arguments, **keywords):
    with pytest.raises(RuleViolation) as caught:
        call(*arguments, **keywords)
    return caught.value


@pytest.mark.parametrize("number", GOOD_IINS)
def test_a_true_iin_is_read(number):
    assert parse_iin(number).value == number


@pytest.mark.parametrize(
    "text", [" 750216 473656 ", "750216-473656", "'750216473656", "750216\u00a0473656\u200b"]
)
def test_spaces_dashes_and_a_spreadsheets_apostrophe_do_no_harm(text):
    assert parse_iin(text).value == "750216473656"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "iin_length"),
        ("12345", "iin_length"),
        ("7502164736560", "iin_length"),
        ("75021647365O", "iin_not_digits"),
        ("750216473656.0", "iin_not_digits"),
        ("7.50216E+11", "iin_not_digits"),
        ("٧٥٠٢١٦٤٧٣٦٥٦", "iin_not_digits"),
        ("750216473657", "iin_check_digit"),
        ("000901676296", "iin_check_digit"),
        ("000000000000", "iin_placeholder"),
    ],
)
def test_a_wrong_iin_has_its_own_error_that_does_not_repeat_the_number(text, code):
    found = refusal(check_iin, text)
    assert found.code == code
    assert text == "" or text not in str(found)


def test_a_bin_is_checked_the_same_way_under_its_own_codes():
    assert parse_bin("061211600012") == "061211600012"
    assert refusal(parse_bin, "061211600013").code == "bin_check_digit"
    assert refusal(parse_bin, "0612116").code == "bin_length"
    assert refusal(parse_bin, "БИН061211600").code == "bin_not_digits"
    assert refusal(parse_bin, "0" * 12).code == "bin_placeholder"


def test_the_second_pass_of_the_check_digit_is_taken_when_the_first_gives_ten():
    assert uses_second_pass("00000000010")
    assert check_digit("00000000010") == 1
    assert uses_second_pass("00000000015")
    assert check_digit("00000000015") == 0
    assert parse_iin("000000000101").value == "000000000101"


def test_a_body_that_gives_ten_twice_belongs_to_no_number():
    unused = next(f"{n:011d}" for n in range(1, 100_000) if check_digit(f"{n:011d}") is None)
    for last in range(10):
        assert refusal(check_iin, f"{unused}{last}").code == "iin_check_digit"


@given(bodies, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_never_passes_unless_the_second_pass_was_needed(body, place, shift):
    digit = check_digit(body)
    wrong = body[:place] + str((int(body[place]) + shift) % 10) + body[place + 1 :]
    if digit is None or uses_second_pass(body) or uses_second_pass(wrong):
        return
    assert check_digit(wrong) != digit


def test_the_official_weights_leave_the_eleventh_digit_unguarded_in_the_first_pass():
    assert check_digit("75021647365") == check_digit("75021647368") == 6


def uses_second_pass(body):
    return sum(int(digit) * weight for weight, digit in enumerate(body, 1)) % 11 == 10


@given(bodies)
def test_every_body_with_its_check_digit_is_accepted(body):
    digit = check_digit(body)
    if digit is not None and body.strip("0"):
        assert parse_iin(f"{body}{digit}").value == f"{body}{digit}"


def test_birth_date_and_sex_are_hints_and_never_errors():
    assert iin_hints(parse_iin("750216473656")) == (date(1975, 2, 16), "female")
    assert iin_hints(parse_iin("791028302728")) == (date(1979, 10, 28), "male")
    assert iin_hints(Iin("000901662463")) == (date(2000, 9, 1), "female")
    assert iin_hints(Iin("991399312345")) == (None, "male")
    assert iin_hints(Iin("990101012345")) == (None, None)


def test_an_iin_prints_masked_everywhere():
    iin = parse_iin("750216473656")
    assert mask_iin(iin) == mask_iin("750216473656") == "75••••••••56"
    assert f"{iin} {iin!r} {[iin]}".count("750216473656") == 0
    assert mask_iin("75021647365") == "•" * 11
    assert mask_iin("Фамилия") == "•" * 7


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (901662463, "000901662463"),
        (901662463.0, "000901662463"),
        ("20725649334", "020725649334"),
        (750216473656, "750216473656"),
        ("750216473656.0", "750216473656"),
        (12345, "12345"),
        (90166246, "90166246"),
        (750216473656.5, "750216473656.5"),
        ("7.50216E+11", "7.50216E+11"),
        (-901662463, "-901662463"),
        (float("nan"), "nan"),
        ("", ""),
    ],
)
def test_a_number_cell_gets_back_at_most_three_lost_zeros(cell, text):
    assert restore_leading_zeros(cell) == text


def test_the_check_character_is_that_of_iso_7064_mod_37_36():
    """Published examples: a GRid and the two characters of an ISAN."""
    assert check_character("A12425GABC1234002") == "M"
    assert check_character("00000000D07A0090") == "Q"
    assert check_character("00000000D07A009000000000") == "X"


def test_a_public_number_is_spelled_one_way():
    assert public_number(prefix="DEMO", year=2026, sequence=123).startswith("DEMO-2026-000123-")
    lettered = public_number(prefix="DEMO", year=2026, sequence=123, letter="R")
    assert lettered.startswith("DEMO-2026-R000123-")
    assert parse_public_number(lettered)[:4] == ("DEMO", 2026, "R", 123)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prefix": "demo"}, "prefix"),
        ({"prefix": "D"}, "prefix"),
        ({"prefix": "ДЕМО"}, "prefix"),
        ({"year": 1999}, "year"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": 1_000_000}, "sequence"),
        ({"letter": "7"}, "letter"),
        ({"letter": "AB"}, "letter"),
    ],
)
def test_a_number_that_could_not_be_read_back_is_not_made(change, field):
    parts = {"prefix": "DEMO", "year": 2026, "sequence": 1} | change
    found = refusal(public_number, **parts)
    assert (found.code, found.params) == ("number_out_of_range", {"field": field})


@given(numbers)
def test_a_number_is_read_in_any_case_and_with_any_separators(number):
    for text in (
        number,
        number.lower(),
        number.replace("-", " – "),
        number.replace("-", ""),
        number.replace("-", "\u2011"),
    ):
        assert parse_public_number(text).text == number


def test_a_number_typed_with_cyrillic_letters_is_read():
    number = public_number(prefix="KAM", year=2026, sequence=7)
    assert parse_public_number(number.replace("KAM", "кам")).text == number


@given(numbers, st.integers(0, 40), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_wrong_character_never_gives_another_number(number, place, letter):
    place %= len(number)
    if number[place] in ("-", letter):
        return
    wrong = number[:place] + letter + number[place + 1 :]
    code = refusal(parse_public_number, wrong).code
    assert code in ("number_unreadable", "number_check_character")


@given(st.text(max_size=80))
def test_no_text_at_all_breaks_the_readers(text):
    for read in (parse_public_number, parse_code, parse_iin, parse_bin):
        with suppress(RuleViolation):
            assert read(text)


@pytest.mark.parametrize("text", ["", "DEMO-2026-123-7", "DEMO-1026-000123-7", "-" * 70, "№ 15"])
def test_what_is_no_number_is_unreadable(text):
    assert refusal(parse_public_number, text).code == "number_unreadable"


def test_a_code_is_eighty_bits_in_sixteen_characters():
    assert check_code(bytes(10)) == "0" * 16
    assert check_code(b"\xff" * 10) == "Z" * 16
    assert check_code(bytes(range(10))) == "000G40R40M30E209"
    assert format_code("ABCDEFGHJKMNPQRS") == "ABCD-EFGH-JKMN-PQRS"
    with pytest.raises(ValueError, match="10 bytes"):
        check_code(bytes(9))


@given(st.binary(min_size=10, max_size=10))
def test_a_code_survives_the_way_people_type_it(raw):
    code = check_code(raw)
    typed = code.replace("0", "o").replace("1", "l").lower()
    for text in (code, format_code(code), typed, f" {format_code(typed).replace('-', ' — ')} "):
        assert parse_code(text) == code


def test_a_code_typed_with_cyrillic_letters_is_read():
    assert parse_code("авсе-НКМР-ТХ0О-0000") == "ABCEHKMPTX000000"


@pytest.mark.parametrize("text", UNREADABLE_CODES)
def test_what_is_no_code_is_unreadable(text):
    assert refusal(parse_code, text).code == "code_unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "750216473656",
        "750216 473 656",
        "7502-1647-3656",
        "75 02 16 47 36 56",
        "Иванова, 750216\u00a0473656",
        "ИИН750216.473656",
        "IIN750216473656",
        "750216473657",
    ],
)
def test_an_iin_typed_into_a_search_is_noticed_right_or_wrong(text):
    assert holds_iin(text)


@given(numbers)
def test_a_documents_number_with_its_dashes_is_no_iin(number):
    assert not holds_iin(number)


@pytest.mark.parametrize("text", ["", "Ахметова Динара", "+7 701 123-45-67", "2026-11-20 10:00"])
def test_names_phones_and_moments_are_no_iin(text):
    assert not holds_iin(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("750216473656", "75••••••••56"),
        ("750216 473 656", "75••••••••56"),
        ("7502-1647-3656", "75••••••••56"),
        ("№ 5 750216 473 656, врач", "№ 5 75••••••••56, врач"),
        ("750216473656 720216404658", "75••••••••56 72••••••••58"),
        ("26.10.2026-20.11.2026", "26.10.2026-20.11.2026"),
        ("2026-10-26 2026-11-20", "2026-10-26 2026-11-20"),
        ("20261123104500", "20261123104500"),
        ("+7 701 123 45 67", "+7 701 123 45 67"),
    ],
)
def test_every_run_of_twelve_digits_is_masked_and_dates_stay(text, written):
    assert replace_iins(text, mask_iin) == written


def test_a_check_character_may_be_read_for_its_twin() -> None:
    by_check = {}
    for sequence in range(1, 200):
        number = public_number(prefix="DEMO", year=2026, sequence=sequence)
        by_check[number[-1]] = number
    for printed, read in (("O", "0"), ("0", "O"), ("I", "1"), ("1", "I")):
        number = by_check[printed]
        assert parse_public_number(number[:-1] + read).text == number
    with pytest.raises(RuleViolation):
        parse_public_number(by_check["O"][:-1] + "7")


def test_serial_numbers_are_shown_as_whole_octets() -> None:
    assert [format_serial(number) for number in ("abc", "0abc", "ff", "")] == [
        "0abc", "0abc", "ff", ""
    ]  # fmt: skip
