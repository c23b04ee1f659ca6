"""A second verifier can only take away, and its odd answers deceive nobody."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_django.fixtures import Settings

from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.services.second_opinion import second_opinion
from kualik.signatures.services.verdicts import Verification
from tests.signatures.authorities import NOW, expired, head, individual
from tests.signatures.node_server import Answer, Change, Node, node_server
from tests.signatures.verification import CONTENT, codes, sample, signed, trust, verified

DIFFERS, UNREACHABLE = "second_opinion_differs", "second_opinion_unreachable"


@pytest.fixture
def node(settings: Settings) -> Iterator[Node]:
    with node_server() as found:
        settings.NCANODE_URL = found.address
        yield found


def asked(
    signature: bytes | None = None, *, document: bytes | None = None
) -> tuple[Verification, Verification]:
    """Our verdict without and with the second opinion."""
    file = sample(Scheme.RSA) if signature is None else signature
    ours = verified(file, trust(Scheme.RSA, Scheme.GOST512), document=document)
    both = second_opinion(signature=file, document=document, verification=ours, now=NOW)
    return ours, both


def added(found: tuple[Verification, Verification]) -> set[str]:
    """What the second opinion added, after a look at the status."""
    ours, both = found
    codes_added = codes(both) - codes(ours)
    expected = {DIFFERS: "invalid", UNREACHABLE: "indeterminate"}
    for code in codes_added:
        assert both.status == expected[code]
        assert {signer.status for signer in both.signers} == {expected[code]}
    return codes_added


def first(answer: Answer) -> Answer:
    """The first signer's certificate."""
    certificate: Answer = answer["signers"][0]["certificates"][0]
    return certificate


def graded(status: str) -> Change:
    return lambda answer: answer["signers"][0].update(status=status)


def certificate(**changes: object) -> Change:
    return lambda answer: first(answer).update(changes)


def revocations(*entries: Answer) -> Change:
    return certificate(revocations=list(entries))


CRL: Answer = {"revoked": False, "by": "CRL"}
OCSP: Answer = {"revoked": False, "by": "OCSP", "reason": "OK"}


def test_it_is_off_unless_an_address_is_set(node: Node, settings: Settings) -> None:
    settings.NCANODE_URL = ""
    ours, both = asked()
    assert both is ours
    assert node.asked == []


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
@pytest.mark.parametrize("detached", [True, False])
def test_agreement_leaves_the_verdict_as_it_is(node: Node, scheme: Scheme, detached: bool) -> None:
    file = signed([individual(scheme), head(Scheme.RSA)], detached=detached)
    ours, both = asked(file, document=CONTENT if detached else None)
    assert both is ours
    assert ours.status == "valid"
    path, question = node.asked[-1]
    assert path == "/cms/verify"
    assert question["revocationCheck"] == ["OCSP", "CRL"]
    assert ("data" in question) is detached


def test_it_is_not_asked_about_what_we_refuse_ourselves(node: Node) -> None:
    for file in (signed([expired(Scheme.RSA)]), signed([])):
        ours, both = asked(file)
        assert both is ours
        assert ours.status != "valid"
    assert node.asked == []


def test_armoured_signatures_are_sent_as_plain_ones(node: Node) -> None:
    armoured = (
        b"-----BEGIN CMS-----\n" + base64.encodebytes(sample(Scheme.RSA))
        + b"-----END CMS-----\n"
    )  # fmt: skip
    assert added(asked(armoured)) == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda answer: answer.update(valid=False), DIFFERS),
        (lambda answer: answer.update(signers=[]), UNREACHABLE),
        (lambda answer: answer.pop("signers"), UNREACHABLE),
        (lambda answer: answer["signers"][0].update(certificates=[]), UNREACHABLE),
        (lambda answer: answer["signers"][0].pop("certificates"), UNREACHABLE),
        (certificate(serialNumber="1234abcd"), DIFFERS),
        (lambda answer: answer["signers"].append(answer["signers"][0]), DIFFERS),
        (certificate(valid=False), UNREACHABLE),
        (revocations(), UNREACHABLE),
        (lambda answer: first(answer).pop("revocations"), UNREACHABLE),
        (revocations(CRL, {**OCSP, "revoked": True}), DIFFERS),
        (revocations({**CRL, "revoked": True}, OCSP), DIFFERS),
        (revocations({**OCSP, "reason": "Unknown status"}), UNREACHABLE),
        (revocations({**OCSP, "reason": None}), UNREACHABLE),
        (revocations({**OCSP, "result": "UNAVAILABLE"}), UNREACHABLE),
        (certificate(notAfter="2026-11-21T09:59:00.000+00:00"), UNREACHABLE),
        (certificate(notBefore="2026-11-21T10:01:00.000+00:00"), UNREACHABLE),
        (certificate(notAfter="2027-11-21T09:59:00"), UNREACHABLE),
        (graded("INVALID"), DIFFERS),
        (graded("INDETERMINATE"), UNREACHABLE),
        (graded("SOMETHING NEW"), UNREACHABLE),
        (lambda answer: answer.update(valid="true"), UNREACHABLE),
        (lambda answer: answer.update(signers={}), UNREACHABLE),
        (lambda answer: answer.update(signers=[None]), UNREACHABLE),
        (lambda answer: answer.update(signers=answer["signers"] * 65), UNREACHABLE),
        (lambda answer: answer.update(status=400, message="bad"), UNREACHABLE),
        (certificate(revocations="OK"), UNREACHABLE),
        (certificate(serialNumber=7), UNREACHABLE),
    ],
)
def test_every_trap_of_its_answers_is_guarded(node: Node, change: Change, code: str) -> None:
    node.change = change
    assert added(asked()) == {code}


