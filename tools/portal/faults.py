"""What goes wrong on the line: which message is hit follows from a seed, and how it is spoilt."""

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from lxml import etree

NAMES = (
    "duplicate",
    "reorder",
    "late_ack",
    "lost_ack",
    "bad_signature",
    "wrapped_signature",
    "wrong_correlation",
    "clock_skew",
    "error_500",
    "slow_drip",
    "huge_xml",
    "malformed_xml",
)
# Those that make a message which nobody may take; the right one follows.
SPOILT = ("bad_signature", "wrapped_signature", "clock_skew", "huge_xml", "malformed_xml")
HUGE_BYTES = 17 * 1024 * 1024
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"


@dataclass(slots=True)
class Faults:
    """The rate of each fault, from 0 to 1."""

    seed: int = 1
    rates: dict[str, float] = field(default_factory=dict)

    def change(self, given: Mapping[str, object]) -> None:
        """Other rates; "seed" is the seed, "every" a rate for all. Raises ValueError."""
        rates = dict(self.rates)
        for name, value in given.items():
            rate = float(str(value))
            if name == "seed":
                self.seed = int(rate)
                continue
            if name not in (*NAMES, "every") or not 0 <= rate <= 1:
                raise ValueError(f"{name}: {value}")
            rates |= dict.fromkeys(NAMES, rate) if name == "every" else {name: rate}
        self.rates = {name: rate for name, rate in rates.items() if rate}

    def hits(self, name: str, key: str) -> bool:
        """Whether the fault hits what ``key`` names; the same at every run of a seed."""
        rate = self.rates.get(name, 0.0)
        if not rate:
            return False
        made = hashlib.sha256(f"{self.seed} {name} {key}".encode()).digest()
        return int.from_bytes(made[:8], "big") < rate * 2**64

    def spoilt(self, key: str) -> Iterator[str]:
        """The faults that come before the right message."""
        return (name for name in SPOILT if self.hits(name, key))

    def told(self) -> dict[str, float]:
        """Seed and rates."""
        return {"seed": self.seed, **{name: self.rates.get(name, 0.0) for name in NAMES}}


def with_bad_signature(envelope: bytes) -> bytes:
    """Another octet in the value of the signature."""
    root = etree.fromstring(envelope)
    value = next(root.iter(f"{{{DS}}}SignatureValue"))
    text = value.text or ""
    value.text = ("B" if text.startswith("A") else "A") + text[1:]
    return _written(root)


def with_wrapped_body(envelope: bytes) -> bytes:
    """The signed body moved into the header, another one in its place: signature wrapping."""
    root = etree.fromstring(envelope)
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    if header is None or body is None:
        raise ValueError("no envelope")
    other = copy.deepcopy(body)
    other.set(f"{{{WSU}}}Id", f"id-{uuid4()}")
    for element in other.iter("messageId", "correlationId"):
        element.text = f"{element.text}9"
    root.replace(body, other)
    etree.SubElement(header, "Wrapper").append(body)
    return _written(root)


def huge(envelope: bytes) -> bytes:
    """More than anybody has to read: a comment that never ends."""
    return envelope + b"<!--" + b"x" * HUGE_BYTES + b"-->"


def malformed(envelope: bytes) -> bytes:
    """Two thirds of it."""
    return envelope[: len(envelope) * 2 // 3]


def _written(root: etree._Element) -> bytes:
    made: bytes = etree.tostring(root)
    return made
