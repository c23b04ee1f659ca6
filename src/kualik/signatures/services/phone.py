"""Signing on a phone: documents offered by a QR code, and the signatures that come back.

eGov Mobile calls two addresses. API №1 says who asks, what for and where the documents are; API №2
hands them out and takes the signatures. Nobody but the browser session that asked can use the
result, and only once. The spelling of the fields is the operator's.
"""

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac

from kualik.accounts.models import User
from kualik.core.clock import ZONE
from kualik.core.throttle import Limit
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.models import PhoneSigning
from kualik.signatures.services.cms_verification import Purpose
from kualik.signatures.services.phone_judging import Asked, ExpectedSigner, Method, judge

State = PhoneSigning.State
LIFE = timedelta(minutes=5)
# The browser must have asked for the result by then.
TAKING = timedelta(minutes=2)
MOST_DOCUMENTS = 20
# One code bears so many signatures that do not hold.
WRONG_SIGNATURES = Limit("egov-mobile-signature", 10)
MEGABYTE = 1024 * 1024
BODY_LIMIT_BYTES = 2 * MEGABYTE
TOKEN_BYTES = 32
VERSION = 1
CANCELED = "CANCELED"
# Where ``about`` keeps who alone may sign.
SIGNER = "signer"
OPEN = (State.OFFERED, State.FETCHED)


class Stage(StrEnum):
    """Where an offer stands for the page that waits for it."""

    OFFERED = "offered"
    FETCHED = "fetched"
    SIGNED = "signed"
    CANCELLED = "cancelled"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is to be signed; ``meta`` are name and value that the phone shows beside it."""

    name: Text
    content: bytes
    mime: str
    meta: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who asks for the signature."""

    name: Text
    bin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A fresh offer: ``token`` for the address in the code, ``auth_token`` for the documents."""

    token: str
    auth_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An offer as its page shows it; ``fault`` is the last refusal, "" or a code of the errors
    with, behind a colon, the reason of the verdict."""

    stage: Stage
    expires_at: datetime
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came back: signatures (CMS in DER, or signed XML) in the order of the documents."""

    method: Method
    signatures: tuple[bytes, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def offer_signing(
    *,
    documents: Sequence[Document],
    method: Method,
    purpose: Purpose,
    description: str,
    organisation: Organisation,
    about: Mapping[str, object],
    session_secret: str,
    now: datetime,
    signer: ExpectedSigner | None = None,
) -> Offer:
    """Offer documents to the phone that shows the token, for five minutes.

    ``about`` comes back with the result; ``signer`` is who alone may sign. Offers that ended are
    forgotten at this occasion. Raises ``phone_too_many_documents``.
    """
    if len(documents) > MOST_DOCUMENTS:
        raise RuleViolation("phone_too_many_documents", limit=MOST_DOCUMENTS)
    forget_phone_signings(now=now)
    token = token_urlsafe(TOKEN_BYTES)
    auth_token = _auth_token(token)
    row = PhoneSigning.objects.create(
        token=token,
        auth_hash=_hash(auth_token),
        session=_hash(session_secret),
        method=method,
        purpose=purpose,
        card={"description": description, "organisation": _organisation(organisation)},
        about={**about, **({SIGNER: _kept(signer)} if signer else {})},
        documents=_documents(documents, method),
        created_at=now,
        expires_at=now + LIFE,
    )
    return Offer(token=token, auth_token=auth_token, expires_at=row.expires_at)


def describe(*, token: str, documents_url: str, now: datetime) -> dict[str, object]:
    """The answer of API №1; ``documents_url`` is the address of API №2.

    Raises ``phone_offer_unknown``, ``phone_offer_expired``, ``phone_offer_used``.
    """
    row = _open_offer(token, now)
    return {
        "description": row.card["description"],
        "expiry_date": row.expires_at.astimezone(ZONE).isoformat(timespec="milliseconds"),
        "organisation": row.card["organisation"],
        "document": {
            "uri": documents_url,
            "auth_type": "Token",
            "auth_token": _auth_token(token),
        },
    }


def hand_documents(*, token: str, auth_token: str, now: datetime) -> dict[str, object]:
    """The answer of API №2 to GET. Raises what ``describe`` does, and ``phone_token_wrong``."""
    row = _entrusted(token, auth_token, now)
    PhoneSigning.objects.filter(pk=row.pk, state=State.OFFERED).update(state=State.FETCHED)
    documents: dict[str, object] = row.documents
    return documents


def accept_signed(
    *,
    token: str,
    auth_token: str,
    body: bytes,
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> None:
    """Take what the phone puts to API №2: the signed documents, or the person's refusal.

    Nothing is kept unless every signature is valid and covers the document that was offered; the
    first of several phones wins. Raises what ``hand_documents`` does, ``phone_body_too_large``,
    ``phone_body_unreadable``, ``phone_method_unsupported``, ``phone_documents_differ``,
    ``phone_content_differs``, ``phone_signature_invalid``, ``phone_signature_unproven``,
    ``phone_person_other``, ``phone_organisation_other``, ``phone_right_missing``.
    """
    row = _entrusted(token, auth_token, now)
    answer = _read(body)
    if answer.get("status") == CANCELED:
        _move(row, State.CANCELLED, now=now)
        return
    try:
        signatures = _judged(row, answer, trust, fetcher, now)
    except RuleViolation as violation:
        fault = f"{violation.code}:{violation.params.get('why', '')}".rstrip(":")
        PhoneSigning.objects.filter(pk=row.pk, state__in=OPEN).update(fault=fault)
        raise
    _move(row, State.SIGNED, signatures=signatures, now=now)


def standing_of(*, token: str, session_secret: str, now: datetime) -> Standing:
    """Where the browser's own offer stands. Raises ``phone_offer_unknown``."""
    row = _own(token, session_secret)
    is_over = row.expires_at <= now and row.state in (*OPEN, State.SIGNED)
    stage = Stage.EXPIRED if is_over else Stage(row.state)
    return Standing(stage=stage, expires_at=row.expires_at, fault=row.fault)


