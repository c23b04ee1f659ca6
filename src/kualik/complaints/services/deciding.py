"""Deciding a complaint: one of six kinds, with reasons in both languages, and what follows
(A57.17-2; APPC, articles 91, 97, 100)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.services.upholding import (
    cancel_result,
    hasten_request,
    reissue_result,
    reopen_request,
)
from kualik.certificates.models import Certificate
from kualik.certificates.services.letters import draft_letter
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.complaints.queries import EFFECT_LABELS, barred_from, was_asked_again, words
from kualik.complaints.services.filing import clock_due, new_task_key, register_now
from kualik.complaints.services.handling import (
    AT_THE_PROVIDER,
    check_independence,
    check_role,
)
from kualik.complaints.services.moving import (
    State,
    change,
    close_tasks,
    ended,
    record,
    subject_of,
    with_clocks,
)
from kualik.complaints.services.telling import tell
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.tasks import close_task
from kualik.rules import standards
from kualik.rules.complaints import Decision, check_findings, law
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import AWAITING_RESULT, Role
from kualik.rules.lifecycle import State as RequestState

PROVIDER = "provider"
DELAY = "delay"
OF_MANNERS = frozenset({"queue", "conduct"})
UPHELD = Text("шағым қанағаттандырылды", "жалоба удовлетворена", "the complaint is upheld")
FOLLOWS = Text(
    " (қол қойылған шешім кейін беріледі)",
    " (подписанное решение придёт позже)",
    " (the signed decision follows)",
)
Effect = ComplaintDecision.Effect
REFUSED = frozenset({RequestState.REFUSED, RequestState.NOT_ACCEPTED})
ISSUED = frozenset({RequestState.ISSUED, RequestState.HANDED_OVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is decided; ``effect`` empty takes the one that follows by itself from the kind."""

    kind: str
    findings: Text
    effect: str = ""


@transaction.atomic
def decide_complaint(
    *, complaint: Complaint, ruling: Ruling, user: User, role: Role, now: datetime
) -> ComplaintDecision:
    """The provider's own decision; its letter waits for the signature of who made it.

    The handler decides. Somebody complained of may satisfy the complaint in full within the three
    days of article 91, part 4, and that alone; it is recorded as such. An answer that does not
    satisfy leaves the three-day term running until the case is sent on. Raises
    ``complaint_not_yours``, ``handler_unfit``, ``handler_not_independent``,
    ``complaint_findings_missing``, ``complaint_decision_unfit``, ``complaint_effect_unfit``, and
    what the effect on the request raises.
    """
    kind = law().decision(ruling.kind)
    check_findings(ruling.findings)
    is_own = _is_own_satisfaction(complaint, kind, user, now)
    _check_decider(complaint, user, is_own=is_own)
    if not kind.fits(complaint.subject):
        raise RuleViolation("complaint_decision_unfit")
    effect = _effect(complaint, kind, ruling.effect)
    actor = user.acting_as(role)
    register_now(complaint, actor=actor, now=now)
    done = ended(complaint, at=now) if kind.reopens else ended(complaint, PROVIDER, at=now)
    handler = complaint.handler or (None if is_own else user)
    change(
        complaint,
        frm=AT_THE_PROVIDER,
        state=State.DECIDED,
        handler=handler,
        closed_at=now,
        **with_clocks(done),
    )
    decision = _new_decision(complaint, ruling, effect, body=PROVIDER, user=user, now=now)
    decision.is_own = is_own
    decision.letter_number = _draft_letter(complaint, decision, kind, actor=actor, now=now)
    decision.save()
    _finish(complaint, decision, kind, "decided", actor=actor, now=now)
    return decision


@transaction.atomic
def record_body_decision(
    *,
    complaint: Complaint,
    ruling: Ruling,
    outer_number: str,
    outer_on: date,
    user: User,
    role: Role,
    now: datetime,
) -> ComplaintDecision:
    """Enter what the body decided that the complaint was sent to, and carry it out: it binds.

    Raises ``handler_unfit``, ``complaint_state_forbids`` unless it was sent on,
    ``filed_in_future``.
    """
    check_role(complaint, user)
    kind = law().decision(ruling.kind)
    check_findings(ruling.findings)
    if outer_on > local_day(now):
        raise RuleViolation("filed_in_future")
    effect = _effect(complaint, kind, ruling.effect)
    closed = with_clocks(ended(complaint, at=now))
    change(complaint, frm=(State.FORWARDED,), state=State.DECIDED, closed_at=now, **closed)
    body = str(complaint.clocks[-1]["term"])
    decision = _new_decision(complaint, ruling, effect, body=body, user=user, now=now)
    decision.outer_number, decision.outer_on = outer_number, outer_on
    decision.save()
    actor = user.acting_as(role)
    _finish(complaint, decision, kind, "body_decided", actor=actor, now=now)
    return decision


