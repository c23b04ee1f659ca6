"""ASN.1 that anybody may have sent: armour taken off, limits kept, BER turned into DER.

Everything here is done before a parser sees the bytes, so that neither a tower of nested elements
nor a number of a million digits reaches one.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

SIZE_LIMIT_BYTES: Final = 20 * 1024 * 1024
DEPTH_LIMIT: Final = 48
ELEMENT_LIMIT: Final = 200_000
LENGTH_BYTES_LIMIT: Final = 4
TAG_BYTES_LIMIT: Final = 4
# Parsers spend quadratic time on these kinds, so their lengths are bounded.
PRIMITIVE_LIMITS: Final = {0x02: 4096, 0x06: 64, 0x0A: 16, 0x0D: 64, 0x17: 32, 0x18: 32}
OCTET_STRING: Final = 0x04
CONSTRUCTED: Final = 0x20
SEQUENCE: Final = 0x30
TIMES: Final = frozenset({0x17, 0x18})
CONTEXT_SPECIFIC: Final = 0x80
# A constructed string of one of these kinds is never seen in signatures and is not joined.
UNJOINED_STRINGS: Final = frozenset({0x23, 0x2C, 0x33, 0x34, 0x36, 0x37, 0x38, 0x3C, 0x3E})
BOM: Final = b"\xef\xbb\xbf"
ARMOUR: Final = re.compile(
    rb"-----BEGIN ([A-Z0-9 #]{1,32})-----([A-Za-z0-9+/=\s]*+)-----END \1-----"
)
BASE64_TEXT: Final = re.compile(rb"\s*+[A-Za-z0-9+/=\s]++")
PREFACE_LIMIT: Final = 64 * 1024
PARSER_ERRORS: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RuntimeError,
)
"""What asn1crypto lets through for bytes it does not understand."""


class Asn1Error(ValueError):
    """The bytes cannot be read; ``code`` is ``empty``, ``too_large``, ``too_deep``,
    ``too_complex``, ``malformed`` or ``trailing_data``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def unarmoured(data: bytes, limit: int = SIZE_LIMIT_BYTES) -> bytes:
    """The binary inside PEM armour, a text before it left out, or plain base64; binary as it is.

    Raises Asn1Error, also for more than twice ``limit`` bytes.
    """
    if not data:
        raise Asn1Error("empty")
    if len(data) > 2 * limit:
        raise Asn1Error("too_large")
    data = data.removeprefix(BOM)
    is_base64 = BASE64_TEXT.fullmatch(data) is not None
    if data[:1] == b"0" and not is_base64:
        return data
    armoured = ARMOUR.search(data)
    if armoured is not None and data[armoured.end() :].strip():
        raise Asn1Error("trailing_data")
    if not is_base64 and (armoured is None or not _is_preface(data[: armoured.start()])):
        raise Asn1Error("malformed")
    text = armoured[2] if armoured else data
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise Asn1Error("malformed") from error


def _is_preface(data: bytes) -> bool:
    """Whether this may stand before armour: some programs tell there in words what follows."""
    try:
        text = data[: PREFACE_LIMIT + 1].decode()
    except UnicodeDecodeError:
        return False
    return len(data) <= PREFACE_LIMIT and "\0" not in text


def as_der(data: bytes) -> bytes:
    """One ASN.1 element with definite lengths and joined octet strings, otherwise untouched.

    Elements that are written with definite lengths keep every byte, so that signatures over them
    hold; nothing is sorted. Raises Asn1Error for what breaks a limit and for trailing bytes.
    """
    if not data:
        raise Asn1Error("empty")
    if len(data) > SIZE_LIMIT_BYTES:
        raise Asn1Error("too_large")
    end, rewritten = _Reader(data).element(0, len(data), 0)
    if end != len(data):
        raise Asn1Error("trailing_data")
    return data if rewritten is None else rewritten


def list_der(data: bytes) -> bytes:
    """The DER of a revocation list, whose entries are not looked at: there may be a million, and
    the library that reads them does it lazily.

    Everything else is within the limits of ``as_der``. Raises Asn1Error.
    """
    reader = _Reader(data)
    whole = reader.sequence(0, len(data))
    body = reader.sequence(whole.body, len(data)) if whole.end == len(data) else None
    if body is None or body.end is None:
        return as_der(data)
    position, after_dates = body.body, False
    while position < body.end:
        tag = data[position]
        if after_dates and tag == SEQUENCE:
            position = reader.sequence(position, body.end).end or body.end
            continue
        position = reader.kept(position, body.end)
        after_dates = tag in TIMES
    while position < len(data):
        position = reader.kept(position, len(data))
    return data


