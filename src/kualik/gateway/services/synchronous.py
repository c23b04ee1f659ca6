"""Services of the portal on the synchronous channel: each question has its answer at once, and the
portal asks again for the rest."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from kualik.cases.services.application import DELIVERIES, LANGUAGES
from kualik.core.clock import local_day
from kualik.core.jobs import NotNow
from kualik.gateway.adapters.faults import CORRELATION, INTERNAL, SCHEMA, SERVICE, GatewayFault
from kualik.gateway.models import Conversation, Inbound, Profile
from kualik.gateway.queries.profiles import find_profile
from kualik.gateway.services.certifying import certified
from kualik.gateway.services.mapping import (
    ADD,
    DICTIONARY,
    PAPERS,
    RESULT,
    STATUS,
    SUBMIT,
    WITHDRAW,
    PortalFile,
    PortalForm,
    Reply,
    echo_of,
    operation_of,
    write,
    write_records,
)
from kualik.gateway.services.portal import (
    LOST_RACE,
    begins,
    change,
    check_change,
    file_in,
    read_in,
    vouch_in,
)
from kualik.gateway.services.profiles import Rows, rows_of, status_words
from kualik.gateway.services.replies import FINAL, papers_of, reply_of, step_of
from kualik.gateway.services.threads import (
    find_thread,
    in_words,
    is_about,
    open_thread,
    refusal_of,
)
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import KIND_LABELS
from kualik.rules.language import Text
from kualik.training.models import Programme

MOST_PROGRAMMES: Final = 500


def answer(inbound: Inbound, now: datetime) -> str:
    """The inner document that answers a question; the same request sent again tells where it
    stands, at the end with the documents.

    Raises GatewayFault 2016 for a service that is unknown or switched off, 2005 for what is no
    question of the service, or one that is written wrongly and no request, 2019 for a number that
    is not known yet, 9000 where something that is needed does not answer now.
    """
    try:
        return _answer(inbound, now)
    except NotNow as reason:
        raise GatewayFault(INTERNAL) from reason


def _answer(inbound: Inbound, now: datetime) -> str:
    profile = find_profile(
        peer=inbound.peer, service_id=inbound.service_id, route_id=inbound.route_id
    )
    if profile is None or not profile.is_active:
        raise GatewayFault(SERVICE)
    rows = rows_of(profile.family, profile.mapping)
    operation = operation_of(rows, inbound.data)
    if not operation:
        raise GatewayFault(SCHEMA, "unknown_question")
    form, fetched = read_in(profile, inbound, now=now)
    if isinstance(form, RuleViolation) and operation != SUBMIT:
        # A request that was filed long ago is not told to be none.
        raise GatewayFault(SCHEMA, in_words(form))
    if isinstance(form, PortalForm) and form.operation == DICTIONARY:
        return write_records(rows, _records(profile, rows, form, now=now))
    try:
        if isinstance(form, RuleViolation):
            raise form
        reply = _replied(profile, inbound, form, fetched, now=now)
    except RuleViolation as violation:
        if violation.code == LOST_RACE:
            raise GatewayFault(INTERNAL) from violation
        reply = _refused(violation, echo_of(rows, inbound.data), now=now)
    data = write(rows, reply, operation=operation)
    # What only says that there is a document ends nothing.
    is_end = reply.status in FINAL and (reply.papers or reply.status != "issued")
    return certified(data, peer=inbound.peer, rows=rows) if is_end else data


def _replied(
    profile: Profile,
    inbound: Inbound,
    form: PortalForm,
    fetched: Sequence[PortalFile],
    *,
    now: datetime,
) -> Reply:
    """Do what is asked; where the request then stands."""
    rows = rows_of(profile.family, profile.mapping)
    echo = echo_of(rows, inbound.data)
    if form.operation == SUBMIT:
        conversation = _submitted(profile, inbound, form, fetched, echo, now=now)
    else:
        conversation = _known(profile, form)
    if form.iin and not is_about(conversation, form.iin):
        raise RuleViolation("gateway_number_taken")
    fault = None
    if form.operation in (WITHDRAW, ADD):
        fault = _changed(conversation, inbound, form, fetched, now=now)
    is_whole = form.operation != STATUS and profile.family != Profile.Family.OPERATIONS
    return _present(conversation, echo, fault, is_whole or form.operation == RESULT, now=now)


def _submitted(
    profile: Profile,
    inbound: Inbound,
    form: PortalForm,
    fetched: Sequence[PortalFile],
    echo: Mapping[str, str],
    *,
    now: datetime,
) -> Conversation:
    """What is known under the portal's number, else what was opened now."""
    known = find_thread(profile, form.number)
    if known is not None:
        return known
    read_form, signed = vouch_in(profile, inbound, form, now=now)
    with transaction.atomic():
        conversation = open_thread(profile, inbound, echo, now=now)
        file_in(conversation, inbound, read_form, fetched, signed, now=now)
    return conversation


