"""Reading what a provider teaches and the lists it uploaded; always of one provider."""

from collections.abc import Iterable

from django.db.models import Count, Prefetch, QuerySet

from kualik.providers.models import Provider
from kualik.training.models import (
    Completion,
    Group,
    HeaderMapping,
    ImportDraft,
    MoodleCourse,
    MoodleSource,
    Programme,
)


def programmes_of(provider: Provider) -> QuerySet[Programme]:
    """The provider's programmes, the newest first."""
    return Programme.objects.filter(provider=provider).order_by("-pk")


def groups_of(provider: Provider) -> QuerySet[Group]:
    """Groups with ``people``, the number of completions, the last ended first."""
    return (
        Group.objects.filter(provider=provider)
        .select_related("programme")
        .annotate(people=Count("completions"))
        .order_by("-ended_on", "-pk")
    )


def completions_of(provider: Provider) -> QuerySet[Completion]:
    """Completions with programme and person, the last mastered first."""
    return (
        Completion.objects.filter(provider=provider)
        .select_related("programme", "group", "person")
        .order_by("-mastered_on", "pk")
    )


def drafts_of(provider: Provider) -> QuerySet[ImportDraft]:
    """Uploaded lists, the newest first."""
    return ImportDraft.objects.filter(provider=provider).order_by("-created_at", "-pk")


def remembered_headers(provider: Provider) -> dict[str, str]:
    """Normalised header → the field the provider chose for it, "" for none."""
    return dict(HeaderMapping.objects.filter(provider=provider).values_list("header", "field"))


def kept_completions(programmes: Iterable[Programme]) -> QuerySet[Completion]:
    """All completions of some programmes, to find those a list names again."""
    return Completion.objects.filter(programme__in=list(programmes))


def courses_of(source: MoodleSource) -> list[MoodleCourse]:
    """The courses of a Moodle; ``lists`` of each are those that nobody imported yet."""
    waiting = ImportDraft.objects.filter(imported_at=None).order_by("pk")
    rows = source.courses.select_related("programme").prefetch_related(Prefetch("lists", waiting))
    return list(rows.order_by("name", "pk"))


def moodle_of(provider: Provider) -> MoodleSource | None:
    """The provider's Moodle, if it named one."""
    return MoodleSource.objects.select_related("provider").filter(provider=provider).first()
