"""Providers and their offices: register, open, announce a closure, change the hours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.providers.models import Closure, Office, Provider
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.workdays import LAST_MINUTE, WEEKDAYS, Minutes

# Public numbers begin with the code (rules.identifiers.public_number).
CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}", re.ASCII)
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{2,24}", re.ASCII)
FACTS = ("ramp", "call_button", "tactile_path", "waiting_hall", "sample_stand")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """An organisation of row 1 (A57.1, A303.1); ``kind`` is "education" or "science"."""

    code: str
    bin: str
    kind: str
    name: Text
    city: Text
    accreditation: str = ""
    accreditation_until: date | None = None
    licence: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeFacts:
    """A place of reception.

    ``hours`` maps a weekday (0 is Monday) to opening and closing minutes from midnight; empty
    means the hours of the standard in force. ``accessible`` names those of the five facts of
    A303.10.e that hold: "ramp", "call_button", "tactile_path", "waiting_hall", "sample_stand".
    """

    name: Text
    address: Text
    phones: tuple[str, ...]
    hours: Mapping[int, Minutes]
    windows: int = 1
    accessible: frozenset[str] = frozenset()


@transaction.atomic
def register_provider(
    *, facts: ProviderFacts, main_office: OfficeFacts, now: datetime, actor: Actor
) -> Provider:
    """Enters an organisation together with its main office.

    Errors: ``provider_code_shape``, ``provider_code_taken``, ``provider_bin_taken``,
    ``provider_kind_unknown``, ``text_missing``, those of ``parse_bin`` and of ``open_office``.
    """
    if not CODE.fullmatch(facts.code):
        raise RuleViolation("provider_code_shape", provider_code=facts.code)
    if facts.kind not in Provider.Kind.values:
        raise RuleViolation("provider_kind_unknown", kind=facts.kind)
    number = identifiers.parse_bin(facts.bin)
    if Provider.objects.filter(code=facts.code).exists():
        raise RuleViolation("provider_code_taken", provider_code=facts.code)
    if Provider.objects.filter(bin=number).exists():
        raise RuleViolation("provider_bin_taken", bin=number)
    provider = Provider.objects.create(
        code=facts.code,
        bin=number,
        kind=facts.kind,
        **_in_three_languages("name", facts.name),
        **_in_three_languages("city", facts.city),
        accreditation=facts.accreditation,
        accreditation_until=facts.accreditation_until,
        licence=facts.licence,
        site=facts.site,
    )
    _record(provider, "provider_registered", actor, now, {"bin": number, "kind": facts.kind})
    _create_office(provider, main_office, is_main=True, now=now, actor=actor)
    return provider


@transaction.atomic
def open_office(*, provider: Provider, facts: OfficeFacts, now: datetime, actor: Actor) -> Office:
    """Adds one more place of reception.

    Errors: ``text_missing``, ``contact_phone_unreadable`` (none given, or not a number),
    ``accessibility_unknown``, and those of ``change_hours``.
    """
    return _create_office(provider, facts, is_main=False, now=now, actor=actor)


@transaction.atomic
def change_hours(
    *, office: Office, hours: Mapping[int, Minutes], now: datetime, actor: Actor
) -> Office:
    """Sets the weekly hours of an office; requests filed before keep the due time they have.

    Errors: ``hours_empty``, ``hours_wrong`` (weekday): closing not later than opening, or
    outside the day.
    """
    checked = _checked_hours(hours)
    locked = Office.objects.select_for_update().select_related("provider").get(pk=office.pk)
    before, locked.hours = locked.hours, checked
    locked.save(update_fields=["hours"])
    data = {"office": locked.pk, "before": before, "after": checked}
    _record(locked.provider, "hours_changed", actor, now, data)
    return locked


@transaction.atomic
def announce_closure(
    *, provider: Provider, day: date, reason: Text, now: datetime, actor: Actor
) -> Closure:
    """Announces a day without service, at the latest on the day before.

    Errors: ``closure_too_late`` (day): a day that began is part of clocks already told to people;
    ``closure_exists`` (day); ``text_missing``.
    """
    if day <= local_day(now):
        raise RuleViolation("closure_too_late", day=f"{day:%d.%m.%Y}")
    for language in ("kk", "ru"):
        _require_text("reason", reason, language)
    closure, created = Closure.objects.get_or_create(
        provider=provider,
        day=day,
        defaults={"reason_kk": reason.kk.strip(), "reason_ru": reason.ru.strip()},
    )
    if not created:
        raise RuleViolation("closure_exists", day=f"{day:%d.%m.%Y}")
    _record(provider, "closure_announced", actor, now, {"day": day.isoformat()})
    return closure


def _create_office(
    provider: Provider, facts: OfficeFacts, *, is_main: bool, now: datetime, actor: Actor
) -> Office:
    unknown = sorted(facts.accessible - set(FACTS))
    if unknown:
        raise RuleViolation("accessibility_unknown", fact=unknown[0])
    if not facts.phones or not all(map(PHONE.fullmatch, facts.phones)):
        raise RuleViolation("contact_phone_unreadable")
    office = Office.objects.create(
        provider=provider,
        is_main=is_main,
        **_in_three_languages("name", facts.name),
        **_in_three_languages("address", facts.address),
        phones=list(facts.phones),
        hours=_checked_hours(facts.hours) if facts.hours else {},
        windows=facts.windows,
        **{f"has_{fact}": fact in facts.accessible for fact in FACTS},
    )
    _record(provider, "office_opened", actor, now, {"office": office.pk, "is_main": is_main})
    return office


def _checked_hours(hours: Mapping[int, Minutes]) -> dict[str, list[int]]:
    if not hours:
        raise RuleViolation("hours_empty")
    for weekday, (opens, closes) in hours.items():
        if weekday not in range(len(WEEKDAYS)) or not 0 <= opens < closes <= LAST_MINUTE:
            raise RuleViolation("hours_wrong", weekday=weekday + 1)
    return {str(weekday): [opens, closes] for weekday, (opens, closes) in sorted(hours.items())}


def _in_three_languages(field: str, text: Text) -> dict[str, str]:
    for language in LANGUAGES:
        _require_text(field, text, language)
    return {f"{field}_{language}": getattr(text, language).strip() for language in LANGUAGES}


def _require_text(field: str, text: Text, language: str) -> None:
    # Not ``text.get``: it falls back to Kazakh, and a missing translation would pass.
    if not getattr(text, language).strip():
        raise RuleViolation("text_missing", field=field, language=language)


def _record(
    provider: Provider, action: str, actor: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    journal.record(
        subject=f"provider:{provider.pk}", action=action, actor=actor, now=now, data=data
    )
