"""What somebody may try behind a seal with proof: none of it is called intact."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from kualik.signatures.adapters.envelope import find_span
from kualik.signatures.adapters.extension import add_evidence, add_stamp
from kualik.signatures.adapters.keys import LoadedKey
from kualik.signatures.adapters.reading import TrustStore, read_sealed
from kualik.signatures.adapters.test_authority import Hierarchy
from kualik.signatures.services.checking import PdfCheck, check_pdf
from tests.signatures.stamping import (
    STAMPED_AT,
    Services,
    Stamps,
    extended,
    updated,
    with_stamping_key,
)
from tests.signatures.test_pdf_check import signed_by_another_program

NOW = STAMPED_AT + timedelta(hours=1)
Change = Callable[[IncrementalPdfFileWriter], None]


@pytest.fixture(scope="module")
def stamped(sealed: bytes, authority: Hierarchy) -> bytes:
    return extended(sealed, authority, "B-T").content


@pytest.fixture(scope="module")
def proven(sealed: bytes, authority: Hierarchy) -> bytes:
    return extended(sealed, authority, "B-LT").content


@pytest.fixture(scope="module")
def lasting(sealed: bytes, authority: Hierarchy) -> bytes:
    return extended(sealed, authority, "B-LTA").content


def is_refused(content: bytes, trust: TrustStore) -> bool:
    found: PdfCheck = check_pdf(content=content, trust=trust, now=NOW)
    assert (found.level, found.trusted) == ("", False) or found.verdict == "intact"
    return found.verdict == "altered" and "changed_after_signing" in found.reasons


def annotate(writer: IncrementalPdfFileWriter) -> None:
    """A note on the page that covers everything."""
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 800, 600))),
            pdf_name("/Contents"): generic.TextStringObject("700 hours"),
        }
    )
    reference, _ = writer.find_page_for_modification(0)
    writer.register_annotation(reference, writer.add_object(note))


def replace_content(writer: IncrementalPdfFileWriter) -> None:
    page = _page(writer)
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.update_container(page)


def rename(writer: IncrementalPdfFileWriter) -> None:
    """Another title in the document's information, which standards call harmless."""
    writer.set_info(generic.DictionaryObject({pdf_name("/Title"): generic.pdf_string("Other")}))


