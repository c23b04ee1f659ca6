"""The open check on the national test data, read in place."""

import pytest

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.services.inspecting import inspect_file
from kualik.signatures.services.inspection import Inspection
from tests.signatures.authorities import NOW, head
from tests.signatures.pdf_samples import plain_pdf, with_signature
from tests.signatures.verification import kept, kept_trust, signed

IIN = "123456789011"
NATIONAL = ("kz-gost2015", "kz-rsa", "kz-gost2004")


def inspected(content: bytes, document: bytes | None = None) -> Inspection:
    return inspect_file(
        content=content, document=document, trust=kept_trust(*NATIONAL), fetcher=None, now=NOW
    )


@pytest.mark.parametrize(
    ("name", "document", "algorithm"),
    [
        ("kz-gost2015/individual_attached.der", "", "GOST3410-2015-512"),
        (
            "kz-gost2015/individual_detached.der",
            "kz-gost2015/individual_document.txt",
            "GOST3410-2015-512",
        ),
        ("kz-rsa/rsa_attached.der", "", "RSA-SHA256"),
    ],
)
def test_a_national_signature_is_told_without_the_number_of_its_person(
    name: str, document: str, algorithm: str
) -> None:
    found = inspected(kept(name), kept(document) if document else None)
    (signature,) = found.signatures
    assert signature.person == "ТЕСТОВ ТЕСТ ТЕСТОВИЧ"
    assert signature.verdict.roles == ("individual",)
    assert signature.verdict.algorithm == algorithm
    assert IIN not in str(found.to_record())
    # What was signed holds; dates and revocation are another matter years later.
    codes = {reason.code for reason in signature.verdict.reasons}
    assert codes.isdisjoint({"content_changed", "signature_broken", "certificate_not_trusted"})


def test_a_national_signature_inside_a_pdf_covers_that_pdf_only() -> None:
    value = kept("kz-gost2015/individual_detached.der")
    found = inspected(with_signature(plain_pdf(), lambda _data: value))
    (signature,) = found.signatures
    assert signature.person == "ТЕСТОВ ТЕСТ ТЕСТОВИЧ"
    assert found.status == "invalid"
    assert "content_changed" in {reason.code for reason in signature.verdict.reasons}


@pytest.mark.parametrize(
    "name",
    [
        "kz-gost2015/individual_signer.cer",
        "kz-gost2015/nca_gost2022_test.crl",
        "kz-gost2015/ocsp_individual_revoked.der",
        "kz-gost2004/tsp_token.bin",
    ],
)
def test_other_national_files_are_no_signature_of_a_document(name: str) -> None:
    try:
        found = inspected(kept(name))
    except RuleViolation as violation:
        code = violation.code
    else:
        code = found.status
    assert code != "valid"


def test_strangers_to_the_national_centre_are_not_trusted() -> None:
    found = inspected(signed([head(Scheme.GOST512)]))
    assert found.status == "invalid"
