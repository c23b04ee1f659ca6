"""What may be read as a signature file, and how quickly everything else is turned away."""

import base64
import time
from functools import cache
from pathlib import Path

import pytest
from asn1crypto import cms, core
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.asn1 import Asn1Error, as_der, unarmoured
from kualik.signatures.adapters.certificates import BrokenCertificate, read_certificate
from kualik.signatures.adapters.cms import CmsError, read_cms
from kualik.signatures.adapters.crl import BrokenCrl, open_crl, read_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, read_ocsp
from kualik.signatures.adapters.test_authority import Revocation, Scheme
from kualik.signatures.adapters.timestamps import BrokenStamp, read_stamp
from tests.signatures.authorities import NOW, authority, individual, openssl, write_pem
from tests.signatures.verification import (
    CONTENT,
    FAST,
    codes,
    flipped,
    sample,
    signed,
    trust,
    verified,
)

MEGABYTE = 1024 * 1024
SECONDS = 5.0


def as_ber(der: bytes, *, chunk: int = 7) -> bytes:
    """The outer layers with indefinite lengths and the content in pieces, as Java tools write."""
    info = cms.ContentInfo.load(der)
    data = info["content"]
    content = bytes(data["encap_content_info"]["content"])
    pieces = b"".join(
        core.OctetString(content[start : start + chunk]).dump()
        for start in range(0, len(content), chunk)
    )
    inner = endless(b"\x30", [
        data["encap_content_info"]["content_type"].dump(),
        endless(b"\xa0", [endless(b"\x24", [pieces])]),
    ])  # fmt: skip
    certificates = endless(b"\xa0", [data["certificates"].contents])
    signed_data = endless(b"\x30", [
        data["version"].dump(), data["digest_algorithms"].dump(), inner, certificates,
        endless(b"\x31", [data["signer_infos"].contents]),
    ])  # fmt: skip
    return endless(b"\x30", [info["content_type"].dump(), endless(b"\xa0", [signed_data])])


def endless(tag: bytes, parts: list[bytes]) -> bytes:
    return tag + b"\x80" + b"".join(parts) + b"\x00\x00"


@pytest.mark.parametrize("scheme", FAST)
def test_ber_of_java_tools_verifies(scheme: Scheme) -> None:
    file = as_ber(sample(scheme))
    assert file != sample(scheme)
    found = verified(file, trust(scheme))
    assert found.status == "valid", codes(found)
    assert found.content == CONTENT
    with pytest.raises(RuleViolation, match="signature_trailing_data"):
        verified(file + b"\x00\x00", trust(scheme))