@pytest.mark.parametrize(
    "change",
    [
        graded("VALID"),
        revocations(CRL),
        revocations(OCSP),
        revocations(CRL, {**OCSP, "reason": "connection refused"}),
        lambda answer: answer.update(adesLevel="T", bestSignatureTime="2020-01-01"),
    ],
)
def test_answers_of_several_versions_agree(node: Node, change: Change) -> None:
    node.change = change
    assert added(asked()) == set()


def test_serial_numbers_are_compared_as_numbers(node: Node) -> None:
    serial = f"{individual(Scheme.RSA).serial:x}"
    node.change = certificate(serialNumber=f"00{serial.upper()}")
    assert added(asked()) == set()


def test_one_of_several_signers_is_enough_to_doubt(node: Node) -> None:
    file = signed([individual(Scheme.RSA), head(Scheme.RSA)])
    node.change = lambda answer: answer["signers"][1].update(status="INVALID")
    assert added(asked(file)) == {DIFFERS}
    node.change = lambda answer: answer["signers"].pop()
    assert added(asked(file)) == {DIFFERS}


def test_it_must_find_the_same_content_inside(node: Node) -> None:
    node.content = CONTENT + b"."
    assert added(asked()) == {DIFFERS}
    node.content = b""
    assert added(asked()) == {DIFFERS}


def test_a_certificate_that_has_ended_since_is_no_difference(node: Node) -> None:
    """The server judges by the present; a time-stamp proves to us that it was good then."""
    ours, _ = asked()
    ended = replace(ours, signers=tuple(replace(each, is_valid_now=False) for each in ours.signers))
    file = sample(Scheme.RSA)
    for change in (lambda answer: answer.update(valid=False), graded("INVALID")):
        node.change = change
        both = second_opinion(signature=file, document=None, verification=ended, now=NOW)
        assert both.status == "indeterminate"


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b"{}", b"<html>", b"{" * 100_000, b"[" * 100_000, b'{"status":200}',
     b'{"status":"200","valid":true}', b"\xff\xfe", b" " * (2 * 1024 * 1024)],
    ids=lambda raw: repr(raw[:12]),
)  # fmt: skip
def test_what_is_no_answer_is_no_opinion(node: Node, raw: bytes) -> None:
    node.raw = raw
    assert added(asked()) == {UNREACHABLE}


@pytest.mark.parametrize("code", [301, 302, 307, 400, 404, 500, 503])
def test_no_other_status_is_an_answer_and_no_redirection_is_followed(node: Node, code: int) -> None:
    with node_server() as other:
        node.code, node.location = code, f"{other.address}/cms/verify"
        assert added(asked()) == {UNREACHABLE}
        assert other.asked == []


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9", "ftp://127.0.0.1/", "file:///etc/hosts", "127.0.0.1:14579", "http://",
     "http://127.0.0.1:99999", "http://127.0.0.1:9/?x=", "http://127.0.0.1:9/#x"],
)  # fmt: skip
def test_a_server_that_is_not_there_leaves_the_signature_undecided(
    settings: Settings, address: str
) -> None:
    settings.NCANODE_URL = address
    assert added(asked()) == {UNREACHABLE}


def test_the_question_holds_the_signature_and_nothing_else(node: Node) -> None:
    asked()
    assert [path for path, _ in node.asked] == ["/cms/extract", "/cms/verify"]
    for _, question in node.asked:
        assert set(question) <= {"cms", "data", "revocationCheck"}
        json.dumps(question)
