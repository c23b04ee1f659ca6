"""Asking a time-stamp authority, RFC 3161 over HTTP."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final, Protocol

from asn1crypto import algos, core, tsp

from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, as_der
from kualik.signatures.adapters.cms import CmsError, read_der
from kualik.signatures.adapters.online import exchanged
from kualik.signatures.adapters.timestamps import BrokenStamp, read_stamp

ANSWER_LIMIT_BYTES: Final = 64 * 1024
NONCE_BITS: Final = 63
QUERY: Final = "application/timestamp-query"
GRANTED: Final = frozenset({"granted", "granted_with_mods"})


class StampRefused(ValueError):
    """The authority answered without a usable token.

    ``code`` is ``timestamp_refused`` (it said no), ``timestamp_not_asked`` (an answer to another
    question) or one of BrokenStamp's.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StampAuthority(Protocol):
    """Stamps bytes. Raises ``online.Unreachable`` and StampRefused."""

    def stamp(self, data: bytes) -> bytes:
        """The token (a DER ContentInfo) over ``data``, sound in itself and with the authority's
        certificate; whether that one is trusted is another question."""


@dataclass(frozen=True, slots=True)
class HttpStampAuthority:
    """The authority at an address. ``policy`` asks for one of its policies, because a national
    authority signs by another algorithm under each of them."""

    url: str
    policy: str = ""

    def stamp(self, data: bytes) -> bytes:
        nonce = secrets.randbits(NONCE_BITS)
        request = make_request(hashlib.sha256(data).digest(), nonce=nonce, policy=self.policy)
        answer = exchanged(self.url, "POST", request, ANSWER_LIMIT_BYTES, kind=QUERY)
        return token_of(answer, data, nonce=nonce, policy=self.policy)


def make_request(imprint: bytes, *, nonce: int, policy: str = "") -> bytes:
    """The question for a token over a SHA-256 hash, with the authority's certificate in it."""
    algorithm = algos.DigestAlgorithm({"algorithm": "sha256", "parameters": core.Null()})
    parts: dict[str, object] = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": algorithm, "hashed_message": imprint},
        "nonce": nonce,
        "cert_req": True,
    }
    if policy:
        parts["req_policy"] = policy
    made: bytes = tsp.TimeStampReq(parts).dump()
    return made


def token_of(answer: bytes, data: bytes, *, nonce: int, policy: str = "") -> bytes:
    """The token inside an answer, checked against the question. Raises StampRefused."""
    try:
        # Not by the library's type: it has no answer without a token.
        parts = core.SequenceOf.load(as_der(answer), strict=True, spec=core.Any)
        status = tsp.PKIStatusInfo.load(parts[0].dump(), strict=True)["status"].native
        if status not in GRANTED or len(parts) != 2:
            raise StampRefused("timestamp_refused")
        token: bytes = parts[1].dump()
        info = tsp.TSTInfo.load(as_der(read_der(token).content or b""), strict=True)
        asked = info["nonce"].native == nonce and policy in {"", info["policy"].dotted}
    except StampRefused:
        raise
    except (Asn1Error, CmsError, *PARSER_ERRORS) as error:
        raise StampRefused("timestamp_broken") from error
    if not asked:
        raise StampRefused("timestamp_not_asked")
    try:
        read_stamp(token, data)
    except BrokenStamp as error:
        raise StampRefused(error.code) from error
    return token
