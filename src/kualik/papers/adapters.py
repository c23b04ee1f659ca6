"""The page engine and the bar code writer behind two plain functions."""

import json
import os
import re
import threading
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import typst
import zxingcpp
from django.conf import settings

from kualik.rules.errors import RuleViolation

SHEETS = Path(__file__).parent / "data" / "typst"
# Control, private, unassigned and surrogate characters have no sign that paper could show;
# format characters (bidirectional overrides) could make the page read unlike its facts.
INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
NOT_PLAIN = re.compile(r"[^\w ]")

# The engine's objects may be used by one thread at a time.
_LOCK = threading.Lock()


def render_pdf(*, sheet: str, data: Mapping[str, object], created_at: datetime) -> bytes:
    """Set ``data`` on a sheet: PDF/A-2a and PDF/UA-1, the same bytes for the same arguments.

    ``sheet`` names a source in ``data/typst``; ``data`` is JSON-able and reaches the page as one
    string literal of letters, digits and escapes, never as code. ``created_at`` (aware) becomes
    the file's dates. The file ends in a newline: a signature appended later would break PDF/A
    without it.
    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    source = f'#import "{sheet}.typ": sheet\n#sheet(json(bytes("{_literal(data)}")))\n'
    with _LOCK:
        try:
            page = _compiler(sheet, os.getpid()).compile(
                input=source.encode(),
                format="pdf",
                pdf_standards=["a-2a", "ua-1"],
                timestamp=int(created_at.astimezone(UTC).timestamp()),
            )
        except typst.TypstError as error:
            raise _violation(error) from error
    if not isinstance(page, bytes):
        raise TypeError(f"{sheet}: not one file")
    return page.rstrip(b"\n") + b"\n"


def qr_svg(address: str) -> str:
    """A QR code (level M) of ``address`` as SVG, its quiet zone of four modules included."""
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return str(code.to_svg(add_quiet_zones=True)).replace("\n", " ")


@lru_cache(maxsize=16)
def _compiler(sheet: str, process: int) -> typst.Compiler:
    """One compiler per sheet and process: a forked child must not reuse its parent's threads.

    The constructor gets a path; given bytes it fails from its second page on.
    """
    return typst.Compiler(
        str(SHEETS / f"{sheet}.typ"), root=str(SHEETS), font_paths=_fonts(process)
    )


@lru_cache(maxsize=2)
def _fonts(process: int) -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(settings.FONT_ROOT)],
    )


def _literal(data: Mapping[str, object]) -> str:
    """The data as JSON inside a string literal: all but letters, digits and blanks is escaped.

    The engine's own inputs would do as well, but a change of them empties its memory of what was
    laid out before and makes a page one and a half times slower.
    """
    text = json.dumps(_plain(data), ensure_ascii=False, sort_keys=True)
    return NOT_PLAIN.sub(lambda sign: f"\\u{{{ord(sign[0]):x}}}", text)


def _plain(value: object) -> object:
    """The same tree with every text composed (NFC); refuses characters that cannot be shown."""
    if isinstance(value, str):
        return _shown(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _shown(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():
        return composed
    for sign in composed.replace("\n", ""):
        if unicodedata.category(sign) in INVISIBLE:
            raise RuleViolation("paper_glyph_missing", character=f"U+{ord(sign):04X}")
    return composed


def _violation(error: typst.TypstError) -> Exception:
    said = str(error.message)
    if "paper_overflow" in said:
        return RuleViolation("paper_overflow", part=said.rpartition(":")[2].strip())
    if "could not be displayed with" in said:
        return RuleViolation("paper_glyph_missing", character=said)
    return error
