"""The open check: what the register says of a code, a number or a file that anybody may bring.

A number is one of a sequence and can be guessed, so it opens nothing: only a check code (80 random
bits) or the sealed file itself shows what a document says.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet

from kualik.certificates.adapters import marks_in
from kualik.certificates.models import Certificate, PersonSignature, Preservation
from kualik.certificates.queries import SEALED
from kualik.certificates.services.answers import Check, Reason, Signature, Signer, Verdict
from kualik.certificates.services.letters.checking import (
    letter_exists,
    letter_of_codes,
    letter_of_file,
    letters_of_codes,
    named_letter,
)
from kualik.certificates.services.wording import (
    FILE_UNKNOWN,
    MISREAD,
    REASONS,
    SIGNER_ROLES,
    VERDICTS,
    VerdictWords,
)
from kualik.core import errors
from kualik.rules import facts as fact_rules
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text
from kualik.signatures.services import REASONS as FILE_REASONS
from kualik.signatures.services import PdfCheck, check_pdf, trust_store

log = logging.getLogger(__name__)
STANDING: dict[str, Verdict] = {
    Certificate.Status.VALID: "valid",
    Certificate.Status.SUSPENDED: "suspended",
    Certificate.Status.REVOKED: "revoked",
    Certificate.Status.REPLACED: "replaced",
}
DAMAGED = VerdictWords(
    Text(
        "Тізілімдегі жазба зақымдалған",
        "Запись в реестре повреждена",
        "The record in the register is damaged",
    ),
    Text(
        "Құжаттың тізілімдегі деректері шешім қабылданған кездегідей емес. Оған сенбеңіз, құжатты "
        "берген ұйымнан сұраңыз.",
        "Данные документа в реестре не те, какими были при решении. Не полагайтесь на них, "
        "обратитесь в организацию, выдавшую документ.",
        "The document's data in the register are not those of the decision. Do not rely on them, "
        "ask the organisation that issued it.",
    ),
    "bad",
)
SHOWN = (
    "number",
    "code",
    "facts",
    "facts_sha256",
    "status",
    "status_reason_kk",
    "status_reason_ru",
    "status_changed_at",
    "prepared_at",
    "sealed_at",
    "key__serial",
    "key__not_after",
    "key__is_test",
    "replaced_by__code",
    "preservation__level",
    "preservation__stamped_at",
    *(
        f"person_signature__{name}"
        for name in (
            "person",
            "role",
            "organisation",
            "bin",
            "signed_at",
            "accepted_at",
            "algorithm",
            "serial",
            "certificate_not_after",
        )
    ),
)


def check_code(code: str) -> Check:
    """What the register says of a check code as people type it; one query for a certificate.

    Drafts and void entries are as unknown as a code that was never given. Raises
    ``facts_changed`` when the stored facts are not those that were frozen.
    """
    read = _read(code)
    if isinstance(read, Check):
        return read
    certificate = _one(_sealed().filter(code=read))
    if certificate:
        return _standing(certificate)
    return letter_of_codes([read]) or _unknown(_reason("code_unknown"))


def check_codes(codes: Sequence[str]) -> list[Check]:
    """The same for several codes, in their order; two queries for all of them.

    One whose stored facts changed does not keep the others from their answers: it is told as
    ``altered``.
    """
    read = [_read(code) for code in codes]
    wanted = {one for one in read if isinstance(one, str)}
    documents = {row.code: row for row in _sealed().filter(code__in=wanted)}
    letters = letters_of_codes(wanted - documents.keys())
    answers = {code: _trusted(row) for code, row in documents.items()} | letters
    return [
        one if isinstance(one, Check) else answers.get(one, _unknown(_reason("code_unknown")))
        for one in read
    ]


def check_number(number: str) -> bool:
    """Whether a sealed document bears the number, and nothing more.

    Raises ``number_unreadable``, ``number_check_character``.
    """
    parsed = identifiers.parse_public_number(number).text
    sealed = Certificate.objects.filter(status__in=SEALED, number=parsed)
    return sealed.exists() or letter_exists(parsed)


def check_file(*, content: bytes, now: datetime) -> Check:
    """What a file is: the registered document to its last byte, something made from one, or not
    ours. Nothing of it is kept. An intact, even trusted signature alone does not make it ours:
    what was sealed but never entered in the register is no document. Lawful proof behind the
    issued bytes, of whatever age, changes nothing."""
    digest = hashlib.sha256(content).hexdigest()
    certificate = _one(_sealed().filter(file_sha256=digest)) or _one(
        _sealed().filter(preservation__sha256=digest)
    )
    if certificate:
        return _standing(certificate)
    letter = letter_of_file(digest)
    if letter:
        return letter
    pdf = check_pdf(content=content, trust=trust_store(), now=now)
    issued = _issued(content, pdf)
    if issued:
        return _standing(issued)
    faults = _faults(pdf)
    marks = marks_in(content)
    # A letter may name a certificate, never the other way round.
    letter = letter_of_codes(marks.codes)
    if letter:
        return _other_than(letter, faults)
    numbers = [number for number in map(_readable, (pdf.reason, *marks.numbers)) if number]
    coded = _one(_sealed().filter(code__in=marks.codes).order_by("id"))
    found = coded or _one(_sealed().filter(number__in=numbers).order_by("id"))
    if found is None:
        letter = named_letter(numbers)
        if letter:
            return _other_than(letter, faults)
        return replace(
            _unknown(_reason("file_not_in_register"), *faults),
            words=FILE_UNKNOWN,
            signer=_signer_of_file(pdf),
            sealed_at=pdf.signed_at,
        )
    return _altered(found, faults, is_open=coded is not None)


def _issued(content: bytes, pdf: PdfCheck) -> Certificate | None:
    """The document whose issued bytes are the beginning of an intact file."""
    if pdf.verdict != "intact" or pdf.stamped_at is None:
        return None
    digest = hashlib.sha256(content[: pdf.issued_bytes]).hexdigest()
    return _one(_sealed().filter(file_sha256=digest))


def _sealed() -> QuerySet[Certificate]:
    """The documents of the register with what an answer needs of them and no more."""
    return (
        Certificate.objects.filter(status__in=SEALED)
        .select_related("key", "replaced_by", "preservation", "person_signature")
        .only(*SHOWN)
    )


def _one(found: QuerySet[Certificate]) -> Certificate | None:
    # Not ``first``: it would order by the key, for nothing where a unique column was asked for.
    return next(iter(found[:1]), None)


def _read(code: str) -> str | Check:
    """The check code that was typed, or what is said of something that is none."""
    try:
        return identifiers.parse_code(code)
    except RuleViolation as violation:
        return _misread(code, violation.code)


def _trusted(certificate: Certificate) -> Check:
    try:
        return _standing(certificate)
    except RuleViolation:
        log.exception("the record of %s is not the one that was frozen", certificate.number)
        reason = Reason(code="record_damaged", text=DAMAGED.title)
        return Check(verdict="altered", words=DAMAGED, reasons=(reason,))


def _standing(certificate: Certificate) -> Check:
    facts = fact_rules.from_record(certificate.facts)
    if fact_rules.digest(facts) != certificate.facts_sha256:
        raise RuleViolation("facts_changed", number=certificate.number)
    verdict = STANDING[certificate.status]
    signer = _signer(certificate, facts)
    reason = Text(certificate.status_reason_kk, certificate.status_reason_ru)
    shown = reason if verdict != "valid" and reason.kk else None
    replacement = certificate.replaced_by
    level, stamped_at = _proof(certificate)
    reasons = [Reason(code=verdict, text=shown)] if shown else []
    if signer and signer.is_test:
        reasons.append(Reason(code="test_signature", text=FILE_REASONS["test_signature"]))
    return Check(
        verdict=verdict,
        words=VERDICTS[verdict],
        reasons=tuple(reasons),
        facts=facts,
        standing=verdict,
        status_reason=shown,
        status_changed_at=certificate.status_changed_at,
        replaced_by=replacement.code if replacement else "",
        signer=signer,
        signature=signature_of(certificate),
        # A document of the first release was sealed and issued at one moment.
        sealed_at=certificate.prepared_at or certificate.sealed_at,
        in_force_since=certificate.sealed_at,
        level=level,
        stamped_at=stamped_at,
    )


def _proof(certificate: Certificate) -> tuple[str, datetime | None]:
    try:
        found = certificate.preservation
    except Preservation.DoesNotExist:
        return Preservation.Level.B.value, None
    return found.level, found.stamped_at


def _altered(certificate: Certificate, faults: tuple[Reason, ...], *, is_open: bool) -> Check:
    if is_open:
        return _other_than(_standing(certificate), faults)
    named = Check(verdict="altered", words=VERDICTS["altered"], named_number=certificate.number)
    return _other_than(named, faults)


def _other_than(found: Check, faults: tuple[Reason, ...]) -> Check:
    """The answer about a file that was made from the document ``found``."""
    reasons = (_reason("not_the_registered_file"), *faults)
    return replace(found, verdict="altered", words=VERDICTS["altered"], reasons=reasons)


def _faults(pdf: PdfCheck) -> tuple[Reason, ...]:
    """What the signature check found; who stands behind a broken signature was not examined."""
    silent = {"signer_not_trusted"} if pdf.verdict == "altered" else set()
    return tuple(
        Reason(code=code, text=FILE_REASONS[code]) for code in pdf.reasons if code not in silent
    )


def _signer(certificate: Certificate, facts: CertificateFacts) -> Signer | None:
    key = certificate.key
    if key is None:
        return None
    return Signer(
        name="",
        organisation=facts.provider_name,
        bin=facts.provider_bin,
        serial=key.serial,
        not_after=key.not_after,
        is_test=key.is_test,
        trusted=True,
    )


def signature_of(certificate: Certificate) -> Signature | None:
    """The person's signature; None where the organisation's seal alone certifies (A303.4)."""
    try:
        entry = certificate.person_signature
    except PersonSignature.DoesNotExist:
        return None
    return Signature(
        person=entry.person,
        role=SIGNER_ROLES[entry.role],
        organisation=entry.organisation,
        bin=entry.bin,
        signed_at=entry.signed_at,
        accepted_at=entry.accepted_at,
        algorithm=entry.algorithm,
        serial=entry.serial,
        not_after=entry.certificate_not_after,
    )


def _signer_of_file(pdf: PdfCheck) -> Signer | None:
    claimed = pdf.signer
    if claimed is None:
        return None
    return Signer(
        name=claimed.name,
        organisation=Text(claimed.organisation, claimed.organisation),
        bin=claimed.bin,
        serial=claimed.serial,
        not_after=claimed.not_after,
        is_test=claimed.is_test,
        trusted=pdf.trusted,
    )


def _unknown(*reasons: Reason) -> Check:
    return Check(verdict="unknown", words=VERDICTS["unknown"], reasons=reasons)


def _misread(typed: str, code: str) -> Check:
    """Nothing was looked up; a document's number, mistyped or not, is told from other slips."""
    try:
        identifiers.parse_public_number(typed)
    except RuleViolation as violation:
        is_number = violation.code == "number_check_character"
    else:
        is_number = True
    if is_number:
        code = "number_alone"
    reason = _reason(code) if is_number else _error(code)
    return replace(_unknown(reason), words=MISREAD[code])


def _reason(code: str) -> Reason:
    return Reason(code=code, text=REASONS[code])


def _error(code: str) -> Reason:
    return Reason(code=code, text=errors.table()[code].text)


def _readable(number: str) -> str:
    try:
        return identifiers.parse_public_number(number).text
    except RuleViolation:
        return ""
