"""Nobody who writes waits for files: they are stored and read outside transactions."""

import pytest
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from pytest_django import Settings

from kualik.core.journal import SYSTEM
from kualik.incidents.models import Report
from kualik.oversight.services.evidence import export_evidence
from kualik.providers.models import Office, Photo
from kualik.providers.services import put_photo
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from tests.incidents.failing import MINUTE, MONDAY, bring_protocol, fail, report_of, tell_by_hand
from tests.providers.houses import picture
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)
ALT = Text("Есік алдындағы пандус", "Пандус у входа", "The ramp at the door")


class SlowStorage(FileSystemStorage):
    """Files whose reading and writing take long: not while the database waits."""

    def _save(self, name: str, content: File) -> str:
        assert not connection.in_atomic_block, "a file is written in a transaction"
        return super()._save(name, content)

    def _open(self, name: str, mode: str = "rb") -> File:
        assert not connection.in_atomic_block, "a file is read in a transaction"
        return super()._open(name, mode)


@pytest.fixture
def world(kualik_files: object, settings: Settings) -> World:
    found = build_world()
    backend = "tests.flows.test_short_transactions.SlowStorage"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    return found


def test_the_evidence_is_packed_before_the_journal_is_written(world: World) -> None:
    request = world.by_state[State.HANDED_OVER]
    assert export_evidence(request=request, actor=SYSTEM, now=world.now)


def test_the_operators_protocol_is_stored_before_the_report_changes(world: World) -> None:
    incident, head = fail(), world.demo.staff[Role.OFFICE_HEAD]
    tell_by_hand(report_of(incident, world.demo.provider), head, at=MONDAY + MINUTE)
    report = bring_protocol(report_of(incident, world.demo.provider), head, at=MONDAY + 9 * MINUTE)
    assert report.state == Report.State.TO_SIGN


def test_a_photo_is_stored_before_its_row(world: World) -> None:
    office = world.demo.provider.offices.get()
    content = picture("JPEG")
    put_photo(office=office, fact="ramp", content=content, alt=ALT, now=world.now, actor=SYSTEM)
    assert Photo.objects.get().office == office


def test_a_photo_of_an_office_that_went_meanwhile_leaves_no_file(world: World) -> None:
    office = world.demo.provider.offices.get()
    gone = Office.objects.get(pk=office.pk)
    office.delete()
    content = picture("JPEG")
    with pytest.raises(Office.DoesNotExist):
        put_photo(office=gone, fact="ramp", content=content, alt=ALT, now=world.now, actor=SYSTEM)
    folder = str(Photo(office=gone).content.field.generate_filename(Photo(office=gone), "a"))
    stored = default_storage.listdir(folder.rpartition("/")[0])[1]
    assert stored == []
