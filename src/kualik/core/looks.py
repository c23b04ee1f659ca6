"""The low-vision version: how pages look for one visitor, chosen once and kept (A303.10.e)."""

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from kualik.core.access import came_for, page_address
from kualik.core.language import YEAR_SECONDS

COOKIE = "kualik_view"
# The first of each is the usual one. Colours, spacing and letters are those that GOST R 52872
# and the sites of state bodies offer; the wide spacing is that of WCAG 2.2, 1.4.12.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "size": ("100", "150", "200"),
    "colours": ("usual", "white", "black", "yellow", "blue"),
    "spacing": ("usual", "wide", "widest"),
    "letters": ("plain", "serif"),
    "pictures": ("on", "off"),
}
USUAL: Mapping[str, str] = {name: values[0] for name, values in CHOICES.items()}


def chosen_look(request: HttpRequest) -> dict[str, str]:
    """What the visitor's cookie says of each choice; the usual where it says nothing we offer."""
    parts = request.COOKIES.get(COOKIE, "").split(".")
    if len(parts) != len(CHOICES):
        return dict(USUAL)
    return {
        name: part if part in CHOICES[name] else USUAL[name]
        for name, part in zip(CHOICES, parts, strict=True)
    }


def keep_look(response: HttpResponse, look: Mapping[str, str]) -> None:
    """Lets the browser keep a choice for a year; the usual look needs no cookie."""
    if look == USUAL:
        response.delete_cookie(COOKIE, samesite="Lax")
        return
    response.set_cookie(
        COOKIE,
        ".".join(look[name] for name in CHOICES),
        max_age=YEAR_SECONDS,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )


def look_context(request: HttpRequest) -> dict[str, object]:
    """The classes of ``<html>``, empty for the usual look, and the way to the choice and back."""
    look = chosen_look(request)
    page = reverse("look")
    here = came_for(request) if request.path == page else page_address(request)
    classes = [f"k-{name}-{value}" for name, value in look.items() if value != USUAL[name]]
    return {
        "look_classes": " ".join(["k-look", *classes]) if classes else "",
        "look_href": f"{page}?{urlencode({'next': here})}" if here else page,
    }
