"""Digital documents over the bus: asked for at the window (A303.8.1, A303.10.c), and ours given to
the service that shows them in the app."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person
from kualik.accounts.services import find_person
from kualik.accounts.services.looks import record_look
from kualik.certificates.models import Certificate
from kualik.certificates.queries import certificates_of
from kualik.core import clock
from kualik.core.journal import SYSTEM, Actor
from kualik.gateway.adapters import document_messages as wire
from kualik.gateway.adapters.business import sign_document
from kualik.gateway.adapters.document_messages import Holder, Told
from kualik.gateway.adapters.exchange import Refused
from kualik.gateway.adapters.faults import SCHEMA, SENDER, SERVICE, GatewayFault
from kualik.gateway.adapters.inner import Unreadable, anywhere, element
from kualik.gateway.adapters.posting import Unreachable
from kualik.gateway.models import Inbound
from kualik.gateway.queries.registers import Supplier, registers
from kualik.gateway.services import looking_up
from kualik.gateway.services.keys import transport_key
from kualik.gateway.services.looking_up import Asker
from kualik.rules import facts as fact_rules
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts
from kualik.rules.identifiers import check_iin
from kualik.rules.language import Text

T = TypeVar("T")
APP: Final = Actor(name="digital-documents", role="system")


class Line:
    """The service over the bus, as ``counter.adapters.digital_documents`` asks it.

    Answers are records of that adapter's own wire. Raises OSError where nobody answers, or not in
    words that are known.
    """

    def ask(self, *, iin: str, kind: str, asker: Text, bin: str) -> Mapping[str, Any] | None:
        """The question as ``{"id", "expiresAt"}``; None where nobody there has the document."""
        service, now = registers().documents, clock.now()
        data = wire.access_xml(service.namespace, iin=iin, kind=kind, bin=bin, asker=asker)
        word, reference, ends = _asked(data, find_person(iin=iin), wire.read_access, now=now)
        if service.words.get(word) == "absent":
            return None
        usual = now + timedelta(minutes=service.wait_minutes)
        return {"id": reference, "expiresAt": ends or usual.isoformat()}

    def look(self, *, reference: str, iin: str) -> Mapping[str, Any]:
        """``{"state", "document", "dataExpiresAt"}``; a word that nobody knows means waiting."""
        service, now = registers().documents, clock.now()
        data = wire.look_xml(service.namespace, reference=reference, iin=iin)
        word, document = _asked(data, find_person(iin=iin), wire.read_look, now=now)
        return {
            "state": service.words.get(word, "waiting"),
            "document": document,
            "dataExpiresAt": (now + timedelta(minutes=service.keep_minutes)).isoformat(),
        }


def documents_by_iin(inbound: Inbound, now: datetime) -> str:
    """The documents of a person, asked for by the service of digital documents, signed.

    The bus vouches for the asker: its certificate is pinned, and the sender must be one that
    ``registers.toml`` names. The person sees it among those who looked. Raises GatewayFault.
    """
    supplier = registers().supplier
    if not supplier.is_on or inbound.service_id != supplier.service_id:
        raise GatewayFault(SERVICE, "service_off")
    if inbound.sender_id not in supplier.senders:
        raise GatewayFault(SENDER, "sender_closed")
    iin = _iin(inbound.data)
    person = find_person(iin=iin)
    rows = list(certificates_of(person)) if person else []
    if person is not None and rows:
        record_look(person=person, what="digital_document", about="", actor=APP, now=now)
    told = [_told(row, supplier) for row in rows]
    answer = wire.documents_xml(supplier.namespace, _holder(person, iin), told)
    return sign_document(answer, transport_key(inbound.peer))


def _iin(data: str) -> str:
    try:
        found = anywhere(element(data), "iin")
        check_iin(found)
    except (Unreadable, RuleViolation) as fault:
        raise GatewayFault(SCHEMA, "bad_iin") from fault
    return found


def _holder(person: Person | None, iin: str) -> Holder:
    if person is None:
        return Holder(iin=iin, family_name="", given_name="", patronymic="")
    return Holder(
        iin=open_iin(bytes(person.iin_sealed)),
        family_name=person.family_name,
        given_name=person.given_name,
        patronymic=person.patronymic,
    )


def _told(row: Certificate, supplier: Supplier) -> Told:
    facts = fact_rules.from_record(row.facts)
    standard = standards.get(facts.edition, facts.edition_version)
    return Told(
        is_valid=row.status == Certificate.Status.VALID,
        number=row.number,
        title=standard.result(facts.kind, facts.paper).title,
        issued_on=row.issued_on,
        storage_id=row.code,
        type_code=supplier.type_code,
        type_name=supplier.kind,
        issuer=f"{facts.provider_name.kk} / {facts.provider_name.ru}",
        domain=_domain(facts),
    )


def _domain(facts: CertificateFacts) -> Mapping[str, str]:
    return {
        "programmeKk": facts.programme.kk,
        "programmeRu": facts.programme.ru,
        "hours": str(facts.hours),
        "credits": facts.credits,
        "startedOn": facts.started_on.isoformat(),
        "endedOn": facts.ended_on.isoformat(),
        "providerBin": facts.provider_bin,
    }


def _asked(data: str, person: Person | None, read: Callable[[str], T], *, now: datetime) -> T:
    service = registers().documents
    if not service.is_on:
        raise ConnectionError("the digital documents service is not set")
    asker = Asker(actor=SYSTEM, person=person)
    try:
        call = looking_up.open_call(service_id=service.service_id, asker=asker, now=now)
        hurry = looking_up.HASTE_SECONDS
        answer = looking_up.ask(call=call, data=data, shape="element", now=now, seconds=hurry)
        return read(answer.data.text)
    except (Unreachable, Refused, Unreadable, RuleViolation) as fault:
        raise ConnectionError("the digital documents service") from fault
