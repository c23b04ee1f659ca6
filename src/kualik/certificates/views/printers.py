"""The printers of blanks and their alignment."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.queries import person_of
from kualik.certificates.forms import PrinterForm
from kualik.certificates.models import PrinterSetting
from kualik.certificates.services.blanks import (
    HOLDERS,
    KEEPERS,
    printers_of,
    set_printer,
    test_page,
)
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.rules.errors import RuleViolation

WORKERS = KEEPERS | HOLDERS


@staff(*WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def printers(request: HttpRequest) -> HttpResponse:
    """The printers, and a form for a new one or, by its number in the address, a known one."""
    user = person_of(request)
    if user.provider is None:
        raise Http404
    known = printers_of(user.provider)
    chosen = next((row for row in known if str(row.pk) == request.GET.get("printer")), None)
    form = PrinterForm(request.POST or None, initial=PrinterForm.shown(chosen))
    if form.is_valid() and _set(request, form):
        messages.success(request, gettext("The alignment is kept. Print the test page again."))
        return redirect("certificates:printers")
    context = {"printers": known, "form": form}
    return render(request, "certificates/printers.html", context)


@staff(*WORKERS)
@require_safe
def printer_test(request: HttpRequest, pk: int) -> HttpResponse:
    """The page with rulers, moved as a print would be."""
    user = person_of(request)
    if user.provider_id is None:
        raise Http404
    found = get_object_or_404(PrinterSetting, pk=pk, provider=user.provider_id)
    headers = {"Content-Disposition": f'inline; filename="printer-{found.pk}.pdf"'}
    return HttpResponse(test_page(found), content_type="application/pdf", headers=headers)


def _set(request: HttpRequest, form: PrinterForm) -> bool:
    user = person_of(request)
    if user.provider is None:
        return False
    try:
        set_printer(
            provider=user.provider,
            name=form.cleaned_data["name"],
            right=form.tenths("right"),
            down=form.tenths("down"),
            user=user,
            role=role_of(user, WORKERS),
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    return True
