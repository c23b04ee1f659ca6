"""Powers of attorney: entered, checked, confirmed, refused, revoked (A57.8.head, A303.8.head).

One counts when a clerk of the provider saw the paper, or when the principal confirmed it after a
strong entry. Nobody learns from these pages whether the principal's IIN is known here.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from kualik.accounts.adapters import iin_hash
from kualik.accounts.models import Person, User
from kualik.accounts.queries.looks import ENTERED
from kualik.accounts.services.entering import applicant
from kualik.cases.models import Attachment, Draft, Mandate
from kualik.cases.queries.mandates import OTHER_REASON, principal_of, refusal_reasons
from kualik.cases.services.drafting import finish, held
from kualik.cases.services.reaching import tell_person
from kualik.core import jobs, journal
from kualik.core.clock import local_day
from kualik.core.jobs import Payload
from kualik.core.journal import Actor
from kualik.core.models import JournalEntry
from kualik.core.tasks import Task, close_task, open_task
from kualik.notifications.services.wording import Value
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_iin
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

# Each of them costs a clerk's time and sends the principal a message.
MOST_WAITING: Final = 5
MOST_A_DAY: Final = 5
A_DAY: Final = timedelta(days=1)
MOST_YEARS: Final = 3
STRONG_LEVELS: Final = frozenset({"eds", "idp"})
# The room of the reason in the register of mandates.
REASON_LIMIT: Final = 500
ASKED_JOB: Final = "cases.mandate_asked"
State = Mandate.State


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateFacts:
    """What the paper says; the IIN is the principal's and is kept as a keyed hash only, which may
    come in its place."""

    principal_iin: str
    principal_name: str
    provider: Provider
    document_number: str
    issued_by: str
    issued_on: date
    valid_until: date
    principal_hash: str = ""

    @property
    def digest(self) -> str:
        """The keyed hash of the principal's IIN. Raises ``iin_…``."""
        return self.principal_hash or hash_of(self.principal_iin)


@transaction.atomic
def ask_mandate(
    *,
    representative: Person,
    facts: MandateFacts,
    scans: Sequence[Attachment],
    draft: Draft,
    now: datetime,
) -> Mandate:
    """Enter a power of attorney that waits for its check; the same draft enters one.

    ``scans`` are attachments of the draft. Raises what ``check_facts`` raises,
    ``mandate_needs_scan``, ``too_many_mandates``.
    """
    current = held(draft=draft)
    if current.result:
        return Mandate.objects.get(pk=current.result, representative=representative)
    check_facts(facts, representative=representative, now=now)
    if not scans:
        raise RuleViolation("mandate_needs_scan")
    own = Mandate.objects.filter(representative=representative)
    # One whose term ended while it waited stops nobody: the person cannot take it back any more.
    waiting = own.filter(state=State.WAITING, valid_until__gte=local_day(now))
    too_many = waiting.count() >= MOST_WAITING
    if too_many or own.filter(created_at__gt=now - A_DAY).count() >= MOST_A_DAY:
        raise RuleViolation("too_many_mandates")
    mandate = _new(representative, facts, now)
    mandate.save(force_insert=True)
    moved = Attachment.objects.filter(
        pk__in=[row.pk for row in scans], draft=current, person=representative
    )
    moved.update(mandate=mandate, draft=None)
    finish(draft=current, result=str(mandate.pk), now=now)
    _record(mandate, "cases.mandate_asked", actor=applicant(representative), now=now)
    _leave_to_clerk(mandate, now=now)
    # By a job, whether or not the principal is known: neither time nor statements tell of it.
    payload = {"mandate": mandate.pk}
    jobs.enqueue(name=ASKED_JOB, key=f"{ASKED_JOB}:{mandate.pk}", payload=payload, now=now)
    return mandate


def run_asked_job(payload: Payload, now: datetime) -> None:
    """Tell the principal, if known to us, that somebody asks to act for them."""
    mandate = Mandate.objects.select_related("provider", "principal", "representative").get(
        pk=str(payload["mandate"])
    )
    if mandate.state == State.WAITING:
        _tell_principal(mandate, "mandate_asked", now=now)


@transaction.atomic
def register_mandate(
    *, representative: Person, facts: MandateFacts, user: User, role: Role, now: datetime
) -> Mandate:
    """Enter a power of attorney whose original a clerk of the provider has in hand; it counts at
    once. Raises ``not_permitted``, ``own_case`` and what ``check_facts`` raises."""
    check_facts(facts, representative=representative, now=now)
    mandate, actor = _new(representative, facts, now), user.acting_as(role)
    _check_officer(mandate, user)
    mandate.state, mandate.checked_at, mandate.checked_by = State.CHECKED, now, actor.name
    mandate.evidence = {"by": "counter", "role": actor.role}
    mandate.save(force_insert=True)
    _record(mandate, "cases.mandate_checked", actor=actor, now=now, by="counter")
    _tell_both(mandate, "mandate_checked", now=now)
    return mandate


