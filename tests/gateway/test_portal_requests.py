"""A request of the portal is a request like any other, and the portal hears each step of it."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from kualik.accounts.adapters import iin_hash
from kualik.accounts.models import Person
from kualik.cases.models import Attachment, Evidence, Request
from kualik.cases.services.deciding import approve_request, refuse_request
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.trial_signing import sign_letters_on_trial
from kualik.certificates.models import Letter
from kualik.core import journal
from kualik.core.jobs import NotNow
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, StaffTask
from kualik.demo.people import staff_iins
from kualik.gateway.adapters.business import sign_document
from kualik.gateway.adapters.wsse import LeafKey
from kualik.gateway.models import Conversation, Inbound, Peer, Profile
from kualik.gateway.services import portal
from kualik.gateway.services.delivered import result_delivered
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.storage import save_leaf
from kualik.signatures.services import installation_trust
from kualik.signatures.services import test_person_leaf as person_leaf
from kualik.signatures.services.xml_verification import verify_xml
from kualik.training.models import Completion
from tests.cases.scans import pdf
from tests.flows.office import NOW, Office, open_demo_office
from tests.gateway.conftest import BusKeys
from tests.gateway.portal_side import Service, fresh, iin_of, open_service, response, told, whole
from tests.gateway.portal_side import work as worked

FACTS = Text("Диплом нөмірі тізілімде табылмады.", "Номер диплома не найден в реестре.")
EVENING = NOW + timedelta(hours=9)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(db: None, kualik_files: Path, settings: Settings, bus_keys: BusKeys) -> Office:
    save_leaf(Path(settings.KEYS_ROOT) / "gateway", Scheme.RSA, bus_keys.ours.leaf)
    return open_demo_office()


@pytest.fixture
def alone(office: Office) -> Office:
    """The office whose machine decides and seals."""
    office.seal_automatically(decides_alone=True)
    return office


def added(text: str, **cells: str) -> str:
    """A document with more in its RequestData."""
    more = "".join(f"<ns:{name}>{value}</ns:{name}>" for name, value in cells.items())
    return text.replace("</ns:RequestData>", f"{more}</ns:RequestData>")


def test_who_names_everything_that_will_be_printed_has_the_document_at_once(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    request = fresh(conversation.request)
    assert (request.channel, request.completion, request.language) == ("gateway", completion, "ru")
    assert told(conversation) == [("NOTIFICATION", "001")]
    worked()
    assert fresh(request).state == State.ISSUED
    assert told(conversation) == [
        ("NOTIFICATION", "001"),
        ("NOTIFICATION", "004"),
        ("RESPONSE", "010"),
    ]
    grounds = journal.history(f"request:{request.number}")
    assert [row.action for row in grounds][:2] == ["cases.filed", "cases.accept"]


def test_the_evidence_keeps_the_message_that_is_its_proof(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    request = fresh(service.ask(service.form(**whole(completion))).request)
    kept = Evidence.objects.get(request=request)
    assert (kept.level, kept.way) == ("gateway", "gateway")
    assert kept.facts["named_all"] is True
    assert kept.facts["portal_number"] == "101000000000001"
    assert (request.application_number, request.application_on) == ("101000000000001", NOW.date())
    assert kept.facts["inbound"] == service.peer.inbound.get().pk
    assert iin_of(completion) not in kept.content
    assert kept.signature is None


def test_the_response_carries_the_document_and_a_signature_of_ours(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    worked()
    data = response(conversation).data
    certificate = fresh(conversation.request).certificate
    assert certificate is not None
    content = base64.b64decode(data.partition("<ns:Content>")[2].partition("<")[0])
    assert content.startswith(b"%PDF")
    assert f"<ns:DocNumber>{certificate.number}</ns:DocNumber>" in data
    found = verify_xml(
        document=data.encode(),
        trust=installation_trust(),
        at=None,
        now=NOW,
        is_revocation_required=False,
    )
    assert found.status == "valid"


def test_the_same_by_iin_and_phone_alone_waits_for_the_registrar(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    person = completion.person
    conversation = service.ask(
        service.form(
            iin=iin_of(completion), family_name=person.family_name, given_name=person.given_name
        )
    )
    worked()
    request = fresh(conversation.request)
    assert (request.completion, request.state) == (completion, State.FILED)
    left = journal.history(f"request:{request.number}")[-1]
    assert (left.action, left.data["why"]) == ("cases.left_to_staff", "channel")
    by = {"user": alone.registrar, "role": Role.REGISTRAR, "now": NOW}
    approve_request(request=request, **by)
    worked()
    assert [code for _, code in told(conversation)] == ["001", "004", "010"]


@pytest.mark.parametrize(
    ("change", "what"),
    [({"family_name": "БАСҚАША"}, "name"), ({"hours": "999"}, "hours")],
)
def test_a_form_that_says_otherwise_goes_to_people_with_a_task(
    alone: Office, change: dict[str, str], what: str
) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    request = fresh(service.ask(service.form(**{**whole(completion), **change})).request)
    worked()
    assert fresh(request).state == State.FILED
    assert what in Evidence.objects.get(request=request).facts["differs"]
    assert StaffTask.objects.filter(kind="portal_differs", closed_at=None).exists()
    assert Person.objects.get(pk=completion.person_id).family_name != "БАСҚАША"


def test_after_hours_the_portal_hears_of_the_acceptance_in_the_morning(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)), now=EVENING)
    worked(EVENING)
    assert told(conversation) == [("NOTIFICATION", "001")]
    first = conversation.outbound.get().data
    assert "<ns:AcceptedAt>2026-11-24T" in first
    assert "<ns:DueAt>" in first
    assert "<ns:CurrentStatusTextKz>Өтініш түсті<" in first
    worked(fresh(conversation.request).accepted_at + timedelta(minutes=31))
    assert [code for _, code in told(conversation)] == ["001", "004", "010"]


def test_a_training_that_no_list_names_is_a_claim(office: Office) -> None:
    service = open_service(office)
    conversation = service.ask(
        service.form(
            iin="900101300017",
            family_name="ТЕСТОВ",
            given_name="ТЕСТ",
            kind="pd",
            programme="Ультрадыбыстық диагностика",
            started_on="2026-09-01",
            ended_on="2026-09-30",
        )
    )
    request = fresh(conversation.request)
    assert request.completion is None
    assert request.claimed("holder") == "Тестов Тест"
    assert StaffTask.objects.filter(kind="claim_filed", closed_at=None).exists()
    assert Person.objects.filter(iin_hash=iin_hash("900101300017")).exists()


def test_of_several_that_fit_a_person_chooses(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed(programme=1)
    service.completed(programme=2)
    names = {"family_name": completion.person.family_name, "given_name": "А"}
    conversation = service.ask(service.form(iin=iin_of(completion), **names))
    request = fresh(conversation.request)
    assert request.completion is None
    assert StaffTask.objects.filter(kind="portal_differs", closed_at=None).exists()


REFUSED = [
    ({"iin": "900101300018"}, "iin_check_digit"),
    ({"kind": "rt"}, "result_not_in_edition"),
    ({"kind": "xx"}, "gateway_field_wrong"),
    ({"started_on": "30.02.2026"}, "gateway_field_wrong"),
    ({"number": ""}, "gateway_field_missing"),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
def test_what_cannot_be_filed_is_answered_with_a_code_and_reasons(
    office: Office, change: dict[str, str], code: str
) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**{**whole(completion), **change}))
    assert conversation.request is None
    assert conversation.refusal["code"] == code
    worked()
    assert told(conversation) == [("RESPONSE", "022")]
    data = response(conversation).data
    assert f"<ns:ResponseCode>{code}</ns:ResponseCode>" in data
    assert conversation.refusal["kk"] in data
    assert conversation.refusal["ru"] in data
    assert Request.objects.count() == 0


@pytest.mark.parametrize(
    "data", ["", "no xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<other/>"]
)
def test_what_is_no_form_is_answered_too(office: Office, data: str) -> None:
    conversation = open_service(office).ask(data)
    worked()
    assert told(conversation) == [("RESPONSE", "022")]


def test_a_service_that_is_switched_off_takes_nothing(office: Office) -> None:
    service = open_service(office)
    Profile.objects.update(is_active=False)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    assert conversation.refusal["code"] == "gateway_service_closed"
    assert Request.objects.count() == 0


def test_an_unknown_service_opens_nothing(office: Office) -> None:
    service = open_service(office)
    Profile.objects.update(service_id="OTHER")
    with pytest.raises(RuleViolation, match="gateway_service_unknown"):
        portal.take(service.inbound("<a/>"), NOW)
    assert Conversation.objects.count() == 0


def test_a_second_request_for_the_same_training_is_told_the_number_of_the_first(
    office: Office,
) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    first = fresh(service.ask(service.form(**whole(completion))).request)
    again = service.ask(service.form(**whole(completion)), correlation="3900002")
    assert again.refusal["code"] == "request_exists"
    assert first.number in again.refusal["ru"]
    assert Request.objects.count() == 1


def test_the_same_question_twice_is_filed_once(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    service.ask(service.form(**whole(completion)))
    conversation = service.ask(service.form(**whole(completion)))
    assert Request.objects.count() == 1
    assert told(conversation) == [("NOTIFICATION", "001")]


def test_a_refusal_is_answered_when_it_is_signed(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    request = fresh(conversation.request)
    by = {"user": office.registrar, "role": Role.REGISTRAR, "now": NOW}
    refuse_request(request=request, ground="unreliable", facts=FACTS, **by)
    worked()
    assert told(conversation) == [("NOTIFICATION", "001"), ("NOTIFICATION", "005")]
    letters = Letter.objects.filter(about=f"request:{request.number}")
    sign_letters_on_trial(letters=letters, iins=staff_iins(), now=NOW)
    worked()
    assert told(conversation)[-1] == ("RESPONSE", "020")
    data = response(conversation).data
    assert "<ns:ResponseCode>unreliable</ns:ResponseCode>" in data
    [reason] = re.findall("<ns:AdditionalInfoRu>(.*?)</ns:AdditionalInfoRu>", data)
    assert reason[0].isupper()
    assert reason.endswith(f": {FACTS.ru}")
    assert FACTS.kk in data
    assert letters.get().number in data
    assert "<ns:FileSignature>" in data


def test_a_withdrawal_ends_the_request_and_is_answered(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    service.ask(service.form(**whole(completion)))
    conversation = service.ask(service.form(action="WITHDRAW"), kind="UPDATE")
    worked()
    assert fresh(conversation.request).state == State.WITHDRAWN
    assert told(conversation)[-1] == ("RESPONSE", "030")


def test_a_withdrawal_that_comes_too_late_is_told_why(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    request = fresh(service.ask(service.form(**whole(completion))).request)
    by = {"user": office.registrar, "role": Role.REGISTRAR, "now": NOW}
    approve_request(request=request, **by)
    conversation = service.ask(service.form(action="WITHDRAW"), kind="UPDATE")
    assert fresh(request).state == State.APPROVED
    last = conversation.outbound.order_by("pk").last()
    assert last is not None
    assert told(conversation)[-1] == ("NOTIFICATION", "004")
    assert "<ns:ResponseCode>transition_unknown</ns:ResponseCode>" in last.data


def test_added_data_reach_the_registrar_and_keep_the_machine_away(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    service.ask(service.form(**whole(completion)), now=EVENING)
    scan = base64.b64encode(pdf()).decode()
    file = f"<ns:FileName>диплом.pdf</ns:FileName><ns:Content>{scan}</ns:Content>"
    update = added(service.form(action="ADD", comment="Фамилия ауысты"), Attachment=file)
    conversation = service.ask(update, kind="UPDATE", now=EVENING)
    request = fresh(conversation.request)
    assert request.claimed("comment") == "Фамилия ауысты"
    assert Attachment.objects.get(request=request).filename == "диплом.pdf"
    assert StaffTask.objects.filter(kind="data_added", closed_at=None).exists()
    worked(request.accepted_at + timedelta(minutes=31))
    assert fresh(request).state == State.FILED


def test_no_addition_pushes_another_one_out(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)), now=EVENING)
    said = [letter * 1000 for letter in "абв"]
    for comment in said:
        service.ask(service.form(action="ADD", comment=comment), kind="UPDATE", now=EVENING)
    assert fresh(conversation.request).claimed("comment") == "\n".join(said)


@pytest.mark.parametrize("action", ["ADD", "WITHDRAW"])
def test_an_update_is_done_once_where_its_worker_died_before_it_said_so(
    alone: Office, action: str
) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)), now=EVENING)
    update = service.inbound(service.form(action=action, comment="Түсінік"), kind="UPDATE")
    known = Inbound.objects.get(pk=update.pk)
    portal.take(update, EVENING)
    version = fresh(conversation.request).version
    portal.take(known, EVENING + timedelta(minutes=2))
    assert fresh(conversation.request).version == version
    assert StaffTask.objects.filter(kind="data_added").count() == (action == "ADD")
    worked(EVENING)
    codes = [code for _, code in told(conversation)]
    assert len(codes) == 2


def test_an_update_of_nothing_known_is_no_request(office: Office) -> None:
    service = open_service(office)
    update = service.inbound(service.form(), kind="UPDATE")
    with pytest.raises(RuleViolation, match="gateway_conversation_unknown"):
        portal.take(update, NOW)


def test_a_scan_that_may_do_something_is_refused_before_filing(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    scan = base64.b64encode(pdf(catalog="/OpenAction << /S /JavaScript /JS (a) >>")).decode()
    form = service.form(**whole(completion))
    conversation = service.ask(added(form, Attachment=f"<ns:Content>{scan}</ns:Content>"))
    assert conversation.refusal["code"] == "scan_active"
    assert (Request.objects.count(), Attachment.objects.count()) == (0, 0)


def test_a_delivered_result_is_handed_over_once(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    worked()
    for _ in range(2):
        result_delivered(response(conversation), NOW)
    assert fresh(conversation.request).state == State.HANDED_OVER
    assert told(conversation)[-1] == ("RESPONSE", "010")


def test_who_wants_paper_is_handed_it_at_the_counter(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    form = service.form(**whole(completion), delivery="both")
    conversation = service.ask(form)
    worked()
    result_delivered(response(conversation), NOW)
    assert fresh(conversation.request).state == State.ISSUED


def test_requests_of_other_channels_tell_the_portal_nothing(alone: Office) -> None:
    service = open_service(alone)
    (completion,) = service.completed()
    (request,) = file_requests(
        provider=alone.stage.provider,
        filings=[Filing(completion=completion)],
        channel=Request.Channel.REGISTRAR,
        filed_at=NOW,
        actor=SYSTEM,
        now=NOW,
    )
    by = {"user": alone.registrar, "role": Role.REGISTRAR, "now": NOW}
    approve_request(request=request, **by)
    worked()
    assert fresh(request).state == State.ISSUED
    assert Conversation.objects.count() == 0


def test_the_service_wants_the_persons_own_signature_where_it_says_so(office: Office) -> None:
    service: Service = open_service(office, wants_signature="applicant")
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    assert conversation.refusal["code"] == "gateway_signature_missing"


def signed_form(service: Service, completion: Completion, key: LeafKey) -> str:
    """A form with a signature inside."""
    return sign_document(service.form(**whole(completion)), key)


def own_key(completion: Completion) -> LeafKey:
    name = completion.person.full_name
    return LeafKey(person_leaf(name=name, iin=iin_of(completion), now=NOW))


def asked_with(service: Service, completion: Completion, key: LeafKey) -> Conversation:
    return service.ask(signed_form(service, completion, key))


def test_the_persons_own_signature_is_kept_with_the_evidence(
    office: Office, served_installation: None
) -> None:
    service = open_service(office, wants_signature="applicant")
    (completion,) = service.completed()
    conversation = asked_with(service, completion, own_key(completion))
    kept = Evidence.objects.get(request=conversation.request)
    assert kept.facts["signed_by"] == "applicant"
    assert kept.facts["owner"] == completion.person.full_name.upper()
    inbound = service.peer.inbound.get()
    found = verify_xml(
        document=inbound.data.encode(),
        trust=installation_trust(),
        at=NOW,
        now=NOW + timedelta(days=30),
        is_revocation_required=False,
    )
    assert (found.status, found.signers[0].serial) == ("valid", kept.facts["serial"])


def test_the_portals_own_key_is_known_by_its_pin_and_nobody_else_is_asked(
    alone: Office, bus_keys: BusKeys
) -> None:
    service = open_service(alone)
    pin = base64.b64encode(bus_keys.portal.certificate_der).decode()
    Peer.objects.update(certificates=[pin])
    (completion,) = service.completed()
    service.profile.refresh_from_db()
    conversation = asked_with(service, completion, bus_keys.portal)
    kept = Evidence.objects.get(request=conversation.request)
    assert kept.facts["signed_by"] == "portal"


def test_where_nobody_tells_of_revocation_the_request_waits(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    inbound = service.inbound(signed_form(service, completion, own_key(completion)))
    with pytest.raises(NotNow):
        portal.take(inbound, NOW)
    assert Conversation.objects.count() == 0


def test_a_form_changed_after_its_signature_is_refused(office: Office) -> None:
    service = open_service(office)
    (completion,) = service.completed()
    text = signed_form(service, completion, own_key(completion))
    conversation = service.ask(text.replace("77010000001", "77010000002"))
    assert conversation.refusal["code"] == "gateway_signature_bad"
    assert Request.objects.count() == 0


def test_an_update_that_comes_as_a_request_files_nothing(office: Office) -> None:
    service = open_service(office)
    conversation = service.ask(service.form(action="WITHDRAW"))
    assert conversation.refusal["code"] == "gateway_form_other"


def test_while_the_file_store_is_away_the_answer_waits_and_is_not_lost(alone: Office) -> None:
    service = open_service(alone, result_by="file_store")
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    worked()
    assert fresh(conversation.request).state == State.ISSUED
    assert told(conversation)[-1] == ("NOTIFICATION", "004")
    job = Job.objects.get(name="gateway.answer")
    assert (job.failed_at, job.run_at > NOW) == (None, True)
    Profile.objects.update(result_by="inline")
    worked(job.run_at)
    assert told(conversation)[-1] == ("RESPONSE", "010")
