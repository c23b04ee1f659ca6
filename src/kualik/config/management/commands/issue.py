"""``kualik issue``: a completion list in, certificates out, or prepared for the signature."""

import json
import sys
from argparse import ArgumentTypeError
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser

from kualik.config.issuing import Order, issue_list
from kualik.core import clock, errors
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import KINDS, PAPERS
from kualik.rules.language import LANGUAGES
from kualik.training.services import GroupDefaults

# Prepared: nothing went wrong, and the authorised person still has to sign (A57.10-2).
ALL_ISSUED, UNUSABLE, SOME_REFUSED, PREPARED = 0, 2, 3, 4
OPENING = time(9)


def moment(text: str) -> datetime:
    """An ISO moment, in Kazakhstan's time without offset; a bare day means nine in the morning."""
    try:
        if len(text) == len("2026-11-21"):
            return datetime.combine(date.fromisoformat(text), OPENING, tzinfo=clock.ZONE)
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text}: write 2026-11-21 or 2026-11-21T15:10") from error
    return read if read.tzinfo else read.replace(tzinfo=clock.ZONE)


def decimal(text: str) -> Decimal:
    """A number of credits."""
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise ArgumentTypeError(f"{text}: write a number") from error


def _status(statuses: set[object]) -> int:
    """The exit status; the summary has no status of its own."""
    seen = statuses - {None}
    if seen == {"issued"}:
        return ALL_ISSUED
    return PREPARED if "prepared" in seen and seen <= {"issued", "prepared"} else SOME_REFUSED


class Command(BaseCommand):
    help = "Issue certificates from a completion list (XLSX or CSV)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("list", type=Path)
        parser.add_argument("--provider", required=True, help="code of the provider, e.g. DEMO")
        parser.add_argument("--out", required=True, type=Path, help="folder for the documents")
        kind_help = "where the list is silent; professional development unless said"
        parser.add_argument("--kind", choices=sorted(KINDS), default="pd", help=kind_help)
        parser.add_argument("--paper", choices=sorted(PAPERS), default="certificate")
        parser.add_argument("--title-kk", default="")
        parser.add_argument("--title-ru", default="")
        parser.add_argument("--hours", type=int)
        parser.add_argument("--credits", type=decimal)
        parser.add_argument("--start", type=date.fromisoformat)
        parser.add_argument("--end", type=date.fromisoformat)
        parser.add_argument("--edition", default="", help="default: in force on the day of filing")
        parser.add_argument("--filed", type=moment, help="default: now")
        parser.add_argument("--language", choices=LANGUAGES, default="kk")
        parser.add_argument("--json", action="store_true", help="accepted: the output always is")

    def handle(self, *_args: object, **options: object) -> None:
        now = clock.now()
        language = str(options["language"])
        try:
            order = self._order(options, now)
            records = issue_list(order=order, folder=Path(str(options["out"])), now=now)
        except RuleViolation as violation:
            self._say({"error": violation.code, "message": errors.message(violation, language)})
            sys.exit(UNUSABLE)
        statuses = set()
        for record in records:
            self._say(record)
            statuses.add(record.get("status"))
        sys.exit(_status(statuses))

    def _order(self, options: dict[str, object], now: datetime) -> Order:
        path = Path(str(options["list"]))
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RuleViolation("file_unreadable", file=path.name) from error
        provider = Provider.objects.filter(code=options["provider"]).first()
        if provider is None:
            raise RuleViolation("provider_unknown", provider_code=options["provider"])
        filed_at = options["filed"]
        return Order(
            content=content,
            filename=path.name,
            provider=provider,
            defaults=self._defaults(options),
            paper=str(options["paper"]),
            edition=str(options["edition"]),
            filed_at=filed_at if isinstance(filed_at, datetime) else now,
            language=str(options["language"]),
        )

    def _defaults(self, options: dict[str, object]) -> GroupDefaults:
        hours, share = options["hours"], options["credits"]
        start, end = options["start"], options["end"]
        return GroupDefaults(
            kind=str(options["kind"]),
            title_kk=str(options["title_kk"]),
            title_ru=str(options["title_ru"]),
            hours=hours if isinstance(hours, int) else None,
            credits=share if isinstance(share, Decimal) else None,
            started_on=start if isinstance(start, date) else None,
            ended_on=end if isinstance(end, date) else None,
        )

    def _say(self, record: dict[str, object]) -> None:
        self.stdout.write(json.dumps(record, ensure_ascii=False))
        self.stdout.flush()
