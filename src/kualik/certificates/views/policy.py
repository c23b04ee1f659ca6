"""How the provider's documents are signed: the page of its administrator."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from kualik.accounts.queries import person_of
from kualik.certificates.forms import SealPolicyForm
from kualik.certificates.services.policy import READING, policy_of, set_policy
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.providers.models import Provider
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

CLAUSE = "A303.4"


@staff(Role.PROVIDER_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def seal_policy(request: HttpRequest) -> HttpResponse:
    """Look at the limits of signing and change them."""
    provider = person_of(request).provider
    if provider is None:
        raise RuleViolation("not_permitted")
    policy = policy_of(provider)
    sent = request.POST if request.method == "POST" else None
    is_taken = policy is not None and policy.reading_at is not None
    form = SealPolicyForm(sent, initial=SealPolicyForm.shown(policy), is_taken=is_taken)
    if form.is_valid() and _set(request, provider, form):
        messages.success(request, gettext("The rules of signing are changed."))
        return redirect("certificates:seal_policy")
    present = standards.get("A303")
    context = {
        "form": form,
        "policy": policy,
        "former": standards.get("A57"),
        "present": present,
        "reading": next(one for one in present.readings_of(CLAUSE) if one.id == READING),
    }
    return render(request, "certificates/seal_policy.html", context)


def _set(request: HttpRequest, provider: Provider, form: SealPolicyForm) -> bool:
    user = person_of(request)
    try:
        set_policy(
            provider=provider,
            limits=form.limits(),
            takes_reading=form.cleaned_data["takes_reading"],
            user=user,
            actor=user.acting_as(Role.PROVIDER_ADMIN),
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    return True
