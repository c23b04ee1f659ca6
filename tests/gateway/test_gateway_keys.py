"""Whose keys sign our messages, and where each of them lies."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from kualik.core import clock
from kualik.gateway.adapters import business, envelope, wsse
from kualik.gateway.adapters.envelope import GatewayFault
from kualik.gateway.adapters.ncanode_signing import NodeKey, node_certificate
from kualik.gateway.adapters.transport_keys import DocumentSigner
from kualik.gateway.adapters.wsse import LeafKey, StoreKey
from kualik.gateway.models import Peer
from kualik.gateway.services.keys import (
    ensure_demo_keys,
    pinned,
    portal_certificates,
    portal_directory,
    rsa_key,
    transport_key,
)
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.keys import write_key
from kualik.signatures.adapters.test_authority import Scheme, sealing_key, status_of
from tests.gateway.conftest import NOW, BusKeys
from tools.portal import wire

RSA, GOST = Peer(algorithm=Peer.Algorithm.RSA), Peer(algorithm=Peer.Algorithm.GOST2015)
Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def folders(kualik_files: Path, settings: Settings) -> Path:
    settings.VAR = kualik_files
    return kualik_files


def files(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.suffix in {".key", ".cer"})
    return {str(file.relative_to(folder)): file.read_bytes() for file in found}


def test_a_demonstration_has_keys_of_its_own_and_the_portal_has_others(folders: Path) -> None:
    ensure_demo_keys(NOW)
    own, portal = files(folders / "keys" / "gateway"), files(portal_directory())
    assert set(own) == {"rsa.key", "rsa.cer", "gost512.key", "gost512.cer"}
    assert set(portal) == {*own, "kualik/rsa.cer", "kualik/gost512.cer"}
    assert portal["kualik/rsa.cer"] == own["rsa.cer"]
    assert not set(own.values()) & {portal[name] for name in own}
    for algorithm, name in ((RSA, "rsa"), (GOST, "gost512")):
        assert transport_key(algorithm).certificate_der == own[f"{name}.cer"]
    assert rsa_key().certificate_der == own["rsa.cer"]
    assert pinned(Peer(certificates=[*portal_certificates(), "no base64!"])) == (
        portal["rsa.cer"],
        portal["gost512.cer"],
    )


def test_keys_that_are_there_stay_until_they_are_old_or_of_another_authority(
    folders: Path, founded_authorities: Path
) -> None:
    ensure_demo_keys(NOW)
    first = files(folders)
    ensure_demo_keys(NOW + timedelta(days=300))
    assert files(folders) == first
    ensure_demo_keys(NOW + timedelta(days=340))
    own = files(folders / "keys" / "gateway")
    assert own["rsa.cer"] != first["keys/gateway/rsa.cer"]
    key = transport_key(RSA)
    assert isinstance(key, LeafKey)
    known = folders / "keys" / "test-authority" / Scheme.RSA
    assert status_of(known, key.leaf.serial) == "good"


def test_an_installation_signs_by_its_own_store(
    folders: Path, settings: Settings, bus_keys: BusKeys
) -> None:
    settings.GATEWAY_KEY = "bus.p12"
    key = sealing_key(bus_keys.ours.leaf)
    path = folders / "keys" / "bus.p12"
    write_key(path, key=key, label="bus", passphrase=settings.KEY_PASSPHRASE)
    found = transport_key(RSA)
    assert isinstance(found, StoreKey)
    assert found.certificate_der == bus_keys.ours.certificate_der
    assert rsa_key() == found


def test_an_installation_without_a_key_says_so(folders: Path, settings: Settings) -> None:
    settings.DEMO = False
    for peer in (RSA, GOST):
        with pytest.raises(RuleViolation) as found:
            transport_key(peer)
        assert found.value.code == "gateway_key_missing"
    settings.GATEWAY_GOST_KEY = "gost.p12"
    settings.GATEWAY_GOST_CERTIFICATE = "gost.cer"
    with pytest.raises(RuleViolation) as found:
        transport_key(GOST)
    assert found.value.code == "key_missing"


def test_a_key_of_gost_is_used_by_the_server_that_can(
    folders: Path, settings: Settings, bus_keys: BusKeys
) -> None:
    der = bus_keys.ours.certificate_der
    keys = folders / "keys"
    (keys / "gost.p12").write_bytes(b"store")
    (keys / "gost.cer").write_bytes(
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
    )
    settings.GATEWAY_GOST_KEY, settings.GATEWAY_GOST_CERTIFICATE = "gost.p12", "gost.cer"
    settings.GATEWAY_GOST_PASSWORD, settings.NCANODE_URL = "word", "http://127.0.0.1:14579"
    found = transport_key(GOST)
    assert isinstance(found, NodeKey)
    assert isinstance(found, DocumentSigner)
    assert (found.certificate_der, found.store) == (der, b"store")
    assert "word" not in repr(found)
    assert node_certificate(der) == der


@contextmanager
def node(answer: Answer) -> Iterator[str]:
    """A server that is asked as NCANode is."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = json.dumps(answer(self.path, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_told: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def message(text: str) -> bytes:
    return envelope.async_ack(message_id=text, correlation_id="2", now=NOW)


def signing(key: LeafKey, change: Callable[[str], str] = str) -> Answer:
    def answer(path: str, asked: dict[str, Any]) -> dict[str, Any]:
        if path == "/wsse/sign":
            assert (asked["key"], asked["password"]) == ("c3RvcmU=", "word")
            signed = wsse.sign(change(asked["xml"]).encode(), key).decode()
        else:
            (signer,) = asked["signers"]
            assert (signer["key"], signer["password"]) == ("c3RvcmU=", "word")
            signed = business.sign_document(change(asked["xml"]), key)
        return {"status": 200, "message": "OK", "xml": signed}

    return answer


def node_key(address: str, key: LeafKey) -> NodeKey:
    return NodeKey(
        address=address, store=b"store", password="word", certificate_der=key.certificate_der
    )


def test_the_server_signs_what_it_is_given(bus_keys: BusKeys) -> None:
    with node(signing(bus_keys.ours)) as address:
        key = node_key(address, bus_keys.ours)
        raw = wsse.sign(message("1"), key)
        wsse.verify(raw, pinned=[key.certificate_der], now=clock.now())
        assert envelope.read(raw).info.message_id == "1"
        assert wire.has_signature(business.sign_document("<a>1</a>", key))


@pytest.mark.parametrize("fault", ["other document", "other key", "refusal", "nonsense"])
def test_a_server_that_signs_something_else_is_not_believed(bus_keys: BusKeys, fault: str) -> None:
    answers: dict[str, Answer] = {
        "other document": signing(bus_keys.ours, lambda xml: xml.replace(">1<", ">2<")),
        "other key": signing(bus_keys.foreign),
        "refusal": lambda *_asked: {"status": 400, "message": "no"},
        "nonsense": lambda *_asked: {"xml": ["a"]},
    }
    with node(answers[fault]) as address:
        key = node_key(address, bus_keys.ours)
        with pytest.raises(GatewayFault) as found:
            wsse.sign(message("1"), key)
        assert found.value.code == "2014"
        if fault != "other key":
            with pytest.raises(GatewayFault):
                business.sign_document("<a>1</a>", key)


def test_a_server_that_is_away_is_a_fault_of_signing(bus_keys: BusKeys) -> None:
    for address in ("http://127.0.0.1:9", "file:///etc/passwd"):
        with pytest.raises(GatewayFault) as found:
            wsse.sign(message("1"), node_key(address, bus_keys.ours))
        assert found.value.code == "2014"
