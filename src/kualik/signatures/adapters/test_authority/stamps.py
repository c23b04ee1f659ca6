"""RFC 3161 time-stamps of the test authority."""

from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import algos, cms, core, tsp

from kualik.signatures.adapters.test_authority.certificates import Leaf
from kualik.signatures.adapters.test_authority.cms_signing import SignerContent, sign_info

ACCURACY_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a token says: the hash that was sent in, the moment and the token's own number."""

    hash_algorithm: algos.DigestAlgorithm
    imprint: bytes
    at: datetime
    serial: int
    policy: str
    nonce: int | None = None
    with_certificate: bool = True


def sign_stamp(tsa: Leaf, stamp: Stamp) -> bytes:
    """The time-stamp token (a DER ContentInfo) signed by ``tsa``."""
    body: dict[str, object] = {
        "version": "v1",
        "policy": stamp.policy,
        "message_imprint": {
            "hash_algorithm": stamp.hash_algorithm,
            "hashed_message": stamp.imprint,
        },
        "serial_number": stamp.serial,
        "gen_time": stamp.at.astimezone(UTC).replace(microsecond=0),
        "accuracy": {"seconds": ACCURACY_SECONDS},
    }
    if stamp.nonce is not None:
        body["nonce"] = stamp.nonce
    content = tsp.TSTInfo(body).dump()
    signer = sign_info(
        tsa, SignerContent(content=content, content_type="tst_info", signing_time=stamp.at)
    )
    signed: dict[str, object] = {
        "version": "v3",
        "digest_algorithms": [tsa.key.suite.digest_algorithm()],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": core.ParsableOctetString(content),
        },
        "signer_infos": [signer],
    }
    if stamp.with_certificate:
        signed["certificates"] = [cms.CertificateChoices(name="certificate", value=tsa.certificate)]
    token: bytes = cms.ContentInfo(
        {"content_type": "signed_data", "content": cms.SignedData(signed)}
    ).dump()
    return token


def grant(token: bytes) -> bytes:
    """The protocol's answer that carries a token."""
    granted: bytes = tsp.TimeStampResp(
        {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)}
    ).dump()
    return granted


def refuse_stamp(failure: str) -> bytes:
    """The protocol's answer without a token: "bad_alg", "bad_request", "bad_data_format"…"""
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {failure}})
    refused: bytes = core.SequenceOf(spec=tsp.PKIStatusInfo, value=[status]).dump()
    return refused
