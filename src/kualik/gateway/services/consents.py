"""The consent of a person that a register tells us of them (КДП): asked for, followed, forgotten.

A worker asks, so that nobody waits before a page for somebody's SMS. Whether КДП answers at once or
has to be asked again is not public: both are served, the same question being the look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person, User
from kualik.accounts.services.looks import record_look
from kualik.core import jobs, journal
from kualik.core.jobs import Later, Payload
from kualik.core.journal import SYSTEM, Actor
from kualik.core.sealing import seal, unseal
from kualik.core.throttle import QUARTER, Limit, check_limit, count_miss
from kualik.gateway.adapters import kdp
from kualik.gateway.adapters.exchange import Refused
from kualik.gateway.adapters.inner import Unreadable
from kualik.gateway.adapters.posting import Unreachable
from kualik.gateway.models import Call, Consent
from kualik.gateway.queries.registers import ConsentService, registers, usual_peer
from kualik.gateway.services import looking_up
from kualik.gateway.services.keys import rsa_key
from kualik.gateway.services.looking_up import Asker
from kualik.gateway.services.persons import has_facts, keep_fault, learn
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation

State = Consent.State
FOLLOW_JOB: Final = "gateway.follow_consent"
FORGET_JOB: Final = "gateway.forget_consents"
PURPOSE: Final = "consent token"
IDENTITY: Final = "identity"
SMS, OWN = "sms", "ovt"
BY_SIGNATURE: Final = "Ds"
# Each question is an SMS on somebody's phone.
ASKED: Final = Limit("consents asked of a person", 3, QUARTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose data, for which provider; ``about`` is the ticket or request that it is for.

    ``access`` is the service that the consent opens; empty: the register of persons.
    """

    person: Person
    provider: Provider
    about: str = ""
    access: str = ""

    @property
    def service_id(self) -> str:
        return self.access or registers().persons.service_id


def ask_consent(*, wanted: Wanted, actor: Actor, now: datetime) -> Consent:
    """Have the person asked by an SMS from 1414; while one stands no other is asked.

    Raises ``gateway_off`` and ``too_many_tries``.
    """
    return _asked(wanted, actor, basis=SMS, check="", now=now)


def give_consent(*, wanted: Wanted, level: str, actor: Actor, now: datetime) -> Consent:
    """The person, whose identity was checked here by an EDS, gives consent on the own page.

    ``level`` is how strongly the entry was proved. Raises ``consent_needs_eds`` and what
    ``ask_consent`` raises.
    """
    if level != "eds":
        raise RuleViolation("consent_needs_eds")
    return _asked(wanted, actor, basis=OWN, check=BY_SIGNATURE, now=now)


def token_of(consent: Consent, *, now: datetime) -> tuple[str, str]:
    """Code and key of a consent. Raises ``consent_over``."""
    if now >= consent.expires_at or not consent.code_sealed:
        raise RuleViolation("consent_over")
    code, key = bytes(consent.code_sealed), bytes(consent.key_sealed)
    return unseal(code, purpose=PURPOSE), unseal(key, purpose=PURPOSE)


def run_follow_job(payload: Payload, now: datetime) -> None:
    """Ask КДП where a consent stands and, once it is given, the register; again until it ends."""
    consent = Consent.objects.select_related("person", "provider").get(pk=str(payload["consent"]))
    about = str(payload["about"])
    if consent.state == State.ASKED:
        _followed(consent, about, now=now)
    is_of_persons = consent.access_name == registers().persons.service_id
    if consent.state != State.GIVEN or not is_of_persons or has_facts(consent):
        return
    try:
        learn(consent=consent, token=token_of(consent, now=now), about=about, now=now)
    except RuleViolation as violation:
        keep_fault(consent=consent, code=violation.code, about=about, now=now)
    except (Unreachable, Refused) as fault:
        raise Later(now + registers().consent.pause, str(fault)) from fault


def run_forget_job(_payload: Payload, now: datetime) -> None:
    """The handler of ``FORGET_JOB``."""
    forget_consents(now=now)


def forget_consents(*, now: datetime) -> int:
    """End what is over: tokens are emptied, questions that nobody answered are closed."""
    over = Consent.objects.filter(state__in=[State.ASKED, State.GIVEN], expires_at__lte=now)
    return sum(_settled(consent, State.EXPIRED, now=now) for consent in over.order_by("pk"))


def _asked(wanted: Wanted, actor: Actor, *, basis: str, check: str, now: datetime) -> Consent:
    if usual_peer() is None:
        raise RuleViolation("gateway_off")
    who = f"person:{wanted.person.pk}"
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=wanted.person.pk)
        standing = _standing(wanted, now=now)
        if standing is not None:
            return standing
        check_limit(ASKED, who, now=now)
        count_miss(ASKED, who, now=now)
        return _begun(wanted, actor, basis=basis, check=check, now=now)


def _standing(wanted: Wanted, *, now: datetime) -> Consent | None:
    rows = Consent.objects.filter(
        person=wanted.person,
        provider=wanted.provider,
        access_name=wanted.service_id,
        state__in=[State.ASKED, State.GIVEN],
        expires_at__gt=now,
    )
    return rows.order_by("-pk").first()


