"""``kualik check``: what the register says of a file or of a check code.

Exit status 0 when the document is valid, 1 for anything else. It takes the place of Django's own
command of that name; Django's checks still run before ``migrate`` and ``runserver``.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kualik.certificates.services.answers import Check, LetterAnswer, Signature
from kualik.certificates.services.checking import check_code, check_file
from kualik.certificates.services.recording import to_record
from kualik.certificates.services.wording import HOLDER, PROVIDER, sides
from kualik.core import clock, errors
from kualik.core.clock import ZONE
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.signatures.services import REASONS

SIGNED = Text("Уәкілетті тұлғаның ЭЦҚ-сы", "ЭЦП уполномоченного лица", "Signed by")
HANDLED = Text("Қол қоюшының ЭЦҚ-сы", "ЭЦП подписавшего", "Signed by")
SEALED = Text("Файлдағы мөр", "Печать в файле", "Seal in the file")
NAMED = Text(
    "Файл қол қоюшы ретінде мынаны атайды (расталмаған)",
    "Файл называет подписавшим (не подтверждено)",
    "The file names as the signer (not confirmed)",
)
CERTIFICATE = Text("Кілт сертификаты", "Сертификат ключа", "Key certificate")
MOMENT = Text("Мөрдің уақыты", "Время печати", "Time of the seal")
IN_FORCE = Text(
    "Қол қойылып, күшіне енген уақыты",
    "Подписан и действует с",
    "Signed and in force since",
)
IN_FORCE_ALONE = Text("Күшіне енген уақыты", "Действует с", "In force since")
PROOF = Text("Дәлел деңгейі", "Уровень доказательства", "Level of proof")
PROVEN = Text("Дәлелденген уақыт", "Доказанное время", "Proven time")
TRUE_CONTENT = Text(
    "Тізілімдегі шын мазмұны:", "Подлинное содержание по реестру:", "The register's true content:"
)
REPLACEMENT = Text(
    "Орнына берілген құжаттың коды", "Код документа, выданного взамен", "Code of the replacement"
)
DATED = Text("Күні", "Дата", "Date")
NO_FILE = Text("Мұндай файл жоқ", "Такого файла нет", "There is no such file")


class Command(BaseCommand):
    help = "Check a sealed PDF or a check code against the register."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", metavar="FILE.pdf|CODE", help="a PDF file or a check code")
        parser.add_argument("--json", action="store_true", help="print JSON in all languages")
        parser.add_argument(
            "--language", choices=LANGUAGES, default="kk", help="language of the text"
        )

    def handle(self, *_args: object, **options: object) -> None:
        language = str(options["language"])
        try:
            found = _checked(str(options["what"]), language)
        except RuleViolation as violation:
            raise CommandError(errors.message(violation, language)) from violation
        if options["json"]:
            self.stdout.write(json.dumps(to_record(found), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(_as_text(found, language))
        if found.verdict != "valid":
            sys.exit(1)


def _checked(what: str, language: str) -> Check:
    path = Path(what)
    if path.is_file():
        return check_file(content=_content(path, language), now=clock.now())
    found = check_code(what)
    is_path = path.suffix or path.name != what
    if is_path and "code_unreadable" in {reason.code for reason in found.reasons}:
        raise CommandError(f"{NO_FILE.get(language)}: {what}")
    return found


def _content(path: Path, language: str) -> bytes:
    try:
        if path.stat().st_size > settings.UPLOAD_LIMIT_BYTES:
            raise CommandError(f"{path}: {REASONS['too_large'].get(language)}")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _as_text(found: Check, language: str) -> str:
    lines = [found.words.title.get(language), found.words.meaning.get(language)]
    lines += [f"- {reason.text.get(language)}" for reason in found.reasons]
    if found.facts:
        shown = {side.language: side for side in sides(found.facts)}
        side = shown.get(language, shown["kk"])
        lines += ["", TRUE_CONTENT.get(language)] if found.verdict == "altered" else [""]
        lines += [side.title, *(f"  {row.label}: {row.value}" for row in side.rows)]
    if found.letter:
        lines += ["", *_letter_lines(found.letter, language)]
    if found.in_force_since:
        since = IN_FORCE if found.signature else IN_FORCE_ALONE
        lines += ["", f"{since.get(language)}: {_time(found.in_force_since)}"]
    if found.replaced_by:
        code = identifiers.format_code(found.replaced_by)
        lines += ["", f"{REPLACEMENT.get(language)}: {code}"]
    if found.signature:
        lines += ["", *_signature_lines(found, found.signature, language)]
    if found.signer:
        signer = found.signer
        holder = ", ".join(filter(None, (signer.name, signer.organisation.get(language))))
        said = SEALED if signer.trusted else NAMED
        lines += [
            "",
            f"{said.get(language)}: {holder}",
            f"{CERTIFICATE.get(language)}: {identifiers.format_serial(signer.serial)}",
        ]
    if found.sealed_at:
        lines.append(f"{MOMENT.get(language)}: {_time(found.sealed_at)}")
    if found.proof_label:
        lines.append(f"{PROOF.get(language)}: {found.proof_label.get(language)} ({found.level})")
    if found.stamped_at:
        lines.append(f"{PROVEN.get(language)}: {_time(found.stamped_at)}")
    return "\n".join(lines)


def _signature_lines(found: Check, signature: Signature, language: str) -> list[str]:
    signed = HANDLED if found.letter and found.letter.by_handler else SIGNED
    serial = identifiers.format_serial(signature.serial)
    return [
        f"{signed.get(language)}: {signature.person}, {signature.role.get(language)}",
        f"{CERTIFICATE.get(language)}: {serial}, {signature.algorithm}",
    ]


def _letter_lines(letter: LetterAnswer, language: str) -> list[str]:
    return [
        f"{letter.title.get(language)} № {letter.number}",
        f"  {PROVIDER.get(language)}: {letter.provider_name.get(language)}",
        f"  {HOLDER.get(language)}: {letter.applicant.get(language)}",
        f"  {DATED.get(language)}: {letter.dated:%d.%m.%Y}",
    ]


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%d.%m.%Y %H:%M:%S}"
