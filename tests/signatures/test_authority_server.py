"""The authority's program speaks the real protocols: openssl is the client."""

import base64
import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import quote

import pytest
from asn1crypto import algos, core, ocsp, tsp
from hypothesis import given, settings
from hypothesis import strategies as st

from kualik.core import clock
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Leaf,
    Revocation,
    Scheme,
    answer_ocsp,
    answer_timestamp,
    register,
    sign_cms,
    write_trust,
)
from kualik.signatures.adapters.test_authority.revocation import cert_id
from kualik.signatures.adapters.test_authority.storage import held_hierarchy
from tests.signatures.authorities import (
    INDIVIDUAL,
    NOW,
    authority,
    individual,
    openssl,
    pem_files,
    write_pem,
)

# openssl and the program go by the clock of the machine.
pytestmark = pytest.mark.real_clock
PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "authority_server.py"
MIDNIGHT_AND_A_BIT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Served:
    """A running authority."""

    host: str
    scheme: Scheme
    folder: Path

    @property
    def address(self) -> str:
        return f"{self.host}/{self.scheme}"

    @property
    def directory(self) -> Path:
        return self.folder / self.scheme

    @property
    def hierarchy(self) -> Hierarchy:
        return held_hierarchy(self.directory)

    def issue(self, revocation: Revocation | None = None) -> Leaf:
        leaf = self.hierarchy.issue(INDIVIDUAL, not_before=clock.now() - timedelta(days=3))
        register(self.directory, leaf, revocation)
        return leaf

    def post(self, path: str, body: bytes) -> bytes:
        status, found = self.ask("POST", path, body)
        assert status == 200
        return found

    def get(self, path: str) -> bytes:
        status, found = self.ask("GET", path)
        assert status == 200
        return found

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        host = self.host.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=30)) as connection:
            connection.request(method, f"/{self.scheme}{path}", body)
            response = connection.getresponse()
            return response.status, response.read()


