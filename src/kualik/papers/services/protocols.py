"""The draft of a protocol that somebody else draws up: facts of the system in two languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kualik.papers.adapters import render_pdf
from kualik.papers.queries import words
from kualik.rules.language import Text

TABLE = "letters/incident-protocol"
SIDES = ("kk", "ru")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolFacts:
    """What the draft says; ``sections`` are labels of the table of words with their texts, which
    may have several lines. ``numbers`` are those of requests, nothing else of them."""

    number: str
    provider: Text
    sections: tuple[tuple[str, Text], ...]
    numbers: tuple[str, ...]


def protocol_words() -> Mapping[str, Text]:
    """The form of the draft: its title, labels and set phrases."""
    return words(TABLE)


def render_protocol(*, facts: ProtocolFacts, created_at: datetime) -> bytes:
    """The draft as PDF/A-2a and PDF/UA-1, the same bytes for the same arguments.

    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    table = protocol_words()
    data = {
        "title": f"{table['title'].kk} / {table['title'].ru} № {facts.number}",
        "author": facts.provider.kk,
        "foot": f"№ {facts.number}",
        "numbers": list(facts.numbers),
        **{side: _side(facts, side) for side in SIDES},
    }
    return render_pdf(sheet="protocol", data=data, created_at=created_at)


def protocol_text(facts: ProtocolFacts) -> str:
    """The same as plain text, Kazakh first, to be pasted wherever the operator wants it."""
    return "\n\n\n".join(_plain(facts, side) for side in SIDES) + "\n"


def _side(facts: ProtocolFacts, side: str) -> Mapping[str, object]:
    table = protocol_words()
    shared = ("title", "subtitle", "requests", "none", "signature_line", "note")
    return {
        "lang": side,
        **{name: table[name].get(side) for name in shared},
        "sections": [
            {"label": table[name].get(side), "text": text.get(side)}
            for name, text in facts.sections
        ],
        "signatures": [table[name].get(side) for name in ("operator", "signer")],
    }


def _plain(facts: ProtocolFacts, side: str) -> str:
    table = protocol_words()
    numbers = ", ".join(facts.numbers) or table["none"].get(side)
    parts = [
        f"{table['title'].get(side)}\n{table['subtitle'].get(side)}",
        *(f"{table[name].get(side)}:\n{text.get(side)}" for name, text in facts.sections),
        f"{table['requests'].get(side)}:\n{numbers}",
        *(
            f"{table[name].get(side)}: ____________ ({table['signature_line'].get(side)})"
            for name in ("operator", "signer")
        ),
        table["note"].get(side),
    ]
    return "\n\n".join(parts)
