"""One question to the bus and its answer: zeep writes what the WSDL says, we sign, send and verify.

What comes back is read by name, as real systems write it, and counts only when its signature is
good and by a certificate that is pinned for the peer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from lxml import etree
from zeep import Client, Settings

from kualik.gateway.adapters import wsse
from kualik.gateway.adapters.envelope import check, parsing, reading
from kualik.gateway.adapters.faults import CORRELATION, PARSE, SCHEMA, SIGNING, GatewayFault
from kualik.gateway.adapters.posting import Unreachable, post_soap
from kualik.gateway.adapters.schemas import FOLDER

SYNC_WSDL: Final = "sync-channel.wsdl"
ASYNC_WSDL: Final = "async-channel.wsdl"
# What the same message would be answered at every try. Everything else may be set right by
# somebody: a certificate, a password, a contract of the service, the other side itself.
FINAL: Final = frozenset({SCHEMA, PARSE, CORRELATION})
ANSWER_SECONDS: Final = 20.0
LONG_NUMBER: Final = re.compile(r"\d{12,}")
# zeep names no types of its calls.
READER: Final[Any] = Client


def harmless(text: str) -> str:
    """Words of the other side as they may be kept and logged: a gateway quotes what it did not
    like, and that may be an IIN."""
    return LONG_NUMBER.sub("…", text)


class Unproven(Unreachable):
    """Somebody answered, but not with a signature of the peer, or not to this question; or nothing
    signed the question.

    The answer counts for nothing. ``code`` and ``message`` are those of the fault that it was, if
    it was one.
    """

    def __init__(self, why: str, code: str = "", message: str = "") -> None:
        code, message = harmless(code), harmless(message)
        super().__init__(f"{why}: {code} {message}" if code else why)
        self.code = code
        self.message = message


class Refused(Exception):
    """The peer answered by a fault that it signed, or we cannot write such a message.

    ``is_final``: it would be so at every try.
    """

    def __init__(self, code: str, message: str, *, is_final: bool) -> None:
        code, message = harmless(code), harmless(message)
        super().__init__(f"{code} {message}".strip())
        self.code = code
        self.message = message
        self.is_final = is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where a channel leads and who speaks on it at a moment.

    ``pins`` are the peer's certificates (DER); ``seconds`` bounds one question and its answer.
    """

    url: str
    sender_id: str
    password: str = field(repr=False)
    key: wsse.Key = field(repr=False)
    pins: Sequence[bytes] = field(repr=False)
    now: datetime
    seconds: float = ANSWER_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What left and what came. ``raw`` lacks the password of the sender: it may be kept."""

    raw: bytes = field(repr=False)
    answer: bytes = field(repr=False)
    envelope: reading.Envelope


def written(wsdl: str, operation: str, request: Mapping[str, object]) -> etree._Element:
    """An envelope as the WSDL has it; ``request`` names its elements, None leaves one out."""
    client = _client(wsdl)
    made: etree._Element = client.create_message(client.service, operation, request=request)
    return made


def exchange(line: Line, made: etree._Element) -> Exchange:
    """Check, sign and send an envelope; the verified answer to it.

    Raises Unreachable (Unproven) and Refused.
    """
    plain = etree.tostring(made, encoding="UTF-8", xml_declaration=True)
    try:
        check(plain)
        raw = wsse.sign(plain, line.key)
    except GatewayFault as fault:
        if fault.code == SIGNING:
            # A server of keys that is away is as good as a line that is.
            raise Unproven("nothing signs for us", fault.code, fault.message) from fault
        raise _refusal(fault.code, fault.message) from fault
    answer = post_soap(line.url, raw, seconds=line.seconds)
    envelope = _proven(line, answer)
    if envelope.is_fault:
        raise _refusal(envelope.info.code, envelope.info.message)
    asked = reading.read(plain).operation
    # The consent service answers in a namespace and with a spelling of its own.
    if envelope.operation.lower() != f"{asked}Response".lower():
        raise Unproven("an answer to another question")
    return Exchange(raw=_keepable(raw), answer=answer, envelope=envelope)


def _proven(line: Line, answer: bytes) -> reading.Envelope:
    try:
        wsse.verify(answer, pinned=line.pins, now=line.now)
        return reading.read(answer)
    except GatewayFault as fault:
        why = f"the answer is not proven ({fault.code})"
    try:
        told = reading.read(answer)
    except GatewayFault as fault:
        raise Unproven(f"the answer cannot be read ({fault.code})") from None
    if told.is_fault:
        raise Unproven(why, told.info.code, told.info.message)
    raise Unproven(why)


def _refusal(code: str, message: str) -> Refused:
    return Refused(code, message, is_final=code in FINAL)


def _keepable(raw: bytes) -> bytes:
    tree = parsing.parse(raw)
    found = [one for one in tree.iter("{*}password") if one.getparent().tag.endswith("sender")]
    for one in found:
        one.text = ""
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True) if found else raw


@cache
def _client(wsdl: str) -> Any:
    """The contract, read once a process; zeep reaches no network here."""
    return READER(str(FOLDER / wsdl), settings=Settings(forbid_dtd=True))
