"""A signature file beside a document that got its proof since: it fits the document as issued."""

from dataclasses import replace

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from kualik.signatures.adapters.test_authority import Hierarchy, Leaf, Scheme, sign_cms
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.inspecting import inspect_file
from kualik.signatures.services.inspection import Inspection
from kualik.signatures.services.proofs import LEVELS, issued_part
from tests.signatures.authorities import head
from tests.signatures.pdf_samples import with_new_content
from tests.signatures.stamping import STAMPED_AT, Services, extended, updated
from tests.signatures.verification import FAST, trust


@pytest.fixture(scope="module")
def lasting(sealed: bytes, authority: Hierarchy) -> bytes:
    return extended(sealed, authority, "B-LTA").content


@pytest.fixture(scope="module")
def believed() -> TrustDirectory:
    return trust(*FAST)


def beside(content: bytes, leaf: Leaf | None = None) -> bytes:
    return sign_cms(
        leaves=[leaf or head(Scheme.RSA)],
        content=content,
        detached=True,
        signing_time=STAMPED_AT,
    )


def inspected(
    value: bytes, document: bytes, trust: TrustDirectory, authority: Hierarchy
) -> Inspection:
    return inspect_file(
        content=value,
        document=document,
        trust=trust,
        fetcher=Services(authority),
        now=STAMPED_AT,
    )


def codes(found: Inspection) -> set[str]:
    return {reason.code for reason in found.reasons}


def of_the_person(found: Inspection) -> set[str]:
    return {reason.code for reason in found.signatures[0].verdict.reasons}


@pytest.mark.parametrize("scheme", FAST)
def test_a_signature_of_the_issued_document_fits_the_one_with_proof(
    sealed: bytes,
    lasting: bytes,
    believed: TrustDirectory,
    authority: Hierarchy,
    scheme: Scheme,
) -> None:
    value = beside(sealed, head(scheme))
    found = inspected(value, lasting, believed, authority)
    assert codes(found) == {"document_extended"}
    assert "content_changed" not in of_the_person(found)
    assert found.document_bytes == len(sealed)
    assert found.status == inspected(value, sealed, believed, authority).status == "valid"
    assert [each.is_timestamp for each in found.signatures].count(True) == 2
    assert codes(inspected(value, sealed, believed, authority)) == set()


def test_the_beginning_of_every_level_is_found(
    sealed: bytes, believed: TrustDirectory, authority: Hierarchy
) -> None:
    for level in LEVELS[1:]:
        made = extended(sealed, authority, level).content
        assert issued_part(made, trust=believed, now=STAMPED_AT) == sealed
    assert issued_part(sealed, trust=believed, now=STAMPED_AT) is None
    assert issued_part(b"%PDF-1.7 no document", trust=believed, now=STAMPED_AT) is None


def test_a_signature_of_the_whole_file_still_fits(
    lasting: bytes, believed: TrustDirectory, authority: Hierarchy
) -> None:
    found = inspected(beside(lasting), lasting, believed, authority)
    assert (found.status, codes(found)) == ("valid", set())
    assert found.document_bytes == len(lasting)


def with_a_title(writer: IncrementalPdfFileWriter) -> None:
    writer.set_info(generic.DictionaryObject({pdf_name("/Title"): generic.pdf_string("other")}))


def test_anything_else_behind_the_issued_bytes_is_another_document(
    sealed: bytes, lasting: bytes, believed: TrustDirectory, authority: Hierarchy
) -> None:
    value = beside(sealed)
    for strange in (
        with_new_content(lasting),
        with_new_content(sealed),
        updated(lasting, with_a_title),
        lasting + b"%",
    ):
        found = inspected(value, strange, believed, authority)
        assert found.status == "invalid"
        assert "content_changed" in of_the_person(found)


def test_proof_of_an_authority_that_nobody_trusts_is_no_proof(
    sealed: bytes, lasting: bytes, believed: TrustDirectory
) -> None:
    nobody = replace(believed, anchors=(), authorities=())
    assert issued_part(lasting, trust=nobody, now=STAMPED_AT) is None
    assert issued_part(lasting, trust=believed, now=STAMPED_AT) == sealed
