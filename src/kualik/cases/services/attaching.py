"""Scans that people send: looked at, given a plain name, kept where nobody can guess them."""

import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from kualik.accounts.models import Person
from kualik.cases.adapters.scans import MOST_PAGES, Scan, UnfitScan, read_scan
from kualik.cases.models import (
    ATTACHMENT_FOLDER,
    Attachment,
    Correction,
    Draft,
    Mandate,
    Request,
)
from kualik.core.sweeping import sweep_folder
from kualik.core.uploads import SCAN_LIMIT_BYTES, SCANS
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import replace_iins

NAME_LENGTH: Final = 120
MEGABYTE: Final = 1024 * 1024
ALIKE: Final = {".jpg": (".jpg", ".jpeg")}
# Signs that no file system and no reader of a list needs, whatever their category.
SEPARATORS: Final = str.maketrans(dict.fromkeys('<>:"|?*', "_"))


@transaction.atomic
def keep_attachment(
    *,
    person: Person,
    purpose: str,
    upload: "UploadedFile[Any]",
    now: datetime,
    request: Request | None = None,
    correction: Correction | None = None,
    mandate: Mandate | None = None,
    draft: Draft | None = None,
) -> Attachment:
    """Keep a scan for the one thing it belongs to, five at most for each; the same bytes once.

    What it is is read from its bytes alone. Raises ``scan_too_large``, ``scan_type_refused``
    (anything but PDF, PNG and JPEG), ``scan_unreadable``, ``scan_encrypted``, ``scan_active`` (a
    PDF that may do something), ``scan_too_long``, ``too_many_scans``.
    """
    owner = {"request": request, "correction": correction, "mandate": mandate, "draft": draft}
    known = {name: row for name, row in owner.items() if row is not None}
    scan = _read(upload)
    sha256 = hashlib.sha256(scan.content).hexdigest()
    if known and (same := _kept_before(sha256, person=person, **known)):
        return same
    kept = Attachment(
        person=person,
        purpose=purpose,
        filename=plain_name(upload.name or "", extension=scan.extension),
        media_type=scan.media_type,
        size=len(scan.content),
        sha256=sha256,
        created_at=now,
        **known,
    )
    kept.content.save("scan", ContentFile(scan.content), save=False)
    kept.save()
    return kept


def _kept_before(sha256: str, **owner: object) -> Attachment | None:
    """The scan of the same bytes, if any. Raises ``too_many_scans`` where no more fit there."""
    beside = Attachment.objects.filter(**owner)
    same = beside.filter(sha256=sha256).first()
    if same is None and beside.count() >= SCANS:
        raise RuleViolation("too_many_scans", limit=SCANS)
    return same


def _read(upload: "UploadedFile[Any]") -> Scan:
    if (upload.size or 0) > SCAN_LIMIT_BYTES:
        raise too_large()
    try:
        return read_scan(upload.read(SCAN_LIMIT_BYTES + 1))
    except UnfitScan as error:
        raise RuleViolation(error.code, pages=MOST_PAGES) from error


def too_large() -> RuleViolation:
    """What is said of a file that was not even read to its end."""
    return RuleViolation("scan_too_large", limit=SCAN_LIMIT_BYTES // MEGABYTE)


@transaction.atomic
def drop_attachment(*, attachment: Attachment) -> None:
    """Take a scan back while its form is being written; it belongs to nothing else yet."""
    if attachment.request_id or attachment.correction_id or attachment.mandate_id:
        raise RuleViolation("scan_filed")
    name = attachment.content.name or ""
    attachment.delete()
    transaction.on_commit(partial(default_storage.delete, name))


def hand_attachments(*, draft: Draft, request: Request) -> None:
    """The scans of a draft belong to its request from now on."""
    Attachment.objects.filter(draft=draft, request=None).update(request=request)


def scans_of(draft: Draft) -> Sequence[Attachment]:
    """The scans of a form that is being written, in the order they came."""
    return list(Attachment.objects.filter(draft=draft).order_by("pk"))


def plain_name(name: str, *, extension: str) -> str:
    """A file's name as lists may show it: no path, nothing invisible, no IIN, at most 120 letters,
    and the ending that the content has."""
    name = name.replace("\\", "/").rpartition("/")[2]
    visible = "".join(sign for sign in unicodedata.normalize("NFC", name) if _is_visible(sign))
    visible = " ".join(visible.translate(SEPARATORS).split()).strip(". ")
    visible = replace_iins(visible, lambda _iin: "…")
    ending = next(
        (end for end in ALIKE.get(extension, (extension,)) if visible.lower().endswith(end)), ""
    )
    stem = visible[: len(visible) - len(ending)].rstrip(". ")
    return f"{stem[: NAME_LENGTH - len(extension)].rstrip() or 'scan'}{extension}"


def _is_visible(sign: str) -> bool:
    """Letters, marks, digits, signs and plain spaces; no control, direction or private sign."""
    category = unicodedata.category(sign)
    return sign == " " or (category[0] not in "CZ" or category == "Zs")


def sweep_attachments(*, now: datetime) -> int:
    """Delete stored scans that no row names, left by what stopped half-way; how many."""
    named = Attachment.objects.values_list("content", flat=True)
    return sweep_folder(ATTACHMENT_FOLDER, named, now=now)


def attachments_of(request: Request) -> Sequence[Attachment]:
    """The scans that came with a request, in the order they came."""
    return list(Attachment.objects.filter(request=request).order_by("pk"))
