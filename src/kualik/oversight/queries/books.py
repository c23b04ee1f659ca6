"""Do the books agree: the journal with the table, what was approved with what was sealed, what was
issued with the register and the outbox, blanks with their receipts.

Each check is an equation of counts, and the rows that spoil it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from kualik.cases.models import Request
from kualik.certificates.models import Blank, Certificate
from kualik.certificates.services.blanks import ledger_of
from kualik.core import journal
from kualik.core.models import JournalEntry
from kualik.notifications.models import Message
from kualik.providers.models import Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import AWAITING_RESULT, TRANSITIONS, State

FILED = "cases.filed"
# The state that each act of the journal leads to; several sources of one event lead to one state.
LEADS_TO = {f"cases.{event}": move.to for (_, event), move in TRANSITIONS.items()}
LEADS_TO[FILED] = State.FILED
SEALED = frozenset(
    {
        Certificate.Status.VALID,
        Certificate.Status.SUSPENDED,
        Certificate.Status.REVOKED,
        Certificate.Status.REPLACED,
    }
)
HAS_DOCUMENT = frozenset({State.ISSUED, State.HANDED_OVER})
TOLD = ("request_issued", "corrected_document_issued")
JOURNAL_LOOKS_BACK = timedelta(days=2)
PART = 400
Side = tuple[tuple[Text, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One check: the counts of both sides, and the numbers of the rows that differ."""

    code: str
    title: Text
    left: Side
    right: Side
    rows: tuple[str, ...]

    def to_record(self) -> dict[str, object]:
        """As it is kept between two comparisons."""
        return {
            "code": self.code,
            "title": _said(self.title),
            "left": [[_said(name), count] for name, count in self.left],
            "right": [[_said(name), count] for name, count in self.right],
            "rows": list(self.rows),
        }

    @property
    def is_even(self) -> bool:
        """Whether both sides are alike and no row differs."""
        return not self.rows and _sum(self.left) == _sum(self.right)


@dataclass(frozen=True, slots=True)
class Books:
    """The last comparison of one provider and its moment."""

    at: datetime
    balances: tuple[Balance, ...]


def kept_books(provider: Provider) -> Books | None:
    """What the last comparison found; None where there was none, or nobody kept it."""
    found = cache.get(_key(provider))
    if found is None:
        return None
    record = json.loads(found)
    balances = tuple(_from_record(row) for row in record["balances"])
    return Books(datetime.fromisoformat(record["at"]), balances)


def keep_books(provider: Provider, balances: Iterable[Balance], *, at: datetime) -> None:
    """Keep a comparison until the next one."""
    record = {"at": at.isoformat(), "balances": [row.to_record() for row in balances]}
    cache.set(_key(provider), json.dumps(record), timeout=None)


def books_of(provider: Provider, *, now: datetime) -> list[Balance]:
    """All checks of one provider."""
    return [check(provider, now) for check in CHECKS]


def _requests(provider: Provider, _now: datetime) -> Balance:
    """Filed by the journal = decided + open by the table, request by request."""
    filed, is_open, count, wrong = 0, 0, 0, list[str]()
    for states in _portions(provider):
        told = _states_by_journal(states)
        filed += len(told)
        count += len(states)
        is_open += sum(State(state) in AWAITING_RESULT for state in states.values())
        moved = [number for number, state in states.items() if told.get(number) != state]
        wrong += _still_differing(moved)
    return Balance(
        code="requests",
        title=Text(
            "Тіркелгені = шешілгені + қаралудағысы",
            "Подано = решено + в работе",
            "Filed = decided + open",
        ),
        left=(
            (Text("журнал бойынша түскені", "подано по журналу", "filed by the journal"), filed),
        ),
        right=(
            (Text("шешілгені", "решено", "decided"), count - is_open),
            (Text("қаралудағысы", "в работе", "open"), is_open),
        ),
        rows=tuple(sorted(wrong)),
    )


