"""The questions to other systems as the administrator of the installation sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kualik.gateway.models import Call
from kualik.rules.language import Text

SHOWN = 50
# What we say of an outcome ourselves; any other word is the service's own.
OUTCOMES: Mapping[str, Text] = {
    "": Text("жауап күтілуде", "ожидается ответ", "waiting for the answer"),
    "answered": Text("жауап берді", "ответил", "answered"),
    "unreachable": Text("қолжетімсіз", "недоступен", "not reached"),
    "found": Text("табылды", "найдено", "found"),
    "none": Text("табылмады", "не найдено", "not found"),
    "refused": Text("бас тартты", "отказал", "refused"),
    "code": Text("жауап коды", "код ответа", "code of the answer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question; ``said`` is the outcome in our words, ``word`` the service's own code."""

    asked_at: datetime
    service_id: str
    about: str
    said: Text | None
    word: str


def last_calls() -> Sequence[Asked]:
    """The last questions; of the person asked about nothing is shown."""
    rows = Call.objects.order_by("-asked_at", "-pk").defer("person")[:SHOWN]
    return [_asked(row) for row in rows]


def _asked(row: Call) -> Asked:
    kind, _, code = row.outcome.partition(":")
    said = OUTCOMES.get(kind)
    return Asked(
        asked_at=row.asked_at,
        service_id=row.service_id,
        about=row.about,
        said=said,
        word=code if said else row.outcome,
    )
