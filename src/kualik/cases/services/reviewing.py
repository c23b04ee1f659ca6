"""A person looks again at what the machine decided, if the applicant demands it (Digital Code,
article 43)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from kualik.accounts.models import User
from kualik.cases.models import HumanReview, Request
from kualik.cases.queries import timeline
from kualik.cases.services.deciding import send_back_request
from kualik.cases.services.following.deciding import automatic_of
from kualik.cases.services.telling import tell
from kualik.certificates.services.standing import revoke_certificate
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.tasks import Task, close_task, open_task
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State

Outcome = HumanReview.Outcome
REVIEW_TASK = "human_review"
# Only who may send a draft back may change what the machine decided; not every provider has a head
# of the office.
CHANGERS = frozenset({Role.OFFICE_HEAD, Role.AUTHORISED_PERSON})
REVIEWERS = CHANGERS | {Role.REGISTRAR}
SAID = {
    Outcome.CONFIRMED: Text(
        "шешім өзгеріссіз қалды", "решение оставлено без изменений", "the decision stands"
    ),
    Outcome.CHANGED: Text("шешім өзгертілді", "решение изменено", "the decision is changed"),
}
CHANGED = Text(
    "Автоматты түрде қабылданған шешім қайта қаралып, өзгертілді",
    "Решение, принятое автоматически, пересмотрено и изменено",
    "The decision made automatically was looked at again and changed",
)


@transaction.atomic
def ask_review(*, request: Request, why: str, actor: Actor, now: datetime) -> HumanReview:
    """Register the demand and leave it to the office. Raises ``review_not_automatic`` when a person
    decided, ``review_asked_already``."""
    automatic = automatic_of(request, timeline(request))
    if automatic is None:
        raise RuleViolation("review_not_automatic", number=request.number)
    try:
        with transaction.atomic():
            review = HumanReview.objects.create(request=request, why=why, asked_at=now)
    except IntegrityError as error:
        raise RuleViolation("review_asked_already", number=request.number) from error
    for role in sorted(REVIEWERS):
        open_task(
            Task(
                key=_key(request, role),
                kind=REVIEW_TASK,
                subject=f"request:{request.number}",
                scope=request.provider.code,
                role=role,
                params={"number": request.number},
            ),
            now=now,
        )
    _record(request, "cases.review_asked", {}, actor=actor, now=now)
    tell(request=request, event="human_review_asked", now=now)
    return review


@transaction.atomic
def decide_review(
    *,
    review: HumanReview,
    outcome: HumanReview.Outcome,
    answer: Text,
    user: User,
    role: Role,
    now: datetime,
) -> HumanReview:
    """Answer the demand: the decision stands, or is changed: a draft goes back to review, a
    document in force is revoked.

    Raises ``review_decided_already``, ``review_answer_missing``, ``not_permitted`` for a change by
    a role that may not, and what sending back and revoking raise.
    """
    if not (answer.kk.strip() and answer.ru.strip()):
        raise RuleViolation("review_answer_missing")
    if outcome == Outcome.CHANGED and role not in CHANGERS:
        raise RuleViolation("not_permitted")
    values = {
        "outcome": outcome,
        "answer_kk": answer.kk,
        "answer_ru": answer.ru,
        "decided_at": now,
        "decided_by": user,
    }
    waiting = HumanReview.objects.filter(pk=review.pk, outcome=Outcome.OPEN)
    if not waiting.update(**values):
        raise RuleViolation("review_decided_already", number=review.request.number)
    request, actor = review.request, user.acting_as(role)
    if outcome == Outcome.CHANGED:
        _change(request, user=user, role=role, now=now)
    for each in sorted(REVIEWERS):
        close_task(key=_key(request, each), actor=actor, now=now)
    data = {"outcome": str(outcome)}
    _record(request, "cases.review_decided", data, actor=actor, now=now)
    tell(request=request, event="human_review_decided", now=now, decision=SAID[outcome])
    review.refresh_from_db()
    return review


def _change(request: Request, *, user: User, role: Role, now: datetime) -> None:
    if request.state == State.APPROVED:
        send_back_request(request=request, reason=CHANGED, user=user, role=role, now=now)
        return
    if request.certificate is None:
        raise RuleViolation("conflict", number=request.number)
    actor = user.acting_as(role)
    revoke_certificate(certificate=request.certificate, reason=CHANGED, actor=actor, now=now)


def _record(
    request: Request, action: str, data: Mapping[str, object], *, actor: Actor, now: datetime
) -> None:
    subject = f"request:{request.number}"
    journal.record(subject=subject, action=action, actor=actor, now=now, data=data)


def _key(request: Request, role: Role) -> str:
    return f"{REVIEW_TASK}:{request.number}:{role}"
