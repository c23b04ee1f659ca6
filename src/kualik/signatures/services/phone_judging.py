"""Judging what a phone signed, before it is told that all is well."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kualik.accounts.models import User
from kualik.accounts.services import is_own_iin
from kualik.core.errors import message
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.signatures.adapters.asn1 import Asn1Error, unarmoured
from kualik.signatures.adapters.effort import Effort
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.xml_signatures import read_document
from kualik.signatures.services.cms_verification import Purpose, verify_cms
from kualik.signatures.services.verdicts import Reason, Verification
from kualik.signatures.services.xml_verification import verify_xml

INVALID = "phone_signature_invalid"
UNPROVEN = "phone_signature_unproven"


class Method(StrEnum):
    """What the phone makes of a document, in the words of the protocol.

    ``SIGN_BYTES_ARRAY`` and ``MIX_SIGN`` of newer applications are not among them.
    """

    XML = "XML"
    CMS_WITH_DATA = "CMS_WITH_DATA"
    CMS_SIGN_ONLY = "CMS_SIGN_ONLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSigner:
    """Who must sign: a member of staff, for the organisation of ``bin``, with one of ``roles``
    in the key's certificate."""

    user: User
    bin: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the signatures of one answer are judged; ``signer`` is None where anybody may sign."""

    method: Method
    purpose: Purpose
    trust: TrustDirectory
    fetcher: RevocationFetcher | None
    now: datetime
    signer: ExpectedSigner | None = None


def judge(asked: Asked, *, document: bytes, signature: bytes) -> bytes:
    """The signature as it is kept (CMS without armour) if it is valid and covers ``document``.

    Raises ``phone_content_differs``, ``phone_signature_invalid``, ``phone_signature_unproven``;
    the latter two carry the text of the gravest reason and, as ``why``, its code. For a key that
    is not the expected signer's: ``phone_person_other``, ``phone_organisation_other``,
    ``phone_right_missing``.
    """
    try:
        found = _verified(asked, document, signature)
    except RuleViolation as violation:
        why = violation.code
        raise RuleViolation(INVALID, reason=reason_text(why), why=why) from violation
    _check_content(asked, found, document)
    if found.status != "valid":
        gravest = found.against[0]
        code = INVALID if found.status == "invalid" else UNPROVEN
        raise RuleViolation(code, reason=gravest.text, why=gravest.code)
    if asked.signer:
        _check_signers(asked.signer, found)
    return signature if asked.method is Method.XML else _plain(signature)


def reason_text(why: str) -> Text:
    """What a ``why`` says: a reason of the verdict, or why the signature cannot be read.

    Some codes name both a reason and another room's error, so the reasons come first.
    """
    try:
        return Reason(why).text
    except KeyError:
        violation = RuleViolation(why)
        return Text(*(message(violation, language) for language in LANGUAGES))


def _verified(asked: Asked, document: bytes, signature: bytes) -> Verification:
    if asked.method is Method.XML:
        return verify_xml(
            document=signature,
            trust=asked.trust,
            at=asked.now,
            now=asked.now,
            purpose=asked.purpose,
            fetcher=asked.fetcher,
        )
    return verify_cms(
        signature=signature,
        document=document if asked.method is Method.CMS_SIGN_ONLY else None,
        trust=asked.trust,
        at=asked.now,
        now=asked.now,
        purpose=asked.purpose,
        uses_enclosed_lists=False,
        fetcher=asked.fetcher,
        effort=Effort(),
    )


def _check_content(asked: Asked, found: Verification, document: bytes) -> None:
    if asked.method is Method.CMS_SIGN_ONLY:
        differs = found.is_attached
    elif asked.method is Method.CMS_WITH_DATA:
        differs = found.content != document
    else:
        differs = found.content is None or found.content != read_document(document).content
    if differs:
        raise RuleViolation("phone_content_differs")


def _check_signers(expected: ExpectedSigner, found: Verification) -> None:
    for signer in found.signers:
        if not is_own_iin(expected.user, signer.iin):
            raise RuleViolation("phone_person_other")
        if signer.bin and signer.bin != expected.bin:
            raise RuleViolation("phone_organisation_other")
        if not signer.bin or not set(expected.roles) & set(signer.roles):
            raise RuleViolation("phone_right_missing")


def _plain(signature: bytes) -> bytes:
    try:
        return unarmoured(signature)
    except Asn1Error as error:
        raise RuleViolation("phone_body_unreadable") from error
