"""Asking a time-stamp authority: over real HTTP, and what a bad answer gets."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from asn1crypto import tsp

from kualik.core import clock
from kualik.signatures.adapters.online import Unreachable
from kualik.signatures.adapters.test_authority import Hierarchy, Scheme, answer_timestamp
from kualik.signatures.adapters.timestamps import read_stamp
from kualik.signatures.adapters.tsa import (
    ANSWER_LIMIT_BYTES,
    HttpStampAuthority,
    StampRefused,
    make_request,
    token_of,
)
from tests.signatures.authorities import NOW, authority, openssl
from tools.authority_server import AuthorityServer

DATA = "Куәлік".encode()
RSA_POLICY, OTHER_POLICY = "1.2.398.3.3.2.6.2", "1.2.398.3.3.2.6.4"
IMPRINT = hashlib.sha256(DATA).digest()


def answered(hierarchy: Hierarchy, *, nonce: int = 7, imprint: bytes = IMPRINT) -> bytes:
    request = make_request(imprint, nonce=nonce)
    return answer_timestamp(hierarchy, request, now=NOW, serial=1)


def refused(answer: bytes) -> str:
    with pytest.raises(StampRefused) as found:
        token_of(answer, DATA, nonce=7)
    return found.value.code


@contextmanager
def serving(answer: Callable[[], bytes], status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_a_token_comes_over_http(served_authorities: AuthorityServer, scheme: Scheme) -> None:
    before = clock.now().replace(microsecond=0)
    token = HttpStampAuthority(f"{served_authorities.address}/{scheme}/tsa").stamp(DATA)
    assert before <= read_stamp(token, DATA).moment <= clock.now()


def test_a_policy_is_asked_for_and_another_one_refused(
    served_authorities: AuthorityServer,
) -> None:
    url = f"{served_authorities.address}/rsa/tsa"
    assert HttpStampAuthority(url, RSA_POLICY).stamp(DATA)
    with pytest.raises(StampRefused) as found:
        HttpStampAuthority(url, OTHER_POLICY).stamp(DATA)
    assert found.value.code == "timestamp_refused"


def test_openssl_reads_our_question(tmp_path: Path) -> None:
    (tmp_path / "question.tsq").write_bytes(make_request(IMPRINT, nonce=258, policy=RSA_POLICY))
    said = openssl("ts", "-query", "-in", "question.tsq", "-text", folder=tmp_path).stdout
    for expected in ("sha256", "Nonce: 0x0102", "Certificate required: yes", RSA_POLICY):
        assert expected in said


def test_a_silent_authority_is_unreachable_and_a_refusing_one_is_not() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(Unreachable):
            HttpStampAuthority(f"http://127.0.0.1:{port}/tsa").stamp(DATA)
    with serving(lambda: b"", status=500) as url, pytest.raises(Unreachable):
        HttpStampAuthority(url).stamp(DATA)
    with serving(lambda: b"0" * (ANSWER_LIMIT_BYTES + 1)) as url, pytest.raises(Unreachable):
        HttpStampAuthority(url).stamp(DATA)
    with serving(lambda: b"<html>later</html>") as url, pytest.raises(StampRefused):
        HttpStampAuthority(url).stamp(DATA)
    for url in ("ftp://127.0.0.1/tsa", "file:///etc/hostname", "tsa", ""):
        with pytest.raises(Unreachable):
            HttpStampAuthority(url).stamp(DATA)


def test_an_answer_to_another_question_is_not_taken() -> None:
    rsa = authority(Scheme.RSA)
    assert token_of(answered(rsa), DATA, nonce=7)
    assert refused(answered(rsa, nonce=8)) == "timestamp_not_asked"
    assert refused(answered(rsa, imprint=bytes(32))) == "timestamp_differs"
    with pytest.raises(StampRefused) as found:
        token_of(answered(rsa), DATA, nonce=7, policy=OTHER_POLICY)
    assert found.value.code == "timestamp_not_asked"


def test_a_token_without_its_certificate_is_of_no_use() -> None:
    bare = tsp.TimeStampReq.load(make_request(IMPRINT, nonce=7))
    bare["cert_req"] = False
    answer = answer_timestamp(authority(Scheme.RSA), bare.dump(), now=NOW, serial=1)
    assert refused(answer) == "timestamp_untrusted"


def test_no_damaged_answer_is_taken_or_raises_anything_else() -> None:
    answer = answered(authority(Scheme.RSA))
    for place in range(0, len(answer), 11):
        spoiled = answer[:place] + bytes([answer[place] ^ 0x11]) + answer[place + 1 :]
        assert refused(spoiled)
        assert refused(answer[:place])
    assert refused(answer + b"\0")
