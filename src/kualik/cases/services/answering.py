"""A short message that answers an offer: "1" from the person's confirmed number files the request
(A303.10.a); everything else is told what to do.

The answer belongs to the newest offer that still waits for one: a second "1" takes the offer
before it, and each receipt names its programme. Who withdrew the consent agrees first.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from kualik.accounts.queries import person_of_phone, withdrawn_among
from kualik.accounts.services.entering import applicant
from kualik.cases.models import Request
from kualik.cases.queries import unrequested
from kualik.cases.queries.asking import live_request_of
from kualik.cases.services.application import Wish, data_digest
from kualik.cases.services.confirming import Confirmation
from kualik.cases.services.drafting import begin
from kualik.cases.services.offering import OFFER, completions_of
from kualik.cases.services.receiving import receive
from kualik.cases.services.telling import short_link
from kualik.core import errors
from kualik.core.jobs import Payload
from kualik.core.throttle import DAY, Limit, count_miss, is_spent
from kualik.notifications.models import InboundSms, Message
from kualik.notifications.queries import inbound_sms, sms_to
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
    offers = list(
        sms_to(phone=inbound.phone, person=person, event=OFFER, until=inbound.received_at)
    )
    offer, completion = _meant(offers)
    if offer is None:
        # Nobody asked: whoever writes first gets no machine to talk to.
        return "no_offer"
    if not is_yes(inbound.text):
        return _reply(inbound, offer, "answer_not_understood", now, link=_page("cases:cabinet"))
    if person is None or offer.person_id != person.pk:
        return _reply(inbound, offer, "number_unconfirmed", now, link=_page("cases:phones"))
    if withdrawn_among([person.pk]):
        return _reply(inbound, offer, "consent_first", now, link=_page("accounts:consent"))
    if completion is None:
        return "completion_gone"
    return _received(inbound, offer, completion, now)


def _meant(offers: Sequence[Message]) -> tuple[Message | None, Completion | None]:
    """Of offers, the newest first, the one that an answer is about and its completed programme:
    the first that nobody asked for yet, otherwise the newest."""
    known = completions_of(offer.about for offer in offers)
    rows = Completion.objects.filter(pk__in=[row.pk for row in known.values()])
    free = set(unrequested(rows).values_list("pk", flat=True))
    for offer in offers:
        if offer.about in known and known[offer.about].pk in free:
            return offer, known[offer.about]
    return (offers[0], known.get(offers[0].about)) if offers else (None, None)


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


def _page(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name)}"
