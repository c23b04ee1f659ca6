"""Filing requests for the people of a group, from their applications."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import ngettext

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.accounts.services import masked_iin
from kualik.cases.forms import FilingForm
from kualik.cases.models import Request
from kualik.cases.queries import by_name, completions_to_file
from kualik.cases.services.filing import file_requests
from kualik.cases.views.acts import DECIDERS
from kualik.cases.views.rows import holder_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.clock import local_day
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.training.models import Group


@staff(*DECIDERS)
def file_group(request: HttpRequest, group: int) -> HttpResponse:
    """Choose the people, the document and the edition; then their requests are filed."""
    user, now = person_of(request), clock.now()
    groups = Group.objects.select_related("provider", "programme")
    found = get_object_or_404(groups, pk=group, provider=user.provider_id)
    offered = completions_to_file(found)
    form = FilingForm(request.POST or None, group=found, completions=offered, now=now)
    if form.is_valid() and _file(request, found, form, user):
        query = urlencode({"group": found.pk, "state": "undecided"})
        return redirect(f"{reverse('cases:requests')}?{query}")
    standard = standards.in_force(local_day(now))
    context = {
        "form": form,
        "group": found,
        "people": [(row, holder_of(row), masked_iin(row.person)) for row in by_name(offered)],
        "checked": {int(pk) for pk in form["completions"].value() or [] if str(pk).isdigit()},
        "standard": standard,
        "is_given": any(row.kind == found.programme.kind for row in standard.results),
        "fields": [form[name] for name in form.fields if name != "completions"],
    }
    return render(request, "cases/file_group.html", context)


def _file(request: HttpRequest, group: Group, form: FilingForm, user: User) -> bool:
    """File what the form asks for; a broken rule becomes the form's error."""
    try:
        filed = file_requests(
            provider=group.provider,
            filings=form.filings(),
            channel=Request.Channel.REGISTRAR,
            filed_at=form.moment_of_filing(),
            edition=form.cleaned_data["edition"],
            actor=user.acting_as(role_of(user, DECIDERS)),
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    text = ngettext("%(count)s request is filed.", "%(count)s requests are filed.", len(filed))
    messages.success(request, text % {"count": len(filed)})
    return True
