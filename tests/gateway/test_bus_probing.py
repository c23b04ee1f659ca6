"""A dead line to the gateway is one failure of the system, and over when it is back (A57.10-4)."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from kualik.config.probing import MORE_TRIALS
from kualik.core.models import StaffTask
from kualik.gateway.models import Conversation, Outbound, Peer, Profile
from kualik.gateway.services.probing import line_trials, try_lines
from kualik.incidents.adapters.probes import Unwell
from kualik.incidents.models import Incident
from kualik.incidents.services.detecting import run_trials
from tests.gateway import bus as turns
from tests.gateway.bus import Bus
from tests.gateway.conftest import NOW

MINUTE = timedelta(minutes=1)


def turns_of(count: int, *, since: datetime = NOW) -> datetime:
    """Minutes of the worker that tries the parts; the moment after them."""
    until = since + count * MINUTE
    while since < until:
        run_trials(
            trials=line_trials(since), clock=partial(datetime.fromtimestamp, since.timestamp(), UTC)
        )
        since += MINUTE
    return since


def test_the_line_is_among_the_parts_that_are_tried() -> None:
    assert line_trials in MORE_TRIALS


def test_a_line_that_nobody_uses_is_not_tried(bus: Bus, bus_peer: Peer) -> None:
    assert line_trials(NOW) == []
    assert bus.asked == []


def test_a_gateway_that_knows_no_such_message_is_well(bus: Bus, bus_profile: Profile) -> None:
    try_lines(peers=[bus_profile.peer], now=NOW)
    assert bus.told("getMessageStatus")[0].info.message_id == "0"


def test_the_last_message_that_left_is_asked_after(bus: Bus, conversation: Conversation) -> None:
    for number in ("900000001", "900000002", ""):
        Outbound.objects.create(
            peer=conversation.peer,
            conversation=conversation,
            operation=Outbound.Operation.SEND,
            message_id=number,
            data="",
            created_at=NOW,
        )
    bus.states = {"900000002": "DELIVERED"}
    try_lines(peers=[conversation.peer], now=NOW)
    assert bus.told("getMessageStatus")[0].info.message_id == "900000002"


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (turns.fault("2007"), "EGOV: fault 2007"),
        (turns.fault("2022", is_signed=False), "EGOV: fault 2022"),
        (turns.unsigned, "EGOV: the answer is not proven"),
        (turns.fixed(503, b""), "EGOV: status 503"),
        (turns.fixed(200, b"<html/>"), "EGOV: the answer cannot be read"),
    ],
)
def test_what_takes_nothing_from_us_is_ill_and_its_words_name_no_secret(
    bus: Bus, bus_profile: Profile, turn: turns.Turn, words: str
) -> None:
    bus.states = {"0": "DELIVERED"}
    bus.plan = [turn]
    with pytest.raises(Unwell) as unwell:
        try_lines(peers=[bus_profile.peer], now=NOW)
    assert str(unwell.value).startswith(f"lines: {words}")
    assert "127.0.0.1" not in str(unwell.value)


def test_one_dead_line_of_two_is_a_failure_that_the_other_does_not_end(
    bus: Bus, bus_profile: Profile
) -> None:
    dead = Peer.objects.get(pk=bus_profile.peer_id)
    dead.pk, dead.code, dead.async_url = None, "SECOND", "http://127.0.0.1:9/"
    dead.save()
    Profile.objects.create(
        provider=bus_profile.provider,
        peer=dead,
        family=Profile.Family.UNIVERSAL,
        service_id="S",
        is_active=True,
        changed_at=NOW,
    )
    turns_of(10)
    incident = Incident.objects.get()
    assert incident.ended_at is None
    assert incident.readings[-1]["fault"].startswith("lines: SECOND: ")


def test_a_dead_line_opens_one_incident_that_ends_when_it_is_back(
    bus: Bus, bus_profile: Profile
) -> None:
    Peer.objects.update(async_url="http://127.0.0.1:9/")
    since = turns_of(2)
    assert not Incident.objects.exists()
    since = turns_of(30, since=since)
    incident = Incident.objects.get()
    assert (incident.cause, incident.began_at) == ("gateway", NOW)
    assert incident.found_at == NOW + 2 * MINUTE
    assert StaffTask.objects.filter(kind="incident_tell").count() == 1
    Peer.objects.update(async_url=bus.url)
    turns_of(3, since=since)
    incident.refresh_from_db()
    assert incident.ended_at == since
    assert Incident.objects.count() == 1
