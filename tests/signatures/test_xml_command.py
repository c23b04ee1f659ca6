"""``kualik xml verify`` as scripts use it."""

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import time_machine

from kualik.signatures.adapters.test_authority import Scheme, write_trust
from kualik.signatures.management import xml
from tests.signatures.authorities import NOW, authority
from tests.signatures.xml_samples import changed, sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A signed document and a directory of trust with a fresh list."""
    (tmp_path / "signed.xml").write_bytes(sample())
    (tmp_path / "plain.xml").write_bytes(b"<a/>")
    (tmp_path / "changed.xml").write_bytes(changed(sample(), "белгі", "белгi"))
    (tmp_path / "broken.xml").write_bytes(b"<a>")
    (tmp_path / "type.xml").write_bytes(b"<!DOCTYPE a><a/>")
    write_trust(tmp_path / "trust", authority(Scheme.RSA))
    (tmp_path / "trust" / "list.crl").write_bytes(authority(Scheme.RSA).crl({}, now=NOW))
    return tmp_path


def run(folder: Path, name: str, *options: str) -> tuple[int, str]:
    """The exit status and what was printed."""
    out = StringIO()
    with time_machine.travel(NOW, tick=False), redirect_stdout(out):
        status = xml.main(["verify", str(folder / name), *options])
    return status, out.getvalue()


def test_a_good_signature_ends_with_status_0(folder: Path) -> None:
    status, text = run(folder, "signed.xml", "--trust", str(folder / "trust"), "--json")
    record = json.loads(text)
    assert status == 0
    assert record["status"] == "valid"
    assert record["is_attached"] is True
    (signer,) = record["signers"]
    assert signer["status"] == "valid"
    assert signer["iin"] == "840805414770"
    assert signer["algorithm"] == "RSA-SHA256"
    assert signer["signed_at"] is None
    (reason,) = signer["reasons"]
    assert reason["code"] == "time_unknown"
    assert set(reason["text"]) == {"kk", "ru", "en"}


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("changed.xml", [], "content_changed"),
        ("plain.xml", [], "no_signers"),
        ("signed.xml", ["--at", "2025-01-01T00:00:00Z"], "certificate_not_yet_valid"),
    ],
)
def test_a_bad_signature_ends_with_status_1(
    folder: Path, name: str, options: list[str], code: str
) -> None:
    status, text = run(folder, name, "--trust", str(folder / "trust"), "--json", *options)
    record = json.loads(text)
    reasons = [*record["reasons"], *(one for each in record["signers"] for one in each["reasons"])]
    assert status == 1
    assert record["status"] == "invalid"
    assert code in {reason["code"] for reason in reasons}


def test_without_trust_nobody_is_believed(folder: Path) -> None:
    status, text = run(folder, "signed.xml", "--language", "ru")
    assert status == 1
    assert "НЕДЕЙСТВИТЕЛЬНА" in text


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("broken.xml", [], "xml_malformed"),
        ("type.xml", [], "xml_dtd_forbidden"),
        ("absent.xml", [], "file_unreadable"),
        ("signed.xml", ["--trust", "absent"], "trust_unreadable"),
    ],
)
def test_what_cannot_be_read_ends_with_status_2(
    folder: Path, name: str, options: list[str], code: str
) -> None:
    status, text = run(folder, name, "--json", *options)
    record = json.loads(text)
    assert status == 2
    assert record["error"] == code
    assert set(record["message"]) == {"kk", "ru", "en"}
    assert all(message and message != code for message in record["message"].values())
    assert run(folder, name, "--language", "ru", *options)[0] == 2
