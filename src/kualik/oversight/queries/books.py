"""Do the books agree: the journal with the table, what was approved with what was sealed, what was
issued with the register and the outbox, blanks with their receipts.

Each check is an equation of counts, and the rows that spoil it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Sum

from kualik.cases.models import Request
from kualik.certificates.models import Blank, BlankReceipt, Certificate
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

    @property
    def is_even(self) -> bool:
        """Whether both sides are alike and no row differs."""
        return not self.rows and _sum(self.left) == _sum(self.right)


def books_of(provider: Provider, *, now: datetime) -> list[Balance]:
    """All checks of one provider."""
    return [check(provider, now) for check in CHECKS]


def _requests(provider: Provider, _now: datetime) -> Balance:
    """Filed by the journal = decided + open by the table, request by request."""
    states = dict(Request.objects.filter(provider=provider).values_list("number", "state"))
    told = _states_by_journal(states)
    is_open = sum(State(state) in AWAITING_RESULT for state in states.values())
    return Balance(
        code="requests",
        title=Text(
            "Тіркелгені = шешілгені + қаралудағысы",
            "Подано = решено + в работе",
            "Filed = decided + open",
        ),
        left=(
            (
                Text("журнал бойынша түскені", "подано по журналу", "filed by the journal"),
                len(told),
            ),
        ),
        right=(
            (Text("шешілгені", "решено", "decided"), len(states) - is_open),
            (Text("қаралудағысы", "в работе", "open"), is_open),
        ),
        rows=tuple(sorted(number for number, state in states.items() if told.get(number) != state)),
    )


def _states_by_journal(numbers: Iterable[str]) -> dict[str, State]:
    """The state that the last act of each request led to; a request without acts is missing."""
    found: dict[str, State] = {}
    subjects = [f"request:{number}" for number in numbers]
    for start in range(0, len(subjects), PART):
        entries = JournalEntry.objects.filter(
            subject__in=subjects[start : start + PART], action__in=LEADS_TO
        )
        for subject, action in entries.order_by("sequence").values_list("subject", "action"):
            found[subject.removeprefix("request:")] = LEADS_TO[action]
    return found


def _approved(provider: Provider, _now: datetime) -> Balance:
    """Approved = sealed + waiting for the seal, each with the number of a document."""
    approved = Request.objects.filter(provider=provider, state__in=[State.APPROVED, *HAS_DOCUMENT])
    states = list(approved.values_list("number", "state", "certificate__status"))
    waiting = [row for row in states if row[1] == State.APPROVED]
    sealed = [row for row in states if row[2] in SEALED]
    wrong = [row[0] for row in waiting if row[2] != Certificate.Status.DRAFT]
    wrong += [row[0] for row in states if row[1] in HAS_DOCUMENT and row[2] not in SEALED]
    return Balance(
        code="approved",
        title=Text(
            "Мақұлданғаны = куәландырылғаны + қол қоюды күтіп тұрғаны",
            "Одобрено = удостоверено + ждёт подписи",
            "Approved = sealed + waiting",
        ),
        left=((Text("мақұлданғаны", "одобрено", "approved"), len(states)),),
        right=(
            (Text("куәландырылғаны", "удостоверено", "sealed"), len(sealed)),
            (Text("қол қоюды күтіп тұрғаны", "ждёт подписи", "waiting for the seal"), len(waiting)),
        ),
        rows=tuple(sorted(wrong)),
    )


def _issued(provider: Provider, _now: datetime) -> Balance:
    """Issued = registered = told, as far back as the outbox reaches."""
    issued = Request.objects.filter(provider=provider, state__in=HAS_DOCUMENT)
    registered = issued.filter(certificate__provider=F("provider"), certificate__status__in=SEALED)
    untold = tuple(_untold(provider, registered))
    missing = set(issued.values_list("number", flat=True))
    missing -= set(registered.values_list("number", flat=True))
    return Balance(
        code="issued",
        title=Text(
            "Ресімделгені = тізілімге енгізілгені = хабарланғаны",
            "Оформлено = внесено в реестр = сообщено",
            "Issued = registered = told",
        ),
        left=((Text("ресімделгені", "оформлено", "issued"), issued.count()),),
        right=(
            (Text("тізілімге енгізілгені", "внесено в реестр", "registered"), registered.count()),
        ),
        rows=tuple(sorted({*missing, *untold})),
    )


def _untold(provider: Provider, issued: "Iterable[Request]") -> Iterator[str]:
    """Those whose person can be reached and was sent nothing of the result."""
    since = Message.objects.filter(scope=provider.code).aggregate(first=Min("created_at"))["first"]
    if since is None:
        return
    told = set(
        Message.objects.filter(scope=provider.code, event__in=TOLD).values_list("about", flat=True)
    )
    rows = Request.objects.filter(
        pk__in=[row.pk for row in issued], certificate__sealed_at__gt=since
    ).select_related("completion", "person")
    for row in rows:
        if f"request:{row.number}" not in told and (row.email or row.phone or row.person.email):
            yield row.number


def _blanks(provider: Provider, _now: datetime) -> Balance:
    """Received = used + spoiled + lost + left (A57.4, A303.4)."""
    receipts = BlankReceipt.objects.filter(provider=provider)
    received = receipts.aggregate(all=Sum(F("last") - F("first") + 1))["all"] or 0
    counted = Blank.objects.filter(provider=provider).values("state").annotate(count=Count("pk"))
    count = {row["state"]: row["count"] for row in counted}
    state = Blank.State
    used = Blank.objects.filter(provider=provider, state=state.USED)
    wrong = used.exclude(certificate__provider=provider).values_list("series", "number")
    left = count.get(state.IN_STOCK, 0) + count.get(state.GIVEN, 0)
    return Balance(
        code="blanks",
        title=Text(
            "Алынған бланк = жұмсалғаны + бүлінгені + жоғалғаны + қалғаны",
            "Получено бланков = использовано + испорчено + утрачено + осталось",
            "Blanks received = used + spoiled + lost + left",
        ),
        left=((Text("алынғаны", "получено", "received"), received),),
        right=(
            (Text("жұмсалғаны", "использовано", "used"), count.get(state.USED, 0)),
            (Text("бүлінгені", "испорчено", "spoiled"), count.get(state.SPOILED, 0)),
            (Text("жоғалғаны", "утрачено", "lost"), count.get(state.LOST, 0)),
            (Text("қалғаны", "осталось", "left"), left),
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
    _blanks,
    _journal,
)
