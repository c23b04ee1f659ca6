"""Looking at an uploaded scan: only PDF, PNG and JPEG whose structure holds are let in.

Nothing is decoded or shown here. A PDF that may do something (scripts, programs, files inside) or
that is encrypted is refused; pictures are read from their first byte to their last.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader

MEBIBYTE: Final = 1024 * 1024
MOST_PAGES: Final = 100
MOST_OBJECTS: Final = 50_000
# A sheet of A3 scanned with 1,200 dots an inch has fewer.
MOST_PIXELS: Final = 300_000_000
LIMITS: Final = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=16 * MEBIBYTE),
    document_budget=DocumentDecodeBudget(base_allowance=32 * MEBIBYTE, max_ratio=20),
)
ACTIVE_KEYS: Final = frozenset(
    {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMedia"}
)
ACTIVE_ACTIONS: Final = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE"}
)
ACTIVE_ANNOTATIONS: Final = frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Screen"})
PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
PDF: Final = b"%PDF-"
MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
END_OF_IMAGE, START_OF_SCAN = 0xD9, 0xDA


class UnfitScan(ValueError):
    """The file cannot be taken; ``code`` is that of the table of errors."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Scan:
    """A file that may be kept: ``content`` is without what lay behind the end of a picture."""

    media_type: str
    extension: str
    content: bytes


def read_scan(content: bytes) -> Scan:
    """What the bytes are, whatever their name says.

    Raises UnfitScan ``scan_type_refused``, ``scan_unreadable``, ``scan_encrypted``,
    ``scan_active`` or ``scan_too_long``.
    """
    if content.startswith(PDF):
        _check_pdf(content)
        return Scan("application/pdf", ".pdf", content)
    if content.startswith(PNG):
        return Scan("image/png", ".png", content[: _end_of_png(content)])
    if content.startswith(JPEG):
        return Scan("image/jpeg", ".jpg", content[: _end_of_jpeg(content)])
    raise UnfitScan("scan_type_refused")


def _check_pdf(content: bytes) -> None:
    try:
        reader = PdfFileReader(BytesIO(content), strict=False, decode_limits=LIMITS)
        is_encrypted = bool(reader.encrypted)
        pages = 0 if is_encrypted else sum(_is_page(each) for each in _dictionaries(reader))
    except UnfitScan:
        raise
    except Exception as error:
        # A hostile file can make a parser raise anything; one kind of error leaves this module.
        raise UnfitScan("scan_unreadable") from error
    if is_encrypted:
        raise UnfitScan("scan_encrypted")
    if not pages:
        raise UnfitScan("scan_unreadable")
    if pages > MOST_PAGES:
        raise UnfitScan("scan_too_long")


def _dictionaries(reader: Any) -> Iterator[DictionaryObject]:
    """All dictionaries that can be reached from the root, each once; an active one is refused."""
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [reader.root]
    count = 0
    while waiting:
        found = waiting.pop()
        if isinstance(found, IndirectObject):
            key = (found.idnum, found.generation)
            if key in seen:
                continue
            seen.add(key)
            found = reader.get_object(found)
        if isinstance(found, DictionaryObject):
            _refuse_active(found)
            yield found
            waiting.extend(dict.values(found))
        elif isinstance(found, ArrayObject):
            waiting.extend(list.__iter__(found))
        count += 1
        if count > MOST_OBJECTS:
            raise UnfitScan("scan_too_long")


def _refuse_active(found: DictionaryObject) -> None:
    if ACTIVE_KEYS & set(found):
        raise UnfitScan("scan_active")
    if _named(found, "/S") in ACTIVE_ACTIONS or _named(found, "/Subtype") in ACTIVE_ANNOTATIONS:
        raise UnfitScan("scan_active")


def _named(found: DictionaryObject, key: str) -> Any:
    """The value, even where the name itself is an object of its own, as ``get`` would not see."""
    try:
        return found[key]
    except KeyError:
        return None


def _is_page(found: DictionaryObject) -> bool:
    return bool(_named(found, "/Type") == "/Page")


def _end_of_png(content: bytes) -> int:
    """Where the last chunk ends; every chunk has its length and its check sum."""
    at, names = len(PNG), []
    while True:
        length = int.from_bytes(content[at : at + 4], "big")
        body = content[at + 4 : at + 8 + length]
        check = content[at + 8 + length : at + 12 + length]
        if len(body) != 4 + length or len(check) != 4:
            raise UnfitScan("scan_unreadable")
        if zlib.crc32(body) != int.from_bytes(check, "big"):
            raise UnfitScan("scan_unreadable")
        names.append(body[:4])
        at += 12 + length
        if names == [b"IHDR"]:
            sides = (int.from_bytes(body[4:8], "big"), int.from_bytes(body[8:12], "big"))
            _check_size(*sides)
        if body[:4] == b"IEND":
            break
    if names[0] != b"IHDR" or b"IDAT" not in names:
        raise UnfitScan("scan_unreadable")
    return at


def _end_of_jpeg(content: bytes) -> int:
    """Behind the end of the picture: telephones write a second picture or a film there."""
    at, frames, scans = 2, 0, 0
    while True:
        marker, at = _marker(content, at)
        if marker == END_OF_IMAGE and frames and scans:
            return at
        if marker in BARE:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        if length < 2 or at + length > len(content) or marker == END_OF_IMAGE:
            raise UnfitScan("scan_unreadable")
        if marker in FRAMES:
            frames += 1
            high, wide = content[at + 3 : at + 5], content[at + 5 : at + 7]
            _check_size(int.from_bytes(wide, "big"), int.from_bytes(high, "big"))
        at += length
        if marker == START_OF_SCAN:
            scans += 1
            following = MARKER.search(content, at)
            at = len(content) if following is None else following.start()


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """The marker at a place, with fill bytes before it, and where it ends."""
    start = at
    while at < len(content) and content[at] == 0xFF:
        at += 1
    if at == start or at >= len(content):
        raise UnfitScan("scan_unreadable")
    return content[at], at + 1


def _check_size(wide: int, high: int) -> None:
    if not wide or not high:
        raise UnfitScan("scan_unreadable")
    if wide * high > MOST_PIXELS:
        raise UnfitScan("scan_too_long")
