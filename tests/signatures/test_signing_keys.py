"""Keys in files, the test authority, the log of uses."""

import stat
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import ExtensionOID, NameOID
from django.db import transaction
from pytest_django.fixtures import Settings

from kualik.accounts.models import User
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.authority import (
    ISSUING_KEY_FILE,
    TestAuthority,
    make_authority,
    open_authority,
)
from kualik.signatures.adapters.keys import LoadedKey, load_key, store_path, write_key
from kualik.signatures.models import KeyUse, SigningKey
from kualik.signatures.queries import key_of_holder, uses_of_key
from kualik.signatures.services import (
    check_pdf,
    disable_key,
    enrol_key,
    enrol_test_key,
    open_sealer,
    seal_documents,
    trust_store,
)
from kualik.signatures.services.sealing import log_key_use
from tests.signatures.samples import PASSPHRASE, SEALED_AT, request_for

ACTOR = Actor(name="tests", role="provider_admin")
NOW = SEALED_AT
FACTS = {"name_kk": "«Демо» медицина университеті", "name_ru": "Медуниверситет «Демо»"}


@pytest.fixture
def keys_root(settings: Settings, tmp_path: Path) -> Path:
    settings.KEYS_ROOT = tmp_path / "keys"
    settings.KEY_PASSPHRASE = PASSPHRASE
    settings.DEMO = True
    return tmp_path / "keys"


@pytest.fixture
def provider(db: None) -> Provider:
    return Provider.objects.create(
        code="DEMO", bin="990140000015", kind=Provider.Kind.EDUCATION, **FACTS
    )


@pytest.fixture
def holder(provider: Provider) -> User:
    return User.objects.create(
        email="head@demo.example",
        full_name="Жүнісова Айгүл Серікқызы",
        provider=provider,
        date_joined=NOW,
    )


@pytest.fixture
def signing_key(keys_root: Path, provider: Provider, holder: User) -> SigningKey:
    return enrol_test_key(provider=provider, holder=holder, now=NOW, actor=ACTOR)


def code_of(violation: pytest.ExceptionInfo[RuleViolation]) -> str:
    return violation.value.code


def test_a_leaf_looks_like_the_national_authority_s_and_holds_no_iin(key: LoadedKey) -> None:
    certificate = key.certificate
    names = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert names == {
        NameOID.COMMON_NAME: "KUALIK TEST ЖҮНІСОВА АЙГҮЛ",
        NameOID.SURNAME: "ЖҮНІСОВА",
        NameOID.GIVEN_NAME: "СЕРІКҚЫЗЫ",
        NameOID.ORGANIZATION_NAME: "«Демо» медицина университеті",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "BIN990140000015",
        NameOID.COUNTRY_NAME: "KZ",
    }
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment) == (True, True)
    assert not usage.key_cert_sign
    purposes = certificate.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    assert isinstance(purposes, x509.ExtendedKeyUsage)
    assert [purpose.dotted_string for purpose in purposes] == [
        "1.3.6.1.5.5.7.3.4",
        "1.2.398.3.3.4.1.2",
        "1.2.398.3.3.4.1.2.2",
    ]
    assert certificate.not_valid_before_utc == SEALED_AT
    assert certificate.not_valid_after_utc == SEALED_AT + timedelta(days=365)