def test_openssl_signatures_verify_also_streamed(tmp_path: Path) -> None:
    leaf = individual(Scheme.RSA)
    write_pem(tmp_path / "signer.pem", leaf.certificate_der)
    (tmp_path / "key.pem").write_bytes(leaf.key.private_bytes())
    (tmp_path / "content").write_bytes(CONTENT * 1000)
    for dress in ([], ["-stream"], ["-nodetach"], ["-nodetach", "-stream"], ["-cades"]):
        made = openssl(
            "cms", "-sign", "-binary", "-md", "sha256", "-in", "content", "-signer", "signer.pem",
            "-inkey", "key.pem", "-outform", "DER", "-out", "signed", *dress,
            folder=tmp_path,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout
        file = (tmp_path / "signed").read_bytes()
        # openssl states the time of the machine, which is not the time of the tests.
        found = verified(file, trust(Scheme.RSA), document=CONTENT * 1000, at=NOW)
        assert codes(found) <= {"time_is_stated", "signed_in_future"}, dress


@pytest.mark.parametrize(
    "wrap",
    [
        base64.b64encode,
        base64.encodebytes,
        lambda der: b"-----BEGIN CMS-----\n%b-----END CMS-----\n" % base64.encodebytes(der),
        lambda der: b"-----BEGIN PKCS7-----\r\n%b\r\n-----END PKCS7-----" % base64.b64encode(der),
    ],
    ids=["base64", "lines", "cms", "pkcs7"],
)  # fmt: skip
def test_armour_is_taken_off(wrap: object) -> None:
    assert callable(wrap)
    assert verified(wrap(sample(Scheme.RSA)), trust(Scheme.RSA)).status == "valid"


NESTED = [
    ("definite", lambda size: _tower(size)),
    ("indefinite", lambda size: b"\x30\x80" * (size // 2)),
    ("strings", lambda size: b"\x24\x80" * (size // 2)),
    ("empty elements", lambda size: _wrapped(b"\x30\x00" * (size // 2))),
    ("numbers", lambda size: _wrapped(b"\x02\x84" + size.to_bytes(4, "big") + b"\x01" * size)),
    ("identifiers", lambda size: _wrapped(b"\x06\x84" + size.to_bytes(4, "big") + b"\x81" * size)),
    ("zeros", bytes),
    ("spaces", lambda size: b" " * size + b"!"),
    ("armour", lambda size: b"-----BEGIN CMS-----" + b"\n" * size + b"!"),
    ("letters", lambda size: b"M" * size),
]


def _tower(size: int) -> bytes:
    return b"".join(
        b"\x30\x84" + (size - 6 * level).to_bytes(4, "big") for level in range(1, size // 6)
    )


def _wrapped(inner: bytes) -> bytes:
    return b"\x30\x84" + len(inner).to_bytes(4, "big") + inner


@pytest.mark.parametrize(("name", "make"), NESTED, ids=[name for name, _ in NESTED])
def test_ten_megabytes_of_nonsense_are_refused_quickly(name: str, make: object) -> None:
    assert callable(make)
    data = make(10 * MEGABYTE)
    started = time.perf_counter()
    with pytest.raises(RuleViolation, match="signature_"):
        verified(data, trust(Scheme.RSA))
    assert time.perf_counter() - started < SECONDS, name


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "signature_empty"),
        (b"0", "signature_malformed"),
        (b"\x30\x80" * 100, "signature_too_deep"),
        (b"\x30\x00", "signature_malformed"),
        (b"-----BEGIN CMS-----\nMIIB", "signature_malformed"),
        (_wrapped(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"), "signature_not_signed_data"),
        (b"\x00" * (41 * MEGABYTE), "signature_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_unreadable_file_has_its_code(data: bytes, code: str) -> None:
    with pytest.raises(RuleViolation) as refused:
        verified(data, trust(Scheme.RSA))
    assert refused.value.code == code


def test_too_many_signers_are_refused() -> None:
    with pytest.raises(RuleViolation, match="signature_too_many_signers"):
        verified(signed([individual(Scheme.RSA)] * 33), trust(Scheme.RSA))


def test_joined_strings_keep_their_bytes() -> None:
    pieces = b"\x04\x02ab" + b"\x24\x80\x04\x01c\x00\x00" + b"\x24\x03\x04\x01d"
    assert as_der(endless(b"\x24", [pieces])) == core.OctetString(b"abcd").dump()
    assert as_der(endless(b"\x30", [b"\x02\x01\x05"])) == b"\x30\x03\x02\x01\x05"
    long = b"\x30\x84\x00\x00\x00\x03\x02\x01\x05"
    assert as_der(long) == long


@pytest.mark.parametrize(
    "data",
    [b"\x24\x80\x02\x01\x05\x00\x00", b"\x23\x80\x03\x02\x00\x05\x00\x00", b"\x04\x80\x00\x00",
     b"\x30\x80\x02\x01\x05", b"\x30\x03\x02\x01", b"\x30\x85\x00\x00\x00\x00\x01", b"\x1f\xff\xff",
     b"\x30\x02\x00\x00"],
)  # fmt: skip
def test_what_is_not_asn1_is_refused(data: bytes) -> None:
    with pytest.raises(Asn1Error):
        as_der(data)


OWN = (Asn1Error, CmsError, BrokenCertificate, BrokenCrl, BrokenOcsp, BrokenStamp, RuleViolation)
PATIENT = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def read_all(data: bytes) -> None:
    """Every reader over the same bytes; only their own errors may come out."""
    readers = (
        unarmoured, as_der, read_cms, read_certificate, read_crl, open_crl, read_ocsp,
        lambda found: read_stamp(found, b""),
        lambda found: verified(found, trust(Scheme.RSA)),
    )  # fmt: skip
    for reader in readers:
        try:
            reader(data)
        except OWN:
            continue


@PATIENT
@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    read_all(data)


@cache
def genuine() -> list[bytes]:
    """A file of every kind that the readers know."""
    hierarchy = authority(Scheme.RSA)
    leaf = individual(Scheme.RSA)
    return [
        signed([leaf]),
        sample(Scheme.GOST512),
        hierarchy.timestamp(b"0" * 32, now=NOW),
        hierarchy.crl({leaf.serial: Revocation(at=NOW)}, now=NOW),
        hierarchy.ocsp_response(leaf, Revocation(at=NOW), now=NOW),
        leaf.certificate_der,
    ]


@PATIENT
@pytest.mark.filterwarnings("ignore::UserWarning")
@given(st.data())
def test_spoilt_files_raise_nothing_else(data: st.DataObject) -> None:
    spoilt = data.draw(st.sampled_from(genuine()))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(spoilt) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "double"]))
        piece = data.draw(st.binary(min_size=1, max_size=8))
        if kind == "flip":
            spoilt = flipped(spoilt, position, piece[0] or 1)
        elif kind == "cut" and len(spoilt) > len(piece) + 1:
            spoilt = spoilt[:position] + spoilt[position + len(piece) :] or b"0"
        elif kind == "insert":
            spoilt = spoilt[:position] + piece + spoilt[position:]
        else:
            spoilt = spoilt[:position] + spoilt[position : position + 200] * 2 + spoilt[position:]
    read_all(spoilt)