def split_first(data: bytes) -> tuple[bytes, bytes]:
    """The first ASN.1 element as it stands and what follows it. Raises Asn1Error."""
    if not data:
        raise Asn1Error("empty")
    end, _ = _Reader(data).element(0, len(data), 0)
    return data[:end], data[end:]


@dataclass(frozen=True, slots=True)
class _Header:
    tag: int
    """The first octet of the identifier."""

    body: int
    """Where the contents start."""

    end: int | None
    """Where they end, or None for an indefinite length."""


class _Reader:
    """Walks the elements of ``data`` once and rewrites only what is not DER."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.count = 0

    def sequence(self, start: int, limit: int) -> _Header:
        """The header of the sequence at ``start``. Raises Asn1Error where it is none."""
        if self.data[start : start + 1] != bytes([SEQUENCE]):
            raise Asn1Error("malformed")
        return self._header(start, limit)

    def kept(self, start: int, limit: int) -> int:
        """The end of the element at ``start``, which must be DER already."""
        end, rewritten = self.element(start, limit, 2)
        if rewritten is not None:
            raise Asn1Error("malformed")
        return end

    def element(self, start: int, limit: int, depth: int) -> tuple[int, bytes | None]:
        """The end of the element at ``start`` and its new bytes, None where they stay."""
        self.count += 1
        if depth > DEPTH_LIMIT:
            raise Asn1Error("too_deep")
        if self.count > ELEMENT_LIMIT:
            raise Asn1Error("too_complex")
        header = self._header(start, limit)
        if not header.tag & CONSTRUCTED:
            return self._primitive(header)
        if header.tag in UNJOINED_STRINGS:
            raise Asn1Error("malformed")
        return self._constructed(start, header, limit, depth)

    def _primitive(self, header: _Header) -> tuple[int, None]:
        if header.end is None or header.tag == 0:
            raise Asn1Error("malformed")
        if header.end - header.body > PRIMITIVE_LIMITS.get(header.tag, SIZE_LIMIT_BYTES):
            raise Asn1Error("too_complex")
        return header.end, None

    def _constructed(
        self, start: int, header: _Header, limit: int, depth: int
    ) -> tuple[int, bytes | None]:
        position = header.body
        inner_limit = limit if header.end is None else header.end
        is_string = header.tag == OCTET_STRING | CONSTRUCTED
        rewritten = is_string or header.end is None
        parts: list[bytes | tuple[int, int]] = []
        while not self._at_end(position, header, inner_limit):
            end, replacement = self.element(position, inner_limit, depth + 1)
            rewritten = rewritten or replacement is not None
            parts.append((position, end) if replacement is None else replacement)
            position = end
        end = position + 2 if header.end is None else position
        if not rewritten:
            return end, None
        pieces = [self.data[part[0] : part[1]] if isinstance(part, tuple) else part
                  for part in parts]  # fmt: skip
        if is_string:
            return end, _encoded(b"\x04", b"".join(_octets(piece) for piece in pieces))
        return end, _encoded(self._identifier(start), b"".join(pieces))

    def _at_end(self, position: int, header: _Header, limit: int) -> bool:
        if header.end is not None:
            return position == header.end
        if position + 2 > limit:
            raise Asn1Error("malformed")
        return self.data[position : position + 2] == b"\x00\x00"

    def _header(self, start: int, limit: int) -> _Header:
        data = self.data
        position = start + len(self._identifier(start))
        if position >= limit:
            raise Asn1Error("malformed")
        first = data[position]
        position += 1
        if first == 0x80:
            return _Header(data[start], position, None)
        length = first
        if first > 0x80:
            size = first & 0x7F
            if size > LENGTH_BYTES_LIMIT or position + size > limit:
                raise Asn1Error("malformed")
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        if position + length > limit:
            raise Asn1Error("malformed")
        return _Header(data[start], position, position + length)

    def _identifier(self, start: int) -> bytes:
        """The octets of the tag; tags above 30 take more than one."""
        if self.data[start] & 0x1F != 0x1F:
            return self.data[start : start + 1]
        for end in range(start + 1, start + TAG_BYTES_LIMIT):
            if end < len(self.data) and not self.data[end] & 0x80:
                return self.data[start : end + 1]
        raise Asn1Error("malformed")


def _octets(piece: bytes) -> bytes:
    """The contents of a primitive octet string, a piece of a longer one."""
    if piece[:1] != b"\x04":
        raise Asn1Error("malformed")
    first = piece[1]
    return piece[2 if first < 0x80 else 2 + (first & 0x7F) :]


def _encoded(identifier: bytes, contents: bytes) -> bytes:
    length = len(contents)
    if length < 0x80:
        return identifier + bytes([length]) + contents
    size = (length.bit_length() + 7) // 8
    return identifier + bytes([0x80 | size]) + length.to_bytes(size, "big") + contents
