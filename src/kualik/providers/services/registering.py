"""Organisations and their offices: register, open, and change what is told about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from kualik.core.journal import Actor
from kualik.providers.models import Office, Provider
from kualik.providers.services.hours import checked_hours
from kualik.providers.services.recording import (
    changed_fields,
    in_three_languages,
    record,
    saved,
)
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.workdays import Minutes

# Public numbers begin with the code (rules.identifiers.public_number).
CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}", re.ASCII)
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{2,24}", re.ASCII)
FACTS = ("ramp", "call_button", "tactile_path", "waiting_hall", "sample_stand")
# Degrees between which the country lies (data/map.toml).
LATITUDES = (Decimal(40), Decimal(56))
LONGITUDES = (Decimal(46), Decimal(88))
MOST_WINDOWS = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFacts:
    """What an organisation says of itself; its code, BIN and kind are the platform's."""

    name: Text
    city: Text
    accreditation: str = ""
    accreditation_until: date | None = None
    licence: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts(OwnFacts):
    """An organisation of row 1 (A57.1, A303.1); ``kind`` is "education" or "science"."""

    code: str
    bin: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """How an office is found and reached; ``position`` is latitude and longitude in degrees."""

    name: Text
    address: Text
    phones: tuple[str, ...]
    windows: int = 1
    position: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeFacts(PlaceFacts):
    """A place of reception.

    ``hours`` maps a weekday (0 is Monday) to opening and closing minutes from midnight; empty
    means the hours of the standard in force. ``accessible`` names those of the five facts of
    A303.10.e that hold: "ramp", "call_button", "tactile_path", "waiting_hall", "sample_stand".
    """

    hours: Mapping[int, Minutes] = field(default_factory=dict)
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
        code=facts.code, bin=number, kind=facts.kind, **_own_columns(facts)
    )
    record(provider, "provider_registered", actor, now, {"bin": number, "kind": facts.kind})
    _create_office(provider, main_office, is_main=True, now=now, actor=actor)
    return provider


@transaction.atomic
def change_provider(
    *, provider: Provider, facts: OwnFacts, now: datetime, actor: Actor
) -> Provider:
    """Sets what the organisation says of itself; nothing is recorded where nothing differs.

    Errors: ``text_missing``. Papers already made keep the names they were made with.
    """
    values = _own_columns(facts)
    locked = Provider.objects.select_for_update().get(pk=provider.pk)
    before, after = changed_fields(locked, values)
    if after:
        saved(locked, values, after)
        record(locked, "provider_changed", actor, now, {"before": before, "after": after})
    return locked


@transaction.atomic
def open_office(*, provider: Provider, facts: OfficeFacts, now: datetime, actor: Actor) -> Office:
    """Adds one more place of reception.

    Errors: ``text_missing``, ``contact_phone_unreadable`` (none given, or not a number),
    ``office_exists`` (same name and address), ``windows_wrong``, ``position_wrong``,
    ``accessibility_unknown``, ``hours_wrong``.
    """
    Provider.objects.select_for_update().get(pk=provider.pk)
    return _create_office(provider, facts, is_main=False, now=now, actor=actor)


@transaction.atomic
def change_office(*, office: Office, facts: PlaceFacts, now: datetime, actor: Actor) -> Office:
    """Sets how the office is found and reached; the errors are those of ``open_office``."""
    values = _place_columns(facts)
    locked = Office.objects.select_for_update(of=("self",)).select_related("provider")
    found = locked.get(pk=office.pk)
    before, after = changed_fields(found, values)
    if after:
        saved(found, values, after)
        data = {"office": found.pk, "before": before, "after": after}
        record(found.provider, "office_changed", actor, now, data)
    return found


@transaction.atomic
def change_access(
    *, office: Office, accessible: frozenset[str], now: datetime, actor: Actor
) -> Office:
    """Sets which of the five facts of A303.10.e hold; ``accessibility_unknown`` for another."""
    values = _access_columns(accessible)
    locked = Office.objects.select_for_update(of=("self",)).select_related("provider")
    found = locked.get(pk=office.pk)
    before, after = changed_fields(found, values)
    if after:
        saved(found, values, after)
        data = {
            "office": found.pk,
            "before": {name.removeprefix("has_"): value for name, value in before.items()},
            "after": {name.removeprefix("has_"): value for name, value in after.items()},
        }
        record(found.provider, "access_changed", actor, now, data)
    return found


def _create_office(
    provider: Provider, facts: OfficeFacts, *, is_main: bool, now: datetime, actor: Actor
) -> Office:
    values = _place_columns(facts)
    same = {name: values[name] for name in ("name_ru", "address_ru")}
    if not is_main and Office.objects.filter(provider=provider, **same).exists():
        raise RuleViolation("office_exists", name=facts.name)
    office = Office.objects.create(
        provider=provider,
        is_main=is_main,
        hours=checked_hours(facts.hours) if facts.hours else {},
        **values,
        **_access_columns(facts.accessible),
    )
    record(provider, "office_opened", actor, now, {"office": office.pk, "is_main": is_main})
    return office


def _own_columns(facts: OwnFacts) -> dict[str, object]:
    return {
        **in_three_languages("name", facts.name),
        **in_three_languages("city", facts.city),
        "accreditation": facts.accreditation,
        "accreditation_until": facts.accreditation_until,
        "licence": facts.licence,
        "site": facts.site,
    }


def _place_columns(facts: PlaceFacts) -> dict[str, object]:
    if not facts.phones or not all(map(PHONE.fullmatch, facts.phones)):
        raise RuleViolation("contact_phone_unreadable")
    if not 1 <= facts.windows <= MOST_WINDOWS:
        raise RuleViolation("windows_wrong", most=MOST_WINDOWS)
    return {
        **in_three_languages("name", facts.name),
        **in_three_languages("address", facts.address),
        "phones": list(facts.phones),
        "windows": facts.windows,
        **_position_columns(facts.position),
    }


def _position_columns(position: tuple[Decimal, Decimal] | None) -> dict[str, object]:
    if position is None:
        return {"latitude": None, "longitude": None}
    latitude, longitude = position
    in_country = LATITUDES[0] <= latitude <= LATITUDES[1]
    if not in_country or not LONGITUDES[0] <= longitude <= LONGITUDES[1]:
        raise RuleViolation("position_wrong")
    return {"latitude": latitude, "longitude": longitude}


def _access_columns(accessible: frozenset[str]) -> dict[str, object]:
    unknown = sorted(accessible - set(FACTS))
    if unknown:
        raise RuleViolation("accessibility_unknown", fact=unknown[0])
    return {f"has_{fact}": fact in accessible for fact in FACTS}
