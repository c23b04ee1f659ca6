"""Short messages are cut as phones join them, and read back whatever their alphabet."""

import pytest

from kualik.notifications.adapters.alphabet import (
    DEFAULT_ALPHABET,
    LATIN1,
    UCS2,
    Place,
    cut,
    header,
    text_of,
    without_header,
)
from kualik.rules.phones import e164, masked


@pytest.mark.parametrize(
    ("text", "coding", "lengths"),
    [
        ("ә" * 70, UCS2, [140]),
        ("ә" * 71, UCS2, [134, 8]),
        ("ә" * 135, UCS2, [134, 134, 2]),
        ("a" * 160, DEFAULT_ALPHABET, [160]),
        ("a" * 161, DEFAULT_ALPHABET, [153, 8]),
        ("€" * 80, DEFAULT_ALPHABET, [160]),
        # An escaped letter and a pair of surrogates are never torn.
        ("a" * 152 + "€" * 10, DEFAULT_ALPHABET, [152, 20]),
        ("ә" * 66 + "😀" * 3, UCS2, [132, 12]),
        ("", DEFAULT_ALPHABET, [0]),
    ],
)
def test_a_text_is_cut_into_as_few_parts_as_it_takes(
    text: str, coding: int, lengths: list[int]
) -> None:
    made = cut(text)
    assert (made.coding, [len(part) for part in made.parts]) == (coding, lengths)
    assert "".join(text_of(part, made.coding) for part in made.parts) == text


def test_a_text_of_more_than_255_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        cut("ә" * 67 * 256)


def test_the_default_alphabet_is_that_of_the_standard() -> None:
    """Code points of 3GPP TS 23.038, 6.2.1."""
    assert cut("@£$Δ_ΦΓ¡¿§à").parts == (b"\x00\x01\x02\x10\x11\x12\x13\x40\x60\x5f\x7f",)
    assert cut("[]{}~\\|^€").parts == (
        b"\x1b\x3c\x1b\x3e\x1b\x28\x1b\x29\x1b\x3d\x1b\x2f\x1b\x40\x1b\x14\x1b\x65",
    )
    assert cut("`").coding == UCS2


@pytest.mark.parametrize(
    ("content", "coding", "text"),
    [
        ("1".encode("utf-16-be"), 8, "1"),
        (b"1", 0, "1"),
        (b"\x1be 5", 0, "€ 5"),
        (b"caf\xe9", LATIN1, "café"),
        (b"\x04\xd8", 8, "Ә"),
        (b"\x04", 8, "\ufffd"),
        # A class of message in the coding group 1111: bit 2 says 8-bit, here read as the default.
        (b"ok", 0xF1, "ok"),
        (b"\x00\x31", 0x18, "1"),
        (b"\xff", 0, "\ufffd"),
        (b"\xff", 1, "\ufffd"),
    ],
)
def test_what_phones_send_is_read(content: bytes, coding: int, text: str) -> None:
    assert text_of(content, coding) == text


def test_the_header_of_a_part_tells_its_place() -> None:
    assert header(Place(0x1234, 3, 2)) == b"\x05\x00\x03\x34\x03\x02"
    assert without_header(b"\x05\x00\x03\x34\x03\x02abc") == (Place(0x34, 3, 2), b"abc")
    assert without_header(b"\x06\x08\x04\x12\x34\x03\x02abc") == (Place(0x1234, 3, 2), b"abc")
    assert without_header(b"\x04\x05\x02\x00\x00abc") == (None, b"abc")


@pytest.mark.parametrize("content", [b"", b"\x05\x00\x03", b"\xff\x00"])
def test_a_header_longer_than_its_message_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="header"):
        without_header(content)


@pytest.mark.parametrize("content", [b"\x05\x00\x03\x01\x02\x03x", b"\x05\x00\x03\x01\x02\x00x"])
def test_a_place_that_cannot_be_is_no_place(content: bytes) -> None:
    assert without_header(content) == (None, b"x")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("8 (701) 123-45-67", "+77011234567"),
        ("77011234567", "+77011234567"),
        ("+7 701 123 45 67", "+77011234567"),
        ("7011234567", "+77011234567"),
        ("0049 151 23456789", "+4915123456789"),
        ("+998901234567", "+998901234567"),
        ("1414", ""),
        ("KUALIK", ""),
        ("", ""),
        ("+", ""),
        ("٧٧٠١١٢٣٤٥٦٧", ""),
    ],
)
def test_a_number_is_kept_with_its_country(written: str, kept: str) -> None:
    assert e164(written) == kept


def test_a_number_in_a_log_is_masked() -> None:
    assert masked("+77011234567") == "+7…67"
    assert masked("1414") == "…"
