"""Keys in files, the keys of organisations, the log of uses."""

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
from kualik.signatures.adapters.keys import LoadedKey, load_key, store_path, write_key
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Leaf,
    Purpose,
    Role,
    Subject,
    sealing_key,
)
from kualik.signatures.models import KeyUse, SigningKey
from kualik.signatures.queries import organisation_key, uses_of_key
from kualik.signatures.services import (
    check_pdf,
    disable_key,
    enrol_key,
    enrol_test_key,
    log_key_use,
    open_sealer,
    trust_store,
)
from tests.signatures.samples import OF_A_SYSTEM, PASSPHRASE, SEALED_AT, SYSTEM_NAME

ACTOR = Actor(name="tests", role="provider_admin")
NOW = SEALED_AT
OWN_PHRASE = "its own"
FACTS = {"name_kk": "«Демо» медицина университеті", "name_ru": "Медуниверситет «Демо»"}


@pytest.fixture
def keys_root(settings: Settings, kualik_files: Path) -> Path:
    settings.KEY_PASSPHRASE = PASSPHRASE
    return kualik_files / "keys"


@pytest.fixture
def provider(db: None) -> Provider:
    return Provider.objects.create(
        code="DEMO", bin="990140000015", kind=Provider.Kind.EDUCATION, **FACTS
    )


@pytest.fixture
def head(provider: Provider) -> User:
    return User.objects.create(
        email="head@demo.example",
        full_name="Жүнісова Айгүл Серікқызы",
        provider=provider,
        date_joined=NOW,
    )


@pytest.fixture
def signing_key(keys_root: Path, provider: Provider) -> SigningKey:
    return enrol_test_key(provider=provider, now=NOW, actor=ACTOR)


def code_of(violation: pytest.ExceptionInfo[RuleViolation]) -> str:
    return violation.value.code


def test_the_key_of_a_system_names_the_organisation_and_no_person(signing_key: SigningKey) -> None:
    certificate = x509.load_pem_x509_certificate(signing_key.certificate_pem.encode())
    names = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert names == {
        NameOID.COMMON_NAME: SYSTEM_NAME,
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
        "1.2.398.3.3.4.1.2.6",
    ]
    assert certificate.not_valid_before_utc == SEALED_AT
    assert certificate.not_valid_after_utc == SEALED_AT + timedelta(days=365)


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
    signing_key: SigningKey, keys_root: Path, page: bytes, head: User
) -> None:
    assert signing_key.is_test
    assert (keys_root / signing_key.store).is_file()
    assert "BEGIN CERTIFICATE" in signing_key.certificate_pem
    sealer = open_sealer(key=signing_key)
    content = sealer.seal(page, sealed_at=NOW, reason="Куәлік", location="Алматы")
    digest = sha256(content).hexdigest()
    log_key_use(key=signing_key, purpose="certificate", digests=[digest], actor=head, now=NOW)
    check = check_pdf(content=content, trust=trust_store(), now=NOW)
    assert (check.verdict, check.trusted) == ("intact", True)
    assert check.signer is not None
    assert check.signer.serial == signing_key.serial
    (use,) = uses_of_key(key=signing_key)
    assert (use.actor, use.purpose, use.used_at) == (head, "certificate", NOW)
    assert use.document_sha256 == digest
    (entry,) = journal.history(f"signing-key:{signing_key.pk}")
    assert entry.action == "signatures.key_enrolled"


def test_enrolling_again_gives_the_same_key_until_it_is_disabled(
    signing_key: SigningKey, provider: Provider
) -> None:
    assert enrol_test_key(provider=provider, now=NOW, actor=ACTOR) == signing_key
    assert organisation_key(provider=provider, now=NOW) == signing_key
    disable_key(key=signing_key, now=NOW, actor=ACTOR)
    with pytest.raises(RuleViolation) as violation:
        organisation_key(provider=provider, now=NOW)
    assert code_of(violation) == "no_organisation_key"
    with pytest.raises(RuleViolation) as violation:
        open_sealer(key=signing_key)
    assert code_of(violation) == "key_disabled"
    assert enrol_test_key(provider=provider, now=NOW, actor=ACTOR) != signing_key


