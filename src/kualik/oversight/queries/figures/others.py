"""Complaints, failures and blanks in figures; they belong to an organisation, not to an office."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, F, IntegerField, Q, Sum, When

from kualik.certificates.models import BlankReceipt
from kualik.certificates.services.blanks import prefix_of
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.core.models import JournalEntry
from kualik.incidents.models import Incident, Report
from kualik.oversight.queries.figures.periods import Period
from kualik.oversight.queries.figures.requests import Scope
from kualik.rules import complaints as law

ENDS = {
    "used": "certificates.blank_used",
    "spoiled": "certificates.blank_spoiled",
    "lost": "certificates.blank_lost",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """``overdue`` had a term that ended in the period before the complaint moved on."""

    received: int
    decided: int
    upheld: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """``lasted`` is what of them lies in the period; of ``notices`` and ``protocols`` whose term
    ended in it so many were in time (A57.10-4)."""

    count: int
    lasted: timedelta
    notices: int
    notices_in_time: int
    protocols: int
    protocols_in_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanks:
    """``left`` is what remains at the end of the period (A57.4, A303.4). One that bore a document
    and was written off later is ``spoiled``, and ``used`` no more, in the period of its act.
    """

    received: int
    used: int
    spoiled: int
    lost: int
    left: int


def complaints_of(scope: Scope, period: Period, *, now: datetime) -> Complaints:
    """Received and decided in the period; upheld are the decisions that satisfy."""
    own = Complaint.objects.filter(provider__in=scope.keys)
    upholds = [one.code for one in law.law().decisions if one.satisfies]
    decided = ComplaintDecision.objects.filter(
        period.holds("decided_at"), complaint__provider__in=scope.keys
    ).aggregate(all=Count("pk"), upheld=Count("pk", filter=Q(kind__in=upholds)))
    # A complaint begins before its terms end; the clocks themselves are records.
    clocks = own.filter(received_at__lt=period.end).filter(
        Q(closed_at=None) | Q(closed_at__gte=period.start)
    )
    return Complaints(
        received=own.filter(period.holds("received_at")).count(),
        decided=decided["all"],
        upheld=decided["upheld"],
        overdue=sum(
            _is_late(records, period, now) for records in clocks.values_list("clocks", flat=True)
        ),
    )


def _is_late(records: Iterable[dict[str, str | None]], period: Period, now: datetime) -> bool:
    for record in records:
        due = datetime.fromisoformat(str(record["due_at"]))
        ended = datetime.fromisoformat(record["ended_at"]) if record["ended_at"] else now
        if period.start <= due < period.end and ended > due:
            return True
    return False


def failures_of(scope: Scope, period: Period, *, now: datetime) -> Failures:
    """The failures that touched the organisations, those of everybody included."""
    touched = Q(provider=None) | Q(provider__in=scope.keys)
    lasted = Q(ended_at=None) | Q(ended_at__gt=period.start)
    spans = list(
        Incident.objects.filter(touched, lasted, began_at__lt=period.end).values_list(
            "began_at", "ended_at"
        )
    )
    until = min(now, period.end)
    cuts = ((max(began, period.start), min(ended or until, until)) for began, ended in spans)
    reports = Report.objects.filter(provider__in=scope.keys).exclude(state=Report.State.CANCELLED)
    notices, protocols = period.holds("notice_due_at"), period.holds("protocol_due_at")
    in_time = reports.aggregate(
        notices=Count("pk", filter=notices & Q(notice_due_at__lte=now)),
        told=Count(
            "pk", filter=notices & Q(told_at__lte=F("notice_due_at"), notice_due_at__lte=now)
        ),
        protocols=Count("pk", filter=protocols & Q(protocol_due_at__lte=now)),
        signed=Count(
            "pk",
            filter=protocols & Q(signed_at__lte=F("protocol_due_at"), protocol_due_at__lte=now),
        ),
    )
    return Failures(
        count=len(spans),
        lasted=sum((max(end - start, timedelta()) for start, end in cuts), timedelta()),
        notices=in_time["notices"],
        notices_in_time=in_time["told"],
        protocols=in_time["protocols"],
        protocols_in_time=in_time["signed"],
    )


def blanks_of(scope: Scope, period: Period) -> Blanks:
    """Received by the day of the delivery, the rest by the moment it was entered."""
    size = F("last") - F("first") + 1
    receipts = BlankReceipt.objects.filter(
        provider__in=scope.keys, received_on__lte=period.last
    ).aggregate(
        ever=Sum(size),
        now=Sum(
            Case(
                When(received_on__gte=period.first, then=size),
                default=0,
                output_field=IntegerField(),
            )
        ),
    )
    ever, now = _ended(scope, Q(at__lt=period.end)), _ended(scope, period.holds("at"))
    return Blanks(
        received=receipts["now"] or 0,
        used=now["used"],
        spoiled=now["spoiled"],
        lost=now["lost"],
        left=(receipts["ever"] or 0) - sum(ever.values()),
    )


def _ended(scope: Scope, when: Q) -> dict[str, int]:
    """How blanks ended, by the journal: a month that is over never changes."""
    whose = Q()
    for provider in scope.providers:
        whose |= Q(subject__startswith=prefix_of(provider))
    named = Q(data__has_key="certificate")
    counted = JournalEntry.objects.filter(whose, when, action__in=ENDS.values()).aggregate(
        used=Count("pk", filter=Q(action=ENDS["used"])),
        undone=Count("pk", filter=Q(action=ENDS["spoiled"]) & named),
        spoiled=Count("pk", filter=Q(action=ENDS["spoiled"])),
        lost=Count("pk", filter=Q(action=ENDS["lost"])),
    )
    used = counted["used"] - counted["undone"]
    return {"used": used, "spoiled": counted["spoiled"], "lost": counted["lost"]}
