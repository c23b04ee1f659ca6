"""Streebog and the older hash against the vectors printed in their standards."""

import pytest

from kualik.signatures.adapters.gost import GostError, digest_for, gost_hash_94, streebog
from kualik.signatures.adapters.gost.hash2015 import is_native, streebog_by_tables

FIRST = b"012345678901234567890123456789012345678901234567890123456789012"
SECOND = "Се ветри, Стрибожи внуци, веютъ с моря стрелами на храбрыя плъкы Игоревы".encode("cp1251")
# As RFC 6986 prints them, the last byte of the digest first.
STREEBOG = {
    FIRST: (
        (
            "486f64c1917879417fef082b3381a4e211c324f074654c38823a7b76f830ad00"
            "fa1fbae42b1285c0352f227524bc9ab16254288dd6863dccd5b9f54a1ad0541b"
        ),
        "00557be5e584fd52a449b16b0251d05d27f94ab76cbaa6da890b59d8ef1e159d",
    ),
    SECOND: (
        (
            "28fbc9bada033b1460642bdcddb90c3fb3e56c497ccd0f62b8a2ad4935e85f03"
            "7613966de4ee00531ae60f3b5a47f8dae06915d5f2f194996fcabf2622e6881e"
        ),
        "508f7e553c06501d749a66fc28c6cac0b005746d97537fa85d9e40904efed29d",
    ),
}
# Two blocks whose sum goes beyond 512 bits, from the tests of gost-engine.
CARRY = b"\xee" * 64 + b"\x16" + b"\x11" * 62 + b"\x16"
GOST_94 = [
    (b"", "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"),
    (b"a", "d42c539e367c66e9c88a801f6649349c21871b4344c6a573f849fdce62f314dd"),
    (b"message digest", "ad4434ecb18f2c99b60cbe59ec3d2469582b65273f48de72db2fde16a4889a4d"),
    (b"U" * 128, "53a3a3ed25180cef0c1d85a074273e551c25660a87062a52d926a9e8fe5733a4"),
    (
        b"This is message, length=32 bytes",
        "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa",
    ),
    (
        b"Suppose the original message has length = 50 bytes",
        "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208",
    ),
]


@pytest.mark.parametrize("message", [FIRST, SECOND])
def test_streebog_gives_the_digests_of_rfc_6986(message: bytes) -> None:
    for bits, printed in zip((512, 256), STREEBOG[message], strict=True):
        assert streebog_by_tables(message, bits=bits) == bytes.fromhex(printed)[::-1]
        assert streebog(message, bits=bits) == bytes.fromhex(printed)[::-1]


@pytest.mark.parametrize("bits", [256, 512])
def test_openssl_and_the_tables_agree_at_the_edges_of_blocks(bits: int) -> None:
    if not is_native(bits):
        pytest.skip(f"the linked OpenSSL has no md_gost12_{bits}: no active GOST provider")
    for length in (0, 1, 63, 64, 65, 127, 128, 300):
        message = (bytes(range(256)) * 2)[:length]
        assert streebog(message, bits=bits) == streebog_by_tables(message, bits=bits)


def test_a_sum_of_blocks_beyond_512_bits_wraps() -> None:
    assert streebog_by_tables(CARRY, bits=256).hex() == (
        "81bb632fa31fcc38b4c379a662dbc58b9bed83f50d3a1b2ce7271ab02d25babb"
    )
    assert streebog_by_tables(CARRY, bits=512).hex() == (
        "8b06f41e59907d9636e892caf5942fcdfb71fa31169a5e70f0edb873664df41c"
        "2cce6e06dc6755d15a61cdeb92bd607cc4aaca6732bf3568a23a210dd520fd41"
    )


@pytest.mark.parametrize(("message", "digest"), GOST_94)
def test_the_older_hash_gives_the_published_digests(message: bytes, digest: str) -> None:
    assert gost_hash_94(message).hex() == digest


@pytest.mark.parametrize(
    ("oid", "digest"),
    [
        ("1.2.398.3.10.1.1.2.3.2", streebog(b"x", bits=512)),
        ("1.2.398.3.10.1.3.3", streebog(b"x", bits=512)),
        ("1.2.398.3.10.1.1.2.3.1", streebog(b"x", bits=256)),
        ("1.2.398.3.10.1.3.2", streebog(b"x", bits=256)),
        ("1.2.398.3.10.1.1.1.2", gost_hash_94(b"x")),
        ("1.2.398.3.10.1.3.1", gost_hash_94(b"x")),
        ("1.2.398.3.10.1.3.1.1.0", gost_hash_94(b"x")),
    ],
)
def test_identifiers_of_signatures_and_hashes_name_the_digest(oid: str, digest: bytes) -> None:
    assert digest_for(oid, b"x") == digest


@pytest.mark.parametrize("oid", ["1.2.840.113549.1.1.11", "1.2.643.7.1.1.2.3", "", "x"])
def test_a_foreign_identifier_has_no_digest(oid: str) -> None:
    with pytest.raises(GostError) as refused:
        digest_for(oid, b"x")
    assert refused.value.code == "gost_algorithm_unknown"
