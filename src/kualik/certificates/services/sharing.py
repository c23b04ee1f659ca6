"""Links by which a person shows own documents to somebody, until a day or until ended.

The address holds a secret of 256 bits, of which only the SHA-256 is kept. It is made of the key of
the form that asked, so a form sent twice makes one link.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from kualik.accounts.models import Consent, Person
from kualik.accounts.services import record_look
from kualik.certificates.models import Certificate, Share
from kualik.certificates.queries import certificates_of
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.throttle import Limit, check_limit, count_miss
from kualik.rules.errors import RuleViolation

TERMS: Final = (1, 7, 30, 90)
MOST_LIVE: Final = 30
LABEL_LENGTH: Final = 100
GUESSES: Final = Limit("share", 20)
# Who comes by a link is nobody we know.
VISITOR: Final = Actor(name="visitor")
LOOK, FILE_LOOK = "share", "share_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a link shall show: ``certificate`` or, without one, all documents; for ``days``."""

    certificate: Certificate | None
    days: int
    with_files: bool
    label: str


@dataclass(frozen=True, slots=True)
class OpenedShare:
    """A link that works, and the documents behind it, the last issued first."""

    share: Share
    documents: Sequence[Certificate]


def share_address(token: str) -> str:
    """The public address of a link."""
    return f"{settings.PUBLIC_URL}{reverse('certificates:shared', args=[token])}"


def token_of(*, person: Person, key: str) -> str:
    """The secret of the link that the form with ``key`` makes for the person."""
    content = f"share:{person.pk}:{key}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), content, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@transaction.atomic
def offer_share(*, person: Person, wish: Wish, key: str, actor: Actor, now: datetime) -> str:
    """Make a link and give its secret, which is told here only; the same ``key`` gives the same
    link. Raises ``share_term_unknown``, ``too_many_shares``."""
    if wish.days not in TERMS:
        raise RuleViolation("share_term_unknown")
    token = token_of(person=person, key=key)
    if Share.objects.filter(token_hash=_hash(token)).exists():
        return token
    if live_shares(person, now=now) >= MOST_LIVE:
        raise RuleViolation("too_many_shares", most=MOST_LIVE)
    try:
        with transaction.atomic():
            share = _keep(person, wish, token, now)
    except IntegrityError:
        return token
    number = share.certificate.number if share.certificate else ""
    facts = {"share": share.pk, "certificate": number, "ends_at": share.ends_at.isoformat()}
    _record(share, "offered", {**facts, "with_files": share.with_files}, actor, now)
    return token


@transaction.atomic
def end_share(*, share: Share, actor: Actor, now: datetime) -> None:
    """The link works no more; ended again, nothing changes."""
    if Share.objects.filter(pk=share.pk, ended_at=None).update(ended_at=now):
        _record(share, "ended", {"share": share.pk}, actor, now)


def shown_once(person: Person, token: str, *, now: datetime) -> Share | None:
    """The person's link with that secret, if it works."""
    own = Share.objects.filter(person=person, ended_at=None, ends_at__gt=now)
    return own.filter(token_hash=_hash(token)).select_related("certificate").first()


def live_shares(person: Person, *, now: datetime) -> int:
    """How many links of the person work."""
    return Share.objects.filter(person=person, ended_at=None, ends_at__gt=now).count()


def open_share(*, token: str, address: str, now: datetime) -> OpenedShare:
    """What a link shows, counted and written down for the owner, once a day for each document.

    ``address`` is the visitor's network address. Raises ``too_many_tries`` and ``share_unknown``,
    alike for a link that ended, that its owner ended, whose owner withdrew the consent, and that
    never was.
    """
    found = _working(token, address, now)
    share = found.share
    number = share.certificate.number if share.certificate else ""
    with transaction.atomic():
        Share.objects.filter(pk=share.pk).update(opened=F("opened") + 1, opened_at=now)
        record_look(person=share.person, what=LOOK, about=number, actor=VISITOR, now=now)
    return found


def open_shared_file(*, token: str, number: str, address: str, now: datetime) -> Certificate:
    """A document whose file a link gives out. Raises as ``open_share`` does, ``share_unknown`` for
    a document that it does not show and where it shows no files too."""
    found = _working(token, address, now)
    row = next((row for row in found.documents if row.number == number), None)
    if row is None or not found.share.with_files:
        raise RuleViolation("share_unknown")
    person = found.share.person
    record_look(person=person, what=FILE_LOOK, about=number, actor=VISITOR, now=now)
    return row


def _working(token: str, address: str, now: datetime) -> OpenedShare:
    """Outside any transaction: a miss is counted although the answer is a refusal."""
    check_limit(GUESSES, address, now=now)
    share = (
        Share.objects.filter(token_hash=_hash(token), ended_at=None, ends_at__gt=now)
        .select_related("person", "certificate")
        .first()
    )
    if share is None or not _consents(share.person):
        count_miss(GUESSES, address, now=now)
        raise RuleViolation("share_unknown")
    documents = certificates_of(share.person)
    if share.certificate_id is not None:
        documents = documents.filter(pk=share.certificate_id)
    return OpenedShare(share, list(documents))


def _consents(person: Person) -> bool:
    """Who withdrew the consent has no cabinet to end a link in."""
    return Consent.objects.filter(person=person, withdrawn_at=None).exists()


def _keep(person: Person, wish: Wish, token: str, now: datetime) -> Share:
    return Share.objects.create(
        person=person,
        certificate=wish.certificate,
        token_hash=_hash(token),
        label=wish.label[:LABEL_LENGTH],
        with_files=wish.with_files,
        created_at=now,
        ends_at=now + timedelta(days=wish.days),
    )


def _record(share: Share, act: str, data: dict[str, object], actor: Actor, now: datetime) -> None:
    journal.record(
        subject=f"person:{share.person_id}",
        action=f"certificates.share_{act}",
        actor=actor,
        now=now,
        data=data,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
