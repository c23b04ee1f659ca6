"""A form of the portal becomes a request like any other (A57.2.2, A303.2.2)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import validate_email

from kualik.accounts.models import Person
from kualik.accounts.services import PersonFacts, applicant, register_persons
from kualik.cases.models import Attachment, Draft, Request
from kualik.cases.queries.asking import live_request_of
from kualik.cases.services.application import Wish, data_digest, written
from kualik.cases.services.attaching import keep_attachment
from kualik.cases.services.claiming import Claim, file_claim, lines_of_claim
from kualik.cases.services.confirming import Confirmation
from kualik.cases.services.deciding_alone import PORTAL_LEVEL
from kualik.cases.services.drafting import begin_keyed
from kualik.cases.services.filing import standard_for
from kualik.cases.services.receiving import lines_to_confirm, receive
from kualik.core.clock import local_day
from kualik.core.tasks import Task, open_task
from kualik.gateway.models import Inbound, Profile
from kualik.gateway.services.comparing import Found, find_training, fits
from kualik.gateway.services.mapping import PortalFile, PortalForm
from kualik.gateway.services.profiles import families
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.rules.phones import e164
from kualik.training.models import Completion

DRAFT_KIND: Final = "gateway"
DIFFERS_TASK: Final = "portal_differs"
WAY: Final = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A form that was read, with its files fetched, and the message it came in; ``signed`` is what
    the signature inside says (``vouched``)."""

    profile: Profile
    form: PortalForm
    files: Sequence[PortalFile]
    signed: Mapping[str, str]
    inbound: Inbound


def apply(application: Application, *, now: datetime) -> Request:
    """File it; call it in a transaction that a refusal takes back.

    Where no list of the provider names the training, or several fit, it is a claim for staff.
    Raises RuleViolation for everything that is refused before filing: of scans, of ``receive`` and
    of ``file_claim``; ``conflict`` where somebody was faster.
    """
    form, provider = application.form, application.profile.provider
    standard_for("", now).result(form.kind or "pd", form.paper)
    person = _person(form, family=application.profile.family, now=now)
    found = find_training(form, person=person, provider=provider, now=now)
    draft = _draft(application, person, now=now)
    wish = Wish(paper=form.paper, language=form.language, delivery=form.delivery, note=form.comment)
    facts = {**_facts(application, found), **application.signed}
    if found.completion is not None:
        request = _receive(application, found.completion, wish, draft, facts, now=now)
    else:
        request = _claim(application, person, wish, draft, facts, found, now=now)
    if found.differs or len(found.fitting) > 1:
        open_task(_task(request), now=now)
    return request


def uploads(files: Sequence[PortalFile]) -> list[SimpleUploadedFile]:
    """The files as forms bring them."""
    return [SimpleUploadedFile(each.name or "scan", each.content) for each in files]


def _person(form: PortalForm, *, family: str, now: datetime) -> Person:
    """Who asks; a person we know keeps our names (they differ on occasion, and that is told)."""
    if not form.family_name and not form.given_name:
        labels = families()[family].rows
        raise RuleViolation("gateway_field_missing", field=labels["form.family_name"].label)
    facts = PersonFacts(
        form.iin, _named(form.family_name), _named(form.given_name), _named(form.patronymic)
    )
    return register_persons(people=[facts], now=now)[form.iin]


def _named(part: str) -> str:
    """Registers write names in capitals."""
    return part.title() if part.isupper() else part


def _draft(application: Application, person: Person, *, now: datetime) -> Draft:
    """One for each conversation; the scans go through it."""
    inbound = application.inbound
    named = f"{inbound.peer_id}:{application.profile.pk}:{inbound.correlation_id}"
    key = hashlib.sha256(f"gateway:{named}:{application.form.number}".encode()).hexdigest()
    draft = begin_keyed(person=person, kind=DRAFT_KIND, key=key, now=now)
    for upload in uploads(application.files):
        keep_attachment(
            person=person,
            purpose=Attachment.Purpose.TRAINING,
            upload=upload,
            now=now,
            draft=draft,
        )
    return draft


