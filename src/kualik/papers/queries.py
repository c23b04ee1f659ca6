"""The forms, footers and words of the papers: versioned data, validated when first read."""

import string
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings
from fontTools.ttLib import TTFont

from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

DATA = Path(__file__).parent / "data"
KINDS = frozenset({"pd", "cc", "rt"})
PAPERS = frozenset({"certificate", "reference"})
LABELS = ("number", "specialty", "volume", "period", "issued")
SENTENCES = ("title", "subtitle", "appendix", "lead", "confirms")
VOLUME_FIELDS = frozenset({"hours", "hours_word", "credits", "credits_word"})


class FormError(ValueError):
    """A data file of the papers is not usable; names the file and the key."""

    def __init__(self, file: Path, key: str, problem: str) -> None:
        super().__init__(f"{file.name}: {key}: {problem}")
        self.file = file
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One edition of one paper: what stands on it besides the facts.

    ``volume`` names the facts in braces (``{hours}``, ``{hours_word}``, ``{credits}``,
    ``{credits_word}``); the other sentences take no facts, so that names stay nominative.
    ``check_against_official`` is a mark for administrators and never reaches the paper.
    """

    id: str
    version: int
    edition: str
    clause: str
    kind: str
    paper: str
    check_against_official: bool
    title: Text
    subtitle: Text
    appendix: Text
    lead: Text
    confirms: Text
    volume: Text
    labels: Mapping[str, Text]

    @property
    def key(self) -> str:
        """The id with its version, as certificate facts keep it."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The sentence on the force of the electronic document, for days of issue ``first``..``last``.

    ``check`` marks wording that was not compared with an official sample.
    """

    id: str
    first: date
    last: date
    text: Text
    source: str
    check: bool


def read_form(file: Path) -> Form:
    """Read and validate one form. Raises FormError that names file and key."""
    raw = _toml(file)
    labels = raw.get("labels")
    if not isinstance(labels, dict):
        raise FormError(file, "labels", "is missing")
    form = Form(
        id=_string(file, raw, "id"),
        version=_whole(file, raw, "version"),
        edition=_string(file, raw, "edition"),
        clause=_string(file, raw, "clause"),
        kind=_string(file, raw, "kind"),
        paper=_string(file, raw, "paper"),
        check_against_official=_flag(file, raw, "check_against_official"),
        **{name: _text(file, raw, name) for name in SENTENCES},
        volume=_text(file, raw, "volume"),
        labels={name: _text(file, labels, name, "labels.") for name in LABELS},
    )
    _validate(file, form)
    return form


def _validate(file: Path, form: Form) -> None:
    if file.stem != form.key:
        raise FormError(file, "id", f"the file is not named {form.key}.toml")
    if form.kind not in KINDS:
        raise FormError(file, "kind", f"{form.kind!r} is not one of {', '.join(sorted(KINDS))}")
    if form.paper not in PAPERS:
        raise FormError(file, "paper", f"{form.paper!r} is not one of {', '.join(sorted(PAPERS))}")
    if not form.clause.startswith(f"{form.edition}."):
        raise FormError(file, "clause", f"{form.clause!r} is no clause of {form.edition}")
    for language in ("kk", "ru"):
        named = {name for _, name, _, _ in string.Formatter().parse(form.volume.get(language))}
        unknown = {name for name in named if name is not None} - VOLUME_FIELDS
        if unknown:
            raise FormError(file, f"volume.{language}", f"unknown fact {sorted(unknown)[0]!r}")


@cache
def forms() -> Mapping[str, Form]:
    """All forms by key (``A303-pd-certificate@1``). Raises FormError on the first bad file."""
    return {form.key: form for form in map(read_form, sorted((DATA / "forms").glob("*.toml")))}


def form(key: str) -> Form:
    """The form that certificate facts name. Raises RuleViolation ``form_unknown``."""
    found = forms().get(key)
    if found is None:
        raise RuleViolation("form_unknown", form=key)
    return found


def form_for(*, edition: str, kind: str, paper: str) -> Form:
    """The newest form of an edition for a kind and paper (A57.5, A303.5).

    Raises RuleViolation ``form_unknown`` where the edition knows no such result: retraining
    under A303, a reference under A57.
    """
    fitting = [
        one
        for one in forms().values()
        if (one.edition, one.kind, one.paper) == (edition, kind, paper)
    ]
    if not fitting:
        raise RuleViolation("form_unknown", form=f"{edition}-{kind}-{paper}")
    return max(fitting, key=lambda one: one.version)


def read_footers(file: Path) -> tuple[Footer, ...]:
    """Read the footers; every day has exactly one. Raises FormError that names file and key."""
    rows = _toml(file).get("footer")
    if not isinstance(rows, list) or not rows:
        raise FormError(file, "footer", "is missing")
    found = []
    for number, row in enumerate(rows):
        place = f"footer[{number}]."
        found.append(
            Footer(
                id=_string(file, row, "id", place),
                first=_day(file, row, "from", date.min, place),
                last=_day(file, row, "until", date.max, place),
                text=Text(*(_string(file, row, language, place) for language in ("kk", "ru"))),
                source=_string(file, row, "source", place),
                check=_flag(file, row, "check", place),
            )
        )
    found.sort(key=lambda one: one.first)
    for earlier, later in zip(found, found[1:], strict=False):
        if later.first.toordinal() != earlier.last.toordinal() + 1:
            raise FormError(file, later.id, f"does not begin the day after {earlier.id} ends")
    if found[0].first != date.min or found[-1].last != date.max:
        raise FormError(file, "footer", "some days have no footer")
    return tuple(found)


@cache
def footers() -> tuple[Footer, ...]:
    """All footers, oldest first."""
    return read_footers(DATA / "footers.toml")


def footer_on(issued_on: date) -> Footer:
    """The footer of papers issued on that day (Digital Code art. 62 p. 2, before it law 370-II)."""
    return next(one for one in footers() if one.first <= issued_on <= one.last)


@cache
def words(name: str) -> Mapping[str, Text]:
    """A table of words: ``words``, ``letters/refusal`` or ``letters/receipt``."""
    file = DATA / f"{name}.toml"
    raw = _toml(file)
    return {key: _text(file, raw, key) for key in raw}


def unprinted(text: str) -> str:
    """The letters that a certificate cannot show, each once, in the order of the text.

    A letter is set in any face of the font, so each of them must have it. Characters without a
    sign of their own (controls, directions) count as missing; blanks and line ends do not.
    """
    letters = _letters()
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    missing = (sign for sign in composed if sign not in letters)
    return "".join(dict.fromkeys(missing))


@cache
def _letters() -> frozenset[str]:
    """What every face of the certificate's font has a sign for."""
    faces = []
    for file in sorted(Path(settings.FONT_ROOT).rglob("*.ttf")):
        with TTFont(file, lazy=True) as font:
            faces.append(frozenset(map(chr, font.getBestCmap())))
    return frozenset(sign for sign in frozenset.intersection(*faces) if sign.isprintable())


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise FormError(file, "file", str(error)) from error


def _text(file: Path, raw: Mapping[str, object], name: str, place: str = "") -> Text:
    row = raw.get(name)
    if not isinstance(row, dict):
        raise FormError(file, f"{place}{name}", "is missing")
    kk, ru = (_string(file, row, language, f"{place}{name}.") for language in ("kk", "ru"))
    return Text(kk, ru, _string(file, row, "en", f"{place}{name}.") if "en" in row else "")


def _string(file: Path, raw: Mapping[str, object], name: str, place: str = "") -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        raise FormError(file, f"{place}{name}", "is missing or not a text")
    return value


def _whole(file: Path, raw: Mapping[str, object], name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise FormError(file, name, "is missing or not a whole number from 1")
    return value


def _flag(file: Path, raw: Mapping[str, object], name: str, place: str = "") -> bool:
    value = raw.get(name)
    if not isinstance(value, bool):
        raise FormError(file, f"{place}{name}", "is missing or neither true nor false")
    return value


def _day(file: Path, raw: Mapping[str, object], name: str, otherwise: date, place: str) -> date:
    value = raw.get(name, otherwise)
    if not isinstance(value, date):
        raise FormError(file, f"{place}{name}", "is not a date")
    return value
