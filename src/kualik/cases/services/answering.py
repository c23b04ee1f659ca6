"""A short message that answers an offer: "1" from the person's confirmed number files the request
(A303.10.a); everything else is told what to do.

The answer belongs to the last offer that its number was sent, as a clerk would read a reply on the
letter it lies under; other offers of the person wait for their own answer in the cabinet.
"""

import unicodedata
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.accounts.queries import person_of_phone
from kualik.accounts.services.entering import applicant
from kualik.cases.models import Request
from kualik.cases.queries import unrequested
from kualik.cases.queries.asking import live_request_of
from kualik.cases.services.application import Wish, data_digest
from kualik.cases.services.confirming import Confirmation
from kualik.cases.services.drafting import begin
from kualik.cases.services.offering import OFFER, completion_of
from kualik.cases.services.receiving import receive
from kualik.cases.services.telling import short_link
from kualik.core import errors
from kualik.core.jobs import Payload
from kualik.core.throttle import DAY, Limit, count_miss, is_spent
from kualik.notifications.models import InboundSms, Message
from kualik.notifications.queries import inbound_sms, last_sms
from kualik.notifications.services.receiving import mark_handled
from kualik.notifications.services.sending import Addresses, notify
from kualik.notifications.services.wording import Value
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import STATE_LABELS, State
from kualik.rules.phones import masked
from kualik.training.models import Completion

YES: Final = "1"
LEVEL: Final = "sms"
WAY: Final = "sms-answer"
# Two machines that answer each other stop here; a person needs no more replies a day.
REPLIES: Final = Limit("replies to short messages", 6, DAY)


def run_answer_job(payload: Payload, now: datetime) -> None:
    """The handler of the job that an incoming short message leaves behind; run twice it acts
    once."""
    inbound = inbound_sms(int(str(payload["inbound"])))
    if inbound.handled_at is not None:
        return
    with transaction.atomic():
        outcome = _answered(inbound, now)
        if not mark_handled(inbound=inbound, outcome=outcome, now=now):
            raise RuleViolation("conflict", number=f"inbound:{inbound.pk}")


def is_yes(text: str) -> bool:
    """Whether an answer is "1", whatever quotes, stops and spaces stand around it."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in plain if sign.isalnum()) == YES


def _answered(inbound: InboundSms, now: datetime) -> str:
    """What was done, in one word."""
    person = person_of_phone(inbound.phone)
    offer = last_sms(phone=inbound.phone, event=OFFER, until=inbound.received_at)
    offer = offer or _last_offer_to(person, until=inbound.received_at)
    if offer is None:
        # Nobody asked: whoever writes first gets no machine to talk to.
        return "no_offer"
    if not is_yes(inbound.text):
        return _reply(inbound, offer, "answer_not_understood", now, link=_page("cases:cabinet"))
    if person is None or offer.person_id != person.pk:
        return _reply(inbound, offer, "number_unconfirmed", now, link=_page("cases:phones"))
    completion = completion_of(offer.about)
    if completion is None:
        return "completion_gone"
    return _received(inbound, offer, completion, now)


def _received(inbound: InboundSms, offer: Message, completion: Completion, now: datetime) -> str:
    """File what the offer was about, or say what became of it."""
    is_free = unrequested(Completion.objects.filter(pk=completion.pk)).exists()
    taken = None if is_free else live_request_of(completion.person, completion.pk)
    if taken is not None:
        label = STATE_LABELS[State(taken.state)]
        given: dict[str, Value] = {
            "number": taken.number,
            "state": label,
            "link": short_link(taken),
        }
        return _reply(inbound, offer, "answer_state", now, **given)
    try:
        with transaction.atomic():
            _file(inbound, offer, completion, now)
    except RuleViolation as violation:
        reason = Text(*(errors.message(violation, language) for language in LANGUAGES))
        link = _page("cases:cabinet")
        return _reply(inbound, offer, "answer_not_filed", now, reason=reason, link=link)
    return "filed"


def _file(inbound: InboundSms, offer: Message, completion: Completion, now: datetime) -> Request:
    person = completion.person
    confirmation = Confirmation(
        content=f"{offer.body}\n\n{inbound.text}",
        level=LEVEL,
        way=WAY,
        facts={
            "inbound": inbound.pk,
            "reference": inbound.reference,
            "carrier": inbound.carrier,
            "phone": masked(inbound.phone),
            "received_at": inbound.received_at.isoformat(),
            "offer": offer.pk,
            "offered_at": offer.created_at.isoformat(),
        },
    )
    language = person.language or offer.language
    return receive(
        draft=begin(person=person, kind=f"receive:{completion.pk}", now=now),
        completion=completion,
        wish=Wish(language=language if language in ("kk", "ru") else "ru"),
        seen=data_digest(completion),
        confirmation=confirmation,
        channel=Request.Channel.SMS_ANSWER,
        actor=applicant(person),
        now=now,
    )


def _reply(inbound: InboundSms, offer: Message, event: str, now: datetime, **params: Value) -> str:
    """Answer the number that wrote, in the language of the offer; the name of the event."""
    if not is_spent(REPLIES, inbound.phone, now=now):
        count_miss(REPLIES, inbound.phone, now=now)
        notify(
            event=event,
            about=f"inbound:{inbound.pk}",
            addresses=Addresses(sms=inbound.phone),
            language=offer.language,
            params=params,
            scope=offer.scope,
            now=now,
        )
    return event


def _last_offer_to(person: Person | None, *, until: datetime) -> Message | None:
    """The last offer to a person whose confirmed number this is, sent to another number."""
    if person is None:
        return None
    sent = Message.objects.filter(
        person=person, event=OFFER, channel=Message.Channel.SMS, created_at__lte=until
    )
    return sent.exclude(state=Message.State.FAILED).order_by("-pk").first()


def _page(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name)}"
