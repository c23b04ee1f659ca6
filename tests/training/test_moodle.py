"""Moodle is asked over HTTP who completed a course; its answer is a list to be looked at."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache

from kualik.core import jobs
from kualik.core.journal import SYSTEM, Actor
from kualik.core.models import Job, JournalEntry, StaffTask
from kualik.notifications.adapters.outbound import CallFailed, Line, read_target
from kualik.notifications.services.hook_keeping import HookFacts, add_hook
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.training.adapters.moodle import COMPLETION, GRADES, LEARNERS, Moodle
from kualik.training.models import Completion, ImportDraft, MoodleCourse, MoodleSource, Programme
from kualik.training.services import (
    GroupDefaults,
    confirm_import,
    discard_import,
    moodle_lists,
    preview_import,
)
from kualik.training.services.moodle import (
    MOODLE_JOB,
    CourseFacts,
    SourceFacts,
    add_course,
    being_asked,
    forget_source,
    keep_source,
    order_list,
    remove_course,
    token_of,
)
from kualik.training.services.moodle_lists import (
    NIGHT_JOB,
    night_of,
    run_moodle_job,
    run_night_job,
)
from tests.serving import served
from tests.training.office import NOW, open_provider
from tools.moodle import MoodleServer

pytestmark = pytest.mark.django_db
STARTED_ON = date(2026, 11, 2)
ANNA = Actor("user:7", "registrar")
COURSE, WITHOUT_CRITERIA, EMPTY = 12, 13, 14


@pytest.fixture
def server() -> Iterator[MoodleServer]:
    with served(MoodleServer()) as running:
        yield running


@pytest.fixture(autouse=True)
def on_a_demonstration(settings) -> None:
    settings.DEMO = True


@pytest.fixture
def provider() -> Provider:
    return open_provider("DEMO", "990140000018")


@pytest.fixture
def source(provider: Provider, server: MoodleServer) -> MoodleSource:
    return keep(provider, server)


@pytest.fixture
def course(source: MoodleSource) -> MoodleCourse:
    return add(source, COURSE)


def keep(provider: Provider, server: MoodleServer, **said: str) -> MoodleSource:
    facts = SourceFacts(**{"url": server.address, "token": "demo", **said})
    return keep_source(provider=provider, facts=facts, actor=SYSTEM, now=NOW)


def add(source: MoodleSource, number: int) -> MoodleCourse:
    programme, _ = Programme.objects.get_or_create(
        provider=source.provider,
        kind="pd",
        title_kk="Инфекциялық бақылау",
        title_ru="Инфекционный контроль",
        hours=60,
        defaults={"credits": Decimal(2)},
    )
    facts = CourseFacts(course_id=number, programme=programme, started_on=STARTED_ON)
    return add_course(source=source, facts=facts, actor=SYSTEM, now=NOW)


def ask(course: MoodleCourse, *, now: datetime = NOW) -> MoodleCourse:
    """The course asked by a worker, as it stands then."""
    order_list(course=course, actor=ANNA, now=now)
    work(now)
    course.refresh_from_db()
    return course


def work(now: datetime) -> int:
    handlers = {MOODLE_JOB: run_moodle_job, NIGHT_JOB: run_night_job}
    return jobs.run_waiting(handlers=handlers, worker="w", clock=lambda: now)


def judged(draft: ImportDraft):
    return preview_import(draft=draft, today=date(2026, 11, 23), edition="A303").checked


def take(draft: ImportDraft, *, accept: tuple[int, ...] = (), now: datetime = NOW):
    draft = ImportDraft.objects.get(pk=draft.pk)
    return confirm_import(
        draft=draft, actor=ANNA, now=now, edition="A303", accept_attention=frozenset(accept)
    )


def codes(draft: ImportDraft) -> dict[int, tuple[str, set[str]]]:
    """Row → verdict and codes of its remarks."""
    return {
        row.row: (row.verdict, {remark.code for remark in row.remarks})
        for row in judged(draft).rows
    }


def test_a_course_becomes_a_list_with_the_day_of_the_last_criterion(course: MoodleCourse) -> None:
    ask(course)
    draft = course.lists.get()
    checked = judged(draft)
    assert checked.missing == ()
    assert [row.verdict for row in checked.rows] == [
        "ready", "ready", "ready", "attention", "refused",
    ]  # fmt: skip
    first, second, third = (row.values for row in checked.rows[:3])
    assert first
    assert second
    assert third
    assert (first.family_name, first.given_name, first.patronymic) == (
        "Әбдірахманова", "Айгерім", "Нұрланқызы",
    )  # fmt: skip
    assert first.iin == "880712400019"
    assert (first.result, first.phone[:4], first.email) == (
        "92.50 %", "+7 7", "learner101@demo.example",
    )  # fmt: skip
    assert [row.mastered_on for row in (first, second, third)] == [
        date(2026, 11, 13), date(2026, 11, 13), date(2026, 11, 12),
    ]  # fmt: skip
    facts = first.course.programme
    assert (facts.title_kk, facts.hours, facts.credits) == ("Инфекциялық бақылау", 60, 2)
    assert first.course.started_on == STARTED_ON


def test_the_rows_that_need_a_person_say_why(course: MoodleCourse) -> None:
    ask(course)
    found = codes(course.lists.get())
    assert found[5] == ("attention", {"name_mixed_alphabet"})
    assert found[6] == ("refused", {"iin_missing"})


def test_teachers_the_unfinished_and_earlier_groups_are_counted_and_left_out(
    course: MoodleCourse,
) -> None:
    ask(course)
    told = {name: course.outcome[name] for name in ("learners", "new", "known", "unfinished")}
    assert told == {"learners": 9, "new": 5, "known": 0, "unfinished": 3}
    assert (course.outcome["earlier"], course.outcome["unseen"]) == (1, [6])
    with course.lists.get().content.open("rb") as stream:
        content = stream.read().decode("utf-8-sig")
    assert "Төлегенова" not in content
    assert "Нұрпейісов" not in content


def test_the_list_is_imported_as_any_other_and_a_second_question_brings_only_the_rest(
    course: MoodleCourse, server: MoodleServer
) -> None:
    ask(course)
    draft = course.lists.get()
    result = take(draft)
    assert (result.created, result.refused) == (3, 2)
    assert Completion.objects.count() == 3
    asked = server.asked[COMPLETION]
    ask(course)
    assert course.outcome["known"] == 3
    assert server.asked[COMPLETION] - asked == 9 - 3, "those who are here are not asked for"
    rest = course.lists.get(imported_at=None)
    assert [row.verdict for row in judged(rest).rows] == ["attention", "refused"]
    again = take(rest, accept=(2,))
    assert (again.created, again.existing) == (1, 0)
    assert Completion.objects.count() == 4


def test_asking_again_while_the_list_waits_leaves_it_as_it_is(course: MoodleCourse) -> None:
    ask(course)
    draft = course.lists.get()
    ask(course)
    assert course.lists.get().pk == draft.pk
    assert StaffTask.objects.filter(closed_at=None).count() == 1


def test_a_list_with_other_people_takes_the_place_of_the_waiting_one(
    course: MoodleCourse, server: MoodleServer
) -> None:
    ask(course)
    draft = course.lists.get()
    viktor = next(row for row in server.courses[0]["people"] if row["lastname"] == "Ким")
    viktor["met"] = [*viktor["met"], viktor["met"][0] + 86_400]
    ask(course)
    fresh = course.lists.get()
    assert fresh.pk != draft.pk
    assert len(judged(fresh).rows) == 6
    assert not ImportDraft.objects.filter(pk=draft.pk).exists()
    assert [task.subject for task in StaffTask.objects.filter(closed_at=None)] == [
        f"import:{fresh.pk}"
    ]


def test_the_office_is_told_of_a_list_until_it_is_imported_or_given_up(
    course: MoodleCourse,
) -> None:
    ask(course)
    task = StaffTask.objects.get()
    assert (task.kind, task.scope, task.role) == ("list_waits", "DEMO", "registrar")
    assert task.params == {"course": "Инфекциялық бақылау & қауіпсіздік", "count": 5}
    take(course.lists.get())
    task.refresh_from_db()
    assert task.closed_at == NOW
    ask(course)
    discard_import(draft=course.lists.get(imported_at=None), actor=ANNA, now=NOW)
    assert not StaffTask.objects.filter(closed_at=None).exists()


def test_errors_that_come_with_status_200_are_told_in_words(
    course: MoodleCourse, server: MoodleServer
) -> None:
    told = {
        "invalidtoken": "moodle_token_refused",
        "accessexception": "moodle_function_closed",
        "cannotviewreport": "moodle_course_closed",
        "invalidrecord": "moodle_course_unknown",
        "somethingelse": "moodle_refused",
    }
    for errorcode, code in told.items():
        server.fault.codes = {LEARNERS: errorcode}
        ask(course)
        assert (course.fault, course.lists.count()) == (code, 0), errorcode
    assert Job.objects.get(name=MOODLE_JOB).done_at is not None, "an error of rules is not retried"
    server.fault.codes = {}
    assert ask(course).fault == ""


def test_a_course_without_criteria_says_so(source: MoodleSource) -> None:
    course = ask(add(source, WITHOUT_CRITERIA))
    assert (course.fault, course.lists.count()) == ("moodle_no_criteria", 0)


def test_a_list_that_was_imported_meanwhile_is_not_given_up(course: MoodleCourse) -> None:
    ask(course)
    seen = course.lists.get()
    take(seen)
    with pytest.raises(RuleViolation) as refused:
        discard_import(draft=seen, actor=SYSTEM, now=NOW)
    assert refused.value.code == "import_done"
    assert course.lists.filter(pk=seen.pk).exists()


def test_an_empty_course_makes_no_list(source: MoodleSource) -> None:
    course = ask(add(source, EMPTY))
    assert (course.fault, course.outcome["learners"], course.lists.count()) == ("", 0, 0)


def test_learners_without_any_iin_are_a_fault_of_the_settings(
    provider: Provider, server: MoodleServer
) -> None:
    course = ask(add(keep(provider, server, iin_field="nosuch"), COURSE))
    assert (course.fault, course.fault_params) == ("moodle_no_iin", {"field": "nosuch"})
    assert server.asked[COMPLETION] == 0


@pytest.mark.parametrize("field", ["idnumber", "customfields"])
def test_a_field_that_moodle_hides_is_told_to_the_office_before_anybody_is_asked_for(
    provider: Provider, server: MoodleServer, field: str
) -> None:
    iin_field = {"customfields": "iin"}.get(field, field)
    course = add(keep(provider, server, iin_field=iin_field), COURSE)
    server.hides = frozenset({field})
    ask(course)
    assert (course.fault, course.fault_params) == ("moodle_no_iin", {"field": iin_field})
    assert (server.asked[COMPLETION], course.lists.count()) == (0, 0)
    server.hides = frozenset()
    assert ask(course).fault == ""


def test_without_full_names_the_name_as_a_whole_is_taken_apart(
    course: MoodleCourse, server: MoodleServer
) -> None:
    server.hides = frozenset({"firstname", "lastname", "phone1", "email"})
    ask(course)
    values = judged(course.lists.get()).rows[0].values
    assert values
    assert (values.family_name, values.given_name, values.patronymic, values.phone) == (
        "Әбдірахманова", "Айгерім", "Нұрланқызы", "",
    )  # fmt: skip


def test_a_simulated_moodle_is_moved_to_the_days_before_now(server: MoodleServer) -> None:
    server.move(1_800_000_000)
    people = server.courses[0]["people"]
    moments = [moment for person in people for moment in person["met"]]
    assert 86_400 <= 1_800_000_000 - max(moments) < 2 * 86_400
    assert people[1]["met"][1] - people[1]["met"][0] == 1794573000 - 1794286800


def test_the_iin_may_stand_in_a_field_of_the_profile(
    provider: Provider, server: MoodleServer
) -> None:
    course = ask(add(keep(provider, server, iin_field="iin"), COURSE))
    assert judged(course.lists.get()).counts["ready"] == 3


def test_without_the_gradebook_only_the_result_is_missing(
    course: MoodleCourse, server: MoodleServer
) -> None:
    server.functions.remove(GRADES)
    ask(course)
    rows = judged(course.lists.get()).rows
    assert [row.values.result for row in rows if row.values] == [""] * 4


def test_a_moodle_that_is_away_is_asked_again_and_nothing_is_half_done(
    course: MoodleCourse, server: MoodleServer
) -> None:
    server.fault.status = 500
    ask(course)
    assert (course.fault, course.fault_params) == ("moodle_away", {"why": "status 500"})
    assert course.lists.count() == 0
    server.fault.status = 200
    server.fault.is_html = True
    work(NOW + timedelta(seconds=2))
    course.refresh_from_db()
    assert course.fault_params == {"why": "the answer is not JSON"}
    server.fault.is_html = False
    work(NOW + timedelta(minutes=1))
    course.refresh_from_db()
    assert (course.fault, course.lists.count()) == ("", 1)


def test_what_was_answered_before_moodle_went_away_is_not_asked_again(
    course: MoodleCourse, server: MoodleServer
) -> None:
    kept = {101: 1794573000, 102: 1794546000, 103: None}
    cache.set(f"training:moodle:{course.pk}:{COURSE}", kept, 60)
    ask(course)
    assert server.asked[COMPLETION] == 9 - 3
    assert course.outcome["unfinished"] == 4


def test_a_large_course_is_asked_in_slices(
    course: MoodleCourse, server: MoodleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moodle_lists, "SLICE_SECONDS", 0.0)
    order_list(course=course, actor=ANNA, now=NOW)
    with pytest.raises(jobs.Later):
        run_moodle_job({"course": course.pk, "actor": "a", "role": "b"}, NOW)
    assert course.lists.count() == 0


def test_a_line_that_is_closed_after_each_answer_is_opened_anew(
    course: MoodleCourse, server: MoodleServer
) -> None:
    server.fault.hangs_up = True
    assert ask(course).fault == ""
    assert course.lists.count() == 1


def test_the_token_is_sealed_and_stands_in_no_address_and_no_journal(
    course: MoodleCourse, server: MoodleServer
) -> None:
    ask(course)
    assert b"demo" not in bytes(course.source.token_sealed)
    assert token_of(course.source) == "demo"
    assert all("demo" not in path for path in server.paths)
    assert not any("demo" in str(entry.data) for entry in JournalEntry.objects.all())


def test_a_new_address_needs_the_token_anew(
    provider: Provider, source: MoodleSource, server: MoodleServer
) -> None:
    kept = keep(provider, server, token="", iin_field="iin")
    assert (kept.iin_field, token_of(kept)) == ("iin", "demo")
    with pytest.raises(RuleViolation) as refused:
        keep(provider, server, token="", url=f"{server.address}/moodle")
    assert refused.value.code == "moodle_token_missing"


def test_at_a_new_address_no_other_course_is_asked_in_the_place_of_ours(
    provider: Provider, course: MoodleCourse, server: MoodleServer
) -> None:
    with served(MoodleServer()) as moved:
        assert keep(provider, moved).url == moved.address
        with served(MoodleServer()) as another:
            another.courses[0]["fullname"] = "Акушерлік іс"
            with pytest.raises(RuleViolation) as refused:
                keep(provider, another)
            another.courses[0]["id"] = 99
            with pytest.raises(RuleViolation):
                keep(provider, another)
    assert refused.value.code == "moodle_other_course"
    assert refused.value.params == {"course": course.name}
    assert MoodleSource.objects.get().url == moved.address


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"token": "wrong"}, "moodle_token_refused"),
        ({"url": "http://127.0.0.1:9/"}, "moodle_away"),
        ({"url": "ftp://moodle.example.kz"}, "address_unfit"),
        ({"url": "https://user:secret@moodle.example.kz"}, "address_unfit"),
    ],
)
def test_a_moodle_that_does_not_answer_is_not_kept(
    provider: Provider, server: MoodleServer, said: dict[str, str], code: str
) -> None:
    with pytest.raises(RuleViolation) as refused:
        keep(provider, server, **said)
    assert refused.value.code == code
    assert not MoodleSource.objects.exists()


def test_a_token_that_may_not_call_what_is_needed_is_refused_by_name(
    provider: Provider, server: MoodleServer
) -> None:
    server.functions.remove(COMPLETION)
    with pytest.raises(RuleViolation) as refused:
        keep(provider, server)
    assert (refused.value.code, refused.value.params["function"]) == (
        "moodle_function_closed", COMPLETION,
    )  # fmt: skip


def test_for_real_the_inner_network_is_asked_only_where_the_installation_names_the_host(
    server: MoodleServer, settings
) -> None:
    settings.DEMO = False
    with pytest.raises(RuleViolation):
        Moodle(server.address, "demo")
    settings.DEMO = True
    moodle = Moodle(server.address, "demo")
    assert moodle.site().release.startswith("4.5")
    moodle.close()


def test_a_course_that_moodle_does_not_know_or_that_is_there_is_not_added(
    course: MoodleCourse,
) -> None:
    for number, code in ((99, "moodle_course_unknown"), (COURSE, "moodle_course_taken")):
        with pytest.raises(RuleViolation) as refused:
            add(course.source, number)
        assert refused.value.code == code


def test_every_night_each_course_is_asked_once(source: MoodleSource) -> None:
    add(source, COURSE)
    add(source, EMPTY)
    night = night_of(datetime(2026, 11, 23, 19, 5, tzinfo=NOW.tzinfo))
    assert night.isoformat() == "2026-11-24T02:00:00+05:00"
    jobs.enqueue(name=NIGHT_JOB, key="night", payload={}, now=NOW)
    assert work(NOW) == 3
    assert [row.asked_at for row in MoodleCourse.objects.all()] == [NOW, NOW]
    assert ImportDraft.objects.get().uploaded_by == "system"


def test_what_is_removed_is_asked_no_more_and_its_lists_stay(course: MoodleCourse) -> None:
    ask(course)
    order_list(course=course, actor=ANNA, now=NOW)
    assert being_asked([course], now=NOW) == {course.pk}
    remove_course(course=course, actor=ANNA, now=NOW)
    assert work(NOW) == 0
    draft = ImportDraft.objects.get()
    assert draft.moodle_course is None
    assert GroupDefaults.from_texts(draft.defaults).hours == 60
    forget_source(source=MoodleSource.objects.get(), actor=ANNA, now=NOW)
    assert not MoodleSource.objects.exists()


def test_an_answer_of_another_shape_is_no_answer(
    course: MoodleCourse, server: MoodleServer
) -> None:
    course_there = server.courses[0]
    course_there["people"] = [{"id": "x", "firstname": "Ә", "lastname": "Б", "iin": "88071240001"}]
    ask(course)
    assert course.fault_params == {"why": "the answer is not what the function tells"}
    assert course.lists.count() == 0


def test_a_host_of_the_inner_network_is_asked_where_the_installation_names_it(
    server: MoodleServer, settings
) -> None:
    moodle = Moodle(server.address, "demo")
    settings.DEMO = False
    stranger = Line(read_target(server.address, schemes=("http",)), seconds=2)
    known = Line(
        read_target(server.address, schemes=("http",)), seconds=2, inner_hosts=["127.0.0.1"]
    )
    with pytest.raises(CallFailed):
        stranger.post(b"", headers={})
    assert known.post(b"", headers={}, most=100).status == 404
    known.close()
    moodle.close()


def test_other_systems_hear_of_an_import_by_its_counts(course: MoodleCourse) -> None:
    facts = HookFacts(name="x", url="https://lms.example.kz/in", events=["completion.imported"])
    hook = add_hook(provider=course.source.provider, facts=facts, actor=SYSTEM, now=NOW)
    ask(course)
    draft = course.lists.get()
    result = take(draft)
    take(draft)
    (row,) = hook.deliveries.all()
    assert (row.key, row.about) == (f"import:{draft.pk}", f"import:{draft.pk}")
    assert row.body["data"] == {
        "import": draft.pk, "created": 3, "existing": 0, "refused": 2,
        "groups": list(result.groups),
    }  # fmt: skip
