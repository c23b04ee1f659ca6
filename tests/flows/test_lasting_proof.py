"""Documents and their lasting proof: a job after the issue, patience, renewal, the check."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from kualik.cases.services.deciding import approve_request
from kualik.cases.services.sealing import SEAL_JOB
from kualik.cases.services.trial_signing import issue_on_trial
from kualik.certificates.models import Certificate, PersonSignature, Preservation
from kualik.certificates.services.checking import check_code, check_file
from kualik.certificates.services.packing import packed
from kualik.certificates.services.preserving import (
    LONGEST_PAUSE,
    PRESERVE_JOB,
    Helpers,
    pause,
    preserve,
    run_preserve_job,
    run_renew_job,
)
from kualik.certificates.services.recording import to_record
from kualik.config.jobs import HANDLERS, LAST
from kualik.core import jobs, journal
from kualik.core.jobs import Later
from kualik.core.models import Job
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.services import installation_trust, test_hierarchy, verify_cms
from kualik.signatures.services.inspecting import inspect_file
from tests.serving import served
from tests.signatures.stamping import Services, Stamps, with_stamping_key
from tests.world import PEOPLE as GRADUATES
from tests.world import House, build_house, file_for, sign_in
from tools.authority_server import AuthorityServer

NOW = datetime(2026, 9, 3, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=11)
DAY = timedelta(days=1)
NOBODY = "http://127.0.0.1:9/rsa/tsa"


@dataclass
class Town:
    """A provider and the documents that it issues."""

    house: House

    def document(self, scheme: Scheme = Scheme.RSA) -> Certificate:
        registrar = self.house.staff[Role.REGISTRAR]
        (request,) = file_for(self.house, self.house.free[:1], now=NOW)
        self.house.requests.append(request)
        approve_request(request=request, user=registrar, role=Role.REGISTRAR, now=NOW)
        iins = list(self.house.iins.values())
        issue_on_trial(requests=[request], iins=iins, now=NOW, scheme=scheme)
        assert request.certificate is not None
        return Certificate.objects.get(pk=request.certificate.pk)

    def run(self, now: datetime) -> int:
        """A worker of proof alone at a moment, others having done the rest; how many jobs ran."""
        Clock.now = now
        Job.objects.exclude(name__in=[PRESERVE_JOB, SEAL_JOB]).delete()
        handlers = {PRESERVE_JOB: HANDLERS[PRESERVE_JOB]}
        return jobs.run_waiting(handlers=handlers, worker="test", clock=lambda: now)


class Clock:
    """The moment of the authorities of this file's tests."""

    now = NOW


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorityServer]:
    """Test authorities whose certificates name the address where they really answer."""
    server = AuthorityServer(
        directory=tmp_path_factory.mktemp("keys") / "test-authority",
        schemes=[Scheme.RSA, Scheme.GOST512],
        port=0,
        clock=lambda: Clock.now,
    )
    with served(server):
        yield server


@pytest.fixture
def town(
    transactional_db: None, kualik_files: Path, authorities: AuthorityServer, settings: Settings
) -> Town:
    settings.KEYS_ROOT = authorities.directory.parent
    settings.TEST_AUTHORITY_URL = authorities.address
    settings.TSA_URL = f"{authorities.address}/rsa/tsa"
    Clock.now = NOW
    return Town(build_house("DEMO", "97044000033", people=GRADUATES[:3], number=1, now=NOW))


def stored(name: str) -> bytes:
    with default_storage.open(name, "rb") as held:
        content: bytes = held.read()
    return content


def in_process(now: datetime, *, until: datetime | None = None, **state: object) -> Helpers:
    """The authorities without a network; ``until`` is the end of another stamping key."""
    hierarchy = test_hierarchy("rsa")
    stamping = hierarchy if until is None else with_stamping_key(hierarchy, until=until)
    dies_at, is_dead = state.get("dies_at"), bool(state.get("is_dead"))
    assert dies_at is None or isinstance(dies_at, int)
    return Helpers(
        tsa=Stamps(stamping, now, dies_at=dies_at),
        trust=installation_trust(),
        fetcher=Services(hierarchy, now, is_dead=is_dead),
    )


