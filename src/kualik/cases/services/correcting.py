"""A person's wish to have data written otherwise, and the office's answer to it.

It stops nothing else: a request about the same training goes on. An accepted wish corrects the
completion, and a document that stands already is replaced by a new one, never changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.urls import reverse

from kualik.accounts.models import Person, User
from kualik.accounts.services.entering import applicant
from kualik.cases.models import LIVE_STATES, Attachment, Correction, Draft, Request
from kualik.cases.queries.corrections import open_correction, requests_about, standing_documents
from kualik.cases.services.deciding import approve_request, send_back_request
from kualik.cases.services.drafting import finish, held
from kualik.cases.services.filing import file_replacement
from kualik.cases.services.printing import check_printable
from kualik.cases.services.reaching import tell_person
from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.core.tasks import Task, close_task, open_task
from kualik.notifications.services.sending import Addresses
from kualik.providers.models import Provider
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Event, Role, State, allowed_events
from kualik.rules.spelling import split_full_name
from kualik.training.models import Completion
from kualik.training.services import correct_completion, corrected_name
from kualik.training.services.correcting import HOLDER, NAMES, PARTS

NUMBER_LETTER: Final = "T"
# What a certificate prints of a completion; the parts of the name stand in no document.
PRINTED: Final = frozenset({*HOLDER, "started_on", "mastered_on"})
ACCEPTED: Final = Text(
    "қанағаттандырылды, деректер түзетілді",
    "удовлетворено, данные исправлены",
    "granted, the data are corrected",
)
REFUSED: Final = Text("бас тартылды", "отказано", "refused")
REDRAFTED: Final = Text(
    "Деректер түзетілді, құжат қайта дайындалды", "Данные исправлены, документ составлен заново"
)
# Each of them costs the office time and keeps scans, withdrawn or not.
MOST_A_DAY: Final = 10
A_DAY: Final = timedelta(days=1)
Days = Mapping[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants written: new names by field, and a note about what else is wrong."""

    completion: Completion
    names: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    language: str = "kk"


def names_of(completion: Completion) -> dict[str, str]:
    """The names of a completion by field, as they stand now."""
    return {name: getattr(completion, name) for name in NAMES}


def wanted_names(completion: Completion, typed: Mapping[str, str]) -> dict[str, str]:
    """What would change: the typed names put in order, and what follows from them.

    Whoever corrects the full name alone means its parts too, and the reverse, as far as they agreed
    before. Raises what ``corrected_name`` raises.
    """
    before = names_of(completion)
    after = before | {name: corrected_name(name, text) for name, text in typed.items()}
    parts_changed = any(before[name] != after[name] for name in PARTS)
    whole = " ".join(filter(None, (before[name] for name in PARTS)))
    for name in HOLDER:
        if parts_changed and before[name] == after[name] == whole:
            after[name] = " ".join(filter(None, (after[part] for part in PARTS)))
        elif not parts_changed and before[name] == whole != after[name]:
            after |= _parts(after[name])
            break
    return {name: text for name, text in after.items() if text != before[name]}


@transaction.atomic
def file_correction(
    *,
    person: Person,
    wish: Wish,
    scans: Sequence[Attachment],
    draft: Draft,
    now: datetime,
) -> Correction:
    """Register the wish and leave it to the registrar; the same draft files one.

    ``scans`` are attachments of the draft. Raises ``not_permitted``, ``correction_empty``,
    ``correction_needs_scan``, ``correction_exists``, ``too_many_corrections``, and for names that
    no document holds ``paper_overflow``.
    """
    current = held(draft=draft)
    if current.result:
        return Correction.objects.get(number=current.result, person=person)
    completion = wish.completion
    _check(person, wish, scans, now)
    check_printable(completion, wish.names)
    correction = _register(person, wish, now)
    keys = [row.pk for row in scans]
    moved = Attachment.objects.filter(pk__in=keys, draft=current, person=person)
    moved.update(correction=correction, draft=None)
    finish(draft=current, result=correction.number, now=now)
    actor = applicant(person)
    _record(correction, "cases.correction_filed", actor=actor, now=now, fields=sorted(wish.names))
    open_task(
        Task(
            key=task_key(correction),
            kind="correction_filed",
            subject=f"correction:{correction.number}",
            scope=completion.provider.code,
            role=Role.REGISTRAR.value,
            params={"number": correction.number},
        ),
        now=now,
    )
    _tell(correction, "correction_filed", {}, now=now)
    return correction


