"""The requests a person may follow."""

from datetime import datetime

from django.db.models import Q

from kualik.accounts.models import Person, User
from kualik.cases.models import HumanReview, Mandate, Request
from kualik.core.clock import local_day

RELATED = ("provider", "person", "certificate", "completion__programme", "mandate")


def followed_by(person: Person, number: str, *, now: datetime) -> Request | None:
    """The own request of that number, or one filed for somebody by a mandate still in force."""
    by_mandate = Q(
        mandate__representative=person,
        mandate__state=Mandate.State.CHECKED,
        mandate__valid_until__gte=local_day(now),
    )
    rows = Request.objects.select_related(*RELATED).filter(Q(person=person) | by_mandate)
    return rows.filter(number=number).first()


def reviews_visible_to(user: User) -> list[HumanReview]:
    """What applicants of the provider demanded, the open ones first, of them the oldest."""
    if user.provider_id is None:
        return []
    rows = HumanReview.objects.filter(request__provider=user.provider_id).select_related(
        "request__person", "request__provider", "request__certificate",
        "request__completion__programme", "decided_by",
    )  # fmt: skip
    return sorted(
        rows.order_by("asked_at", "pk"), key=lambda row: row.outcome != HumanReview.Outcome.OPEN
    )