def _begun(wanted: Wanted, actor: Actor, *, basis: str, check: str, now: datetime) -> Consent:
    consent = Consent.objects.create(
        person=wanted.person,
        provider=wanted.provider,
        access_name=wanted.service_id,
        basis=basis,
        check_kind=check,
        purpose=IDENTITY,
        asked_by=actor.name,
        asked_at=now,
        expires_at=now + registers().consent.waits,
    )
    data = {"person": f"person:{wanted.person.pk}", "basis": basis, "access": consent.access_name}
    _record(consent, "gateway.consent_asked", actor, now, data)
    if basis == SMS:
        record_look(person=wanted.person, what="register", about=wanted.about, actor=actor, now=now)
    payload = {"consent": consent.pk, "about": wanted.about}
    jobs.enqueue(name=FOLLOW_JOB, key=f"{FOLLOW_JOB}:{consent.pk}", payload=payload, now=now)
    return consent


def _followed(consent: Consent, about: str, *, now: datetime) -> None:
    """Settle a consent by what КДП says. Raises Later while it says nothing that settles it."""
    service = registers().consent
    if now >= consent.expires_at:
        _settled(consent, State.EXPIRED, now=now)
        return
    try:
        call, said = _said(consent, about, service, now=now)
    except (Unreachable, Refused, Unreadable, RuleViolation) as fault:
        raise Later(now + service.pause, str(fault)) from fault
    word = service.words.get(said.word, "asked")
    looking_up.note_outcome(call, said.word)
    if word == State.GIVEN and said.code:
        _given(consent, said, service, now=now)
    elif word in (State.DENIED, State.EXPIRED):
        _settled(consent, State(word), now=now)
    else:
        raise Later(now + service.pause, "the person has not answered yet")


def _said(
    consent: Consent, about: str, service: ConsentService, *, now: datetime
) -> tuple[Call, kdp.Said]:
    asker = Asker(actor=SYSTEM, person=consent.person, about=about)
    call = looking_up.open_call(service_id=service.service_id, asker=asker, now=now)
    own = consent.basis == OWN
    question = kdp.Question(
        iin=open_iin(bytes(consent.person.iin_sealed)),
        company=consent.provider.name_ru,
        company_bin=consent.provider.bin,
        responsible=service.responsible or consent.provider.name_ru,
        employee=_employee(consent),
        access_name=consent.access_name,
        data_name=_data_name(consent),
        lasts=service.lasts,
        ovt=_ovt(consent, service, now=now) if own else "",
    )
    answer = looking_up.ask(call=call, data=kdp.question_xml(question), shape="typed", now=now)
    return call, kdp.read_answer(answer.data.text)


def _ovt(consent: Consent, service: ConsentService, *, now: datetime) -> str:
    bin, check = consent.provider.bin, consent.check_kind
    return kdp.ovt(bin=bin, check=check, key=rsa_key(), now=now, lasts=service.lasts)


def _employee(consent: Consent) -> str:
    """The member of staff who asks; of a consent given on the own page, the organisation."""
    kind, _, number = consent.asked_by.partition(":")
    user = User.objects.filter(pk=number).first() if kind == "user" else None
    return user.full_name if user else consent.provider.name_ru


def _data_name(consent: Consent) -> str:
    """What the person reads in the SMS that we ask for."""
    known = registers()
    is_phone = consent.access_name == known.phones.service_id
    return known.phones.data_name if is_phone else known.persons.data_name


@transaction.atomic
def _given(consent: Consent, said: kdp.Said, service: ConsentService, *, now: datetime) -> None:
    """Keep the token, and have it emptied when its time is over."""
    ends_at = now + service.lasts
    sealed = {
        "code_sealed": seal(said.code, purpose=PURPOSE),
        "key_sealed": seal(said.key, purpose=PURPOSE),
        "expires_at": ends_at,
    }
    if _moved(consent, State.GIVEN, sealed, now=now):
        key = f"{FORGET_JOB}:{consent.pk}"
        jobs.enqueue(name=FORGET_JOB, key=key, payload={}, now=now, run_at=ends_at)


@transaction.atomic
def _settled(consent: Consent, state: Consent.State, *, now: datetime) -> bool:
    """End a consent, its token emptied; whether nobody did before."""
    values: dict[str, object] = {"code_sealed": b"", "key_sealed": b""}
    if state == State.EXPIRED:
        # КДП may end a question before its time.
        values["expires_at"] = min(consent.expires_at, now)
    return _moved(consent, state, values, now=now)


def _moved(
    consent: Consent, state: Consent.State, values: dict[str, object], *, now: datetime
) -> bool:
    values |= {"state": state}
    if consent.settled_at is None:
        values["settled_at"] = now
    moved = Consent.objects.filter(pk=consent.pk, state=consent.state).update(**values)
    if moved:
        _record(consent, f"gateway.consent_{state.value}", SYSTEM, now, {})
    consent.refresh_from_db()
    return bool(moved)


def _record(
    consent: Consent, action: str, actor: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    subject = f"consent:{consent.pk}"
    journal.record(subject=subject, action=action, actor=actor, now=now, data=data)
