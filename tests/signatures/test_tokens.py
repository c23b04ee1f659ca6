"""Sealing by a key that never leaves its token: SoftHSM through its real PKCS#11 module."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pytest_django.fixtures import Settings

from kualik.core import journal
from kualik.core.errors import message
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.adapters.reading import TrustStore
from kualik.signatures.adapters.test_authority import Leaf, Scheme
from kualik.signatures.adapters.token_addresses import TokenAddress, read_address
from kualik.signatures.adapters.tokens import TokenAccess, TokenKey, open_token_key
from kualik.signatures.models import SigningKey
from kualik.signatures.services import check_pdf, enrol_token_key, open_sealer
from tests.signatures.authorities import NOW, individual, system
from tests.signatures.soft_tokens import (
    MODULES,
    PIN,
    SoftTokens,
    put_certificate,
    put_key,
    write_configuration,
)

pytestmark = pytest.mark.skipif(not MODULES, reason="SoftHSM is not here")
ACTOR = Actor(name="tests", role="platform_admin")
FACTS = {"name_kk": "«Демо» медицина университеті", "name_ru": "Медуниверситет «Демо»"}
ADDRESS = "pkcs11:token=Seals;object=%D0%9C%D3%A9%D1%80;id=%07"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftTokens]:
    """The tokens of this module's tests, in a folder of their own."""
    made = tmp_path_factory.mktemp("tokens")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(write_configuration(made)))
        yield SoftTokens(made)


@pytest.fixture
def tokens(folder: SoftTokens) -> Iterator[SoftTokens]:
    """No tokens at first, and none afterwards."""
    yield folder
    folder.remove()


@pytest.fixture
def token(tokens: SoftTokens) -> "pkcs11.Token":
    """A token with the seal of an organisation, its certificate and those above it."""
    made = tokens.make("Seals")
    fill(made, system(Scheme.RSA))
    return made


@pytest.fixture
def held(token: "pkcs11.Token", tokens: SoftTokens) -> TokenKey:
    return open_token_key(ADDRESS, tokens.access)


@pytest.fixture
def provider(db: None, settings: Settings, kualik_files: Path) -> Provider:
    settings.PKCS11_MODULE, settings.PKCS11_PIN = str(MODULES[0]), PIN
    return Provider.objects.create(
        code="DEMO", bin="990140000015", kind=Provider.Kind.EDUCATION, **FACTS
    )


def fill(token: "pkcs11.Token", leaf: Leaf, **more: bool) -> None:
    put_key(token, leaf, label="Мөр", **more)
    for number, der in enumerate((leaf.certificate_der, *leaf.chain)):
        put_certificate(token, der, label=f"certificate {number}")


def refused(store: str, access: TokenAccess) -> str:
    with pytest.raises(RuleViolation) as violation:
        open_token_key(store, access)
    return violation.value.code


def enrolled(provider: Provider, store: str = ADDRESS) -> SigningKey:
    return enrol_token_key(provider=provider, store=store, label="Мөр", now=NOW, actor=ACTOR)


