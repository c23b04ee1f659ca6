"""Who stands behind a form of the portal: the signature inside it, if there is one (A57.8.2,
A303.8.2). The message itself is signed by the gateway always."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.conf import settings

from kualik.core.jobs import NotNow
from kualik.gateway.services.profiles import Rows
from kualik.rules.errors import RuleViolation
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


def vouched(
    rows: Rows, xml: str, *, iin: str, pins: Collection[bytes], now: datetime
) -> dict[str, str]:
    """What the signature inside says: ``signed_by`` "applicant" or "portal", serial, owner.

    Empty where there is none and the profile wants none. The peer's own certificates (``pins``,
    DER) are believed as they are for its messages; of any other it must be known that it is not
    revoked. Raises ``gateway_signature_missing``, ``gateway_signature_bad`` (reasons), and NotNow
    where nobody tells whether it is revoked: that is not the applicant's fault.
    """
    wanted = rows["wants_signature"]
    if DS not in xml:
        if wanted in (APPLICANT, PORTAL):
            raise RuleViolation("gateway_signature_missing")
        return {}
    signer = _signer(_judged(xml, is_revocation_required=False, now=now))
    if signer.certificate_der not in pins:
        found = _judged(xml, is_revocation_required=True, now=now)
        if found.status == "indeterminate":
            raise NotNow("nobody tells whether the key of a request is revoked")
        signer = _signer(found)
    is_own = signer.iin == iin and not signer.bin
    if wanted == APPLICANT and not is_own:
        raise RuleViolation("gateway_signature_missing")
    return {
        "signed_by": APPLICANT if is_own else PORTAL,
        "serial": signer.serial,
        "owner": signer.person if is_own else signer.organisation,
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
