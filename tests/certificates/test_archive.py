"""The archive of a document proves it to programs that know nothing of this system."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from kualik.certificates.models import Certificate, PersonSignature, Preservation
from kualik.core import clock
from kualik.signatures.services import test_hierarchy
from tests.certificates.owners import Owner, iins, owner, status

LANGUAGES = ("kk", "ru", "en")


@pytest.fixture
def holder(db: None) -> Owner:
    return owner()


def unpacked(holder: Owner, place: Path) -> Path:
    """The archive as its holder unpacks it."""
    folder = place / "archive"
    answer = holder.client().get(f"/cabinet/documents/{holder.document.number}/archive.zip")
    assert answer.status_code == 200
    with ZipFile(BytesIO(answer.content)) as archive:
        archive.extractall(folder)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0])
    assert program, command[0]
    return subprocess.run(
        [program, *command[1:]], cwd=folder, capture_output=True, text=True, check=False
    )


def commands_in(readme: str, word: str) -> list[list[str]]:
    """The lines of a README that call a program, as one would copy them."""
    lines = (line.strip() for line in readme.splitlines() if line.startswith("     "))
    return [line.split() for line in lines if line.startswith(word)]


def test_it_holds_everything_in_open_formats(holder: Owner, tmp_path: Path) -> None:
    folder, number = unpacked(holder, tmp_path), holder.document.number
    assert {file.name for file in folder.iterdir()} == {
        f"{number}.pdf", f"{number}.pdf.p7s", f"{number}.json", f"{number}-journal.json",
        "README.kk.txt", "README.ru.txt", "README.en.txt", "SHA256SUMS",
    }  # fmt: skip
    with default_storage.open(holder.document.file) as stored:
        assert (folder / f"{number}.pdf").read_bytes() == stored.read()
    assert run(folder, "sha256sum", "-c", "SHA256SUMS").returncode == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_commands_of_the_readme_verify_both_signatures(
    holder: Owner, tmp_path: Path, language: str
) -> None:
    folder = unpacked(holder, tmp_path)
    readme = (folder / f"README.{language}.txt").read_text(encoding="utf-8")
    [verify] = commands_in(readme, "openssl cms")
    told = run(folder, *verify)
    assert told.returncode == 0
    assert "CMS Verification successful" in told.stderr
    [certificates] = commands_in(readme, "openssl pkcs7")
    assert holder.document.provider.bin in run(folder, *certificates).stdout
    [seal] = commands_in(readme, "pdfsig")
    said = run(folder, *seal).stdout
    assert "Signature is Valid." in said
    assert "Total document signed" in said


def test_openssl_believes_the_signer_by_the_authority_alone(holder: Owner, tmp_path: Path) -> None:
    folder, number = unpacked(holder, tmp_path), holder.document.number
    authority = test_hierarchy("rsa")
    for place, one in enumerate((authority.root, authority.issuing)):
        (folder / f"{place}.der").write_bytes(one.certificate_der)
        pem = ("openssl", "x509", "-inform", "DER", "-in", f"{place}.der")
        with (folder / "roots.pem").open("a", encoding="ascii") as roots:
            roots.write(run(folder, *pem).stdout)
    believed = (
        "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", f"{number}.pdf.p7s",
        "-content", f"{number}.pdf", "-CAfile", "roots.pem", "-purpose", "any", "-out", "out.pdf",
    )  # fmt: skip
    assert run(folder, *believed).returncode == 0


def test_a_changed_document_is_found_out_by_openssl_and_pdfsig(
    holder: Owner, tmp_path: Path
) -> None:
    folder, number = unpacked(holder, tmp_path), holder.document.number
    file = folder / f"{number}.pdf"
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    readme = (folder / "README.en.txt").read_text(encoding="utf-8")
    [verify] = commands_in(readme, "openssl cms")
    assert run(folder, *verify).returncode != 0
    assert "Signature is Valid." not in run(folder, "pdfsig", f"{number}.pdf").stdout
    assert run(folder, "sha256sum", "-c", "SHA256SUMS").returncode != 0


def test_the_facts_are_those_that_the_journal_names(holder: Owner, tmp_path: Path) -> None:
    folder, number = unpacked(holder, tmp_path), holder.document.number
    facts = (folder / f"{number}.json").read_bytes()
    digest = hashlib.sha256(facts).hexdigest()
    first = journal_in(folder, number)[0]
    assert first["data"]["facts_sha256"] == digest == holder.document.facts_sha256
    assert json.loads(facts)["number"] == number
    for language in LANGUAGES:
        assert digest in (folder / f"README.{language}.txt").read_text(encoding="utf-8")


def journal_in(folder: Path, number: str) -> list[dict]:
    return json.loads((folder / f"{number}-journal.json").read_text(encoding="utf-8"))


def hash_of(entry: Mapping[str, object]) -> str:
    """As the README tells it, without our program."""
    names = ("subject", "sequence", "at", "actor", "role", "action", "data", "previous_hash")
    text = json.dumps(
        [entry[name] for name in names], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_chain_of_the_journal_can_be_followed_outside(holder: Owner, tmp_path: Path) -> None:
    entries = journal_in(unpacked(holder, tmp_path), holder.document.number)
    assert [entry["action"] for entry in entries][0] == "certificates.drafted"
    assert "certificates.signed" in [entry["action"] for entry in entries]
    previous = ""
    for entry in entries:
        assert entry["previous_hash"] == previous
        assert entry["hash"] == hash_of(entry)
        previous = entry["hash"]


def test_only_the_signature_holds_an_iin(holder: Owner, tmp_path: Path) -> None:
    folder = unpacked(holder, tmp_path)
    for file in folder.iterdir():
        content = file.read_bytes()
        held = [number for number in iins(holder) if number.encode() in content]
        assert bool(held) == file.name.endswith(".p7s"), file.name


def test_the_pdf_with_its_proof_comes_along_and_begins_with_the_issued_one(
    holder: Owner, tmp_path: Path
) -> None:
    document = holder.document
    with default_storage.open(document.file) as stored:
        issued = stored.read()
    name = default_storage.save("lasting.pdf", ContentFile(issued + b"% time-stamp\n"))
    Preservation.objects.update_or_create(
        certificate=document, defaults={"level": "B-LT", "file": name, "stamped_at": clock.now()}
    )
    folder = unpacked(holder, tmp_path)
    lasting = folder / f"{document.number}-lasting.pdf"
    assert lasting.read_bytes().startswith(issued)
    for language in LANGUAGES:
        readme = (folder / f"README.{language}.txt").read_text(encoding="utf-8")
        assert ["pdfsig", lasting.name] in commands_in(readme, "pdfsig")


def test_without_a_persons_signature_the_readme_speaks_of_none(
    holder: Owner, tmp_path: Path
) -> None:
    PersonSignature.objects.filter(certificate=holder.document).delete()
    folder = unpacked(holder, tmp_path)
    assert not list(folder.glob("*.p7s"))
    for language in LANGUAGES:
        readme = (folder / f"README.{language}.txt").read_text(encoding="utf-8")
        assert commands_in(readme, "openssl") == []


def test_a_lost_file_is_no_archive(holder: Owner) -> None:
    row = Certificate.objects.get(pk=holder.document.pk)
    default_storage.delete(row.file)
    answer = holder.client().get(f"/cabinet/documents/{row.number}/archive.zip")
    assert status(answer) == 404
