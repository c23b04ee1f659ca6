"""The authorised person's signature on the pages: shown to everybody, given to staff only, and
never with the IIN (A57.10-2)."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from kualik.certificates.models import Certificate, PersonSignature, SealPolicy
from kualik.certificates.services.drafting import void_draft
from kualik.certificates.services.sealing import make_sealed_files
from kualik.core.clock import local_iso
from kualik.core.journal import SYSTEM
from kualik.rules.errors import RuleViolation
from kualik.signatures.services import installation_trust, verify_cms
from tests.certificates import people
from tests.certificates.conftest import World

REGISTER = "/office/register/"
READERS = ["clerk", "head", "admin", "registrar", "signer", "inspector"]


def own_iin(world: World) -> str:
    """The IIN that stands in the signer's certificate."""
    entry = PersonSignature.objects.get(certificate=world.document)
    with default_storage.open(entry.file) as stored:
        signature = stored.read()
    with default_storage.open(world.document.file) as stored:
        document = stored.read()
    found = verify_cms(
        signature=signature,
        document=document,
        trust=installation_trust(),
        at=people.NOW,
        now=people.NOW,
        is_revocation_required=False,
    )
    assert found.status == "valid"
    assert found.signers[0].iin in people.STAFF_IINS
    return found.signers[0].iin


def made_automatically(world: World) -> None:
    """The first document as the organisation's seal alone would have issued it."""
    PersonSignature.objects.filter(certificate=world.document).delete()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_everybody_sees_who_signed_and_nobody_the_iin(
    world: World, visitor: Client, language: str
) -> None:
    iin = own_iin(world)
    page = visitor.get(f"/c/{world.document.code}?lang={language}").content.decode()
    role = {
        "kk": "Ұйым атынан қол қою құқығы бар тұлға",
        "ru": "Лицо с правом подписи от имени организации",
        "en": "Person with the right to sign for the organisation",
    }
    for said in (
        "СЕЙІТҚАЛИ БАУЫРЖАН МАРАТҰЛЫ",
        role[language],
        "990140000017",
        "RSA-SHA256",
        "02.03.2026 10:30",
        world.key.serial,
    ):
        assert said in page
    answer = visitor.get(f"/c/{world.document.code}.json")
    signature = answer.json()["signature"]
    assert signature["status"] == "valid"
    assert signature["role"]["ru"] == role["ru"]
    assert signature["signed_at"] == signature["accepted_at"] == local_iso(people.NOW)
    for text in (page, answer.content.decode()):
        assert iin not in text
        assert "p7s" not in text


def test_a_document_of_the_seal_alone_says_so(world: World, visitor: Client) -> None:
    made_automatically(world)
    page = visitor.get(f"/c/{world.document.code}?lang=en").content.decode()
    assert "The organisation's electronic seal alone" in page
    assert "valid</span> <span" not in page
    assert visitor.get(f"/c/{world.document.code}.json").json()["signature"] is None
    address = f"{REGISTER}{world.document.number}"
    client = people.client_of(world.clerk)
    page = client.get(f"{address}/?lang=en").content.decode()
    assert "key alone (A303.4)." in page
    assert "Authorised person" not in page
    assert "key alone (A303.4)" in client.get(f"{REGISTER}?lang=en").content.decode()
    assert client.get(f"{address}/signature").status_code == 404
    assert client.get(f"{address}/bundle.zip").status_code == 404


@pytest.mark.parametrize("who", READERS)
def test_readers_of_the_register_take_the_signature_along(world: World, who: str) -> None:
    client = people.client_of(getattr(world, who))
    address = f"{REGISTER}{world.document.number}"
    page = client.get(f"{address}/").content.decode()
    assert f"{address}/signature" in page
    assert own_iin(world) not in page
    response = client.get(f"{address}/signature")
    assert response["Content-Type"] == "application/pkcs7-signature"
    assert f'filename="{world.document.number}.pdf.p7s"' in response["Content-Disposition"]
    signature = b"".join(response)
    packed = client.get(f"{address}/bundle.zip")
    assert packed["Content-Type"] == "application/zip"
    with ZipFile(BytesIO(packed.content)) as archive:
        assert sorted(archive.namelist()) == [
            f"{world.document.number}.pdf", f"{world.document.number}.pdf.p7s", "README.txt"
        ]  # fmt: skip
        assert "/signatures/" in archive.read("README.txt").decode()
        assert archive.read(f"{world.document.number}.pdf.p7s") == signature
        document = archive.read(f"{world.document.number}.pdf")
    with default_storage.open(world.document.file) as stored:
        assert document == stored.read()


@pytest.mark.parametrize("name", ["signature", "bundle.zip"])
def test_nobody_else_gets_the_signature(
    world: World, foreign: Certificate, visitor: Client, name: str
) -> None:
    address = f"{REGISTER}{world.document.number}/{name}"
    assert visitor.get(address).status_code == 302
    assert people.client_of(world.contact).get(address).status_code == 403
    assert people.client_of(world.stranger).get(address).status_code == 404
    assert people.client_of(world.clerk).get(f"{REGISTER}{foreign.number}/{name}").status_code == (
        404
    )


def test_what_is_only_prepared_is_given_to_nobody_and_is_no_document(
    world: World, visitor: Client
) -> None:
    (prepared,) = people.prepare([world.waiting], world.key)
    address = f"{REGISTER}{prepared.number}"
    client = people.client_of(world.clerk)
    page = client.get(f"{address}/?lang=en").content.decode()
    assert "not yet: prepared at 02.03.2026 10:30, waits for the signature" in page
    assert f"{address}/file" not in page
    for name in ("file", "signature", "bundle.zip"):
        assert client.get(f"{address}/{name}").status_code == 404
    assert visitor.get(f"/c/{prepared.code}").status_code == 404
    with default_storage.open(prepared.file) as stored:
        answer = visitor.post("/check/?lang=en", {"file": stored}).content.decode()
    assert "The register has no such file" in answer
    assert prepared.number not in answer
    exported = b"".join(client.get(f"{REGISTER}export.csv")).decode()
    assert prepared.file_sha256 not in exported


def test_a_lost_signature_file_is_absent_and_no_fault(world: World) -> None:
    entry = PersonSignature.objects.get(certificate=world.document)
    default_storage.delete(entry.file)
    client = people.client_of(world.clerk)
    for name in ("signature", "bundle.zip"):
        assert client.get(f"{REGISTER}{world.document.number}/{name}").status_code == 404


def test_only_a_draft_is_voided(world: World) -> None:
    with pytest.raises(RuleViolation) as refused:
        void_draft(certificate=world.document, reason=people.REASON, actor=SYSTEM, now=people.NOW)
    assert refused.value.code == "conflict"


def test_a_document_is_not_made_again(world: World) -> None:
    files = make_sealed_files(
        certificates=world.documents,
        key=world.key,
        way=SealPolicy.Way.PERSON,
        user=world.signer,
        now=people.NOW,
    )
    assert files == []
