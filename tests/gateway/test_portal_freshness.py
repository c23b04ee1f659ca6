"""A result in the temporary file store: what the store forgets is left there anew before it is
spoken of again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from kualik.config.jobs import HANDLERS
from kualik.core.jobs import run_waiting
from kualik.core.journal import Actor
from kualik.gateway.adapters.envelope import Envelope, Notice
from kualik.gateway.models import Conversation, Outbound, Peer
from kualik.gateway.queries.registers import registers
from kualik.gateway.services import outbox
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.storage import save_leaf
from tests.flows.office import NOW, Office, open_demo_office
from tests.gateway import bus as turns
from tests.gateway.bus import Bus, Reply, well
from tests.gateway.conftest import BusKeys
from tests.gateway.portal_side import WORK, Service, open_service, response, whole
from tests.gateway.state_registers import State
from tools.portal.wire import has_signature

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AWAY = "http://127.0.0.1:9/"
ADMIN = Actor(name="Асхат Қайратұлы", role="platform_admin")


@dataclass
class Store:
    """The bus with its file store, which may be away."""

    bus: Bus
    state: State
    is_away: bool = False

    def __call__(self, bus: Bus, asked: Envelope) -> Reply:
        if asked.info.service_id != "EDS_TEMP_FILES":
            bus.plan.append(self)
            return well(bus, asked)
        if self.is_away:
            bus.plan.append(self)
            return 503, b""
        answered = self.state(bus, asked)
        bus.plan[:] = [self]
        return answered

    @property
    def names(self) -> list[str]:
        """The files in the order in which they were left."""
        return list(self.state.files)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service(
    db: None, bus: Bus, kualik_files: Path, settings: Settings, bus_keys: BusKeys, bus_pins: str
) -> Service:
    """An office whose machine decides and seals, and whose results lie in the store."""
    save_leaf(Path(settings.KEYS_ROOT) / "gateway", Scheme.RSA, bus_keys.ours.leaf)
    settings.GATEWAY_PASSWORD = "a word of the bus"
    bus.now = NOW
    office: Office = open_demo_office()
    office.seal_automatically(decides_alone=True)
    opened = open_service(office, result_by="file_store")
    Peer.objects.update(
        async_url=bus.url, sync_url=bus.url, certificates=[bus_pins], sender_ids=["pep"]
    )
    opened.profile.refresh_from_db()
    return opened


@pytest.fixture
def store(bus: Bus) -> Store:
    made = Store(bus, State())
    bus.plan = [made]
    return made


def work(now: datetime = NOW) -> None:
    """All that a worker does for the portal, at a moment."""
    names = (*WORK, "gateway.send", "gateway.renew")
    handlers = {name: HANDLERS[name] for name in names}
    run_waiting(handlers=handlers, worker="test", clock=lambda: now)


def work_on(now: datetime, duration: timedelta) -> datetime:
    """The same while time goes by, by the half minute."""
    until = now + duration
    while now < until:
        now += MINUTE / 2
        work(now)
    return now


def asked(service: Service) -> Conversation:
    """A request whose result was written."""
    (completion,) = service.completed()
    return service.ask(service.form(**whole(completion)))


def answers(bus: Bus) -> list[Envelope]:
    """The results that the bus was brought."""
    return [one for one in bus.told() if one.info.message_type == "RESPONSE"]


def test_a_result_that_leaves_at_once_keeps_its_file(
    bus: Bus, service: Service, store: Store
) -> None:
    conversation = asked(service)
    work()
    row = response(conversation)
    assert row.fresh_until == NOW + registers().files.lasts / 2
    (name,) = store.names
    (came,) = answers(bus)
    assert name in came.data.text


def test_after_a_day_without_the_gateway_a_result_leaves_with_a_file_that_lives(
    bus: Bus, service: Service, store: Store
) -> None:
    conversation = asked(service)
    Peer.objects.update(async_url=AWAY)
    work()
    before = response(conversation)
    now = NOW + 25 * HOUR
    Peer.objects.update(sync_url=AWAY)
    work_on(now, 3 * MINUTE)
    assert response(conversation).data == before.data
    assert len(store.names) == 1
    Peer.objects.update(async_url=bus.url, sync_url=bus.url)
    work_on(now + 3 * MINUTE, 10 * MINUTE)
    row = response(conversation)
    old, new = store.names
    (came,) = answers(bus)
    assert came.data.text == row.data
    assert new in row.data
    assert old not in row.data
    assert has_signature(row.data)
    assert store.state.files[new] == store.state.files[old]
    assert (row.pk, row.key, row.state) == (before.pk, before.key, Outbound.State.SENT)
    assert came.info.properties["kualik-key"] == str(before.key)
    assert row.fresh_until is not None
    assert row.fresh_until > now
    kinds = [one.info.message_type for one in bus.told()]
    assert kinds == ["NOTIFICATION"] * (len(kinds) - 1) + ["RESPONSE"]


def test_a_result_that_is_sent_again_late_has_a_new_file_and_waits_for_the_store(
    bus: Bus, service: Service, store: Store
) -> None:
    conversation = asked(service)
    work()
    row = response(conversation)
    notice = Notice(message_id=row.message_id, state="NOT_DELIVERED", code="7")
    late = NOW + 9 * HOUR
    outbox.note_status(peer=row.peer, notice=notice, heard_at=late, now=late)
    outbox.resend(outbound=response(conversation), actor=ADMIN, now=late)
    store.is_away = True
    now = work_on(late, 5 * MINUTE)
    assert len(answers(bus)) == 1
    assert response(conversation).state == Outbound.State.WAITING
    store.is_away = False
    work_on(now, 5 * MINUTE)
    first, second = answers(bus)
    old, new = store.names
    assert old in first.data.text
    assert new in second.data.text
    assert old not in second.data.text
    keys = {one.info.properties["kualik-key"] for one in (first, second)}
    assert keys == {str(row.key)}
    assert response(conversation).state == Outbound.State.SENT


def test_a_result_that_waited_for_an_hour_keeps_its_file(
    bus: Bus, service: Service, store: Store
) -> None:
    conversation = asked(service)
    Peer.objects.update(async_url=AWAY)
    work()
    Peer.objects.update(async_url=bus.url)
    work_on(NOW + HOUR, 6 * MINUTE)
    assert len(store.names) == 1
    assert response(conversation).state == Outbound.State.SENT


def test_what_the_store_takes_no_more_goes_inside_the_message(
    bus: Bus, service: Service, store: Store
) -> None:
    conversation = asked(service)
    Peer.objects.update(async_url=AWAY)
    work()
    (name,) = store.names
    Peer.objects.update(async_url=bus.url)

    def refusing(bus: Bus, asked: Envelope) -> Reply:
        is_store = asked.info.service_id == "EDS_TEMP_FILES"
        bus.plan.append(refusing)
        return turns.fault("2005")(bus, asked) if is_store else well(bus, asked)

    bus.plan = [refusing]
    work_on(NOW + 9 * HOUR, 5 * MINUTE)
    row = response(conversation)
    assert (row.state, row.fresh_until) == (Outbound.State.SENT, None)
    assert name not in row.data


def test_two_workers_write_one_document(service: Service, store: Store) -> None:
    conversation = asked(service)
    work()
    Outbound.objects.update(state=Outbound.State.WAITING)
    row = response(conversation)
    later = NOW + 9 * HOUR
    assert outbox.renew(row, data="<first/>", fresh_until=later)
    assert not outbox.renew(row, data="<second/>", fresh_until=later)
    assert response(conversation).data == "<first/>"
