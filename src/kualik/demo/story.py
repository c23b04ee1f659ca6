"""What happened at the organisations of the demonstration in the last two weeks."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.deciding import (
    accept_due,
    approve_requests,
    decline_request,
    hand_over_request,
    record_withdrawal,
    refuse_request,
    start_review,
)
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.sealing import SEAL_JOB, run_seal_job
from kualik.cases.services.trial_signing import issue_on_trial, sign_letters_on_trial
from kualik.certificates.services.letters import LETTER_JOB, letters_about, run_letter_job
from kualik.certificates.services.standing import revoke_certificate, suspend_certificate
from kualik.core import jobs
from kualik.core.clock import ZONE
from kualik.demo.people import people, staff_iins
from kualik.providers.models import Provider
from kualik.providers.queries import calendar_of
from kualik.rules import standards
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from kualik.rules.workdays import WorkCalendar
from kualik.training.models import Completion
from kualik.training.services import (
    GroupDefaults,
    answer_for_group,
    confirm_import,
    start_import,
)

Words = dict[str, Any]
HEADER = ("ЖСН", "Аты-жөні", "Телефон")


@dataclass(frozen=True, slots=True)
class Stage:
    """An organisation on the stage: its people who act and its working days."""

    provider: Provider
    registrar: User
    calendar: WorkCalendar
    now: datetime

    def workday(self, back: int, at: time) -> datetime:
        """A moment on the ``back``-th working day before today."""
        day = self.now.astimezone(ZONE).date()
        while back:
            day -= timedelta(days=1)
            back -= self.calendar.is_working(day)
        return datetime.combine(day, at, tzinfo=ZONE)


def set_stage(provider: Provider, *, now: datetime) -> Stage:
    """The organisation with its registrar and calendar."""
    registrar = User.objects.get(provider=provider, grants__role=Role.REGISTRAR)
    hours = standards.in_force(now.astimezone(ZONE).date()).weekly_hours
    return Stage(provider, registrar, calendar_of(provider, default=hours), now)


def play(stage: Stage, words: Words, programmes: Sequence[Words], *, first: int) -> None:
    """Four groups: done, in work with every outcome, overdue, and fresh from the last days."""
    done = bring_group(stage, words, programmes[0], first=first, count=14, back=9)
    finish(stage, done, back=8)
    mixed = bring_group(stage, words, programmes[1], first=first + 20, count=12, back=2)
    decide_in_every_way(stage, mixed)
    late = bring_group(stage, words, programmes[2], first=first + 40, count=2, back=5)
    leave_overdue(stage, late)
    fresh = bring_group(stage, words, programmes[3], first=first + 50, count=9, back=1)
    just_filed(stage, fresh[:6])


def bring_group(
    stage: Stage, words: Words, programme: Words, *, first: int, count: int, back: int
) -> list[Completion]:
    """A list of people who completed a programme, imported as an office does it."""
    moment = stage.workday(back, time(9, 30))
    ended = stage.workday(back + 1, time(9)).date()
    sheet = io.StringIO()
    writer = csv.writer(sheet, delimiter=";")
    writer.writerow(HEADER)
    writer.writerows(people(words, first=first, count=count))
    actor = stage.registrar.acting_as(Role.REGISTRAR)
    draft = start_import(
        provider=stage.provider,
        actor=actor,
        filename=f"{ended:%Y-%m-%d}.csv",
        content=sheet.getvalue().encode(),
        now=moment,
    )
    answer_for_group(
        draft=draft,
        defaults=GroupDefaults(
            kind=programme["kind"],
            title_kk=programme["kk"],
            title_ru=programme["ru"],
            hours=programme["hours"],
            started_on=start_of(programme, ended),
            ended_on=ended,
        ),
    )
    edition = standards.in_force(ended).edition
    result = confirm_import(draft=draft, actor=actor, now=moment, edition=edition)
    found = Completion.objects.select_related("person", "programme").in_bulk(
        result.completions.values()
    )
    return [found[pk] for _, pk in sorted(result.completions.items())]


def start_of(programme: Words, ended: date) -> date:
    """The first day of a course that lasts ``days`` days."""
    return ended - timedelta(days=int(programme["days"]) - 1)


def file_all(
    stage: Stage,
    completions: Sequence[Completion],
    *,
    moment: datetime,
    papers: str = "certificate",
) -> list[Request]:
    """Applications handed in by the group's list."""
    return file_requests(
        provider=stage.provider,
        filings=[
            Filing(
                completion=completion,
                paper=papers,
                language="kk" if place % 2 else "ru",
                application_number=f"{moment:%d%m}-{place}",
                application_on=moment.date(),
            )
            for place, completion in enumerate(completions, start=1)
        ],
        channel=Request.Channel.REGISTRAR,
        filed_at=moment,
        actor=stage.registrar.acting_as(Role.REGISTRAR),
        now=moment,
    )


