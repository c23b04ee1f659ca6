"""The key of the installation's operator, which seals the papers that no provider answers for."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from pytest_django.fixtures import Settings

from kualik.core import journal
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.test_authority import Hierarchy, Subject, sealing_key
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import organisation_key
from kualik.signatures.services import enrol_key, enrol_test_key, open_sealer
from tests.signatures.samples import OF_A_SYSTEM, PASSPHRASE, SEALED_AT

NOW = SEALED_AT
OPERATOR = {"bin": "250140000013", "kk": "Оператор", "ru": "Оператор", "en": "Operator"}


@pytest.fixture(autouse=True)
def installation(db: None, kualik_files: Path, settings: Settings) -> None:
    settings.KEY_PASSPHRASE = PASSPHRASE
    settings.OPERATOR = OPERATOR


def brought(authority: Hierarchy, bin: str) -> bytes:
    """A PKCS#12 file of a system of the organisation with that BIN."""
    subject = Subject(common_name="ЖҮЙЕ", organisation="Оператор", bin=bin)
    key = sealing_key(authority.issue(subject, not_before=NOW, roles=OF_A_SYSTEM))
    return pkcs12.serialize_key_and_certificates(
        b"operator",
        key.private_key,
        key.certificate,
        key.chain,
        BestAvailableEncryption(PASSPHRASE.encode()),
    )


def enrolled(content: bytes) -> SigningKey:
    return enrol_key(
        provider=None,
        content=content,
        passphrase=PASSPHRASE,
        label="Operator",
        now=NOW,
        actor=SYSTEM,
    )


def test_the_operator_brings_a_key_that_names_its_bin(authority: Hierarchy) -> None:
    key = enrolled(brought(authority, OPERATOR["bin"]))
    assert (key.provider, key.is_test) == (None, False)
    assert organisation_key(provider=None, now=NOW) == key
    assert open_sealer(key=key).certificate.serial_number == int(key.serial, 16)
    [entry] = journal.history(f"signing-key:{key.pk}")
    assert entry.data["provider"] == "operator"


def test_the_key_of_another_organisation_is_not_the_operators(authority: Hierarchy) -> None:
    with pytest.raises(RuleViolation) as violation:
        enrolled(brought(authority, "990140000015"))
    assert violation.value.code == "key_of_other_organisation"
    assert not SigningKey.objects.exists()


@pytest.mark.parametrize("missing", ["bin", "kk"])
def test_an_operator_without_a_name_has_no_key(
    authority: Hierarchy, settings: Settings, missing: str
) -> None:
    settings.OPERATOR = OPERATOR | {missing: ""}
    with pytest.raises(RuleViolation) as violation:
        enrolled(brought(authority, OPERATOR["bin"]))
    assert violation.value.code == "operator_unnamed"


def test_a_demonstration_makes_a_test_key_once() -> None:
    key = enrol_test_key(provider=None, now=NOW, actor=SYSTEM)
    assert key.is_test
    assert f"BIN{OPERATOR['bin']}" in key.subject
    assert enrol_test_key(provider=None, now=NOW, actor=SYSTEM) == key


def test_a_real_installation_makes_no_test_key(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(RuleViolation) as violation:
        enrol_test_key(provider=None, now=NOW, actor=SYSTEM)
    assert violation.value.code == "test_keys_only_on_demonstration"


def test_the_keys_of_providers_and_of_the_operator_are_kept_apart() -> None:
    provider = Provider.objects.create(
        code="DEMO",
        bin="990140000015",
        kind=Provider.Kind.EDUCATION,
        name_kk="«Демо» медицина университеті",
        name_ru="Медуниверситет «Демо»",
    )
    own = enrol_test_key(provider=provider, now=NOW, actor=SYSTEM)
    with pytest.raises(RuleViolation) as violation:
        organisation_key(provider=None, now=NOW)
    assert violation.value.code == "no_organisation_key"
    operators = enrol_test_key(provider=None, now=NOW, actor=SYSTEM)
    assert organisation_key(provider=None, now=NOW) == operators
    assert organisation_key(provider=provider, now=NOW) == own
