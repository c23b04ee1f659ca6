"""Keys and signatures in the byte order of Kazakhstan, on keys made here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kualik.signatures.adapters.gost import (
    GOST_2004,
    GOST_2015_256,
    GOST_2015_512,
    SIGNATURE_OIDS,
    GostError,
    GostPrivateKey,
    GostPublicKey,
    digest_for,
    read_public_key,
)

OIDS = sorted(SIGNATURE_OIDS)
KEYS = {oid: GostPrivateKey.derive(oid=oid, seed=b"a key of the tests") for oid in OIDS}
SPKI = {oid: key.spki_der for oid, key in KEYS.items()}
CONTENT = "Біліктілікті арттыру туралы куәлік".encode()


def refusal(der: bytes) -> str:
    with pytest.raises(GostError) as refused:
        read_public_key(der)
    return refused.value.code


@pytest.mark.parametrize("oid", OIDS)
def test_a_signature_made_here_verifies_and_any_changed_byte_does_not(oid: str) -> None:
    key = read_public_key(SPKI[oid])
    signature = KEYS[oid].sign_data(CONTENT)
    assert len(signature) == key.scheme.key_bits // 4
    assert key.verify_data(oid=oid, data=CONTENT, signature=signature)
    digest = digest_for(oid, CONTENT)
    half = len(signature) // 2
    for place in (0, half - 1, half, len(signature) - 1):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not key.verify(digest, bytes(changed))
    assert not key.verify_data(oid=oid, data=CONTENT + b".", signature=signature)
    assert not key.verify(digest[::-1], signature)


@pytest.mark.parametrize("oid", OIDS)
def test_the_order_of_the_rfc_is_not_the_order_of_kazakhstan(oid: str) -> None:
    """RFC 9215 writes s ‖ r, each from its highest byte: the same value from the other end."""
    signature = KEYS[oid].sign_data(CONTENT)
    assert not read_public_key(SPKI[oid]).verify(digest_for(oid, CONTENT), signature[::-1])


@pytest.mark.parametrize("oid", OIDS)
def test_another_key_does_not_verify(oid: str) -> None:
    other = GostPrivateKey.derive(oid=oid, seed=b"another").public_key()
    assert not other.verify_data(oid=oid, data=CONTENT, signature=KEYS[oid].sign_data(CONTENT))


@pytest.mark.parametrize("oid", OIDS)
def test_signing_twice_gives_the_same_and_other_content_another_nonce(oid: str) -> None:
    key = KEYS[oid]
    half = key.scheme.key_bits // 8
    assert key.sign_data(CONTENT) == key.sign_data(CONTENT)
    assert key.sign_data(CONTENT)[:half] != key.sign_data(CONTENT + b".")[:half]


@pytest.mark.parametrize("oid", OIDS)
def test_a_digest_of_zeroes_counts_as_one(oid: str) -> None:
    zero = bytes(KEYS[oid].scheme.key_bits // 8)
    one = b"\x01" + zero[1:]
    key = read_public_key(SPKI[oid])
    assert key.verify(zero, KEYS[oid].sign(zero))
    assert key.verify(one, KEYS[oid].sign(zero))


@pytest.mark.parametrize("oid", OIDS)
def test_wrong_lengths_are_a_plain_no(oid: str) -> None:
    key = read_public_key(SPKI[oid])
    digest = digest_for(oid, CONTENT)
    signature = KEYS[oid].sign(digest)
    for wrong in (b"", signature[:-1], signature + b"\x00", signature * 2):
        assert not key.verify(digest, wrong)
    assert not key.verify(digest + b"\x00", signature)
    assert not key.verify(b"", signature)
    assert not key.verify(digest, bytes(len(signature)))
    assert not key.verify(digest, b"\xff" * len(signature))


def test_a_digest_of_another_length_is_not_signed() -> None:
    with pytest.raises(GostError, match="gost_digest_length"):
        KEYS[GOST_2015_512.signature_oid].sign(bytes(32))


def test_an_algorithm_of_another_kind_of_key_is_refused() -> None:
    """The two kinds of 256 bits have digests and signatures of one length."""
    key = read_public_key(SPKI[GOST_2015_256.signature_oid])
    with pytest.raises(GostError, match="gost_key_mismatch"):
        key.verify_data(oid=GOST_2004.signature_oid, data=CONTENT, signature=bytes(64))
    with pytest.raises(GostError, match="gost_algorithm_unknown"):
        key.verify_data(oid="1.2.840.113549.1.1.11", data=CONTENT, signature=bytes(64))


@pytest.mark.parametrize("oid", OIDS)
def test_a_key_reads_back_from_its_own_der(oid: str) -> None:
    key = KEYS[oid].public_key()
    assert read_public_key(key.spki_der) == key
    assert key.scheme == SIGNATURE_OIDS[oid]


def test_the_header_of_the_der_is_that_of_national_certificates() -> None:
    assert (
        SPKI[GOST_2015_512.signature_oid]
        .hex()
        .startswith(
            "3081ac302306092a830e030a010102023016060a2a830e030a01010202010608"
            "2a830e030a01030303818400048180"
        )
    )
    assert (
        SPKI[GOST_2004.signature_oid]
        .hex()
        .startswith(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a010301010003430004"
        )
    )


def test_what_is_no_key_of_ours_is_refused_by_name() -> None:
    der = SPKI[GOST_2015_512.signature_oid]
    assert refusal(b"") == "gost_key_unreadable"
    assert refusal(der + b"\x00") == "gost_key_unreadable"
    assert refusal(der[:-1]) == "gost_key_unreadable"
    assert refusal(b"\x30\x80" + der[3:] + b"\x00\x00") == "gost_key_unreadable"
    assert refusal(b"\x30" * 2000) == "gost_key_unreadable"
    foreign_key = der.replace(
        bytes.fromhex("2a830e030a01010202"), bytes.fromhex("2a830e030a01010209"), 1
    )
    assert refusal(foreign_key) == "gost_algorithm_unknown"
    foreign_curve = der.replace(bytes.fromhex("0a0101020201"), bytes.fromhex("0a0101020202"), 1)
    assert refusal(foreign_curve) == "gost_curve_unknown"
    foreign_hash = der.replace(bytes.fromhex("0a010303"), bytes.fromhex("0a010302"), 1)
    assert refusal(foreign_hash) == "gost_curve_unknown"


def test_a_point_off_the_curve_is_refused() -> None:
    for oid in OIDS:
        changed = bytearray(SPKI[oid])
        changed[-1] ^= 1
        assert refusal(bytes(changed)) == "gost_point_invalid"
    with pytest.raises(GostError, match="gost_point_invalid"):
        GostPublicKey(GOST_2015_512, (0, 0))


def test_a_secret_outside_the_order_is_refused_and_never_shown() -> None:
    for secret in (0, -1, 2**512):
        with pytest.raises(GostError, match="gost_point_invalid"):
            GostPrivateKey(GOST_2015_512, secret)
    with pytest.raises(GostError, match="gost_algorithm_unknown"):
        GostPrivateKey.derive(oid="1.2.3", seed=b"")
    key = KEYS[GOST_2015_512.signature_oid]
    assert str(key.secret) not in repr(key)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_our_error(der: bytes) -> None:
    refusal(der)


@given(st.integers(0, 174), st.binary(max_size=4))
def test_a_key_with_other_bytes_inside_is_read_or_refused(place: int, put: bytes) -> None:
    der = SPKI[GOST_2015_512.signature_oid]
    changed = der[:place] + put + der[place + len(put) :]
    try:
        key = read_public_key(changed)
    except GostError:
        return
    assert key.spki_der == changed
