"""What the commands that verify signatures have in common: options, files, answers."""

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from django.core.management.base import CommandParser, OutputWrapper

from kualik.core import errors
from kualik.core.clock import ZONE
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import format_serial
from kualik.rules.language import LANGUAGES, Text
from kualik.signatures.adapters.asn1 import SIZE_LIMIT_BYTES
from kualik.signatures.services.verdicts import SignerVerdict, Verification

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


def add_options(parser: CommandParser) -> None:
    """The options of both commands."""
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
        help="unknown revocation is no remark: nothing is valid then",
    )
    parser.add_argument("--json", action="store_true", help="print JSON in all languages")
    parser.add_argument("--language", choices=LANGUAGES, default="kk", help="language of the text")


def read_file(path: Path) -> bytes:
    """The bytes of a file, of a too large one just enough to see that. Raises RuleViolation
    ``file_unreadable``."""
    try:
        with path.open("rb") as file:
            return file.read(2 * SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise RuleViolation("file_unreadable", file=path.name) from error


def tell(found: Verification, out: OutputWrapper, options: Mapping[str, object]) -> None:
    """Print the answer and end with its exit status."""
    if options["json"]:
        out.write(json.dumps(found.to_record(), ensure_ascii=False, indent=2))
    else:
        out.write(_as_text(found, str(options["language"])))
    sys.exit(ALL_VALID if found.status == "valid" else SOME_NOT)


def tell_unreadable(
    violation: RuleViolation, out: OutputWrapper, options: Mapping[str, object]
) -> None:
    """Print why there is no answer and end with exit status 2."""
    if options["json"]:
        message = {language: errors.message(violation, language) for language in LANGUAGES}
        record = {"status": "unreadable", "error": violation.code, "message": message}
        out.write(json.dumps({**record, "signers": []}, ensure_ascii=False, indent=2))
    else:
        out.write(errors.message(violation, str(options["language"])))
    sys.exit(UNREADABLE)


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
