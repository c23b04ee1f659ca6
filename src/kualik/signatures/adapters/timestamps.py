"""Time-stamps of RFC 3161 over a signature."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asn1crypto import core, tsp

from kualik.signatures.adapters.algorithms import AlgorithmError, Content, digest
from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, as_der
from kualik.signatures.adapters.certificates import Certificate
from kualik.signatures.adapters.cms import CmsError, SignedData, read_der
from kualik.signatures.adapters.signers import check_signer

TIMESTAMP_INFO: Final = "1.2.840.113549.1.9.16.1.4"
TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A token that is sound in itself; whom its ``certificate`` leads to is another question.

    ``certificates``, ``crls`` and ``responses`` travel inside the token.
    """

    moment: datetime
    certificate: Certificate
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    responses: tuple[bytes, ...]


class BrokenStamp(ValueError):
    """``code`` is ``timestamp_broken``, ``timestamp_differs`` (made for other bytes),
    ``timestamp_unsupported`` (an unknown algorithm or form) or ``timestamp_untrusted`` (made by a
    key that may not, or that is not at hand)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_stamp(token: bytes, stamped: bytes) -> Stamp:
    """The time-stamp over the bytes ``stamped``. Raises BrokenStamp."""
    return stamp_of(open_token(token), stamped)


def open_token(token: bytes) -> SignedData:
    """What a token holds; nothing of it is checked yet. Raises BrokenStamp."""
    try:
        signed = read_der(as_der(token))
    except (Asn1Error, CmsError) as error:
        raise BrokenStamp("timestamp_broken") from error
    if signed.content_type != TIMESTAMP_INFO or signed.content is None or len(signed.signers) != 1:
        raise BrokenStamp("timestamp_broken")
    return signed


def stamp_of(signed: SignedData, stamped: bytes) -> Stamp:
    """The time-stamp of an opened token over the bytes ``stamped``. Raises BrokenStamp."""
    certificate = _signed_by(signed)
    moment = _moment(signed.content or b"", stamped)
    return Stamp(
        moment=moment,
        certificate=certificate,
        certificates=signed.certificates,
        crls=signed.crls,
        responses=signed.responses,
    )


def imprint_hash(signed: SignedData) -> str:
    """The identifier of the hash that an opened token was made over. Raises BrokenStamp."""
    try:
        info = tsp.TSTInfo.load(as_der(signed.content or b""), strict=True)
        oid: str = info["message_imprint"]["hash_algorithm"]["algorithm"].dotted
    except PARSER_ERRORS as error:
        raise BrokenStamp("timestamp_broken") from error
    return oid


def _signed_by(signed: SignedData) -> Certificate:
    """The authority's certificate, after its signature over the token was checked."""
    reading = check_signer(signed, signed.signers[0], Content(signed.content or b""))
    faults = set(reading.codes)
    if "certificate_missing" in faults and not signed.certificates:
        # The asker may tell the authority to leave its certificate out.
        raise BrokenStamp("timestamp_untrusted")
    if faults == {"algorithm_unsupported"}:
        raise BrokenStamp("timestamp_unsupported")
    if faults or reading.certificate is None:
        raise BrokenStamp("timestamp_broken")
    certificate = reading.certificate
    if (
        not reading.names_certificate
        or TIME_STAMPING not in certificate.purposes
        or not certificate.allows("digital_signature", "non_repudiation")
    ):
        raise BrokenStamp("timestamp_untrusted")
    return certificate


def _moment(content: bytes, stamped: bytes) -> datetime:
    try:
        der = as_der(content)
        info = tsp.TSTInfo.load(der, strict=True)
        imprint = info["message_imprint"]
        oid = imprint["hash_algorithm"]["algorithm"].dotted
        is_known = info["version"].native == "v1" and isinstance(info["extensions"], core.Void)
        expected, moment = imprint["hashed_message"].native, info["gen_time"].native
    except PARSER_ERRORS as error:
        raise BrokenStamp("timestamp_broken") from error
    if not is_known or not isinstance(moment, datetime):
        raise BrokenStamp("timestamp_unsupported")
    try:
        found = digest(oid, stamped)
    except AlgorithmError as error:
        raise BrokenStamp("timestamp_unsupported") from error
    if found != expected:
        raise BrokenStamp("timestamp_differs")
    return moment
