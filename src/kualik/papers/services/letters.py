"""Refusals, notices, decisions and receipts on paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from kualik.papers.adapters import qr_svg, render_pdf
from kualik.papers.queries import footer_on, words
from kualik.papers.services.sealing import SealBlock, seal_words, test_words
from kualik.papers.services.wording import local, long_date
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """An official paper in Kazakh and Russian as its sheet says it; no IIN.

    ``kind`` names the table of its words (``data/letters``): title, subtitle and the labels of
    ``sections``, which may have several lines. ``number`` is the paper's own. Without a
    ``signer_name`` no person stands under it: the organisation's seal alone.
    """

    kind: str
    number: str
    provider_name: Text
    sections: tuple[tuple[str, Text], ...]
    dated: date
    signer_name: str
    signer_position: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts:
    """A filed request as its receipt says it; times are aware.

    ``status_code`` is the second factor of the status page; the QR code holds only ``status_url``.
    ``clock`` explains the term in one or more lines (A57.7.2, A303.7.2).
    """

    request_number: str
    provider_name: Text
    applicant: str
    service: Text
    filed_at: datetime
    accepted_at: datetime
    due_at: datetime
    clock: Text
    status_url: str
    status_code: str


def render_letter(*, facts: LetterFacts, check_url: str, seal: SealBlock, is_test: bool) -> bytes:
    """The paper in Kazakh and Russian side by side, not yet signed; one page or more.

    PDF/A-2a and PDF/UA-1, the same bytes for the same arguments; dated by ``seal.sealed_at``.
    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    table, shared = words(f"letters/{facts.kind}"), words("words")
    data = {
        "title": f"{table['title'].kk} / {table['title'].ru} № {facts.number}",
        "author": facts.provider_name.kk,
        "foot": f"№ {facts.number}",
        "qr": qr_svg(check_url),
        "qr_alt": f"{shared['qr_check'].kk}. {shared['qr_check'].ru}: {check_url}",
        "check_label": f"{shared['check'].kk} / {shared['check'].ru}:",
        "check_url": check_url,
        "kk": _side(facts, seal, "kk", is_test=is_test),
        "ru": _side(facts, seal, "ru", is_test=is_test),
    }
    return render_pdf(sheet="official", data=data, created_at=seal.sealed_at)


def _side(
    facts: LetterFacts, seal: SealBlock, language: str, *, is_test: bool
) -> Mapping[str, object]:
    table = words(f"letters/{facts.kind}")
    return {
        "lang": language,
        "provider": facts.provider_name.get(language),
        "title": table["title"].get(language),
        "subtitle": table["subtitle"].get(language),
        "number": f"№ {facts.number}",
        "sections": [
            {"label": table[name].get(language), "text": text.get(language)}
            for name, text in facts.sections
        ],
        "signer_position": facts.signer_position.get(language),
        "signer_name": facts.signer_name,
        "seal": seal_words(seal, None, language, is_test=is_test),
        "test": test_words(language) if is_test else None,
        "footer": footer_on(facts.dated).text.get(language),
    }


def render_receipt(*, facts: ReceiptFacts, language: str, wording: str = "receipt") -> bytes:
    """The receipt of a request in the applicant's language (kk, ru or en); one page, unsigned.

    ``wording`` names the table of its words: that of a request, or "complaint-receipt".
    PDF/A-2a and PDF/UA-1, the same bytes for the same arguments; dated by ``filed_at``.
    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    said = {name: text.get(language) for name, text in words(f"letters/{wording}").items()}
    shared = words("words")
    data = {
        "lang": language,
        "title": f"{said['title']} {said['number']} {facts.request_number}",
        "author": facts.provider_name.get(language),
        "foot": f"{said['number']} {facts.request_number}",
        "provider": facts.provider_name.get(language),
        "heading": said["title"],
        "number": f"{said['number']} {facts.request_number}",
        "persons": [
            {"label": said["applicant"], "text": facts.applicant},
            {"label": said["service"], "text": facts.service.get(language)},
        ],
        "times": _receipt_times(facts, said, language),
        "clock": {"label": said["clock"], "text": facts.clock.get(language)},
        "status": {"label": said["status"], "url": facts.status_url},
        "code": {"label": said["status_code"], "text": facts.status_code},
        "note": said["status_note"],
        "notes": [said["free"], said["contact"]],
        "qr": qr_svg(facts.status_url),
        "qr_alt": f"{shared['qr_status'].get(language)}: {facts.status_url}",
    }
    return render_pdf(sheet="receipt", data=data, created_at=facts.filed_at)


def _receipt_times(
    facts: ReceiptFacts, said: Mapping[str, str], language: str
) -> list[Mapping[str, object]]:
    """When the request was filed, when accepted and when the answer is due, which stands out."""
    times = (
        ("filed", facts.filed_at, False),
        ("accepted", facts.accepted_at, False),
        ("due", facts.due_at, True),
    )
    return [
        {
            "label": said[name],
            "day": long_date(local(moment).date(), language),
            "time": f"{local(moment):%H:%M}",
            "main": main,
        }
        for name, moment, main in times
    ]
