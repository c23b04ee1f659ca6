"""The open check of letters: what is told to whoever brings the code or the signed file."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from kualik.certificates.models import Letter
from kualik.certificates.services.answers import (
    Check,
    LetterAnswer,
    Reason,
    Signature,
    Signer,
    Verdict,
)
from kualik.certificates.services.letters.rendering import text_in, title_of
from kualik.certificates.services.wording import LETTER_VERDICTS, SIGNER_ROLES, VERDICTS
from kualik.rules.language import Text
from kualik.signatures.services import REASONS as FILE_REASONS

DATES = ("decided_on", "made_on", "issued_on")
NAMES = ("applicant", "holder")


def letter_of_codes(codes: Iterable[str]) -> Check | None:
    """The answer about the first letter that bears one of the check codes."""
    return _answer(_given_out().filter(code__in=list(codes)))


def letters_of_codes(codes: Iterable[str]) -> dict[str, Check]:
    """The answer about each letter that bears one of the check codes, by its code."""
    found = _given_out().filter(code__in=list(codes))
    return {letter.code: _standing(letter) for letter in found}


def letter_of_file(digest: str) -> Check | None:
    """The answer about the letter whose file has that SHA-256."""
    return _answer(_given_out().filter(file_sha256=digest))


def named_letter(numbers: Iterable[str]) -> Check | None:
    """That a letter with one of the numbers exists, and nothing more: a number opens nothing."""
    found = _given_out().filter(number__in=list(numbers)).first()
    if found is None:
        return None
    return Check(verdict="altered", words=VERDICTS["altered"], named_number=found.number)


def letter_exists(number: str) -> bool:
    """Whether a letter that was given out bears the number."""
    return _given_out().filter(number=number).exists()


def signature_of_letter(letter: Letter) -> Signature | None:
    """The person's own signature; None where the organisation's seal alone certifies."""
    kept: dict[str, Any] = letter.signature_facts
    if not kept or letter.signed_at is None:
        return None
    return Signature(
        person=kept["person"],
        role=SIGNER_ROLES[kept["role"]],
        organisation=kept["organisation"],
        bin=kept["bin"],
        signed_at=datetime.fromisoformat(kept["signed_at"]),
        accepted_at=letter.signed_at,
        algorithm=kept["algorithm"],
        serial=kept["serial"],
        not_after=datetime.fromisoformat(kept["certificate_not_after"]),
    )


def masked_name(name: str) -> str:
    """``Сейткали Айгерим Бауыржановна`` as ``С. Айгерим Б.``: to be compared, not to be learned."""
    surname, *rest = name.split() or [""]
    given, others = rest[:1], rest[1:]
    initials = [f"{part[:1]}." for part in (surname, *others) if part]
    return " ".join([*initials[:1], *given, *initials[1:]])


def _given_out() -> QuerySet[Letter]:
    found = Letter.objects.filter(signed_at__isnull=False).select_related("key").order_by("id")
    return found.exclude(file="")


def _answer(found: QuerySet[Letter]) -> Check | None:
    letter = next(iter(found[:1]), None)
    return _standing(letter) if letter else None


def _standing(letter: Letter) -> Check:
    taken_back = letter.facts.get("void") if letter.state == Letter.State.VOID else None
    verdict: Verdict = "revoked" if taken_back else "valid"
    why = text_in(letter.facts, "void") if taken_back else None
    signer, reasons = _signer(letter), []
    if why:
        reasons.append(Reason(code=verdict, text=why))
    if signer and signer.is_test:
        reasons.append(Reason(code="test_signature", text=FILE_REASONS["test_signature"]))
    changed = datetime.fromisoformat(taken_back["at"]) if taken_back else letter.signed_at
    return Check(
        verdict=verdict,
        words=LETTER_VERDICTS[verdict],
        reasons=tuple(reasons),
        standing=verdict,
        status_reason=why,
        status_changed_at=changed,
        signer=signer,
        signature=signature_of_letter(letter),
        sealed_at=letter.prepared_at,
        in_force_since=letter.signed_at,
        letter=_told(letter),
    )


def _told(letter: Letter) -> LetterAnswer:
    facts = letter.facts
    name = next((text_in(facts, key) for key in NAMES if facts.get(key)), Text("", ""))
    dated = next(facts[key] for key in DATES if facts.get(key))
    return LetterAnswer(
        number=letter.number,
        title=title_of(letter),
        provider_name=text_in(facts, "provider_name"),
        provider_bin=facts["provider_bin"],
        dated=date.fromisoformat(dated),
        applicant=Text(masked_name(name.kk), masked_name(name.ru)),
        by_handler=letter.kind == Letter.Kind.DECISION,
    )


def _signer(letter: Letter) -> Signer | None:
    key = letter.key
    if key is None:
        return None
    return Signer(
        name="",
        organisation=text_in(letter.facts, "provider_name"),
        bin=letter.facts["provider_bin"],
        serial=key.serial,
        not_after=key.not_after,
        is_test=key.is_test,
        trusted=True,
    )
