"""The person's side of a correction: say what is wrong, look at it once more, follow it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kualik.accounts.models import Person
from kualik.accounts.queries import applicant_of
from kualik.cases.forms.correcting import CorrectionForm
from kualik.cases.forms.keeping import keeps_typed, words_of
from kualik.cases.models import Attachment, Correction, Draft
from kualik.cases.queries.corrections import (
    Change,
    changes_of,
    corrections_of,
    one_sided,
    open_correction,
    own_completion,
    replacement_ordered_by,
)
from kualik.cases.services.attaching import scans_of
from kualik.cases.services.correcting import (
    Wish,
    file_correction,
    names_of,
    withdraw_correction,
)
from kualik.cases.services.drafting import begin, find_draft, keep
from kualik.cases.views.enclosing import drop_scan, take_scans
from kualik.certificates.queries import certificates_of
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.core.methods import post_only
from kualik.core.uploads import takes_scans
from kualik.rules.errors import RuleViolation
from kualik.training.models import Completion
from kualik.training.services.correcting import NAMES

FIELD_LABELS: dict[str, str | Promise] = {
    "holder_kk": gettext_lazy("Full name in the Kazakh text of the document"),
    "holder_ru": gettext_lazy("Full name in the Russian text of the document"),
    "family_name": gettext_lazy("Surname"),
    "given_name": gettext_lazy("Given name"),
    "patronymic": gettext_lazy("Patronymic"),
}
LANGUAGES_OF_PAPERS = frozenset({"kk", "ru"})
KIND = "correction:{pk}"
typed = words_of(*NAMES, "note")


@applicant
def correction_of(request: HttpRequest, number: str) -> HttpResponse:
    """From a document of the person's own to the correction of what it says."""
    own = get_object_or_404(certificates_of(applicant_of(request)), number=number)
    asked = getattr(own, "request", None)
    if asked is None or asked.completion_id is None:
        raise Http404
    return redirect("cases:correction_new", asked.completion_id)


@applicant
@takes_scans
@keeps_typed(KIND, typed)
def correction_new(request: HttpRequest, pk: int) -> HttpResponse:
    """The names as they should be, and the paper that proves it."""
    person, completion = _own(request, pk)
    earlier = open_correction(completion)
    if earlier is not None:
        return redirect("cases:own_correction", earlier.number)
    draft = begin(person=person, kind=_kind(completion), now=clock.now())
    form = CorrectionForm(
        request.POST or None, completion=completion, typed=draft.data, scans=len(scans_of(draft))
    )
    if request.method == "POST" and _kept(request, form, person, draft):
        return redirect("cases:correction_check", completion.pk)
    if "drop" in request.POST:
        return redirect("cases:correction_new", completion.pk)
    context = {"form": form, "completion": completion, "scans": scans_of(draft), "draft": draft}
    return render(request, "cases/correction_new.html", context)


@applicant
def correction_check(request: HttpRequest, pk: int) -> HttpResponse:
    """What will change, old beside new; then it is filed."""
    person, completion = _own(request, pk)
    if request.method == "POST":
        return _filed(request, person, completion)
    draft = begin(person=person, kind=_kind(completion), now=clock.now())
    form = _form_of(draft, completion)
    if not form.is_valid():
        return redirect("cases:correction_new", completion.pk)
    wanted = form.wanted
    context = {
        "completion": completion,
        "changes": labelled(changes_of(names_of(completion), wanted)),
        "left": left_alone(names_of(completion), wanted),
        "note": form.cleaned_data["note"],
        "scans": scans_of(draft),
        "key": draft.key,
    }
    return render(request, "cases/correction_check.html", context)


@applicant
def own_correction(request: HttpRequest, number: str) -> HttpResponse:
    """What the person asked for, and what came of it."""
    found = get_object_or_404(corrections_of(applicant_of(request)), number=number)
    context = {
        "correction": found,
        "changes": labelled(_asked(found)),
        "scans": Attachment.objects.filter(correction=found).order_by("pk"),
        "replacement": replacement_ordered_by(found),
        "is_open": found.state == Correction.State.OPEN,
    }
    return render(request, "cases/own_correction.html", context)


@applicant
@post_only("cases:own_correction", "number")
def correction_withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """The person wants it no more."""
    person = applicant_of(request)
    found = get_object_or_404(corrections_of(person), number=number)
    try:
        withdraw_correction(correction=found, person=person, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, _("Your correction request is withdrawn."))
    return redirect("cases:own_correction", number)


def labelled(changes: list[Change]) -> list[tuple[str | Promise, Change]]:
    """Changes with the names of their fields."""
    return [(FIELD_LABELS[change.field], change) for change in changes]


def left_alone(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """The full name that keeps its old spelling while the other one changes: its language and what
    stands there; empty where nothing is to be said."""
    name = one_sided(before, after)
    return {"language": name[-2:], "text": before.get(name, "")} if name else {}


def _own(request: HttpRequest, pk: int) -> tuple[Person, Completion]:
    person = applicant_of(request)
    completion = own_completion(person, pk)
    if completion is None:
        raise Http404
    return person, completion


def _kind(completion: Completion) -> str:
    return KIND.format(pk=completion.pk)


def _form_of(draft: Draft, completion: Completion) -> CorrectionForm:
    """The form as it is kept."""
    scans = len(scans_of(draft))
    return CorrectionForm(draft.data, completion=completion, typed={}, scans=scans)


def _kept(request: HttpRequest, form: CorrectionForm, person: Person, draft: Draft) -> bool:
    """Keep scans and words; whether all is there to be looked at."""
    now = clock.now()
    keep(draft=draft, data=typed(request, draft), now=now)
    count = take_scans(
        request, form, person=person, purpose=Attachment.Purpose.NAME, draft=draft, now=now
    )
    dropped = drop_scan(request, draft)
    if not count and not form.has_error("scans"):
        form.add_error("scans", errors.message(RuleViolation("correction_needs_scan")))
    return form.is_valid() and not dropped


def _filed(request: HttpRequest, person: Person, completion: Completion) -> HttpResponse:
    """File what the draft of the form's key holds; nothing in the form itself counts."""
    draft = find_draft(person=person, kind=_kind(completion), key=request.POST.get("key", ""))
    if draft is not None and draft.result:
        return redirect("cases:own_correction", draft.result)
    form = _form_of(draft, completion) if draft else None
    if draft is None or form is None or not form.is_valid():
        return redirect("cases:correction_new", completion.pk)
    try:
        language = get_language()
        wish = Wish(
            completion=completion,
            names=form.wanted,
            note=str(form.cleaned_data["note"]),
            language=language if language in LANGUAGES_OF_PAPERS else "kk",
        )
        filed = file_correction(
            person=person, wish=wish, scans=scans_of(draft), draft=draft, now=clock.now()
        )
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:correction_new", completion.pk)
    messages.success(request, _("Your correction request is registered."))
    return redirect("cases:own_correction", filed.number)


def _asked(found: Correction) -> list[Change]:
    """What was asked: while it is open beside what stands now, later beside what stood then."""
    return changes_of(found.before, dict(found.wanted))
