"""Pictures of what an office has for visitors with disabilities (A303.10.e)."""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction

from kualik.core.journal import Actor
from kualik.providers.adapters import read_picture
from kualik.providers.models import Office, Photo
from kualik.providers.services.recording import in_three_languages, locked_office, record
from kualik.providers.services.registering import FACTS
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text


def put_photo(
    *, office: Office, fact: str, content: bytes, alt: Text, now: datetime, actor: Actor
) -> Photo:
    """Shows a picture of one fact to the public, in the place of the one before.

    Call it outside transactions: the file is stored first, the rows wait for no disk.
    Errors: ``accessibility_unknown``, ``text_missing`` (what is seen, in three languages) and
    those of ``read_picture``.
    """
    if fact not in FACTS:
        raise RuleViolation("accessibility_unknown", fact=fact)
    words = in_three_languages("alt", alt)
    picture = read_picture(content)
    photo = Photo(
        office=office,
        fact=fact,
        sha256=hashlib.sha256(picture.content).hexdigest(),
        width=picture.width,
        height=picture.height,
        **words,
    )
    photo.content.save("", ContentFile(picture.content), save=False)
    try:
        _keep(photo, now=now, actor=actor)
    except Exception:
        photo.content.storage.delete(str(photo.content.name))
        raise
    return photo


@transaction.atomic
def remove_photo(*, office: Office, fact: str, now: datetime, actor: Actor) -> None:
    """Shows the picture of a fact no longer; nothing to do when there is none."""
    locked = locked_office(office)
    photo = Photo.objects.filter(office=locked, fact=fact).first()
    if photo is None:
        return
    _drop(photo)
    data = {"office": locked.pk, "before": {"photo": fact}, "fact": fact, "sha256": photo.sha256}
    record(locked.provider, "photo_removed", actor, now, data)


@transaction.atomic
def _keep(photo: Photo, *, now: datetime, actor: Actor) -> None:
    locked, fact = locked_office(photo.office), photo.fact
    _drop(Photo.objects.filter(office=locked, fact=fact).first())
    photo.save()
    data = {"office": locked.pk, "after": {"photo": fact}, "fact": fact, "sha256": photo.sha256}
    record(locked.provider, "photo_put", actor, now, data)


def _drop(photo: Photo | None) -> None:
    """The row now, the file when the transaction held."""
    if photo is None:
        return
    name, storage = str(photo.content.name), photo.content.storage
    Photo.objects.filter(pk=photo.pk).delete()
    transaction.on_commit(lambda: storage.delete(name))