@transaction.atomic
def accept_correction(
    *, correction: Correction, days: Days, user: User, role: Role, now: datetime
) -> Request | None:
    """Correct the completion as asked, ``days`` of training too where the note was about them; the
    request for a new document, if one was due.

    A draft that waits for its seal is given up and made anew by whoever may send it back. Raises
    ``conflict``, ``own_case``, ``correction_draft_waits``, ``correction_document_suspended``,
    ``paper_overflow`` where no document holds the new data, and what ``correct_completion`` and
    ``file_replacement`` raise.
    """
    _close(correction, Correction.State.DONE, user=user, role=role, now=now)
    _hold_requests(correction.completion)
    actor = user.acting_as(role)
    changes: dict[str, str | date] = {**correction.wanted, **days}
    completion = correct_completion(
        completion=correction.completion, changes=changes, actor=actor, now=now
    )
    _record(correction, "cases.correction_accepted", actor=actor, now=now, fields=sorted(changes))
    ordered = None
    if PRINTED & changes.keys():
        check_printable(completion, {})
        _redraft(completion, user=user, role=role, now=now)
        ordered = _order_replacement(correction, completion, user=user, role=role, now=now)
    _tell(correction, "correction_decided", {"decision": ACCEPTED}, now=now)
    return ordered


@transaction.atomic
def refuse_correction(
    *, correction: Correction, reason: Text, user: User, role: Role, now: datetime
) -> None:
    """Leave the data as they are, for a reason that the person reads. Raises ``conflict``,
    ``own_case``, ``reason_missing``."""
    if not (reason.kk.strip() and reason.ru.strip()):
        raise RuleViolation("reason_missing")
    given = {"reason_kk": reason.kk, "reason_ru": reason.ru}
    _close(correction, Correction.State.REFUSED, user=user, role=role, now=now, **given)
    actor = user.acting_as(role)
    _record(correction, "cases.correction_refused", actor=actor, now=now, reason=reason)
    _tell(correction, "correction_decided", {"decision": REFUSED}, now=now)


@transaction.atomic
def withdraw_correction(*, correction: Correction, person: Person, now: datetime) -> None:
    """The person wants it no more. Raises ``conflict`` when it was answered already."""
    rows = Correction.objects.filter(pk=correction.pk, person=person, state=Correction.State.OPEN)
    if not rows.update(state=Correction.State.WITHDRAWN, decided_at=now):
        raise RuleViolation("conflict", number=correction.number)
    actor = applicant(person)
    close_task(key=task_key(correction), actor=actor, now=now)
    _record(correction, "cases.correction_withdrawn", actor=actor, now=now)


def task_key(correction: Correction) -> str:
    """The key of the registrar's task."""
    return f"correction:{correction.number}"


def _parts(full_name: str) -> dict[str, str]:
    try:
        found = split_full_name(full_name)
    except RuleViolation:
        return {}
    return dict(zip(PARTS, found, strict=True))


def _check(person: Person, wish: Wish, scans: Sequence[Attachment], now: datetime) -> None:
    if wish.completion.person_id != person.pk:
        raise RuleViolation("not_permitted")
    if not (wish.names or wish.note.strip()):
        raise RuleViolation("correction_empty")
    if not scans:
        raise RuleViolation("correction_needs_scan")
    earlier = open_correction(wish.completion)
    if earlier is not None:
        raise RuleViolation("correction_exists", number=earlier.number)
    filed = Correction.objects.filter(person=person, filed_at__gt=now - A_DAY)
    if filed.count() >= MOST_A_DAY:
        raise RuleViolation("too_many_corrections")


