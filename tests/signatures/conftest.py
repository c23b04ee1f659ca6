"""One authority, one key and one sealed page for all tests of the room."""

import pytest
import typst

from kualik.signatures.adapters.authority import TestAuthority
from kualik.signatures.adapters.keys import LoadedKey
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.adapters.reading import Anchor, TrustStore
from tests.signatures.samples import FONTS, PAGE, SEALED_AT, authority_in, request_for


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return authority_in(tmp_path_factory.mktemp("keys") / "authority")


@pytest.fixture(scope="session")
def foreign_authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return authority_in(tmp_path_factory.mktemp("foreign") / "authority")


@pytest.fixture(scope="session")
def key(authority: TestAuthority) -> LoadedKey:
    return authority.issue(request_for("Жүнісова Айгүл Серікқызы"), now=SEALED_AT)


@pytest.fixture(scope="session")
def trust(authority: TestAuthority) -> TrustStore:
    return TrustStore((Anchor(authority.root, is_test=True),), (authority.issuing,))


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
