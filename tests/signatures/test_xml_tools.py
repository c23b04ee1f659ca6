"""Documents that another program signed: what it calls good is not called bad here."""

from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.schemes import RsaKey
from kualik.signatures.adapters.trust import TrustDirectory, open_trust
from kualik.signatures.services.verdicts import Verification
from tests.signatures.authorities import individual
from tests.signatures.verification import codes, only, trust
from tests.signatures.xml_samples import (
    DS,
    EXCLUSIVE,
    changed,
    crafted,
    outcome,
    reference,
    transform,
    transforms,
    verified,
)

SAMPLES = Path(__file__).resolve().parents[1] / "fixtures" / "xmlsec"
TIMELESS = {"time_unknown"}
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
LEAF = individual(Scheme.RSA)
ENVELOPED = transform(f"{DS}enveloped-signature")


@cache
def believed() -> TrustDirectory:
    return open_trust(SAMPLES)


def kept(name: str) -> bytes:
    return (SAMPLES / f"{name}.xml").read_bytes()


def judged(document: bytes) -> Verification:
    return verified(document, believed())


@pytest.mark.parametrize(
    "name",
    ["inclusive", "inclusive-11", "exclusive", "inclusive-prefix", "exclusive-prefix",
     "default-namespace", "language", "ecdsa", "two-forms", "default-prefix", "key-info",
     "object"],
)  # fmt: skip
def test_what_another_program_signed_is_valid(name: str) -> None:
    found = judged(kept(name))
    assert (found.status, codes(found)) == ("valid", TIMELESS)
    assert only(found).person == "ТЕСТОВА АЙГҮЛ СЕРІКҚЫЗЫ"
    assert only(found).algorithm == ("ECDSA-SHA256" if name == "ecdsa" else "RSA-SHA256")
    altered = judged(changed(kept(name), "&#x414;&#x430;", "Жоқ"))
    assert altered.status == "invalid"
    assert "content_changed" in codes(altered)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1251"])
def test_another_encoding_is_the_same_document(encoding: str) -> None:
    text = kept("inclusive").decode().replace("&#x414;&#x430;", "Да").replace('"1.0"', '"1.0" @')
    named = text.replace("@", f'encoding="{encoding.removesuffix("-sig")}"', 1)
    assert judged(named.encode(encoding)).status == "valid"


@pytest.mark.parametrize("name", ["part", "xpath"])
def test_a_shape_that_is_not_supported_leaves_a_good_signature_open(name: str) -> None:
    code = {"part": "xml_reference_unsupported", "xpath": "xml_transform_unsupported"}[name]
    found = judged(kept(name))
    assert (found.status, codes(found)) == ("indeterminate", {code, *TIMELESS})
    assert only(found).person == "ТЕСТОВА АЙГҮЛ СЕРІКҚЫЗЫ"
    broken = judged(changed(kept(name), 'URI=""', 'URI="" Id="new"'))
    assert broken.status == "invalid"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("key-info", "<X509Data>", "<KeyName></KeyName><X509Data>"),
     ("object", "text ", "other "), ("object", 'Id="more"', 'xml:lang="ru" Id="more"')],
)  # fmt: skip
def test_a_part_that_is_referred_to_must_be_as_signed(name: str, old: str, new: str) -> None:
    found = judged(changed(kept(name), old, new))
    assert found.status == "invalid"
    assert "content_changed" in codes(found)


def test_an_object_beside_the_signed_one_is_not_taken_for_signed() -> None:
    found = judged(changed(kept("object"), "</Object>", "</Object><Object>unsigned</Object>"))
    assert found.status == "indeterminate"
    assert "xml_object_unsupported" in codes(found)


def test_a_part_of_the_signature_is_not_the_document() -> None:
    document = changed(kept("key-info"), 'URI=""', 'URI="#key"')
    assert codes(judged(document)) == {"xml_not_whole_document"}


def test_no_changed_byte_of_a_second_reference_verifies() -> None:
    whole = kept("object")
    content = judged(whole).content
    for place in range(0, len(whole), 23):
        bent = bytearray(whole)
        bent[place] ^= 1
        found = outcome(bytes(bent), believed())
        assert found is None or found.status != "valid" or found.content == content, place


@pytest.mark.parametrize(
    ("name", "algorithm"), [("sha256", SHA256()), ("sha384", SHA384()), ("sha512", SHA512())]
)
def test_rsa_pss_verifies_as_in_cms(name: str, algorithm: HashAlgorithm) -> None:
    signed = by_pss(f"{MORE_2007}{name}-rsa-MGF1", algorithm, algorithm.digest_size)
    found = verified(signed)
    assert (found.status, only(found).algorithm) == ("valid", f"RSA-PSS-{name.upper()}")
    other = verified(by_pss(f"{MORE_2007}{name}-rsa-MGF1", algorithm, 0))
    assert "signature_broken" in codes(other)


def by_pss(method: str, algorithm: HashAlgorithm, salt: int) -> bytes:
    key = LEAF.key
    assert isinstance(key, RsaKey)

    def sign(info: bytes) -> bytes:
        return key.private.sign(info, PSS(MGF1(algorithm), salt), algorithm)

    return crafted(LEAF, "<a>@</a>", [reference(LEAF, "<a></a>")], method=method, sign=sign)


def test_the_exclusive_form_may_keep_the_default_namespace() -> None:
    kept_too = (
        f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="#default">'
        "</ec:InclusiveNamespaces>"
    )
    listed = transforms(ENVELOPED, transform(EXCLUSIVE, kept_too))
    source = '<p:a xmlns:p="urn:p" xmlns="urn:d">@</p:a>'
    for covered, status in (
        ('<p:a xmlns="urn:d" xmlns:p="urn:p"></p:a>', "valid"),
        ('<p:a xmlns:p="urn:p"></p:a>', "invalid"),
    ):
        document = crafted(LEAF, source, [reference(LEAF, covered, listed=listed)])
        assert verified(document, trust(Scheme.RSA)).status == status
