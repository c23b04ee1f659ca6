"""Our server as other programs meet it: zeep, curl, bodies in chunks, and slow senders."""

import subprocess
import threading
from io import BytesIO
from pathlib import Path
from socket import SHUT_WR, socketpair
from typing import Any

import pytest
import zeep
import zeep.exceptions
from django.test import Client, RequestFactory
from lxml import etree
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.bodies import read_body
from kualik.gateway.adapters.envelope import GatewayFault
from kualik.gateway.adapters.wsdl import PARTS
from kualik.gateway.models import Inbound, Profile
from tests.gateway.conftest import NOW, SERVICE, BusKeys

SAMPLES = Path(__file__).parents[1] / "fixtures" / "gateway" / "samples"
DATED = "2026-11-23T10:00:00.000+05:00"


@pytest.fixture
def still(settings: Settings, tmp_path: Path) -> None:
    """The clock of the program stands at the moment of the messages."""
    settings.CLOCK = str(tmp_path / "clock")
    Path(settings.CLOCK).write_text(NOW.isoformat(), encoding="ascii")


@pytest.fixture
def served(
    transactional_db: None, still: None, bus_profile: Profile, live_server: LiveServer
) -> LiveServer:
    """The program at work, with a service that is open."""
    return live_server


class Signing(zeep.Plugin):
    """Signs what zeep sends and verifies what it gets."""

    def __init__(self, keys: BusKeys) -> None:
        self.keys = keys

    def egress(self, tree: Any, headers: Any, operation: Any, options: Any) -> Any:
        raw = wsse.sign(etree.tostring(tree), self.keys.portal)
        return etree.fromstring(raw), headers

    def ingress(self, tree: Any, headers: Any, operation: Any) -> Any:
        raw = etree.tostring(tree)
        wsse.verify(raw, pinned=[self.keys.ours.certificate_der], now=NOW)
        return tree, headers


def client(served: LiveServer, channel: str, keys: BusKeys) -> zeep.Client:
    address = f"{served.url}/gateway/{channel}/?wsdl"
    return zeep.Client(address, plugins=[Signing(keys)])


def told(client: zeep.Client, **changes: Any) -> dict[str, Any]:
    text = client.get_type("{http://www.w3.org/2001/XMLSchema}string")
    info = {
        "messageId": "900000001",
        "correlationId": "3900001",
        "serviceId": SERVICE,
        "messageType": "REQUEST",
        "messageDate": NOW,
        "sender": {"senderId": "pep"},
    }
    return {
        "messageInfo": info | changes,
        "messageData": {"data": zeep.xsd.AnyObject(text, "<requestMessage/>")},
    }


def test_zeep_speaks_the_asynchronous_channel_by_our_description(
    served: LiveServer, bus_keys: BusKeys
) -> None:
    speaker = client(served, "async", bus_keys)
    answer = speaker.service.sendMessage(request=told(speaker))
    assert (answer.messageId, answer.correlationId) == ("900000001", "3900001")
    row = Inbound.objects.get()
    assert (row.data, row.kind) == ("<requestMessage/>", "REQUEST")
    noted = speaker.service.changeMassageStatusNotification(
        request={
            "notification": {
                "notificationId": "1",
                "messageId": "2",
                "notificationDate": NOW,
                "messageState": "DELIVERED",
                "status": {"statusCode": "0", "statusMessage": "", "statusDate": NOW},
            },
            "requestDate": NOW,
        }
    )
    assert noted.sessionId.startswith("{")


def test_zeep_reads_our_fault_with_its_detail(served: LiveServer, bus_keys: BusKeys) -> None:
    speaker = client(served, "async", bus_keys)
    with pytest.raises(zeep.exceptions.Fault) as found:
        speaker.service.sendMessage(request=told(speaker, serviceId="OTHER"))
    detail = found.value.detail[0]
    assert etree.QName(detail).localname == "sendMessageFault1_sendMessageFault"
    assert detail.findtext("errorCode") == "2016"


def test_zeep_asks_the_synchronous_channel_by_our_description(
    served: LiveServer, bus_keys: BusKeys, bus_profile: Profile
) -> None:
    bus_profile.peer.sender_ids = ["digilocker"]
    bus_profile.peer.save()
    speaker = client(served, "sync", bus_keys)
    text = speaker.get_type("{http://www.w3.org/2001/XMLSchema}string")
    question = "<documentRequest><iin>900101300017</iin></documentRequest>"
    answer = speaker.service.SendMessage(
        request={
            "requestInfo": {
                "messageId": "q-1",
                "serviceId": "EXAMPLE_CERTS_BY_IIN",
                "messageDate": NOW,
                "sender": {"senderId": "digilocker"},
            },
            "requestData": {"data": zeep.xsd.AnyObject(text, question)},
        }
    )
    assert answer.responseInfo.status.code == "SCSS001"
    assert "documentResponse" in str(answer.responseData.data)


