"""What is left to do for a member of staff, in words (core.tasks)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db.models import Case, QuerySet, When

from kualik.accounts.models import User
from kualik.core.clock import ZONE
from kualik.core.models import StaffTask
from kualik.core.tasks import ANYWHERE, open_tasks
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role

DATA = Path(__file__).parents[1] / "data" / "tasks.toml"
CHANNELS = {"sms": Text("SMS", "SMS", "SMS"), "email": Text("пошта", "почта", "e-mail")}
NOBODY = Text("тағайындалмаған", "не назначен", "nobody yet")
# What is told to whoever answers for the office, and to the registrar all the same.
REGISTRAR_SEES = frozenset({"request_overdue", "seal_failed"})
# Somebody stands at a window meanwhile (A57.3.3, A303.3.3).
AT_ONCE = frozenset({"person_waits"})
# Tasks of these kinds are about a message, whose number ends their key.
MESSAGE_KINDS = frozenset({"message_failed", "message_unsure"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What tasks of one kind say; ``ends_by_press``: otherwise they leave with what they ask."""

    text: Text
    ends_by_press: bool


@cache
def task_kinds() -> Mapping[str, Kind]:
    """Every kind that the program opens. Raises KeyError where a language is missing."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {
        name: Kind(Text(*(row[language] for language in LANGUAGES)), row["ends"] == "press")
        for name, row in rows.items()
    }


def tasks_of(user: User) -> QuerySet[StaffTask]:
    """What this member of staff sees: somebody who stands at a window first, then the oldest;
    those of the platform see every scope.

    The registrar works on what is late, whoever answers for it.
    """
    scope = user.provider.code if user.provider else ANYWHERE
    found = open_tasks(roles=[role.value for role in user.roles], scope=scope)
    if user.has_role(frozenset({Role.REGISTRAR})):
        found |= open_tasks(roles=list(Role), scope=scope).filter(kind__in=REGISTRAR_SEES)
    return found.order_by(Case(When(kind__in=AT_ONCE, then=0), default=1), "created_at", "pk")


def task_text(task: StaffTask) -> Text:
    """What the task asks, with its values; a kind without words is shown by its code."""
    kind = task_kinds().get(task.kind)
    if kind is None:
        return Text(task.kind, task.kind, task.kind)
    return Text(
        *(
            kind.text.get(language).format_map(_values(task.params, language))
            for language in LANGUAGES
        )
    )


def task_reason(task: StaffTask) -> Text | None:
    """Why the task is there, where it was opened with a reason that its text does not say."""
    kind = task_kinds().get(task.kind)
    if not task.params.get("reason") or (kind and "{reason}" in kind.text.en):
        return None
    return Text(*(_said("reason", task.params["reason"], language) for language in LANGUAGES))


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def _values(params: Mapping[str, object], language: str) -> _Values:
    return _Values({name: _said(name, value, language) for name, value in params.items()})


def _said(name: str, value: object, language: str) -> str:
    text = str(value.get(language, "")) if isinstance(value, dict) else str(value)
    if name == "channel" and text in CHANNELS:
        return CHANNELS[text].get(language)
    if name.endswith("_at") and text:
        return f"{datetime.fromisoformat(text).astimezone(ZONE):%d.%m.%Y %H:%M}"
    return text or NOBODY.get(language)
