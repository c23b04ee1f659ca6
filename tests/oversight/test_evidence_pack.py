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
from kualik.signatures.adapters.test_authority import write_trust
from kualik.signatures.adapters.test_authority.storage import held_hierarchy
from kualik.signatures.models import SigningKey
from kualik.signatures.services.trusting import TEST_AUTHORITY, TEST_SCHEMES
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
    assert told.stdout.endswith("Who made it is proved with --trust DIR alone.\n")
    answer = json.loads(verify(pack, "--json").stdout)
    assert (answer["is_whole"], answer["is_proved"]) == (True, False)
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


@pytest.fixture
def trust(kualik_files: Path, tmp_path: Path) -> str:
    """A directory with the roots of the demonstration's authority."""
    folder = tmp_path / "roots"
    for scheme in TEST_SCHEMES:
        held = held_hierarchy(kualik_files / "keys" / TEST_AUTHORITY / scheme)
        write_trust(folder, held)
    return str(folder)


def test_the_organisations_signature_proves_whose_pack_it_is(pack: Path, trust: str) -> None:
    told = verify(pack, "--trust", trust)
    assert (told.returncode, told.stderr) == (0, "")
    assert "ok     index.json.p7s (signature): valid, " in told.stdout
    assert told.stdout.endswith("The pack is whole, and its signatures are valid.\n")
    with ZipFile(pack) as archive:
        for name in ("index.json", "index.json.p7s"):
            (pack.parent / name).write_bytes(archive.read(name))
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-noverify"]
    command += ["-in", "index.json.p7s", "-content", "index.json", "-out", "/dev/null"]
    done = subprocess.run(command, cwd=pack.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, "successful" in done.stderr) == (0, True)


def test_a_pack_made_up_with_all_its_sums_is_found_out(pack: Path, trust: str) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["request.json"] = files["request.json"].replace(b"A303", b"A57")
        index = json.loads(files["index.json"])
        for row in index["files"]:
            row["sha256"] = hashlib.sha256(files[row["name"]]).hexdigest()
        files["index.json"] = json.dumps(index).encode()

    made_up = repacked(pack, change)
    assert verify(made_up).returncode == 0, "by itself it is whole"
    told = verify(made_up, "--trust", trust)
    assert told.returncode == 1
    assert "BROKEN index.json.p7s (signature): invalid" in told.stdout
    unsigned = repacked(made_up, lambda files: files.pop("index.json.p7s"))
    assert "BROKEN index.json.p7s: gone" in verify(unsigned, "--trust", trust).stdout


def test_without_a_key_the_pack_says_that_it_is_not_signed(
    world: World, handed_over: Request, tmp_path: Path, trust: str
) -> None:
    SigningKey.objects.update(disabled_at=world.now)
    file = tmp_path / "unsigned.zip"
    file.write_bytes(pack_evidence(handed_over, now=world.now))
    assert verify(file).returncode == 0
    told = verify(file, "--trust", trust)
    assert told.returncode == 1
    assert "BROKEN index.json.p7s: the pack is not signed" in told.stdout


def test_the_staff_of_the_journal_have_names(pack: Path, handed_over: Request) -> None:
    with ZipFile(pack) as archive:
        staff = json.loads(archive.read("staff.json"))
        name = f"journal/request-{handed_over.number}.json"
        actors = {row["actor"] for row in json.loads(archive.read(name))}
    named = {actor for actor in actors if actor.startswith("user:")}
    assert named
    assert named <= set(staff)
    assert all(each["name"] and each["organisation"] == "DEMO" for each in staff.values())


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