def test_a_document_sealed_by_a_token_is_accepted_by_us_and_by_pdfsig(
    token: "pkcs11.Token", provider: Provider, page: bytes, trust: TrustStore, tmp_path: Path
) -> None:
    row = enrolled(provider)
    assert row.store == str(read_address(ADDRESS))
    assert row.serial == f"{system(Scheme.RSA).serial:x}"
    assert list(tmp_path.rglob("*.p12")) == []
    sealer = open_sealer(key=row)
    content = sealer.seal(page, sealed_at=NOW, reason="Куәлік", location="Алматы")
    check = check_pdf(content=content, trust=trust, now=NOW)
    assert (check.verdict, check.trusted, check.coverage) == ("intact", True, "entire_file")
    (entry,) = journal.history(f"signing-key:{row.pk}")
    assert entry.action == "signatures.key_enrolled"
    file = tmp_path / "sealed.pdf"
    file.write_bytes(content)
    said = subprocess.run(["pdfsig", file], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said


def test_a_pin_that_is_not_set_is_no_try_of_the_token(
    token: "pkcs11.Token", provider: Provider, settings: Settings
) -> None:
    settings.PKCS11_PIN = ""
    with pytest.raises(RuleViolation) as violation:
        enrolled(provider)
    assert violation.value.code == "token_pin_wrong"
    assert not token.slot.get_token().flags & pkcs11.TokenFlag.USER_PIN_COUNT_LOW


def test_the_seal_is_byte_for_byte_that_of_the_same_key_in_a_file(
    held: TokenKey, page: bytes, provider: Provider
) -> None:
    """The prepared CMS: one raw signature by the token for each document."""
    facts = {"sealed_at": NOW, "reason": "Куәлік", "location": "Алматы"}
    ours = Sealer(held).seal(page, **facts)
    assert ours == open_sealer(key=enrolled(provider)).seal(page, **facts)
    assert held.certificate.serial_number == system(Scheme.RSA).serial
    issuing = system(Scheme.RSA).chain[0]
    assert [found.public_bytes(Encoding.DER) for found in held.chain] == [issuing]


def test_a_key_that_wants_the_pin_for_every_signature_gets_it(tokens: SoftTokens) -> None:
    fill(tokens.make("Seals"), system(Scheme.RSA), ALWAYS_AUTHENTICATE=True)
    held = open_token_key(ADDRESS, tokens.access)
    assert len(held.sign(b"one")) == len(held.sign(b"two")) == 256


def test_an_open_key_is_the_sealers_until_the_settings_change(
    token: "pkcs11.Token", provider: Provider, settings: Settings
) -> None:
    row = enrolled(provider)
    assert open_sealer(key=row) is open_sealer(key=row)
    settings.PKCS11_MODULE = ""
    with pytest.raises(RuleViolation) as violation:
        open_sealer(key=row)
    assert violation.value.code == "token_unavailable"


def test_a_wrong_pin_is_told_once_to_the_token_and_never_to_anybody_else(
    token: "pkcs11.Token", tokens: SoftTokens, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = TokenAccess(MODULES[0], "90210777")
    with caplog.at_level(logging.DEBUG):
        for _ in range(12):
            with pytest.raises(RuleViolation) as violation:
                open_token_key(ADDRESS, wrong)
            assert violation.value.code == "token_pin_wrong"
            told = [message(violation.value, language) for language in LANGUAGES]
            told += [repr(violation.value), repr(violation.value.__cause__), repr(wrong)]
            assert not [text for text in told if wrong.pin in text]
            assert all("Seals" in text for text in told[:3])
    assert wrong.pin not in caplog.text
    flags = pkcs11.TokenFlag
    assert not token.slot.get_token().flags & (flags.USER_PIN_FINAL_TRY | flags.USER_PIN_LOCKED)
    assert open_token_key(ADDRESS, tokens.access).sign(b"the right one still opens")


@pytest.mark.parametrize(
    ("store", "code"),
    [
        ("pkcs11:token=Seals;object=another", "key_missing"),
        ("pkcs11:token=Seals;id=%08", "key_missing"),
        ("pkcs11:token=Another;object=%D0%9C%D3%A9%D1%80", "token_unavailable"),
        ("pkcs11:token=Seals;serial=0;id=%07", "token_unavailable"),
    ],
)
def test_what_is_not_there_is_named(
    token: "pkcs11.Token", tokens: SoftTokens, store: str, code: str
) -> None:
    assert refused(store, tokens.access) == code


def test_a_key_without_its_certificate_or_with_anothers_is_refused(tokens: SoftTokens) -> None:
    made = tokens.make("Seals")
    put_key(made, system(Scheme.RSA), label="Мөр")
    assert refused(ADDRESS, tokens.access) == "key_missing"
    put_certificate(made, individual(Scheme.RSA).certificate_der, label="another")
    assert refused(ADDRESS, tokens.access) == "key_mismatch"


def test_two_keys_of_one_label_are_not_guessed_between(tokens: SoftTokens) -> None:
    made = tokens.make("Seals")
    fill(made, system(Scheme.RSA))
    put_key(made, individual(Scheme.RSA), label="Мөр")
    assert refused(ADDRESS, tokens.access) == "key_missing"


def test_a_removed_token_is_told_and_comes_back(
    held: TokenKey, tokens: SoftTokens, page: bytes
) -> None:
    tokens.remove()
    for _ in range(2):
        with pytest.raises(RuleViolation) as violation:
            held.sign(b"document")
        assert violation.value.code == "token_unavailable"
        assert violation.value.params == {"token": "Seals"}
    fill(tokens.make("Seals"), system(Scheme.RSA))
    assert Sealer(held).seal(page, sealed_at=NOW, reason="", location="")


def test_another_key_in_the_place_of_the_old_one_does_not_sign(
    held: TokenKey, tokens: SoftTokens
) -> None:
    tokens.remove()
    fill(tokens.make("Seals"), individual(Scheme.RSA))
    with pytest.raises(RuleViolation) as violation:
        held.sign(b"document")
    assert violation.value.code == "key_mismatch"


def test_a_lost_session_is_opened_anew(held: TokenKey) -> None:
    pkcs11.lib(str(MODULES[0])).reinitialize()
    assert len(held.sign(b"document")) == 256


def test_threads_take_turns(held: TokenKey) -> None:
    with ThreadPoolExecutor(8) as pool:
        signatures = set(pool.map(held.sign, [b"document"] * 80))
    assert len(signatures) == 1


def test_a_forked_process_opens_a_session_of_its_own(held: TokenKey) -> None:
    before = held.sign(b"document")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, held.sign(b"document"))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        assert told.read() == before
    assert held.sign(b"document") == before


def test_only_the_key_of_the_providers_system_is_enrolled_and_once(
    tokens: SoftTokens, provider: Provider
) -> None:
    made = tokens.make("Seals")
    put_key(made, individual(Scheme.RSA), label="person")
    put_certificate(made, individual(Scheme.RSA).certificate_der, label="person")
    with pytest.raises(RuleViolation) as violation:
        enrolled(provider, "pkcs11:token=Seals;object=person")
    assert violation.value.code == "key_of_other_organisation"
    tokens.remove()
    fill(tokens.make("Seals"), system(Scheme.RSA))
    row = enrolled(provider)
    assert (row.is_test, row.label) == (False, "Мөр")
    with pytest.raises(RuleViolation) as violation:
        enrolled(provider, "pkcs11:object=%D0%9C%D3%A9%D1%80;token=Seals")
    assert violation.value.code == "key_enrolled_already"


def test_without_a_module_there_is_no_token(tmp_path: Path) -> None:
    assert refused(ADDRESS, TokenAccess(tmp_path / "none.so", PIN)) == "token_unavailable"
    (tmp_path / "no-module.so").write_bytes(b"no library")
    assert refused(ADDRESS, TokenAccess(tmp_path / "no-module.so", PIN)) == "token_unavailable"


# Addresses


def test_an_address_has_one_spelling() -> None:
    found = read_address("pkcs11:id=%07%ff;object=M%C3%B6r%3B1;serial=ab1;type=private;token=A%20B")
    assert found == TokenAddress(token="A B", serial="ab1", object="Mör;1", id=b"\x07\xff")
    assert str(found) == "pkcs11:token=A%20B;serial=ab1;object=M%C3%B6r%3B1;id=%07%FF"
    assert read_address(str(found)) == found


@pytest.mark.parametrize(
    "store",
    [
        "", "pkcs11:", "key.p12", "pkcs11:token=A", "pkcs11:object=A", "pkcs11:token=;object=A",
        "pkcs11:token=A;object=B;pin-value=1234", "pkcs11:token=A;object=B?pin-value=1234",
        "pkcs11:token=A;object=B?module-path=/tmp/x.so", "pkcs11:token=A;token=B;object=C",
        "pkcs11:token=A;object=B;slot-id=1", "pkcs11:token=A;object=B;type=cert",
        "pkcs11:token=A;object=%ff", "pkcs11:token=A;;object=B", "token=A;object=B",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_key_is_refused(store: str) -> None:
    with pytest.raises(RuleViolation) as violation:
        read_address(store)
    assert violation.value.code == "token_address_invalid"


WITHOUT_LIBRARY = """
import sys
sys.modules["pkcs11"] = None
from pathlib import Path
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.tokens import TokenAccess, open_token_key
try:
    open_token_key("pkcs11:token=A;object=B", TokenAccess(Path(sys.argv[1]), "1"))
except RuleViolation as violation:
    print(violation)
"""


def test_an_installation_without_the_library_runs_and_says_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBRARY, str(MODULES[0])],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "token_unavailable (token=pkcs11)"