def _facts(application: Application, found: Found) -> dict[str, object]:
    """What the evidence keeps beside the application: the message that is its proof."""
    inbound = application.inbound
    return {
        "message": inbound.message_id,
        "correlation": inbound.correlation_id,
        "inbound": inbound.pk,
        "portal_number": application.form.number,
        "document_sha256": hashlib.sha256(inbound.data.encode()).hexdigest(),
        "confirmed": application.form.confirmation[:24],
        "named_all": found.named_all,
        "differs": list(found.differs),
    }


def _receive(
    application: Application,
    completion: Completion,
    wish: Wish,
    draft: Draft,
    facts: dict[str, object],
    *,
    now: datetime,
) -> Request:
    lines = lines_to_confirm(completion, wish, draft=draft, now=now)
    return receive(
        draft=draft,
        completion=completion,
        wish=wish,
        seen=data_digest(completion),
        confirmation=_confirmation(written(lines), facts),
        channel=Request.Channel.GATEWAY,
        actor=applicant(draft.person),
        now=now,
        application_number=application.form.number,
        application_on=local_day(application.inbound.dated_at),
    )


def _claim(
    application: Application,
    person: Person,
    wish: Wish,
    draft: Draft,
    facts: dict[str, object],
    found: Found,
    *,
    now: datetime,
) -> Request:
    form, provider = application.form, application.profile.provider
    _refuse_asked(form, person, provider_id=provider.pk)
    claim = _claimed(application, found)
    lines = lines_of_claim(claim, wish, provider=provider, person=person, draft=draft, now=now)
    return file_claim(
        draft=draft,
        claim=claim,
        wish=wish,
        provider=provider,
        confirmation=_confirmation(written(lines), facts),
        facts={},
        actor=applicant(person),
        now=now,
        channel=Request.Channel.GATEWAY,
        application_number=form.number,
        application_on=local_day(application.inbound.dated_at),
    )


def _refuse_asked(form: PortalForm, person: Person, *, provider_id: int) -> None:
    """Raises ``request_exists`` where the training it names has its request already."""
    rows = Completion.objects.filter(person=person, provider=provider_id)
    for row in rows.select_related("programme").order_by("-mastered_on"):
        live = live_request_of(person, row.pk) if fits(form, row) else None
        if live is not None:
            raise RuleViolation("request_exists", number=live.number)


def _claimed(application: Application, found: Found) -> Claim:
    """What the person says; what they left out is that of the last training which fits."""
    form, last = application.form, next(iter(found.fitting), None)
    title = form.programme or (last.programme.title_ru if last else "")
    kind = form.kind or (last.programme.kind if last else "")
    started_on = form.started_on or (last.started_on if last else None)
    ended_on = form.ended_on or (last.mastered_on if last else None)
    wanted = {
        "kind": kind,
        "programme": title,
        "started_on": started_on,
        "ended_on": ended_on,
    }
    labels = families()[application.profile.family].rows
    for name, value in wanted.items():
        if not value:
            raise RuleViolation("gateway_field_missing", field=labels[f"form.{name}"].label)
    if started_on is None or ended_on is None or started_on > ended_on:
        raise RuleViolation("gateway_field_wrong", field=labels["form.ended_on"].label)
    return Claim(
        title=title,
        kind=kind,
        started_on=started_on,
        ended_on=ended_on,
        hours=form.hours,
        comment=form.comment,
        phone=e164(form.phone),
        email=_address(form.email),
    )


def _address(email: str) -> str:
    """The e-mail if it is one: nobody is refused for a slip in what is not needed."""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email


def _confirmation(content: str, facts: dict[str, object]) -> Confirmation:
    return Confirmation(content=content, level=PORTAL_LEVEL, way=WAY, facts=facts)


def _task(request: Request) -> Task:
    """For the registrar, before the decision."""
    return Task(
        key=f"{DIFFERS_TASK}:{request.number}",
        kind=DIFFERS_TASK,
        subject=f"request:{request.number}",
        scope=request.provider.code,
        role=Role.REGISTRAR,
        params={"number": request.number},
    )
