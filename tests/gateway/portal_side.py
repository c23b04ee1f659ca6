"""A service of the portal at an office of the demonstration, and what the portal says and hears."""

from dataclasses import dataclass
from datetime import datetime

from kualik.accounts.adapters import open_iin
from kualik.cases.models import Request
from kualik.config.jobs import HANDLERS
from kualik.core.jobs import run_waiting
from kualik.demo.loading import read_data
from kualik.demo.story import bring_group
from kualik.gateway.models import Conversation, Inbound, Outbound, Peer, Profile
from kualik.gateway.services import portal
from kualik.gateway.services.mapping import write_form
from kualik.gateway.services.profiles import rows_of
from kualik.training.models import Completion
from tests.flows.office import NOW, Office

SERVICE = "EXAMPLE_CERT_SERVICE"
NAMESPACES = {
    "universal": "urn:example:cert-service",
    "document": "urn:example:pep-service",
    "operations": "urn:example:cert-operations",
}
WORK = ("cases.decide_alone", "cases.seal", "certificates.letter", "gateway.answer")


@dataclass(frozen=True)
class Service:
    """One profile of the office; messages come from ``peer``."""

    office: Office
    profile: Profile

    @property
    def peer(self) -> Peer:
        return self.profile.peer

    def completed(self, count: int = 1, *, first: int = 40, programme: int = 1) -> list[Completion]:
        """People of a list that the office imported."""
        data = read_data()
        row = data["programme"][programme]
        return bring_group(self.office.stage, data["people"], row, first=first, count=count, back=1)

    def form(self, *, operation: str = "submit", **values: str) -> str:
        """A document as the portal writes it."""
        rows = rows_of(self.profile.family, self.profile.mapping)
        return write_form(rows, {"number": "101000000000001", **values}, operation=operation)

    def inbound(
        self, data: str, *, kind: str = "REQUEST", correlation: str = "3900001", now: datetime = NOW
    ) -> Inbound:
        """A message as the transport hands it over."""
        count = Inbound.objects.count()
        return Inbound.objects.create(
            peer=self.peer,
            kind=kind,
            message_id=f"9{count:08d}",
            correlation_id=correlation,
            service_id=self.profile.service_id,
            dated_at=now,
            data=data,
            taken_at=now,
        )

    def ask(
        self, data: str, *, kind: str = "REQUEST", correlation: str = "3900001", now: datetime = NOW
    ) -> Conversation:
        """The portal sends it, and it is handled."""
        portal.take(self.inbound(data, kind=kind, correlation=correlation, now=now), now)
        return Conversation.objects.select_related("request").get(correlation_id=correlation)


def open_service(
    office: Office, *, family: str = "universal", result_by: str = "inline", **mapping: str
) -> Service:
    """The office's service at a portal that nobody calls."""
    peer, _ = Peer.objects.get_or_create(
        code="EGOV",
        defaults={
            "name": "egov.kz",
            "sender_id": "kualik",
            "algorithm": Peer.Algorithm.RSA,
            "created_at": NOW,
        },
    )
    profile = Profile.objects.create(
        provider=office.stage.provider,
        peer=peer,
        family=family,
        service_id=SERVICE,
        result_by=result_by,
        mapping={"namespace": NAMESPACES[family], **mapping},
        is_active=True,
        changed_at=NOW,
    )
    return Service(office, profile)


def iin_of(completion: Completion) -> str:
    return open_iin(bytes(completion.person.iin_sealed))


def whole(completion: Completion) -> dict[str, str]:
    """A form that names everything that will be printed."""
    person, programme = completion.person, completion.programme
    return {
        "iin": iin_of(completion),
        "family_name": person.family_name.upper(),
        "given_name": person.given_name.upper(),
        "patronymic": person.patronymic.upper(),
        "phone": "77010000001",
        "kind": programme.kind,
        "programme": programme.title_ru,
        "started_on": completion.started_on.isoformat(),
        "ended_on": completion.mastered_on.isoformat(),
        "hours": str(completion.hours),
        "language": "ru",
    }


def work(now: datetime = NOW) -> None:
    """What the worker does with deciding, sealing and answering; nothing leaves."""
    handlers = {name: HANDLERS[name] for name in WORK}
    run_waiting(handlers=handlers, worker="test", clock=lambda: now)


def told(conversation: Conversation) -> list[tuple[str, str]]:
    """Kind and status code of all that the portal is told, in order."""
    found = []
    for row in conversation.outbound.order_by("pk"):
        code = row.data.partition("CurrentStatus>")[2] or row.data.partition("Code>")[2]
        found.append((row.kind, code.partition("<")[0]))
    return found


def response(conversation: Conversation) -> Outbound:
    """Its one RESPONSE."""
    found: Outbound = conversation.outbound.get(kind="RESPONSE")
    return found


def fresh(request: Request | None) -> Request:
    """The row as it is now."""
    assert request is not None
    return Request.objects.get(pk=request.pk)
