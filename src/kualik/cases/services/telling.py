"""What the person of a request is told, written in the transaction of the act itself.

Everybody hears that a request was filed in their name, and its result. That it was approved on the
way is news only to those who asked from afar and whose document still waits for a signature: who
stood at the counter or on a list would pay attention, and the provider money, for nothing to do.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from kualik.accounts.models import Person, PersonPhone
from kualik.cases.models import Request
from kualik.certificates.services.letters import (
    draft_letter,
    notice_letter_facts,
    refusal_letter_facts,
)
from kualik.core.journal import Actor
from kualik.notifications.models import Message
from kualik.notifications.services.sending import Addresses, Notice, notify_all
from kualik.notifications.services.wording import Value
from kualik.rules import standards
from kualik.rules.complaints import last_day_to_complain
from kualik.rules.refusal import Refusal

BATCH = 400
FROM_AFAR = frozenset({Request.Channel.WEB, Request.Channel.GATEWAY, Request.Channel.SMS_ANSWER})
# A complaint may bring a request back to be decided anew, and that is told as well.
DECIDED_AGAIN = frozenset({"request_refused", "request_not_accepted", "human_review_decided"})


def tell(*, request: Request, event: str, now: datetime, **params: Value) -> list[Message]:
    """Tell the person of a request of one event of the messages, see ``tell_all``."""
    return tell_all(requests=[request], event=event, now=now, **params)


def tell_all(
    *, requests: Sequence[Request], event: str, now: datetime, **params: Value
) -> list[Message]:
    """Tell the persons of requests: by the own e-mail, else the list's; by SMS to the confirmed
    phone, else to the list's number, which gets a notice and opens nothing.

    Number, times, link and the document's number are given; ``params`` are the other values of
    the event's text, the same for all. Call it in the transaction of the act.
    """
    if not requests:
        return []
    prefetch_related_objects(requests, "person", "completion", "certificate", "provider")
    phones = _confirmed_phones({request.person_id for request in requests})
    notices = [
        Notice(
            event=event,
            about=f"request:{request.number}",
            addresses=Addresses(
                email=request.person.email or request.email,
                sms=phones.get(request.person_id, "") or request.phone,
            ),
            language=_language(request.person, request),
            params={**_values(request), **params},
            person=request.person,
            scope=request.provider.code,
            occasion=str(request.version) if event in DECIDED_AGAIN else "",
        )
        for request in requests
    ]
    return notify_all(notices=notices, now=now)


def tell_filed(requests: Sequence[Request], *, now: datetime) -> None:
    """The receipt, at once: number, acceptance moment, due moment (A57.7.2, A303.7.2)."""
    tell_all(requests=requests, event="request_filed", now=now)


def tell_accepted(requests: Iterable[Request], *, now: datetime) -> None:
    """That the acceptance moment came, to those who filed outside office hours; to the others the
    receipt said it."""
    came_later = [row for row in requests if row.filed_at < row.accepted_at <= now]
    tell_all(requests=came_later, event="request_accepted", now=now)


def tell_approved(requests: Iterable[Request], *, now: datetime) -> None:
    """That a person's signature is all that is missing."""
    waiting = [row for row in requests if row.channel in FROM_AFAR]
    tell_all(requests=waiting, event="request_approved", now=now)


def tell_issued(requests: Sequence[Request], *, actor: Actor, now: datetime) -> None:
    """The result; who asked from afar also gets its notice as a sealed paper (A57.10-2)."""
    tell_all(requests=requests, event="request_issued", now=now)
    for request in requests:
        if request.channel in FROM_AFAR and request.certificate is not None:
            standard = standards.get(request.edition, request.edition_version)
            draft_letter(
                kind="notice",
                provider=request.provider,
                person=request.person,
                about=f"request:{request.number}",
                edition=request.edition,
                facts=notice_letter_facts(
                    certificate=request.certificate,
                    request=request.number,
                    service=standard.title,
                ),
                signer=None,
                actor=actor,
                now=now,
            )


def tell_refused(request: Request, decision: Refusal, *, actor: Actor, now: datetime) -> None:
    """The ground of a refusal and until when it may be complained of (A57.9, A303.9); its letter
    is drafted for the authorised person's signature (A57.10-2)."""
    kind = "refusal" if decision.ground.stage == "service" else "not_accepted"
    draft_letter(
        kind=kind,
        provider=request.provider,
        person=request.person,
        about=f"request:{request.number}",
        edition=request.edition,
        facts=refusal_letter_facts(
            decision=decision, request=request.number, applicant=request.holder
        ),
        signer=None,
        actor=actor,
        now=now,
    )
    tell(
        request=request,
        event="request_refused" if kind == "refusal" else "request_not_accepted",
        now=now,
        ground=decision.ground.text,
        appeal_until=last_day_to_complain(
            decision.decided_on, appeal=decision.appeal, ways_were_named=True
        ),
    )


def tell_handed_over(request: Request, *, now: datetime) -> None:
    """That somebody got the document: the person may say that it was not they."""
    given: dict[str, Value] = {"handed_at": now}
    if request.certificate is not None:
        page = reverse("certificates:by_code", args=[request.certificate.code])
        given["link"] = f"{settings.PUBLIC_URL}{page}"
    tell(request=request, event="request_handed_over", now=now, **given)


def short_link(request: Request) -> str:
    """The address in messages: the owner's page, for others the status page."""
    return f"{settings.PUBLIC_URL}{reverse('cases:short', args=[request.number])}"


def _values(request: Request) -> Mapping[str, Value]:
    return {
        "number": request.number,
        "accepted_at": request.accepted_at,
        "due_at": request.due_at,
        "certificate": request.certificate.number if request.certificate else "",
        "link": short_link(request),
    }


def _language(person: Person, request: Request) -> str:
    return person.language or request.language


def _confirmed_phones(persons: Iterable[int]) -> dict[int, str]:
    """The number last confirmed for each person, by primary key."""
    keys = sorted(persons)
    found: dict[int, str] = {}
    for start in range(0, len(keys), BATCH):
        rows = PersonPhone.objects.filter(person__in=keys[start : start + BATCH], ended_at=None)
        found |= dict(rows.order_by("confirmed_at", "pk").values_list("person", "phone"))
    return found
