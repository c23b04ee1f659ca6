"""Sending the codes by which a person enters or has a number confirmed (A303.10.a)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from kualik.accounts.models import OneTimeCode, Person, PersonPhone, User
from kualik.accounts.queries import confirmed_phone, identity_documents, is_confirmed
from kualik.accounts.services import (
    MOVED_JOB,
    PersonFacts,
    confirm_phone,
    count_offer,
    find_person,
    iin_hash,
    offer_code,
    owner_of,
    record_look,
    register_persons,
    standing_code,
)
from kualik.accounts.services.codes import LIFE
from kualik.cases.services.reaching import listed_addresses, tell_person
from kualik.core.jobs import Payload
from kualik.core.throttle import MINUTE
from kualik.notifications.models import Message
from kualik.notifications.queries import channels
from kualik.notifications.services.sending import Addresses, notify
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

__all__ = [
    "MOVED_JOB",
    "Asking",
    "Shown",
    "ask_again",
    "ask_at_counter",
    "ask_for_number",
    "ask_to_enter",
    "ask_to_hand_over",
    "confirm_at_counter",
    "run_moved_job",
]

Purpose = OneTimeCode.Purpose
EVENT = "one_time_code"
# At the counter the person reads such a code out; any other one belongs to nobody's ears.
READ_OUT: Mapping[str, str] = {
    Purpose.CONFIRM_PHONE: "counter_code",
    Purpose.HAND_OVER: "hand_over_code",
}
MINUTES = LIFE // MINUTE
LAST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Where a code is asked for: the browser's secret, the network or the staff, the language.

    ``by_staff``: at the counter the person shall read the code out, elsewhere never to anyone.
    """

    session_secret: str
    place: str
    language: str
    now: datetime
    by_staff: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The identity document that a person shows at the counter (A303.8.1, A57.8.1).

    Of its number only the end is kept.
    """

    kind: str
    last: str


def ask_to_enter(*, iin: str, phone: str, asking: Asking) -> str:
    """Send a code to a person's own number; the token is the answer for everybody else too.

    Whether the IIN is known or the number confirmed shows neither in the answer nor in the work:
    what must not be sent is written and taken back. Errors: ``too_many_tries``, ``no_sms_here``.
    """
    count_offer(phone=phone, iin_key=iin_hash(iin), place=asking.place, now=asking.now)
    person = owner_of(person=find_person(iin=iin), phone=phone, iin=iin)
    return _sent(person=person, phone=phone, purpose=Purpose.ENTER, asking=asking)


def ask_for_number(*, person: Person, phone: str, asking: Asking) -> str:
    """Send a code to a number that a person says is theirs; reading it back proves it."""
    count_offer(phone=phone, iin_key=person.iin_hash, place=asking.place, now=asking.now)
    return _sent(person=person, phone=phone, purpose=Purpose.CONFIRM_PHONE, asking=asking)


@transaction.atomic
def ask_at_counter(
    *, facts: PersonFacts, phone: str, user: User, role: Role, asking: Asking
) -> str:
    """The same for a person at the counter; one not known yet is registered by the document.

    Errors: ``person_names_needed``, ``own_case``, ``too_many_tries``.
    """
    person = find_person(iin=facts.iin)
    if user.iin_hash and user.iin_hash == iin_hash(facts.iin):
        raise RuleViolation("own_case")
    if person is None and not (facts.family_name and facts.given_name):
        raise RuleViolation("person_names_needed")
    person = person or register_persons(people=[facts], now=asking.now)[facts.iin]
    about, actor = f"…{phone[-LAST:]}", user.acting_as(role)
    record_look(person=person, what="phone", about=about, actor=actor, now=asking.now)
    return ask_for_number(person=person, phone=phone, asking=asking)


def ask_to_hand_over(*, person: Person, number: str, asking: Asking) -> str:
    """Send the code by which somebody at the window says that the document of request ``number``
    was received; it serves for no other one.

    Only to a number confirmed for that person. Errors: ``no_confirmed_phone``, ``too_many_tries``,
    ``no_sms_here``.
    """
    phone = confirmed_phone(person)
    if not phone:
        raise RuleViolation("no_confirmed_phone")
    count_offer(phone=phone, iin_key=person.iin_hash, place=asking.place, now=asking.now)
    return _sent(person=person, phone=phone, purpose=Purpose.HAND_OVER, asking=asking, about=number)


def ask_again(*, token: str, purpose: str, iin_key: str, asking: Asking) -> str:
    """Another code to the same number, within the same limits. Errors: ``otp_unknown``, limits."""
    row = standing_code(token=token, session_secret=asking.session_secret, purpose=purpose)
    count_offer(phone=row.phone, iin_key=iin_key, place=asking.place, now=asking.now)
    return _sent(
        person=row.person, phone=row.phone, purpose=purpose, asking=asking, about=row.about
    )


@transaction.atomic
def confirm_at_counter(
    *, row: OneTimeCode, shown: Shown, user: User, role: Role, now: datetime
) -> PersonPhone:
    """Keep the number whose code was read back, with what was shown and to whom.

    The person learns of it at the addresses known before, those of lists where there are no
    better ones, lest staff confirm a number of their own. Errors: those of ``confirm_phone``,
    ``identity_document_unknown``.
    """
    person, actor = row.person, user.acting_as(role)
    if person is None or shown.kind not in identity_documents():
        raise RuleViolation("identity_document_unknown")
    was_own, listed = is_confirmed(person, row.phone), listed_addresses(person, but=row.phone)
    known = Addresses(email=person.email or listed.email, sms=confirmed_phone(person) or listed.sms)
    found = confirm_phone(
        person=person,
        phone=row.phone,
        how=PersonPhone.How.COUNTER,
        evidence={"document": shown.kind, "last": shown.last, "staff": actor.name},
        actor=actor,
        now=now,
    )
    if not was_own:
        _tell_of_new(found, known, now=now)
    return found


def run_moved_job(payload: Payload, now: datetime) -> None:
    """Tell the former owner that a number is confirmed for somebody else now."""
    row = PersonPhone.objects.select_related("person").get(pk=str(payload["phone"]))
    tell_person(
        person=row.person,
        event="phone_moved",
        about=f"phone:{row.pk}",
        path=reverse("cases:phones"),
        params={"last": row.phone[-LAST:]},
        listed=listed_addresses(row.person, but=row.phone),
        now=now,
    )


def _tell_of_new(row: PersonPhone, known: Addresses, *, now: datetime) -> None:
    notify(
        event="phone_added",
        about=f"phone:{row.pk}",
        addresses=known,
        language=row.person.language or "kk",
        params={"last": row.phone[-LAST:], "link": _phones_address()},
        person=row.person,
        now=now,
    )


def _phones_address() -> str:
    return f"{settings.PUBLIC_URL}{reverse('cases:phones')}"


def _sent(
    *, person: Person | None, phone: str, purpose: str, asking: Asking, about: str = ""
) -> str:
    if Message.Channel.SMS not in channels():
        raise RuleViolation("no_sms_here")
    with transaction.atomic():
        offer = offer_code(
            person=person,
            phone=phone,
            purpose=purpose,
            session_secret=asking.session_secret,
            now=asking.now,
            about=about,
        )
        params: Mapping[str, str | int] = {"code": offer.code, "minutes": MINUTES}
        with transaction.atomic():
            notify(
                event=READ_OUT.get(purpose, EVENT) if asking.by_staff else EVENT,
                about=f"code:{offer.row.pk}",
                addresses=Addresses(sms=phone),
                language=asking.language,
                params=params,
                person=person,
                now=asking.now,
            )
            if person is None:
                transaction.set_rollback(True)
    return offer.token
