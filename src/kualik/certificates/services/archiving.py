"""A document with all that proves it, in open formats, to be kept outside this system."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import ZIP_STORED, ZipFile

from kualik.certificates.models import Certificate, PersonSignature
from kualik.certificates.queries import preservation_of
from kualik.certificates.services.packing import put, stored
from kualik.certificates.services.sealing import check_address
from kualik.core import journal
from kualik.rules import facts as fact_rules

WORDS: Final = Path(__file__).parent.parent / "data" / "archive.toml"
SUMS: Final = "SHA256SUMS"
# The steps before it are told of every archive.
FIRST_STEP: Final = 3


def archive_of(certificate: Certificate) -> bytes:
    """A zip of the issued PDF, the person's signature, the PDF with its proof where there is one,
    the facts, the journal, checksums and a README in three languages.

    Raises OSError for a file that the storage lost.
    """
    files = _files(certificate)
    sums = "".join(f"{_sha256(content)}  {name}\n" for name, content in files.items())
    archive = BytesIO()
    moment = certificate.sealed_at or certificate.created_at
    with ZipFile(archive, "w", ZIP_STORED) as packed:
        for name, content in {**files, SUMS: sums.encode()}.items():
            put(packed, name, content, moment)
    return archive.getvalue()


def _files(certificate: Certificate) -> dict[str, bytes]:
    number = certificate.number
    facts = fact_rules.canonical_bytes(fact_rules.from_record(certificate.facts))
    files = {f"{number}.pdf": stored(certificate.file)}
    signature = PersonSignature.objects.filter(certificate=certificate).first()
    if signature:
        files[f"{number}.pdf.p7s"] = stored(signature.file)
    preserved = preservation_of(certificate)
    is_preserved = bool(preserved and preserved.file)
    if preserved and is_preserved:
        files[f"{number}-lasting.pdf"] = stored(preserved.file)
    files[f"{number}.json"] = facts
    files[f"{number}-journal.json"] = _journal(number)
    parts = {"signed": bool(signature), "lasting": is_preserved}
    said = {"n": number, "s": _sha256(facts), "w": check_address(certificate.code)}
    for language, words in _words().items():
        files[f"README.{language}.txt"] = _readme(words, parts, said)
    return files


def _journal(number: str) -> bytes:
    rows = [journal.to_record(entry) for entry in journal.history(f"certificate:{number}")]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()


def _readme(words: Mapping[str, str], parts: Mapping[str, bool], said: Mapping[str, str]) -> bytes:
    """The text with the parts about files that the archive really has."""
    there = [name for name, is_there in parts.items() if is_there]
    text = "".join(words[name] for name in ("head", *(f"head_{name}" for name in there), "files"))
    steps = enumerate((*there, "tail"), start=FIRST_STEP)
    text = text.format(**said)
    text += "".join(words[name].format(step=step, **said) for step, name in steps)
    if "signed" in there:
        text += words["tail_signed"]
    return text.strip().encode() + b"\n"


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return found


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
