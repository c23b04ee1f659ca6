"""openssl agrees with what the test authority makes by RSA."""

import hashlib
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from asn1crypto import pem

from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Revocation,
    Scheme,
    Status,
    make_hierarchy,
    sign_cms,
)
from tests.signatures.authorities import (
    INDIVIDUAL,
    ISSUED_AT,
    NOW,
    authentication,
    authority,
    expired,
    head,
    individual,
    openssl,
    pem_files,
    system,
    write_pem,
)

CONTENT = "Құжаттың мазмұны".encode()
Done = CompletedProcess[str]
AT = ("-attime", str(int(NOW.timestamp())))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the RSA authority's certificates and the content."""
    files = pem_files(tmp_path, authority(Scheme.RSA))
    # openssl looks for the certificates between a signer and the root here and nowhere else.
    (tmp_path / "trusted.pem").write_bytes(b"".join(file.read_bytes() for file in files))
    (tmp_path / "content").write_bytes(CONTENT)
    return tmp_path


def verify_cms(folder: Path, signature: bytes, *more: str) -> tuple[int, str]:
    (folder / "signature.der").write_bytes(signature)
    done = openssl(
        "cms", "-verify", "-inform", "DER", "-in", "signature.der", "-binary",
        "-CAfile", "trusted.pem", "-out", "found", *AT, *more,
        folder=folder,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_cms_attached_verifies_and_gives_the_content_back(folder: Path) -> None:
    signature = sign_cms(
        leaves=[individual(Scheme.RSA)], content=CONTENT, detached=False, signing_time=NOW
    )
    code, output = verify_cms(folder, signature, "-cades")
    assert code == 0, output
    assert (folder / "found").read_bytes() == CONTENT


def test_cms_detached_verifies_with_its_content_only(folder: Path) -> None:
    signature = sign_cms(leaves=[head(Scheme.RSA)], content=CONTENT, detached=True)
    code, output = verify_cms(folder, signature, "-content", "content", "-cades")
    assert code == 0, output
    (folder / "content").write_bytes(CONTENT + b".")
    code, output = verify_cms(folder, signature, "-content", "content", "-cades")
    assert code != 0


@pytest.mark.parametrize("with_attributes", [True, False])
@pytest.mark.parametrize("named_by_key", [True, False])
def test_cms_of_several_signers_verifies_in_every_dress(
    folder: Path, with_attributes: bool, named_by_key: bool
) -> None:
    signature = sign_cms(
        leaves=[individual(Scheme.RSA), head(Scheme.RSA), system(Scheme.RSA)],
        content=CONTENT,
        detached=False,
        with_attributes=with_attributes,
        with_chain=True,
        named_by_key=named_by_key,
    )
    code, output = verify_cms(folder, signature)
    assert code == 0, output
    altered = signature.replace(CONTENT, CONTENT.replace("Құ".encode(), "Ку".encode()))
    assert altered != signature
    assert verify_cms(folder, altered)[0] != 0


def test_cms_with_a_time_stamp_verifies(folder: Path) -> None:
    stamper = authority(Scheme.RSA).stamper(now=NOW)
    signature = sign_cms(
        leaves=[individual(Scheme.RSA)], content=CONTENT, detached=False, timestamp=stamper
    )
    code, output = verify_cms(folder, signature)
    assert code == 0, output


def test_cms_of_an_expired_certificate_is_refused(folder: Path) -> None:
    signature = sign_cms(leaves=[expired(Scheme.RSA)], content=CONTENT, detached=False)
    code, output = verify_cms(folder, signature)
    assert code != 0
    assert "certificate has expired" in output


def test_cms_by_a_key_for_logging_in_is_refused(folder: Path) -> None:
    signature = sign_cms(leaves=[authentication(Scheme.RSA)], content=CONTENT, detached=False)
    code, output = verify_cms(folder, signature)
    assert code != 0
    assert "certificate purpose" in output


def test_cms_under_another_root_of_the_same_name_is_refused(folder: Path) -> None:
    foreign = make_hierarchy(scheme=Scheme.RSA, now=NOW)
    leaf = foreign.issue(INDIVIDUAL, not_before=ISSUED_AT)
    assert foreign.root.certificate.subject == authority(Scheme.RSA).root.certificate.subject
    signature = sign_cms(leaves=[leaf], content=CONTENT, detached=False, with_chain=True)
    assert verify_cms(folder, signature)[0] != 0


@pytest.mark.parametrize("serial_of_certificate", [None, 7])
def test_time_stamp_token_verifies(folder: Path, serial_of_certificate: int | None) -> None:
    token = authority(Scheme.RSA).timestamp(
        hashlib.sha256(CONTENT).digest(), now=NOW, serial=serial_of_certificate
    )
    (folder / "token.der").write_bytes(token)
    asked = (
        "ts", "-verify", "-token_in", "-in", "token.der", "-CAfile", "root.pem",
        "-untrusted", "issuing.pem", *AT,
    )  # fmt: skip
    done = openssl(*asked, "-data", "content", folder=folder)
    assert done.returncode == 0, done.stdout
    (folder / "content").write_bytes(CONTENT[1:])
    assert openssl(*asked, "-data", "content", folder=folder).returncode != 0


def test_time_stamp_of_the_same_moment_is_the_same_value() -> None:
    hierarchy: Hierarchy = authority(Scheme.RSA)
    imprint = hashlib.sha256(CONTENT).digest()
    assert hierarchy.timestamp(imprint, now=NOW) == hierarchy.timestamp(imprint, now=NOW)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("good", "good"),
        ("unknown", "unknown"),
        (Revocation(at=NOW, reason="key_compromise"), "keyCompromise"),
    ],
)
@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_ocsp_response_verifies(folder: Path, status: Status, words: str, hash_name: str) -> None:
    leaf = individual(Scheme.RSA)
    response = authority(Scheme.RSA).ocsp_response(leaf, status, now=NOW, hash_name=hash_name)
    done = ask_openssl_about(folder, response, hash_name)
    assert done.returncode == 0, done.stdout
    assert "Response verify OK" in done.stdout
    assert words in done.stdout