def _still_differing(numbers: list[str]) -> list[str]:
    """Those that are no mere matter of an act between the two looks."""
    rows = Request.objects.filter(number__in=numbers).values_list("number", "state")
    states, told = dict(rows), _states_by_journal(numbers)
    return [number for number in numbers if told.get(number) != states.get(number)]


def _portions(provider: Provider) -> Iterator[dict[str, str]]:
    """The states of all requests by number, some hundreds at a time."""
    after = 0
    while True:
        rows = Request.objects.filter(provider=provider, pk__gt=after).order_by("pk")
        found = list(rows.values_list("pk", "number", "state")[:PART])
        if not found:
            return
        after = found[-1][0]
        yield {number: state for _, number, state in found}


def _states_by_journal(numbers: Iterable[str]) -> dict[str, State]:
    """The state that the last act of each request led to; a request without acts is missing."""
    subjects = [f"request:{number}" for number in numbers]
    entries = JournalEntry.objects.filter(subject__in=subjects, action__in=LEADS_TO)
    return {
        subject.removeprefix("request:"): LEADS_TO[action]
        for subject, action in entries.order_by("sequence").values_list("subject", "action")
    }


def _approved(provider: Provider, _now: datetime) -> Balance:
    """Approved = sealed + waiting for the seal, each with the number of a document."""
    approved = Request.objects.filter(provider=provider, state__in=[State.APPROVED, *HAS_DOCUMENT])
    waiting = approved.filter(state=State.APPROVED)
    sealed = approved.filter(certificate__status__in=SEALED)
    spoiled = waiting.exclude(
        pk__in=waiting.filter(certificate__status=Certificate.Status.DRAFT).values("pk")
    )
    unsealed = approved.filter(state__in=HAS_DOCUMENT).exclude(pk__in=sealed.values("pk"))
    wrong = [*spoiled.values_list("number", flat=True), *unsealed.values_list("number", flat=True)]
    return Balance(
        code="approved",
        title=Text(
            "Мақұлданғаны = куәландырылғаны + қол қоюды күтіп тұрғаны",
            "Одобрено = удостоверено + ждёт подписи",
            "Approved = sealed + waiting",
        ),
        left=((Text("мақұлданғаны", "одобрено", "approved"), approved.count()),),
        right=(
            (Text("куәландырылғаны", "удостоверено", "sealed"), sealed.count()),
            (
                Text("қол қоюды күтіп тұрғаны", "ждёт подписи", "waiting for the seal"),
                waiting.count(),
            ),
        ),
        rows=tuple(sorted(wrong)),
    )


def _issued(provider: Provider, _now: datetime) -> Balance:
    """Issued = registered, as a document in force or one that was."""
    issued = Request.objects.filter(provider=provider, state__in=HAS_DOCUMENT)
    registered = _registered(provider)
    missing = issued.exclude(pk__in=registered.values("pk")).values_list("number", flat=True)
    return Balance(
        code="issued",
        title=Text(
            "Ресімделгені = тізілімге енгізілгені", "Оформлено = внесено в реестр",
            "Issued = registered",
        ),
        left=((Text("ресімделгені", "оформлено", "issued"), issued.count()),),
        right=(
            (Text("тізілімге енгізілгені", "внесено в реестр", "registered"), registered.count()),
        ),
        rows=tuple(sorted(missing)),
    )  # fmt: skip


