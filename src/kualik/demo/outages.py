"""A failure of the demonstration whose protocol waits to be signed."""

from datetime import time, timedelta
from typing import Final

from kualik.accounts.models import User
from kualik.demo.story import Stage
from kualik.incidents.models import Report
from kualik.incidents.services.declaring import declare_incident
from kualik.incidents.services.telling import record_notice
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

WHAT: Final = Text(
    "интернет байланысы үзілді, кеңседе өтініштер қабылданбады",
    "пропала связь с интернетом, в офисе не принимались заявления",
    "the internet connection was lost, no requests were taken at the office",
)


def fail(stage: Stage) -> None:
    """Thirty-five minutes without a connection; the operator was told by phone (A57.10-4)."""
    head = User.objects.get(provider=stage.provider, grants__role=Role.OFFICE_HEAD)
    began = stage.workday(2, time(11, 5))
    ended = began + timedelta(minutes=35)
    role = Role.OFFICE_HEAD
    incident = declare_incident(
        what=WHAT, began_at=began, ended_at=ended, user=head, role=role, now=ended
    )
    record_notice(
        report=Report.objects.get(incident=incident, provider=stage.provider),
        way="phone",
        reference="1414",
        at=ended + timedelta(minutes=20),
        note="",
        user=head,
        role=role,
        now=ended + timedelta(minutes=25),
    )
