"""What leaves for the system: requests and updates, questions, news of delivery; and the faults
that meet them on the way."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import BytesIO
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout

from kualik.gateway.adapters.faults import GatewayFault
from tools.portal import envelopes, faults, forms
from tools.portal.books import Row, Sent
from tools.portal.envelopes import Message, Unreadable
from tools.portal.hearing import FINAL, RESULT, take
from tools.portal.services import Form, Service
from tools.portal.state import SENDER, Portal, machine_time

AT_ONCE = 8
TURN_SECONDS = 0.05
LONGEST_PAUSE = 15.0
PATIENCE = ClientTimeout(total=60)
SKEW = timedelta(days=2)
DRIPS, DRIP_SECONDS = 20, 0.1
MOST_TRIES = 6
# The status of a synchronous service is asked more seldom the longer it takes.
SLOWER, LONGEST_POLL = 1.2, 20.0
# Answers after which the same message would never be taken.
FOR_EVER = ("2005", "2007", "2013", "2016", "9002", "9003")
# The number is not known yet: a question overtook its request. And: so many that none was read.
UNKNOWN, TOO_MANY = "2019", "9004"
EARLY_PAUSE = 2.0
PATHS = {"async": "/gateway/async/", "sync": "/gateway/sync/"}
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: a message, a fault of the contract (``code``), or nothing ("")."""

    message: Message | None = None
    code: str = ""
    why: str = ""