def effects_for(complaint: Complaint, kind: Decision) -> tuple[str, ...]:
    """What a decision of that kind may do to the request as it stands; the usual one first.

    Only a complaint of the decision itself undoes one; of the queue or of conduct it changes
    nothing in the request.
    """
    request = complaint.request
    if request is None or not kind.reopens or complaint.subject in OF_MANNERS:
        return (Effect.NONE,)
    if request.state in AWAITING_RESULT:
        return (Effect.HASTEN,)
    if complaint.subject == DELAY:
        return (Effect.NONE,)
    if request.state in REFUSED:
        return (Effect.NONE,) if was_asked_again(request) else (Effect.REOPEN,)
    standing = (Certificate.Status.VALID, Certificate.Status.SUSPENDED)
    certificate = request.certificate
    if request.state in ISSUED and certificate is not None and certificate.status in standing:
        return (Effect.REISSUE, Effect.CANCEL, Effect.NONE)
    return (Effect.NONE,)


def _effect(complaint: Complaint, kind: Decision, wanted: str) -> str:
    may = effects_for(complaint, kind)
    if not wanted:
        return may[0]
    if wanted not in may:
        raise RuleViolation("complaint_effect_unfit")
    return wanted


def _is_own_satisfaction(complaint: Complaint, kind: Decision, user: User, now: datetime) -> bool:
    """Whether somebody complained of satisfies in full within the three days."""
    if user.pk not in barred_from(complaint):
        return False
    return kind.satisfies and now <= clock_due(complaint, "forward")


def _check_decider(complaint: Complaint, user: User, *, is_own: bool) -> None:
    check_role(complaint, user)
    if is_own:
        return
    check_independence(complaint, user)
    if complaint.handler_id not in (None, user.pk):
        raise RuleViolation("complaint_not_yours", number=complaint.number)


def _new_decision(
    complaint: Complaint, ruling: Ruling, effect: str, *, body: str, user: User, now: datetime
) -> ComplaintDecision:
    return ComplaintDecision(
        complaint=complaint,
        body=body,
        kind=ruling.kind,
        findings_kk=ruling.findings.kk.strip(),
        findings_ru=ruling.findings.ru.strip(),
        effect=effect,
        decided_at=now,
        decided_by=user,
    )


def _draft_letter(
    complaint: Complaint,
    decision: ComplaintDecision,
    kind: Decision,
    *,
    actor: Actor,
    now: datetime,
) -> str:
    """The paper of the decision in both languages, for the decider's own signature."""
    request = complaint.request
    edition = request.edition if request else standards.in_force(local_day(now)).edition
    letter = draft_letter(
        kind="decision",
        provider=complaint.provider,
        person=complaint.person,
        about=subject_of(complaint),
        edition=edition,
        facts={
            "complaint": complaint.number,
            "filed_on": local_day(complaint.received_at),
            "applicant": Text(complaint.complainant, complaint.complainant),
            "subject": law().subject(complaint.subject).name,
            "complained_of": Text(complaint.text, complaint.text),
            "found": Text(decision.findings_kk, decision.findings_ru),
            "decision": kind.name,
            "effect": EFFECT_LABELS[decision.effect],
            "court": words().court,
            "decided_on": local_day(now),
        },
        signer=decision.decided_by,
        actor=actor,
        now=now,
    )
    return letter.number


def _finish(
    complaint: Complaint,
    decision: ComplaintDecision,
    kind: Decision,
    action: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Carry the decision out, journal it, tell the complainant."""
    data = {
        "decision": decision.kind,
        "effect": decision.effect,
        "body": decision.body,
        "is_own": decision.is_own,
        "letter": decision.letter_number,
        "reason": kind.name,
    }
    record(complaint, action, actor=actor, now=now, data=data)
    _carry_out(complaint, decision, kind, actor=actor, now=now)
    close_task(key=new_task_key(complaint), actor=actor, now=now)
    close_tasks(complaint, actor=actor, now=now)
    tell(complaint, "complaint_decided", now=now, occasion=decision.body, decision=_told(decision))


def _told(decision: ComplaintDecision) -> Text:
    """The outcome in a message: upheld or not; the provider's own paper is not signed yet."""
    kind = law().decision(decision.kind)
    said = UPHELD if kind.satisfies else kind.name
    follows = FOLLOWS if decision.body == PROVIDER else Text("", "")
    return Text(*[said.get(code) + follows.get(code) for code in LANGUAGES])


def _carry_out(
    complaint: Complaint,
    decision: ComplaintDecision,
    kind: Decision,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    act = {
        Effect.REOPEN: reopen_request,
        Effect.HASTEN: hasten_request,
        Effect.REISSUE: reissue_result,
        Effect.CANCEL: cancel_result,
    }.get(Effect(decision.effect))
    if act is None or complaint.request is None:
        return
    reason = Text(
        f"{complaint.number} шағымы: {kind.name.kk}", f"Жалоба {complaint.number}: {kind.name.ru}"
    )
    act(request=complaint.request, reason=reason, actor=actor, now=now)
