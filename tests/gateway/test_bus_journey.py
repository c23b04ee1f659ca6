"""A request that nobody pushed to us: fetched, decided, answered over real HTTP, handed over."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from kualik.config.jobs import HANDLERS
from kualik.core.jobs import run_waiting
from kualik.gateway.adapters.envelope import Data, Info, Notice
from kualik.gateway.models import Conversation, Peer
from kualik.gateway.services.polling import run_poll_job
from kualik.gateway.services.statuses import take_status
from kualik.rules.lifecycle import State
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.storage import save_leaf
from tests.flows.office import NOW, Office, open_demo_office
from tests.gateway import bus as turns
from tests.gateway.bus import Bus
from tests.gateway.conftest import BusKeys
from tests.gateway.portal_side import (
    SERVICE,
    WORK,
    Service,
    fresh,
    open_service,
    response,
    told,
    whole,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service(
    db: None, bus: Bus, kualik_files: Path, settings: Settings, bus_keys: BusKeys, bus_pins: str
) -> Service:
    """An office whose machine decides and seals, with the portal at the bus."""
    save_leaf(Path(settings.KEYS_ROOT) / "gateway", Scheme.RSA, bus_keys.ours.leaf)
    bus.now = NOW
    office: Office = open_demo_office()
    office.seal_automatically(decides_alone=True)
    opened = open_service(office)
    Peer.objects.update(async_url=bus.url, certificates=[bus_pins], sender_ids=["pep"])
    return opened


def work(minutes: int = 0) -> None:
    """All that a worker does for the portal, at a minute."""
    names = (*WORK, "gateway.handle", "gateway.send")
    handlers = {name: HANDLERS[name] for name in names}
    run_waiting(handlers=handlers, worker="test", clock=lambda: NOW + minutes * MINUTE)


def waits(bus: Bus, service: Service) -> None:
    """A citizen's question lies at the gateway."""
    (completion,) = service.completed()
    info = Info(
        message_id="900000777",
        correlation_id="3900001",
        service_id=SERVICE,
        message_type="REQUEST",
        message_date=NOW,
        sender_id="pep",
    )
    bus.messages = [(info, Data(service.form(**whole(completion)), "text"))]


def test_a_fetched_request_is_answered_and_handed_over_without_a_single_push(
    bus: Bus, service: Service
) -> None:
    waits(bus, service)
    run_poll_job({}, NOW)
    work()
    conversation = Conversation.objects.get()
    kinds = [one.info.message_type for one in bus.told()]
    assert kinds[-1] == "RESPONSE"
    assert kinds[:-1] == ["NOTIFICATION"] * len(kinds[:-1])
    assert [one.data.text for one in bus.told()] == [
        row.data for row in conversation.outbound.order_by("pk")
    ]
    assert {one.info.correlation_id for one in bus.told()} == {"3900001"}
    assert told(conversation)[-1] == ("RESPONSE", "010")
    assert fresh(conversation.request).state == State.ISSUED
    bus.states = {response(conversation).message_id: "DELIVERED"}
    run_poll_job({}, NOW + 11 * MINUTE)
    assert fresh(conversation.request).state == State.HANDED_OVER


def test_every_second_answer_of_the_gateway_being_bad_changes_only_when(
    bus: Bus, service: Service, bus_keys: BusKeys
) -> None:
    waits(bus, service)
    bad = [turns.lost, turns.unsigned, turns.fixed(503, b""), turns.foreign(bus_keys.foreign)]
    bus.plan = [turn for one in bad * 5 for turn in (one, turns.well)]
    for minute in range(0, 40, 2):
        run_poll_job({}, NOW + minute * MINUTE)
        work(minute)
    conversation = Conversation.objects.get()
    assert told(conversation)[-1] == ("RESPONSE", "010")
    assert set(conversation.outbound.values_list("state", flat=True)) == {"sent"}
    # The portal knows each by its key: the order in which they first came is the order here.
    assert list(bus.ids) == [str(row.key) for row in conversation.outbound.order_by("pk")]


def test_the_gateways_own_word_hands_the_result_over_once(bus: Bus, service: Service) -> None:
    waits(bus, service)
    run_poll_job({}, NOW)
    work()
    conversation = Conversation.objects.get()
    answer = response(conversation)
    notice = Notice(message_id=answer.message_id, state="DELIVERED")
    for _ in range(2):
        take_status(peer=answer.peer, notice=notice, now=NOW + MINUTE)
    request = fresh(conversation.request)
    assert request.state == State.HANDED_OVER
    run_poll_job({}, NOW + 30 * MINUTE)
    assert bus.told("getMessageStatus") == []
