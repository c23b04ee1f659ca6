"""The tasks of staff: what no rule may settle alone, until somebody did it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from kualik.accounts.queries import person_of
from kualik.cases.queries.tasks import (
    AT_ONCE,
    MESSAGE_KINDS,
    task_kinds,
    task_reason,
    task_text,
    tasks_of,
)
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.core.models import StaffTask
from kualik.core.tasks import close_task
from kualik.notifications.models import Message
from kualik.notifications.services.sending import send_again
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import READERS, Role

WORKERS = (READERS - {Role.INSPECTOR}) | {Role.PLATFORM_ADMIN}
SHOWN = 100
# The page of what a task is about, by the first word of its subject, and what names it there.
PAGES: Mapping[str, tuple[str, str]] = {
    "request": ("cases:request", "number"),
    "correction": ("cases:correction", "number"),
    "mandate": ("cases:mandate", "pk"),
    "complaint": ("complaints:complaint", "number"),
    "certificate": ("certificates:certificate", "number"),
    "letter": ("certificates:letter", "number"),
    "blanks": ("certificates:ledger", "code"),
    "visit": ("counter:visit", "pk"),
    "incident": ("incidents:incident", "number"),
    "proposal": ("incidents:proposal", "pk"),
    "books": ("oversight:books", "code"),
    "house": ("providers:provider", "code"),
    "hook": ("notifications:hook", "pk"),
    "import": ("training:preview", "pk"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A task as the list shows it; ``href`` is empty where there is nothing to open, ``detail`` is
    what an outside system itself said."""

    key: str
    text: Text
    href: str
    scope: str
    since: datetime
    reason: Text | None
    detail: str
    is_pressed: bool
    is_message: bool
    is_urgent: bool


@staff(*READERS, Role.PLATFORM_ADMIN)
@never_cache
def tasks(request: HttpRequest) -> HttpResponse:
    """What waits for this member of staff, the oldest first."""
    user = person_of(request)
    found = tasks_of(user)
    context = {
        "rows": [_row(task) for task in found[:SHOWN]],
        "total": found.count(),
        "may_work": user.has_role(WORKERS),
        "shows_scope": user.provider_id is None,
    }
    return render(request, "cases/tasks.html", context)


@staff(*WORKERS)
@post_only("cases:tasks")
def task_done(request: HttpRequest) -> HttpResponse:
    """Somebody did it: the task leaves the list, the journal says in whose name."""
    task, actor = _asked(request)
    kind = task_kinds().get(task.kind)
    if kind is not None and not kind.ends_by_press:
        raise Http404
    if close_task(key=task.key, actor=actor, now=clock.now()):
        messages.success(request, gettext("The task is done."))
    return redirect("cases:tasks")


@staff(*WORKERS)
@post_only("cases:tasks")
def task_send_again(request: HttpRequest) -> HttpResponse:
    """The message of the task goes out once more; the task leaves the list."""
    task, actor = _asked(request)
    message = _message(task)
    if message is None:
        raise Http404
    try:
        send_again(message=message, actor=actor, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, gettext("The message is sent again."))
    return redirect("cases:tasks")


def _asked(request: HttpRequest) -> tuple[StaffTask, Actor]:
    """The open task of the form and who acts, in the task's own role; 404 for one not theirs."""
    user = person_of(request)
    task = tasks_of(user).filter(key=request.POST.get("key", "")).first()
    if task is None:
        raise Http404
    named = frozenset({Role(task.role)}) if task.role else WORKERS
    return task, user.acting_as(role_of(request.user, named))


def _message(task: StaffTask) -> Message | None:
    number = task.key.rpartition(":")[2]
    if task.kind not in MESSAGE_KINDS or not number.isdecimal():
        return None
    return Message.objects.filter(pk=int(number)).first()


def _row(task: StaffTask) -> Row:
    kind = task_kinds().get(task.kind)
    return Row(
        key=task.key,
        text=task_text(task),
        href=_page_of(task.subject),
        scope=task.scope,
        since=task.created_at,
        reason=task_reason(task),
        detail=str(task.params.get("detail", "")),
        is_pressed=kind is None or kind.ends_by_press,
        is_message=task.kind in MESSAGE_KINDS,
        is_urgent=task.kind in AT_ONCE,
    )


def _page_of(subject: str) -> str:
    what, _, name = subject.partition(":")
    if what not in PAGES or not name:
        return ""
    page, part = PAGES[what]
    return reverse(page, kwargs={part: name})
