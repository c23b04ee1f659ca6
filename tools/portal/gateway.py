"""The gateway as the system calls it: both channels, and what goes wrong there."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from kualik.gateway.adapters.faults import GatewayFault
from tools.portal import envelopes, faults, forms, registers
from tools.portal.books import Sent
from tools.portal.envelopes import Message, Unreadable
from tools.portal.hearing import take
from tools.portal.pushing import DRIPS, Pump
from tools.portal.state import SENDER, Portal, machine_time

LARGEST = 24 * 1024 * 1024
USUAL_AMOUNT = 10
# A message that was pulled is pushed again when nobody tells of its delivery.
PULLED_SECONDS = 60.0
DRIP_SECONDS = 0.1
KEY = "kualik-key"
DELIVERED = ("DELIVERED", "0", "Доставлено")


class Gateway:
    """The two addresses that the system calls."""

    def __init__(self, portal: Portal, pump: Pump) -> None:
        self.portal, self.pump = portal, pump
        self.tries: Counter[str] = Counter()

    async def asynchronous(self, request: web.Request) -> web.StreamResponse:
        """``sendMessage``, ``sendDeliveryNotification``, ``getMessageStatus``, ``getMessages``."""
        return await self._answered(request, self._asynchronous)

    async def synchronous(self, request: web.Request) -> web.StreamResponse:
        """``SendMessage`` to a register."""
        return await self._answered(request, lambda message: registers.answer(self.portal, message))

    async def _answered(
        self, request: web.Request, answer: Callable[[Message], bytes]
    ) -> web.StreamResponse:
        raw = await request.read()
        if self.portal.behaviour["away"] == "yes":
            return web.Response(status=503, text="the gateway is away")
        key = self._key(raw)
        if self._hits("error_500", key):
            return web.Response(status=500, text="<html>Internal Server Error</html>")
        made, status, message = await asyncio.to_thread(self._made, raw, answer)
        self.portal.wake()
        if message is not None and message.operation == "sendMessage" and status == 200:
            await self._tell_before(message, key)
        return await self._sent(request, made, status, key)

    def _made(
        self, raw: bytes, answer: Callable[[Message], bytes]
    ) -> tuple[bytes, int, Message | None]:
        """The signed answer, or the signed fault."""
        portal, message, operation = self.portal, None, "sendMessage"
        try:
            message = envelopes.read(raw)
            operation = message.operation
            portal.check(raw)
            breaches = envelopes.breaches(raw)
            if breaches:
                portal.books.note("", "breach", at=portal.now(), what=breaches[0])
                raise GatewayFault("2005", breaches[0][:200])
            if message.get("senderId") not in ("", portal.our_sender):
                raise GatewayFault("2007")
            return portal.sign(answer(message)), 200, message
        except Unreadable:
            fault = GatewayFault("2013")
        except GatewayFault as error:
            fault = error
        told = envelopes.fault(operation, code=fault.code, text=fault.message, at=portal.now())
        return portal.sign(told), 500, message

    # The asynchronous channel

    def _asynchronous(self, message: Message) -> bytes:
        acts = {
            "sendMessage": self._take,
            "sendDeliveryNotification": self._note_delivery,
            "getMessageStatus": self._tell_state,
            "getMessages": self._give,
        }
        act = acts.get(message.operation)
        if act is None:
            raise GatewayFault("2013")
        return act(message)

    def _take(self, message: Message) -> bytes:
        portal = self.portal
        try:
            request = portal.books.by_correlation(message.get("correlationId"))
        except KeyError as error:
            raise GatewayFault("2019") from error
        service = portal.service(request["service"])
        kind = message.get("messageType")
        if message.get("serviceId") != service.service_id:
            raise GatewayFault("2016")
        if kind not in ("NOTIFICATION", "RESPONSE"):
            raise GatewayFault("2005", f"messageType {kind}")
        try:
            said = forms.said_by(service, message.data)
        except ValueError as error:
            raise GatewayFault("2013") from error
        number = str(request["number"])
        key = message.properties.get(KEY) or hashlib.sha256(message.data.encode()).hexdigest()
        message_id, is_new = portal.books.hear(key, number)
        if is_new:
            take(portal, request, said, kind=kind, message_id=message_id)
            portal.books.put(
                number=number, kind="status", data="", message_id=message_id, due=machine_time()
            )
        else:
            portal.books.add(number, "copies")
            portal.books.note(number, "copy", at=portal.now(), of=kind, message_id=message_id)
        return envelopes.acknowledgement(
            message_id=message_id,
            correlation_id=message.get("correlationId"),
            at=portal.now(),
        )

    def _note_delivery(self, message: Message) -> bytes:
        portal, now = self.portal, self.portal.now()
        told = {
            "of": message.get("messageId"),
            "receive": message.get("receiveStatus"),
            "code": message.get("errorCode"),
        }
        try:
            sent = portal.books.sent_by_message(message.get("messageId"))
        except KeyError:
            portal.books.note("", "delivery", at=now, **told)
        else:
            portal.books.note(sent.number, "delivery", at=now, **told)
            if sent.state == "waiting":
                self._settle(sent, message)
        return envelopes.notified(notification_id=portal.books.next("notification"), at=now)

    def _settle(self, sent: Sent, message: Message) -> None:
        portal = self.portal
        if message.get("receiveStatus") == "MESSAGE_ACCEPTED":
            portal.books.settle(sent, state="acked", outcome="pulled", tries=1)
            if not portal.books.request(sent.number)["acked_at"]:
                portal.books.change(sent.number, acked_at=portal.now().isoformat())
        elif message.get("resendMessage") == "NOT_RESEND":
            portal.books.settle(sent, state="refused", outcome=message.get("errorCode"), tries=1)
            portal.books.change(sent.number, state="NOT_DELIVERED")
        else:
            portal.books.settle(sent, state="waiting", outcome="again", due=machine_time(), tries=1)

    def _tell_state(self, message: Message) -> bytes:
        if not self.portal.books.is_heard(message.get("messageId")):
            raise GatewayFault("2019", "Сообщение не найдено.")
        state, code, text = DELIVERED
        return envelopes.state_told(state=state, code=code, text=text, at=self.portal.now())

    def _give(self, message: Message) -> bytes:
        """Messages whose push did not succeed."""
        portal, now = self.portal, self.portal.now()
        wanted = {
            code
            for code, one in portal.services().items()
            if one.service_id == message.get("serviceId")
        }
        numbers = {
            str(row["number"])
            for row in portal.books.requests()
            if row["service"] in wanted
            and message.get("correlationId") in ("", row["correlation_id"])
        }
        is_pushed = portal.behaviour["push"] == "yes"
        found = [
            sent
            for sent in portal.books.waiting(numbers, most=1_000)
            if sent.id not in self.pump.active and (sent.attempts or not is_pushed)
        ][: int(message.get("amount") or 0) or USUAL_AMOUNT]
        for sent in found:
            later = machine_time() + PULLED_SECONDS
            portal.books.settle(sent, state="waiting", outcome="given", due=later)
        return envelopes.pulled([self._message(sent) for sent in found], at=now)

    def _message(self, sent: Sent) -> str:
        request = self.portal.books.request(sent.number)
        service = self.portal.service(request["service"])
        info = {
            "messageId": sent.message_id,
            "correlationId": str(request["correlation_id"]),
            "serviceId": service.service_id,
            "messageType": sent.kind,
            "routeId": service.route_id,
        }
        shape = "text" if service.family == "universal" else "element"
        data = envelopes.data_of(sent.data, shape)
        return envelopes.message(info=info, data=data, sender=SENDER, at=self.portal.now())

    # What goes wrong with answers

    def _key(self, raw: bytes) -> str:
        """What names a message for the choice of faults: its own key and which try it is."""
        at = raw.find(KEY.encode())
        name = raw[at : at + 100].decode(errors="replace") if at >= 0 else ""
        name = name or hashlib.sha256(raw).hexdigest()
        self.tries[name] += 1
        return f"{name} {self.tries[name]}"

    def _hits(self, name: str, key: str) -> bool:
        if not self.portal.faults.hits(name, key):
            return False
        self.portal.books.note("", "fault", at=self.portal.now(), name=name, where="answer")
        return True

    async def _tell_before(self, message: Message, key: str) -> None:
        """News of the delivery overtakes the acknowledgement."""
        if not self._hits("reorder", key):
            return
        request = self.portal.books.by_correlation(message.get("correlationId"))
        now = machine_time()
        for sent in self.portal.books.due(now, most=100, without=self.pump.active):
            if sent.kind == "status" and sent.number == request["number"]:
                await self.pump.tell_status(sent)

    async def _sent(
        self, request: web.Request, made: bytes, status: int, key: str
    ) -> web.StreamResponse:
        if self._hits("late_ack", key):
            await asyncio.sleep(self.portal.late_seconds)
        if self._hits("lost_ack", key):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=status)
        # First, while the message can still be read: several faults may fall on one.
        if b"correlationId" in made and self._hits("wrong_correlation", key):
            made = await asyncio.to_thread(self._other_correlation, made)
        for name, spoil in (
            ("bad_signature", faults.with_bad_signature),
            ("wrapped_signature", faults.with_wrapped_body),
            ("huge_xml", faults.huge),
            ("malformed_xml", faults.malformed),
        ):
            if self._hits(name, key):
                made = await asyncio.to_thread(spoil, made)
        if self._hits("slow_drip", key):
            return await _dripped(request, made, status)
        return web.Response(body=made, status=status, content_type="text/xml", charset="utf-8")

    def _other_correlation(self, made: bytes) -> bytes:
        """The acknowledgement of another conversation, well signed."""
        told = envelopes.read(made)
        bare = envelopes.acknowledgement(
            message_id=told.get("messageId"),
            correlation_id=f"{told.get('correlationId')}999",
            at=self.portal.now(),
        )
        return self.portal.sign(bare)


async def _dripped(request: web.Request, made: bytes, status: int) -> web.StreamResponse:
    answer = web.StreamResponse(status=status, headers={"Content-Type": "text/xml; charset=utf-8"})
    answer.content_length = len(made)
    await answer.prepare(request)
    step = -(-len(made) // DRIPS)
    # Whoever asked may lose patience.
    with suppress(ConnectionResetError):
        for at in range(0, len(made), step):
            await answer.write(made[at : at + step])
            await asyncio.sleep(DRIP_SECONDS)
        await answer.write_eof()
    return answer
