"""A completion list as the office uploads it: the kind of file is told by its content."""

from typing import Final

from kualik.rules.errors import RuleViolation
from kualik.training.adapters.delimited import read_delimited
from kualik.training.adapters.grid import MAX_BYTES, Grid
from kualik.training.adapters.workbook import read_workbook

ZIP: Final = b"PK\x03\x04"
EMPTY_ZIP: Final = b"PK\x05\x06"
# The compound file of old Excel; a workbook with a password is wrapped in one too.
COMPOUND: Final = bytes.fromhex("d0cf11e0a1b11ae1")
ENCRYPTED_STREAM: Final = "EncryptedPackage".encode("utf-16-le")
OTHER_FORMATS: Final = (
    b"%PDF",
    b"{\\rtf",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"Rar!",
    b"7z",
)
MARKUP: Final = (b"<!doctype html", b"<html", b"<?xml", b"<table", b"<meta")


def read_grid(content: bytes, sheet: str | None = None) -> Grid:
    """One sheet of an XLSX file, or a CSV file, of up to 5 MB, 5,000 people and 60 columns.

    ``sheet`` None takes the first visible one that holds rows. RuleViolation with one of
    ``list_empty``, ``list_too_large``, ``list_encrypted``, ``list_old_excel``,
    ``list_format_unknown``, ``list_not_a_table``, ``list_too_many_rows``,
    ``list_too_many_columns``, ``list_too_many_sheets``, ``list_sheet_unknown``.
    """
    if not content.strip():
        raise RuleViolation("list_empty")
    if len(content) > MAX_BYTES:
        raise RuleViolation("list_too_large", megabytes=MAX_BYTES // 1024 // 1024)
    if content.startswith(COMPOUND):
        is_encrypted = ENCRYPTED_STREAM in content
        raise RuleViolation("list_encrypted" if is_encrypted else "list_old_excel")
    if content.startswith((ZIP, EMPTY_ZIP)):
        return read_workbook(content, sheet)
    if content.startswith(OTHER_FORMATS) or _is_markup(content):
        raise RuleViolation("list_format_unknown")
    if sheet:
        raise RuleViolation("list_sheet_unknown", sheet=sheet)
    return read_delimited(content)


def _is_markup(content: bytes) -> bool:
    head = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return head.startswith(MARKUP)