@transaction.atomic
def check_mandate(
    *, mandate: Mandate, principal_iin: str, user: User, role: Role, now: datetime
) -> None:
    """A clerk has compared the scan: the IIN in it, typed anew, is the one that was entered.

    Raises ``iin_…``, ``mandate_iin_differs``, ``mandate_expired``, ``own_case``, ``conflict``.
    """
    _check_officer(mandate, user)
    if iin_hash(parse_iin(principal_iin).value) != mandate.principal_hash:
        raise RuleViolation("mandate_iin_differs")
    actor = user.acting_as(role)
    _accept(mandate, actor=actor, evidence={"by": "clerk", "role": role.value}, now=now)


@transaction.atomic
def refuse_mandate(
    *, mandate: Mandate, ground: str, remark: Text, user: User, role: Role, now: datetime
) -> None:
    """Refuse with a reason of the list, and in own words where it says too little.

    Raises ``reason_missing``, ``own_case``, ``conflict``.
    """
    _check_officer(mandate, user)
    reason = reason_of(ground, remark)
    _leave(mandate, State.REFUSED, reason, actor=user.acting_as(role), frm=[State.WAITING], now=now)
    _tell_representative(mandate, "mandate_refused", now=now, reason=reason)


@transaction.atomic
def confirm_mandate(
    *, mandate: Mandate, principal: Person, way: str, level: str, now: datetime
) -> None:
    """The principal says so, after an entry by EDS or by the identification system.

    The evidence is that entry with its certificate. Raises ``not_permitted``, ``entry_too_weak``,
    ``mandate_expired``, ``conflict``.
    """
    _check_principal(mandate, principal)
    if level not in STRONG_LEVELS:
        raise RuleViolation("entry_too_weak")
    evidence = {"by": "principal", "way": way, "level": level, **_entry_of(principal, way, level)}
    _accept(mandate, actor=applicant(principal), evidence=evidence, now=now)


@transaction.atomic
def revoke_mandate(*, mandate: Mandate, person: Person, now: datetime) -> None:
    """The principal takes it back, or rejects one that only waits; the representative may give it
    up. No strong entry is asked for: it takes powers away and gives none.

    Raises ``not_permitted``, ``conflict``.
    """
    if person.pk != mandate.representative_id:
        _check_principal(mandate, person)
    by = "representative" if person.pk == mandate.representative_id else "principal"
    was_checked = mandate.state == State.CHECKED
    frm = [State.WAITING, State.CHECKED]
    nothing = Text("", "")
    _leave(mandate, State.REVOKED, nothing, actor=applicant(person), frm=frm, now=now, by=by)
    if by == "principal":
        _tell_representative(mandate, "mandate_revoked", now=now)
    elif was_checked:
        _tell_principal(mandate, "mandate_revoked", now=now)


def check_facts(facts: MandateFacts, *, representative: Person, now: datetime) -> None:
    """Raises ``iin_…``, ``mandate_for_oneself``, ``mandate_days_wrong``, ``mandate_expired``, and
    ``mandate_too_long`` (Civil Code, art. 168: three years at most)."""
    today = local_day(now)
    if facts.digest == representative.iin_hash:
        raise RuleViolation("mandate_for_oneself")
    if not facts.issued_on <= min(facts.valid_until, today):
        raise RuleViolation("mandate_days_wrong")
    if facts.valid_until < today:
        raise RuleViolation("mandate_expired", on=f"{facts.valid_until:%d.%m.%Y}")
    if facts.valid_until > _years_later(facts.issued_on, MOST_YEARS):
        raise RuleViolation("mandate_too_long")


def hash_of(iin: str) -> str:
    """The keyed hash by which an IIN is kept. Raises ``iin_…``."""
    return iin_hash(parse_iin(iin).value)


def end_without_term(issued_on: date) -> date:
    """The last day of a power of attorney that names no term (Civil Code, art. 168)."""
    return _years_later(issued_on, 1)


def reason_of(ground: str, remark: Text) -> Text:
    """The reason as the representative reads it. Raises ``reason_missing``."""
    found = refusal_reasons().get(ground)
    said = Text(remark.kk.strip(), remark.ru.strip())
    if found is None or (ground == OTHER_REASON and not (said.kk and said.ru)):
        raise RuleViolation("reason_missing")
    if ground == OTHER_REASON:
        return Text(said.kk[:REASON_LIMIT], said.ru[:REASON_LIMIT])
    return Text(
        f"{found.kk} {said.kk}".strip()[:REASON_LIMIT],
        f"{found.ru} {said.ru}".strip()[:REASON_LIMIT],
    )


def task_key(mandate: Mandate) -> str:
    """The key of the clerk's task."""
    return f"mandate:{mandate.pk}"


def _new(representative: Person, facts: MandateFacts, now: datetime) -> Mandate:
    digest = facts.digest
    return Mandate(
        representative=representative,
        principal=Person.objects.filter(iin_hash=digest).first(),
        principal_hash=digest,
        principal_name=facts.principal_name,
        provider=facts.provider,
        document_number=facts.document_number,
        issued_by=facts.issued_by,
        issued_on=facts.issued_on,
        valid_until=facts.valid_until,
        created_at=now,
    )


