"""A second opinion by an NCANode server, which is listened to with care.

NCANode says "valid" of a file without signers or certificates, overlooks the document given beside
an attached signature, asks about revocation only when told to, shows a certificate of which a
service knew nothing as not revoked, and judges dates at the present moment. So its word counts only
where the answer itself shows what it looked at. It never makes a signature better than our own
verdict; what its answers hold is data of strangers, read within limits.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from kualik.signatures.adapters.online import Unreachable, exchanged

# The server asks services itself before it answers.
SILENCE_SECONDS: Final = 20.0
ANSWER_LIMIT_BYTES: Final = 1024 * 1024
SIGNER_LIMIT: Final = 64
OK: Final = 200

Opinion = Literal["valid", "invalid", "undecided"]


class NoOpinion(Exception):
    """The server cannot be reached, or its answer is not one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSigner:
    """One signer as the server sees it; ``serial`` in lower-case hexadecimal."""

    serial: str
    opinion: Opinion


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAnswer:
    """``opinion`` of the whole file; "undecided" where it does not show what it rests on."""

    opinion: Opinion
    signers: tuple[NodeSigner, ...]


@dataclass(frozen=True, slots=True)
class NcaNode:
    """A server at a base address, http or https, of which nothing else is called."""

    address: str

    def verify(self, signature: bytes, document: bytes | None, *, now: datetime) -> NodeAnswer:
        """What the server says of a CMS signature (DER) over ``document`` or its own content.

        Revocation is asked by OCSP and CRL. Raises NoOpinion.
        """
        asked: dict[str, object] = {"cms": _text(signature), "revocationCheck": ["OCSP", "CRL"]}
        if document is not None:
            asked["data"] = _text(document)
        return read_answer(self._call("cms/verify", asked, ANSWER_LIMIT_BYTES), now)

    def content(self, signature: bytes) -> bytes:
        """The content that the server finds inside an attached signature. Raises NoOpinion."""
        limit = ANSWER_LIMIT_BYTES + 2 * len(signature)
        found = self._call("cms/extract", {"cms": _text(signature)}, limit).get("data")
        try:
            return base64.b64decode(_string(found), validate=True)
        except binascii.Error as error:
            raise NoOpinion from error

    def _call(self, method: str, asked: dict[str, object], limit: int) -> dict[str, object]:
        parts = urlsplit(self.address)
        if parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
            raise NoOpinion
        try:
            body = exchanged(
                f"{self.address.rstrip('/')}/{method}",
                "POST",
                json.dumps(asked).encode(),
                limit,
                kind="application/json",
                silence=SILENCE_SECONDS,
            )
            found = _mapping(json.loads(body))
        except (Unreachable, ValueError, RecursionError) as error:
            raise NoOpinion from error
        if found.get("status") != OK:
            raise NoOpinion
        return found


def read_answer(found: dict[str, object], now: datetime) -> NodeAnswer:
    """What an answer to a question of verification says. Raises NoOpinion."""
    is_valid = _flag(found.get("valid"))
    signers = tuple(_signers(found.get("signers"), now))
    opinions = {signer.opinion for signer in signers}
    opinion: Opinion = "undecided"
    if "invalid" in opinions:
        opinion = "invalid"
    elif opinions == {"valid"}:
        opinion = "valid" if is_valid else "invalid"
    return NodeAnswer(opinion=opinion, signers=signers)


def _signers(found: object, now: datetime) -> Iterator[NodeSigner]:
    for signer in _items(found):
        status = _mapping(signer).get("status")
        certificates = _items(_mapping(signer).get("certificates"))
        # More than one is a chain, the signer's own first.
        own = _mapping(certificates[0]) if certificates else {}
        serial = _string(own.get("serialNumber")).lower() if own else ""
        opinion = _of_status(status)
        if opinion == "valid":
            opinion = _of_certificate(own, now) if own else "undecided"
        yield NodeSigner(serial=serial.lstrip("0"), opinion=opinion)


def _of_status(status: object) -> Opinion:
    """Version 3.5 grades each signer; older ones leave it out."""
    if status in (None, "VALID"):
        return "valid"
    return "invalid" if status == "INVALID" else "undecided"


def _of_certificate(found: dict[str, object], now: datetime) -> Opinion:
    revocations = [_mapping(entry) for entry in _items(found.get("revocations"))]
    if any(_flag(entry.get("revoked")) for entry in revocations):
        return "invalid"
    known = [entry for entry in revocations if _is_known(entry)]
    is_timely = _moment(found.get("notBefore")) <= now <= _moment(found.get("notAfter"))
    if not known or not is_timely or not _flag(found.get("valid")):
        return "undecided"
    return "valid"


def _is_known(entry: dict[str, object]) -> bool:
    """Whether a service spoke: one that did not is shown as "not revoked" with its fault."""
    result, by = entry.get("result", "ACTIVE"), entry.get("by")
    return result == "ACTIVE" and (by == "CRL" or (by == "OCSP" and entry.get("reason") == "OK"))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _mapping(found: object) -> dict[str, object]:
    if not isinstance(found, dict):
        raise NoOpinion
    return found


def _items(found: object) -> list[object]:
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > SIGNER_LIMIT:
        raise NoOpinion
    return found


def _string(found: object) -> str:
    if not isinstance(found, str):
        raise NoOpinion
    return found


def _flag(found: object) -> bool:
    if not isinstance(found, bool):
        raise NoOpinion
    return found


def _moment(found: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_string(found))
    except ValueError as error:
        raise NoOpinion from error
    if moment.tzinfo is None:
        raise NoOpinion
    return moment
