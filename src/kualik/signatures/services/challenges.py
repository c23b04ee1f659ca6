"""Proving who is at the browser: a text that is offered once and signed once."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from kualik.core.clock import ZONE
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.adapters.effort import Effort
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.models import Challenge
from kualik.signatures.services.judging import judge_now
from kualik.signatures.services.verdicts import SignerVerdict, Verification, in_words

LIFE: Final = timedelta(minutes=5)
NONCE_BYTES: Final = 32
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# A key made for documents signs this too, so the text itself says that it is none.
WORDING: Final = Text(
    "«Куәлік» (Kualik) жүйесіне кіру\n"
    "Бұл – кіруді растау, құжатқа қол қою емес.\n"
    "Сайт: {host}\n"
    "Қайда кіру: {place}\n"
    "Қолданылу мерзімі: {until}\n"
    "Бір реттік код: {nonce}\n",
    "Вход в систему «Куәлік» (Kualik)\n"
    "Это подтверждение входа, а не подписание документа.\n"
    "Сайт: {host}\n"
    "Куда: {place}\n"
    "Действует до: {until}\n"
    "Одноразовый код: {nonce}\n",
    "Sign-in to Kualik\n"
    "This confirms a sign-in; it signs no document.\n"
    "Site: {host}\n"
    "Where to: {place}\n"
    "Valid until: {until}\n"
    "One-time code: {nonce}\n",
)
PLACES: Final = {
    Challenge.Purpose.APPLICANT: Text(
        "көрсетілетін қызметті алушының кабинеті",
        "кабинет услугополучателя",
        "cabinet of the applicant",
    ),
    Challenge.Purpose.STAFF: Text("қызметкердің кіруі", "вход для работников", "staff sign-in"),
}


def offer_challenge(
    *,
    purpose: str,
    session_secret: str,
    host: str,
    language: str,
    now: datetime,
    life: timedelta = LIFE,
) -> Challenge:
    """A new text for the browser session that keeps ``session_secret``, good for ``life``.

    ``host`` is the site as the visitor's browser names it.
    """
    kind, expires_at = Challenge.Purpose(purpose), now + life
    text = WORDING.get(language).format(
        host=host,
        place=PLACES[kind].get(language),
        until=expires_at.astimezone(ZONE).isoformat(timespec="seconds"),
        nonce=secrets.token_hex(NONCE_BYTES),
    )
    return Challenge.objects.create(
        token=secrets.token_urlsafe(NONCE_BYTES),
        purpose=kind,
        text=text,
        session=_fingerprint(session_secret),
        created_at=now,
        expires_at=expires_at,
    )


def answer_challenge(
    *,
    token: str,
    signature: bytes,
    session_secret: str,
    purpose: str,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> SignerVerdict:
    """The one valid signer of the very text that was offered, judged now.

    The first answer burns the challenge whatever it is, so call this outside transactions. Errors:
    ``challenge_unknown``, ``challenge_used``, ``challenge_expired``,
    ``challenge_of_other_session``, ``challenge_differs``, ``one_signer_expected``,
    ``signature_not_valid`` (reasons, in words), and those of ``judge_now``.
    """
    challenge = _burnt(token, now)
    if challenge.purpose != purpose:
        raise RuleViolation("challenge_unknown")
    if not hmac.compare_digest(challenge.session, _fingerprint(session_secret)):
        raise RuleViolation("challenge_of_other_session")
    if now >= challenge.expires_at:
        raise RuleViolation("challenge_expired")
    return judge_now(
        signature=signature,
        document=None,
        trust=trust,
        fetcher=fetcher,
        accept=partial(_accepted, text=challenge.text.encode()),
        now=now,
        purpose="login",
        effort=Effort(),
    )


def forget_challenges(*, now: datetime) -> int:
    """Remove the challenges whose time is over; the number of them."""
    return Challenge.objects.filter(expires_at__lte=now).delete()[0]


def _burnt(token: str, now: datetime) -> Challenge:
    """The challenge of a token, used up from now on: one of parallel answers alone gets it."""
    if not TOKEN.fullmatch(token):
        raise RuleViolation("challenge_unknown")
    is_first = Challenge.objects.filter(token=token, used_at=None).update(used_at=now)
    challenge = Challenge.objects.filter(token=token).first()
    if challenge is None:
        raise RuleViolation("challenge_unknown")
    if not is_first:
        raise RuleViolation("challenge_used")
    return challenge


def _accepted(found: Verification, *, text: bytes) -> SignerVerdict:
    if found.content != text:
        raise RuleViolation("challenge_differs")
    if len(found.signers) != 1:
        raise RuleViolation("one_signer_expected")
    if found.status != "valid":
        raise RuleViolation("signature_not_valid", reasons=in_words(found.against))
    return found.signers[0]


def _fingerprint(session_secret: str) -> str:
    return hashlib.sha256(session_secret.encode()).hexdigest()
