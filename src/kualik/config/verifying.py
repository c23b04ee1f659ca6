"""``kualik cms verify`` and ``kualik xml verify``: with a directory of trust without database,
secrets and settings; without one by those of the installation.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

# What the rooms need that are loaded with the commands.
BARE: Final = {
    "USE_TZ": True,
    "AUTH_USER_MODEL": "accounts.User",
    "INSTALLED_APPS": [
        "kualik.signatures",
        "kualik.accounts",
        "kualik.providers",
        "kualik.core",
        "django.contrib.auth",
        "django.contrib.contenttypes",
    ],
}


def main(command: str, arguments: Sequence[str]) -> int:
    """Judges one file by the room's command of this name; returns the exit status."""
    names_trust = any(each.split("=")[0] == "--trust" for each in arguments)
    unset = _prepare(is_bare=names_trust)
    room = import_module(f"kualik.signatures.management.{command}")
    status: int = room.main(arguments, unset=unset)
    return status


def judge_by(directory: Path, *, at: datetime) -> Callable[[bytes, bytes], dict[str, Any]]:
    """What judges detached signatures and their documents by the roots of a directory, read once,
    as ``kualik cms verify --json`` answers. Both raise RuleViolation for what cannot be read."""
    from django.conf import settings

    if not settings.configured:
        _prepare(is_bare=True)
    verify = import_module("kualik.signatures.services.cms_verification").verify_cms
    trust = import_module("kualik.signatures.services.trusting").trust_in(directory)

    def judge(signature: bytes, document: bytes) -> dict[str, Any]:
        found = verify(
            signature=signature,
            document=document,
            trust=trust,
            at=at,
            now=at,
            is_revocation_required=False,
        )
        record: dict[str, Any] = found.to_record()
        return record

    return judge


def _prepare(*, is_bare: bool) -> str:
    """Makes Django ready; returns what the settings of the installation lack."""
    # Imported here: the other commands that need no settings do without it.
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    if is_bare:
        environment = import_module("kualik.config.environment")
        settings.configure(CLOCK=environment.text("KUALIK_CLOCK"), **BARE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        if is_bare:
            raise
        _prepare(is_bare=True)
        return str(error)
    return ""
