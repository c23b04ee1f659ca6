"""The append-only journal: one chain of hashes for each subject."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from kualik.core.models import JournalEntry
from kualik.rules import chain
from kualik.rules.language import Text

Data = Mapping[str, object]
LINK_TRIES = 4


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the name the journal keeps and the role used."""

    name: str
    role: str = ""


SYSTEM = Actor(name="system", role="system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act to record; ``subject`` is ``<kind>:<id>``, e.g. ``request:17``. A ``Text`` among
    the data is kept in all its languages."""

    subject: str
    action: str
    actor: Actor
    at: datetime
    data: Data = field(default_factory=dict)


def to_record(entry: JournalEntry) -> dict[str, object]:
    """An entry as it is given out: all that its hash covers, written as the hash has it."""
    return {
        "subject": entry.subject,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "data": entry.data,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def record(
    *, subject: str, action: str, actor: Actor, now: datetime, data: Data | None = None
) -> JournalEntry:
    """Append one act; call it inside the transaction of the act itself."""
    event = Event(subject=subject, action=action, actor=actor, at=now, data=data or {})
    return record_all([event])[0]


def record_all(events: Iterable[Event]) -> list[JournalEntry]:
    """Append acts in order, each to the chain of its subject.

    Somebody else may lengthen a chain at the same moment; then the entries are linked anew.
    """
    listed = list(events)
    for _ in range(LINK_TRIES - 1):
        try:
            with transaction.atomic():
                return _append(listed)
        except IntegrityError:
            continue
    return _append(listed)


def _append(listed: list[Event]) -> list[JournalEntry]:
    heads = _heads({event.subject for event in listed})
    entries = []
    for event in listed:
        sequence, previous = heads.get(event.subject, (0, ""))
        entry = JournalEntry(
            subject=event.subject,
            sequence=sequence + 1,
            at=event.at,
            actor=event.actor.name,
            role=event.actor.role,
            action=event.action,
            data={
                name: asdict(value) if isinstance(value, Text) else value
                for name, value in event.data.items()
            },
            previous_hash=previous,
        )
        entry.hash = chain.link_hash(to_record(entry))
        heads[event.subject] = (entry.sequence, entry.hash)
        entries.append(entry)
    return JournalEntry.objects.bulk_create(entries, batch_size=200)


def history(subject: str) -> list[JournalEntry]:
    """All entries of a subject, oldest first."""
    return list(JournalEntry.objects.filter(subject=subject).order_by("sequence"))


def reason_of(entry: JournalEntry) -> Text | None:
    """Why an act was done, where it was said: in its languages, or in the words of who typed it."""
    kept = entry.data.get("reason")
    if isinstance(kept, dict):
        return Text(**kept)
    return Text(*[str(kept)] * 3) if kept else None


def broken_links(subject: str) -> list[int]:
    """Sequence numbers whose content or link to the entry before was changed afterwards."""
    return chain.broken_links([to_record(entry) for entry in history(subject)])


def _heads(subjects: set[str]) -> dict[str, tuple[int, str]]:
    heads: dict[str, tuple[int, str]] = {}
    ordered = sorted(subjects)
    for start in range(0, len(ordered), 400):
        part = ordered[start : start + 400]
        last = (
            JournalEntry.objects.filter(subject__in=part)
            .values("subject")
            .annotate(last=Max("sequence"))
        )
        lasts = {row["subject"]: row["last"] for row in last}
        if not lasts:
            continue
        rows = JournalEntry.objects.filter(
            subject__in=lasts, sequence__in=set(lasts.values())
        ).values_list("subject", "sequence", "hash")
        heads |= {
            subject: (sequence, digest)
            for subject, sequence, digest in rows
            if lasts[subject] == sequence
        }
    return heads
