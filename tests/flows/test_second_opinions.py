"""Where the installation asks a second verifier, nothing is accepted against its word."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from kualik.cases.models import Request
from kualik.certificates.models import Certificate
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.test_authority import Leaf, Scheme, sign_cms
from kualik.signatures.models import Challenge
from kualik.signatures.services.challenges import answer_challenge, offer_challenge
from kualik.signatures.services.verdicts import SignerVerdict
from tests.flows.office import Office, open_demo_office
from tests.flows.signing import accept, signed
from tests.signatures import authorities
from tests.signatures.node_server import Answer, Node, node_server
from tests.signatures.verification import trust

SIGNED_AT = authorities.NOW + timedelta(seconds=20)


@pytest.fixture
def node(settings: Settings) -> Iterator[Node]:
    with node_server() as found:
        settings.NCANODE_URL = found.address
        yield found


def invalid(answer: Answer) -> None:
    answer["signers"][0]["status"] = "INVALID"


@pytest.fixture
def office(db: None, kualik_files: Path) -> Office:
    return open_demo_office()


@pytest.fixture
def request_(office: Office) -> Request:
    (found,) = office.prepared(1)
    return found


def handed_in(office: Office, request: Request, *leaves: Leaf) -> str:
    """The code of the refusal, empty where the document was issued."""
    number = request.certificate.number
    (outcome,) = accept(office, {number: signed(office, request, *leaves)})
    status = Certificate.objects.get(number=number).status
    assert (status == Certificate.Status.VALID) is (not outcome.code)
    return outcome.code


def test_a_document_is_issued_when_both_agree(
    office: Office, request_: Request, node: Node
) -> None:
    assert handed_in(office, request_) == ""
    ((path, question),) = node.asked
    assert path == "/cms/verify"
    assert question["data"]


def test_a_document_is_not_issued_when_they_differ(
    office: Office, request_: Request, node: Node
) -> None:
    node.change = invalid
    assert handed_in(office, request_) == "signature_not_valid"
    node.change = None
    assert handed_in(office, request_) == ""


def test_a_document_waits_while_the_second_verifier_is_silent(
    office: Office, request_: Request, node: Node
) -> None:
    node.code = 503
    assert handed_in(office, request_) == "signature_undecided"


def test_a_strangers_signature_is_not_shown_to_anybody(
    office: Office, request_: Request, node: Node
) -> None:
    assert handed_in(office, request_, authorities.individual(Scheme.RSA))
    assert node.asked == []


def entered(challenge: Challenge) -> SignerVerdict:
    signature = sign_cms(
        leaves=[authorities.individual(Scheme.RSA)],
        content=challenge.text.encode(),
        detached=False,
        signing_time=SIGNED_AT,
    )
    return answer_challenge(
        token=challenge.token,
        signature=signature,
        session_secret="secret",
        purpose=challenge.purpose,
        trust=trust(Scheme.RSA),
        fetcher=None,
        now=SIGNED_AT,
    )


@pytest.fixture
def challenge(db: None) -> Challenge:
    return offer_challenge(
        purpose=Challenge.Purpose.APPLICANT,
        session_secret="secret",
        host="kualik.example.kz",
        language="kk",
        now=authorities.NOW,
    )


def test_a_person_enters_when_both_agree(challenge: Challenge, node: Node) -> None:
    assert entered(challenge).iin == authorities.INDIVIDUAL.iin
    assert [path for path, _ in node.asked] == ["/cms/extract", "/cms/verify"]


@pytest.mark.parametrize("answer", ["differs", "silent"])
def test_nobody_enters_against_the_second_verifier(
    challenge: Challenge, node: Node, answer: str
) -> None:
    if answer == "differs":
        node.change = invalid
    else:
        node.code = 500
    with pytest.raises(RuleViolation) as violation:
        entered(challenge)
    assert violation.value.code == "signature_not_valid"
    words = violation.value.params["reasons"]
    assert "Вторая служба проверки" in words.get("ru")