def _told(provider: Provider, _now: datetime) -> Balance:
    """Registered = told + nobody to tell + older than the outbox. A message that failed for good
    told nobody."""
    registered = _registered(provider)
    sent = Message.objects.filter(scope=provider.code)
    since = sent.aggregate(first=Min("created_at"))["first"]
    told = sent.filter(event__in=TOLD, about=Concat(Value("request:"), OuterRef("number")))
    heard = Exists(told.exclude(state=Message.State.FAILED))
    older = registered.filter(~heard, Q(certificate__sealed_at__lte=since) if since else Q())
    rest = registered.exclude(pk__in=older.values("pk")).filter(~heard)
    mute, untold = 0, list[str]()
    for row in rest.select_related("completion", "person").iterator(chunk_size=PART):
        if row.email or row.phone or row.person.email:
            untold.append(row.number)
        else:
            mute += 1
    return Balance(
        code="told",
        title=Text(
            "Тізілімге енгізілгені = хабарланғаны + хабарлау мүмкін еместері",
            "Внесено в реестр = сообщено + сообщить некуда",
            "Registered = told + could not be told",
        ),
        left=(
            (Text("тізілімге енгізілгені", "внесено в реестр", "registered"), registered.count()),
        ),
        right=(
            (Text("хабарланғаны", "сообщено", "told"), registered.filter(heard).count()),
            (Text("байланыс дерегі жоғы", "нет адреса и номера", "no address or number"), mute),
            (
                Text("хабарламалар жүйесінен бұрынғысы", "старше журнала сообщений",
                     "older than the messages"),
                older.count(),
            ),
        ),
        rows=tuple(sorted(untold)),
    )  # fmt: skip


def _registered(provider: Provider) -> QuerySet[Request]:
    issued = Request.objects.filter(provider=provider, state__in=HAS_DOCUMENT)
    return issued.filter(certificate__provider=F("provider"), certificate__status__in=SEALED)


def _blanks(provider: Provider, _now: datetime) -> Balance:
    """Received = used + spoiled + lost + left (A57.4, A303.4)."""
    ledger = ledger_of(provider)
    used = Blank.objects.filter(provider=provider, state=Blank.State.USED)
    wrong = used.exclude(certificate__provider=provider).values_list("series", "number")
    return Balance(
        code="blanks",
        title=Text(
            "Алынған бланк = жұмсалғаны + бүлінгені + жоғалғаны + қалғаны",
            "Получено бланков = использовано + испорчено + утрачено + осталось",
            "Blanks received = used + spoiled + lost + left",
        ),
        left=((Text("алынғаны", "получено", "received"), ledger.received),),
        right=(
            (Text("жұмсалғаны", "использовано", "used"), ledger.used),
            (Text("бүлінгені", "испорчено", "spoiled"), ledger.spoiled),
            (Text("жоғалғаны", "утрачено", "lost"), ledger.lost),
            (Text("қалғаны", "осталось", "left"), ledger.left),
        ),
        rows=tuple(f"{series} {number}" for series, number in wrong),
    )


def _journal(provider: Provider, now: datetime) -> Balance:
    """Every chain that grew lately is whole from its first entry."""
    grown = JournalEntry.objects.filter(
        subject__startswith=f"request:{provider.code}-", at__gt=now - JOURNAL_LOOKS_BACK
    )
    subjects = sorted(set(grown.values_list("subject", flat=True)))
    broken = tuple(subject for subject in subjects if journal.broken_links(subject))
    return Balance(
        code="journal",
        title=Text(
            "Журнал тізбектері = бүтін тізбектер",
            "Цепочки журнала = целые цепочки",
            "Chains of the journal = whole chains",
        ),
        left=(
            (
                Text("соңғы екі күнгі тізбектер", "цепочки за два дня", "chains of two days"),
                len(subjects),
            ),
        ),
        right=((Text("бүтіні", "целые", "whole"), len(subjects) - len(broken)),),
        rows=tuple(subject.removeprefix("request:") for subject in broken),
    )


def _sum(side: Side) -> int:
    return sum(count for _, count in side)


CHECKS: tuple[Callable[[Provider, datetime], Balance], ...] = (
    _requests,
    _approved,
    _issued,
    _told,
    _blanks,
    _journal,
)


def _key(provider: Provider) -> str:
    return f"oversight.books.{provider.pk}"


def _said(text: Text) -> list[str]:
    return [text.kk, text.ru, text.en]


def _from_record(record: Mapping[str, Any]) -> Balance:
    return Balance(
        code=record["code"],
        title=Text(*record["title"]),
        left=tuple((Text(*name), count) for name, count in record["left"]),
        right=tuple((Text(*name), count) for name, count in record["right"]),
        rows=tuple(record["rows"]),
    )