def test_ocsp_response_by_a_key_of_no_responder_is_refused(folder: Path) -> None:
    leaf = individual(Scheme.RSA)
    response = authority(Scheme.RSA).ocsp_response(
        leaf, "good", now=NOW, responder=head(Scheme.RSA)
    )
    assert "Response Verify Failure" in ask_openssl_about(folder, response, "sha256").stdout


def ask_openssl_about(folder: Path, response: bytes, hash_name: str) -> Done:
    write_pem(folder / "leaf.pem", individual(Scheme.RSA).certificate_der)
    (folder / "response.der").write_bytes(response)
    return openssl(
        "ocsp", "-respin", "response.der", "-issuer", "issuing.pem", f"-{hash_name}",
        "-cert", "leaf.pem", "-CAfile", "root.pem", "-verify_other", "issuing.pem", *AT,
        "-validity_period", "9999999999",
        folder=folder,
    )  # fmt: skip


@pytest.mark.parametrize("delta", [False, True])
def test_revocation_list_verifies(folder: Path, delta: bool) -> None:
    leaf = individual(Scheme.RSA)
    listed = authority(Scheme.RSA).crl(
        {leaf.serial: Revocation(at=NOW, reason="certificate_hold")}, now=NOW, delta=delta
    )
    (folder / "list.crl").write_bytes(listed)
    done = openssl(
        "crl", "-inform", "DER", "-in", "list.crl", "-noout", "-text", "-CAfile", "issuing.pem",
        folder=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "verify OK" in done.stdout
    assert f"{leaf.serial:X}" in done.stdout
    assert "Certificate Hold" in done.stdout
    assert ("Delta CRL Indicator: critical" in done.stdout) is delta


def test_revoked_certificate_is_refused_by_the_lists(folder: Path) -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    write_pem(folder / "leaf.pem", leaf.certificate_der)
    write_pem(folder / "other.pem", head(Scheme.RSA).certificate_der)
    lists = {
        "full": hierarchy.crl({}, now=NOW),
        "root": hierarchy.root_crl({}, now=NOW),
        "delta": hierarchy.crl({leaf.serial: Revocation(at=NOW)}, now=NOW, delta=True),
    }
    (folder / "lists.pem").write_bytes(
        b"".join(pem.armor("X509 CRL", der) for der in lists.values())
    )
    asked = (
        "verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "-CRLfile", "lists.pem",
        "-crl_check_all", "-extended_crl", *AT,
    )  # fmt: skip
    assert openssl(*asked, "leaf.pem", "other.pem", folder=folder).returncode == 0
    done = openssl(*asked, "-use_deltas", "leaf.pem", "other.pem", folder=folder)
    assert "leaf.pem: verification failed" in done.stdout
    assert "certificate revoked" in done.stdout
    assert "other.pem: OK" in done.stdout


def test_serial_number_is_the_asked_one() -> None:
    leaf = authority(Scheme.RSA).issue(INDIVIDUAL, not_before=ISSUED_AT, serial=77)
    assert leaf.serial == 77
    assert leaf.certificate.not_valid_after == ISSUED_AT + timedelta(days=365)
