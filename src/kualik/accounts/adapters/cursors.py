"""Places in a list that another system reads page by page: opaque to it, checked by us."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_noop
from ninja import Field, Schema

from kualik.rules.errors import RuleViolation

LONGEST = 200
# RFC 3339; a plus that was not encoded in an address arrives as a space.
MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[ +-][0-9]{2}:[0-9]{2})$"
)
FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_ROWS = 200
Row = TypeVar("Row", bound=Model)


class Paged(Schema):
    """Which page of a list is read."""

    cursor: str = Field(
        default="",
        max_length=LONGEST,
        description=gettext_noop("The cursor of the page before; the beginning without one."),
    )
    limit: int = Field(
        default=100, ge=1, le=MOST_ROWS, description=gettext_noop("How many rows at most.")
    )


def page_of(
    rows: QuerySet[Row], asked: Paged, *, stands_at: Callable[[Row], datetime]
) -> tuple[list[Row], dict[str, Any]]:
    """The rows of the page that begins where ``rows`` do, and what the answer says of the rest."""
    found = list(rows[: asked.limit + 1])
    shown = found[: asked.limit]
    last = place_after(stands_at(shown[-1]), shown[-1].pk) if shown else asked.cursor
    return shown, {"cursor": last or None, "has_more": len(found) > len(shown)}


def place_after(moment: datetime, pk: int) -> str:
    """The cursor behind a row that stands at ``moment``."""
    told = json.dumps([moment.isoformat(), pk], separators=(",", ":"))
    return urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_place(cursor: str) -> tuple[datetime, int]:
    """The row behind which to go on. Raises ``cursor_unreadable``."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        told = json.loads(urlsafe_b64decode(padded))
        match told:
            case [str(text), int(pk)] if 0 <= pk < 2**63:
                moment = datetime.fromisoformat(text)
            case _:
                raise RuleViolation("cursor_unreadable")
    except (Error, ValueError, RecursionError) as error:
        raise RuleViolation("cursor_unreadable") from error
    return _known(moment), pk


def read_moment(text: str) -> datetime:
    """A moment that fits ``MOMENT``. Raises ``moment_unreadable``."""
    try:
        return _known(datetime.fromisoformat(text.replace(" ", "+")))
    except (ValueError, RuleViolation) as error:
        raise RuleViolation("moment_unreadable") from error


def _known(moment: datetime) -> datetime:
    """A moment with an offset in the years that a register can hold."""
    if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise RuleViolation("cursor_unreadable")
    return moment
