"""What the person of a request is told, written in the transaction of the act itself.

Everybody hears that a request was filed in their name, and its result. That it was approved on the
way is news only to those who asked from afar and whose document still waits for a signature: who
stood at the counter or on a list would pay attention, and the provider money, for nothing to do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.accounts.queries import confirmed_phones
from kualik.cases.adapters.observers import REFUSAL_SIGNED, Change, announce
from kualik.cases.models import Mandate, Request
from kualik.cases.queries import status_code
from kualik.certificates.models import Certificate, Letter
from kualik.certificates.services.letters import draft_letter, notice_letter_facts
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM, Actor
from kualik.notifications.models import Message
from kualik.notifications.services.sending import Addresses, Notice, notify_all
from kualik.notifications.services.wording import Value
from kualik.rules import standards
from kualik.rules.complaints import last_day_to_complain
from kualik.rules.lifecycle import Role
from kualik.rules.refusal import Refusal

FROM_AFAR = frozenset({Request.Channel.WEB, Request.Channel.GATEWAY, Request.Channel.SMS_ANSWER})
# What happened at the counter between two people who were there.
IN_PERSON = frozenset({"request_handed_over"})
# A complaint may bring a request back to be decided anew, and that is told as well.
DECIDED_AGAIN = frozenset(
    {"request_refused", "request_not_accepted", "refusal_signed", "human_review_decided"}
)
REFUSALS = frozenset({Letter.Kind.REFUSAL, Letter.Kind.NOT_ACCEPTED})


def tell(*, request: Request, event: str, now: datetime, **params: Value) -> list[Message]:
    """Tell the person of a request of one event of the messages, see ``tell_all``."""
    return tell_all(requests=[request], event=event, now=now, **params)


def tell_all(
    *, requests: Sequence[Request], event: str, now: datetime, **params: Value
) -> list[Message]:
    """Tell the persons of requests: by the own e-mail, else the list's; by SMS to the confirmed
    phone, else to the list's number, which gets a notice and opens nothing. Who filed by a power
    of attorney in force hears the same, by own addresses alone.

    Number, times, link and the document's number are given; ``params`` are the other values of
    the event's text, the same for all. Call it in the transaction of the act.
    """
    if not requests:
        return []
    prefetch_related_objects(
        requests,
        "person",
        "completion__programme",
        "certificate",
        "provider",
        "mandate__representative",
    )
    agents = {} if event in IN_PERSON else _representatives(requests, today=local_day(now))
    told = {request.person_id for request in requests} | {agent.pk for agent in agents.values()}
    phones = confirmed_phones(told)
    notices = [_notice(request, event, phones, params) for request in requests]
    notices += [
        replace(
            notice,
            addresses=Addresses(email=agents[pk].email, sms=phones.get(agents[pk].pk, "")),
            language=agents[pk].language or notice.language,
            person=agents[pk],
            occasion=f"{notice.occasion}representative",
        )
        for pk, notice in zip([request.pk for request in requests], notices, strict=True)
        if pk in agents
    ]
    return notify_all(notices=notices, now=now)


def _notice(
    request: Request, event: str, phones: Mapping[int, str], params: Mapping[str, Value]
) -> Notice:
    return Notice(
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


def _representatives(requests: Iterable[Request], *, today: date) -> dict[int, Person]:
    """Who filed by a power of attorney that is in force today, by the request's primary key."""
    return {
        request.pk: request.mandate.representative
        for request in requests
        if request.mandate is not None
        and request.mandate.state == Mandate.State.CHECKED
        and request.mandate.valid_until >= today
    }


def tell_filed(requests: Sequence[Request], *, now: datetime) -> None:
    """The receipt, at once: number, acceptance moment, due moment (A57.7.2, A303.7.2); of an SMS
    answer with its programme, since several offers may lie on one phone."""
    asked_for = [row for row in requests if not _is_correction(row)]
    answered = [row for row in asked_for if row.channel == Request.Channel.SMS_ANSWER]
    others = [row for row in asked_for if row not in answered]
    tell_all(requests=others, event="request_filed", now=now)
    tell_all(requests=answered, event="answer_filed", now=now)


def tell_accepted(requests: Iterable[Request], *, now: datetime) -> None:
    """That the acceptance moment came, to those who filed outside office hours; to the others the
    receipt said it."""
    came_later = [row for row in requests if row.filed_at < row.accepted_at <= now]
    came_later = [row for row in came_later if not _is_correction(row)]
    tell_all(requests=came_later, event="request_accepted", now=now)


def tell_approved(requests: Iterable[Request], *, now: datetime) -> None:
    """That a person's signature is all that is missing."""
    waiting = [row for row in requests if row.channel in FROM_AFAR]
    tell_all(requests=waiting, event="request_approved", now=now)


def tell_issued(requests: Sequence[Request], *, actor: Actor, now: datetime) -> None:
    """The result; who asked from afar also gets its notice as a sealed paper (A57.10-2)."""
    corrected = [row for row in requests if _is_correction(row)]
    first = [row for row in requests if row not in corrected]
    tell_all(requests=first, event="request_issued", now=now)
    tell_all(requests=corrected, event="corrected_document_issued", now=now)
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


def _is_correction(request: Request) -> bool:
    """Whether staff filed it to replace a standing document: nobody but they asked for it, and its
    person hears once, when the corrected document is there."""
    if request.replaces is None or request.channel != Request.Channel.REGISTRAR:
        return False
    return request.replaces.status != Certificate.Status.REVOKED


def tell_refused(
    request: Request,
    decision: Refusal,
    *,
    kind: Letter.Kind,
    facts: Mapping[str, object],
    actor: Actor,
    now: datetime,
) -> None:
    """The ground of a refusal and until when it may be complained of (A57.9, A303.9); its letter
    of that kind and those facts is drafted for the authorised person's signature (A57.10-2)."""
    draft_letter(
        kind=kind,
        provider=request.provider,
        person=request.person,
        about=f"request:{request.number}",
        edition=request.edition,
        facts=facts,
        signer=None,
        actor=actor,
        now=now,
    )
    tell(
        request=request,
        event="request_refused" if kind == Letter.Kind.REFUSAL else "request_not_accepted",
        now=now,
        ground=decision.ground.text,
        appeal_until=last_day_to_complain(
            decision.decided_on, appeal=decision.appeal, ways_were_named=True
        ),
    )


def tell_signed(letter: Letter, *, now: datetime) -> None:
    """That a refusal is there as a document (A57.10-2); of the other letters, the message of the
    decision says all that is to be said."""
    if letter.kind in REFUSALS:
        request = Request.objects.get(number=letter.about.removeprefix("request:"))
        actor = letter.signer.acting_as(Role.AUTHORISED_PERSON) if letter.signer else SYSTEM
        announce([Change(request=request, events=(REFUSAL_SIGNED,), actor=actor, at=now)])
        tell(request=request, event="refusal_signed", now=now)


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
        "programme": request.title,
        "accepted_at": request.accepted_at,
        "due_at": request.due_at,
        "certificate": request.certificate.number if request.certificate else "",
        "link": short_link(request),
        "code": status_code(request),
    }


def _language(person: Person, request: Request) -> str:
    return person.language or request.language