@pytest.mark.parametrize("days", [-1, 366])
def test_a_key_outside_its_dates_is_none(
    signing_key: SigningKey, provider: Provider, days: int
) -> None:
    with pytest.raises(RuleViolation) as violation:
        organisation_key(provider=provider, now=NOW + timedelta(days=days))
    assert code_of(violation) == "no_organisation_key"


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


def test_test_keys_seal_on_a_demonstration_only(
    signing_key: SigningKey, provider: Provider, settings: Settings
) -> None:
    settings.DEMO = False
    with pytest.raises(RuleViolation) as violation:
        organisation_key(provider=provider, now=NOW)
    assert code_of(violation) == "no_organisation_key"
    with pytest.raises(RuleViolation) as violation:
        open_sealer(key=signing_key)
    assert code_of(violation) == "test_keys_only_on_demonstration"
    with pytest.raises(RuleViolation) as violation:
        enrol_test_key(provider=provider, now=NOW, actor=ACTOR)
    assert code_of(violation) == "test_keys_only_on_demonstration"


def brought(leaf: Leaf, folder: Path) -> bytes:
    """PKCS#12 content with a passphrase of its own."""
    path = folder / f"{leaf.serial:x}.p12"
    write_key(path, key=sealing_key(leaf), label="brought", passphrase=OWN_PHRASE)
    return path.read_bytes()


def enrolled(provider: Provider, content: bytes, passphrase: str = OWN_PHRASE) -> SigningKey:
    return enrol_key(
        provider=provider, content=content, passphrase=passphrase, label="Мөр", now=NOW, actor=ACTOR
    )


OF_THE_ORGANISATION = {"organisation": "«Демо» медицина университеті", "bin": "990140000015"}
SYSTEM = Subject(common_name="ЖҮЙЕ", **OF_THE_ORGANISATION)
HEAD = Subject(surname="ЖҮНІСОВА", given_name="АЙГҮЛ", iin="840805414770", **OF_THE_ORGANISATION)


def test_an_organisation_brings_its_own_key(
    keys_root: Path, provider: Provider, authority: Hierarchy, tmp_path: Path
) -> None:
    leaf = authority.issue(SYSTEM, not_before=NOW, roles=OF_A_SYSTEM)
    content = brought(leaf, tmp_path)
    with pytest.raises(RuleViolation) as violation:
        enrolled(provider, content, passphrase="wrong")
    assert code_of(violation) == "key_locked"
    key = enrolled(provider, content)
    assert not key.is_test
    assert serial_of(key) == leaf.serial
    (entry,) = journal.history(f"signing-key:{key.pk}")
    assert entry.action == "signatures.key_enrolled"
    other = Provider.objects.create(
        code="OTHER", bin="990140000023", kind=Provider.Kind.EDUCATION, **FACTS
    )
    with pytest.raises(RuleViolation) as violation:
        enrolled(other, content)
    assert code_of(violation) == "key_of_other_organisation"


def serial_of(key: SigningKey) -> int:
    return open_sealer(key=key).certificate.serial_number


@pytest.mark.parametrize(
    ("subject", "roles", "purpose"),
    [
        (HEAD, (Role.LEGAL_ENTITY, Role.FIRST_HEAD), Purpose.SIGNING),
        (HEAD, OF_A_SYSTEM, Purpose.SIGNING),
        (SYSTEM, (Role.LEGAL_ENTITY,), Purpose.SIGNING),
        (SYSTEM, OF_A_SYSTEM, Purpose.AUTHENTICATION),
    ],
    ids=["a person", "a person as a system", "no role", "for logging in"],
)
def test_only_the_signing_key_of_a_system_may_seal(
    keys_root: Path, provider: Provider, authority: Hierarchy, tmp_path: Path,
    subject: Subject, roles: tuple[Role, ...], purpose: Purpose,
) -> None:  # fmt: skip
    leaf = authority.issue(subject, not_before=NOW, roles=roles, purpose=purpose)
    with pytest.raises(RuleViolation) as violation:
        enrolled(provider, brought(leaf, tmp_path))
    assert code_of(violation) == "key_not_for_sealing"
    assert not SigningKey.objects.exists()


def test_the_log_of_uses_only_grows(signing_key: SigningKey, head: User) -> None:
    digests = ["a" * 64, "b" * 64]
    for _ in range(2):
        log_key_use(key=signing_key, purpose="certificate", digests=digests, actor=head, now=NOW)
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
