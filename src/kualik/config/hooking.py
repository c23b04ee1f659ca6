"""Requests that change are told to other systems by web hooks."""

from collections.abc import Iterator, Sequence
from typing import Final

from django.db.models import prefetch_related_objects

from kualik.cases.adapters.observers import Change
from kualik.cases.models import Request
from kualik.core.clock import local_iso
from kualik.notifications.services.hooks import Event, emit_all
from kualik.rules import lifecycle
from kualik.rules.lifecycle import State

# What each event of a request's life is called outside; the rest is the office's own business.
NAMES: Final = {
    "filed": "request.filed",
    lifecycle.Event.ACCEPT.value: "request.accepted",
    lifecycle.Event.DECLINE.value: "request.refused",
    lifecycle.Event.APPROVE.value: "request.decided",
    lifecycle.Event.REFUSE.value: "request.refused",
    lifecycle.Event.SEAL.value: "request.issued",
    lifecycle.Event.HAND_OVER.value: "request.handed_over",
    lifecycle.Event.WITHDRAW.value: "request.withdrawn",
    lifecycle.Event.RECORD_WITHDRAWAL.value: "request.withdrawn",
    lifecycle.Event.REOPEN.value: "request.reopened",
}


class RequestHooks:
    """See ``cases.adapters.observers.RequestObserver``."""

    def changed(self, changes: Sequence[Change]) -> None:
        """Write what the hooks of each provider asked for."""
        prefetch_related_objects([change.request for change in changes], "certificate", "provider")
        providers = {change.request.provider_id: change for change in changes}
        for pk, first in providers.items():
            own = [change for change in changes if change.request.provider_id == pk]
            events = [event for change in own for event in _events(change)]
            if events:
                emit_all(provider=first.request.provider, events=events, now=first.at)


def _events(change: Change) -> Iterator[Event]:
    """One event for each step; the state is that after the last of them."""
    request = change.request
    about = f"request:{request.number}"
    for name in change.events:
        if name in NAMES:
            yield Event(
                name=NAMES[name],
                about=about,
                key=f"{about}:{request.version}:{name}",
                body=_body(request),
            )


def _body(request: Request) -> dict[str, object]:
    certificate = request.certificate
    is_out = State(request.state) in (State.ISSUED, State.HANDED_OVER)
    return {
        "number": request.number,
        "state": str(request.state),
        "version": request.version,
        "channel": request.channel,
        "kind": request.kind,
        "filed_at": local_iso(request.filed_at),
        "accepted_at": local_iso(request.accepted_at),
        "due_at": local_iso(request.due_at),
        "certificate": certificate.number if certificate is not None and is_out else None,
    }
