"""Groups of the provider and the people in them."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from kualik.accounts.services import masked_iin
from kualik.core.access import staff
from kualik.core.language import spoken
from kualik.rules.facts import KIND_LABELS
from kualik.rules.language import Text
from kualik.rules.spelling import alphabetical
from kualik.training.forms import GroupSearchForm
from kualik.training.models import Completion, Group
from kualik.training.queries import completions_of, groups_of
from kualik.training.views.own import OFFICE, may_file, page_of, provider_of

GROUPS_A_PAGE = 50


def _matches(group: Group, words: list[str]) -> bool:
    # Not in the database: SQLite folds the case of Latin letters only.
    programme = group.programme
    text = f"{group.name} {programme.title_kk} {programme.title_ru}".casefold()
    return all(word in text for word in words)


def _by_name(row: Completion) -> tuple[int, ...]:
    return alphabetical(spoken(Text(row.holder_kk, row.holder_ru)))


@staff(*OFFICE)
def groups(request: HttpRequest) -> HttpResponse:
    """All groups, the last ended first; ``?q=`` keeps those whose title holds its words."""
    form = GroupSearchForm(request.GET)
    if form.has_error("q", "iin"):
        messages.error(request, str(form.errors["q"][0]))
        return redirect("training:groups")
    asked = form.cleaned_data.get("q", "")
    words = asked.casefold().split()
    found = groups_of(provider_of(request))
    rows = [group for group in found if _matches(group, words)] if words else found
    page = page_of(request, rows, GROUPS_A_PAGE)
    listed = [(group, KIND_LABELS[group.programme.kind]) for group in page]
    query = f"{urlencode({'q': asked})}&" if asked else ""
    context = {
        "form": form,
        "page": page,
        "groups": listed,
        "asked": asked,
        "query": query,
        "may_file": may_file(request),
    }
    return render(request, "training/groups.html", context)


@staff(*OFFICE)
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group with its people, by surname."""
    provider = provider_of(request)
    found = get_object_or_404(groups_of(provider), pk=pk)
    rows = completions_of(provider).filter(group=found)
    page = page_of(request, sorted(rows, key=_by_name))
    people = [(completion, masked_iin(completion.person)) for completion in page]
    kind = KIND_LABELS[found.programme.kind]
    context = {
        "group": found,
        "kind": kind,
        "page": page,
        "people": people,
        "may_file": may_file(request),
    }
    return render(request, "training/group.html", context)
