"""What a person is writing: kept when the connection or the session is lost, filed once."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.core.files.storage import default_storage
from django.db import transaction

from kualik.accounts.models import Person
from kualik.cases.models import Attachment, Draft
from kualik.rules.errors import RuleViolation

KEY_BYTES: Final = 32
# Somebody who began and never came back; what was filed keeps its key a little, for a late double.
KEPT_FOR: Final = timedelta(days=30)


@transaction.atomic
def begin(*, person: Person, kind: str, now: datetime) -> Draft:
    """What the person has begun of this kind, else a new draft."""
    found = Draft.objects.filter(person=person, kind=kind, result="").order_by("-pk").first()
    return found or Draft.objects.create(
        person=person,
        kind=kind,
        key=secrets.token_urlsafe(KEY_BYTES),
        created_at=now,
        changed_at=now,
    )


@transaction.atomic
def begin_keyed(*, person: Person, kind: str, key: str, now: datetime) -> Draft:
    """The draft of a form that comes with a key of its sender, begun once."""
    values = {"person": person, "kind": kind, "created_at": now, "changed_at": now}
    return Draft.objects.get_or_create(key=key, defaults=values)[0]


def find_draft(*, person: Person, kind: str, key: str) -> Draft | None:
    """The person's own draft of a form's ``key``, filed or not; None for anybody else's."""
    return Draft.objects.filter(person=person, kind=kind, key=key).first()


def draft_of_key(*, kind: str, key: str) -> Draft | None:
    """The draft of a form's ``key``, whoever sends it: nobody but its person was given the key, so
    words that come after the session has ended may be kept there, and nothing is read."""
    if not (key.isascii() and key.isprintable()):
        return None
    return Draft.objects.filter(kind=kind, key=key).select_related("person").first()


def keep(*, draft: Draft, data: Mapping[str, object], now: datetime) -> None:
    """Keep what is typed so far; what was filed meanwhile stays as it is."""
    Draft.objects.filter(pk=draft.pk, result="").update(data=dict(data), changed_at=now)
    draft.data, draft.changed_at = dict(data), now


def held(*, draft: Draft) -> Draft:
    """The draft as it is now, its row locked until the transaction ends: of two sendings at once
    the second one waits and finds the result."""
    return Draft.objects.select_for_update().get(pk=draft.pk)


def finish(*, draft: Draft, result: str, now: datetime) -> None:
    """Write what came of the draft; ``conflict`` when something had come of it before."""
    rows = Draft.objects.filter(pk=draft.pk, result="")
    if not rows.update(result=result, changed_at=now):
        raise RuleViolation("conflict", number=result)
    draft.result, draft.changed_at = result, now


@transaction.atomic
def empty(*, draft: Draft, now: datetime) -> None:
    """Begin anew: what was typed and attached is forgotten; what was filed stays as it is."""
    if not held(draft=draft).result:
        _forget_scans(draft)
        keep(draft=draft, data={}, now=now)


def forget_drafts(*, now: datetime) -> int:
    """Remove drafts nobody touched for a month, with the scans that belong to nothing else."""
    old = Draft.objects.filter(changed_at__lt=now - KEPT_FOR)
    count = 0
    for draft in old:
        with transaction.atomic():
            _forget_scans(draft)
            count += draft.delete()[1].get("cases.Draft", 0)
    return count


def _forget_scans(draft: Draft) -> None:
    left = Attachment.objects.filter(draft=draft, request=None, correction=None, mandate=None)
    for scan in left:
        name = scan.content.name or ""
        scan.delete()
        transaction.on_commit(partial(default_storage.delete, name))
