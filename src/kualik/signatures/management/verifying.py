"""What the commands that verify signatures have in common: options, files, answers."""

import argparse
import io
import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from kualik.core import clock, errors
from kualik.core.clock import ZONE
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import format_serial
from kualik.rules.language import LANGUAGES, Text
from kualik.signatures.adapters.asn1 import SIZE_LIMIT_BYTES
from kualik.signatures.adapters.online import HttpFetcher, RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.trusting import installation_trust, trust_in
from kualik.signatures.services.verdicts import Reason, SignerVerdict, Verification

ALL_VALID, SOME_NOT, UNREADABLE = 0, 1, 2
STATUSES: Final[Mapping[str, Text]] = {
    "valid": Text("ЖАРАМДЫ", "ДЕЙСТВИТЕЛЬНА", "VALID"),
    "invalid": Text("ЖАРАМСЫЗ", "НЕДЕЙСТВИТЕЛЬНА", "INVALID"),
    "indeterminate": Text("АНЫҚТАЛМАДЫ", "НЕ УСТАНОВЛЕНО", "INDETERMINATE"),
}
SIGNED_AT: Final = Text("Қол қойылған уақыты", "Время подписания", "Signed at")
CERTIFICATE: Final = Text("Сертификат", "Сертификат", "Certificate")
IIN: Final = Text("ЖСН", "ИИН", "IIN")
BIN: Final = Text("БСН", "БИН", "BIN")


def moment(text: str) -> datetime:
    """An ISO moment; Kazakhstan's time where no offset is written."""
    try:
        read = datetime.fromisoformat(text)
        named = read if read.tzinfo else read.replace(tzinfo=ZONE)
        # A moment at the edge of the calendar has no place in other zones.
        return named.astimezone(ZONE)
    except (ValueError, OverflowError) as error:
        raise ArgumentTypeError(f"{text}: write 2026-07-21T00:00:00Z") from error


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in JSON where JSON was asked for."""

    is_json = False

    def error(self, message: str) -> NoReturn:
        if self.is_json:
            violation = RuleViolation("arguments_unreadable", reason=message)
            self.exit(_told_unreadable(violation, is_json=True, language=""))
        super().error(message)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: the ``options`` as they were parsed, and what goes with them."""

    options: argparse.Namespace
    trust: TrustDirectory
    fetcher: RevocationFetcher | None
    now: datetime


def make_parser(name: str, description: str, arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser with the options of both commands. What is printed from here on is UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = _Parser(prog=f"kualik {name}", description=description, allow_abbrev=False)
    parser.is_json = "--json" in arguments
    parser.add_argument("what", choices=["verify"])
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument(
        "--at", type=moment, help="judge at this moment; a valid time-stamp goes before it"
    )
    parser.add_argument(
        "--trust",
        metavar="DIR",
        type=Path,
        help="roots, authorities, CRLs and OCSP responses; without it those of the installation",
    )
    parser.add_argument(
        "--online", action="store_true", help="ask the authority about revocation over the network"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="missing data about revocation is no remark: nothing is valid then",
    )
    parser.add_argument("--json", action="store_true", help="print JSON in all languages")
    parser.add_argument("--language", choices=LANGUAGES, default="kk", help="language of the text")
    return parser


def answered(
    options: argparse.Namespace, verify: Callable[[Asked], Verification], *, unset: str
) -> int:
    """Prints what ``verify`` found; returns the exit status."""
    try:
        trust = _trust(options.trust, unset)
        fetcher = HttpFetcher() if options.online else None
        found = verify(Asked(options, trust, fetcher, clock.now()))
    except RuleViolation as violation:
        return _told_unreadable(violation, is_json=options.json, language=options.language)
    unread = (Reason("trust_file_unread", about=name) for name in trust.unread)
    found = replace(found, reasons=(*found.reasons, *unread))
    if options.json:
        _print(json.dumps(found.to_record(), ensure_ascii=False, indent=2))
    else:
        _print(_as_text(found, options.language))
    return ALL_VALID if found.status == "valid" else SOME_NOT


def _trust(directory: Path | None, unset: str) -> TrustDirectory:
    if directory is not None:
        return trust_in(directory)
    if unset:
        raise RuleViolation("installation_unset", reason=unset)
    return installation_trust()


def read_file(path: Path) -> bytes:
    """The bytes of a file, of a too large one just enough to see that. Raises RuleViolation
    ``file_unreadable``."""
    try:
        with path.open("rb") as file:
            return file.read(2 * SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise RuleViolation("file_unreadable", file=path.name) from error


def _told_unreadable(violation: RuleViolation, *, is_json: bool, language: str) -> int:
    """Prints why there is no answer; returns the exit status."""
    if is_json:
        message = {language: errors.message(violation, language) for language in LANGUAGES}
        record = {"status": "unreadable", "error": violation.code, "message": message}
        _print(json.dumps({**record, "signers": []}, ensure_ascii=False, indent=2))
    else:
        _print(errors.message(violation, language))
    return UNREADABLE


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _as_text(found: Verification, language: str) -> str:
    lines = [STATUSES[found.status].get(language)]
    lines += [f"- {reason.text.get(language)}" for reason in found.reasons]
    for number, signer in enumerate(found.signers, start=1):
        lines += ["", f"{number}. {STATUSES[signer.status].get(language)}"]
        lines += [f"   {line}" for line in _signer_lines(signer, language)]
        lines += [f"   - {reason.text.get(language)}" for reason in signer.reasons]
    return "\n".join(lines)


def _signer_lines(signer: SignerVerdict, language: str) -> list[str]:
    lines = []
    if signer.person:
        lines.append(f"{signer.person}, {IIN.get(language)} {signer.iin}" if signer.iin
                     else signer.person)  # fmt: skip
    if signer.organisation:
        lines.append(f"{signer.organisation}, {BIN.get(language)} {signer.bin}")
    if signer.signed_at:
        local = signer.signed_at.astimezone(ZONE)
        lines.append(f"{SIGNED_AT.get(language)}: {local:%d.%m.%Y %H:%M:%S}")
    if signer.serial:
        serial = format_serial(signer.serial)
        lines.append(f"{CERTIFICATE.get(language)}: {serial} ({signer.algorithm})")
    return lines
