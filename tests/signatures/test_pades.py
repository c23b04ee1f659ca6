"""The sealed file: what independent readers say about it."""

import asyncio
import subprocess
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import page as page_validation
import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import CertificateRegistry

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.envelope import find_span, read_envelope, seal_is_sound
from kualik.signatures.adapters.keys import LoadedKey
from kualik.signatures.adapters.pades import CmsTemplate, Sealer, as_asn1
from tests.signatures.samples import SEALED_AT, SYSTEM_NAME


def plain_cms(key: LoadedKey, digest: bytes) -> bytes:
    """The CMS as pyHanko makes it by its documented way."""
    pem = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(
        signing_cert=as_asn1(key.certificate),
        signing_key=load_private_key_from_pemder_data(pem, passphrase=None),
        cert_registry=CertificateRegistry.build(map(as_asn1, key.chain)),
        embed_roots=False,
    )
    info = asyncio.run(signer.async_sign(digest, "sha256", use_pades=True))
    made = info.dump()
    assert isinstance(made, bytes)
    return made


def test_the_page_is_untouched_and_the_same_input_gives_the_same_bytes(
    sealer: Sealer, page: bytes, sealed: bytes
) -> None:
    assert not page.endswith(b"\n")
    assert sealed.startswith(page + b"\n")
    again = sealer.seal(page, sealed_at=SEALED_AT, reason="Куәлік", location="Алматы")
    assert again == sealed
    with_newline = sealer.seal(
        page + b"\n", sealed_at=SEALED_AT, reason="Куәлік", location="Алматы"
    )
    assert with_newline == sealed


@pytest.mark.parametrize("profile", ["2a", "ua1"])
def test_a_sealed_page_is_still_archival_and_accessible(
    page: bytes, sealed: bytes, profile: str
) -> None:
    before = page_validation.validate_pdf_bytes(page, profile=profile)
    after = page_validation.validate_pdf_bytes(sealed, profile=profile)
    assert [failure.message for failure in before.failures] == []
    assert [failure.message for failure in after.failures] == []


def test_pdfsig_calls_the_signature_valid(sealed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed)
    said = subprocess.run(["pdfsig", file], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert SYSTEM_NAME in said


def test_pyhanko_calls_it_intact_trusted_and_whole(sealed: bytes, root: x509.Certificate) -> None:
    context = ValidationContext(trust_roots=[as_asn1(root)], moment=SEALED_AT, allow_fetching=False)
    (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    status = validate_pdf_signature(signature, context)
    assert status.summary() == "INTACT:TRUSTED,UNTOUCHED"
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.bottom_line
    assert signature.docmdp_level == MDPPerm.NO_CHANGES
    assert signature.self_reported_timestamp == SEALED_AT


def test_the_prepared_cms_is_byte_for_byte_what_pyhanko_makes(key: LoadedKey) -> None:
    digest = sha256(b"any document").digest()
    ours = CmsTemplate(key).sign(digest)
    assert ours == plain_cms(key, digest)
    (signer,) = cms.ContentInfo.load(ours)["content"]["signer_infos"]
    kinds = [attribute["type"].native for attribute in signer["signed_attrs"]]
    assert kinds == ["content_type", "message_digest", "signing_certificate_v2"]
    encoded = [attribute.dump() for attribute in signer["signed_attrs"]]
    assert encoded == sorted(encoded)


def test_the_gap_holds_the_signature_and_nothing_else(sealed: bytes, key: LoadedKey) -> None:
    span = find_span(sealed)
    assert span is not None
    assert span.end == len(sealed)
    envelope = read_envelope(sealed, span)
    assert span.gap_end - span.gap_start == 2 * len(envelope.der) + 2
    assert envelope.message_digest == span.digest(sealed)
    assert envelope.verifies(key.certificate)
    assert not envelope.verifies(key.chain[0])


def test_every_flipped_bit_of_the_cms_is_seen_before_release(sealed: bytes, key: LoadedKey) -> None:
    certificates = (key.certificate, *key.chain)
    span = find_span(sealed)
    assert span is not None
    assert seal_is_sound(sealed, certificates)
    der = read_envelope(sealed, span).der
    missed = []
    for place in range(0, len(der), 5):
        flipped = bytearray(der)
        flipped[place] ^= 1 << (place % 8)
        hexadecimal = bytes(flipped).hex().upper().encode()
        changed = sealed[: span.gap_start + 1] + hexadecimal + sealed[span.gap_end - 1 :]
        if seal_is_sound(changed, certificates):
            missed.append(place)
    assert missed == []


def test_a_certificate_that_is_not_valid_at_the_time_does_not_seal(
    sealer: Sealer, page: bytes
) -> None:
    for moment in (SEALED_AT - timedelta(seconds=1), SEALED_AT + timedelta(days=366)):
        with pytest.raises(RuleViolation) as violation:
            sealer.seal(page, sealed_at=moment, reason="", location="")
        assert violation.value.code == "key_not_valid_now"


@pytest.mark.parametrize(
    "content", [b"", b"not a pdf", b"%PDF-1.7\n%%EOF", b"%PDF-1.7\nstartxref\n9\n%%EOF\n"]
)
def test_what_is_no_pdf_is_not_sealed(sealer: Sealer, content: bytes) -> None:
    with pytest.raises(RuleViolation) as violation:
        sealer.seal(content, sealed_at=SEALED_AT, reason="", location="")
    assert violation.value.code == "seal_failed"


def test_a_sealed_file_is_not_sealed_again(sealer: Sealer, sealed: bytes) -> None:
    with pytest.raises(RuleViolation) as violation:
        sealer.seal(sealed, sealed_at=SEALED_AT, reason="", location="")
    assert violation.value.code == "seal_failed"
