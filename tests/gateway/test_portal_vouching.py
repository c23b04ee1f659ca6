"""Who may sign a form inside, and who may change a request: its person and the portal alone."""

import base64

import pytest

from kualik.cases.models import Request
from kualik.core import journal
from kualik.core.jobs import NotNow
from kualik.gateway.adapters.business import sign_document
from kualik.gateway.adapters.wsse import LeafKey
from kualik.gateway.models import Conversation, Inbound, Peer
from kualik.gateway.services import portal
from kualik.gateway.services.synchronous import answer
from kualik.rules.lifecycle import State
from kualik.signatures.services import test_person_leaf as person_leaf
from kualik.training.models import Completion
from tests.flows.office import NOW, Office
from tests.gateway.conftest import BusKeys
from tests.gateway.portal_side import Service, fresh, iin_of, open_service, told, whole
from tests.gateway.test_portal_requests import alone, asked_with, monday, office, own_key

__all__ = ["alone", "monday", "office"]


def organisations_key(completion: Completion) -> LeafKey:
    """The person's key as somebody who acts for an organisation."""
    return LeafKey(
        person_leaf(
            name=completion.person.full_name,
            iin=iin_of(completion),
            organisation="ЖШС «Бөтен»",
            bin="990140000018",
            now=NOW,
        )
    )


def filed(service: Service, completion: Completion) -> Conversation:
    """A request of the person, signed where the service wants it."""
    conversation = asked_with(service, completion, own_key(completion))
    assert conversation.request is not None
    return conversation


def update(service: Service, key: LeafKey | None = None, **values: str) -> str:
    """A withdrawal unless ``values`` say otherwise, signed inside by ``key``."""
    data = service.form(**{"action": "WITHDRAW", **values})
    return sign_document(data, key) if key else data


def refusal_told(conversation: Conversation) -> str:
    """The code that the portal was told last."""
    last = conversation.outbound.order_by("pk").last()
    assert last is not None
    return last.data.partition("ResponseCode>")[2].partition("<")[0]


@pytest.mark.parametrize("wanted", ["no", "portal", "applicant"])
def test_the_key_of_another_person_signs_nothing(
    office: Office, served_installation: None, wanted: str
) -> None:
    service = open_service(office, wants_signature=wanted)
    mine, others = service.completed(count=2)
    conversation = asked_with(service, mine, own_key(others))
    assert conversation.refusal["code"] == "gateway_signature_bad"
    assert "ни заявителю, ни порталу" in conversation.refusal["ru"]
    assert Request.objects.count() == 0


def test_a_key_of_an_organisation_is_the_portals_only_where_it_is_pinned(
    office: Office, served_installation: None
) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    conversation = asked_with(service, completion, organisations_key(completion))
    assert conversation.refusal["code"] == "gateway_signature_bad"


def test_the_portals_own_key_is_no_signature_of_the_person(
    office: Office, bus_keys: BusKeys
) -> None:
    service = open_service(office, wants_signature="applicant")
    pin = base64.b64encode(bus_keys.portal.certificate_der).decode()
    Peer.objects.update(certificates=[pin])
    service.profile.refresh_from_db()
    (completion,) = service.completed()
    conversation = asked_with(service, completion, bus_keys.portal)
    assert conversation.refusal["code"] == "gateway_signature_missing"


def test_who_signed_the_request_takes_it_back_by_the_same_signature(
    office: Office, served_installation: None
) -> None:
    service = open_service(office, wants_signature="applicant")
    (completion,) = service.completed()
    conversation = filed(service, completion)
    service.ask(update(service, own_key(completion)), kind="UPDATE")
    assert fresh(conversation.request).state == State.WITHDRAWN


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("unsigned", "gateway_signature_missing"),
        ("changed", "gateway_signature_bad"),
        ("stranger", "gateway_signature_bad"),
        ("person", "gateway_number_taken"),
        ("number", "gateway_number_taken"),
        ("iin", "iin_check_digit"),
    ],
)
@pytest.mark.parametrize("action", ["WITHDRAW", "ADD"])
def test_nobody_else_changes_a_request(
    office: Office, served_installation: None, case: str, code: str, action: str
) -> None:
    service = open_service(office, wants_signature="applicant")
    mine, others = service.completed(count=2)
    conversation = filed(service, mine)
    before = fresh(conversation.request)
    own = own_key(mine)
    said = {"action": action, "comment": "x"}
    data = {
        "unsigned": lambda: update(service, **said),
        "changed": lambda: update(service, own, **said).replace(">x<", ">y<"),
        "stranger": lambda: update(service, own_key(others), **said),
        "person": lambda: update(service, own_key(others), iin=iin_of(others), **said),
        "number": lambda: update(service, own, number="101000000000777", **said),
        "iin": lambda: update(service, own, iin="900101300018", **said),
    }[case]()
    service.ask(data, kind="UPDATE")
    after = fresh(conversation.request)
    assert (after.state, after.version) == (before.state, before.version)
    assert refusal_told(conversation) == code
    assert told(conversation)[-1] == ("NOTIFICATION", "001")
    last = list(journal.history(f"request:{after.number}"))[-1]
    assert (last.action, last.data) == ("gateway.update_refused", {"code": code})


def test_where_nobody_tells_of_revocation_a_withdrawal_waits(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    inbound = service.inbound(update(service, own_key(completion)), kind="UPDATE")
    with pytest.raises(NotNow):
        portal.take(inbound, NOW)
    assert Inbound.objects.get(pk=inbound.pk).handled_at is None
    assert fresh(conversation.request).state != State.WITHDRAWN


@pytest.mark.parametrize("family", ["document", "operations"])
def test_a_question_takes_back_only_what_its_signer_asked_for(
    office: Office, served_installation: None, family: str
) -> None:
    service = open_service(office, family=family, wants_signature="applicant")
    mine, others = service.completed(count=2)

    def said(data: str, key: LeafKey) -> str:
        question = service.inbound(sign_document(data, key), kind="sync", correlation="")
        return answer(question, NOW)

    said(service.form(**whole(mine)), own_key(mine))
    asked = {"operation": "withdraw"} if family == "operations" else {"action": "WITHDRAW"}
    refused = said(service.form(**asked), own_key(others))
    assert "gateway_signature_bad" in refused
    assert "022" not in refused
    assert Request.objects.get().state != State.WITHDRAWN
    said(service.form(**asked), own_key(mine))
    assert Request.objects.get().state == State.WITHDRAWN
