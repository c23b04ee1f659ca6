"""The tries themselves: each does in small what the service does with a part of the system.

A try returns when its part works and raises Unwell when it does not; the words of its code
reach the protocol, its detail the pages of staff, so neither names a secret or a person.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from kualik.incidents.models import PROBE_FOLDER
from kualik.incidents.queries import coded, faults
from kualik.notifications.queries import channels
from kualik.notifications.services.delivering import channel_fault
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.online import Unreachable
from kualik.signatures.adapters.tsa import HttpStampAuthority, StampRefused
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import usable_keys
from kualik.signatures.services.sealing import try_key

ENOUGH_BYTES: Final = 512 * 1024 * 1024
ENOUGH_FILES: Final = 2_000
TEST_TEXT: Final = b"Kualik: a test of this part, no document"


NO_SIGNATURE: Final = "not_signed"


class Unwell(Exception):
    """The part does not work: a code of ``data/faults.toml`` and what the part itself said."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(coded(code, detail))


class Attempt(Protocol):
    """Tries a part at a moment. Raises Unwell."""

    def __call__(self, *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One part to try: ``cause`` is a row of ``data/causes.toml``, ``code`` the name of the part.

    ``provider`` is whose part it is; None: everybody's.
    """

    code: str
    cause: str
    attempt: Attempt
    provider: Provider | None = None


def usual_trials(*, now: datetime) -> list[Trial]:
    """The parts that this installation has, without those that upper rooms bring."""
    found = [
        Trial(code="disk", cause="disk", attempt=try_disk),
        Trial(code="storage", cause="storage", attempt=try_storage),
        *_signers(now),
    ]
    if settings.TSA_URL:
        found.append(Trial(code="timestamp", cause="timestamp", attempt=try_authority))
    for channel in sorted(channels()):
        attempt = partial(try_carrier, channel=channel)
        found.append(Trial(code=channel, cause=channel, attempt=attempt))
    return found


def try_storage(*, now: datetime) -> None:
    """Write a file, read it, delete it."""
    content = TEST_TEXT + f" {now.isoformat()}".encode()
    try:
        name = default_storage.save(f"{PROBE_FOLDER}/{uuid4().hex}", ContentFile(content))
        with default_storage.open(name, "rb") as stored:
            read = stored.read()
        default_storage.delete(name)
    except Exception as fault:
        # Every storage has errors of its own; whatever it raises, the file was not kept.
        raise Unwell("not_stored", type(fault).__name__) from fault
    if read != content:
        raise Unwell("other_content")


def try_disk(*, now: datetime) -> None:
    """Whether the disks of the installation have room for some days."""
    folders = {Path(settings.VAR), Path(settings.MEDIA_ROOT)}
    for folder in sorted(folder for folder in folders if folder.is_dir()):
        if shutil.disk_usage(folder).free < ENOUGH_BYTES:
            raise Unwell("little_space")
        found = os.statvfs(folder)
        if found.f_files > 0 and found.f_favail < ENOUGH_FILES:
            raise Unwell("no_place_for_files")


def try_signer(*, key: SigningKey, now: datetime) -> None:
    """Sign a test with an organisation's key, and check what came of it."""
    try:
        try_key(key=key)
    except RuleViolation as violation:
        named = violation.code if violation.code in faults() else NO_SIGNATURE
        raise Unwell(named, violation.code) from violation
    except Exception as fault:
        # A token's driver may raise anything.
        raise Unwell(NO_SIGNATURE, type(fault).__name__) from fault


def try_authority(*, now: datetime) -> None:
    """Have the time-stamp authority stamp a test."""
    try:
        HttpStampAuthority(settings.TSA_URL, settings.TSA_POLICY).stamp(TEST_TEXT)
    except Unreachable as fault:
        raise Unwell("no_answer", str(fault)) from fault
    except StampRefused as refused:
        raise Unwell("refused", refused.code) from refused


def try_carrier(*, channel: str, now: datetime) -> None:
    """What the outbox itself found when it last handed a message over."""
    fault = channel_fault(channel, now=now)
    if fault:
        raise Unwell("not_carried", fault)


def _signers(now: datetime) -> list[Trial]:
    """One for each provider that has a key which may sign now."""
    found = []
    for provider in Provider.objects.order_by("pk"):
        key = usable_keys(provider=provider, now=now).first()
        if key is not None:
            attempt = partial(try_signer, key=key)
            code = f"signer:{provider.code}"
            found.append(Trial(code=code, cause="signer", attempt=attempt, provider=provider))
    return found
