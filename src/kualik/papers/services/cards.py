"""A document as a picture for a phone: a large code that leads to its check page."""

from datetime import datetime

from kualik.papers.adapters import qr_svg, render_png
from kualik.papers.queries import form, words
from kualik.papers.services.sealing import test_words
from kualik.papers.services.wording import dashed, quoted
from kualik.rules.facts import CertificateFacts

# A card is 90 mm wide: so many points give a picture as wide as a phone's screen, 1080.
DPI = 304.8


def render_card(
    *, facts: CertificateFacts, check_url: str, language: str, is_test: bool, now: datetime
) -> bytes:
    """The card in a language of the pages, as PNG.

    It does not say whether the document is in force: a picture stays as it is, the page behind
    its code does not. Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    # A name, a programme and the warning of a test seal are in the two languages of the papers.
    side = language if language in ("kk", "ru") else "ru"
    shared = words("words")
    data = {
        "lang": language,
        "provider": facts.provider_name.get(language),
        "paper": form(facts.form).title.get(side).capitalize(),
        "holder": facts.holder_kk if side == "kk" else facts.holder_ru,
        "programme": quoted(facts.programme.get(language)),
        "number": facts.number,
        "code": dashed(facts.code),
        "qr": qr_svg(check_url),
        "qr_alt": f"{shared['qr_check'].get(side)}: {check_url}",
        "note": shared["card_note"].get(language),
        "test": test_words(side) if is_test else None,
    }
    return render_png(sheet="card", data=data, created_at=now, dpi=DPI)
