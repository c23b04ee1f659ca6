"""Everything about one request in one archive, checkable without this system.

For an inspector and for the provider's head: the request, the trace of its clock, the confirmation
or signature of the applicant, documents and letters with their signatures, what was sent when, the
hall, the failures it met, and the chains of the journal. The organisation's key signs the list of
its files, so that nobody can make one up. ``kualik journal verify`` checks it.
"""

import hashlib
import io
import json
import logging
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from django.db import transaction
from django.template.loader import render_to_string

from kualik.accounts.models import User
from kualik.accounts.services import record_look
from kualik.cases.models import Attachment, Evidence, Request
from kualik.cases.queries import clock_of
from kualik.cases.queries.records import request_record
from kualik.certificates.models import Certificate, Letter, PersonSignature
from kualik.certificates.queries import letters_about, preservation_of
from kualik.certificates.services.packing import put, stored
from kualik.complaints.models import Complaint
from kualik.complaints.services.moving import subject_of
from kualik.core import journal
from kualik.core.clock import ZONE
from kualik.core.journal import Actor
from kualik.notifications.models import Message
from kualik.notifications.queries import messages_about
from kualik.oversight.services.halls import hall_record, hall_subjects
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.rules.phones import masked
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import organisation_key
from kualik.signatures.services.sealing import log_key_use, open_sealer

log = logging.getLogger(__name__)

PURPOSE = "evidence"
WORDS = Path(__file__).parent.parent / "data" / "evidence.toml"
Histories = Mapping[str, Sequence[Mapping[str, object]]]
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the pack; ``what`` is the key of its words in ``data/evidence.toml``."""

    name: str
    content: bytes
    what: str


def export_evidence(*, request: Request, actor: Actor, now: datetime) -> bytes:
    """The pack, with the fact of its making in the journal and among the person's looks.

    The files are read before the transaction, so that nobody who writes waits for them.
    """
    content, use = _packed(request, now=now)
    digest = hashlib.sha256(content).hexdigest()
    number = request.number
    with transaction.atomic():
        if use is not None:
            key, listed = use
            log_key_use(key=key, purpose=PURPOSE, digests=[listed], actor=None, now=now)
        journal.record(
            subject=f"request:{number}",
            action="oversight.evidence_taken",
            actor=actor,
            now=now,
            data={"sha256": digest},
        )
        record_look(person=request.person, what="evidence", about=number, actor=actor, now=now)
    return content


def pack_evidence(request: Request, *, now: datetime) -> bytes:
    """The archive; the same bytes for the same request at the same moment.

    A file that the storage lost is named in the index as lost: the rest is not held back. Without
    a key in force the index is not signed, and says so.
    """
    return _packed(request, now=now)[0]


def _packed(request: Request, *, now: datetime) -> tuple[bytes, tuple[SigningKey, str] | None]:
    """The archive, and the key that signed its index with the sum of the index."""
    histories = _histories(request)
    parts, chains = list(_parts(request)), list(_chains(histories))
    parts += [part for part, _ in chains]
    parts.append(Part("staff.json", _json(_staff(histories)), "staff"))
    parts += [Part(f"README.{code}.txt", _readme(request, code), "readme") for code in LANGUAGES]
    parts.append(Part("index.html", _page(request, parts), "page"))
    index = {
        "format": "kualik-evidence",
        "version": 1,
        "request": request.number,
        "made_at": now.astimezone(ZONE).isoformat(),
        "files": [_listed(part) for part in parts],
        "chains": [row for _, row in chains],
    }
    signing = _signing(request, now)
    listed = _json({**index, "is_signed": signing is not None})
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        put(archive, "index.json", listed, now)
        if signing is not None:
            put(archive, "index.json.p7s", signing[1].sign(listed), now)
        for part in parts:
            put(archive, part.name, part.content, now)
    use = (signing[0], hashlib.sha256(listed).hexdigest()) if signing else None
    return packed.getvalue(), use


def _signing(request: Request, now: datetime) -> tuple[SigningKey, Sealer] | None:
    """The organisation's key, opened; None where there is none that works now."""
    try:
        key = organisation_key(provider=request.provider, now=now)
        return key, open_sealer(key=key)
    except RuleViolation as violation:
        log.warning("the evidence of %s is not signed: %s", request.number, violation.code)
        return None


def _parts(request: Request) -> Iterator[Part]:
    yield Part("request.json", _json(request_record(request)), "request")
    yield Part("clock.json", _json(_clock(request)), "clock")
    yield from _confirmation(request)
    for place, scan in enumerate(Attachment.objects.filter(request=request).order_by("pk"), 1):
        ending = ENDINGS.get(scan.media_type, "bin")
        yield _stored(f"scans/{place:02d}.{ending}", scan.content.name or "", "scan")
    if request.certificate is not None:
        yield from _document(request.certificate)
    for letter in letters_about(f"request:{request.number}"):
        yield from _letter(letter)
    sent = [_message(row) for row in messages_about(f"request:{request.number}")]
    yield Part("messages.json", _json(sent), "messages")
    yield Part("hall.json", _json(hall_record(request)), "hall")


def _clock(request: Request) -> dict[str, object]:
    """The inputs that were stored at filing, and the steps as they are explained from them."""
    return {
        "inputs": request.clock,
        "due_at": request.due_at.astimezone(ZONE).isoformat(),
        "steps": [step.to_record() for step in clock_of(request).steps],
    }


