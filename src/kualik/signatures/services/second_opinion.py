"""Asking another verifier before a signature is accepted, where the installation wants that."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings

from kualik.signatures.adapters.asn1 import Asn1Error, as_der, unarmoured
from kualik.signatures.adapters.ncanode import NcaNode, NoOpinion
from kualik.signatures.services.verdicts import Reason, SignerVerdict, Verification

DIFFERS = Reason("second_opinion_differs")
UNREACHABLE = Reason("second_opinion_unreachable")


def second_opinion(
    *, signature: bytes, document: bytes | None, verification: Verification, now: datetime
) -> Verification:
    """Our verdict on a CMS signature, confirmed by the NCANode server of the settings.

    Without one, or where we do not accept the signature ourselves, the verdict stays as it is.
    Otherwise every signer gets ``second_opinion_differs`` (invalid) when the server finds the
    signature invalid, sees other signers or another content, and ``second_opinion_unreachable``
    (indeterminate) when it gives no opinion that can be relied on.
    """
    if not settings.NCANODE_URL or verification.status != "valid":
        return verification
    try:
        der = as_der(unarmoured(signature))
        reason = _judged(NcaNode(settings.NCANODE_URL), der, document, verification, now)
    except (NoOpinion, Asn1Error):
        reason = UNREACHABLE
    if reason is None:
        return verification
    doubted = tuple(_with(signer, reason) for signer in verification.signers)
    return replace(verification, signers=doubted)


def _judged(
    node: NcaNode,
    der: bytes,
    document: bytes | None,
    verification: Verification,
    now: datetime,
) -> Reason | None:
    # It overlooks a document that is given beside an attached signature.
    if verification.is_attached and node.content(der) != verification.content:
        return DIFFERS
    answer = node.verify(der, None if verification.is_attached else document, now=now)
    if answer.opinion == "invalid":
        # A certificate that has ended since is valid to us and never to the server.
        has_ended = any(not signer.is_valid_now for signer in verification.signers)
        return UNREACHABLE if has_ended else DIFFERS
    if not answer.signers or any(not signer.serial for signer in answer.signers):
        return UNREACHABLE
    ours = sorted(signer.serial.lstrip("0") for signer in verification.signers)
    if ours != sorted(signer.serial for signer in answer.signers):
        return DIFFERS
    return None if answer.opinion == "valid" else UNREACHABLE


def _with(signer: SignerVerdict, reason: Reason) -> SignerVerdict:
    return replace(signer, reasons=(reason, *signer.reasons))
