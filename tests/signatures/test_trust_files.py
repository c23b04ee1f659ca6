"""Directories of trust as people put them together: bundles, bags, broken files."""

from pathlib import Path

import pytest
from asn1crypto import cms, core, pem

from kualik.signatures.adapters.test_authority import Revocation, Scheme
from kualik.signatures.adapters.trust import TrustDirectory, open_trust
from tests.signatures.authorities import NOW, authority, individual
from tests.signatures.verification import codes, sample, signed, verified

HIERARCHY = authority(Scheme.RSA)
ROOT, ISSUING = HIERARCHY.root.certificate_der, HIERARCHY.issuing.certificate_der
BOM = b"\xef\xbb\xbf"
ARMOURED = [pem.armor("CERTIFICATE", der) for der in (ROOT, ISSUING)]
LIST = HIERARCHY.crl({}, now=NOW)


def opened(folder: Path, **files: bytes) -> TrustDirectory:
    """The trust in files of these names; an underscore stands for the dot."""
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    return open_trust(folder)


def bag(*, crls: tuple[bytes, ...] = ()) -> bytes:
    """Certificates and lists in a PKCS#7 file that nobody signed."""
    certificates = [cms.CertificateChoices("certificate", cms.Certificate.load(der))
                    for der in (ROOT, ISSUING)]  # fmt: skip
    lists = [cms.RevocationInfoChoice("crl", cms.CertificateList.load(der)) for der in crls]
    inner = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": {"content_type": "data"},
            "certificates": certificates,
            "crls": lists,
            "signer_infos": [],
        }
    )
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": inner}).dump()
    return made


@pytest.mark.parametrize(
    "bundle",
    [
        b"".join(ARMOURED),
        b"the root:\n" + ARMOURED[0] + b"\nthe issuing authority, CN=- -----\n" + ARMOURED[1],
        BOM + b"\n# both\n".join(ARMOURED) + b"\n# the end\n",
        b"\r\n".join(block.replace(b"\n", b"\r\n") for block in ARMOURED),
        bag(),
        pem.armor("PKCS7", bag()),
    ],
)
def test_a_bundle_gives_all_its_certificates(tmp_path: Path, bundle: bytes) -> None:
    trust = opened(tmp_path, bundle_pem=bundle, list_crl=LIST)
    assert [anchor.der for anchor in trust.anchors] == [ROOT]
    assert [each.der for each in trust.authorities] == [ISSUING]
    assert trust.unread == ()
    assert verified(sample(Scheme.RSA), trust).status == "valid"


def test_a_bag_brings_its_lists_too(tmp_path: Path) -> None:
    revoked = HIERARCHY.crl({individual(Scheme.RSA).serial: Revocation(at=NOW)}, now=NOW)
    trust = opened(tmp_path, all_p7b=bag(crls=(revoked,)))
    assert "certificate_revoked" in codes(verified(sample(Scheme.RSA), trust, at=NOW))


def test_certificates_of_a_signature_are_not_believed(tmp_path: Path) -> None:
    file = signed([individual(Scheme.RSA)], with_chain=True)
    foreign = authority(Scheme.GOST512).root.certificate_der
    trust = opened(tmp_path, some_p7s=file, root_cer=foreign)
    assert [anchor.der for anchor in trust.anchors] == [foreign]
    assert (trust.authorities, trust.unread) == ((), ())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("short_crl", LIST[:-3]),
        ("short_pem", pem.armor("X509 CRL", LIST)[:-30]),
        ("short_bin", LIST[:-3]),
        ("zeros_bin", b"\xff\0\0"),
        ("empty_crl", b""),
        ("key_pem", pem.armor("PRIVATE KEY", core.Null().dump())),
        ("bad_pem", ARMOURED[0] + pem.armor("CERTIFICATE", ROOT[:-1])),
        ("bad_cer", ISSUING[:-1]),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    trust = opened(tmp_path, good_pem=b"".join(ARMOURED), **{name: content})
    assert trust.unread == (name.replace("_", "."),)
    assert trust.evidence.unread == (() if name in UNREVOKING else trust.unread)
    assert len(trust.anchors) == 1


UNREVOKING = {"key_pem", "bad_pem", "bad_cer"}


def test_what_is_something_else_is_passed_over(tmp_path: Path) -> None:
    trust = opened(
        tmp_path, good_pem=b"".join(ARMOURED), README_md=b"0 of 3", doc_xml=b"<a/>", empty_txt=b""
    )
    assert trust.unread == ()


def test_a_file_that_is_too_large_is_named(tmp_path: Path) -> None:
    with (tmp_path / "huge.crl").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    trust = opened(tmp_path, good_pem=b"".join(ARMOURED))
    assert trust.unread == trust.evidence.unread == ("huge.crl",)