def actions(certificate: Certificate) -> list[str]:
    return [entry.action for entry in journal.history(f"certificate:{certificate.number}")]


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_a_document_is_valid_at_once_and_gets_its_proof_later(town: Town, scheme: Scheme) -> None:
    document = town.document(scheme)
    assert document.status == Certificate.Status.VALID
    assert town.run(NOW) == 0
    before = PersonSignature.objects.get(certificate=document)
    assert town.run(LATER) == 1
    row = Preservation.objects.get(certificate=document)
    assert (row.level, row.fault, row.tries) == ("B-LTA", "", 0)
    assert row.stamped_at == LATER
    content = stored(row.file)
    assert hashlib.sha256(content).hexdigest() == row.sha256
    assert content.startswith(stored(document.file))
    after = PersonSignature.objects.get(certificate=document)
    signature = stored(after.file)
    assert hashlib.sha256(signature).hexdigest() == after.sha256 != before.sha256
    found = verify_cms(
        signature=signature,
        document=stored(document.file),
        trust=installation_trust(),
        at=None,
        now=LATER,
        fetcher=Services(test_hierarchy(scheme), LATER),
    )
    (signer,) = found.signers
    assert (found.status, signer.signed_at_source) == ("valid", "timestamp")
    assert signer.signed_at == LATER
    assert (after.level, after.lasts_until) == ("B-LTA", row.lasts_until)
    assert not default_storage.exists(before.file)
    assert actions(document)[-2:] == ["certificates.preserved", "certificates.signature_stamped"]
    assert town.run(LATER + DAY) == 0


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_years_later_and_without_any_service_signature_and_document_are_valid(
    town: Town, scheme: Scheme
) -> None:
    document = town.document(scheme)
    assert town.run(LATER) == 1
    entry = PersonSignature.objects.get(certificate=document)
    long_after = NOW + 800 * DAY
    assert entry.certificate_not_after < long_after
    for name in (document.file, Preservation.objects.get().file):
        told = inspect_file(
            content=stored(entry.file),
            document=stored(name),
            trust=installation_trust(),
            fetcher=None,
            now=long_after,
        )
        assert told.status == "valid", told


def test_the_signature_of_earlier_years_gets_what_it_lacks(town: Town) -> None:
    document = town.document()
    preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    PersonSignature.objects.update(level="B-T", lasts_until=None)
    Job.objects.all().delete()
    run_renew_job({}, LATER + DAY)
    assert [job.payload["certificate"] for job in Job.objects.all()] == [document.pk]
    town.run(LATER + DAY + timedelta(minutes=10))
    assert PersonSignature.objects.get().level == "B-LTA"
    Job.objects.all().delete()
    run_renew_job({}, LATER + 2 * DAY)
    assert not Job.objects.exists()


def test_a_second_run_changes_nothing(town: Town) -> None:
    document = town.document()
    preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    first = Preservation.objects.get()
    signature = PersonSignature.objects.get()
    preserve(certificate=document, helpers=in_process(LATER + DAY), now=LATER + DAY)
    second = Preservation.objects.get()
    assert (second.sha256, second.file) == (first.sha256, first.file)
    assert PersonSignature.objects.get().sha256 == signature.sha256
    assert actions(document).count("certificates.preserved") == 1


def test_work_that_nobody_takes_in_hand_does_not_hold_the_proof_up(town: Town) -> None:
    town.document()
    jobs.enqueue(name="notifications.of_a_line_that_is_down", key="a", payload={}, now=NOW)
    assert LAST[-1] == PRESERVE_JOB
    handlers = {PRESERVE_JOB: HANDLERS[PRESERVE_JOB]}
    Clock.now = LATER
    ran = jobs.run_one(handlers=handlers, worker="one", clock=lambda: LATER, last=LAST)
    assert ran
    assert Preservation.objects.get().level == "B-LTA"


def test_a_silent_authority_is_asked_for_a_week_and_then_given_up(
    town: Town, settings: Settings
) -> None:
    document = town.document()
    settings.TSA_URL = NOBODY
    now, tries = LATER, 0
    while town.run(now):
        tries += 1
        row = Preservation.objects.get()
        assert (row.level, row.fault, row.tries) == ("B-B", "tsa_unreachable", tries)
        job = Job.objects.get(name=PRESERVE_JOB)
        assert job.failed_at is None
        if job.done_at is None:
            assert job.run_at == now + pause(tries)
        now = job.run_at
    assert 15 < tries < 25
    assert now - NOW > timedelta(days=7)
    assert actions(document)[-1] == "certificates.preservation_given_up"
    assert Certificate.objects.get(pk=document.pk).status == Certificate.Status.VALID


