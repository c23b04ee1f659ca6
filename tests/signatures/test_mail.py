"""Signature files as programs dress them: byte order marks, words before armour, S/MIME."""

import base64
from pathlib import Path

import pytest
from asn1crypto import pem

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.cms import CmsError, cms_der, read_cms
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.schemes import RsaKey
from kualik.signatures.services.inspecting import inspect_file, kind_of
from tests.signatures.authorities import NOW, individual, openssl, write_pem
from tests.signatures.verification import CONTENT, codes, only, sample, trust, verified

BOM = b"\xef\xbb\xbf"
ATTACHED = sample(Scheme.RSA)
PEM = pem.armor("CMS", ATTACHED)
BASE64 = base64.encodebytes(ATTACHED)
CARRIED = (
    b"MIME-Version: 1.0\nContent-Disposition: attachment;\n filename=smime.p7m\n"
    b"Content-Type: application/pkcs7-mime; smime-type=signed-data\n"
    b"Content-Transfer-Encoding: base64\n\n" + BASE64
)


@pytest.mark.parametrize(
    "dressed",
    [
        BOM + PEM,
        BOM + BASE64,
        "Қолтаңба:\n\n".encode() + PEM,
        BOM + b"CMS_ContentInfo: \n  contentType: pkcs7-signedData\n" * 40 + PEM,
        CARRIED,
        CARRIED.replace(b"\n", b"\r\n"),
        CARRIED.replace(BASE64, ATTACHED).replace(b"base64", b"binary"),
    ],
)
def test_a_signature_is_read_in_its_dress(dressed: bytes) -> None:
    assert read_cms(dressed) == read_cms(ATTACHED)
    assert cms_der(dressed) == ATTACHED
    assert kind_of(dressed) == "cms"
    assert verified(dressed, trust(Scheme.RSA)).status == "valid"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PEM + b"more", "trailing_data"),
        (PEM + PEM, "trailing_data"),
        (b"\0 words\n" + PEM, "malformed"),
        (b"\xff words\n" + PEM, "malformed"),
        (b"x" * 70_000 + PEM, "malformed"),
        (PEM.replace(b"END CMS", b"END PKCS7"), "malformed"),
        (b"Content-Type: text/plain\n\nHello", "mail_unsigned"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\n--x--\n", "mail_unsigned"),
        (b"Content-Type: multipart/signed\n\n", "malformed"),
        (b"Content-Type: multipart/signed; boundary=x\n\n--x\n\na\n--x\n\nb\n--x\n\nc\n--x--\n",
         "malformed"),
        (b"Content-Type: multipart/signed; boundary=x\n\n--x\n\na\n--x\n\nb\n--x--\n",
         "malformed"),
        (b"Content-Type: multipart/signed; boundary=x\n\n--x\n\n--x\nContent-Type: a/b\n\n--x--\n",
         "mail_unsigned"),
        (CARRIED.replace(b"base64", b"quoted-printable"), "malformed"),
        (CARRIED + b"*", "malformed"),
        *[
            (b"Content-Type: multipart/signed; boundary*=" + name + b"\n\n", "malformed")
            for name in (b"idna''%ff", b"undefined''x", b"a\0b''x", b"utf-7''+2AA-")
        ],
        (b"Subject: hello\n\n" + BASE64, "malformed"),
    ],
)  # fmt: skip
def test_what_is_no_signature_is_named(data: bytes, code: str) -> None:
    with pytest.raises(CmsError) as refused:
        read_cms(data)
    assert refused.value.code == code


@pytest.fixture
def mail(tmp_path: Path) -> bytes:
    """A message that another program signed, its text beside the signature."""
    leaf = individual(Scheme.RSA)
    assert isinstance(leaf.key, RsaKey)
    (tmp_path / "key.pem").write_bytes(pem.armor("PRIVATE KEY", leaf.key.private_bytes()))
    write_pem(tmp_path / "own.pem", leaf.certificate_der)
    (tmp_path / "text").write_bytes("Құжат\nжолдары\n".encode())
    done = openssl(
        "cms", "-sign", "-signer", "own.pem", "-inkey", "key.pem", "-text", "-in", "text",
        "-from", "a@kz", "-subject", "--x", "-out", "mail", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return (tmp_path / "mail").read_bytes()


def test_a_signed_message_carries_its_document(mail: bytes) -> None:
    for sent in (mail, mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")):
        found = verified(sent, trust(Scheme.RSA), at=NOW)
        assert found.is_attached
        assert found.content is not None
        assert found.content.endswith("Құжат\r\nжолдары\r\n".encode())
        assert codes(found) <= {"signed_in_future", "time_is_stated"}
        assert only(found).person == "ТЕСТОВА АЙГҮЛ СЕРІКҚЫЗЫ"


def test_a_changed_message_is_refused(mail: bytes) -> None:
    changed = mail.replace("Құжат".encode(), "Кұжат".encode())
    assert "content_changed" in codes(verified(changed, trust(Scheme.RSA), at=NOW))
    other = verified(mail, trust(Scheme.RSA), document=CONTENT, at=NOW)
    assert "content_differs" in codes(other)


def test_the_open_check_takes_messages(mail: bytes) -> None:
    found = inspect_file(
        content=mail, document=None, trust=trust(Scheme.RSA), fetcher=None, now=NOW
    )
    assert (found.kind, found.is_attached) == ("cms", True)
    with pytest.raises(RuleViolation) as refused:
        kind_of(b"Subject: hello\n\ntext")
    assert refused.value.code == "file_not_recognised"
