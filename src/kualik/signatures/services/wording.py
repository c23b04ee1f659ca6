"""The words of the open check, ``data/words.toml``: titles, times, roles, algorithms."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from kualik.core.clock import ZONE
from kualik.rules.language import LANGUAGES, Text
from kualik.signatures.services.inspection import InspectedSignature, Inspection
from kualik.signatures.services.verdicts import DATA, Reason

TONES: Final = {"valid": "good", "indeterminate": "warn", "invalid": "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One signature in words. ``tone`` is good, warn or bad; ``source`` says where the time of
    signing comes from, ``claimed`` is there where the signer's word stands beside a proven time,
    ``then`` and ``present`` tell that time and today apart."""

    signature: InspectedSignature
    tone: str
    title: Text
    roles: tuple[Text, ...]
    source: Text
    claimed: Text | None
    then: Text
    present: Text
    algorithm: Text
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The whole answer in words."""

    tone: str
    title: Text
    meaning: Text
    cards: tuple[Card, ...]


def summary_of(found: Inspection) -> Summary:
    """What the page says of a file."""
    signers = sum(1 for each in found.signatures if not each.is_timestamp)
    are_stamps = bool(found.signatures) and not signers
    title = "titles" if signers > 1 else "stamp" if are_stamps else "title"
    told = "none" if signers > 1 and _are_all_bad(found) else found.status
    return Summary(
        tone=TONES[found.status],
        title=word(title, told),
        meaning=word("meanings" if signers > 1 else "meaning", told),
        cards=tuple(map(card_of, found.signatures)),
    )


def card_of(found: InspectedSignature) -> Card:
    """What the page says of one signature."""
    verdict = found.verdict
    is_proven = verdict.signed_at_source == "timestamp" and not found.is_timestamp
    return Card(
        signature=found,
        tone=TONES[verdict.status],
        title=word("stamp" if found.is_timestamp else "title", verdict.status),
        roles=tuple(word("role", role) for role in verdict.roles),
        source=word("source", verdict.signed_at_source),
        claimed=word("source", "claimed") if is_proven and verdict.stated_at else None,
        then=word("then", verdict.status),
        present=_present(found),
        algorithm=_table().get(("algorithm", verdict.algorithm))
        or Text(verdict.algorithm, verdict.algorithm, verdict.algorithm),
        # The page tells it apart.
        reasons=tuple(each for each in verdict.reasons if each.code != "test_signature"),
    )


def word(section: str, code: str) -> Text:
    """The word for a code. Raises KeyError for a code without one."""
    return _table()[section, code]


def _are_all_bad(found: Inspection) -> bool:
    verdicts = [each.verdict for each in found.signatures if not each.is_timestamp]
    return all(verdict.status == "invalid" for verdict in verdicts)


def _present(found: InspectedSignature) -> Text:
    text = word("present", found.present)
    end = found.verdict.certificate_not_after
    if end is None:
        return text
    day = f"{end.astimezone(ZONE):%d.%m.%Y}"
    return Text(*(text.get(language).replace("{day}", day) for language in LANGUAGES))


@cache
def _table() -> Mapping[tuple[str, str], Text]:
    read = tomllib.loads((DATA / "words.toml").read_text(encoding="utf-8"))
    return {
        (section, code): Text(**{language: row[language] for language in LANGUAGES})
        for section, rows in read.items()
        for code, row in rows.items()
    }
