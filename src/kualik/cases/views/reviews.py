"""The office looks again at what the machine decided (Digital Code, article 43)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.cases.forms.following import ReviewForm
from kualik.cases.models import HumanReview
from kualik.cases.queries.own import reviews_visible_to
from kualik.cases.services.following import follow
from kualik.cases.services.reviewing import CHANGERS, REVIEWERS, decide_review
from kualik.cases.views.courses import course_context
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.rules.errors import RuleViolation


@staff(*REVIEWERS)
def reviews(request: HttpRequest) -> HttpResponse:
    """The demands of the provider's applicants, the open ones first."""
    return render(request, "cases/reviews.html", {"rows": reviews_visible_to(person_of(request))})


@staff(*REVIEWERS)
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """One demand: what the machine went by, what the person says, and the answer."""
    user = person_of(request)
    found = _own(user, number)
    form = ReviewForm(request.POST or None, may_change=user.has_role(CHANGERS))
    if form.is_valid() and _decided(request, found, form, user):
        return redirect("cases:reviews")
    course = follow(found.request, now=clock.now())
    context = {**course_context(course), "review": found, "case": found.request, "form": form}
    return render(request, "cases/review.html", context)


def _own(user: User, number: str) -> HumanReview:
    """A demand at the person's own provider; 404 for any other."""
    for row in reviews_visible_to(user):
        if row.request.number == number:
            return row
    raise Http404


def _decided(request: HttpRequest, found: HumanReview, form: ReviewForm, user: User) -> bool:
    """Whether the answer was taken; a broken rule becomes the form's error."""
    may = CHANGERS if user.has_role(CHANGERS) else REVIEWERS
    try:
        decide_review(
            review=found,
            outcome=HumanReview.Outcome(form.cleaned_data["outcome"]),
            answer=form.answer(),
            user=user,
            role=role_of(user, may),
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    messages.success(request, _("The answer is given; the applicant is told."))
    return True