def serve(folder: Path, scheme: Scheme, *options: str) -> Iterator[Served]:
    """The program as a process of its own, until the test ends."""
    command = [sys.executable, str(PROGRAM), "--directory", str(folder)]
    command += ["--scheme", scheme, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        host = process.stdout.readline().strip()
        try:
            yield Served(host, scheme, folder)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An RSA authority at the real time, which openssl insists on."""
    yield from serve(tmp_path_factory.mktemp("served"), Scheme.RSA)


@pytest.fixture(scope="module")
def gost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A GOST authority whose clock stands half an hour after midnight."""
    yield from serve(
        tmp_path_factory.mktemp("gost"), Scheme.GOST512, "--now", MIDNIGHT_AND_A_BIT.isoformat()
    )


@pytest.fixture
def folder(tmp_path: Path, served: Served) -> Path:
    pem_files(tmp_path, served.hierarchy)
    return tmp_path


def ask_status(served: Served, folder: Path, leaf: Leaf) -> CompletedProcess[str]:
    write_pem(folder / "leaf.pem", leaf.certificate_der)
    return openssl(
        "ocsp", "-url", f"{served.address}/ocsp", "-issuer", "issuing.pem", "-cert", "leaf.pem",
        "-CAfile", "root.pem", "-verify_other", "issuing.pem", "-nonce",
        folder=folder,
    )  # fmt: skip


def test_certificates_name_the_address_of_the_services(served: Served) -> None:
    assert served.issue().certificate.ocsp_urls == [f"{served.address}/ocsp"]


def test_ocsp_says_good_then_revoked(served: Served, folder: Path) -> None:
    leaf = served.issue()
    done = ask_status(served, folder, leaf)
    assert done.returncode == 0, done.stdout
    assert "Response verify OK" in done.stdout
    assert "WARNING" not in done.stdout
    assert "leaf.pem: good" in done.stdout
    register(served.directory, leaf, Revocation(at=clock.now(), reason="key_compromise"))
    done = ask_status(served, folder, leaf)
    assert "Response verify OK" in done.stdout
    assert "leaf.pem: revoked" in done.stdout
    assert "keyCompromise" in done.stdout


def test_ocsp_does_not_know_a_certificate_nobody_registered(served: Served, folder: Path) -> None:
    leaf = served.hierarchy.issue(INDIVIDUAL, not_before=clock.now())
    assert "leaf.pem: unknown" in ask_status(served, folder, leaf).stdout


def request_about(leaf: Leaf, issuer: bytes) -> bytes:
    asked = cert_id(leaf.certificate_der, issuer, hash_name="sha256")
    body = ocsp.TBSRequest({"request_list": [{"req_cert": asked}]})
    request: bytes = ocsp.OCSPRequest({"tbs_request": body}).dump()
    return request


def answers_of(response: bytes) -> list[str]:
    parsed = ocsp.OCSPResponse.load(response).response_data
    return [single["cert_status"].name for single in parsed["responses"]]


def test_ocsp_answers_to_a_request_in_the_address(served: Served) -> None:
    leaf = served.issue()
    request = request_about(leaf, leaf.chain[0])
    text = quote(base64.b64encode(request).decode(), safe="")
    assert answers_of(served.get(f"/ocsp/{text}")) == ["good"]


def test_ocsp_does_not_speak_for_another_issuer(served: Served) -> None:
    leaf = served.issue()
    assert answers_of(served.post("/ocsp", request_about(leaf, leaf.chain[1]))) == ["unknown"]


@pytest.mark.parametrize("body", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x05", b"hello" * 100])
def test_unreadable_requests_are_answered_by_the_protocols_own_refusals(
    served: Served, body: bytes
) -> None:
    refused = ocsp.OCSPResponse.load(served.post("/ocsp", body))
    assert refused["response_status"].native == "malformed_request"
    status = core.Sequence.load(served.post("/tsa", body))[0]
    assert tsp.PKIStatusInfo.load(status.dump())["status"].native == "rejection"


@given(position=st.integers(0, 120), byte=st.integers(0, 255), cut=st.integers(0, 120))
@settings(max_examples=150, deadline=None)
def test_damaged_requests_are_answered_and_never_raise(position: int, byte: int, cut: int) -> None:
    hierarchy, leaf = authority(Scheme.GOST256), individual(Scheme.GOST256)
    algorithm = algos.DigestAlgorithm({"algorithm": "sha256"})
    imprint = tsp.MessageImprint({"hash_algorithm": algorithm, "hashed_message": bytes(32)})
    query = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": 9}).dump()
    for request in (request_about(leaf, leaf.chain[0]), query):
        damaged = bytearray(request[: len(request) - cut])
        damaged[position : position + 1] = bytes((byte,))
        answered = answer_ocsp(hierarchy, bytes(damaged), status_of=lambda _: "good", now=NOW)
        assert ocsp.OCSPResponse.load(answered)["response_status"].native
        answered = answer_timestamp(hierarchy, bytes(damaged), now=NOW, serial=1)
        assert core.Sequence.load(answered)[0].dump()


def test_addresses_nobody_serves_are_not_found(served: Served) -> None:
    assert served.ask("GET", "/")[0] == 404
    assert served.ask("POST", "/crl", b"")[0] == 404
    assert replace(served, scheme=Scheme.GOST512).ask("GET", "/ca")[0] == 404


def test_requests_of_a_megabyte_are_not_read(served: Served) -> None:
    with closing(http.client.HTTPConnection(served.host[7:], timeout=30)) as connection:
        connection.putrequest("POST", "/rsa/ocsp")
        connection.putheader("Content-Length", "1000001")
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_time_stamp_answer_verifies_against_its_query(served: Served, folder: Path) -> None:
    (folder / "content").write_bytes(b"content")
    made = openssl(
        "ts", "-query", "-data", "content", "-sha256", "-cert", "-out", "query.tsq",
        folder=folder,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout
    (folder / "answer.tsr").write_bytes(served.post("/tsa", (folder / "query.tsq").read_bytes()))
    done = openssl(
        "ts", "-verify", "-queryfile", "query.tsq", "-in", "answer.tsr", "-CAfile", "root.pem",
        "-untrusted", "issuing.pem",
        folder=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("changed", "failure"),
    [
        ({"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}, "bad_alg"),
        (
            {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(31)},
            "bad_data_format",
        ),
    ],
)
def test_time_stamp_is_refused_for_a_hash_that_is_none(
    served: Served, changed: dict[str, object], failure: str
) -> None:
    query = tsp.TimeStampReq({"version": "v1", "message_imprint": changed}).dump()
    status = core.Sequence.load(served.post("/tsa", query))[0]
    assert tsp.PKIStatusInfo.load(status.dump())["fail_info"].native == {failure}


def test_time_stamps_of_one_query_have_their_own_numbers(served: Served) -> None:
    algorithm = algos.DigestAlgorithm({"algorithm": "sha256"})
    imprint = tsp.MessageImprint({"hash_algorithm": algorithm, "hashed_message": bytes(32)})
    query = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint}).dump()
    assert served.post("/tsa", query) != served.post("/tsa", query)


def test_lists_verify_and_the_delta_holds_what_the_day_brought(
    served: Served, folder: Path
) -> None:
    before = served.issue(Revocation(at=clock.now() - timedelta(days=2)))
    today = served.issue(Revocation(at=clock.now()))
    found = {}
    for path in ("/crl", "/crl/delta"):
        (folder / "list.crl").write_bytes(served.get(path))
        done = openssl(
            "crl", "-inform", "DER", "-in", "list.crl", "-noout", "-text",
            "-CAfile", "issuing.pem",
            folder=folder,
        )  # fmt: skip
        assert "verify OK" in done.stdout
        found[path] = [f"{leaf.serial:X}" in done.stdout for leaf in (before, today)]
    assert found == {"/crl": [True, False], "/crl/delta": [False, True]}


def test_certificates_of_the_authorities_are_there_to_fetch(served: Served) -> None:
    assert served.get("/ca") == served.hierarchy.issuing.certificate_der
    assert served.get("/ca/root") == served.hierarchy.root.certificate_der


def test_gost_authority_answers_at_the_moment_it_is_told(gost: Served) -> None:
    leaf = gost.hierarchy.issue(INDIVIDUAL, not_before=MIDNIGHT_AND_A_BIT)
    register(gost.directory, leaf)
    request = request_about(leaf, leaf.chain[0])
    response = gost.post("/ocsp", request)
    assert answers_of(response) == ["good"]
    data = ocsp.OCSPResponse.load(response).response_data
    assert data["produced_at"].native == MIDNIGHT_AND_A_BIT


def test_signature_is_stamped_over_the_network(gost: Served) -> None:
    leaf = gost.hierarchy.issue(INDIVIDUAL, not_before=MIDNIGHT_AND_A_BIT)
    suite = leaf.key.suite

    def stamp(signature: bytes) -> bytes:
        imprint = tsp.MessageImprint(
            {"hash_algorithm": suite.digest_algorithm(), "hashed_message": suite.digest(signature)}
        )
        query = tsp.TimeStampReq(
            {"version": "v1", "message_imprint": imprint, "cert_req": True, "nonce": 5}
        )
        answer = tsp.TimeStampResp.load(gost.post("/tsa", query.dump()))
        assert answer["status"]["status"].native == "granted"
        token: bytes = answer["time_stamp_token"].dump()
        return token

    signature = sign_cms(leaves=[leaf], content=b"content", detached=True, timestamp=stamp)
    assert b"TIME-STAMPING AUTHORITY (GOST 512)" in signature


def test_authorities_survive_a_restart_and_are_served_side_by_side(tmp_path: Path) -> None:
    with contextmanager(serve)(tmp_path, Scheme.GOST256) as first:
        before = first.hierarchy
    with contextmanager(serve)(tmp_path, Scheme.GOST512) as second:
        found = {}
        for scheme in (Scheme.GOST256, Scheme.GOST512):
            served = Served(second.host, scheme, tmp_path)
            found[scheme] = served.get("/ca")
            assert served.hierarchy.addresses.base == served.address
    assert found[Scheme.GOST256] == before.issuing.certificate_der
    assert found[Scheme.GOST512] != before.issuing.certificate_der
    assert sorted(each.name for each in tmp_path.iterdir()) == ["gost256", "gost512"]


def test_processes_that_start_together_end_with_one_authority(tmp_path: Path) -> None:
    command = [sys.executable, str(PROGRAM), "--directory", str(tmp_path), "--scheme", "rsa"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    roots = []
    for process in started:
        with process:
            assert process.stdout is not None
            served = Served(process.stdout.readline().strip(), Scheme.RSA, tmp_path)
            roots.append(served.get("/ca/root"))
            process.terminate()
    assert roots[0] == roots[1]
    assert [each.name for each in tmp_path.iterdir()] == ["rsa"]


def test_directory_of_trust_holds_roots_and_issuing_certificates(tmp_path: Path) -> None:
    hierarchies = [authority(Scheme.RSA), authority(Scheme.GOST512)]
    write_trust(tmp_path / "trust", *hierarchies)
    found = {file.read_bytes() for file in (tmp_path / "trust").iterdir()}
    assert found == {
        leaf.certificate_der for each in hierarchies for leaf in (each.root, each.issuing)
    }
