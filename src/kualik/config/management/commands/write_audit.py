"""``kualik write_audit``: puts what the last whole run of ``make e2e`` saw into the statement."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kualik.config.accessibility import AUDIT

SEEN: Path = settings.ROOT / "var" / "e2e" / "audit.json"
HEAD = "# Written by `kualik write_audit` from a whole run of `make e2e`; not by hand.\n"


class Command(BaseCommand):
    help = "Write the results of the browser tests into the accessibility statement."
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        if not SEEN.exists():
            raise CommandError("run `make e2e` first")
        seen = json.loads(SEEN.read_text(encoding="utf-8"))
        if not seen.pop("is_whole"):
            raise CommandError("the last run was not a whole one, or a test failed")
        lines = [f"{name} = {_value(name, value)}\n" for name, value in seen.items()]
        AUDIT.write_text(HEAD + "".join(lines), encoding="utf-8")
        self.stdout.write(str(AUDIT))


def _value(name: str, value: object) -> str:
    """A value of JSON as TOML writes it; ``on`` is a day."""
    return str(value) if name == "on" else json.dumps(value, ensure_ascii=False)
