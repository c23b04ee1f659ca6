"""Two complaints of the demonstration: one fresh, one whose terms are nearly over (A57.17-2)."""

from datetime import datetime, time

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.complaints.models import Complaint
from kualik.complaints.services.filing import ComplaintFacts, file_complaint
from kualik.complaints.services.handling import assign_handler, take_up
from kualik.core.journal import Actor
from kualik.demo.story import Stage
from kualik.rules.lifecycle import Role, State

REFUSED_TEXT = (
    "Дипломымның нөмірі тізілімде жоқ деп бас тартты. Дипломды 1998 жылы алғанмын, ол кезде "
    "электрондық тізілім болмаған. Түпнұсқасын көрсетуге дайынмын."
)
OVERDUE_TEXT = (
    "Подала заявление больше недели назад, ответа нет. На работе требуют свидетельство, "
    "дважды звонила, обещали перезвонить."
)


def complain(stage: Stage) -> list[Complaint]:
    """A refusal complained of on the site yesterday, and a delay by phone three days ago."""
    requests = Request.objects.filter(provider=stage.provider).order_by("pk")
    refused = requests.filter(state=State.REFUSED).first()
    overdue = requests.filter(state=State.IN_REVIEW, due_at__lt=stage.now).first()
    made = []
    if refused is not None:
        made.append(_by_web(refused, at=stage.workday(1, time(14, 20))))
    if overdue is not None:
        made.append(_by_phone(stage, overdue, at=stage.workday(3, time(9, 50))))
    return made


def _by_web(request: Request, *, at: datetime) -> Complaint:
    return file_complaint(
        key=f"demo-{request.number}",
        facts=ComplaintFacts(
            provider=request.provider,
            subject="decision",
            text=REFUSED_TEXT,
            wish="Бас тартудың күшін жойып, куәлік беруді сұраймын.",
            channel=Complaint.Channel.WEB,
            complainant=request.person.full_name,
            phone=request.phone,
            named_number=request.number,
            known_on=at.date(),
            person=request.person,
            request=request,
        ),
        received_at=at,
        actor=Actor(name=f"person:{request.person_id}", role=Role.APPLICANT.value),
        now=at,
    )


def _by_phone(stage: Stage, request: Request, *, at: datetime) -> Complaint:
    """Written down and handled by the registrar: the head answers for the delay. Not decided."""
    head = User.objects.get(provider=stage.provider, grants__role=Role.OFFICE_HEAD)
    complaint = file_complaint(
        key=f"demo-{request.number}",
        facts=ComplaintFacts(
            provider=request.provider,
            subject="delay",
            text=OVERDUE_TEXT,
            wish="Выдайте свидетельство.",
            channel=Complaint.Channel.PHONE,
            language="ru",
            complainant=request.person.full_name,
            phone=request.phone,
            named_number=request.number,
            request=request,
        ),
        received_at=at,
        filed_by=stage.registrar,
        actor=stage.registrar.acting_as(Role.REGISTRAR),
        now=at,
    )
    role = Role.OFFICE_HEAD
    assign_handler(complaint=complaint, handler=stage.registrar, user=head, role=role, now=at)
    later = stage.workday(2, time(11))
    return take_up(complaint=complaint, user=stage.registrar, role=Role.REGISTRAR, now=later)
