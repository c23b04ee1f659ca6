"""Whom an installation believes, and what its test authorities may do."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.online import HttpFetcher, Unreachable
from kualik.signatures.adapters.remembering import CachedFetcher
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Leaf,
    Revocation,
    Role,
    Scheme,
    open_hierarchy,
    register,
    sign_cms,
    sign_xml,
    write_trust,
)
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.management import cms
from kualik.signatures.services import (
    SignerVerdict,
    ensure_test_authorities,
    installation_fetcher,
    installation_trust,
    test_fetcher,
    test_hierarchy,
    test_person_leaf,
    trust_store,
    verify_cms,
    verify_xml,
)
from kualik.signatures.services.trusting import TEST_SCHEMES, test_authority_root
from tests.signatures.authorities import NOW, authority, head
from tests.signatures.verification import CONTENT, codes, kept_der, only, trust

NAME = "Жүнісова Айгүл Серікқызы"
IIN = "840805414770"
BIN = "990140000015"


@pytest.fixture
def real(settings: Settings, kualik_files: Path) -> Path:
    """The folder of trust of a real installation that believes nobody yet."""
    settings.DEMO = False
    settings.TRUST_PINS = []
    settings.TRUST_ROOT = kualik_files / "believed"
    return kualik_files / "believed"


def pin(leaf: Leaf) -> str:
    return sha256(leaf.certificate_der).hexdigest()


def person(**asked: Any) -> Leaf:
    facts: dict[str, Any] = {"name": NAME, "iin": IIN, "scheme": Scheme.GOST512, "now": NOW} | asked
    return test_person_leaf(**facts)


def signature(leaf: Leaf) -> bytes:
    return sign_cms(leaves=[leaf], content=CONTENT, detached=False, signing_time=NOW)


def verdict(leaf: Leaf) -> SignerVerdict:
    found = verify_cms(
        signature=signature(leaf),
        document=None,
        trust=installation_trust(),
        at=None,
        now=NOW,
        fetcher=test_fetcher(now=NOW),
    )
    return only(found)


# A real installation


def test_a_root_counts_only_with_its_pin(real: Path, settings: Settings) -> None:
    believed, other = authority(Scheme.GOST512), authority(Scheme.GOST256)
    write_trust(real, believed, other)
    assert installation_trust() == TrustDirectory()
    settings.TRUST_PINS = [pin(believed.root)]
    found = installation_trust()
    assert [anchor.der for anchor in found.anchors] == [believed.root.certificate_der]
    assert not found.test_ders
    settings.TRUST_PINS = ["0" * 64]
    assert installation_trust() == TrustDirectory()


def test_an_absent_folder_is_nobody(real: Path, settings: Settings) -> None:
    settings.TRUST_PINS = ["0" * 64]
    assert installation_trust() == TrustDirectory()
    assert trust_store().anchors == ()


def test_files_that_change_are_read_anew(real: Path, settings: Settings) -> None:
    hierarchy = authority(Scheme.GOST512)
    settings.TRUST_PINS = [pin(hierarchy.root)]
    write_trust(real, hierarchy)
    assert installation_trust() is installation_trust()
    assert installation_trust().evidence.crls == ()
    (real / "list.crl").write_bytes(hierarchy.crl({}, now=NOW))
    assert len(installation_trust().evidence.crls) == 1


def test_a_test_signature_never_passes_on_a_real_installation(
    kualik_files: Path, settings: Settings
) -> None:
    leaf = person()
    fetcher = test_fetcher(now=NOW)
    assert verdict(leaf).status == "valid"
    settings.DEMO = False
    assert installation_trust() == TrustDirectory()
    found = verify_cms(
        signature=signature(leaf), document=None, trust=installation_trust(),
        at=None, now=NOW, fetcher=fetcher,
    )  # fmt: skip
    assert (found.status, "certificate_not_trusted" in codes(found)) == ("invalid", True)


def test_readers_of_pdfs_believe_the_same_authorities(real: Path, settings: Settings) -> None:
    hierarchies = [authority(Scheme.RSA), authority(Scheme.GOST512)]
    write_trust(real, *hierarchies)
    settings.TRUST_PINS = [pin(each.root) for each in hierarchies]
    assert len(installation_trust().anchors) == 2
    (anchor,) = trust_store().anchors
    assert not anchor.is_test
    assert len(trust_store().intermediates) == 1


def test_the_national_authority_of_rsa_can_be_pinned(real: Path, settings: Settings) -> None:
    content = kept_der("kz-rsa/nca_rsa_test.crt")
    real.mkdir()
    (real / "nca_rsa_test.crt").write_bytes(content)
    settings.TRUST_PINS = [sha256(content).hexdigest()]
    assert len(installation_trust().anchors) == len(trust_store().anchors) == 1


def test_nobody_is_asked_but_over_the_network(real: Path) -> None:
    fetcher = installation_fetcher()
    assert isinstance(fetcher, CachedFetcher)
    assert isinstance(fetcher.fetcher, HttpFetcher)


# A demonstration


def test_a_demonstration_names_test_signatures(kualik_files: Path, settings: Settings) -> None:
    found = verdict(person())
    assert (found.status, found.is_test) == ("valid", True)
    assert "test_signature" in codes(found)
    assert {anchor.is_test for anchor in trust_store().anchors} == {True}
    real = authority(Scheme.GOST512)
    settings.TRUST_ROOT = kualik_files / "believed"
    settings.TRUST_PINS = [pin(real.root)]
    write_trust(settings.TRUST_ROOT, real)
    (settings.TRUST_ROOT / "list.crl").write_bytes(real.crl({}, now=NOW))
    found = verdict(head(Scheme.GOST512))
    assert (found.status, found.is_test) == ("valid", False)
    assert verdict(person()).is_test


def test_a_real_signature_with_a_test_time_is_a_test(kualik_files: Path) -> None:
    ensure_test_authorities(now=NOW)
    stamped = sign_cms(
        leaves=[head(Scheme.GOST512)], content=CONTENT, detached=False,
        timestamp=test_hierarchy(Scheme.GOST512).stamper(now=NOW),
    )  # fmt: skip
    found = verify_cms(
        signature=stamped, document=None, at=None, now=NOW,
        trust=trust(Scheme.GOST512).with_test(installation_trust()),
        fetcher=test_fetcher(now=NOW),
    )  # fmt: skip
    signer = only(found)
    assert (signer.status, signer.signed_at_source, signer.is_test) == ("valid", "timestamp", True)


def test_an_xml_signature_is_named_as_well(kualik_files: Path) -> None:
    found = verify_xml(
        document=sign_xml(person(), b"<a/>", exclusive=True), trust=installation_trust(),
        at=None, now=NOW, fetcher=test_fetcher(now=NOW),
    )  # fmt: skip
    assert only(found).is_test


@pytest.mark.parametrize("scheme", TEST_SCHEMES)
def test_a_person_has_a_name_a_number_and_the_roles_that_were_asked(
    kualik_files: Path, scheme: Scheme
) -> None:
    leaf = person(scheme=scheme, organisation="ДЕМО", bin=BIN, roles=["first_head"])
    found = verdict(leaf)
    assert found.status == "valid"
    assert (found.person, found.iin, found.bin) == ("ЖҮНІСОВА АЙГҮЛ СЕРІКҚЫЗЫ", IIN, BIN)
    assert found.roles == ("legal_entity", "first_head")
    assert "KUALIK TEST" in leaf.certificate.subject.human_friendly
    assert person(scheme=scheme, organisation="ДЕМО", bin=BIN, roles=[Role.FIRST_HEAD]) is leaf


def test_without_roles_a_person_is_one_of_the_street_or_may_sign(kualik_files: Path) -> None:
    assert verdict(person()).roles == ("individual",)
    assert verdict(person(bin=BIN)).roles == ("legal_entity", "right_to_sign")


def test_a_key_that_does_not_cover_the_moment_is_another(kualik_files: Path) -> None:
    first = person()
    later = person(now=NOW + timedelta(days=400))
    assert later is not first
    assert later.certificate.not_valid_before > first.certificate.not_valid_before


def test_a_key_of_another_folder_is_known_in_this_one(
    kualik_files: Path, settings: Settings
) -> None:
    leaf = person()
    copy = kualik_files / "copy"
    shutil.copytree(test_authority_root(), copy / "test-authority")
    shutil.rmtree(copy / "test-authority" / "gost512" / "issued")
    (copy / "test-authority" / "gost512" / "issued").mkdir()
    settings.KEYS_ROOT = copy
    assert person() is leaf
    assert verdict(leaf).status == "valid"


def test_a_key_is_issued_anew_for_another_address_of_its_authority(settings: Settings) -> None:
    leaf = person()
    settings.TEST_AUTHORITY_URL = "http://127.0.0.1:9"
    assert b"http://127.0.0.1:9/" in person().certificate_der
    assert b"http://127.0.0.1:9/" not in leaf.certificate_der


def test_the_services_answer_without_a_network(kualik_files: Path) -> None:
    leaf = person()
    assert verdict(leaf).status == "valid"
    register(test_authority_root() / "gost512", leaf, Revocation(at=NOW - timedelta(hours=1)))
    assert "certificate_revoked" in codes(verdict(leaf))
    assert person() is leaf
    assert "certificate_revoked" in codes(verdict(leaf)), "asking again takes nothing back"
    fetcher = test_fetcher(now=NOW)
    address = test_hierarchy("gost512").addresses
    for url in (address.crl, address.delta, address.root_crl, address.root):
        assert fetcher.get(url)
    for ask in (lambda: fetcher.get("http://127.0.0.1/x"), lambda: fetcher.ask(address.crl, b"")):
        with pytest.raises(Unreachable):
            ask()


def test_authorities_are_made_once_and_their_address_follows_the_settings(
    tmp_path: Path, settings: Settings
) -> None:
    settings.KEYS_ROOT = tmp_path / "keys"
    ensure_test_authorities(now=NOW)
    before = test_hierarchy(Scheme.RSA)
    settings.TEST_AUTHORITY_URL = "http://127.0.0.1:9999"
    ensure_test_authorities(now=NOW)
    after = test_hierarchy(Scheme.RSA)
    assert after.root == before.root
    assert after.addresses.base == "http://127.0.0.1:9999/rsa"
    assert sorted(each.name for each in test_authority_root().iterdir()) == ["gost512", "rsa"]
    assert test_authority_root().stat().st_mode & 0o077 == 0


def test_threads_that_start_together_end_with_one_authority(tmp_path: Path) -> None:
    def made(_number: int) -> Hierarchy:
        return open_hierarchy(
            tmp_path / "one", scheme=Scheme.GOST512, now=NOW, base_url="http://127.0.0.1:9"
        )

    with ThreadPoolExecutor(4) as threads:
        roots = {found.root.certificate_der for found in threads.map(made, range(4))}
    assert len(roots) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["one"]


def test_a_real_installation_has_no_test_authority(real: Path) -> None:
    asked = (
        lambda: ensure_test_authorities(now=NOW),
        lambda: test_hierarchy(Scheme.RSA),
        lambda: test_fetcher(now=NOW),
        person,
    )
    for ask in asked:
        with pytest.raises(RuleViolation, match="test_keys_only_on_demonstration"):
            ask()


def test_the_command_believes_whom_the_installation_believes(kualik_files: Path) -> None:
    file = kualik_files / "file.cms"
    file.write_bytes(signature(person()))
    out = StringIO()
    with time_machine.travel(NOW, tick=False), redirect_stdout(out):
        assert cms.main(["verify", str(file), "--json"]) == 0
    (signer,) = json.loads(out.getvalue())["signers"]
    assert "test_signature" in {reason["code"] for reason in signer["reasons"]}
