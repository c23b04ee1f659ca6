"""Whoever has to know that a request changed: rooms above this one, named in the settings.

They are told in the transaction of the change itself, so what they write stands or falls with it.
Their classes are listed in settings.REQUEST_OBSERVERS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from kualik.cases.models import Request
from kualik.core.journal import Actor

FILED: Final = "filed"
REFUSAL_SIGNED: Final = "refusal_signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a request's row, which is as it stands after it.

    ``events`` were walked at once, in this order: values of ``lifecycle.Event``, ``FILED`` for a
    new request, ``REFUSAL_SIGNED`` when the paper of its refusal became a document (A57.10-2).
    """

    request: Request
    events: tuple[str, ...]
    actor: Actor
    at: datetime


class RequestObserver(Protocol):
    """Hears of changes; it keeps to those requests that are its business."""

    def changed(self, changes: Sequence[Change]) -> None: ...


def announce(changes: Sequence[Change]) -> None:
    """Tell all observers; call it in the transaction of the changes."""
    if not changes:
        return
    for path in settings.REQUEST_OBSERVERS:
        observer: RequestObserver = import_string(path)()
        observer.changed(changes)