def _register(person: Person, wish: Wish, now: datetime) -> Correction:
    """The row with the next number; the provider's row is locked until commit."""
    provider = Provider.objects.select_for_update().get(pk=wish.completion.provider_id)
    try:
        with transaction.atomic():
            return Correction.objects.create(
                provider=provider,
                person=person,
                completion=wish.completion,
                number=_next_number(provider, local_day(now).year),
                wanted=dict(wish.names),
                before=names_of(wish.completion),
                note=wish.note.strip(),
                language=wish.language,
                filed_at=now,
            )
    except IntegrityError as error:
        raise RuleViolation("conflict") from error


def _next_number(provider: Provider, year: int) -> str:
    rows = Correction.objects.filter(
        provider=provider, number__startswith=f"{provider.code}-{year}-{NUMBER_LETTER}"
    )
    last = rows.order_by("-number").values_list("number", flat=True).first()
    sequence = identifiers.parse_public_number(last).sequence + 1 if last else 1
    return identifiers.public_number(
        prefix=provider.code, year=year, sequence=sequence, letter=NUMBER_LETTER
    )


def _close(
    correction: Correction,
    state: Correction.State,
    *,
    user: User,
    role: Role,
    now: datetime,
    **given: str,
) -> None:
    """Write the answer if nobody answered before."""
    if user.provider_id != correction.provider_id:
        raise RuleViolation("not_permitted")
    if user.iin_hash and user.iin_hash == correction.person.iin_hash:
        raise RuleViolation("own_case")
    values = {"state": state, "decided_at": now, "decided_by": user, **given}
    if not Correction.objects.filter(pk=correction.pk, state=Correction.State.OPEN).update(
        **values
    ):
        raise RuleViolation("conflict", number=correction.number)
    for name, value in values.items():
        setattr(correction, name, value)
    close_task(key=task_key(correction), actor=user.acting_as(role), now=now)


def _hold_requests(completion: Completion) -> None:
    """Whoever approves one at this moment ends first, or waits and drafts with the new data."""
    rows = Request.objects.filter(completion=completion).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))


def _redraft(completion: Completion, *, user: User, role: Role, now: datetime) -> None:
    """Make an approved document anew that is not sealed yet; its number stays as a void entry."""
    for request in requests_about(completion).filter(state=State.APPROVED):
        if Event.SEND_BACK not in allowed_events(State.APPROVED, role):
            raise RuleViolation("correction_draft_waits", number=request.number)
        send_back_request(request=request, reason=REDRAFTED, user=user, role=role, now=now)
        approve_request(request=request, user=user, role=role, now=now)


def _order_replacement(
    correction: Correction, completion: Completion, *, user: User, role: Role, now: datetime
) -> Request | None:
    """A request for the new document, approved at once: the application is the person's wish."""
    for earlier in standing_documents(completion):
        if earlier.status != Certificate.Status.VALID:
            raise RuleViolation("correction_document_suspended", number=earlier.number)
        if Request.objects.filter(replaces=earlier, state__in=LIVE_STATES).exists():
            continue
        ordered = file_replacement(
            earlier=earlier,
            completion=completion,
            actor=user.acting_as(role),
            now=now,
            application_number=correction.number,
            application_on=local_day(correction.filed_at),
        )
        return approve_request(request=ordered, user=user, role=role, now=now)
    return None


def _record(
    correction: Correction, action: str, *, actor: Actor, now: datetime, **data: object
) -> None:
    journal.record(
        subject=f"correction:{correction.number}", action=action, actor=actor, now=now, data=data
    )


def _tell(correction: Correction, event: str, params: Mapping[str, Text], *, now: datetime) -> None:
    completion = correction.completion
    tell_person(
        person=correction.person,
        event=event,
        about=f"correction:{correction.number}",
        path=reverse("cases:own_correction", args=[correction.number]),
        params={"number": correction.number, **params},
        language=correction.language,
        listed=Addresses(email=completion.email, sms=completion.phone),
        scope=correction.provider.code,
        now=now,
    )