def add_metadata(writer: IncrementalPdfFileWriter) -> None:
    metadata = generic.StreamObject(stream_data=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    metadata["/Type"], metadata["/Subtype"] = pdf_name("/Metadata"), pdf_name("/XML")
    writer.root["/Metadata"] = writer.add_object(metadata)
    writer.update_root()


def add_empty_field(writer: IncrementalPdfFileWriter) -> None:
    append_signature_field(writer, SigFieldSpec("Empty"))


def add_loose_object(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(generic.StreamObject(stream_data=b"nobody refers to me"))


def change_language(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/Lang"] = generic.TextStringObject("kk-KZ")
    writer.update_root()


def open_with_a_script(writer: IncrementalPdfFileWriter) -> None:
    script = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.pdf_string("1")}
    writer.root["/OpenAction"] = generic.DictionaryObject(script)
    writer.update_root()


CHANGES: list[Change] = [
    annotate,
    replace_content,
    rename,
    add_metadata,
    add_empty_field,
    add_loose_object,
    change_language,
    open_with_a_script,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("level", ["stamped", "proven", "lasting"])
def test_an_update_behind_the_time_stamp_is_a_change(
    request: pytest.FixtureRequest, trust: TrustStore, change: Change, level: str
) -> None:
    assert is_refused(updated(request.getfixturevalue(level), change), trust)


@pytest.mark.parametrize("change", CHANGES)
def test_a_true_time_stamp_over_a_change_does_not_heal_it(
    sealed: bytes, stamped: bytes, authority: Hierarchy, trust: TrustStore, change: Change
) -> None:
    """Anybody gets a time-stamp over anything, so it says nothing of the content."""
    for content in (sealed, stamped):
        covered = add_stamp(updated(content, change), Stamps(authority).stamp)
        assert is_refused(covered, trust)


def test_a_time_stamp_of_an_authority_that_is_not_trusted_is_a_change(
    sealed: bytes, stamped: bytes, foreign_authority: Hierarchy, trust: TrustStore
) -> None:
    for content in (sealed, stamped):
        assert is_refused(add_stamp(content, Stamps(foreign_authority).stamp), trust)


def test_a_time_stamp_from_the_future_is_a_change(
    sealed: bytes, authority: Hierarchy, trust: TrustStore
) -> None:
    later = Stamps(authority, NOW + timedelta(days=1))
    assert is_refused(add_stamp(sealed, later.stamp), trust)


def test_time_stamps_out_of_order_are_a_change(
    stamped: bytes, authority: Hierarchy, trust: TrustStore
) -> None:
    earlier = Stamps(authority, STAMPED_AT - timedelta(days=1))
    assert is_refused(add_stamp(stamped, earlier.stamp), trust)


def test_a_time_stamp_by_an_ended_key_is_a_change(
    sealed: bytes, authority: Hierarchy, trust: TrustStore
) -> None:
    ended = with_stamping_key(authority, until=STAMPED_AT - timedelta(days=1))
    assert is_refused(add_stamp(sealed, Stamps(ended).stamp), trust)


def test_another_store_in_the_place_of_ours_is_a_change(
    proven: bytes, lasting: bytes, authority: Hierarchy, trust: TrustStore
) -> None:
    def empty(writer: IncrementalPdfFileWriter) -> None:
        writer.root["/DSS"] = writer.add_object(generic.DictionaryObject())
        writer.update_root()

    def smaller(writer: IncrementalPdfFileWriter) -> None:
        store = writer.root["/DSS"]
        store["/OCSPs"] = generic.ArrayObject(list(store["/OCSPs"])[:1])
        writer.update_container(store)

    for content in (proven, lasting):
        for change in (empty, smaller):
            assert is_refused(updated(content, change), trust)
            covered = add_stamp(updated(content, change), Stamps(authority).stamp)
            assert is_refused(covered, trust)


def test_bytes_of_the_store_cannot_be_exchanged(
    proven: bytes, lasting: bytes, authority: Hierarchy, trust: TrustStore
) -> None:
    for content in (proven, lasting):
        response = read_sealed(content).additions.store.evidence.responses[0].der
        at = content.index(response)
        for place in (at + 60, at + len(response) - 20):
            spoiled = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            assert check_pdf(content=spoiled, trust=trust, now=NOW).verdict == "altered"


def test_a_store_that_proves_nothing_about_the_file_is_a_change(
    sealed: bytes, stamped: bytes, authority: Hierarchy, trust: TrustStore
) -> None:
    """Without a time-stamp over it a store is anybody's; it is taken only for what it proves."""
    stray = Services(authority).get("http://127.0.0.1:9/crl/root")
    for content in (sealed, stamped):
        added = add_evidence(content, certificates=[], responses=[], crls=[stray])
        assert is_refused(added, trust)
    covered = add_stamp(
        add_evidence(stamped, certificates=[], responses=[], crls=[stray]), Stamps(authority).stamp
    )
    assert check_pdf(content=covered, trust=trust, now=NOW).level == "B-T"


def test_a_second_signature_is_a_change_with_and_without_a_time_stamp(
    sealed: bytes, stamped: bytes, key: LoadedKey, authority: Hierarchy, trust: TrustStore
) -> None:
    for content in (sealed, stamped):
        signed = signed_by_another_program(content, key)
        for found in (signed, add_stamp(signed, Stamps(authority).stamp)):
            verdict = check_pdf(content=found, trust=trust, now=NOW)
            assert verdict.verdict == "altered"


@pytest.mark.parametrize("level", ["stamped", "proven", "lasting"])
def test_bytes_behind_the_end_are_a_change(
    request: pytest.FixtureRequest, trust: TrustStore, level: str
) -> None:
    content: bytes = request.getfixturevalue(level)
    end = content[content.rindex(b"startxref") :]
    for tail in (b"\n", b"% more\n", end, b"1 0 obj\n<<>>\nendobj\n" + end):
        found = check_pdf(content=content + tail, trust=trust, now=NOW)
        assert found.verdict == "altered"


def test_the_padding_of_a_token_holds_nothing(stamped: bytes, trust: TrustStore) -> None:
    span = find_span(stamped)
    assert span is not None
    for place, byte in ((span.gap_end - 2, b"1"), (span.gap_end - 3, b" "), (span.gap_start, b"(")):
        spoiled = stamped[:place] + byte + stamped[place + 1 :]
        assert check_pdf(content=spoiled, trust=trust, now=NOW).verdict == "altered"


def test_every_byte_behind_the_seal_counts(
    sealed: bytes, lasting: bytes, trust: TrustStore
) -> None:
    step = 797
    for place in range(len(sealed), len(lasting), step):
        spoiled = lasting[:place] + bytes([lasting[place] ^ 0x01]) + lasting[place + 1 :]
        found = check_pdf(content=spoiled, trust=trust, now=NOW)
        assert found.verdict == "altered", place


def test_a_seal_moved_behind_other_content_is_not_extended(
    sealed: bytes, stamped: bytes, trust: TrustStore
) -> None:
    shifted = b"%PDF-1.7\n" + stamped
    assert check_pdf(content=shifted, trust=trust, now=NOW).verdict == "altered"
    cut = stamped[: len(sealed) + 200]
    assert check_pdf(content=cut, trust=trust, now=NOW).verdict == "altered"


def _page(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    reference, _ = writer.find_page_for_modification(0)
    found = reference.get_object()
    assert isinstance(found, generic.DictionaryObject)
    return found
