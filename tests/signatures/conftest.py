"""One authority, one key and one sealed page for all tests of the room."""

import pytest
import typst
from cryptography import x509

from kualik.signatures.adapters.keys import LoadedKey
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.adapters.reading import Anchor, TrustStore
from kualik.signatures.adapters.test_authority import Hierarchy, Scheme, make_hierarchy
from tests.signatures import authorities
from tests.signatures.samples import FONTS, PAGE, SEALED_AT, seal_of


@pytest.fixture(scope="session")
def authority() -> Hierarchy:
    return authorities.authority(Scheme.RSA)


@pytest.fixture(scope="session")
def foreign_authority() -> Hierarchy:
    return make_hierarchy(scheme=Scheme.RSA, now=SEALED_AT)


@pytest.fixture(scope="session")
def key(authority: Hierarchy) -> LoadedKey:
    return seal_of(authority)


@pytest.fixture(scope="session")
def root(authority: Hierarchy) -> x509.Certificate:
    return x509.load_der_x509_certificate(authority.root.certificate_der)


@pytest.fixture(scope="session")
def trust(root: x509.Certificate, key: LoadedKey) -> TrustStore:
    return TrustStore((Anchor(root, is_test=True),), key.chain)


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A page as typst makes it: PDF/A-2a and PDF/UA-1, without a newline at the end."""
    source = tmp_path_factory.mktemp("page") / "page.typ"
    source.write_text(PAGE, encoding="utf-8")
    made = typst.compile(
        str(source),
        pdf_standards=["a-2a", "ua-1"],
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        timestamp=1_790_000_000,
    )
    assert isinstance(made, bytes)
    return made


@pytest.fixture(scope="session")
def sealer(key: LoadedKey) -> Sealer:
    return Sealer(key)


@pytest.fixture(scope="session")
def sealed(sealer: Sealer, page: bytes) -> bytes:
    return sealer.seal(page, sealed_at=SEALED_AT, reason="Куәлік", location="Алматы")
