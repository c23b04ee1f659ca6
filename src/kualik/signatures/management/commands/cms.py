"""``kualik cms verify``: who signed a file, and whether it holds.

Exit status 0 when every signer is valid, 1 when one is not, 2 when nothing can be read.
"""

from datetime import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser

from kualik.core import clock
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.online import HttpFetcher
from kualik.signatures.management.verifying import add_options, read_file, tell, tell_unreadable
from kualik.signatures.services.cms_verification import verify_cms
from kualik.signatures.services.trusting import installation_trust, trust_in
from kualik.signatures.services.verdicts import Verification


class Command(BaseCommand):
    help = "Verify a CMS signature, attached or detached."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)
        parser.add_argument(
            "--content", metavar="FILE", type=Path, help="the document of a detached signature"
        )

    def handle(self, *_args: object, **options: object) -> None:
        try:
            found = _verified(options)
        except RuleViolation as violation:
            tell_unreadable(violation, self.stdout, options)
        else:
            tell(found, self.stdout, options)


def _verified(options: dict[str, object]) -> Verification:
    content, trust, at = options["content"], options["trust"], options["at"]
    return verify_cms(
        signature=read_file(Path(str(options["file"]))),
        document=read_file(content) if isinstance(content, Path) else None,
        trust=trust_in(trust) if isinstance(trust, Path) else installation_trust(),
        at=at if isinstance(at, datetime) else None,
        now=clock.now(),
        is_revocation_required=bool(options["strict"]),
        fetcher=HttpFetcher() if options["online"] else None,
    )
