"""What an uploaded file turns out to be."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from kualik.signatures.adapters.envelope import find_span
from kualik.signatures.adapters.keys import LoadedKey, serial_hex
from kualik.signatures.adapters.pades import CmsTemplate, Sealer
from kualik.signatures.adapters.reading import Anchor, TrustStore
from kualik.signatures.adapters.test_authority import Hierarchy
from kualik.signatures.services.checking import REASONS, SIZE_LIMIT_BYTES, PdfCheck, check_pdf
from tests.signatures.samples import SEALED_AT, SYSTEM_NAME, seal_of

NOW = SEALED_AT + timedelta(hours=2)
FAR_FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
LOOP_OF_TABLES = b"\n".join(
    (
        b"%PDF-1.7",
        b"xref\n0 1",
        b"0000000000 65535 f ",
        b"trailer\n<</Size 1/Root 1 0 R/Prev 9>>",
        b"startxref\n9\n%%EOF",
    )
)


def updated(content: bytes) -> bytes:
    """The file with a harmless-looking incremental update after the signature."""
    writer = IncrementalPdfFileWriter(BytesIO(content))
    writer.root["/Lang"] = generic.TextStringObject("kk-KZ")
    writer.update_root()
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def signed_by_another_program(content: bytes, key: LoadedKey) -> bytes:
    """An ordinary approval signature, made without asking whether the document allows it."""
    template = CmsTemplate(key)
    writer = IncrementalPdfFileWriter(BytesIO(content))
    steps = PdfCMSEmbedder(SigFieldSpec("Approval")).write_cms("Approval", writer)
    next(steps)
    place = SignatureObject(timestamp=SEALED_AT, bytes_reserved=2 * template.length + 512)
    steps.send(SigObjSetup(sig_placeholder=place))
    prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    steps.send(template.sign(prepared.document_digest))
    made = output.getvalue()
    assert isinstance(made, bytes)
    return made


def test_a_sealed_file_is_intact_and_names_its_signer(
    sealed: bytes, trust: TrustStore, key: LoadedKey
) -> None:
    check = check_pdf(content=sealed, trust=trust, now=NOW)
    assert (check.verdict, check.trusted, check.coverage) == ("intact", True, "entire_file")
    assert check.signed_at == SEALED_AT
    assert check.reasons == ("test_signature",)
    assert check.signer is not None
    assert check.signer.name == SYSTEM_NAME
    assert check.signer.organisation == "«Демо» медицина университеті"
    assert check.signer.bin == "990140000015"
    assert check.signer.serial == serial_hex(key.certificate)
    assert check.signer.is_test


def test_one_changed_byte_anywhere_is_an_alteration(sealed: bytes, trust: TrustStore) -> None:
    wrong = []
    for place in [*range(0, len(sealed), 311), len(sealed) - 1]:
        changed = bytearray(sealed)
        changed[place] ^= 1
        check = check_pdf(content=bytes(changed), trust=trust, now=NOW)
        if check.verdict != "altered" or check.trusted:
            wrong.append((place, check.verdict, check.reasons))
    assert wrong == []


def test_the_letter_case_of_the_signature_is_a_changed_byte_too(
    sealed: bytes, trust: TrustStore
) -> None:
    span = find_span(sealed)
    assert span is not None
    place = sealed.index(b"A", span.gap_start)
    changed = sealed[:place] + b"a" + sealed[place + 1 :]
    assert check_pdf(content=changed, trust=trust, now=NOW).verdict == "altered"


def test_an_update_after_the_signature_is_an_alteration(sealed: bytes, trust: TrustStore) -> None:
    check = check_pdf(content=updated(sealed), trust=trust, now=NOW)
    assert check.verdict == "altered"
    assert check.reasons[0] == "changed_after_signing"
    assert check.coverage == "part"
    assert check.signer is not None


def test_bytes_after_the_end_are_an_alteration(sealed: bytes, trust: TrustStore) -> None:
    for tail in (b"\n", b"junk", b"\n%%EOF\n", sealed):
        assert check_pdf(content=sealed + tail, trust=trust, now=NOW).verdict == "altered"


def test_a_second_signature_does_not_hide_the_seal(
    sealed: bytes, trust: TrustStore, foreign_authority: Hierarchy
) -> None:
    stranger = seal_of(foreign_authority, "БӨТЕН ЖҮЙЕ")
    twice = signed_by_another_program(sealed, stranger)
    check = check_pdf(content=twice, trust=trust, now=NOW)
    assert check.verdict == "altered"
    assert check.signer is not None
    assert check.signer.name == SYSTEM_NAME


def test_a_seal_of_a_foreign_authority_is_intact_but_not_trusted(
    page: bytes, trust: TrustStore, foreign_authority: Hierarchy
) -> None:
    stranger = seal_of(foreign_authority)
    forged = Sealer(stranger).seal(page, sealed_at=SEALED_AT, reason="", location="")
    check = check_pdf(content=forged, trust=trust, now=NOW)
    assert (check.verdict, check.trusted) == ("intact", False)
    assert check.reasons == ("signer_not_trusted",)
    assert check.signer is not None
    assert not check.signer.is_test


def test_a_signature_of_another_program_with_a_trusted_key_is_read(
    page: bytes, trust: TrustStore, key: LoadedKey
) -> None:
    made = signed_by_another_program(page + b"\n", key)
    check = check_pdf(content=made, trust=trust, now=FAR_FUTURE)
    assert (check.verdict, check.coverage) == ("intact", "entire_file")


def test_a_page_without_signature_is_unsigned(page: bytes, trust: TrustStore) -> None:
    check = check_pdf(content=page, trust=trust, now=NOW)
    assert check == PdfCheck(verdict="unsigned", reasons=("no_signature",))


def test_a_removed_form_does_not_make_a_sealed_file_unsigned(
    sealed: bytes, trust: TrustStore
) -> None:
    changed = sealed.replace(b"/AcroForm", b"/AcroFoam")
    assert check_pdf(content=changed, trust=trust, now=NOW).verdict == "altered"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x00" * 5000, "not_a_pdf"),
        (b"PK\x03\x04 this is an archive", "not_a_pdf"),
        (b"%PDF-1.7\n", "truncated"),
        (b"%PDF-1.7\n" + b"[" * 100_000, "truncated"),
        (b"%PDF-1.7\n" + b"[" * 100_000 + b"\nstartxref\n9\n%%EOF\n", "structure_damaged"),
        (b"%PDF-1.7\n1 0 obj\n" + b"<</A" * 50_000 + b"\nstartxref\n9\n%%EOF", "structure_damaged"),
        (
            LOOP_OF_TABLES,
            "structure_damaged",
        ),
        (b"%PDF-1.7\nxref\n0 999999999\nstartxref\n9\n%%EOF", "structure_damaged"),
        (b"%PDF-" + b"0" * SIZE_LIMIT_BYTES, "too_large"),
    ],
    ids=[
        "empty", "zeros", "archive", "header only", "nested cut", "nested arrays",
        "nested dictionaries", "loop of tables", "huge table", "too large",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_to_be_unreadable(
    content: bytes, reason: str, trust: TrustStore
) -> None:
    check = check_pdf(content=content, trust=trust, now=NOW)
    assert check == PdfCheck(verdict="unreadable", reasons=(reason,))


def test_a_file_cut_anywhere_is_never_intact(sealed: bytes, trust: TrustStore, page: bytes) -> None:
    for length in range(1, len(sealed) - 1, 977):
        check = check_pdf(content=sealed[:length], trust=trust, now=NOW)
        assert check.verdict == "unreadable", length
    assert check_pdf(content=sealed[: len(page)], trust=trust, now=NOW).verdict == "unsigned"


def test_an_encrypted_file_is_unreadable(page: bytes, trust: TrustStore) -> None:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(page)))
    writer.encrypt(owner_pass="owner", user_pass="user")
    output = BytesIO()
    writer.write(output)
    check = check_pdf(content=output.getvalue(), trust=trust, now=NOW)
    assert check == PdfCheck(verdict="unreadable", reasons=("structure_damaged",))


def test_a_certificate_that_expired_since_still_proves_the_old_seal(
    sealed: bytes, trust: TrustStore
) -> None:
    check = check_pdf(content=sealed, trust=trust, now=SEALED_AT + timedelta(days=5 * 366))
    assert (check.verdict, check.trusted) == ("intact", True)
    assert check.reasons == ("certificate_expired_since", "test_signature")


def test_a_time_of_signing_that_has_not_come_is_not_believed(
    sealed: bytes, trust: TrustStore
) -> None:
    check = check_pdf(content=sealed, trust=trust, now=SEALED_AT - timedelta(days=1))
    assert not check.trusted
    assert check.reasons[:2] == ("signed_in_future", "signer_not_trusted")


def test_a_real_root_is_not_called_a_test(
    sealed: bytes, root: x509.Certificate, key: LoadedKey
) -> None:
    trust = TrustStore((Anchor(root, is_test=False),), key.chain)
    check = check_pdf(content=sealed, trust=trust, now=NOW)
    assert check.trusted
    assert check.reasons == ()


def test_an_empty_trust_store_trusts_nobody(sealed: bytes) -> None:
    check = check_pdf(content=sealed, trust=TrustStore(()), now=NOW)
    assert (check.verdict, check.trusted) == ("intact", False)


def test_every_reason_is_worded_in_three_languages() -> None:
    for code, text in REASONS.items():
        assert len({text.kk, text.ru, text.en}) == 3, code
        assert all(line.endswith(".") for line in (text.kk, text.ru, text.en)), code
