"""The case of a complaint in open formats: PDF, JSON, CSV and plain text, with a list of digests.

What the provider sends with the complaint (APPC, article 91, part 4), and what a party may take
along (article 75). It needs nothing of this system to be read.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.core.files.storage import default_storage

from kualik.cases.models import Attachment, Request
from kualik.cases.queries.records import request_record
from kualik.certificates.queries import letters_about
from kualik.complaints.models import Complaint, ComplaintFile
from kualik.complaints.queries import clocks_of, label_of, timeline
from kualik.complaints.services.moving import record, subject_of
from kualik.core import journal
from kualik.core.clock import ZONE
from kualik.core.journal import Actor
from kualik.rules.complaints import law

READABLE_BY_ALL = 0o644 << 16
Part = tuple[str, bytes]
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
CHANNELS = {
    Complaint.Channel.WEB: ("сайт арқылы", "через сайт"),
    Complaint.Channel.COUNTER: ("кеңседе", "в канцелярии"),
    Complaint.Channel.PHONE: ("телефон арқылы", "по телефону"),
}


def pack_case(complaint: Complaint, *, now: datetime) -> bytes:
    """The whole case as a zip; the same bytes for the same case at the same moment."""
    packed, digests = io.BytesIO(), []
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in _parts(complaint, now):
            _put(archive, name, content, now)
            digests.append((name, len(content), hashlib.sha256(content).hexdigest()))
        _put(archive, "MANIFEST.csv", _csv(("file", "bytes", "sha256"), digests), now)
    return packed.getvalue()


def export_case(*, complaint: Complaint, actor: Actor, now: datetime) -> bytes:
    """The case for somebody who may have it; the journal keeps who took it."""
    content = pack_case(complaint, now=now)
    digest = hashlib.sha256(content).hexdigest()
    record(complaint, "exported", actor=actor, now=now, data={"sha256": digest})
    return content


def _parts(complaint: Complaint, now: datetime) -> Iterator[Part]:
    yield "complaint.txt", _in_words(complaint, now).encode()
    yield "complaint.json", _json(_facts(complaint))
    yield "complaint-journal.csv", _journal(subject_of(complaint))
    yield from _added(complaint)
    yield from _letters(subject_of(complaint), "decision")
    if complaint.request is not None:
        yield from _of_request(complaint.request)


def _of_request(request: Request) -> Iterator[Part]:
    yield "request/request.json", _json(request_record(request))
    yield "request/journal.csv", _journal(f"request:{request.number}")
    yield from _letters(f"request:{request.number}", "request/letters")
    for place, scan in enumerate(Attachment.objects.filter(request=request).order_by("pk"), 1):
        ending = ENDINGS.get(scan.media_type, "bin")
        yield _stored(f"request/scans/{place:02d}.{ending}", scan.content.name or "")
    certificate = request.certificate
    if certificate is not None and certificate.file:
        yield _stored(f"request/{certificate.number}.pdf", certificate.file)


def _added(complaint: Complaint) -> Iterator[Part]:
    files = complaint.files.filter(purpose=ComplaintFile.Purpose.ADDED).order_by("pk")
    for place, file in enumerate(files, 1):
        ending = ENDINGS.get(file.media_type, "bin")
        yield _stored(f"added/{place:02d}.{ending}", file.content.name or "")


def _letters(about: str, folder: str) -> Iterator[Part]:
    for letter in letters_about(about):
        if letter.signed_at is not None and letter.file:
            yield _stored(f"{folder}/{letter.number}.pdf", letter.file)
            if letter.signature:
                yield _stored(f"{folder}/{letter.number}.pdf.p7s", letter.signature)


def _facts(complaint: Complaint) -> dict[str, object]:
    request = complaint.request
    return {
        "number": complaint.number,
        "state": complaint.state,
        "provider": {"bin": complaint.provider.bin, **asdict(complaint.provider.name)},
        "subject": asdict(law().subject(complaint.subject).name),
        "text": complaint.text,
        "wish": complaint.wish,
        "channel": complaint.channel,
        "language": complaint.language,
        "complainant": complaint.complainant,
        "postal_address": complaint.postal_address,
        "residence": complaint.residence,
        "phone": complaint.phone,
        "email": complaint.email,
        "request": request.number if request else complaint.named_number,
        "known_on": _day(complaint.known_on),
        "is_late": complaint.is_late,
        "late_reason": complaint.late_reason,
        "received_at": _moment(complaint.received_at),
        "registered_on": _day(complaint.registered_on),
        "clocks": complaint.clocks,
        "decisions": [
            {
                "body": row.body,
                "decision": asdict(law().decision(row.kind).name),
                "findings": {"kk": row.findings_kk, "ru": row.findings_ru},
                "effect": row.effect,
                "decided_at": _moment(row.decided_at),
                "decided_by": row.decided_by.full_name,
                "letter": row.letter_number,
            }
            for row in complaint.decisions.select_related("decided_by").order_by("pk")
        ],
    }


def _in_words(complaint: Complaint, now: datetime) -> str:
    """The complaint as a person reads it, in Kazakh and then in Russian."""
    return "\n\n\n".join(_side(complaint, language, now) for language in ("kk", "ru"))


def _side(complaint: Complaint, language: str, now: datetime) -> str:
    kk = language == "kk"
    channel = CHANNELS[Complaint.Channel(complaint.channel)][0 if kk else 1]
    provider = complaint.provider.name.get(language)
    lines = [
        f"{'Шағым' if kk else 'Жалоба'} № {complaint.number}",
        f"{'Көрсетілетін қызметті беруші' if kk else 'Услугодатель'}: {provider}",
        f"{'Шағым беруші' if kk else 'Заявитель'}: {complaint.complainant}",
        f"{'Түскен уақыты' if kk else 'Поступила'}: {_spoken(complaint.received_at)} ({channel})",
        f"{'Нысанасы' if kk else 'Предмет'}: {law().subject(complaint.subject).name.get(language)}",
        f"{'Мәртебесі' if kk else 'Состояние'}: {label_of(complaint, now=now).get(language)}",
        "",
        complaint.text,
        "",
        complaint.wish,
        "",
    ]
    for clock in clocks_of(complaint):
        lines.append(f"{clock.term.name.get(language)}: {_spoken(clock.due_at)}")
    lines.append("")
    for step in timeline(complaint, now=now):
        told = f": {step.reason.get(language)}" if step.reason else ""
        lines.append(f"{_spoken(step.at)}  {step.label.get(language)}{told}")
    return "\n".join(lines)


def _journal(subject: str) -> bytes:
    rows = [
        (_moment(entry.at), entry.actor, entry.role, entry.action, _line(entry.data), entry.hash)
        for entry in journal.history(subject)
    ]
    return _csv(("at", "actor", "role", "action", "data", "hash"), rows)


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(head)
    writer.writerows(rows)
    return sheet.getvalue().encode()


def _json(facts: dict[str, object]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=2).encode()


def _line(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def _stored(name: str, path: str) -> Part:
    """A file of the storage under its name in the archive; one that is lost leaves an empty one,
    for the three days do not wait for it."""
    try:
        with default_storage.open(path, "rb") as content:
            return name, bytes(content.read())
    except FileNotFoundError:
        return f"{name}.lost", b""


def _put(archive: ZipFile, name: str, content: bytes, moment: datetime) -> None:
    about = ZipInfo(name, moment.astimezone(ZONE).timetuple()[:6])
    about.external_attr = READABLE_BY_ALL
    about.compress_type = ZIP_DEFLATED
    archive.writestr(about, content)


def _moment(value: datetime) -> str:
    return value.astimezone(ZONE).isoformat()


def _spoken(value: datetime) -> str:
    return f"{value.astimezone(ZONE):%d.%m.%Y %H:%M}"


def _day(value: object) -> str:
    return str(value) if value else ""
