"""What a key was made for, as the extended key usage says it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from kualik.signatures.adapters.certificates import read_certificate
from kualik.signatures.adapters.test_authority import Role, Scheme, Subject
from kualik.signatures.adapters.test_authority.certificates import (
    SERVICE_USAGE,
    SIGNING_USAGE,
    Content,
    certify,
)
from kualik.signatures.adapters.test_authority.schemes import new_key
from kualik.signatures.services.cms_verification import Purpose, key_faults
from tests.signatures.authorities import ISSUED_AT, NOW, authority
from tests.signatures.verification import codes, signed, trust, verified

MAIL, LOGIN, ANY = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0"
SERVER, STAMP, OCSP, CODE = (f"1.3.6.1.5.5.7.3.{number}" for number in (1, 8, 9, 3))
DOCUMENTS = "1.3.6.1.5.5.7.3.36"
KEY = new_key(Scheme.RSA)


def certificate(purposes: Sequence[str], usage: frozenset[str] = SIGNING_USAGE) -> bytes:
    content = Content(
        name=Subject(common_name="www.example.kz").name(),
        not_before=ISSUED_AT,
        not_after=NOW + timedelta(days=300),
        usage=usage,
        extended=purposes,
    )
    return certify(KEY, content, issuer=authority(Scheme.RSA).issuing).certificate_der


@pytest.mark.parametrize(
    ("purposes", "fault"),
    [
        ([], ""),
        ([MAIL], ""),
        ([ANY], ""),
        ([DOCUMENTS], ""),
        ([MAIL, SERVER], ""),
        ([Role.INDIVIDUAL], ""),
        (["1.2.398.3.3.4.1.2.6.1"], ""),
        ([LOGIN], "key_for_authentication"),
        ([LOGIN, Role.INDIVIDUAL], "key_for_authentication"),
        ([SERVER], "key_not_for_signing"),
        ([STAMP], "key_not_for_signing"),
        ([OCSP], "key_not_for_signing"),
        ([SERVER, CODE], "key_not_for_signing"),
        ([SERVER, LOGIN], "key_for_authentication"),
    ],
)
def test_a_key_signs_documents_only_where_it_was_made_for_that(
    purposes: list[str], fault: str
) -> None:
    read = read_certificate(certificate(purposes))
    assert list(key_faults(read, "signing")) == ([fault] if fault else [])


@pytest.mark.parametrize("purpose", ["signing", "login"])
def test_a_key_of_a_service_is_for_neither(purpose: Purpose) -> None:
    for purposes in ([SERVER], [STAMP], [OCSP]):
        read = read_certificate(certificate(purposes, SERVICE_USAGE))
        assert list(key_faults(read, purpose)) == ["key_not_for_signing"]
    assert list(key_faults(read_certificate(certificate([LOGIN])), "login")) == []


def test_a_file_signed_by_a_key_of_a_service_is_not_valid() -> None:
    found = verified(signed([authority(Scheme.RSA).tsa]), trust(Scheme.RSA))
    assert found.status == "invalid"
    assert "key_not_for_signing" in codes(found)
