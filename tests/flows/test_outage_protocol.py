"""A real outage ends with a protocol that the provider signed and openssl verifies (A57.10-4)."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.conf import settings as program_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.accounts.models import Person
from kualik.cases.queries import clock_of
from kualik.cases.services.trial_signing import trial_leaf
from kualik.config.probing import probe_turn
from kualik.core import clock as program_clock
from kualik.core import jobs
from kualik.core.clock import ZONE
from kualik.core.jobs import NotNow
from kualik.incidents.models import Incident, Report
from kualik.notifications.services.delivering import run_email_job
from kualik.notifications.services.sending import EMAIL_JOB, Addresses, notify
from kualik.rules.deadline import EventKind
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import Scheme, sign_cms
from kualik.signatures.services import test_hierarchy
from tests.incidents.failing import operators_pdf, report_of
from tests.notifications.catching import Catching, MovedClock
from tests.serving import served
from tests.signatures.authorities import openssl, write_pem
from tests.world import World, build_world, sign_in
from tools.authority_server import AuthorityServer

pytestmark = pytest.mark.django_db
Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def world(db: None, kualik_files: object, served_installation: None) -> World:
    """Keys and checks by an authority that answers."""
    return build_world()


@pytest.fixture
def clock(world: World) -> MovedClock:
    """Two hours ago: what the system does from there on is over when people act."""
    return MovedClock(world.now - timedelta(hours=2))


@pytest.fixture
def catching(clock: MovedClock, settings: Settings) -> Iterator[Catching]:
    """A mail server; the SMS of the small world wait for nobody."""
    running = Catching(clock)
    settings.EMAIL_URL, settings.SMS_URL = running.smtp_url, ""
    yield running
    running.end()


@pytest.fixture
def authority(served_authorities: AuthorityServer, settings: Settings) -> AuthorityServer:
    settings.TSA_URL = f"{served_authorities.address}/rsa/tsa"
    return served_authorities


def minutes(clock: MovedClock, count: int) -> None:
    """What a worker does in so many minutes."""
    for _ in range(count):
        clock.move(minutes=1)
        probe_turn(clock=clock)
        mail(clock)


def mail(clock: MovedClock) -> None:
    with suppress(NotNow):
        jobs.run_waiting(handlers={EMAIL_JOB: run_email_job}, worker="one", clock=clock)


@contextmanager
def storage_is_gone() -> Iterator[None]:
    """The folder of the documents cannot be written: another thing stands in its place."""
    folder = Path(program_settings.MEDIA_ROOT)
    apart = folder.with_name("apart")
    folder.rename(apart)
    folder.write_text("no folder")
    yield
    folder.unlink()
    apart.rename(folder)


@contextmanager
def stamps_are_gone(settings: Settings, authority: AuthorityServer) -> Iterator[None]:
    """The port of the time-stamp authority is closed."""
    before = settings.TSA_URL
    schemes = [Scheme.RSA]
    own = AuthorityServer(
        directory=authority.directory, schemes=schemes, port=0, clock=program_clock.now
    )
    with served(own):
        settings.TSA_URL = f"{own.address}/rsa/tsa"
    yield
    settings.TSA_URL = before


@contextmanager
def mail_is_gone(catching: Catching, clock: MovedClock) -> Iterator[None]:
    """The mail server hangs up, and somebody waits for a letter."""
    catching.go_down()
    notify(
        event="request_accepted",
        about="request:1",
        addresses=Addresses(email="a@example.kz"),
        language="kk",
        params={"number": "1", "due_at": clock(), "link": "-"},
        person=Person.objects.order_by("pk").first(),
        now=clock(),
    )
    yield
    catching.go_up()


@pytest.mark.parametrize("cause", ["storage", "timestamp", "email"])
def test_an_outage_ends_with_a_signed_protocol(
    world: World,
    catching: Catching,
    authority: AuthorityServer,
    clock: MovedClock,
    settings: Settings,
    tmp_path: Path,
    cause: str,
) -> None:
    outages: dict[str, Outage] = {
        "storage": storage_is_gone,
        "timestamp": lambda: stamps_are_gone(settings, authority),
        "email": lambda: mail_is_gone(catching, clock),
    }
    due_before = {row.pk: row.due_at for row in world.demo.requests}
    minutes(clock, 2)
    with outages[cause]():
        minutes(clock, 20)
        incident = Incident.objects.get()
        assert (incident.cause, incident.state) == (cause, Incident.State.LASTS)
        assert incident.what_ru in Client().get(reverse("home"), {"lang": "ru"}).content.decode()
    minutes(clock, 12)
    incident = Incident.objects.get()
    assert incident.state == Incident.State.OVER
    lasted = (incident.ended_at or incident.began_at) - incident.began_at
    assert timedelta(minutes=12) < lasted < timedelta(minutes=26)

    told = tell(world, catching, incident, clock)
    assert told.state == Report.State.TOLD
    upload(world, incident)
    sign(world, incident)
    check_archive(world, incident, tmp_path)
    incident.refresh_from_db()
    assert incident.state == Incident.State.OVER, "the other provider still owes its report"

    for row in world.demo.requests:
        row.refresh_from_db()
        assert row.due_at == due_before[row.pk]
        assert clock_of(row).due_at == row.due_at


def tell(world: World, catching: Catching, incident: Incident, clock: MovedClock) -> Report:
    """The letter leaves by the mail server that was away; its proof is what the server has."""
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    head.post(reverse("incidents:send", args=[incident.number, "DEMO"]))
    clock.at = program_clock.now()
    mail(clock)
    minutes(clock, 1)
    report = report_of(incident, world.demo.provider)
    letter = next(one for one in catching.mail.letters if incident.number in one.text)
    assert letter.to == "operator@demo.example"
    assert report.notice["message_id"] in str(letter.message["Message-ID"])
    assert world.demo.provider.bin in letter.text
    assert report.told_at is not None
    return report


def upload(world: World, incident: Incident) -> None:
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    draft = head.get(reverse("incidents:draft_text", args=[incident.number, "DEMO"]))
    assert incident.what_kk[1:] in draft.content.decode()
    file = SimpleUploadedFile("protocol.pdf", operators_pdf(), content_type="application/pdf")
    day = f"{program_clock.now().astimezone(ZONE):%d.%m.%Y}"
    sent = {"file": file, "number": "77-Т", "dated": day}
    answer = head.post(reverse("incidents:upload", args=[incident.number, "DEMO"]), sent)
    assert answer.status_code == 302, answer.content.decode()


def sign(world: World, incident: Incident) -> None:
    """What NCALayer gives, first by a wrong key and over a wrong file, then the right one."""
    house, now = world.demo, program_clock.now()
    dana, bolat = house.staff[Role.AUTHORISED_PERSON], house.staff[Role.REGISTRAR]
    where = reverse("incidents:sign", args=[incident.number, "DEMO"])
    client = sign_in(Client(), dana)
    shown = client.get(reverse("incidents:protocol", args=[incident.number, "DEMO"]))
    content = b"".join(shown.streaming_content)
    iins = list(house.iins.values())
    right = trial_leaf(dana, house.provider, iins=iins, now=now)
    wrong = trial_leaf(bolat, house.provider, iins=iins, now=now)
    for leaf, signed in ((wrong, content), (right, content + b" ")):
        made = sign_cms(leaves=[leaf], content=signed, detached=True, signing_time=now)
        answer = client.post(where, {"signature": base64.b64encode(made).decode()})
        assert answer.status_code == 200
        assert report_of(incident, house.provider).state == Report.State.TO_SIGN
    made = sign_cms(leaves=[right], content=content, detached=True, signing_time=now)
    answer = client.post(where, {"signature": base64.b64encode(made).decode()})
    assert answer.status_code == 302, answer.content.decode()
    report = report_of(incident, house.provider)
    assert (report.state, report.signer) == (Report.State.SIGNED, dana)
    assert "iin" not in json.dumps(report.signature_facts).lower()


def check_archive(world: World, incident: Incident, tmp_path: Path) -> None:
    """Whoever has the archive and the authority's certificates needs nothing of this system."""
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    answer = head.get(reverse("incidents:archive", args=[incident.number, "DEMO"]))
    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as packed:
        packed.extractall(tmp_path / "taken")
    folder = tmp_path / "taken"
    assert json.loads((folder / "notice.json").read_text())["message_id"]
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    written = next(line for line in readme.splitlines() if line.startswith("openssl "))
    command = written.split()[1:]
    authority = test_hierarchy("rsa")
    chain = (authority.root.certificate_der, authority.issuing.certificate_der)
    write_pem(folder / "chain.pem", *chain)
    told = openssl(*command, folder=folder)
    assert told.returncode == 0, told.stdout
    (folder / "protocol.pdf").write_bytes(operators_pdf("78-Т"))
    assert openssl(*command, folder=folder).returncode != 0


def test_the_requests_of_the_outage_say_so_in_the_explanation_of_their_term(
    world: World, catching: Catching, authority: AuthorityServer, clock: MovedClock
) -> None:
    clock.at = world.now
    with storage_is_gone():
        minutes(clock, 5)
    minutes(clock, 4)
    incident = Incident.objects.get()
    touched = incident.requests.filter(provider=world.demo.provider)
    assert touched.exists()
    row = touched.latest("filed_at")
    row.clock["filed_at"] = incident.began_at.isoformat()
    named = [event for event in clock_of(row).events if event.kind is EventKind.INCIDENT]
    assert [(event.started_at, event.ended_at) for event in named] == [
        (incident.began_at, incident.ended_at)
    ]