def finish(stage: Stage, completions: Sequence[Completion], *, back: int) -> None:
    """The whole way: approved, sealed, handed over; one suspended and one revoked since."""
    requests = file_all(stage, completions, moment=stage.workday(back, time(10, 5)))
    approve_and_seal(stage, requests, moment=stage.workday(back, time(15, 20)))
    for request in requests[:8]:
        hand_over_request(
            request=request,
            user=stage.registrar,
            role=Role.REGISTRAR,
            now=stage.workday(back - 1, time(11)),
        )
    later = stage.workday(back - 2, time(12))
    actor = stage.registrar.acting_as(Role.OFFICE_HEAD)
    suspended, revoked = requests[-1].certificate, requests[-2].certificate
    if suspended and revoked:
        reason = Text("Оқу тобының журналы тексерілуде", "Проверяется журнал учебной группы")
        suspend_certificate(certificate=suspended, reason=reason, actor=actor, now=later)
        reason = Text(
            "Қорытынды бағалауды басқа адам тапсырғаны анықталды",
            "Установлено, что итоговую оценку сдавало другое лицо",
        )
        revoke_certificate(certificate=revoked, reason=reason, actor=actor, now=later)


def approve_and_seal(stage: Stage, requests: Sequence[Request], *, moment: datetime) -> None:
    """The registrar approves; the machine seals what it may alone, the person signs the rest."""
    approve_requests(requests=requests, user=stage.registrar, role=Role.REGISTRAR, now=moment)
    later = moment + timedelta(minutes=25)
    jobs.run_waiting(handlers={SEAL_JOB: run_seal_job}, worker="story", clock=lambda: later)
    for request in requests:
        request.refresh_from_db()
    waiting = [request for request in requests if request.state == State.APPROVED]
    if waiting:
        issue_on_trial(requests=waiting, iins=staff_iins(), now=later)


def decide_in_every_way(stage: Stage, completions: Sequence[Completion]) -> None:
    """A refusal of each kind, a withdrawal, issued ones; those approved in the evening wait."""
    user, role, moment = stage.registrar, Role.REGISTRAR, stage.workday(1, time(11, 15))
    (early,) = file_all(stage, completions[:1], moment=stage.workday(1, time(7, 10)))
    requests = [early, *file_all(stage, completions[1:], moment=stage.workday(1, time(9, 40)))]
    decline_request(
        request=early,
        ground="identity_not_shown",
        facts=Text(
            "Өтініш беруші жеке басын куәландыратын құжатты көрсетпеді.",
            "Заявитель не предъявил документ, удостоверяющий личность.",
        ),
        user=user,
        role=role,
        now=stage.workday(1, time(8, 5)),
    )
    _accept(requests[1:], moment)
    record_withdrawal(
        request=requests[1],
        reason="Заявление об отзыве от того же дня, вх. № 18",
        user=user,
        role=role,
        now=moment,
    )
    refuse_request(
        request=requests[2],
        ground="unreliable",
        facts=Text(
            "Ұсынылған дипломның нөмірі оны берген ұйымның тізілімінде табылмады.",
            "Номер представленного диплома не найден в реестре выдавшей его организации.",
        ),
        user=user,
        role=role,
        now=moment,
    )
    send_letters(stage, signed=requests[2], moment=moment)
    approve_and_seal(stage, requests[3:7], moment=moment)
    moment = stage.workday(1, time(18, 20))
    approve_requests(requests=requests[7:], user=user, role=role, now=moment)


def _accept(requests: Sequence[Request], moment: datetime) -> None:
    accept_due(now=moment)
    for request in requests:
        request.refresh_from_db()


def send_letters(stage: Stage, *, signed: Request, moment: datetime) -> None:
    """The refusals as papers: the authorised person has signed one, the others wait for it."""
    later = moment + timedelta(minutes=10)
    jobs.run_waiting(handlers={LETTER_JOB: run_letter_job}, worker="story", clock=lambda: later)
    letters = list(letters_about(f"request:{signed.number}"))
    sign_letters_on_trial(letters=letters, iins=staff_iins(), now=later + timedelta(minutes=5))


def leave_overdue(stage: Stage, completions: Sequence[Completion]) -> None:
    """Taken into review and forgotten: the board shows it red."""
    moment = stage.workday(5, time(16, 10))
    for request in file_all(stage, completions, moment=moment, papers="certificate"):
        start_review(request=request, user=stage.registrar, role=Role.REGISTRAR, now=moment)


def just_filed(stage: Stage, completions: Sequence[Completion]) -> None:
    """Applications of the last hour and of the evening before; a reference among them."""
    evening = stage.workday(1, time(19, 45))
    accepted = file_all(stage, completions[:3], moment=evening, papers="reference")
    accept_due(now=stage.now)
    for request in accepted[:1]:
        request.refresh_from_db()
        if request.state == "accepted":
            start_review(request=request, user=stage.registrar, role=Role.REGISTRAR, now=stage.now)
    file_all(stage, completions[3:], moment=stage.now - timedelta(minutes=35))
