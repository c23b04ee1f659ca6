"""The evidence pack of a request (for an inspector): whole, and checked by the program alone."""

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.adapters.iin import open_iin
from kualik.accounts.models import User
from kualik.accounts.queries.looks import looks_of
from kualik.accounts.services import PersonFacts
from kualik.cases.models import Request
from kualik.core import journal
from kualik.core.journal import SYSTEM
from kualik.counter.models import HandOver
from kualik.counter.services.identifying import Place, Shown, identify
from kualik.incidents.models import Incident
from kualik.oversight.services.evidence import pack_evidence
from kualik.providers.models import Office
from kualik.rules.lifecycle import Role, State
from tests.world import World

SignIn = Callable[[User], Client]
PROGRAM = Path(sys.executable).parent / "kualik"


@pytest.fixture
def handed_over(world: World) -> Request:
    return world.by_state[State.HANDED_OVER]


@pytest.fixture
def pack(world: World, handed_over: Request, tmp_path: Path) -> Path:
    file = tmp_path / "pack.zip"
    file.write_bytes(pack_evidence(handed_over, now=world.now))
    return file


def verify(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The installed program in a bare environment: no database, no settings."""
    return subprocess.run(
        [str(PROGRAM), "journal", "verify", str(file), *options],
        cwd=file.parent, env={}, capture_output=True, encoding="utf-8", check=False, timeout=30,
    )  # fmt: skip


def repacked(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    changed = file.with_name("changed.zip")
    with ZipFile(changed, "w", ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return changed


def test_the_pack_holds_the_whole_course_and_no_iin(handed_over: Request, pack: Path) -> None:
    number = handed_over.certificate.number
    with ZipFile(pack) as archive:
        names = set(archive.namelist())
        assert {
            "index.json", "request.json", "clock.json", "messages.json", "hall.json",
            f"documents/{number}.pdf", f"documents/{number}.json",
            f"journal/request-{handed_over.number}.json", f"journal/certificate-{number}.json",
            "README.kk.txt", "README.ru.txt", "README.en.txt",
        } <= names  # fmt: skip
        clock = json.loads(archive.read("clock.json"))
        assert "A303.3.1" in {step["clause"] for step in clock["steps"]}
        iin = open_iin(bytes(handed_over.person.iin_sealed)).encode()
        texts = [archive.read(name) for name in names if not name.endswith((".pdf", ".p7s"))]
        assert not any(iin in text for text in texts)


def test_the_chains_of_window_hand_over_and_failures_are_in_the_pack(
    world: World, handed_over: Request
) -> None:
    clerk = world.demo.staff[Role.CLERK]
    office = Office.objects.get(provider=world.demo.provider, is_main=True)
    by = {"office": office, "user": clerk, "role": Role.CLERK}
    facts = PersonFacts(open_iin(bytes(handed_over.person.iin_sealed)), "", "")
    shown = Shown(kind="identity_card", number="047112233")
    record = identify(facts=facts, shown=shown, place=Place(**by), now=world.now)
    row = HandOver.objects.create(
        request=handed_over,
        number=f"{handed_over.number}/1",
        receiver=handed_over.person,
        way="slip",
        evidence={"identification": record.pk},
        user=clerk,
        handed_at=world.now,
    )
    incident = Incident.objects.create(
        number="I-1", cause="declared", began_at=world.now, found_at=world.now
    )
    incident.requests.add(handed_over)
    code = world.demo.provider.code
    said = {"action": "test.said", "actor": SYSTEM, "now": world.now}
    for subject in (f"hand_over:{row.pk}", "incident:I-1", f"incident:I-1:{code}"):
        journal.record(subject=subject, **said)
    journal.record(subject="incident:I-1:OTHER", **said)
    content = pack_evidence(handed_over, now=world.now)
    with ZipFile(io.BytesIO(content)) as archive:
        chains = {row["subject"] for row in json.loads(archive.read("index.json"))["chains"]}
    assert {
        f"identification:{record.pk}",
        f"hand_over:{row.pk}",
        "incident:I-1",
        f"incident:I-1:{code}",
    } <= chains
    assert "incident:I-1:OTHER" not in chains


def test_the_program_finds_a_fresh_pack_whole(pack: Path) -> None:
    told = verify(pack)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("The pack is whole.\n")
    answer = json.loads(verify(pack, "--json").stdout)
    assert answer["is_whole"] is True
    assert len(answer["findings"]) > 8


def test_a_changed_file_is_named(pack: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["request.json"] = files["request.json"].replace(b"A303", b"A57")

    told = verify(repacked(pack, change))
    assert told.returncode == 1
    assert "BROKEN request.json: changed" in told.stdout


def test_an_entry_of_the_journal_cannot_be_rewritten_even_with_its_sum(
    handed_over: Request, pack: Path
) -> None:
    """Who changes an entry and the index's sum of the file still breaks the chain."""
    name = f"journal/request-{handed_over.number}.json"

    def change(files: dict[str, bytes]) -> None:
        rows = json.loads(files[name])
        rows[0]["at"] = "2025-09-08T04:00:00+00:00"
        files[name] = json.dumps(rows, ensure_ascii=False).encode()
        index = json.loads(files["index.json"])
        for row in index["files"]:
            if row["name"] == name:
                row["sha256"] = hashlib.sha256(files[name]).hexdigest()
        files["index.json"] = json.dumps(index).encode()

    told = verify(repacked(pack, change))
    assert told.returncode == 1
    assert "broken at [1]" in told.stdout


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.pop("clock.json"),
        lambda files: files.update({"extra.txt": b"x"}),
    ],
    ids=["gone", "added"],
)
def test_a_file_that_is_gone_or_added_breaks_the_pack(pack: Path, change) -> None:
    assert verify(repacked(pack, change)).returncode == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 no archive", b"%PDF-1.7"],
    ids=["empty", "torn", "another"],
)
def test_what_is_no_pack_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pack.zip"
    file.write_bytes(content)
    told = verify(file)
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    "index", [b"[]", b"{}", b'{"format": "kualik-evidence", "version": 2}', b"[" * 100_000]
)
def test_an_index_of_another_kind_is_said_in_one_line(tmp_path: Path, index: bytes) -> None:
    file = tmp_path / "pack.zip"
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("index.json", index)
    file.write_bytes(packed.getvalue())
    told = verify(file)
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (2, "", 1)


