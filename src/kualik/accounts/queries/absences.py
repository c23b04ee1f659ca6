"""Who of the staff is there: able to enter, and not away on a day."""

from datetime import date

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import WebAuthnCredential

from kualik.accounts.models import Absence, User
from kualik.providers.models import Provider


def able(found: QuerySet[User]) -> QuerySet[User]:
    """Those of ``found`` who can enter: active, with a password and a second factor."""
    barred = Q(password="") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    apps = TOTPDevice.objects.filter(confirmed=True).values("user")
    passkeys = WebAuthnCredential.objects.filter(confirmed=True).values("user")
    return found.filter(Q(pk__in=apps) | Q(pk__in=passkeys), is_active=True).exclude(barred)


def present(found: QuerySet[User], day: date) -> QuerySet[User]:
    """Those of ``found`` who are not away on a day."""
    away = Absence.objects.filter(from_day__lte=day, to_day__gte=day)
    return found.exclude(pk__in=away.values("user"))


def absences_of(provider: Provider, *, since: date) -> QuerySet[Absence]:
    """The absences at an organisation that last on ``since`` or come later, soonest first."""
    found = Absence.objects.filter(user__provider=provider, user__is_active=True)
    return found.filter(to_day__gte=since).select_related("user").order_by("from_day", "pk")
