"""Whose figures somebody sees."""

from django.db.models import QuerySet

from kualik.accounts.models import User
from kualik.providers.models import Provider
from kualik.rules.lifecycle import SUPERVISORS, Role


def providers_seen_by(user: User) -> QuerySet[Provider]:
    """The own organisation; all of them for an inspector; none for other staff."""
    if user.has_role(frozenset({Role.INSPECTOR})):
        return Provider.objects.order_by("code")
    if not user.has_role(SUPERVISORS):
        return Provider.objects.none()
    return Provider.objects.filter(staff=user)
