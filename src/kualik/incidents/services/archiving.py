"""What proves that the duty of A57.10-4 was kept, in one archive that needs nothing of this system.

The draft, the notice with its proof, the operator's protocol and the signature over it; openssl
checks the signature.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import ZIP_STORED, ZipFile

from kualik.certificates.services.packing import put
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.incidents.models import Report
from kualik.incidents.queries import touched_at, what_of
from kualik.incidents.services.changing import State
from kualik.incidents.services.drafting import draft_pdf, draft_words
from kualik.incidents.services.recording import record_report
from kualik.incidents.services.signing import protocol_content

Part = tuple[str, bytes]
PROTOCOL: Final = "protocol.pdf"
SIGNATURE: Final = "protocol.pdf.p7s"
ABOUT: Final = Path(__file__).parents[1] / "data" / "archive.txt"


def take_archive(*, report: Report, actor: Actor, now: datetime) -> bytes:
    """The archive for somebody who may have it; the journal keeps who took it.

    Raises ``protocol_damaged`` for a protocol that is not the one that was uploaded.
    """
    files = dict(_parts(report, now))
    sums = "".join(f"{_sha256(content)}  {name}\n" for name, content in files.items())
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        for name, content in {**files, "SHA256SUMS": sums.encode()}.items():
            put(archive, name, content, now)
    content = packed.getvalue()
    record_report(report, "archived", actor=actor, now=now, data={"sha256": _sha256(content)})
    return content


def _parts(report: Report, now: datetime) -> Iterator[Part]:
    incident = report.incident
    about = ABOUT.read_text(encoding="utf-8")
    yield "README.txt", about.format(number=incident.number).encode()
    yield "incident.json", _json(_facts(report, now))
    yield "draft.pdf", draft_pdf(report=report, now=now)
    yield "draft.txt", draft_words(report=report, now=now).encode()
    if report.told_at is not None:
        yield "notice.json", _json({**report.notice, "told_at": report.told_at.isoformat()})
    if report.protocol:
        yield PROTOCOL, protocol_content(report)
    if report.state == State.SIGNED and report.signature is not None:
        yield SIGNATURE, bytes(report.signature)
        yield "signature.json", _json(report.signature_facts)
    yield "journal.json", _json(_journal(report))


def _facts(report: Report, now: datetime) -> dict[str, object]:
    incident = report.incident
    what = what_of(incident)
    numbers = touched_at(incident, now=now).filter(provider=report.provider).order_by("number")
    return {
        "number": incident.number,
        "cause": incident.cause,
        "provider": {"code": report.provider.code, "bin": report.provider.bin},
        "what": {"kk": what.kk, "ru": what.ru, "en": what.en},
        "fault": incident.fault,
        "began_at": incident.began_at.isoformat(),
        "found_at": incident.found_at.isoformat(),
        "ended_at": incident.ended_at.isoformat() if incident.ended_at else None,
        "readings": incident.readings,
        "requests": list(numbers.values_list("number", flat=True)),
        "notice_due_at": report.notice_due_at.isoformat(),
        "protocol_due_at": report.protocol_due_at.isoformat() if report.protocol_due_at else None,
        "protocol": {
            "number": report.protocol_number,
            "dated": report.protocol_on.isoformat() if report.protocol_on else None,
            "sha256": report.protocol_sha256,
        },
        "measures": {"kk": report.measures_kk, "ru": report.measures_ru},
        "why_called_off": report.remark,
        "state": report.state,
    }


def _journal(report: Report) -> list[dict[str, object]]:
    number = report.incident.number
    subjects = (f"incident:{number}", f"incident:{number}:{report.provider.code}")
    return [
        {
            "subject": entry.subject,
            "sequence": entry.sequence,
            "at": entry.at.isoformat(),
            "actor": entry.actor,
            "role": entry.role,
            "action": entry.action,
            "data": entry.data,
            "hash": entry.hash,
        }
        for subject in subjects
        for entry in journal.history(subject)
    ]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
