"""The alphabets of short messages (3GPP TS 23.038) and their cutting into parts (TS 23.040).

A text in the letters of the default alphabet costs seven bits a letter, any other (Kazakh, Russian)
is UCS-2: 70 letters in a single message, 67 in each part of a longer one.
"""

from dataclasses import dataclass

DEFAULT_ALPHABET, ASCII, LATIN1, UCS2 = 0, 1, 3, 8
ESCAPE = "\x1b"
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = {"\f": 10, "^": 20, "{": 40, "}": 41, "\\": 47, "[": 60, "~": 61, "]": 62, "|": 64}
EXTENDED["€"] = 101
LETTERS = {letter: bytes([code]) for code, letter in enumerate(BASIC) if letter != ESCAPE} | {
    letter: bytes([0x1B, code]) for letter, code in EXTENDED.items()
}
ESCAPED = {code: letter for letter, code in EXTENDED.items()}
# Units of a single message and of a part: septets, or bytes of UCS-2.
SINGLE = {DEFAULT_ALPHABET: 160, UCS2: 140}
EACH = {DEFAULT_ALPHABET: 153, UCS2: 134}
MOST_PARTS = 255


@dataclass(frozen=True, slots=True)
class Cut:
    """A text as it travels: ``coding`` is the data_coding of SMPP, ``parts`` have no header."""

    coding: int
    parts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part stands in its message; ``group`` is the number that its parts share."""

    group: int
    total: int
    number: int


def cut(text: str) -> Cut:
    """The text in as few parts as it takes; no letter is torn. Raises ValueError over 255 parts."""
    coding = DEFAULT_ALPHABET if all(letter in LETTERS for letter in text) else UCS2
    letters = [
        LETTERS[letter] if coding == DEFAULT_ALPHABET else letter.encode("utf-16-be")
        for letter in text
    ]
    if sum(map(len, letters)) <= SINGLE[coding]:
        return Cut(coding, (b"".join(letters),))
    parts = [b""]
    for letter in letters:
        if len(parts[-1]) + len(letter) > EACH[coding]:
            parts.append(b"")
        parts[-1] += letter
    if len(parts) > MOST_PARTS:
        raise ValueError("the text is too long for a short message")
    return Cut(coding, tuple(parts))


def header(place: Place) -> bytes:
    """The user data header of a part: concatenated message with an 8-bit number."""
    return bytes([5, 0, 3, place.group & 0xFF, place.total, place.number])


def without_header(content: bytes) -> tuple[Place | None, bytes]:
    """The place that a user data header tells, if it tells one, and what follows the header.

    Raises ValueError for a header that is longer than the content.
    """
    if not content or len(content) <= content[0]:
        raise ValueError("no user data header")
    inner, rest = content[1 : content[0] + 1], content[content[0] + 1 :]
    at, place = 0, None
    while at + 2 <= len(inner):
        kind, size = inner[at], inner[at + 1]
        element = inner[at + 2 : at + 2 + size]
        if (kind, len(element)) in ((0, 3), (8, 4)):
            place = Place(int.from_bytes(element[:-2], "big"), element[-2], element[-1])
        at += 2 + size
    is_sound = place is not None and 1 <= place.number <= place.total
    return (place if is_sound else None), rest


def text_of(content: bytes, coding: int) -> str:
    """What was written; letters that cannot be read become U+FFFD."""
    if coding & 0x0C == UCS2:
        return content.decode("utf-16-be", errors="replace")
    if coding == LATIN1:
        return content.decode("latin-1")
    if coding == ASCII:
        return content.decode("ascii", errors="replace")
    return _from_default(content)


def _from_default(content: bytes) -> str:
    letters: list[str] = []
    is_escaped = False
    for code in content:
        if code == 0x1B and not is_escaped:
            is_escaped = True
            continue
        plain = BASIC[code] if code < len(BASIC) else "\ufffd"
        letters.append(ESCAPED.get(code, plain) if is_escaped else plain)
        is_escaped = False
    return "".join(letters)
