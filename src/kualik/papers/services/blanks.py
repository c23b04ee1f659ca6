"""The words of a document for a numbered blank, and its printer's test page (A57.4, A303.4)."""

from datetime import datetime

from kualik.papers.adapters import render_pdf
from kualik.papers.queries import words
from kualik.papers.services.certificates import sheet_data
from kualik.papers.services.sealing import SealBlock
from kualik.rules.facts import CertificateFacts

RULER_LINES = ("scale", "measure", "down", "again")


def render_on_blank(
    *,
    facts: CertificateFacts,
    check_url: str,
    seal: SealBlock,
    is_test: bool,
    right: int,
    down: int,
    printed_at: datetime,
) -> bytes:
    """The same words at the same places as on the sealed sheet, without frame, ornament and lines.

    Everything is moved by ``right`` and ``down``, tenths of a millimetre. ``printed_at`` (aware)
    dates the file, which is no document: only the sealed one is. Raises as ``render_certificate``.
    """
    _, data = sheet_data(facts=facts, check_url=check_url, seal=seal, is_test=is_test)
    moved = {**data, "right": right, "down": down}
    return render_pdf(sheet="blank", data=moved, created_at=printed_at)


def render_ruler(*, printer: str, right: int, down: int, made_at: datetime) -> bytes:
    """A page with rulers from the paper's edges, moved as a print on a blank would be.

    Raises RuleViolation ``paper_glyph_missing`` for a name that the font cannot show.
    """
    said = words("ruler")
    shift = {"name": printer, "right": millimetres(right), "down": millimetres(down)}
    data = {
        "title": f"{said['heading'].kk} / {said['heading'].ru}",
        "author": printer,
        "heading": f"{said['heading'].kk} / {said['heading'].ru}",
        "printer": " · ".join(said["printer"].get(one).format(**shift) for one in ("kk", "ru")),
        "right": right,
        "down": down,
        "sides": [
            {"lang": one, "lines": [said[line].get(one) for line in RULER_LINES]}
            for one in ("kk", "ru")
        ],
    }
    return render_pdf(sheet="ruler", data=data, created_at=made_at)


def millimetres(tenths: int) -> str:
    """``-15`` as people write it: "-1,5"."""
    whole, part = divmod(abs(tenths), 10)
    return f"{'-' if tenths < 0 else ''}{whole},{part}"
