"""The five facts of A303.10.e of an office, and a photo of each."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.language import spoken
from kualik.core.methods import post_only
from kualik.core.uploads import is_any_too_large, takes_photo
from kualik.providers.forms import AccessForm, PhotoForm, fact_names, words_of
from kualik.providers.models import Office, Photo
from kualik.providers.services import FACTS, change_access, put_photo, remove_photo
from kualik.providers.views.own import actor_of, done, own_office
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role


@staff(Role.PROVIDER_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def office_access(request: HttpRequest, pk: int) -> HttpResponse:
    """Which facts hold, and the photos shown to the public."""
    office = own_office(request, pk)
    held = [code for code in FACTS if getattr(office, f"has_{code}")]
    sent = request.POST if request.method == "POST" else None
    form = AccessForm(sent, initial={"accessible": held})
    if form.is_valid() and done(form, lambda: _change(request, office, form)):
        messages.success(request, gettext("The facts of accessibility are saved."))
        return redirect("providers:office_access", pk)
    photos = {photo.fact: photo for photo in office.photos.all()}
    rows = [(code, name, code in held, photos.get(code)) for code, name in fact_names().items()]
    context = {"form": form, "office": office, "rows": rows}
    return render(request, "providers/house_access.html", context)


@staff(Role.PROVIDER_ADMIN)
@takes_photo
@require_http_methods(["GET", "HEAD", "POST"])
def photo_put(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a photo of one fact, in the place of the one before."""
    office = own_office(request, pk)
    fact = request.POST.get("fact") or request.GET.get("fact", "")
    if fact not in FACTS:
        raise Http404
    former = Photo.objects.filter(office=office, fact=fact).first()
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = PhotoForm(*sent, initial=PhotoForm.shown(former))
    if is_any_too_large(request):
        form.errors.pop("photo", None)
        form.add_error("photo", errors.message(RuleViolation("photo_too_large")))
    if form.is_valid() and done(form, lambda: _put(request, office, fact, form), field="photo"):
        messages.success(request, gettext("The photo is shown to the public."))
        return redirect("providers:office_access", pk)
    context = {"form": form, "office": office, "fact": fact, "former": former}
    context["name"] = spoken(fact_names()[fact])
    return render(request, "providers/house_photo.html", context)


@staff(Role.PROVIDER_ADMIN)
@post_only("providers:office_access", "pk")
def photo_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the photo of a fact no longer."""
    office, fact = own_office(request, pk), request.POST.get("fact", "")
    remove_photo(office=office, fact=fact, now=clock.now(), actor=actor_of(request))
    messages.success(request, gettext("The photo is removed."))
    return redirect("providers:office_access", pk)


def _change(request: HttpRequest, office: Office, form: AccessForm) -> None:
    change_access(
        office=office,
        accessible=frozenset(form.cleaned_data["accessible"]),
        now=clock.now(),
        actor=actor_of(request),
    )


def _put(request: HttpRequest, office: Office, fact: str, form: PhotoForm) -> None:
    put_photo(
        office=office,
        fact=fact,
        content=form.cleaned_data["photo"].read(),
        alt=words_of(form.cleaned_data, "alt"),
        now=clock.now(),
        actor=actor_of(request),
    )