def _known(profile: Profile, form: PortalForm) -> Conversation:
    found = find_thread(profile, form.number)
    if found is None:
        # The question may have overtaken its request: no answer that would be kept.
        raise GatewayFault(CORRELATION)
    return found


def _changed(
    conversation: Conversation,
    inbound: Inbound,
    form: PortalForm,
    fetched: Sequence[PortalFile],
    *,
    now: datetime,
) -> tuple[str, Text] | None:
    """Take the request back or add to it, once; why not, where it cannot be."""
    try:
        check_change(conversation, inbound, form, now=now)
        with transaction.atomic():
            if begins(inbound, now=now):
                change(conversation, form, fetched, now=now)
    except RuleViolation as violation:
        if violation.code == LOST_RACE:
            raise
        kept = refusal_of(violation)
        return kept["code"], Text(kept["kk"], kept["ru"])
    return None


def _present(
    conversation: Conversation,
    echo: Mapping[str, str],
    fault: tuple[str, Text] | None,
    has_papers: bool,
    *,
    now: datetime,
) -> Reply:
    """Where it stands; the end is answered by the documents, inside the message."""
    step = step_of(conversation)
    papers = papers_of(conversation, step) if has_papers and step in FINAL else []
    if papers or (step in FINAL and step != "issued"):
        rows = Conversation.objects.filter(pk=conversation.pk, answered_at=None)
        rows.update(answered_at=now, told=F("told") + 1)
    return reply_of(conversation, step=step, now=now, papers=papers, echo=echo, fault=fault)


def _refused(violation: RuleViolation, echo: Mapping[str, str], *, now: datetime) -> Reply:
    kept = refusal_of(violation)
    reasons = Text(kept["kk"], kept["ru"])
    return Reply(status="not_filed", at=now, echo=echo, code=kept["code"], reasons=reasons)


def _records(
    profile: Profile, rows: Rows, form: PortalForm, *, now: datetime
) -> list[tuple[str, str]]:
    """Our words by the codes of the form, in the language that was asked; none for a name that
    nobody here knows."""
    if form.dictionary == "programmes":
        return _programmes(profile, form.language)
    standard = standards.in_force(local_day(now))
    known: dict[str, Mapping[str, Text]] = {
        "kinds": {row.kind: KIND_LABELS[row.kind] for row in standard.results},
        "papers": PAPERS,
        "deliveries": DELIVERIES,
        "languages": LANGUAGES,
        "statuses": status_words(),
    }
    prefix = {"kinds": "kind", "papers": "paper", "deliveries": "delivery"}
    prefix |= {"languages": "language", "statuses": "status"}
    return [
        (rows[f"{prefix[form.dictionary]}.{word}"], text.get(form.language))
        for word, text in known.get(form.dictionary, {}).items()
    ]


def _programmes(profile: Profile, language: str) -> list[tuple[str, str]]:
    """Titles with their volume, so that the person may tell them apart."""
    rows = Programme.objects.filter(provider=profile.provider_id, is_active=True)
    found = rows.order_by("kind", "title_ru", "hours")[:MOST_PROGRAMMES]
    unit = Text("сағат", "ч.").get(language)
    return [(str(row.pk), f"{row.title.get(language)} ({row.hours} {unit})") for row in found]
