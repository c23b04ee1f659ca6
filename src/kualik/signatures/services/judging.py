"""Taking a signature at this very moment: our own verdict, then the other verifier's."""

from collections.abc import Callable
from datetime import datetime

from kualik.signatures.adapters.effort import Effort
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.cms_verification import Purpose, verify_cms
from kualik.signatures.services.second_opinion import second_opinion
from kualik.signatures.services.verdicts import SignerVerdict, Verification


def judge_now(
    *,
    signature: bytes,
    document: bytes | None,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    accept: Callable[[Verification], SignerVerdict],
    now: datetime,
    purpose: Purpose = "signing",
    effort: Effort | None = None,
) -> SignerVerdict:
    """The signer whom ``accept`` takes, of a CMS over ``document`` or its own content.

    The key must be known not to be revoked now; lists enclosed in the signature do not count.
    ``accept`` raises RuleViolation for what it does not take. It is asked twice, so that nobody
    else is asked about what we refuse ourselves: of our own verdict, and of the one that the other
    verifier confirmed, where the installation has one. Raises what ``verify_cms`` does besides.
    """
    found = verify_cms(
        signature=signature,
        document=document,
        trust=trust,
        at=now,
        now=now,
        purpose=purpose,
        is_revocation_required=True,
        uses_enclosed_lists=False,
        fetcher=fetcher,
        effort=effort,
    )
    accept(found)
    return accept(
        second_opinion(signature=signature, document=document, verification=found, now=now)
    )
