"""A sign beside the database, for the time when the database itself is away."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Away:
    """Since when this machine saw no answer of the database, and what the driver said first."""

    since: datetime
    fault: str


def note_away(*, fault: str, now: datetime) -> None:
    """Leave the sign; the first one stays."""
    content = json.dumps({"since": now.isoformat(), "fault": fault[:200]})
    try:
        handle = os.open(_sign(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        # It is there already, or the disk is what failed: the gap itself is found all the same.
        return
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(content)


def noted_away() -> Away | None:
    """The sign; None where there is none or it cannot be read."""
    try:
        found = json.loads(_sign().read_text(encoding="utf-8"))
        return Away(datetime.fromisoformat(found["since"]), str(found["fault"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_away() -> None:
    """Take the sign away."""
    _sign().unlink(missing_ok=True)


def _sign() -> Path:
    return Path(settings.DATABASE_AWAY)
