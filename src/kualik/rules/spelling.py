"""Names as they are typed: letters of two alphabets that look alike, order of the parts."""

import re
import unicodedata
from typing import Literal, NamedTuple

from kualik.rules.errors import RuleViolation

NAME_LIMIT = 100  # characters of one name part, or of a full name printed in one line

NameOrder = Literal["family_first", "given_first"]

# Latin on the left, the Cyrillic letter that looks the same on the right, pair by pair.
_TWINS = dict(
    zip(
        "aceiopxyhkəǝɵABCEHIKMOPTXYƏƟë" + "Ë",
        "асеіорхуһкәәөАВСЕНІКМОРТХУӘӨё" + "Ё",
        strict=True,
    )
)
_TO_LATIN = {cyrillic: latin for latin, cyrillic in _TWINS.items() if latin.isascii()}
# Letters of neither Kazakh nor Russian that stand in old files for a Kazakh one. The PDF text of
# the acts has the first for "ө"; the rest come from Bashkir, Mari and Khanty keyboards and fonts.
_FOREIGN = dict(zip("ӛӚӧӦҡҠӄӃӊӉӈӇҕҔ", "өӨөӨқҚқҚңҢңҢғҒ", strict=True))
_KAZAKH_ONLY = frozenset("әғқңөұүһіӘҒҚҢӨҰҮҺІ")

_HYPHENS = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_APOSTROPHES = re.compile("[\u2018\u2019\u201b\u02b9\u02bb\u02bc\u2032\u00b4\u0060\uff07]")
# Soft hyphen, zero-width space and joiners, byte order mark: typed by nobody, left by programs.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_AROUND_HYPHEN = re.compile(r"\s*-\s*")

_PATRONYMIC = re.compile(
    r"(?:[оеё]вич|[ькм]ич|[оеё]вна|ична|ұлы|қызы|улы|кызы|оглы|гызы)$", re.IGNORECASE
)
_PATRONYMIC_WORDS = frozenset({"ұлы", "қызы", "улы", "кызы", "уулу", "оглы", "гызы"})
# Endings such as "-ин(а)" are left out: Марина, Константин are given names.
_FAMILY = re.compile(r"\w\w(?:[оеё]ва?|[сц]к(?:ий|ая)|енко|чук|швили)$", re.IGNORECASE)


_ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
# A space ends a shorter surname, so it stands first; then the hyphen and what else names have.
_PLACES = {letter: place for place, letter in enumerate(f" -'.{_ALPHABET}")}


class OddLetter(NamedTuple):
    """A letter of the other alphabet: index in the text, itself, its twin ("" where none)."""

    position: int
    letter: str
    suggestion: str


class FullName(NamedTuple):
    """The three parts of a name; ``given`` and ``patronymic`` may be empty strings."""

    family: str
    given: str
    patronymic: str


def _script(letter: str) -> str:
    """Letter L for Latin, C for Cyrillic, an empty string for anything else."""
    if not letter.isalpha():
        return ""
    name = unicodedata.name(letter, "")
    return "L" if name.startswith("LATIN") else "C" if name.startswith("CYRILLIC") else ""


def _home(text: str) -> str:
    """The alphabet the text is meant in: letters without a twin decide, then the majority."""
    own = {"L": 0, "C": 0}
    every = {"L": 0, "C": 0}
    for letter in text:
        script = _script(letter)
        if script:
            every[script] += 1
            own[script] += letter not in _TWINS and letter not in _TO_LATIN
    if own["L"] != own["C"]:
        return "L" if own["L"] > own["C"] else "C"
    return "L" if every["L"] > every["C"] else "C"


def _twin(letter: str, home: str, word: str) -> str:
    if home == "L":
        return _TO_LATIN.get(letter, "")
    # Capital Y is the very shape of "Ү"; in a word with Kazakh letters that is the likelier one.
    if letter == "Y" and _KAZAKH_ONLY.intersection(word):
        return "Ү"
    return _TWINS.get(letter, "")


def _odd_in_word(word: str, start: int, text_home: str) -> list[OddLetter]:
    scripts = {_script(letter) for letter in word} - {""}
    home = _home(word)
    # A whole word of the other alphabet is a slip only when every letter of it has a twin
    # ("OMAP" among Cyrillic words); otherwise it is a foreign word and stays.
    if len(scripts) == 1 and home != text_home:
        has_twins = all(_twin(letter, text_home, word) for letter in word if _script(letter))
        home = text_home if has_twins else home
    found = []
    for position, letter in enumerate(word, start):
        if home == "C" and letter in _FOREIGN:
            found.append(OddLetter(position, letter, _FOREIGN[letter]))
        elif _script(letter) not in ("", home):
            found.append(OddLetter(position, letter, _twin(letter, home, word)))
    return found


