"""How an application was confirmed: by whoever entered, or by a signature over its text.

A confirmation is a confirmation and no signature (A303.10.a); a signature is one by the person's
own key over the very text that was shown (A303.10.b). Both are kept beside the request (A57.8.2,
A303.8.2).
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from django.conf import settings

from kualik.accounts.models import Person
from kualik.accounts.services import find_person
from kualik.cases.models import Evidence, Request
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.effort import Effort
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services import SignerVerdict, Verification, in_words, judge_now

# A key signs for a person by this level, whatever the person entered by.
SIGNED: Final = "eds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What is kept of it, see ``Evidence``; ``signature`` is a CMS in DER."""

    content: str
    level: str
    way: str
    facts: Mapping[str, object] = field(default_factory=dict)
    signature: bytes | None = None


def signed_confirmation(
    *,
    content: str,
    signature: str,
    way: str,
    person: Person,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> Confirmation:
    """The confirmation by a CMS (base64) that carries ``content`` and is good now.

    Raises ``signed_text_differs``, ``one_signer_expected``, ``signature_not_valid`` (reasons, in
    words), ``signature_by_test_key``, ``certificate_of_organisation``, ``signature_not_yours``,
    and what ``judge_now`` raises.
    """
    der = _decoded(signature)
    verdict = judge_now(
        signature=der,
        document=None,
        trust=trust,
        fetcher=fetcher,
        accept=partial(_good_signer, content=content),
        now=now,
        effort=Effort(),
    )
    _check_holder(verdict, person)
    facts = {
        "serial": verdict.serial,
        "owner": verdict.person,
        "algorithm": verdict.algorithm,
        "signed_at": verdict.signed_at.isoformat() if verdict.signed_at else "",
    }
    return Confirmation(content=content, level=SIGNED, way=way, facts=facts, signature=der)


def keep_evidence(
    *, request: Request, confirmation: Confirmation, facts: Mapping[str, object], now: datetime
) -> Evidence:
    """Keep how a request was confirmed; ``facts`` are added to those of the confirmation."""
    return Evidence.objects.create(
        request=request,
        content=confirmation.content,
        sha256=hashlib.sha256(confirmation.content.encode()).hexdigest(),
        level=confirmation.level,
        way=confirmation.way[:24],
        facts={**confirmation.facts, **facts},
        signature=confirmation.signature,
        made_at=now,
    )


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode("".join(signature.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RuleViolation("signature_malformed") from error


def _good_signer(found: Verification, *, content: str) -> SignerVerdict:
    if found.content != content.encode():
        raise RuleViolation("signed_text_differs")
    if len(found.signers) != 1:
        raise RuleViolation("one_signer_expected")
    if found.status != "valid":
        raise RuleViolation("signature_not_valid", reasons=in_words(found.against))
    return found.signers[0]


def _check_holder(verdict: SignerVerdict, person: Person) -> None:
    if verdict.is_test and not settings.DEMO:
        raise RuleViolation("signature_by_test_key")
    if verdict.bin:
        raise RuleViolation("certificate_of_organisation")
    if not verdict.iin or find_person(iin=verdict.iin) != person:
        raise RuleViolation("signature_not_yours")
