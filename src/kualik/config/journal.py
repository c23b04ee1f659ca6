"""``kualik journal verify``: an evidence pack checked without database, settings or network.

Files and chains are whole or not by themselves; who made the pack is proved by the signature of its
index, which is judged with the roots of a directory of trust.

Exit status 0 when everything is as it was packed, 1 when something is not, 2 with one line on
standard error when the file cannot be read as a pack.
"""

import argparse
import hashlib
import json
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from kualik.config.verifying import judge_by
from kualik.rules.chain import broken_links
from kualik.rules.errors import RuleViolation

INDEX = "index.json"
FORMAT = "kualik-evidence"
MOST_FILES = 2000
MOST_BYTES = 512 * 1024 * 1024
SEAL, SIGNATURE = "index.json.p7s", ".p7s"
WHOLE = {
    True: "The pack is whole, and its signatures are valid.",
    False: "The pack is whole. Who made it is proved with --trust DIR alone.",
}
Index = Mapping[str, Any]
Findings = Sequence[Mapping[str, object]]


class Unreadable(Exception):
    """No evidence pack; the argument says why."""


def main(arguments: Sequence[str]) -> int:
    """Checks one pack; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="kualik journal",
        description="Check an evidence pack: every file, and every chain of the journal.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check a pack", allow_abbrev=False)
    verify.add_argument("file", type=Path, help="the pack (zip)")
    verify.add_argument(
        "--trust",
        metavar="DIR",
        type=Path,
        help="roots, authorities and CRLs: judge the signatures of the index and of all files",
    )
    verify.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(arguments)
    try:
        findings = list(check(options.file, trust=options.trust))
    except Unreadable as error:
        sys.stderr.write(f"{options.file}: {error}\n")
        return 2
    is_whole = all(finding["is_whole"] for finding in findings)
    is_proved = is_whole and options.trust is not None
    make = _as_json if options.json else _as_text
    sys.stdout.write(make(findings, is_whole, is_proved))
    return 0 if is_whole else 1


def check(file: Path, *, trust: Path | None = None) -> Iterator[dict[str, object]]:
    """A finding for every file and chain, with ``trust`` for every signature as well: "name",
    "is_whole", "told". Raises Unreadable."""
    try:
        with ZipFile(file) as archive:
            index = _index(archive)
            named = {str(row["name"]): row for row in index["files"]}
            there = set(archive.namelist()) - {INDEX, SEAL}
            for name in sorted(there - set(named)):
                yield _finding(name, False, "not in the index")
            for name, row in named.items():
                yield _file(archive, name, row) if name in there else _finding(name, False, "gone")
            for chain in index["chains"]:
                yield _chain(archive, chain)
            if trust is not None:
                yield from _signatures(archive, index, trust)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"is no evidence pack ({type(error).__name__}: {error})") from None
    except RuleViolation as violation:
        raise Unreadable(f"cannot be judged ({violation})") from None
    except (BadZipFile, OSError, zlib.error, EOFError, RuntimeError) as error:
        raise Unreadable(f"is no readable archive ({error})") from None


def _index(archive: ZipFile) -> Index:
    entries = archive.infolist()
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise Unreadable("is larger than any pack")
    found: Index = json.loads(archive.read(INDEX))
    if found["format"] != FORMAT or found["version"] != 1:
        raise Unreadable("is a pack of another kind")
    return found


def _file(archive: ZipFile, name: str, row: Mapping[str, object]) -> dict[str, object]:
    is_same = hashlib.sha256(archive.read(name)).hexdigest() == row["sha256"]
    return _finding(name, is_same, "as packed" if is_same else "changed")


def _chain(archive: ZipFile, row: Mapping[str, object]) -> dict[str, object]:
    """A chain is whole when every link holds and its end is the one that the index names."""
    name = str(row["file"])
    entries = json.loads(archive.read(name))
    broken = broken_links(entries)
    is_of_one = all(entry["subject"] == row["subject"] for entry in entries)
    head = entries[-1]["hash"] if entries else ""
    is_whole = not broken and is_of_one and head == row["head"]
    told = f"{len(entries)} entries" if is_whole else f"broken at {broken or 'its end'}"
    return _finding(f"{name} ({row['subject']})", is_whole, told)


def _signatures(archive: ZipFile, index: Index, trust: Path) -> Iterator[dict[str, object]]:
    """The signature of the index, without which nobody says whose pack it is, and all others."""
    names = set(archive.namelist())
    if SEAL not in names:
        yield _finding(SEAL, False, "gone" if index.get("is_signed") else "the pack is not signed")
    judge = judge_by(trust, at=datetime.fromisoformat(index["made_at"]))
    for name in sorted(name for name in names if name.endswith(SIGNATURE)):
        signed = name.removesuffix(SIGNATURE)
        if signed not in names:
            continue
        found = judge(archive.read(name), archive.read(signed))
        yield _finding(f"{name} (signature)", found["status"] == "valid", _judged(found))


def _judged(found: Mapping[str, Any]) -> str:
    """The verdict, who signed, and what speaks against it, by the codes of `kualik cms verify`."""
    signers = found["signers"]
    people = [one["organisation"] or one["person"] for one in signers]
    reasons = [reason for one in (found, *signers) for reason in one["reasons"]]
    against = [reason["code"] for reason in reasons if reason["kind"] != "remark"]
    return ", ".join([found["status"], *filter(None, people), *dict.fromkeys(against)])


def _finding(name: str, is_whole: bool, told: str) -> dict[str, object]:
    return {"name": name, "is_whole": is_whole, "told": told}


def _as_json(findings: Findings, is_whole: bool, is_proved: bool) -> str:
    answer = {"is_whole": is_whole, "is_proved": is_proved, "findings": list(findings)}
    return json.dumps(answer, ensure_ascii=False, indent=2) + "\n"


def _as_text(findings: Findings, is_whole: bool, is_proved: bool) -> str:
    marks = {True: "ok     ", False: "BROKEN "}
    lines = [f"{marks[bool(row['is_whole'])]}{row['name']}: {row['told']}" for row in findings]
    lines.append(WHOLE[is_proved] if is_whole else "The pack is not whole.")
    return "\n".join(lines) + "\n"
