"""Scans, corrections and powers of attorney as people bring them."""

import struct
import zlib
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kualik.accounts.models import Person
from kualik.cases.models import Attachment, Correction, Mandate
from kualik.cases.services.attaching import keep_attachment, scans_of
from kualik.cases.services.correcting import Wish, file_correction, wanted_names
from kualik.cases.services.drafting import begin
from kualik.cases.services.mandating import MandateFacts, ask_mandate
from kualik.core import clock
from kualik.core.clock import local_day
from kualik.providers.models import Provider
from kualik.training.models import Completion

NEW_NAME = "Әбдірахманова Айгерім Нұрланқызы"


def png() -> bytes:
    """The smallest picture: one white dot."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\x00\xff")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def scan(name: str = "card.png") -> SimpleUploadedFile:
    """A photo of a paper, as a browser sends it."""
    return SimpleUploadedFile(name, png(), content_type="image/png")


def ask_to_correct(
    completion: Completion,
    *,
    now: datetime,
    note: str = "",
    scans: int = 1,
    **typed: str,
) -> Correction:
    """What a person asks for about the own completion."""
    person = completion.person
    draft = begin(person=person, kind=f"correction:{completion.pk}", now=now)
    for _ in range(scans):
        purpose = Attachment.Purpose.NAME
        keep_attachment(person=person, purpose=purpose, upload=scan(), draft=draft, now=now)
    names = wanted_names(completion, typed)
    return file_correction(
        person=person,
        wish=Wish(completion=completion, names=names, note=note),
        scans=scans_of(draft),
        draft=draft,
        now=now,
    )


def paper(provider: Provider, iin: str, **given: object) -> MandateFacts:
    """What a power of attorney of half a year ago says; it lasts a year."""
    today = local_day(clock.now())
    said = {
        "principal_iin": iin,
        "principal_name": NEW_NAME,
        "provider": provider,
        "document_number": "1-2345",
        "issued_by": "Нотариус Б. Оразова, лицензия № 0001",
        "issued_on": today - timedelta(days=180),
        "valid_until": today + timedelta(days=185),
    }
    return MandateFacts(**(said | given))


def ask_to_act(
    representative: Person, facts: MandateFacts, *, now: datetime, key: str = "mandate"
) -> Mandate:
    """A power of attorney with its scan, entered in the cabinet."""
    draft = begin(person=representative, kind=key, now=now)
    purpose = Attachment.Purpose.MANDATE
    keep_attachment(person=representative, purpose=purpose, upload=scan(), draft=draft, now=now)
    scans = scans_of(draft)
    return ask_mandate(
        representative=representative, facts=facts, scans=scans, draft=draft, now=now
    )


def taken(client: Client, where: str) -> int:
    """The answer to asking for a file; one that is handed out is read to its end."""
    answer = client.get(where)
    if answer.streaming:
        b"".join(answer)
    return int(answer.status_code)