def curled(served: LiveServer, channel: str, file: Path, *more: str) -> tuple[int, bytes]:
    asked = ["curl", "-s", "-w", "\n%{http_code}", "-H", "Content-Type: text/xml; charset=utf-8"]
    asked += ["-H", 'SOAPAction: ""', "--data-binary", f"@{file}", *more]
    asked.append(f"{served.url}/gateway/{channel}/")
    answer = subprocess.run(asked, capture_output=True, check=True, timeout=60).stdout
    content, _, status = answer.rpartition(b"\n")
    return int(status), content


def test_curl_sends_a_sample_signed_and_unsigned(
    served: LiveServer, bus_keys: BusKeys, tmp_path: Path
) -> None:
    sample = next(SAMPLES.glob("01*.xml")).read_text(encoding="utf-8")
    plain = sample.replace("2026-03-02T09:15:04.719+05:00", DATED).encode()
    file = tmp_path / "message.xml"
    file.write_bytes(plain)
    status, content = curled(served, "async", file)
    assert (status, envelope.read(content).info.code) == (500, "2015")
    file.write_bytes(wsse.sign(plain, bus_keys.portal))
    status, content = curled(served, "async", file)
    read = envelope.read(content)
    assert (status, read.info.message_id) == (200, "900000001")
    wsse.verify(content, pinned=[bus_keys.ours.certificate_der], now=NOW)
    assert curled(served, "async", file) == (200, content)
    status, content = curled(served, "sync", file)
    assert (status, envelope.read(content).info.code) == (500, "2005")


def test_a_body_of_twenty_megabytes_is_refused_unread(served: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "large.xml"
    file.write_bytes(b"<a>" + b"x" * 20_000_000 + b"</a>")
    status, content = curled(served, "async", file, "-H", "Expect:")
    assert (status, envelope.read(content).info.code) == (500, "9003")


@pytest.mark.parametrize("channel", ["sync", "async"])
def test_a_description_names_the_address_it_was_asked_at_and_only_its_own_parts(
    db: None, channel: str
) -> None:
    page = Client(headers={"host": "127.0.0.1:8123"})
    address = f"http://127.0.0.1:8123/gateway/{channel}/"
    wsdl = page.get(f"/gateway/{channel}/?wsdl")
    assert wsdl.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert f'location="{address}"'.encode() in wsdl.content
    for name in PARTS[channel]:
        part = page.get(f"/gateway/{channel}/?xsd={name}")
        assert etree.fromstring(part.content).tag.endswith("schema")
        for place in etree.fromstring(part.content).iter("{*}import", "{*}include"):
            assert place.get("schemaLocation").startswith(f"{address}?xsd=")
    for name in ("../../settings.py", "gbdfl-root.xsd", "sync-channel.wsdl", ""):
        assert page.get(f"/gateway/{channel}/", {"xsd": name}).status_code == 404


def body_of(content: bytes, patience: float = 5.0, **meta: Any) -> bytes:
    made = RequestFactory().post("/gateway/sync/", content, content_type="text/xml")
    made.META.update(meta)
    return read_body(made, patience=patience)


def code_of(content: bytes, **meta: Any) -> str:
    with pytest.raises(GatewayFault) as found:
        body_of(content, **meta)
    return found.value.code


def chunked(content: bytes) -> dict[str, Any]:
    return {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(content),
    }


def test_a_body_sent_in_chunks_is_read_to_its_end() -> None:
    assert body_of(b"", **chunked(b"x" * 200_000)) == b"x" * 200_000
    assert body_of(b"<a/>") == b"<a/>"


def test_a_body_over_the_limit_is_refused_however_it_is_sent() -> None:
    assert code_of(b"x" * 10, CONTENT_LENGTH=str(17 * 1024 * 1024)) == "9003"
    assert code_of(b"", **chunked(b"x" * (16 * 1024 * 1024 + 1))) == "9003"


def test_a_body_that_ends_too_early_is_refused() -> None:
    assert code_of(b"<a/>", CONTENT_LENGTH="400") == "2020"


def test_a_sender_who_drips_is_hung_up_on() -> None:
    ours, theirs = socketpair()
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.02):
            theirs.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        meta = {
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input_terminated": True,
            "wsgi.input": ours.makefile("rb"),
            "gunicorn.socket": ours,
        }
        # What came until then is no message, and reading it ends.
        assert len(body_of(b"", patience=0.2, **meta)) < 1000
    finally:
        stop.set()
        dripping.join()
        theirs.shutdown(SHUT_WR)
        ours.close()
        theirs.close()