def take_result(*, token: str, session_secret: str, now: datetime) -> Result:
    """The signatures, once, for the browser session that asked; the row keeps nothing of them.

    Raises ``phone_offer_unknown``, ``phone_offer_expired``, ``phone_offer_not_signed``,
    ``phone_offer_used``.
    """
    row = _own(token, session_secret)
    if row.state in OPEN:
        is_over = row.expires_at <= now
        raise RuleViolation("phone_offer_expired" if is_over else "phone_offer_not_signed")
    taken = PhoneSigning.objects.filter(pk=row.pk, state=State.SIGNED, expires_at__gt=now).update(
        state=State.USED, documents={}, signatures=[], about={}
    )
    if not taken:
        is_late = row.state == State.SIGNED and row.expires_at <= now
        raise RuleViolation("phone_offer_expired" if is_late else "phone_offer_used")
    return Result(
        method=Method(row.method),
        signatures=tuple(b64decode(signature) for signature in row.signatures),
        about=row.about,
    )


def forget_phone_signings(*, now: datetime) -> int:
    """Remove the offers that ended, with what they carried; how many they were."""
    return PhoneSigning.objects.filter(expires_at__lte=now - LIFE).delete()[0]


def _organisation(found: Organisation) -> dict[str, str]:
    name = found.name
    return {
        "nameRu": name.ru,
        "nameKz": name.kk,
        "nameEn": name.get("en"),
        "bin": found.bin,
    }


def _documents(documents: Sequence[Document], method: Method) -> dict[str, object]:
    listed = [_document(place, one, method) for place, one in enumerate(documents, start=1)]
    return {"signMethod": method.value, "version": VERSION, "documentsToSign": listed}


def _document(place: int, one: Document, method: Method) -> dict[str, object]:
    told: dict[str, object] = {
        "id": place,
        "nameRu": one.name.ru,
        "nameKz": one.name.kk,
        "nameEn": one.name.get("en"),
        "meta": [{"name": name, "value": value} for name, value in one.meta],
    }
    if method is Method.XML:
        return told | {"documentXml": one.content.decode()}
    data = b64encode(one.content).decode()
    return told | {"document": {"file": {"mime": one.mime, "data": data}}}


