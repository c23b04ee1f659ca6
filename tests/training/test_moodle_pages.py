"""The pages of Moodle: who may open them, and the way from a course to its list."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client

from kualik.core import jobs
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.rules.lifecycle import Role
from kualik.training.models import ImportDraft, MoodleCourse, MoodleSource, Programme
from kualik.training.services.moodle import (
    MOODLE_JOB,
    CourseFacts,
    SourceFacts,
    add_course,
    keep_source,
)
from kualik.training.services.moodle_lists import run_moodle_job
from tests.serving import served
from tests.training.office import NOW, client_of, employ, open_provider
from tools.moodle import MoodleServer

pytestmark = [pytest.mark.urls("tests.training.addresses"), pytest.mark.django_db]
OFFICE = (Role.REGISTRAR, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN)
OTHERS = tuple(set(Role) - set(OFFICE) - {Role.SYSTEM, Role.APPLICANT})
HOME = "/office/import/moodle/"
SOURCE = f"{HOME}source/"
NEW_COURSE = f"{HOME}courses/"
POSTED = ("forget/", "courses/{pk}/ask/", "courses/{pk}/remove/")
READ = ("", "source/", "courses/")
OF_ADMIN = ("source/", "forget/")


@pytest.fixture
def server() -> Iterator[MoodleServer]:
    with served(MoodleServer()) as running:
        yield running


@pytest.fixture(autouse=True)
def on_a_demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def provider():
    return open_provider("DEMO", "990140000018")


@pytest.fixture
def programme(provider):
    return Programme.objects.create(
        provider=provider,
        kind="pd",
        title_kk="Инфекциялық бақылау",
        title_ru="Инфекционный контроль",
        hours=60,
        credits=Decimal(2),
    )


@pytest.fixture
def course(provider, programme, server):
    facts = SourceFacts(url=server.address, token="demo")
    source = keep_source(provider=provider, facts=facts, actor=SYSTEM, now=NOW)
    said = CourseFacts(course_id=12, programme=programme, started_on=date(2026, 11, 2))
    return add_course(source=source, facts=said, actor=SYSTEM, now=NOW)


def addresses(course: MoodleCourse, *patterns: str) -> list[str]:
    return [HOME + pattern.format(pk=course.pk) for pattern in patterns]


def knock(client: Client, address: str) -> tuple[HttpResponse, HttpResponse]:
    return client.get(address), client.post(address)


def work() -> None:
    jobs.run_waiting(handlers={MOODLE_JOB: run_moodle_job}, worker="w", clock=lambda: NOW)


def test_strangers_and_other_roles_are_let_in_nowhere(provider, course):
    for address in addresses(course, *READ, *POSTED):
        assert [answer.status_code for answer in knock(Client(), address)] == [302, 302]
    for role in sorted(OTHERS):
        client = client_of(employ(provider, role))
        for address in addresses(course, *READ, *POSTED):
            assert [row.status_code for row in knock(client, address)] == [403, 403], address


@pytest.mark.parametrize("role", OFFICE)
def test_the_office_asks_and_the_administrator_alone_names_the_moodle(provider, course, role):
    client = client_of(employ(provider, role))
    for pattern in READ:
        (address,) = addresses(course, pattern)
        refused = pattern in OF_ADMIN and role != Role.PROVIDER_ADMIN
        assert client.get(address).status_code == (403 if refused else 200), address
    assert ("source/" in client.get(HOME).content.decode()) == (role == Role.PROVIDER_ADMIN)


@pytest.mark.parametrize("role", OFFICE)
def test_another_provider_finds_nothing(course, role):
    client = client_of(employ(open_provider("OTHER", "060540001234"), role))
    page = client.get(HOME).content.decode()
    assert course.name not in page
    assert course.source.url not in page
    for address in addresses(course, *POSTED[1:]):
        assert client.post(address).status_code == 404
    assert client.get(NEW_COURSE).status_code == 404
    assert not Job.objects.exists()
    assert MoodleCourse.objects.exists()


def test_reading_changes_nothing(provider, course):
    client = client_of(employ(provider, Role.PROVIDER_ADMIN))
    for address in addresses(course, *POSTED):
        assert (client.get(address).status_code, client.get(address).url) == (302, HOME)
    assert MoodleSource.objects.exists()
    assert not Job.objects.exists()


def test_from_the_address_of_moodle_to_the_list_of_its_course(provider, programme, server):
    client = client_of(employ(provider, Role.PROVIDER_ADMIN))
    said = {"url": f"{server.address}/", "token": "demo", "iin_field": "idnumber"}
    assert client.post(SOURCE, said).url == HOME
    assert MoodleSource.objects.get().url == server.address
    said = {"course_id": "12", "programme": str(programme.pk), "started_on": "2026-11-02"}
    assert client.post(NEW_COURSE, said).url == HOME
    course = MoodleCourse.objects.get()
    (ask,) = addresses(course, "courses/{pk}/ask/")
    assert client.post(ask).url == HOME
    waiting = client.get(HOME)
    assert waiting.headers["Refresh"] == "3"
    work()
    page = client.get(HOME)
    assert "Refresh" not in page.headers
    draft = ImportDraft.objects.get()
    assert f"/office/import/{draft.pk}/" in page.content.decode()
    table = client.get(f"/office/import/{draft.pk}/").content.decode()
    assert "Әбдірахманова" in table
    assert "880712400019" not in table
    assert client.post(f"/office/import/{draft.pk}/confirm/", {"offers": ""}).status_code == 302
    draft.refresh_from_db()
    assert draft.result["created"] == 3


def test_the_token_is_never_shown_again(provider, course):
    client = client_of(employ(provider, Role.PROVIDER_ADMIN))
    page = client.get(SOURCE).content.decode()
    assert course.source.url in page
    assert 'value="demo"' not in page
    assert "Если оставить пустым" in page


def test_at_first_no_former_token_is_spoken_of(provider):
    page = client_of(employ(provider, Role.PROVIDER_ADMIN)).get(SOURCE).content.decode()
    assert "Если оставить пустым" not in page


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"token": "wrong"}, "token"),
        ({"token": ""}, "token"),
        ({"url": "http://127.0.0.1:9"}, None),
        ({"url": "https://a:b@moodle.example.kz"}, "url"),
    ],
)
def test_a_moodle_that_does_not_fit_is_told_at_its_field(provider, server, said, field):
    client = client_of(employ(provider, Role.PROVIDER_ADMIN))
    sent = {"url": server.address, "token": "demo", "iin_field": "idnumber", **said}
    page = client.post(SOURCE, sent)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field or "__all__"]
    assert not MoodleSource.objects.exists()


def test_a_hidden_iin_is_told_with_its_column_and_its_rows(provider, course, server):
    client = client_of(employ(provider, Role.REGISTRAR))
    (ask,) = addresses(course, "courses/{pk}/ask/")
    client.post(ask)
    work()
    page = client.get(HOME).content.decode()
    assert "idnumber" in page
    assert '<strong class="k-number">6</strong>' in page
    server.hides = frozenset({"idnumber"})
    client.post(ask)
    work()
    page = client.get(HOME).content.decode()
    assert "столбец «ИИН» был бы пуст во всех строках" in page
    assert "moodle/user:viewalldetails" in page


def test_a_fault_is_told_in_words(provider, course, server):
    client = client_of(employ(provider, Role.REGISTRAR))
    server.fault.codes = {"core_enrol_get_enrolled_users": "cannotviewreport"}
    client.post(addresses(course, "courses/{pk}/ask/")[0])
    work()
    assert "нет права видеть результаты" in client.get(HOME).content.decode()
