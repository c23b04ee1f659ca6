"""Who stands behind a form of the portal: the signature inside it, if there is one (A57.8.2,
A303.8.2). The message itself is signed by the gateway always."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.conf import settings

from kualik.accounts.services import iin_hash
from kualik.core.jobs import NotNow
from kualik.gateway.services.profiles import Rows
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.adapters.xml_shape import DS
from kualik.signatures.services import (
    SignerVerdict,
    Verification,
    in_words,
    installation_fetcher,
    installation_trust,
)
from kualik.signatures.services.xml_verification import verify_xml

APPLICANT: Final = "applicant"
PORTAL: Final = "portal"
STRANGER: Final = Text(
    "Қол қойған кілт өтініш иесіне де, порталға да тиесілі емес.",
    "Подпись сделана ключом, который не принадлежит ни заявителю, ни порталу.",
    "The key that signed is neither the applicant's nor the portal's.",
)


def vouched(
    rows: Rows, xml: str, *, whose: str, pins: Collection[bytes], now: datetime
) -> dict[str, str]:
    """What the signature inside says: ``signed_by`` "applicant" or "portal", serial, owner.

    Empty where there is none and the profile wants none. Nobody signs but the peer by one of its
    own certificates (``pins``, DER), believed as they are for its messages, and the person of the
    form (``whose`` is the hash of the IIN) by a key of which it is known that it is not revoked.
    Raises ``gateway_signature_missing``, ``gateway_signature_bad`` (reasons), and NotNow where
    nobody tells whether it is revoked: that is not the applicant's fault.
    """
    wanted = rows["wants_signature"]
    if DS not in xml:
        if wanted in (APPLICANT, PORTAL):
            raise RuleViolation("gateway_signature_missing")
        return {}
    signer = _signer(_judged(xml, is_revocation_required=False, now=now))
    is_portal = signer.certificate_der in pins
    if not is_portal:
        if signer.bin or not signer.iin or iin_hash(signer.iin) != whose:
            raise RuleViolation("gateway_signature_bad", reasons=STRANGER)
        found = _judged(xml, is_revocation_required=True, now=now)
        if found.status == "indeterminate":
            raise NotNow("nobody tells whether the key of a request is revoked")
        signer = _signer(found)
    if wanted == APPLICANT and is_portal:
        raise RuleViolation("gateway_signature_missing")
    return {
        "signed_by": PORTAL if is_portal else APPLICANT,
        "serial": signer.serial,
        "owner": signer.organisation if is_portal else signer.person,
        "algorithm": signer.algorithm,
    }


def _judged(xml: str, *, is_revocation_required: bool, now: datetime) -> Verification:
    return verify_xml(
        document=xml.encode(),
        trust=installation_trust(),
        at=None,
        now=now,
        is_revocation_required=is_revocation_required,
        fetcher=installation_fetcher() if is_revocation_required else None,
    )


def _signer(found: Verification) -> SignerVerdict:
    """The only one, if the signature is good."""
    signer = found.signers[0] if len(found.signers) == 1 else None
    if signer is None or found.status != "valid" or (signer.is_test and not settings.DEMO):
        raise RuleViolation("gateway_signature_bad", reasons=in_words(found.against))
    return signer
