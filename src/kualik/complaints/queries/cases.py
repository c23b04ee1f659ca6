"""Complaints as people may see them, and who may handle one."""

import hmac
import re
from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings
from django.db.models import F, Q, QuerySet

from kualik.accounts.models import Person, User
from kualik.cases.models import LIVE_STATES, Request
from kualik.cases.queries.answering import answerable_of
from kualik.cases.queries.requests import name_has
from kualik.certificates.queries import letters_about
from kualik.complaints.models import Complaint
from kualik.core.clock import ZONE, local_day
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State

HANDLERS = frozenset({Role.REGISTRAR, Role.OFFICE_HEAD})
TAKERS = HANDLERS | {Role.CLERK, Role.CONTACT_CENTRE}
READERS = TAKERS | {Role.AUTHORISED_PERSON, Role.INSPECTOR}
STATUS_CODE_LENGTH = 8
DELAY = "delay"
OPEN = frozenset({Complaint.State.REGISTERED, Complaint.State.IN_REVIEW, Complaint.State.FORWARDED})
MOST_WORDS = 6
# What the contact centre is told by a caller: the serial part of a number, a part of a name.
SERIAL = re.compile(r"-S\d{6}-", re.IGNORECASE | re.ASCII)
NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[-'’]){2,}")
NOTHING = Q(pk__in=[])


def complaints_visible_to(user: User) -> QuerySet[Complaint]:
    """A provider's own for its staff, all for inspectors; the contact centre sees what is open,
    what came by phone and what it filed itself (A57.10.b)."""
    found = Complaint.objects.select_related("provider", "person", "request", "handler", "against")
    if user.provider_id is not None:
        return found.filter(provider=user.provider_id)
    if user.has_role(frozenset({Role.INSPECTOR})):
        return found
    by_phone = Q(channel=Complaint.Channel.PHONE)
    return found.filter(Q(state__in=sorted(OPEN)) | by_phone | Q(filed_by=user))


def complaints_of(person: Person) -> QuerySet[Complaint]:
    """The complaints of a person at all providers, the last first."""
    found = Complaint.objects.filter(person=person).select_related("provider", "request")
    return found.order_by("-received_at", "-pk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for among complaints; empty values look for everything.

    ``state`` is a state, or "open"; ``term`` is "late" or "soon".
    """

    text: str = ""
    state: str = ""
    subject: str = ""
    term: str = ""
    received_from: date | None = None


def search(found: QuerySet[Complaint], wanted: Wanted, *, now: datetime) -> QuerySet[Complaint]:
    """Those of ``found`` that fit: what must be done first at the top, the closed ones last."""
    fits = Q()
    for word in wanted.text.split()[:MOST_WORDS]:
        fits &= Q(number__icontains=word) | name_has(word, "complainant")
    if wanted.state == "open":
        fits &= Q(state__in=sorted(OPEN))
    elif wanted.state:
        fits &= Q(state=wanted.state)
    if wanted.subject:
        fits &= Q(subject=wanted.subject)
    if wanted.term == "late":
        fits &= Q(due_at__lt=now)
    elif wanted.term == "soon":
        fits &= Q(warn_at__lte=now, due_at__gte=now)
    if wanted.received_from is not None:
        fits &= Q(received_at__gte=datetime.combine(wanted.received_from, time(), ZONE))
    return found.filter(fits).order_by(F("due_at").asc(nulls_last=True), "-received_at", "pk")


def told_by_caller(text: str) -> Q:
    """What a caller names well enough for the contact centre to look: the whole number of a
    complaint, or each name by three letters and more; nothing for anything less."""
    words = text.split()[:MOST_WORDS]
    if len(words) == 1 and SERIAL.search(words[0]):
        return Q(number__icontains=words[0])
    fits = Q()
    for word in words:
        fits &= name_has(word, "complainant") if NAME.fullmatch(word) else NOTHING
    return fits if words else NOTHING


def barred_from(complaint: Complaint) -> frozenset[int]:
    """Who may not handle a complaint (APPC, article 97): the person complained of, whoever decided
    or signed what is complained of, and of a delay whoever answers for the provider's requests."""
    found = {complaint.against_id}
    if complaint.subject == DELAY:
        answers = answerable_of(complaint.provider)
        found.add(answers.user if answers else None)
    request = complaint.request
    if request is not None:
        found.add(request.decided_by_id)
        if request.certificate is not None:
            found.add(request.certificate.signer_id)
        found |= {letter.signer_id for letter in letters_about(f"request:{request.number}")}
    return frozenset(pk for pk in found if pk is not None)


def handlers_for(complaint: Complaint) -> QuerySet[User]:
    """The provider's staff who may be given a complaint."""
    staff = User.objects.filter(
        provider=complaint.provider_id, is_active=True, grants__role__in=sorted(HANDLERS)
    )
    return staff.exclude(pk__in=barred_from(complaint)).distinct().order_by("full_name", "pk")


def staff_of(complaint: Complaint) -> QuerySet[User]:
    """Everybody of the provider, to name the one complained of."""
    return User.objects.filter(provider=complaint.provider_id).order_by("full_name", "pk")


def was_asked_again(request: Request) -> bool:
    """Whether another request for the same training goes on or has its document already."""
    if request.completion_id is None:
        return False
    others = Request.objects.filter(completion=request.completion_id, state__in=LIVE_STATES)
    return others.exclude(pk=request.pk).exists()


def known_on(request: Request) -> date:
    """The day the person could know of the decision, or that the term ran out."""
    if request.state in (State.REFUSED, State.NOT_ACCEPTED) and request.decided_at is not None:
        return local_day(request.decided_at)
    return local_day(request.due_at)


def ways_were_named(request: Request) -> bool:
    """Whether the decision said where and until when to complain (APPC, article 92, part 1-1)."""
    if request.refusal:
        return bool(request.refusal.get("appeal"))
    return request.state not in (State.REFUSED, State.NOT_ACCEPTED)


def plain_number(text: str) -> str:
    """A number in its one spelling; ``complaint_not_found`` for what can be none."""
    try:
        return identifiers.parse_public_number(text).text
    except RuleViolation as error:
        raise RuleViolation("complaint_not_found") from error


def status_code(complaint: Complaint) -> str:
    """The second factor of the status page, printed on the receipt; it opens nothing else."""
    text = f"complaint {complaint.number}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), text, "sha256")
    return "".join(identifiers.CROCKFORD[byte % 32] for byte in digest[:STATUS_CODE_LENGTH])


def find_by_code(*, number: str, code: str) -> Complaint:
    """The complaint of a number and its code; ``complaint_not_found`` alike for a wrong either."""
    normal = plain_number(number)
    found = Complaint.objects.select_related("provider", "request").filter(number=normal).first()
    given = code.strip().upper().replace("-", "").replace(" ", "").translate(identifiers.READ_AS)
    if found is None or not hmac.compare_digest(given.encode(), status_code(found).encode()):
        raise RuleViolation("complaint_not_found")
    return found


def request_named(text: str) -> Request | None:
    """The request that somebody wrote the number of, if there is one."""
    try:
        number = identifiers.parse_public_number(text).text
    except RuleViolation:
        return None
    return Request.objects.select_related("provider", "person").filter(number=number).first()
