"""The marks of a certificate inside a file that anybody may have sent.

Marks are looked for in the bytes, without a PDF parser, so a damaged file still says which document
it was made from: the address behind the QR (link, alternative text) and the number (title, seal).
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from kualik.rules import identifiers

STREAM_LIMIT = 400
STREAM_BYTES = 1024 * 1024
BUDGET_BYTES = 16 * STREAM_BYTES
MARKS_LIMIT = 3

_SIGN = f"[{identifiers.CROCKFORD}]".encode()
_ADDRESS = re.compile(rb"/c/(" + _SIGN + rb"{16})(?![0-9A-Za-z])")
_PRINTED = re.compile(rb"(?<![0-9A-Za-z-])((?:" + _SIGN + rb"{4}-){3}" + _SIGN + rb"{4})\b(?!-)")
_NUMBER = re.compile(
    rb"(?<![0-9A-Za-z])([A-Z][A-Z0-9]{1,11}-20\d\d-[A-Z]?\d{6}-[0-9A-Z])(?![0-9A-Za-z-])"
)
_STREAM = re.compile(rb"stream\r?\n")
_HEX_STRING = re.compile(rb"<([0-9A-Fa-f]{16,4096})>")
_WRITTEN_DASH = b"\\055"


@dataclass(frozen=True, slots=True)
class Marks:
    """Check codes (16 characters) and certificate numbers, in the order found, at most three."""

    codes: tuple[str, ...]
    numbers: tuple[str, ...]


def marks_in(content: bytes) -> Marks:
    """What in a file may point to a document of the register."""
    codes: dict[str, None] = {}
    numbers: dict[str, None] = {}
    for part in _readable_parts(content):
        for pattern in (_ADDRESS, _PRINTED):
            codes |= {_code(found): None for found in pattern.findall(part)[:MARKS_LIMIT]}
        numbers |= {found.decode(): None for found in _NUMBER.findall(part)[:MARKS_LIMIT]}
        if len(codes) >= MARKS_LIMIT:
            break
    return Marks(tuple(codes)[:MARKS_LIMIT], tuple(numbers)[:MARKS_LIMIT])


def _code(found: bytes) -> str:
    return found.replace(b"-", b"").decode()


def _readable_parts(content: bytes) -> Iterator[bytes]:
    """The file, then its compressed streams; each with its texts of two bytes a letter."""
    yield from _spellings(content)
    budget = BUDGET_BYTES
    view = memoryview(content)
    for count, found in enumerate(_STREAM.finditer(content)):
        if count >= STREAM_LIMIT or budget <= 0:
            return
        try:
            part = zlib.decompressobj().decompress(
                view[found.end() : found.end() + STREAM_BYTES], min(budget, STREAM_BYTES)
            )
        except zlib.error:
            continue
        budget -= len(part)
        yield from _spellings(part)


def _spellings(part: bytes) -> Iterator[bytes]:
    yield part.replace(_WRITTEN_DASH, b"-")
    if b"\0" in part:
        yield part.replace(b"\0", b"")
    for found in _HEX_STRING.findall(part)[:STREAM_LIMIT]:
        if len(found) % 2 == 0:
            yield bytes.fromhex(found.decode()).replace(b"\0", b"")
