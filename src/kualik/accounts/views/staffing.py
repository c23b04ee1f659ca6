"""The staff of an organisation, kept by its administrator; and taking up an invitation."""

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.forms import InviteForm, PasswordForm, StaffForm
from kualik.accounts.models import User
from kualik.accounts.queries import person_of, role_labels, second_factors
from kualik.accounts.services import staffing
from kualik.accounts.services.staffing import StaffFacts
from kualik.core import clock
from kualik.core.access import public, staff
from kualik.core.errors import message
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

INVITATION = "invitation"
AT_FIELD = {"staff_exists": "email", "roles_empty": "roles", "role_not_given": "roles"}


@staff(Role.PROVIDER_ADMIN)
def staff_list(request: HttpRequest) -> HttpResponse:
    """Everybody of the organisation, those who left at the end."""
    people = _own_staff(request).order_by("-is_active", "full_name")
    rows = [(user, role_labels(user), bool(second_factors(user))) for user in people]
    return render(request, "accounts/staff_list.html", {"rows": rows})


@staff(Role.PROVIDER_ADMIN)
@sensitive_post_parameters("iin")
def staff_new(request: HttpRequest) -> HttpResponse:
    """Invite somebody; the link to hand over is shown once."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (user := _invited(request, form)):
        return redirect("accounts:staff_one", user.pk)
    return render(request, "accounts/staff_new.html", {"form": form})


@staff(Role.PROVIDER_ADMIN)
@never_cache
def staff_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: name, position, roles, what was changed; the link of a fresh invitation."""
    user = _own(request, pk)
    form = StaffForm(request.POST if request.method == "POST" else None, initial=_facts(user))
    if form.is_valid() and _changed(request, user, form):
        return redirect("accounts:staff_one", pk)
    context = {
        "member": user,
        "form": form,
        "roles": role_labels(user),
        "is_ready": user.has_usable_password() and bool(second_factors(user)),
        "link": _shown(request, user),
        "is_taken_up": staffing.is_taken_up(user),
    }
    return render(request, "accounts/staff_one.html", context)


@staff(Role.PROVIDER_ADMIN)
@post_only("accounts:staff_one", "pk")
def staff_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Another link, for who lost the first one or forgot the password; that of an account in use
    goes to its owner alone."""
    user = _own(request, pk)
    if not user.is_active:
        raise Http404
    try:
        is_shown = _issue(request, user)
    except RuleViolation as violation:
        messages.error(request, message(violation))
    else:
        if not is_shown:
            told = gettext("The link was sent to the member's own e-mail. Nobody else sees it.")
            messages.success(request, told)
    return redirect("accounts:staff_one", pk)


@staff(Role.PROVIDER_ADMIN)
@post_only("accounts:staff_one", "pk")
def staff_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the account of somebody who left, or open it again."""
    user, actor, now = _own(request, pk), _actor(request), clock.now()
    try:
        if user.is_active:
            staffing.dismiss_staff(user=user, actor=actor, now=now)
            messages.success(request, gettext("The account is closed."))
        else:
            staffing.bring_back_staff(user=user, actor=actor, now=now)
            messages.success(request, gettext("The account is open again."))
    except RuleViolation as violation:
        messages.error(request, message(violation))
    return redirect("accounts:staff_one", pk)


@public
@never_cache
@sensitive_post_parameters("password", "again")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a password by a link; then the usual sign-in asks for it and for a second factor."""
    now = clock.now()
    user = staffing.invited(token=token, now=now)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            staffing.accept_invitation(token=token, password=form.cleaned_data["password"], now=now)
        except RuleViolation as violation:
            form.add_error("password", message(violation))
        else:
            messages.success(request, gettext("The password is set. Sign in with it now."))
            return redirect("accounts:login")
    return render(request, "accounts/invitation.html", {"form": form, "member": user})


def _link(token: str) -> str:
    return settings.PUBLIC_URL + reverse("accounts:invitation", args=[token])


def _issue(request: HttpRequest, user: User) -> bool:
    """Make a link; whether the next page of the account shows it, once."""
    actor, now = _actor(request), clock.now()
    link = staffing.issue_link(user=user, address=_link, actor=actor, now=now)
    request.session[INVITATION] = {str(user.pk): link}
    return bool(link)


def _shown(request: HttpRequest, user: User) -> str:
    """The address to hand over; empty without a fresh invitation of this account."""
    found: str = request.session.pop(INVITATION, {}).get(str(user.pk), "")
    return found


def _own_staff(request: HttpRequest) -> QuerySet[User]:
    return User.objects.filter(provider=person_of(request).provider, provider__isnull=False)


def _own(request: HttpRequest, pk: int) -> User:
    found = _own_staff(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _actor(request: HttpRequest) -> Actor:
    return person_of(request).acting_as(Role.PROVIDER_ADMIN)


def _facts(user: User) -> dict[str, object]:
    names = ("full_name", "position_kk", "position_ru", "position_en")
    return {**{name: getattr(user, name) for name in names}, "roles": sorted(user.roles)}


def _invited(request: HttpRequest, form: InviteForm) -> User | None:
    provider, now = person_of(request).provider, clock.now()
    if provider is None:
        raise Http404
    told = form.cleaned_data
    facts = StaffFacts(
        email=told["email"],
        full_name=told["full_name"],
        position=form.position(),
        roles=form.chosen(),
        iin=told["iin"],
    )
    try:
        user = staffing.invite_staff(provider=provider, facts=facts, actor=_actor(request), now=now)
    except RuleViolation as violation:
        form.add_error(AT_FIELD.get(violation.code), message(violation))
        return None
    _issue(request, user)
    return user


def _changed(request: HttpRequest, user: User, form: StaffForm) -> bool:
    actor, now = _actor(request), clock.now()
    try:
        staffing.give_roles(user=user, roles=form.chosen(), actor=actor, now=now)
        staffing.correct_staff(
            user=user,
            full_name=form.cleaned_data["full_name"],
            position=form.position(),
            actor=actor,
            now=now,
        )
    except RuleViolation as violation:
        form.add_error(AT_FIELD.get(violation.code, "roles"), message(violation))
        return False
    messages.success(request, gettext("The changes are kept."))
    return True
