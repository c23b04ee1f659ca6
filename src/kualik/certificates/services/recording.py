"""The answer of the open check for machines."""

from dataclasses import asdict
from datetime import datetime

from kualik.certificates.services.answers import Check, LetterAnswer, Signature
from kualik.core.clock import local_iso
from kualik.rules import facts as fact_rules
from kualik.rules import identifiers


def to_record(check: Check) -> dict[str, object]:
    """The machine answer: the verdict, the register's facts, the signer, the reasons."""
    facts = fact_rules.to_record(check.facts) if check.facts else {}
    signer = asdict(check.signer) if check.signer else None
    if signer and check.signer:
        signer["not_after"] = local_iso(check.signer.not_after)
        signer["serial"] = identifiers.format_serial(check.signer.serial)
    return {
        "verdict": check.verdict,
        **facts,
        **(_letter_record(check.letter) if check.letter else {}),
        "standing": check.standing,
        "status_reason": asdict(check.status_reason) if check.status_reason else None,
        "status_changed_at": _iso(check.status_changed_at),
        "replaced_by": check.replaced_by or None,
        "sealed_at": _iso(check.sealed_at),
        "in_force_since": _iso(check.in_force_since),
        "level": check.level or None,
        "stamped_at": _iso(check.stamped_at),
        "signer": signer,
        "signature": _signature_record(check.signature),
        "reasons": [{"code": reason.code, **asdict(reason.text)} for reason in check.reasons],
    }


def _letter_record(letter: LetterAnswer) -> dict[str, object]:
    return {**asdict(letter), "dated": letter.dated.isoformat(), "paper": "letter"}


def _signature_record(signature: Signature | None) -> dict[str, object] | None:
    if signature is None:
        return None
    moments = {
        name: local_iso(getattr(signature, name))
        for name in ("signed_at", "accepted_at", "not_after")
    }
    serial = identifiers.format_serial(signature.serial)
    return {**asdict(signature), **moments, "serial": serial, "status": "valid"}


def _iso(moment: datetime | None) -> str | None:
    return local_iso(moment) if moment else None
