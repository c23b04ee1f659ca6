"""Writing checked rows: persons, programmes, groups, completions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kualik.accounts.models import Person
from kualik.accounts.services import PersonFacts, find_persons, register_persons
from kualik.providers.models import Provider
from kualik.training.models import Completion, Group, Programme
from kualik.training.queries import groups_of, kept_completions, programmes_of
from kualik.training.services.check import CheckedRow, CompletionValues
from kualik.training.services.course import Course, ProgrammeFacts, fold_title

BATCH: Final = 40
Read = tuple[int, CompletionValues]


@dataclass(frozen=True, slots=True)
class Saved:
    """How many completions are new, the groups, and the completion of each sheet row."""

    created: int
    groups: tuple[int, ...]
    completions: Mapping[int, int]


def save_completions(
    *, provider: Provider, rows: Sequence[CheckedRow], group_name: str, now: datetime
) -> Saved:
    """Write what is new among ``rows``; call it in a transaction that locks the provider.

    A person already in the group, or with the same programme mastered on the same day, is known
    and not added again.
    """
    read = [(row.row, row.values) for row in rows if row.values]
    persons = register_persons(people=[_facts(values) for _, values in read], now=now)
    programmes = _programmes(provider, read)
    groups = _groups(provider, read, programmes, group_name, now)
    known: dict[tuple[object, ...], Completion] = {}
    for completion in kept_completions(programmes.values()):
        known.update(dict.fromkeys(_keys(completion), completion))
    fresh: list[Completion] = []
    by_row: dict[int, Completion] = {}
    for number, values in read:
        completion = _completion(values, number, groups[values.course], persons[values.iin], now)
        found = next((known[key] for key in _keys(completion) if key in known), None)
        if found is None:
            fresh.append(completion)
            known.update(dict.fromkeys(_keys(completion), completion))
        by_row[number] = found or completion
    Completion.objects.bulk_create(fresh, batch_size=BATCH)
    return Saved(
        created=len(fresh),
        groups=tuple(sorted({group.pk for group in groups.values()})),
        completions={number: completion.pk for number, completion in by_row.items()},
    )


def known_rows(
    *, provider: Provider, rows: Sequence[CheckedRow], group_name: str
) -> frozenset[int]:
    """The sheet rows whose completion is there already, as ``save_completions`` would find."""
    read = [(row.row, row.values) for row in rows if row.values]
    persons = find_persons(iins={values.iin for _, values in read})
    programmes = _known_programmes(provider, {values.course.programme.key for _, values in read})
    kept: set[tuple[object, ...]] = set()
    for completion in kept_completions(programmes.values()):
        kept.update(_keys(completion))
    groups: dict[Course, Group | None] = {}
    known: set[int] = set()
    for number, values in read:
        course, person = values.course, persons.get(values.iin)
        programme = programmes.get(course.programme.key)
        if not (kept and person and programme):
            continue
        if course not in groups:
            groups[course] = _kept_group(provider, programme, course.started_on, group_name)
        group = groups[course]
        same_day = ("day", programme.pk, person.pk, values.mastered_on)
        if same_day in kept or (group and ("group", group.pk, person.pk) in kept):
            known.add(number)
    return frozenset(known)


def _facts(values: CompletionValues) -> PersonFacts:
    return PersonFacts(values.iin, values.family_name, values.given_name, values.patronymic)


def _keys(completion: Completion) -> tuple[tuple[object, ...], ...]:
    """What makes two completions the same: the two unique constraints of the table."""
    return (
        ("group", completion.group_id, completion.person_id),
        ("day", completion.programme_id, completion.person_id, completion.mastered_on),
    )


def _programmes(provider: Provider, read: Sequence[Read]) -> dict[tuple[str, str, int], Programme]:
    wanted: dict[tuple[str, str, int], ProgrammeFacts] = {}
    for _, values in read:
        wanted.setdefault(values.course.programme.key, values.course.programme)
    found = _known_programmes(provider, wanted)
    for key, facts in wanted.items():
        if key not in found:
            found[key] = Programme.objects.create(
                provider=provider,
                kind=facts.kind,
                title_kk=facts.title_kk,
                title_ru=facts.title_ru,
                specialty_kk=facts.specialty_kk,
                specialty_ru=facts.specialty_ru,
                hours=facts.hours,
                credits=facts.credits,
            )
    return found


def _known_programmes(
    provider: Provider, wanted: Collection[tuple[str, str, int]]
) -> dict[tuple[str, str, int], Programme]:
    return {
        key: programme
        for programme in programmes_of(provider)
        if (key := (programme.kind, fold_title(programme.title_ru), programme.hours)) in wanted
    }


def _groups(
    provider: Provider,
    read: Sequence[Read],
    programmes: Mapping[tuple[str, str, int], Programme],
    group_name: str,
    now: datetime,
) -> dict[Course, Group]:
    """One group for each programme and first day; it ends with its last day of mastery."""
    by_start: dict[tuple[int, date], Group] = {}
    groups: dict[Course, Group] = {}
    for _, values in read:
        course = values.course
        programme = programmes[course.programme.key]
        key = (programme.pk, course.started_on)
        if key not in by_start:
            by_start[key] = _group(provider, programme, values, group_name, now)
        groups[course] = by_start[key]
        groups[course].ended_on = max(groups[course].ended_on, values.mastered_on)
    for group in by_start.values():
        group.save()
    return groups


def _group(
    provider: Provider,
    programme: Programme,
    values: CompletionValues,
    group_name: str,
    now: datetime,
) -> Group:
    started_on = values.course.started_on
    return _kept_group(provider, programme, started_on, group_name) or Group(
        provider=provider,
        programme=programme,
        name=group_name[:200] or f"{programme.title_ru[:180]}, {started_on:%d.%m.%Y}",
        started_on=started_on,
        ended_on=values.mastered_on,
        created_at=now,
    )


def _kept_group(
    provider: Provider, programme: Programme, started_on: date, group_name: str
) -> Group | None:
    same = groups_of(provider).filter(programme=programme, started_on=started_on)
    if group_name:
        same = same.filter(name=group_name[:200])
    return same.order_by("pk").first()


def _completion(
    values: CompletionValues, number: int, group: Group, person: Person, now: datetime
) -> Completion:
    facts = values.course.programme
    return Completion(
        provider_id=group.provider_id,
        programme_id=group.programme_id,
        group=group,
        person=person,
        family_name=values.family_name,
        given_name=values.given_name,
        patronymic=values.patronymic,
        holder_kk=values.holder_kk,
        holder_ru=values.holder_ru,
        phone=values.phone,
        email=values.email,
        workplace=values.workplace,
        position=values.position,
        result=values.result,
        protocol=values.protocol,
        started_on=values.course.started_on,
        mastered_on=values.mastered_on,
        hours=facts.hours,
        credits=facts.credits,
        study_form=values.study_form,
        source_row=number,
        created_at=now,
    )
