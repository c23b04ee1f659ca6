"""Numbers of persons and organisations, public numbers of documents, and their check codes."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, NewType

from kualik.rules.errors import RuleViolation

Bin = NewType("Bin", str)
Sex = Literal["male", "female"]

_TWELVE = 12
_FIRST_PASS = tuple(range(1, 12))
_SECOND_PASS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_CENTURIES = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
# A number cell drops the zeros in front; the year 00 and a month below 10 make three at most.
_MOST_LOST_ZEROS = 3
_HIDDEN = "•"

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LAST_SEQUENCE = 999_999
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_NUMBER = re.compile(
    r"(?P<prefix>[A-Z][A-Z0-9]{1,11}?)-?(?P<year>20\d\d)-?(?P<letter>[A-Z]?)"
    r"(?P<sequence>\d{6})-?(?P<check>[0-9A-Z])",
    re.ASCII,
)

# Crockford base32: no I, L, O and U.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_BYTES = 10
_CODE_LENGTH = 16
READ_AS = str.maketrans("OIL", "011")
_LONGEST_INPUT = 64
# No full stop here: "10116550137.0" is a damaged number, not one with a separator.
_NOISE = re.compile(r"[\s\u00ad\u200b-\u200f\u2010-\u2015\u2212\ufeff-]+")
_SEPARATORS = re.compile(r"[\s.·/_\u00ad\u200b-\u200f\u2010-\u2015\u2212\ufeff-]+")
# Twelve digits, bare or with up to three separators between two of them. Separated ones right
# behind a Latin letter are a document's number. Browsers read it too, as a field's ``pattern``.
_SEPARATED = r"[0-9](?:[\s.·\/_\-\u2010-\u2015]{0,3}[0-9]){11}"
IIN_RUN = rf"[0-9]{{12}}|(?<![0-9A-Za-z]){_SEPARATED}"
_IIN_RUN = re.compile(IIN_RUN)
# Exactly twelve digits; two dates side by side may have as many and stay.
_DATE = r"(?:[0-9]{1,2}[./-]){2}(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}(?:[./-][0-9]{1,2}){2}"
_IIN_OR_DATE = re.compile(rf"(?<![0-9])(?:(?P<date>{_DATE})|{_SEPARATED})(?![0-9])")
# Typed with a Cyrillic keyboard: capital letters of the same shape.
_CYRILLIC_TWINS = str.maketrans("АВСЕНІКМОРТХУЗ", "ABCEHIKMOPTXY3")


@dataclass(frozen=True, slots=True)
class Iin:
    """An individual identification number that passed the hard checks.

    Printing shows the mask only, so that the number cannot slip into a log; ``value`` is explicit.
    """

    value: str

    def __str__(self) -> str:
        return mask_iin(self.value)

    def __repr__(self) -> str:
        return f"Iin({mask_iin(self.value)})"


class IinHints(NamedTuple):
    """What the digits seem to say; not binding since Government decision No. 853 of 2013."""

    born_on: date | None
    sex: Sex | None


class PublicNumber(NamedTuple):
    """Parts of the printed number; ``text`` is the number in its one proper spelling."""

    prefix: str
    year: int
    letter: str
    sequence: int
    text: str


def parse_iin(text: str) -> Iin:
    """The number without spaces, dashes and a spreadsheet's apostrophe.

    Hard checks only: 12 digits and the check digit; date and sex are hints (``iin_hints``).
    Errors never carry the number: ``iin_not_digits``, ``iin_length`` (length), ``iin_placeholder``
    (zeros only), ``iin_check_digit``.
    """
    return Iin(_twelve_digits(text, "iin"))


def check_iin(text: str) -> None:
    """Raises what ``parse_iin`` raises, when the text is no IIN."""
    _twelve_digits(text, "iin")


def parse_bin(text: str) -> Bin:
    """A business identification number; the errors of ``parse_iin`` with the prefix ``bin_``."""
    return Bin(_twelve_digits(text, "bin"))


def _twelve_digits(text: str, kind: Literal["iin", "bin"]) -> str:
    digits = _NOISE.sub("", text).strip("'’")
    if digits and not (digits.isascii() and digits.isdigit()):
        raise RuleViolation("iin_not_digits" if kind == "iin" else "bin_not_digits")
    if len(digits) != _TWELVE:
        raise RuleViolation("iin_length" if kind == "iin" else "bin_length", length=len(digits))
    if not digits.strip("0"):
        raise RuleViolation("iin_placeholder" if kind == "iin" else "bin_placeholder")
    if check_digit(digits[:11]) != int(digits[11]):
        raise RuleViolation("iin_check_digit" if kind == "iin" else "bin_check_digit")
    return digits


def check_digit(body: str) -> int | None:
    """Twelfth digit for the first eleven; None where both passes give 10: such bodies are unused.

    Source: Government decision of 22 May 2007 No. 406. The eleventh digit weighs 11, which is
    nothing mod 11: a slip in it passes whenever the first pass decides.
    """
    for weights in (_FIRST_PASS, _SECOND_PASS):
        rest = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
        if rest < 10:
            return rest
    return None


def iin_hints(iin: Iin) -> IinHints:
    """Birth date and sex as the digits have them; None where they say nothing sensible."""
    value = iin.value
    century = _CENTURIES.get(value[6])
    if century is None:
        return IinHints(None, None)
    sex: Sex = "male" if int(value[6]) % 2 else "female"
    try:
        born_on = date(century + int(value[:2]), int(value[2:4]), int(value[4:6]))
    except ValueError:
        return IinHints(None, sex)
    return IinHints(born_on, sex)


def mask_iin(iin: Iin | str) -> str:
    """Birth year and last two digits, the rest hidden: enough to tell two rows of a list apart.

    Whoever knows the birth date still faces about ninety numbers; four last digits would leave
    one, as the check digit betrays the rest. A text that is no twelve digits is hidden whole.
    """
    value = iin.value if isinstance(iin, Iin) else iin
    if len(value) != _TWELVE or not (value.isascii() and value.isdigit()):
        return _HIDDEN * len(value)
    return value[:2] + _HIDDEN * 8 + value[-2:]


def holds_iin(text: str) -> bool:
    """Whether somebody typed an IIN, right or not, into a field whose text gets into an address."""
    return _IIN_RUN.search(text) is not None


def replace_iins(text: str, write: Callable[[str], str]) -> str:
    """The text with every run of exactly twelve digits, separated or not, as ``write`` has it.

    ``write`` gets the bare digits. Dates keep standing.
    """

    def written(found: re.Match[str]) -> str:
        if found["date"]:
            return found["date"]
        return write("".join(sign for sign in found[0] if sign.isdigit()))

    return _IIN_OR_DATE.sub(written, text)


def restore_leading_zeros(cell: int | float | str) -> str:
    """Digits of a number cell with up to three lost leading zeros; other content as text.

    What lost more than that, or has a fraction or an exponent, is returned as it stands and
    then fails the check of length or digits.
    """
    if isinstance(cell, float) and cell.is_integer() and 0 <= cell < 10**_TWELVE:
        cell = int(cell)
    text = str(cell).strip()
    whole, _, fraction = text.partition(".")
    if whole.isascii() and whole.isdigit() and not fraction.strip("0"):
        return whole.zfill(_TWELVE) if len(whole) >= _TWELVE - _MOST_LOST_ZEROS else whole
    return text


def check_character(text: str) -> str:
    """ISO 7064 MOD 37,36 check character of letters A–Z and digits."""
    product = 36
    for letter in text:
        total = (product + _ALPHANUMERIC.index(letter)) % 36 or 36
        product = total * 2 % 37
    return _ALPHANUMERIC[(37 - product) % 36]


def public_number(*, prefix: str, year: int, sequence: int, letter: str = "") -> str:
    """The printed number, such as ``DEMO-2026-000123-7``, with its check character at the end.

    ``prefix`` is the provider's code (2–12 capitals and digits, a letter first), ``letter`` an
    optional series before the six digits. Error: ``number_out_of_range`` (field).
    """
    fits = {
        "prefix": _PREFIX.fullmatch(prefix) is not None,
        "year": 2000 <= year <= 2099,
        "letter": letter == "" or (len(letter) == 1 and letter in _ALPHANUMERIC[10:]),
        "sequence": 1 <= sequence <= _LAST_SEQUENCE,
    }
    for field, good in fits.items():
        if not good:
            raise RuleViolation("number_out_of_range", field=field)
    serial = f"{letter}{sequence:06d}"
    return f"{prefix}-{year}-{serial}-{check_character(f'{prefix}{year}{serial}')}"


def parse_public_number(text: str) -> PublicNumber:
    """A number as people write it: any case, spaces or dashes of any kind or none, Cyrillic twins.

    Errors: ``number_unreadable`` (not the shape), ``number_check_character`` (mistyped).
    """
    match = _NUMBER.fullmatch(_plain_capitals(text, separator="-"))
    if match is None:
        raise RuleViolation("number_unreadable")
    prefix, year, letter, sequence, check = match.group(
        "prefix", "year", "letter", "sequence", "check"
    )
    right = check_character(f"{prefix}{year}{letter}{sequence}")
    # O and 0, I and 1 look alike in print; a person may read one for the other.
    if right.translate(READ_AS) != check.translate(READ_AS):
        raise RuleViolation("number_check_character")
    spelled = f"{prefix}-{year}-{letter}{sequence}-{right}"
    return PublicNumber(prefix, int(year), letter, int(sequence), spelled)


def _plain_capitals(text: str, *, separator: str) -> str:
    """Capitals and digits, spaces and dashes as ``separator``; "" for a text that is too long."""
    if len(text) > _LONGEST_INPUT:
        return ""
    capitals = unicodedata.normalize("NFKC", text).upper().translate(_CYRILLIC_TWINS)
    return _SEPARATORS.sub(separator, capitals).strip(separator or None)


def check_code(raw: bytes) -> str:
    """16 characters of Crockford base32 for 80 random bits (10 bytes, else ``ValueError``)."""
    if len(raw) != _CODE_BYTES:
        raise ValueError(f"a check code is made of {_CODE_BYTES} bytes, not {len(raw)}")
    number = int.from_bytes(raw, "big")
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5))


def format_serial(serial: str) -> str:
    """A certificate's serial number in hexadecimal as whole octets, as other programs show it."""
    return serial.zfill(len(serial) + len(serial) % 2)


def format_code(code: str) -> str:
    """The code in four groups of four, as printed."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def parse_code(text: str) -> str:
    """A code as people type it: any case, dashes, spaces, O for 0, I and L for 1.

    Error: ``code_unreadable``; it does not say which character was wrong.
    """
    code = _plain_capitals(text, separator="").translate(READ_AS)
    if len(code) != _CODE_LENGTH or not set(code) <= set(CROCKFORD):
        raise RuleViolation("code_unreadable")
    return code