def test_a_lost_file_is_named_and_the_rest_is_packed(
    world: World, handed_over: Request, settings
) -> None:
    (Path(settings.MEDIA_ROOT) / handed_over.certificate.file).unlink()
    content = pack_evidence(handed_over, now=world.now)
    with ZipFile(io.BytesIO(content)) as archive:
        assert f"documents/{handed_over.certificate.number}.pdf.lost" in archive.namelist()


@pytest.mark.parametrize("role", [Role.OFFICE_HEAD, Role.PROVIDER_ADMIN])
def test_who_answers_for_it_takes_the_pack_and_the_person_sees_that(
    world: World, signed_in: SignIn, handed_over: Request, role: Role
) -> None:
    client = signed_in(world.demo.staff[role])
    answer = client.post(reverse("oversight:evidence", args=[handed_over.number]))
    assert answer["Content-Type"] == "application/zip"
    assert f"evidence-{handed_over.number}.zip" in answer["Content-Disposition"]
    looks = looks_of(handed_over.person)
    assert [(look.what.en, look.about) for look in looks] == [
        ("Evidence pack of a request", handed_over.number)
    ]


@pytest.mark.parametrize("role", [Role.CLERK, Role.REGISTRAR, Role.AUTHORISED_PERSON])
def test_other_staff_may_not_take_it(
    world: World, signed_in: SignIn, handed_over: Request, role: Role
) -> None:
    client = signed_in(world.demo.staff[role])
    address = reverse("oversight:evidence", args=[handed_over.number])
    assert client.post(address).status_code == 403


def test_the_head_of_another_provider_finds_nothing(
    world: World, signed_in: SignIn, handed_over: Request
) -> None:
    client = signed_in(world.other.staff[Role.OFFICE_HEAD])
    address = reverse("oversight:evidence", args=[handed_over.number])
    assert client.post(address).status_code == 404


def test_a_visitor_is_led_to_the_sign_in(handed_over: Request, client: Client) -> None:
    answer = client.post(reverse("oversight:evidence", args=[handed_over.number]))
    assert answer.status_code == 302
