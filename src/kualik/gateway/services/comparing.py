"""Which completed programme a form of the portal is about, and whether it says what we know."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kualik.accounts.models import Person
from kualik.cases.queries.asking import receivable_by
from kualik.gateway.services.mapping import PortalForm
from kualik.providers.models import Provider
from kualik.training.models import Completion

# A title is compared by its letters and digits alone.
SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """``completion`` where exactly one fits; ``fitting`` are all that do.

    ``differs`` names what the form says otherwise ("name", "started_on", "hours"); ``named_all`` is
    whether it named everything that will be printed, and nothing of it differs.
    """

    completion: Completion | None
    fitting: Sequence[Completion]
    differs: tuple[str, ...] = ()
    named_all: bool = False


def find_training(form: PortalForm, *, person: Person, provider: Provider, now: datetime) -> Found:
    """Among the person's programmes at the provider that have no document yet."""
    rows = [
        row.completion
        for row in receivable_by(person, now=now)
        if row.mandate is None and row.completion.provider_id == provider.pk
    ]
    fitting = [row for row in rows if fits(form, row)]
    if len(fitting) != 1:
        return Found(completion=None, fitting=fitting)
    (completion,) = fitting
    differs = tuple(_differences(form, completion))
    return Found(
        completion=completion,
        fitting=fitting,
        differs=differs,
        named_all=not differs and _names_all(form),
    )


def fits(form: PortalForm, row: Completion) -> bool:
    """Whether nothing that the form names of the training speaks against it."""
    programme = row.programme
    titles = {_plain(programme.title_kk), _plain(programme.title_ru)}
    return (
        form.kind in ("", programme.kind)
        and form.programme_code in ("", str(programme.pk))
        and (not form.programme or _plain(form.programme) in titles)
        and form.ended_on in (None, row.mastered_on)
    )


def _differences(form: PortalForm, row: Completion) -> Iterable[str]:
    names = {_plain(row.holder_kk), _plain(row.holder_ru)}
    if form.full_name and _plain(form.full_name) not in names:
        yield "name"
    if form.started_on not in (None, row.started_on):
        yield "started_on"
    if form.hours not in (0, row.hours):
        yield "hours"


def _names_all(form: PortalForm) -> bool:
    is_named = form.programme or form.programme_code
    days = form.started_on and form.ended_on
    return bool(form.full_name and form.kind and is_named and days and form.hours)


def _plain(text: str) -> str:
    return SIGNS.sub(" ", unicodedata.normalize("NFC", text)).casefold().replace("ё", "е").strip()
