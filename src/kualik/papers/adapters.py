"""The page engine, its fonts and the bar code writer behind plain functions."""

import hashlib
import json
import os
import re
import threading
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
import zxingcpp
from django.conf import settings
from fontTools.ttLib import TTFont

from kualik.rules.errors import RuleViolation

SHEETS = Path(__file__).parent / "data" / "typst"
# Control, private, unassigned and surrogate characters have no sign that paper could show;
# format characters (bidirectional overrides) could make the page read unlike its facts.
INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
NO_GLYPH = re.compile(r"`(.+?)` could not be displayed")
HINTS = frozenset({"cvt ", "fpgm", "prep", "gasp", "hdmx"})
# The faces whose letters are reckoned with, by the subfamily name in the font file.
FACES = {"regular": "Regular", "bold": "Bold", "italic": "Italic"}

# The engine's objects may be used by one thread at a time.
_LOCK = threading.Lock()


def render_pdf(*, sheet: str, data: Mapping[str, object], created_at: datetime) -> bytes:
    """Set ``data`` on a sheet: PDF/A-2a and PDF/UA-1, the same bytes for the same arguments.

    ``sheet`` names a source in ``data/typst``; ``data`` is JSON-able and reaches the page as one
    string literal, never as code. ``created_at`` (aware) becomes the file's dates. The file ends
    in a newline: a signature appended later would break PDF/A without it.
    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    page = _set(sheet, data, created_at, format="pdf", pdf_standards=["a-2a", "ua-1"])
    return page.rstrip(b"\n") + b"\n"


def render_png(
    *, sheet: str, data: Mapping[str, object], created_at: datetime, dpi: float
) -> bytes:
    """The only page of a sheet as a PNG picture. Raises as ``render_pdf`` does."""
    return _set(sheet, data, created_at, format="png", ppi=dpi)


def _set(sheet: str, data: Mapping[str, object], created_at: datetime, **how: Any) -> bytes:
    source = f'#import "{sheet}.typ": sheet\n#sheet(json(bytes("{_literal(data)}")))\n'
    with _LOCK:
        try:
            page = _compiler(sheet, os.getpid()).compile(
                input=source.encode(),
                timestamp=int(created_at.astimezone(UTC).timestamp()),
                **how,
            )
        except typst.TypstError as error:
            raise _violation(error) from error
    if not isinstance(page, bytes):
        raise TypeError(f"{sheet}: not one file")
    return page


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
        font_paths=[str(_font_folder())],
    )


@cache
def _font_folder() -> Path:
    """Copies of the fonts without hints, made once.

    Hints are half of a font and shape letters on coarse screens only. Without them a page is a
    quarter smaller and done sooner.
    """
    files = _font_files()
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = Path(settings.VAR) / "fonts" / mark
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as made:
            for file in files:
                _save_without_hints(file, Path(made) / file.name)
            # Another process may have been first.
            with suppress(OSError):
                Path(made).rename(folder)
    return folder


def _save_without_hints(source: Path, target: Path) -> None:
    with TTFont(source, recalcTimestamp=False) as font:
        for table in HINTS & set(font.keys()):
            del font[table]
        outlines = font["glyf"]
        for name in font.getGlyphOrder():
            outlines[name].removeHinting()
        font.save(target)


def _font_files() -> list[Path]:
    return sorted(Path(settings.FONT_ROOT).rglob("*.ttf"))


def _literal(data: Mapping[str, object]) -> str:
    """The data as JSON inside a string literal, whose only special characters are escaped.

    The engine's own inputs would do as well, but a change of them empties its memory of what was
    laid out before and makes a page one and a half times slower.
    """
    text = _shown(json.dumps(data, ensure_ascii=False, sort_keys=True))
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _shown(text: str) -> str:
    """The text composed (NFC); refuses characters that no paper could show."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():
        return composed
    for sign in composed:
        if unicodedata.category(sign) in INVISIBLE:
            raise RuleViolation("paper_glyph_missing", character=f"U+{ord(sign):04X}")
    return composed


def advance(text: str, face: str) -> float:
    """How far the letters of one line reach in ems, without kerning; ``face`` is one of FACES.

    Raises RuleViolation ``paper_glyph_missing``.
    """
    letters = _advances(face)
    composed = unicodedata.normalize("NFC", text)
    try:
        return sum([letters[sign] for sign in composed])
    except KeyError as missing:
        _shown(composed)
        raise RuleViolation("paper_glyph_missing", character=missing.args[0]) from missing


@cache
def _advances(face: str) -> Mapping[str, float]:
    for file in _font_files():
        with TTFont(file, lazy=True) as font:
            if font["name"].getDebugName(2) == FACES[face]:
                widths, per_em = font["hmtx"].metrics, font["head"].unitsPerEm
                return {
                    chr(code): widths[glyph][0] / per_em
                    for code, glyph in font.getBestCmap().items()
                }
    raise FileNotFoundError(f"no {FACES[face]} font in {settings.FONT_ROOT}")


def _violation(error: typst.TypstError) -> Exception:
    said = str(error.message)
    if "paper_overflow" in said:
        return RuleViolation("paper_overflow", part=said.rpartition(":")[2].strip())
    if missing := NO_GLYPH.search(said):
        return RuleViolation("paper_glyph_missing", character=missing[1])
    return error
