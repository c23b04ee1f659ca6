"""What other systems hear of documents (web hooks): number, standing, where to check; no name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings

from kualik.certificates.models import Certificate
from kualik.notifications.services.hooks import Event, emit_all

# What a standing is called as an event; a document that is in force again was suspended before.
NAMES: Final = {
    Certificate.Status.VALID: "restored",
    Certificate.Status.SUSPENDED: "suspended",
    Certificate.Status.REVOKED: "revoked",
    Certificate.Status.REPLACED: "replaced",
}


def announce_issued(certificates: Sequence[Certificate], *, now: datetime) -> None:
    """Tell of new documents, in the transaction in which they came into being."""
    firsts = {row.provider_id: row for row in certificates}
    for pk, first in firsts.items():
        events = [
            _event(row, name="issued", status=Certificate.Status.VALID, key="issued")
            for row in certificates
            if row.provider_id == pk
        ]
        emit_all(provider=first.provider, events=events, now=now)


def announce_standing(
    certificate: Certificate, *, status: Certificate.Status, replaced_by: str = "", now: datetime
) -> None:
    """Tell that a document's standing is ``status`` now."""
    name = NAMES[status]
    event = _event(
        certificate,
        name=name,
        status=status,
        key=f"{name}:{now:%Y%m%dT%H%M%S%f}",
        replaced_by=replaced_by,
    )
    emit_all(provider=certificate.provider, events=[event], now=now)


def _event(
    row: Certificate, *, name: str, status: Certificate.Status, key: str, replaced_by: str = ""
) -> Event:
    about = f"certificate:{row.number}"
    return Event(
        name=f"certificate.{name}",
        about=about,
        key=f"{about}:{key}",
        body={
            "number": row.number,
            "status": status.value,
            "kind": row.kind,
            "paper": row.paper,
            "issued_on": row.issued_on.isoformat(),
            "check_url": f"{settings.PUBLIC_URL}/c/{row.code}",
            "replaced_by": replaced_by or None,
        },
    )