def _confirmation(request: Request) -> Iterator[Part]:
    evidence = Evidence.objects.filter(request=request).first()
    if evidence is None:
        return
    about = {
        "level": evidence.level,
        "way": evidence.way,
        "facts": evidence.facts,
        "sha256": evidence.sha256,
        "made_at": evidence.made_at.astimezone(ZONE).isoformat(),
    }
    yield Part("confirmation.json", _json(about), "confirmation")
    yield Part("confirmation.txt", evidence.content.encode(), "confirmed_text")
    if evidence.signature is not None:
        yield Part("confirmation.txt.p7s", bytes(evidence.signature), "signature")


def _document(certificate: Certificate) -> Iterator[Part]:
    name = f"documents/{certificate.number}"
    facts = fact_rules.canonical_bytes(fact_rules.from_record(certificate.facts))
    yield Part(f"{name}.json", facts, "facts")
    if certificate.file:
        yield _stored(f"{name}.pdf", certificate.file, "document")
    signature = PersonSignature.objects.filter(certificate=certificate).first()
    if signature:
        yield _stored(f"{name}.pdf.p7s", signature.file, "signature")
    preserved = preservation_of(certificate)
    if preserved and preserved.file:
        yield _stored(f"{name}-lasting.pdf", preserved.file, "lasting")


def _letter(letter: Letter) -> Iterator[Part]:
    if letter.file:
        yield _stored(f"letters/{letter.number}.pdf", letter.file, "letter")
    if letter.signature:
        yield _stored(f"letters/{letter.number}.pdf.p7s", letter.signature, "signature")


def _message(message: Message) -> dict[str, object]:
    """What was sent, without the secret that it held and without the address."""
    is_sms = message.channel == Message.Channel.SMS
    return {
        "event": message.event,
        "channel": message.channel,
        "to": masked(message.address) if is_sms else f"…@{message.address.rpartition('@')[2]}",
        "state": message.state,
        "language": message.language,
        "body": message.masked_body or message.body,
        "created_at": message.created_at.isoformat(),
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
        "delivered_at": message.delivered_at.isoformat() if message.delivered_at else None,
    }


def _histories(request: Request) -> Histories:
    """The journal of the request and of all that came of it, each chain whole from its first
    entry."""
    found = {subject: journal.history(subject) for subject in _subjects(request)}
    return {
        subject: [journal.to_record(entry) for entry in entries]
        for subject, entries in found.items()
        if entries
    }


def _chains(histories: Histories) -> Iterator[tuple[Part, dict[str, object]]]:
    """A file for each chain, and its row of the index."""
    for subject, entries in histories.items():
        name = f"journal/{subject.replace(':', '-')}.json"
        row = {"file": name, "subject": subject, "head": entries[-1]["hash"]}
        yield Part(name, _json(entries), "journal"), {**row, "entries": len(entries)}


def _staff(histories: Histories) -> dict[str, object]:
    """Who of the staff acted, by the names that the journal uses."""
    actors = {str(entry["actor"]) for entries in histories.values() for entry in entries}
    keys = [actor.removeprefix("user:") for actor in actors if actor.startswith("user:")]
    found = User.objects.filter(pk__in=[key for key in keys if key.isdecimal()]).order_by("pk")
    return {
        f"user:{user.pk}": {
            "name": user.full_name,
            "position": {"kk": user.position_kk, "ru": user.position_ru},
            "organisation": user.provider.code if user.provider else None,
        }
        for user in found.select_related("provider")
    }


def _subjects(request: Request) -> Sequence[str]:
    own = f"request:{request.number}"
    found = [own]
    if request.certificate is not None:
        found.append(f"certificate:{request.certificate.number}")
    if request.mandate_id:
        found.append(f"mandate:{request.mandate_id}")
    found += [f"letter:{letter.number}" for letter in letters_about(own)]
    found += hall_subjects(request)
    for number in sorted(request.incidents.values_list("number", flat=True)):
        found += [f"incident:{number}", f"incident:{number}:{request.provider.code}"]
    complaints = Complaint.objects.filter(request=request).order_by("pk")
    return found + [subject_of(complaint) for complaint in complaints]


def _listed(part: Part) -> dict[str, object]:
    return {
        "name": part.name,
        "bytes": len(part.content),
        "sha256": hashlib.sha256(part.content).hexdigest(),
        "what": {code: _words()[code][part.what] for code in LANGUAGES},
    }


def _stored(name: str, path: str, what: str) -> Part:
    try:
        return Part(name, stored(path), what)
    except OSError:
        return Part(f"{name}.lost", b"", "lost")


def _page(request: Request, parts: Sequence[Part]) -> bytes:
    """The list of files as a page that opens without the system, in Kazakh and Russian."""
    rows = [(part.name, _words()["kk"][part.what], _words()["ru"][part.what]) for part in parts]
    context = {"number": request.number, "rows": rows, "kk": _words()["kk"], "ru": _words()["ru"]}
    return render_to_string("oversight/evidence_index.html", context).encode()


def _readme(request: Request, code: str) -> bytes:
    return _words()[code]["text"].format(number=request.number).strip().encode() + b"\n"


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return found


def _json(facts: object) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=1).encode()