def test_the_pauses_grow_to_half_a_day() -> None:
    minutes = [pause(tries) // timedelta(minutes=1) for tries in (1, 2, 3, 4)]
    assert minutes == [5, 10, 20, 40]
    assert pause(100) == LONGEST_PAUSE
    assert pause(0) == pause(1)


def test_what_was_given_up_and_what_was_never_tried_is_taken_up_by_the_daily_job(
    town: Town, settings: Settings
) -> None:
    settings.TSA_URL = ""
    bare = town.document()
    assert not Job.objects.filter(name=PRESERVE_JOB).exists()
    run_renew_job({}, NOW + 8 * DAY)
    assert not Job.objects.filter(name=PRESERVE_JOB).exists()
    settings.TSA_URL = f"{settings.TEST_AUTHORITY_URL}/rsa/tsa"
    given_up = town.document()
    Job.objects.all().delete()
    Preservation.objects.create(certificate=given_up, fault="tsa_unreachable", tried_at=NOW)
    run_renew_job({}, NOW + 8 * DAY)
    assert [job.payload["certificate"] for job in Job.objects.all()] == [bare.pk]
    town.run(NOW + 8 * DAY + timedelta(minutes=10))
    run_renew_job({}, NOW + 30 * DAY)
    town.run(NOW + 30 * DAY + timedelta(minutes=10))
    levels = dict(Preservation.objects.values_list("certificate", "level"))
    assert levels == {bare.pk: "B-LTA", given_up.pk: "B-LTA"}


def test_a_part_is_kept_and_replaced_by_the_whole(town: Town) -> None:
    document = town.document()
    row = preserve(certificate=document, helpers=in_process(LATER, is_dead=True), now=LATER)
    assert (row.level, row.fault) == ("B-T", "revocation_unreachable")
    part = row.file
    row = preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    assert (row.level, row.fault) == ("B-LTA", "")
    assert row.file != part
    assert not default_storage.exists(part)
    assert default_storage.exists(document.file)


def test_proof_is_prolonged_sixty_days_before_its_end(town: Town) -> None:
    document = town.document()
    end = NOW + 100 * DAY
    preserve(certificate=document, helpers=in_process(LATER, until=end), now=LATER)
    first = stored(Preservation.objects.get().file)
    assert PersonSignature.objects.get().lasts_until == end
    Job.objects.all().delete()
    run_renew_job({}, NOW + 39 * DAY)
    assert not Job.objects.exists()
    now = NOW + 41 * DAY
    run_renew_job({}, now)
    run_renew_job({}, now)
    assert Job.objects.count() == 1
    town.run(now + timedelta(minutes=10))
    row = Preservation.objects.get()
    assert row.lasts_until is not None
    assert row.lasts_until > end
    assert (row.level, row.fault, row.stamped_at) == ("B-LTA", "", LATER)
    assert stored(row.file).startswith(first)
    signature = PersonSignature.objects.get()
    assert (signature.level, signature.lasts_until) == ("B-LTA", row.lasts_until)
    assert actions(document).count("certificates.signature_stamped") == 2


def test_a_lost_or_damaged_copy_is_made_anew(town: Town) -> None:
    document = town.document()
    row = preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    default_storage.delete(row.file)
    again = preserve(certificate=document, helpers=in_process(LATER + DAY), now=LATER + DAY)
    assert again.level == "B-LTA"
    assert stored(again.file).startswith(stored(document.file))
    damaged = stored(again.file)[:-1]
    default_storage.delete(again.file)
    assert default_storage.save(again.file, ContentFile(damaged)) == again.file
    whole = preserve(certificate=document, helpers=in_process(LATER + DAY), now=LATER + DAY)
    assert hashlib.sha256(stored(whole.file)).hexdigest() == whole.sha256


def test_a_changed_issued_file_gets_no_proof(town: Town) -> None:
    document = town.document()
    content = stored(document.file)
    default_storage.delete(document.file)
    default_storage.save(document.file, ContentFile(content + b"\n"))
    with pytest.raises(RuleViolation) as refused:
        preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    assert refused.value.code == "preserve_failed"
    assert Preservation.objects.get().fault == "preserve_failed"


@pytest.mark.parametrize("lost", ["file", "signature"])
def test_a_lost_file_is_told_and_not_tried_every_day(town: Town, lost: str) -> None:
    document = town.document()
    signature = PersonSignature.objects.get(certificate=document)
    default_storage.delete(document.file if lost == "file" else signature.file)
    with pytest.raises(RuleViolation) as refused:
        preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    assert refused.value.code == "preserve_failed"
    assert Preservation.objects.get().fault == "preserve_failed"
    Job.objects.all().delete()
    run_renew_job({}, NOW + 8 * DAY)
    assert not Job.objects.exists()


def test_what_was_signed_is_packed_though_a_time_stamp_came_while_it_was_read(town: Town) -> None:
    document = town.document()
    read = PersonSignature.objects.select_related("certificate").get()
    preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    assert not default_storage.exists(read.file)
    with ZipFile(BytesIO(b"".join(packed([read])))) as archive:
        assert len(archive.read(f"{document.number}.pdf.p7s")) > 0


def test_the_check_says_the_same_of_the_issued_and_of_every_lasting_file(
    town: Town, tmp_path: Path, client: Client
) -> None:
    document = town.document()
    issued = stored(document.file)
    preserve(certificate=document, helpers=in_process(LATER, is_dead=True), now=LATER)
    older = stored(Preservation.objects.get().file)
    preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    newest = stored(Preservation.objects.get().file)
    expected = check_code(document.code)
    assert (expected.verdict, expected.level, expected.stamped_at) == ("valid", "B-LTA", LATER)
    told = []
    for content in (issued, older, newest):
        assert check_file(content=content, now=LATER) == expected
        path = tmp_path / "file.pdf"
        path.write_bytes(content)
        said = StringIO()
        call_command("check", str(path), "--json", stdout=said)
        assert json.loads(said.getvalue()) == json.loads(
            json.dumps(to_record(expected), default=str)
        )
        told.append(answer_page(client, content))
    assert told[0] == told[1] == told[2]
    assert "B-LTA" in told[0]


def test_an_older_lasting_file_with_something_added_is_altered(town: Town) -> None:
    document = town.document()
    preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    content = stored(Preservation.objects.get().file)
    found = check_file(content=content + b"\n%%EOF\n", now=LATER)
    assert found.verdict == "altered"
    assert "changed_after_signing" in {reason.code for reason in found.reasons}


def test_staff_see_the_level_and_what_is_waited_for(town: Town, client: Client) -> None:
    document = town.document()
    visitor = sign_in(client, town.house.staff[Role.REGISTRAR])
    page = f"/office/register/{document.number}/"
    assert "B-B" in visitor.get(page).content.decode()
    assert visitor.get(f"{page}lasting-file").status_code == 404
    preserve(certificate=document, helpers=in_process(LATER, is_dead=True), now=LATER)
    shown = visitor.get(f"{page}?lang=en").content.decode()
    assert 'the time is proven <span class="k-quiet">(B-T)</span>' in shown
    assert "existed at the latest" in shown
    assert "Still waited for" in shown
    row = preserve(certificate=document, helpers=in_process(LATER), now=LATER)
    shown = visitor.get(f"{page}?lang=en").content.decode()
    assert "B-LTA" in shown
    assert "Still waited for" not in shown
    response = visitor.get(f"{page}lasting-file")
    assert b"".join(response.streaming_content) == stored(row.file)


def test_a_job_without_an_authority_ends(town: Town, settings: Settings) -> None:
    document = town.document()
    settings.TSA_URL = ""
    run_preserve_job({"certificate": document.pk, "since": NOW.isoformat()}, LATER)
    assert not Preservation.objects.exists()
    settings.TSA_URL = NOBODY
    Job.objects.all().delete()
    with pytest.raises(Later) as later:
        run_preserve_job({"certificate": document.pk, "since": NOW.isoformat()}, LATER)
    assert later.value.at == LATER + pause(1)


def answer_page(client: Client, content: bytes) -> str:
    upload = SimpleUploadedFile("file.pdf", content, content_type="application/pdf")
    response = client.post("/check/?lang=en", {"file": upload})
    assert response.status_code == 200
    text: str = response.content.decode()
    return text.partition("<main")[2].partition("</main>")[0]
