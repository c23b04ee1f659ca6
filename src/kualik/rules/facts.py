"""What a certificate says: one canonical record, frozen at the decision, and its exact bytes.

The record never holds an IIN: it is shown to whoever checks the document, and it is signed.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import check_digit
from kualik.rules.language import Text

KIND_LABELS: dict[str, Text] = {
    "pd": Text("Біліктілікті арттыру", "Повышение квалификации", "Professional development"),
    "cc": Text("Сертификаттау курсы", "Сертификационный курс", "Certification course"),
    "rt": Text("Қайта даярлау", "Переподготовка", "Retraining"),
}
KINDS = tuple(KIND_LABELS)
PAPERS = ("certificate", "reference")

_TEXTS = ("provider_name", "city", "programme", "specialty", "signer_position")
_DATES = ("started_on", "ended_on", "issued_on")
_NUMBERS = ("edition_version", "hours")
_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{16}")
_CREDITS = re.compile(r"(?:0|[1-9][0-9]{0,3})(?:\.[0-9]?[1-9])?")
_BIN = re.compile(r"[0-9]{12}")
_TWELVE_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")
# Control, format (direction overrides, zero width), surrogate, private use, line separators.
_FORBIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_UNREADABLE = "\ufffd"  # left by a wrong decoding


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """The content of one document (A57.5, A303.5); texts are brought to NFC on construction.

    ``credits`` is a decimal as text without idle zeros ("4", "1.5"); ``ended_on`` is the day of
    full mastery (A57.3.1, A303.3.1). Error: ``facts_invalid`` (field, reason), reason being one of
    type, empty, character, iin, unknown, shape, order.
    """

    number: str
    code: str
    kind: str
    paper: str
    form: str
    edition: str
    edition_version: int
    provider_name: Text
    provider_bin: str
    city: Text
    holder_kk: str
    holder_ru: str
    programme: Text
    specialty: Text | None
    hours: int
    credits: str
    started_on: date
    ended_on: date
    issued_on: date
    signer_name: str
    signer_position: Text

    def __post_init__(self) -> None:
        for name in _NAMES:
            value = getattr(self, name)
            _check_type(name, value)
            if isinstance(value, (str, Text)):
                object.__setattr__(self, name, _normal(value))
        for name, language, line in _lines(self):
            _check_line(name, language, line)
        _check_shapes(self)
        _check_dates(self)


_NAMES = tuple(field.name for field in fields(CertificateFacts))


def _invalid(field: str, reason: str) -> RuleViolation:
    return RuleViolation("facts_invalid", field=field, reason=reason)


def _check_type(name: str, value: object) -> None:
    if name == "specialty" and value is None:
        return
    if name in _TEXTS:
        good = isinstance(value, Text)
    elif name in _DATES:
        good = type(value) is date
    elif name in _NUMBERS:
        good = type(value) is int
    else:
        good = isinstance(value, str)
    if not good:
        raise _invalid(name, "type")


def _normal(value: str | Text) -> str | Text:
    if isinstance(value, Text):
        return Text(*(unicodedata.normalize("NFC", line) for line in _three(value)))
    return unicodedata.normalize("NFC", value)


def _three(text: Text) -> tuple[str, str, str]:
    return text.kk, text.ru, text.en


def _lines(facts: CertificateFacts) -> Iterator[tuple[str, str, str]]:
    """Every text with its field and language ("" where the field has one language only)."""
    for name in _NAMES:
        value = getattr(facts, name)
        if isinstance(value, str):
            yield name, "", value
        elif isinstance(value, Text):
            for language, line in zip(("kk", "ru", "en"), _three(value), strict=True):
                yield name, language, line


def _check_line(name: str, language: str, line: str) -> None:
    field = f"{name}.{language}" if language else name
    if not line.strip():
        # The acts know two languages; English is offered where somebody wrote it.
        if language == "en" and not line:
            return
        raise _invalid(field, "empty")
    if _UNREADABLE in line or any(unicodedata.category(sign) in _FORBIDDEN for sign in line):
        raise _invalid(field, "character")
    if name not in ("provider_bin", "provider_name") and _has_iin(line):
        raise _invalid(field, "iin")


def _has_iin(line: str) -> bool:
    return any(
        check_digit(digits[:11]) == int(digits[11]) for digits in _TWELVE_DIGITS.findall(line)
    )


def _check_shapes(facts: CertificateFacts) -> None:
    if facts.kind not in KINDS:
        raise _invalid("kind", "unknown")
    if facts.paper not in PAPERS:
        raise _invalid("paper", "unknown")
    shapes = {
        "code": _CODE.fullmatch(facts.code) is not None,
        "provider_bin": _BIN.fullmatch(facts.provider_bin) is not None,
        "credits": facts.credits != "0" and _CREDITS.fullmatch(facts.credits) is not None,
        "hours": facts.hours > 0,
        "edition_version": facts.edition_version > 0,
    }
    for field, good in shapes.items():
        if not good:
            raise _invalid(field, "shape")


def _check_dates(facts: CertificateFacts) -> None:
    if facts.ended_on < facts.started_on:
        raise _invalid("ended_on", "order")
    # A57.3.1, A303.3.1: a document is given from full mastery on, never before.
    if facts.issued_on < facts.ended_on:
        raise _invalid("issued_on", "order")


def to_record(facts: CertificateFacts) -> dict[str, object]:
    """The facts as JSON values: ISO dates, texts as objects with kk, ru, en."""
    return {name: _plain(getattr(facts, name)) for name in _NAMES}


def _plain(value: object) -> object:
    if isinstance(value, Text):
        return {"kk": value.kk, "ru": value.ru, "en": value.en}
    return value.isoformat() if isinstance(value, date) else value


def from_record(record: Mapping[str, object]) -> CertificateFacts:
    """The reverse of ``to_record``; a missing or unknown key is ``facts_invalid`` as well."""
    for name in record:
        if name not in _NAMES:
            raise _invalid(name, "unknown")
    for name in _NAMES:
        if name not in record:
            raise _invalid(name, "empty")
    values: dict[str, Any] = {name: _rich(name, record[name]) for name in _NAMES}
    return CertificateFacts(**values)


def _rich(name: str, value: object) -> object:
    if name in _DATES:
        return _day(name, value)
    if name not in _TEXTS or value is None:
        return value
    if not isinstance(value, Mapping) or not set(value) <= {"kk", "ru", "en"}:
        raise _invalid(name, "type")
    lines = [value.get(language, "") for language in ("kk", "ru", "en")]
    if not all(isinstance(line, str) for line in lines):
        raise _invalid(name, "type")
    return Text(*lines)


def _day(name: str, value: object) -> date:
    if not isinstance(value, str):
        raise _invalid(name, "type")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _invalid(name, "shape") from None
    # The parser also takes "20261120" and "2026-W47-5"; the record knows one spelling.
    if day.isoformat() != value:
        raise _invalid(name, "shape")
    return day


def canonical_bytes(facts: CertificateFacts) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal facts give equal bytes, for ever."""
    record = to_record(facts)
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def digest(facts: CertificateFacts) -> str:
    """SHA-256 of the canonical bytes, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_bytes(facts)).hexdigest()