def _leave_to_clerk(mandate: Mandate, *, now: datetime) -> None:
    task = Task(
        key=task_key(mandate),
        kind="mandate_waiting",
        subject=f"mandate:{mandate.pk}",
        scope=mandate.provider.code,
        role=Role.CLERK.value,
        params={"mandate": mandate.pk},
    )
    open_task(task, now=now)


def _accept(
    mandate: Mandate, *, actor: Actor, evidence: Mapping[str, object], now: datetime
) -> None:
    if mandate.valid_until < local_day(now):
        raise RuleViolation("mandate_expired", on=f"{mandate.valid_until:%d.%m.%Y}")
    values: dict[str, object] = {
        "state": State.CHECKED,
        "checked_at": now,
        "checked_by": actor.name,
        "evidence": dict(evidence),
        "principal": principal_of(mandate),
    }
    _move(mandate, [State.WAITING], values)
    close_task(key=task_key(mandate), actor=actor, now=now)
    _record(mandate, "cases.mandate_checked", actor=actor, now=now, **evidence)
    _tell_both(mandate, "mandate_checked", now=now)


def _leave(
    mandate: Mandate,
    state: Mandate.State,
    reason: Text,
    *,
    actor: Actor,
    frm: Sequence[Mandate.State],
    now: datetime,
    by: str = "clerk",
) -> None:
    ended = {"by": by, "at": now.isoformat()}
    values: dict[str, object] = {
        "state": state,
        "reason_kk": reason.kk,
        "reason_ru": reason.ru,
        "evidence": {**mandate.evidence, "ended": ended},
    }
    _move(mandate, frm, values)
    close_task(key=task_key(mandate), actor=actor, now=now)
    _record(mandate, f"cases.mandate_{state.value}", actor=actor, now=now, by=by, reason=reason.ru)


def _move(mandate: Mandate, frm: Sequence[Mandate.State], values: Mapping[str, object]) -> None:
    """Write the new state if nobody wrote another one before."""
    if not Mandate.objects.filter(pk=mandate.pk, state__in=frm).update(**values):
        raise RuleViolation("conflict")
    for name, value in values.items():
        setattr(mandate, name, value)


def _check_officer(mandate: Mandate, user: User) -> None:
    """A clerk of that provider, and neither of the two whom the paper names."""
    if user.provider_id != mandate.provider_id:
        raise RuleViolation("not_permitted")
    if user.iin_hash and user.iin_hash in (mandate.representative.iin_hash, mandate.principal_hash):
        raise RuleViolation("own_case")


def _check_principal(mandate: Mandate, person: Person) -> None:
    if person.iin_hash != mandate.principal_hash:
        raise RuleViolation("not_permitted")


def _entry_of(person: Person, way: str, level: str) -> dict[str, object]:
    """The person's last entry by that way as the journal has it: its place in the chain and the
    certificate. Another browser may have been entered by a weaker way since."""
    entries = JournalEntry.objects.filter(
        subject=f"person:{person.pk}", action=ENTERED, data__way=way, data__level=level
    )
    entry = entries.order_by("-sequence").first()
    if entry is None:
        return {}
    return {
        "entry": entry.sequence,
        "entered_at": entry.at.isoformat(),
        "certificate": str(entry.data.get("certificate", "")),
    }


def _years_later(day: date, years: int) -> date:
    last = calendar.monthrange(day.year + years, day.month)[1]
    return day.replace(year=day.year + years, day=min(day.day, last))


def _record(mandate: Mandate, action: str, *, actor: Actor, now: datetime, **data: object) -> None:
    journal.record(subject=f"mandate:{mandate.pk}", action=action, actor=actor, now=now, data=data)


def _tell_both(mandate: Mandate, event: str, *, now: datetime) -> None:
    _tell_representative(mandate, event, now=now)
    _tell_principal(mandate, event, now=now)


def _tell_principal(mandate: Mandate, event: str, *, now: datetime) -> None:
    """Where the person is known to us; whoever entered the paper learns nothing of that."""
    principal = principal_of(mandate)
    if principal is not None:
        _tell(mandate, principal, event, occasion="principal", now=now)


def _tell_representative(mandate: Mandate, event: str, *, now: datetime, **params: Value) -> None:
    _tell(mandate, mandate.representative, event, occasion="", now=now, **params)


def _tell(
    mandate: Mandate, person: Person, event: str, *, occasion: str, now: datetime, **params: Value
) -> None:
    tell_person(
        person=person,
        event=event,
        about=f"mandate:{mandate.pk}",
        path=reverse("cases:mandates"),
        params={
            "name": mandate.representative.full_name,
            "provider": mandate.provider.name,
            "valid_until": mandate.valid_until,
            **params,
        },
        scope=mandate.provider.code,
        occasion=occasion,
        now=now,
    )
