"""What the portal sends becomes requests, withdrawals and added data (A57.2.2, A303.2.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.services import applicant, iin_hash
from kualik.cases.services.at_portal import add_data
from kualik.cases.services.withdrawing import withdraw_request
from kualik.core import journal
from kualik.core.jobs import NotNow
from kualik.core.journal import SYSTEM
from kualik.gateway.adapters.channel import Unreachable
from kualik.gateway.models import Conversation, Inbound, Profile
from kualik.gateway.queries.profiles import find_profile
from kualik.gateway.services import files
from kualik.gateway.services.answering import answer_later
from kualik.gateway.services.applying import Application, apply, uploads
from kualik.gateway.services.keys import pinned
from kualik.gateway.services.mapping import (
    ADD,
    SUBMIT,
    WITHDRAW,
    PortalFile,
    PortalForm,
    echo_of,
    read,
)
from kualik.gateway.services.profiles import rows_of
from kualik.gateway.services.replies import step_of
from kualik.gateway.services.telling import tell_step
from kualik.gateway.services.threads import (
    RELATED,
    is_about,
    open_thread,
    owner_of,
    refusal_of,
    refuse,
)
from kualik.gateway.services.vouching import vouched
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

LOST_RACE: Final = "conflict"


def take(inbound: Inbound, now: datetime) -> None:
    """Do what an asynchronous message asks; the same message may come twice.

    What is refused before filing is answered by a RESPONSE with its code and reasons. Raises
    ``gateway_service_unknown``, ``gateway_conversation_unknown`` and ``gateway_conversation_over``
    where nobody can be answered, NotNow while the file store does not answer.
    """
    if inbound.kind == Inbound.Kind.UPDATE:
        _update(inbound, now=now)
        return
    profile = find_profile(
        peer=inbound.peer, service_id=inbound.service_id, route_id=inbound.route_id
    )
    if profile is None:
        raise RuleViolation("gateway_service_unknown")
    if Conversation.objects.filter(
        peer=inbound.peer, correlation_id=inbound.correlation_id
    ).exists():
        return
    rows = rows_of(profile.family, profile.mapping)
    read_form, fetched = read_in(profile, inbound, now=now)
    read_form, signed = vouch_in(profile, inbound, read_form, now=now)
    with transaction.atomic():
        conversation = open_thread(profile, inbound, echo_of(rows, inbound.data), now=now)
        if not file_in(conversation, inbound, read_form, fetched, signed, now=now):
            return
        if conversation.request is None:
            answer_later(conversation, now=now)
        else:
            tell_step(conversation, step=step_of(conversation), now=now)


def file_in(
    conversation: Conversation,
    inbound: Inbound,
    form: PortalForm | RuleViolation,
    fetched: Sequence[PortalFile],
    signed: Mapping[str, str],
    *,
    now: datetime,
) -> bool:
    """File what was read, or keep why not; False for a conversation that has either already.

    Raises ``conflict`` where somebody was faster: the same may be filed at the next try.
    """
    if conversation.request is not None or conversation.refusal is not None:
        return False
    try:
        if isinstance(form, RuleViolation):
            raise form
        if form.operation != SUBMIT:
            raise RuleViolation("gateway_form_other")
        with transaction.atomic():
            application = Application(
                profile=conversation.profile,
                form=form,
                files=fetched,
                signed=signed,
                inbound=inbound,
            )
            request = apply(application, now=now)
    except RuleViolation as violation:
        if violation.code == LOST_RACE:
            raise
        iin = form.iin if isinstance(form, PortalForm) else ""
        refuse(conversation, violation, iin=iin)
        return True
    conversation.request = request
    Conversation.objects.filter(pk=conversation.pk).update(request=request)
    return True


def read_in(
    profile: Profile, inbound: Inbound, *, now: datetime
) -> tuple[PortalForm | RuleViolation, Sequence[PortalFile]]:
    """The form, or why there is none, and its files."""
    try:
        if not profile.is_active:
            raise RuleViolation("gateway_service_closed")
        form = read(rows_of(profile.family, profile.mapping), inbound.data)
        return form, _fetched(profile, form, now=now)
    except RuleViolation as violation:
        return violation, ()


def vouch_in(
    profile: Profile, inbound: Inbound, form: PortalForm | RuleViolation, *, now: datetime
) -> tuple[PortalForm | RuleViolation, Mapping[str, str]]:
    """What the signature inside a form says, or why the form counts for nothing; asked before a
    transaction is begun, as an authority may be slow to tell of a revocation. Raises NotNow."""
    if isinstance(form, RuleViolation) or form.operation != SUBMIT:
        return form, {}
    try:
        return form, _vouched(profile, inbound, whose=iin_hash(form.iin), now=now)
    except RuleViolation as violation:
        return violation, {}


def check_change(
    conversation: Conversation, inbound: Inbound, form: PortalForm, *, now: datetime
) -> None:
    """A withdrawal and added data are asked for by the number of the request and, like the request
    itself, under the signature that the service wants.

    Raises ``gateway_number_taken``, what ``vouched`` raises, NotNow; see ``vouch_in``.
    """
    is_other = bool(form.iin) and not is_about(conversation, form.iin)
    if is_other or form.number != conversation.portal_number:
        raise RuleViolation("gateway_number_taken")
    _vouched(conversation.profile, inbound, whose=owner_of(conversation), now=now)


def _vouched(profile: Profile, inbound: Inbound, *, whose: str, now: datetime) -> Mapping[str, str]:
    rows, pins = rows_of(profile.family, profile.mapping), pinned(inbound.peer)
    return vouched(rows, inbound.data, whose=whose, pins=pins, now=now)


def _fetched(profile: Profile, form: PortalForm, *, now: datetime) -> Sequence[PortalFile]:
    """The files with their content; those of the file store are fetched, as they die there."""
    found = []
    for each in form.files:
        if not each.content:
            try:
                content = files.download(
                    file_id=each.file_id, now=now, peer=profile.peer, about=form.number
                )
            except Unreachable as error:
                raise NotNow("the file store does not answer") from error
            each = replace(each, content=content)
        found.append(each)
    return found


def _update(inbound: Inbound, *, now: datetime) -> None:
    """A withdrawal or added data, told of by the step where the request then stands.

    The message is marked as handled in the transaction that does what it asks: once, whatever
    happens to the worker. Raises ``conflict`` where somebody was faster.
    """
    known = Conversation.objects.select_related(*RELATED).filter(
        peer=inbound.peer, correlation_id=inbound.correlation_id
    )
    conversation = known.first()
    if conversation is None:
        raise RuleViolation("gateway_conversation_unknown")
    if conversation.request is None or conversation.answered_at is not None:
        raise RuleViolation("gateway_conversation_over")
    form, fetched = read_in(conversation.profile, inbound, now=now)
    try:
        if isinstance(form, RuleViolation):
            raise form
        if form.operation in (WITHDRAW, ADD):
            check_change(conversation, inbound, form, now=now)
        with transaction.atomic():
            if begins(inbound, now=now):
                change(conversation, form, fetched, now=now)
    except RuleViolation as violation:
        if violation.code == LOST_RACE:
            raise
        with transaction.atomic():
            if begins(inbound, now=now):
                _tell_refused(conversation, violation, now=now)


def begins(inbound: Inbound, *, now: datetime) -> bool:
    """Whether nobody did the work of a message before; the row is locked until the end."""
    rows = Inbound.objects.filter(pk=inbound.pk, handled_at=None)
    return bool(rows.update(handled_at=now))


def _tell_refused(conversation: Conversation, violation: RuleViolation, *, now: datetime) -> None:
    kept = refusal_of(violation)
    fault = (kept["code"], Text(kept["kk"], kept["ru"]))
    tell_step(conversation, step=step_of(conversation), now=now, fault=fault)
    number = conversation.request.number if conversation.request else ""
    journal.record(
        subject=f"request:{number}",
        action="gateway.update_refused",
        actor=SYSTEM,
        now=now,
        data={"code": violation.code},
    )


def change(
    conversation: Conversation, form: PortalForm, fetched: Sequence[PortalFile], *, now: datetime
) -> None:
    """Take the request back, or add to it. Raises RuleViolation for what cannot be done."""
    request = conversation.request
    if request is None:
        return
    actor = applicant(request.person)
    if form.operation == WITHDRAW:
        withdraw_request(request=request, actor=actor, now=now)
    elif form.operation == ADD:
        add_data(request=request, note=form.comment, scans=uploads(fetched), actor=actor, now=now)
        tell_step(conversation, step=step_of(conversation), now=now)
    else:
        raise RuleViolation("gateway_form_other")