class Pump:
    """Sends what waits, some at once, until it is stopped."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.active: dict[int, asyncio.Task[None]] = {}
        self.polls: Counter[str] = Counter()
        self._session: ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._is_over = False
        portal.wake = self._wake

    async def run(self) -> None:
        """Until it is stopped."""
        async with ClientSession(timeout=PATIENCE) as session:
            self._session, self._loop = session, asyncio.get_running_loop()
            while not self._is_over:
                self._turn()
                self._woken.clear()
                # A wait that may be cancelled at its very end would lose the cancellation.
                self._loop.call_later(TURN_SECONDS, self._woken.set)
                await self._woken.wait()
            sending = list(self.active.values())
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    def stop(self) -> None:
        """What is on its way is dropped; the books know that it waits."""
        self._is_over = True
        self._woken.set()

    def _wake(self) -> None:
        """From whatever thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    def _turn(self) -> None:
        portal = self.portal
        if portal.behaviour["away"] == "yes":
            return
        free = AT_ONCE - len(self.active)
        for sent in portal.books.due(machine_time(), most=free, without=self.active):
            if portal.behaviour["push"] == "no" and sent.kind in ("REQUEST", "UPDATE"):
                continue
            task = asyncio.create_task(self._send(sent))
            self.active[sent.id] = task
            task.add_done_callback(partial(self._done, sent))

    def _done(self, sent: Sent, task: asyncio.Task[None]) -> None:
        self.active.pop(sent.id, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("a message was not sent", exc_info=error)
            self._again(sent, type(error).__name__)
        self.portal.wake()

    async def _send(self, sent: Sent) -> None:
        if sent.kind == "status":
            await self.tell_status(sent)
            return
        request = self.portal.books.request(sent.number)
        service = self.portal.service(request["service"])
        is_async = sent.kind in ("REQUEST", "UPDATE")
        if is_async and not sent.attempts and not sent.outcome and self._is_held_back(sent):
            return
        channel = "async" if is_async else "sync"
        if not sent.attempts and not (request["acked_at"] and channel == "sync"):
            await self._spoil(sent, request, service, channel)
        heard = await self._deliver(sent, request, service, channel)
        if self._hits("lost_ack", sent):
            self._note(sent, "fault", name="lost_ack", where="push")
            self._again(sent, "the acknowledgement was lost")
            return
        await asyncio.to_thread(self._settle, sent, request, service, heard)

    # The way there

    def _is_held_back(self, sent: Sent) -> bool:
        """Others overtake it."""
        if not self._hits("reorder", sent):
            return False
        self._note(sent, "fault", name="reorder", where="push")
        later = machine_time() + 2.0
        self.portal.books.settle(sent, state="waiting", outcome="held back", due=later)
        return True

    async def _spoil(self, sent: Sent, request: Row, service: Service, channel: str) -> None:
        """What nobody may take goes first."""
        key = f"{sent.number} {sent.kind}"
        for name in list(self.portal.faults.spoilt(key)):
            made = await asyncio.to_thread(self._spoilt, name, sent, request, service, channel)
            heard = await self._post(channel, made)
            self._note(sent, "fault", name=name, where="push", answer=heard.code or heard.why)
            if heard.message is not None:
                self._note(sent, "wrongly_taken", name=name)
        if channel == "async" and self._hits("wrong_correlation", sent):
            await self._stray(sent, request, service)

    def _spoilt(self, name: str, sent: Sent, request: Row, service: Service, channel: str) -> bytes:
        if name == "clock_skew":
            sign = 1 if int(sent.number) % 2 else -1
            return self._envelope(sent, request, service, channel, skew=sign * SKEW)
        good = self._envelope(sent, request, service, channel)
        spoil = {
            "bad_signature": faults.with_bad_signature,
            "wrapped_signature": faults.with_wrapped_body,
            "huge_xml": faults.huge,
            "malformed_xml": faults.malformed,
        }[name]
        return spoil(good)

    async def _stray(self, sent: Sent, request: Row, service: Service) -> None:
        """An update of a conversation that nobody began; it may be taken, but must do nothing."""
        now = self.portal.now()
        info = {
            "messageId": self.portal.books.next("message"),
            "correlationId": f"{request['correlation_id']}999",
            "serviceId": service.service_id,
            "messageType": "UPDATE",
            "routeId": service.route_id,
        }
        shape = "text" if service.family == "universal" else "element"
        data = envelopes.data_of(sent.data, shape)
        bare = envelopes.async_message(info=info, data=data, sender=SENDER, at=now)
        heard = await self._post("async", await asyncio.to_thread(self.portal.sign, bare))
        self._note(sent, "fault", name="wrong_correlation", where="push", answer=heard.code)

    async def _deliver(self, sent: Sent, request: Row, service: Service, channel: str) -> Heard:
        made = await asyncio.to_thread(self._envelope, sent, request, service, channel)
        if self._hits("duplicate", sent):
            first, second = await asyncio.gather(
                self._post(channel, made), self._post(channel, made)
            )
            self._note(sent, "fault", name="duplicate", where="push", answer=second.code)
            return first if first.message is not None else second
        drips = self._hits("slow_drip", sent)
        if drips:
            self._note(sent, "fault", name="slow_drip", where="push")
        return await self._post(channel, made, drips=drips)

    def _envelope(
        self,
        sent: Sent,
        request: Row,
        service: Service,
        channel: str,
        *,
        skew: timedelta = timedelta(),
    ) -> bytes:
        at = self.portal.now() + skew
        info = {"messageId": sent.message_id, "serviceId": service.service_id}
        info["routeId"] = service.route_id
        if channel == "sync":
            data = envelopes.data_of(sent.data, "element")
            made = envelopes.sync_question(info=info, data=data, sender=SENDER, at=at)
        else:
            info |= {"correlationId": request["correlation_id"], "messageType": sent.kind}
            shape = "text" if service.family == "universal" else "element"
            data = envelopes.data_of(sent.data, shape)
            made = envelopes.async_message(info=info, data=data, sender=SENDER, at=at)
        return self.portal.sign(made)

    async def tell_status(self, sent: Sent) -> None:
        """News of the delivery of a message of the system."""
        portal = self.portal
        bare = envelopes.state_changed(
            notification_id=portal.books.next("notification"),
            message_id=sent.message_id,
            state="DELIVERED",
            at=portal.now(),
        )
        made = await asyncio.to_thread(portal.sign, bare)
        heard = await self._post("async", made)
        if self._hits("duplicate", sent):
            self._note(sent, "fault", name="duplicate", where="status")
            heard = await self._post("async", made)
        if heard.message is not None:
            portal.books.settle(sent, state="acked", tries=1)
        elif sent.attempts >= MOST_TRIES and heard.code:
            portal.books.settle(sent, state="refused", outcome=heard.code, tries=1)
        else:
            self._again(sent, heard.code or heard.why)

    async def ask(self, channel: str, envelope: bytes) -> Heard:
        """One question of the portal's own; unsigned until now."""
        return await self._post(channel, await asyncio.to_thread(self.portal.sign, envelope))

    async def _post(self, channel: str, made: bytes, *, drips: bool = False) -> Heard:
        if self._session is None:
            raise RuntimeError("the pump does not run")
        headers = {**HEADERS, "Content-Length": str(len(made))}
        body = _dripping(made) if drips else BytesIO(made)
        address = self.portal.target + PATHS[channel]
        try:
            async with self._session.post(address, data=body, headers=headers) as answer:
                raw = await answer.read()
        except (ClientError, TimeoutError, ConnectionError) as error:
            return Heard(why=type(error).__name__)
        return await asyncio.to_thread(self._read, raw, answer.status)

    def _read(self, raw: bytes, status: int) -> Heard:
        try:
            message = envelopes.read(raw)
        except Unreadable:
            return Heard(why=f"HTTP {status}")
        if message.operation == "Fault":
            return Heard(code=message.get("errorCode") or "fault", why=message.get("errorMessage"))
        try:
            self.portal.check(raw)
        except GatewayFault as fault:
            return Heard(why=f"signature of the answer: {fault.code}")
        return Heard(message=message)

    # What came of it

    def _settle(self, sent: Sent, request: Row, service: Service, heard: Heard) -> None:
        portal, now = self.portal, self.portal.now()
        if heard.message is None:
            if not self._is_last(sent, heard):
                longest = EARLY_PAUSE if heard.code == UNKNOWN else LONGEST_PAUSE
                self._again(sent, heard.code or heard.why, longest=longest)
                return
            portal.books.settle(sent, state="refused", outcome=heard.code, tries=1)
            self._note(sent, "refused", code=heard.code, why=heard.why)
            if sent.kind == "REQUEST" or sent.kind in ("SubmitRequest", "request"):
                portal.books.change(sent.number, state="NOT_DELIVERED")
            return
        portal.books.settle(sent, state="acked", tries=1)
        if sent.kind in ("REQUEST", "UPDATE"):
            self._check_acknowledgement(sent, request, heard.message)
        else:
            self._take_answer(sent, request, service, heard.message)
        if not request["acked_at"]:
            portal.books.change(sent.number, acked_at=now.isoformat())
        self._note(sent, "acked", of=sent.kind, message_id=sent.message_id)

    def _is_last(self, sent: Sent, heard: Heard) -> bool:
        """Whether a message that was not taken is given up."""
        if heard.code in FOR_EVER or not heard.code:
            return bool(heard.code)
        is_early = heard.code == UNKNOWN and sent.kind not in ("REQUEST", "UPDATE")
        if is_early or heard.code == TOO_MANY:
            # What asks after a request that never arrived waits for nothing.
            return bool(self.portal.books.request(sent.number)["state"] == "NOT_DELIVERED")
        return sent.attempts >= MOST_TRIES

    def _check_acknowledgement(self, sent: Sent, request: Row, message: Message) -> None:
        told = (message.get("messageId"), message.get("correlationId"))
        if told != (sent.message_id, request["correlation_id"]):
            self._note(sent, "breach", what=f"an acknowledgement of {told}")

    def _take_answer(self, sent: Sent, request: Row, service: Service, message: Message) -> None:
        """The answer to a question; asked again while the request is open."""
        portal = self.portal
        request = portal.books.request(sent.number)
        if request["final_at"]:
            # A question that was on its way when another one brought the end.
            return
        name = "response" if service.family == "document" else f"{sent.kind}Response"
        try:
            said = forms.said_by(service, message.data, root_name=name)
        except ValueError:
            self._note(sent, "breach", what="an answer that is no document")
            self._ask_later(sent, request, service, sent.kind)
            return
        is_result = said.code == RESULT and not said.files
        is_final = said.code in FINAL and not is_result
        if is_final or (not is_result and said.code != request["code"]):
            kind = "RESPONSE" if is_final else "NOTIFICATION"
            take(portal, request, said, kind=kind, message_id=sent.message_id)
        if is_final or sent.kind == "CancelRequest":
            return
        if service.family == "document":
            self._ask_later(sent, request, service, "request")
        elif is_result:
            self._ask_later(sent, request, service, "GetResult", seconds=0.0)
        else:
            self._ask_later(sent, request, service, "GetStatus")

    def _ask_later(
        self,
        sent: Sent,
        request: Row,
        service: Service,
        kind: str,
        *,
        seconds: float | None = None,
    ) -> None:
        portal = self.portal
        if portal.books.request(sent.number)["final_at"]:
            return
        data = sent.data
        if service.family == "operations":
            rows = (("requestNumber", sent.number),)
            data = portal.confirmed(
                forms.operation_of(service, kind, rows), _by_portal(portal, request)
            )
        self.polls[sent.number] += 1
        patience = min(SLOWER ** self.polls[sent.number], LONGEST_POLL)
        wait = portal.poll_seconds * patience if seconds is None else seconds
        portal.books.put(
            number=sent.number,
            kind=kind,
            data=data,
            message_id=str(uuid4()),
            due=machine_time() + wait,
        )

    def _again(self, sent: Sent, why: str, *, longest: float = LONGEST_PAUSE) -> None:
        pause = min(longest, 0.5 * 2 ** min(sent.attempts, 10))
        due = machine_time() + pause
        self.portal.books.settle(sent, state="waiting", outcome=why, due=due, tries=1)

    def _hits(self, name: str, sent: Sent) -> bool:
        key = f"{sent.number} {sent.kind} {sent.attempts}"
        return self.portal.faults.hits(name, key)

    def _note(self, sent: Sent, kind: str, **told: object) -> None:
        self.portal.books.note(sent.number, kind, at=self.portal.now(), **told)


def _by_portal(portal: Portal, request: Row) -> Form:
    """Later questions are the portal's own, whoever signed the first."""
    told = {**json.loads(request["form"]), "confirmation": "OTP"}
    return Form(**told)


async def _dripping(content: bytes) -> AsyncIterator[bytes]:
    step = -(-len(content) // DRIPS)
    for at in range(0, len(content), step):
        yield content[at : at + step]
        await asyncio.sleep(DRIP_SECONDS)
