"""SMS services over HTTP: smsc.kz, Mobizon and KazInfoTeh, old and new.

Their interfaces differ in where the secret stands: two of them have it in the address, so no
address is ever logged or shown in an error.
"""

import base64
import html
import http.client
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from kualik.core.jobs import NotNow
from kualik.notifications.adapters.addresses import CarrierAddress
from kualik.notifications.adapters.carriers import (
    AccountRefused,
    Away,
    Handed,
    Never,
    Outgoing,
    Unsure,
)

SILENCE_SECONDS = 15
LARGEST_ANSWER = 65_536
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
BUSY = {429, 503}
# A wrong account or a wrong address of the service: no message is to blame.
DENIED = {301, 302, 307, 308, 401, 403, 404, 405}
UNTOLD = "the service did not answer in time"
SAME_TOO_SOON = 9
VALIDITY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered."""

    status: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a service is reached, unless the setting names another host, port or ``tls``."""

    address: CarrierAddress
    host: str
    port: int | None = None
    is_secure: bool = True

    def post(
        self, target: str, body: str, *, kind: str = FORM, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Ask the service. What fails before anything was said is NotNow, later it is Unsure."""
        connection = self._connection()
        try:
            try:
                connection.connect()
            except OSError as fault:
                raise Away(f"no connection: {type(fault).__name__}") from None
            said = {"Content-Type": f"{kind}; charset=utf-8", **(headers or {})}
            try:
                connection.request("POST", target, body=body.encode(), headers=said)
                answer = connection.getresponse()
                content = answer.read(LARGEST_ANSWER).decode("utf-8", errors="replace")
            except (OSError, http.client.HTTPException) as fault:
                raise Unsure(f"no answer: {type(fault).__name__}") from None
        finally:
            connection.close()
        return _sound(Reply(answer.status, content))

    def _connection(self) -> http.client.HTTPConnection:
        host = self.address.host or self.host
        port = self.address.port or self.port
        choice = self.address.options.get("tls")
        if choice == "on" or (self.is_secure and choice != "off"):
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=SILENCE_SECONDS, context=context)
        return http.client.HTTPConnection(host, port, timeout=SILENCE_SECONDS)


class Smsc:
    """smsc.kz; its ``id`` is our number of the message, by which it can be asked for later."""

    name = "smsc"
    OURS: ClassVar = {2: "login or password", 3: "no money", 4: "the address is blocked"}
    NOT_FOUND = -3
    may_repeat = False

    def __init__(self, address: CarrierAddress) -> None:
        self._address = address
        self._line = Line(address=address, host="smsc.kz")

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        """See ``Carrier``."""
        yield Handed(1, 1, self._reference(self._asked(outgoing)))

    def _asked(self, outgoing: Outgoing) -> Reply:
        return self._command(
            "send.php",
            phones=outgoing.address.removeprefix("+"),
            mes=outgoing.body,
            id=str(outgoing.number),
            **_sender("sender", self._address),
        )

    def _reference(self, reply: Reply) -> str:
        said = _json(reply)
        if "error_code" in said or "error" in said:
            raise self._fault(said)
        return _number(said.get("id"))

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        """The service knows by our number whether it took the message."""
        phone = outgoing.address.removeprefix("+")
        said = _json(self._command("status.php", phone=phone, id=str(outgoing.number)))
        if "error_code" in said:
            is_passing = said["error_code"] in (*self.OURS, SAME_TOO_SOON)
            reason = f"the status is not told: error {said['error_code']}"
            raise NotNow(reason) if is_passing else Unsure(reason)
        if said.get("status") == self.NOT_FOUND:
            return None
        return Handed(1, 1, str(outgoing.number))

    def _command(self, script: str, **fields: str) -> Reply:
        account = {"login": self._address.user, "psw": self._address.secret}
        query = urlencode({**account, **fields, "charset": "utf-8", "fmt": "3"})
        return self._line.post(f"/sys/{script}", query)

    def _fault(self, said: Mapping[str, Any]) -> Exception:
        code = said.get("error_code")
        if code in self.OURS:
            return AccountRefused(f"smsc error {code}: {self.OURS[code]}")
        if code == SAME_TOO_SOON:
            return NotNow("smsc error 9: too many requests")
        return Never(f"smsc error {code}")


class Mobizon:
    """api.mobizon.kz; the key stands in the address."""

    name = "mobizon"
    TAKEN, BACKGROUND = 0, 100
    WAIT: ClassVar = {10, 15, 30}
    OURS: ClassVar = {4, 5, 6, 8, 9, 13, 14}
    WRONG: ClassVar = {1, 2, 11, 12, 98, 99}
    may_repeat = False

    def __init__(self, address: CarrierAddress) -> None:
        self._address = address
        self._line = Line(address=address, host="api.mobizon.kz")

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        """See ``Carrier``."""
        yield Handed(1, 1, self._reference(self._asked(outgoing)))

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        """The service finds a message only by the number that we did not get."""
        raise Unsure(UNTOLD)

    def _asked(self, outgoing: Outgoing) -> Reply:
        query = urlencode({"output": "json", "api": "v1", "apiKey": self._address.user})
        body = {
            "recipient": outgoing.address.removeprefix("+"),
            "text": outgoing.body,
            "params[validity]": str(VALIDITY_MINUTES),
            **_sender("from", self._address),
        }
        return self._line.post(f"/service/message/sendSmsMessage?{query}", urlencode(body))

    def _reference(self, reply: Reply) -> str:
        said = _json(reply)
        code, data = said.get("code"), said.get("data")
        if code == self.TAKEN and isinstance(data, dict):
            return _number(data.get("messageId"))
        reason = f"mobizon code {code}"
        if code in self.WAIT:
            raise NotNow(reason)
        if code in self.OURS:
            raise AccountRefused(reason)
        raise Never(reason) if code in self.WRONG else Unsure(reason)


class KazInfoTehOld:
    """The old interface of KazInfoTeh: a command in the address, XML in the answer."""

    name = "kazinfoteh-old"
    may_repeat = False

    def __init__(self, address: CarrierAddress) -> None:
        self._address = address
        self._line = Line(address=address, host="kazinfoteh.org", port=9507, is_secure=False)

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        """See ``Carrier``."""
        yield Handed(1, 1, self._reference(self._asked(outgoing)))

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        """The service finds a message only by the number that we did not get."""
        raise Unsure(UNTOLD)

    def _asked(self, outgoing: Outgoing) -> Reply:
        query = urlencode(
            {
                "action": "sendmessage",
                "username": self._address.user,
                "password": self._address.secret,
                "recipient": outgoing.address.removeprefix("+"),
                "messagetype": "SMS:TEXT",
                "originator": self._address.sender,
                "messagedata": outgoing.body,
            }
        )
        return self._line.post(f"/api?{query}", "")

    def _reference(self, reply: Reply) -> str:
        code = _element(reply.content, "statuscode")
        if code == "0":
            return _number(_element(reply.content, "messageid") or "accepted")
        if code:
            raise Never(f"kazinfoteh status {code}: {_element(reply.content, 'statusmessage')}")
        error = _element(reply.content, "errorcode")
        if error:
            message = _element(reply.content, "errormessage")
            raise AccountRefused(f"kazinfoteh error {error}: {message}")
        raise Unsure("an answer that cannot be read")


class KazInfoTeh:
    """The new interface of KazInfoTeh: JSON both ways, the account in the header."""

    name = "kazinfoteh"
    may_repeat = False

    def __init__(self, address: CarrierAddress) -> None:
        self._address = address
        self._line = Line(address=address, host="so.kazinfoteh.org")

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        """See ``Carrier``."""
        yield Handed(1, 1, self._reference(self._asked(outgoing)))

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        """The service finds a message only by the number that we did not get."""
        raise Unsure(UNTOLD)

    def _asked(self, outgoing: Outgoing) -> Reply:
        pair = f"{self._address.user}:{self._address.secret}".encode()
        body = {
            "to": outgoing.address.removeprefix("+"),
            "from": self._address.sender,
            "text": outgoing.body,
        }
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        text = json.dumps(body, ensure_ascii=False)
        return self._line.post("/api/sms/send", text, kind=JSON, headers=headers)

    def _reference(self, reply: Reply) -> str:
        said = _json(reply)
        if said.get("err"):
            raise Never(f"kazinfoteh: {said.get('error_message') or said['err']}"[:150])
        return _number(said.get("message_id"))


def _sender(name: str, address: CarrierAddress) -> dict[str, str]:
    return {name: address.sender} if address.sender else {}


def _sound(reply: Reply) -> Reply:
    """The reply of a service that understood us; raises what another status means."""
    if reply.status == http.client.OK:
        return reply
    reason = f"status {reply.status}"
    if reply.status in BUSY:
        raise Away(reason)
    if reply.status in DENIED:
        raise AccountRefused(reason)
    is_client_fault = http.client.BAD_REQUEST <= reply.status < http.client.INTERNAL_SERVER_ERROR
    raise Never(reason) if is_client_fault else Unsure(reason)


def _json(reply: Reply) -> dict[str, Any]:
    try:
        said = json.loads(reply.content)
    except ValueError:
        raise Unsure("an answer that cannot be read") from None
    if not isinstance(said, dict):
        raise Unsure("an answer that cannot be read")
    return said


def _number(found: object) -> str:
    """The service's number of a message; without one nobody knows what happened."""
    if found is None or found == "":
        raise Unsure("an answer without a number")
    return str(found)[:80]


def _element(content: str, name: str) -> str:
    """The text of the first element of a name; a whole XML parser is not needed for three words."""
    found = re.search(rf"<{name}>\s*([^<]*?)\s*</{name}>", content)
    return html.unescape(found[1])[:120] if found else ""
