"""The temporary file store of the bus: what is left there is found, what died is named."""

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings

from kualik.gateway.adapters.posting import Unreachable
from kualik.gateway.models import Call, Peer
from kualik.gateway.services import files
from kualik.rules.errors import RuleViolation
from tests.gateway.bus import Bus, fault, fixed, unsigned
from tests.gateway.conftest import NOW
from tests.gateway.state_registers import answering

CONTENT = b"%PDF-1.7 a certificate"


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def left() -> str:
    name, mime = "certificate.pdf", "application/pdf"
    return files.upload(content=CONTENT, name=name, mime=mime, now=NOW, about="DEMO-1")


def test_a_file_that_is_left_is_fetched_again(bus: Bus, bus_peer: Peer) -> None:
    store = answering(bus)
    file_id = left()
    assert store.files[file_id] == CONTENT
    assert files.download(file_id=file_id, now=NOW) == CONTENT
    files.confirm(file_ids=[file_id], now=NOW)
    rows = Call.objects.values_list("service_id", "about", "outcome")
    assert list(rows.order_by("pk")) == [
        ("EDS_TEMP_FILES", "DEMO-1", "SCSS001"),
        ("EDS_TEMP_FILES", "", "SCSS001"),
        ("EDS_TEMP_FILES", "", "SCSS001"),
    ]


def test_a_file_that_died_is_gone(bus: Bus, bus_peer: Peer) -> None:
    answering(bus)
    with pytest.raises(RuleViolation, match="file_store_gone"):
        files.download(file_id="nobody", now=NOW)


def test_a_wrong_word_of_ours_is_refused(bus: Bus, bus_peer: Peer, settings: Settings) -> None:
    answering(bus)
    settings.GATEWAY_PASSWORD = "another"
    with pytest.raises(RuleViolation, match="file_store_refused"):
        left()
    assert Call.objects.get().outcome == "code:401"


def test_a_file_of_the_portal_waits_until_our_own_papers_are_in_order(
    bus: Bus, bus_peer: Peer
) -> None:
    bus.plan = [fault("2022"), fault("2005")]
    with pytest.raises(Unreachable, match="2022"):
        files.download(file_id="1", now=NOW)
    with pytest.raises(RuleViolation, match="file_store_refused"):
        files.download(file_id="1", now=NOW)


def test_what_no_message_can_carry_is_not_sent(bus: Bus, bus_peer: Peer) -> None:
    with pytest.raises(RuleViolation, match="file_store_too_large"):
        files.upload(content=b"0" * 10_000_001, name="a", mime="b", now=NOW)
    assert not bus.asked


@pytest.mark.parametrize("turn", [fixed(503, b"away"), unsigned])
def test_a_store_that_is_away_or_signs_nothing_may_be_asked_again(
    bus: Bus, bus_peer: Peer, turn: object
) -> None:
    bus.plan.append(turn)  # type: ignore[arg-type]  # one of the turns of the bus
    with pytest.raises(Unreachable):
        left()
    assert Call.objects.get().outcome == "unreachable"
    answering(bus)
    assert left()


def test_without_a_channel_nothing_is_left_anywhere(db: None) -> None:
    with pytest.raises(RuleViolation, match="gateway_off"):
        left()
