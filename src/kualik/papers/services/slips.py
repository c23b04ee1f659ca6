"""The slip by which somebody signs for a document on paper (A57.4, A303.4)."""

from dataclasses import dataclass
from datetime import date, datetime

from kualik.papers.adapters import render_pdf
from kualik.papers.queries import words
from kualik.papers.services.wording import short_date
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipMandate:
    """The power of attorney by which the receiver acts."""

    number: str
    issued_on: date
    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipFacts:
    """What is handed out to whom; no IIN. ``document`` is its name with its number."""

    number: str
    provider_name: Text
    request_number: str
    document: Text
    blank: str
    holder: Text
    receiver: str
    mandate: SlipMandate | None
    handed_by: str


def render_slip(*, facts: SlipFacts, now: datetime) -> bytes:
    """The slip in Kazakh and Russian on one page, with places to sign; dated by ``now``.

    PDF/A-2a and PDF/UA-1. Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    table = words("letters/slip")
    both = {name: f"{text.kk} / {text.ru}" for name, text in table.items()}
    data = {
        "title": f"{both['title']} № {facts.number}",
        "author": facts.provider_name.kk,
        "foot": f"№ {facts.number}",
        "provider": f"{facts.provider_name.kk}\n{facts.provider_name.ru}",
        "number": f"№ {facts.number}",
        "sides": [_side(facts, language) for language in ("kk", "ru")],
        "signature": both["signature"],
        "day": both["day"],
        "handed_by": facts.handed_by,
        "handed_label": both["handed_by"],
    }
    return render_pdf(sheet="slip", data=data, created_at=now)


def _side(facts: SlipFacts, language: str) -> dict[str, object]:
    table = words("letters/slip")
    rows = [
        ("request", facts.request_number),
        ("document", facts.document.get(language)),
        ("blank", facts.blank),
        ("holder", facts.holder.get(language)),
        ("receiver", facts.receiver),
    ]
    if facts.mandate is not None:
        said = table["mandate_facts"].get(language)
        rows.append(
            (
                "mandate",
                said.format(
                    number=facts.mandate.number,
                    issued_on=short_date(facts.mandate.issued_on),
                    valid_until=short_date(facts.mandate.valid_until),
                ),
            )
        )
    return {
        "lang": language,
        "title": table["title"].get(language),
        "received": table["received"].get(language),
        "facts": [{"label": table[name].get(language), "text": text} for name, text in rows],
    }