def mixed_alphabet_letters(word: str) -> list[OddLetter]:
    """Latin letters inside Cyrillic words and the reverse, in a word or a whole name.

    Also letters of other Cyrillic alphabets that stand for a Kazakh one ("ӛ" for "ө").
    Positions count from 0 in the text as given.
    """
    home = _home(word)
    found: list[OddLetter] = []
    for match in re.finditer(r"[^\s-]+", word):
        found += _odd_in_word(match.group(), match.start(), home)
    return found


def repair(word: str) -> str:
    """The text with every odd letter that has a twin replaced by it; the rest untouched."""
    letters = list(word)
    for odd in mixed_alphabet_letters(word):
        if odd.suggestion:
            letters[odd.position] = odd.suggestion
    return "".join(letters)


def normalise_name(text: str) -> str:
    """NFC, single spaces, one kind of hyphen and apostrophe, nothing invisible left by programs.

    Control and direction characters stay, so that ``name_problems`` can tell of them.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    plain = _APOSTROPHES.sub("'", _HYPHENS.sub("-", plain))
    return _AROUND_HYPHEN.sub("-", " ".join(plain.split()))


def _has_control(text: str) -> bool:
    return any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in text)


def name_problems(text: str) -> list[str]:
    """Codes of what is wrong with a name or a part of one; an empty list when nothing is."""
    name = normalise_name(text)
    if not any(letter.isalnum() for letter in name):
        return ["name_control", "name_empty"] if _has_control(name) else ["name_empty"]
    allowed = {" ", "-", "'", "."}
    found = {
        "name_digits": any(letter.isnumeric() for letter in name),
        "name_control": _has_control(name),
        "name_sign": any(
            unicodedata.category(letter)[0] in "PSZ" and letter not in allowed for letter in name
        ),
        "name_too_long": len(name) > NAME_LIMIT,
        "name_mixed_alphabet": bool(mixed_alphabet_letters(name)),
    }
    return [code for code, wrong in found.items() if wrong]


def _words(text: str) -> list[str]:
    """Words of the name; "Серік ұлы" written apart is one patronymic."""
    words: list[str] = []
    for word in normalise_name(text).split(" "):
        if len(words) > 1 and word.lower() in _PATRONYMIC_WORDS:
            words[-1] = f"{words[-1]} {word}"
        else:
            words.append(word)
    return words


def split_full_name(text: str, *, order: NameOrder = "family_first") -> FullName:
    """The parts of a full name written in one cell.

    ``order="given_first"`` reads "Given Family" (Moodle's Name) and "Given Patronymic Family".
    With more than three words the surplus belongs to the patronymic.
    Errors: ``name_empty``, ``name_single_word``.
    """
    words = _words(text)
    if words == [""]:
        raise RuleViolation("name_empty")
    if len(words) == 1:
        raise RuleViolation("name_single_word", name=words[0])
    if order == "family_first":
        return FullName(words[0], words[1], " ".join(words[2:]))
    if len(words) > 2 and _PATRONYMIC.search(words[-1]) and not _PATRONYMIC.search(words[1]):
        return FullName(words[1], words[0], " ".join(words[2:]))
    return FullName(words[-1], words[0], " ".join(words[1:-1]))


def is_order_in_doubt(text: str, *, order: NameOrder = "family_first") -> bool:
    """Whether the words look like the other order: a hint for a person, never a decision.

    Signs: a patronymic in the middle of "family first", or a second word that ends like a
    surname beside a first one that does not.
    """
    words = _words(text)
    if len(words) < 2:
        return False
    first, second = words[0], words[1]
    if len(words) > 2 and order == "family_first" and _PATRONYMIC.search(second):
        return not _PATRONYMIC.search(words[-1])
    if len(words) > 2:
        return order == "given_first" and bool(_PATRONYMIC.search(words[-1]))
    early, late = bool(_FAMILY.search(first)), bool(_FAMILY.search(second))
    return late and not early if order == "family_first" else early and not late


def alphabetical(text: str) -> tuple[int, ...]:
    """A key that sorts names by the Kazakh alphabet, capitals as small letters.

    Letters of other alphabets follow the Kazakh ones, by code point.
    """
    name = normalise_name(text).lower()
    return tuple(_PLACES.get(letter, len(_PLACES) + ord(letter)) for letter in name)