def test_a_long_name_is_cut_to_what_a_certificate_may_hold(authority: TestAuthority) -> None:
    name = "Ә" * 60 + " " + "Б" * 60
    certificate = authority.issue(request_for(name), now=SEALED_AT).certificate
    (common,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert str(common.value) == "KUALIK TEST " + "Ә" * 26


def test_the_authority_is_made_once_and_its_files_are_private(tmp_path: Path) -> None:
    directory = tmp_path / "keys" / "authority"
    make_authority(directory, passphrase=PASSPHRASE, now=SEALED_AT)
    first = open_authority(directory, passphrase=PASSPHRASE).root
    make_authority(directory, passphrase="another", now=SEALED_AT)
    assert open_authority(directory, passphrase=PASSPHRASE).root == first
    modes = {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert b"ENCRYPTED" in (directory / ISSUING_KEY_FILE).read_bytes()
    assert [entry.name for entry in directory.parent.iterdir()] == ["authority"]
    with pytest.raises(RuleViolation) as violation:
        open_authority(directory, passphrase="wrong")
    assert code_of(violation) == "key_locked"


def test_a_store_opens_with_its_passphrase_only(tmp_path: Path, key: LoadedKey) -> None:
    path = tmp_path / "key.p12"
    write_key(path, key=key, label="test", passphrase=PASSPHRASE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, PASSPHRASE).chain == key.chain
    with pytest.raises(RuleViolation) as violation:
        load_key(path, "wrong")
    assert code_of(violation) == "key_locked"
    with pytest.raises(FileExistsError):
        write_key(path, key=key, label="test", passphrase=PASSPHRASE)


def test_a_key_other_than_rsa_is_a_named_error(tmp_path: Path, key: LoadedKey) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(key.certificate.subject)
        .issuer_name(key.certificate.subject)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(SEALED_AT)
        .not_valid_after(SEALED_AT + timedelta(days=1))
        .sign(private, SHA256())
    )
    content = pkcs12.serialize_key_and_certificates(
        b"ec", private, certificate, None, BestAvailableEncryption(PASSPHRASE.encode())
    )
    path = tmp_path / "ec.p12"
    path.write_bytes(content)
    with pytest.raises(RuleViolation) as violation:
        load_key(path, PASSPHRASE)
    assert code_of(violation) == "key_unsupported"


@pytest.mark.parametrize("store", ["", "../key.p12", "/etc/passwd", ".hidden", "a/b.p12"])
def test_a_store_is_a_plain_file_name(tmp_path: Path, store: str) -> None:
    with pytest.raises(RuleViolation) as violation:
        store_path(tmp_path, store)
    assert code_of(violation) == "key_missing"


def test_an_enrolled_test_key_seals_and_the_file_is_trusted(
    signing_key: SigningKey, keys_root: Path, page: bytes, holder: User
) -> None:
    assert signing_key.is_test
    assert (keys_root / signing_key.store).is_file()
    assert "BEGIN CERTIFICATE" in signing_key.certificate_pem
    (document,) = seal_documents(
        key=signing_key, documents=[page], reason="Куәлік", location="Алматы",
        purpose="certificate", actor=holder, now=NOW,
    )  # fmt: skip
    check = check_pdf(content=document.content, trust=trust_store(), now=NOW)
    assert (check.verdict, check.trusted) == ("intact", True)
    assert check.signer is not None
    assert check.signer.serial == signing_key.serial
    assert document.sha256 == sha256(document.content).hexdigest()
    (use,) = uses_of_key(key=signing_key)
    assert (use.actor, use.purpose, use.used_at) == (holder, "certificate", NOW)
    assert use.document_sha256 == document.sha256
    (entry,) = journal.history(f"signing-key:{signing_key.pk}")
    assert entry.action == "signatures.key_enrolled"


def test_enrolling_again_gives_the_same_key_until_it_is_disabled(
    signing_key: SigningKey, provider: Provider, holder: User
) -> None:
    again = enrol_test_key(provider=provider, holder=holder, now=NOW, actor=ACTOR)
    assert again == signing_key
    disable_key(key=signing_key, now=NOW, actor=ACTOR)
    assert key_of_holder(provider=provider, holder=holder, now=NOW) is None
    with pytest.raises(RuleViolation) as violation:
        open_sealer(key=signing_key)
    assert code_of(violation) == "key_disabled"
    fresh = enrol_test_key(provider=provider, holder=holder, now=NOW, actor=ACTOR)
    assert fresh != signing_key


def test_a_sealer_is_opened_once_and_anew_when_the_file_changes(
    signing_key: SigningKey, keys_root: Path
) -> None:
    assert open_sealer(key=signing_key) is open_sealer(key=signing_key)
    path = keys_root / signing_key.store
    path.unlink()
    with pytest.raises(RuleViolation) as violation:
        open_sealer(key=signing_key)
    assert code_of(violation) == "key_missing"


def test_the_wrong_passphrase_and_the_wrong_file_are_named_errors(
    signing_key: SigningKey, keys_root: Path, key: LoadedKey, settings: Settings
) -> None:
    settings.KEY_PASSPHRASE = "wrong"
    with pytest.raises(RuleViolation) as violation:
        open_sealer(key=signing_key)
    assert code_of(violation) == "key_locked"
    settings.KEY_PASSPHRASE = PASSPHRASE
    path = keys_root / signing_key.store
    path.unlink()
    write_key(path, key=key, label="another", passphrase=PASSPHRASE)
    with pytest.raises(RuleViolation) as violation:
        open_sealer(key=signing_key)
    assert code_of(violation) == "key_mismatch"


def test_a_key_belongs_to_staff_of_the_same_provider(
    keys_root: Path, provider: Provider, holder: User
) -> None:
    other = Provider.objects.create(
        code="OTHER", bin="990140000023", kind=Provider.Kind.EDUCATION, **FACTS
    )
    with pytest.raises(RuleViolation) as violation:
        enrol_test_key(provider=other, holder=holder, now=NOW, actor=ACTOR)
    assert code_of(violation) == "key_holder_of_other_provider"


def test_test_keys_exist_on_a_demonstration_only(
    keys_root: Path, signing_key: SigningKey, provider: Provider, holder: User,
    settings: Settings,
) -> None:  # fmt: skip
    assert len(trust_store().anchors) == 1
    settings.DEMO = False
    assert trust_store().anchors == ()
    with pytest.raises(RuleViolation) as violation:
        enrol_test_key(provider=provider, holder=holder, now=NOW, actor=ACTOR)
    assert code_of(violation) == "test_keys_only_on_demonstration"


def test_an_organisation_brings_its_own_key(
    keys_root: Path, provider: Provider, holder: User, key: LoadedKey, tmp_path: Path
) -> None:
    brought = tmp_path / "brought.p12"
    write_key(brought, key=key, label="brought", passphrase="its own")
    facts = {"content": brought.read_bytes(), "label": "Бірінші басшы", "now": NOW, "actor": ACTOR}
    with pytest.raises(RuleViolation) as violation:
        enrol_key(provider=provider, holder=holder, passphrase="wrong", **facts)
    assert code_of(violation) == "key_locked"
    enrolled = enrol_key(provider=provider, holder=holder, passphrase="its own", **facts)
    assert not enrolled.is_test
    assert open_sealer(key=enrolled).certificate == key.certificate
    other = Provider.objects.create(
        code="OTHER", bin="990140000023", kind=Provider.Kind.EDUCATION, **FACTS
    )
    holder.provider = other
    with pytest.raises(RuleViolation) as violation:
        enrol_key(provider=other, holder=holder, passphrase="its own", **facts)
    assert code_of(violation) == "key_of_other_organisation"


def test_the_log_of_uses_only_grows(signing_key: SigningKey, holder: User) -> None:
    digests = ["a" * 64, "b" * 64]
    for _ in range(2):
        log_key_use(key=signing_key, purpose="certificate", digests=digests, actor=holder, now=NOW)
    assert KeyUse.objects.count() == 2
    use = KeyUse.objects.earliest("id")
    use.purpose = "something else"
    forbidden = [
        use.save,
        use.delete,
        KeyUse.objects.all().delete,
        lambda: KeyUse.objects.update(purpose=""),
        lambda: KeyUse.objects.bulk_update([use], ["purpose"]),
    ]
    for attempt in forbidden:
        with pytest.raises(TypeError, match="append-only"), transaction.atomic():
            attempt()
    assert set(KeyUse.objects.values_list("purpose", flat=True)) == {"certificate"}