def _read(body: bytes) -> dict[str, Any]:
    if len(body) > BODY_LIMIT_BYTES:
        raise RuleViolation("phone_body_too_large", limit=BODY_LIMIT_BYTES // MEGABYTE)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RuleViolation("phone_body_unreadable") from error
    if not isinstance(found, dict):
        raise RuleViolation("phone_body_unreadable")
    return found


def _judged(
    row: PhoneSigning,
    answer: Mapping[str, Any],
    trust: TrustDirectory,
    fetcher: RevocationFetcher | None,
    now: datetime,
) -> list[str]:
    """The signatures in the order of the documents, base64, all found valid."""
    method = Method(row.method)
    _check_method(answer.get("signMethod", method.value), method)
    offered = row.documents["documentsToSign"]
    returned = _by_id(answer.get("documentsToSign"))
    if set(returned) != {str(one["id"]) for one in offered}:
        raise RuleViolation("phone_documents_differ")
    asked = Asked(
        method=method,
        purpose=_purpose(row.purpose),
        trust=trust,
        fetcher=fetcher,
        now=now,
        signer=_expected(row),
    )
    judged = (
        judge(asked, document=_data(one, method), signature=_data(returned[str(one["id"])], method))
        for one in offered
    )
    return [b64encode(signature).decode() for signature in judged]


def _kept(signer: ExpectedSigner) -> dict[str, object]:
    return {"user": signer.user.pk, "bin": signer.bin, "roles": list(signer.roles)}


def _expected(row: PhoneSigning) -> ExpectedSigner | None:
    kept = row.about.get(SIGNER)
    if kept is None:
        return None
    user = User.objects.get(pk=kept["user"])
    return ExpectedSigner(user=user, bin=kept["bin"], roles=tuple(kept["roles"]))


def _check_method(stated: object, method: Method) -> None:
    if not isinstance(stated, str) or stated not in set(Method):
        raise RuleViolation("phone_method_unsupported", method=str(stated)[:32])
    if stated != method:
        raise RuleViolation("phone_documents_differ")


def _by_id(listed: object) -> dict[str, Mapping[str, Any]]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise RuleViolation("phone_body_unreadable")
    found = {str(one.get("id")): one for one in listed}
    if len(found) != len(listed):
        raise RuleViolation("phone_documents_differ")
    return found


def _data(one: Mapping[str, Any], method: Method) -> bytes:
    """The bytes of a document or of the signature that stands in its place."""
    try:
        if method is Method.XML:
            return bytes(one["documentXml"], "utf-8")
        text = one["document"]["file"]["data"]
        # Some senders break base64 into lines; a CMS in PEM armour is read by the verifier.
        if text.lstrip().startswith("-----BEGIN"):
            return bytes(text, "ascii")
        return b64decode("".join(text.split()), validate=True)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RuleViolation("phone_body_unreadable") from error


def _purpose(kept: str) -> Purpose:
    return "login" if kept == "login" else "signing"


def _move(
    row: PhoneSigning, state: State, *, now: datetime, signatures: Sequence[str] = ()
) -> None:
    """Write the end of an open offer; nobody writes it twice."""
    moved = PhoneSigning.objects.filter(pk=row.pk, state__in=OPEN, expires_at__gt=now).update(
        state=state,
        signatures=list(signatures),
        fault="",
        expires_at=max(row.expires_at, now + TAKING),
    )
    if not moved:
        raise RuleViolation("phone_offer_used")


def _open_offer(token: str, now: datetime) -> PhoneSigning:
    row = PhoneSigning.objects.filter(token=token).first()
    if row is None:
        raise RuleViolation("phone_offer_unknown")
    if row.state not in OPEN:
        raise RuleViolation("phone_offer_used")
    if row.expires_at <= now:
        raise RuleViolation("phone_offer_expired")
    return row


def _entrusted(token: str, auth_token: str, now: datetime) -> PhoneSigning:
    row = _open_offer(token, now)
    if not constant_time_compare(_hash(auth_token), row.auth_hash):
        raise RuleViolation("phone_token_wrong")
    return row


def _own(token: str, session_secret: str) -> PhoneSigning:
    row = PhoneSigning.objects.filter(token=token).first()
    if row is None or not constant_time_compare(_hash(session_secret), row.session):
        raise RuleViolation("phone_offer_unknown")
    return row


def _auth_token(token: str) -> str:
    """Made from the token, so that a phone that asks twice is told the same."""
    made = salted_hmac("kualik.signatures.phone", token, algorithm="sha256").digest()
    return urlsafe_b64encode(made).decode().rstrip("=")


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
