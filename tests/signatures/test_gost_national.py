"""National test data of the certification authority, read in place and never kept here."""

import base64
import json
import os
from pathlib import Path

import pytest
from asn1crypto import crl, pem, x509

from kualik.signatures.adapters.gost import (
    GOST_2004,
    GOST_2015_512,
    digest_for,
    read_public_key,
    streebog,
)

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("KUALIK_SHARED", ROOT.parent / "shared"))
ISSUED = [
    ("kz-gost2015/root_test_gost_2022.cer", "kz-gost2015/root_test_gost_2022.cer"),
    ("kz-gost2015/nca_gost2022_test.cer", "kz-gost2015/root_test_gost_2022.cer"),
    ("kz-gost2015/individual_signer.cer", "kz-gost2015/nca_gost2022_test.cer"),
    ("kz-gost2004/ceo_valid_sign_2004_gost.cer", "kz-gost2004/nca_gost_test.crt"),
]
LISTS = [
    ("kz-gost2015/nca_gost2022_test.crl", "kz-gost2015/nca_gost2022_test.cer"),
    ("kz-gost2015/nca_gost2022_d_test.crl", "kz-gost2015/nca_gost2022_test.cer"),
    ("kz-gost2004/nca_gost_test.crl", "kz-gost2004/nca_gost_test.crt"),
]


def kept(name: str) -> bytes:
    """The DER of a file of the fixtures: DER, PEM or bare base64."""
    path = SHARED / "fixtures" / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    content = path.read_bytes()
    if pem.detect(content):
        return bytes(pem.unarmor(content)[2])
    return content if content[:1] == b"\x30" else base64.b64decode(content)


def key_of(name: str) -> bytes:
    certificate = x509.Certificate.load(kept(name))
    return bytes(certificate["tbs_certificate"]["subject_public_key_info"].dump())


@pytest.mark.parametrize(("name", "issuer"), ISSUED)
def test_a_certificate_bears_the_signature_of_its_issuer(name: str, issuer: str) -> None:
    certificate = x509.Certificate.load(kept(name))
    signed = certificate["tbs_certificate"].dump()
    oid = certificate["signature_algorithm"]["algorithm"].dotted
    signature = bytes(certificate["signature_value"])
    key = read_public_key(key_of(issuer))
    assert oid in (GOST_2015_512.signature_oid, GOST_2004.signature_oid)
    assert key.verify_data(oid=oid, data=signed, signature=signature)
    assert not key.verify_data(oid=oid, data=signed[:-1] + b"\x00", signature=signature)
    assert not key.verify(digest_for(oid, signed), signature[::-1])
    assert read_public_key(key_of(name)).spki_der == key_of(name)


@pytest.mark.parametrize(("name", "issuer"), LISTS)
def test_a_revocation_list_bears_the_signature_of_its_issuer(name: str, issuer: str) -> None:
    revoked = crl.CertificateList.load(kept(name))
    oid = revoked["signature_algorithm"]["algorithm"].dotted
    assert read_public_key(key_of(issuer)).verify_data(
        oid=oid, data=revoked["tbs_cert_list"].dump(), signature=bytes(revoked["signature"])
    )


def test_the_vector_made_with_the_certified_library_verifies() -> None:
    path = SHARED / "fixtures/kz-gost2015/vector_gost512.json"
    if not path.is_file():
        pytest.skip("kz-gost2015/vector_gost512.json is not here")
    vector = json.loads(path.read_text(encoding="utf-8"))
    digest, signature = bytes.fromhex(vector["digest"]), bytes.fromhex(vector["sig"])
    key = read_public_key(bytes.fromhex(vector["spki"]))
    assert streebog(vector["msg"].encode(), bits=512) == digest
    assert key.point == (int(vector["qx"], 16), int(vector["qy"], 16))
    assert key.verify(digest, signature)
    for place in range(0, 128, 16):
        changed = bytearray(signature)
        changed[place] ^= 0x80
        assert not key.verify(digest, bytes(changed))
