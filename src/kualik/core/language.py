"""The language of a page: Kazakh unless the visitor chose another."""

from collections.abc import Callable
from datetime import date, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from kualik.core.clock import ZONE
from kualik.rules.language import LANGUAGES, Text

COOKIE = "kualik_language"
YEAR_SECONDS = 365 * 24 * 3600


def chosen_language(request: HttpRequest) -> str:
    """``?lang=`` of this address, else the cookie, else Kazakh."""
    for choice in (request.GET.get("lang"), request.COOKIES.get(COOKIE)):
        if choice in LANGUAGES:
            return choice
    return "kk"


def spoken(text: Text) -> str:
    """A ``Text`` in the language of the page."""
    return text.get(translation.get_language() or "kk")


def written(value: object, language: str) -> str:
    """A value as a sentence in ``language`` names it: days as 23.11.2026, moments by the clock of
    Kazakhstan."""
    if isinstance(value, Text):
        return value.get(language)
    if isinstance(value, datetime):
        return f"{value.astimezone(ZONE):%d.%m.%Y %H:%M}"
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)


def language_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Renders in the chosen language and keeps a choice made by ``?lang=``."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        language = chosen_language(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        if request.GET.get("lang") == language:
            response.set_cookie(
                COOKIE,
                language,
                max_age=YEAR_SECONDS,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response

    return middleware


def page_context(request: HttpRequest) -> dict[str, object]:
    """What every page's frame needs: the languages with the address of this page in each."""
    links = []
    for code, name in settings.LANGUAGES:
        query = request.GET.copy()
        query["lang"] = code
        links.append({"code": code, "name": name, "href": f"?{query.urlencode()}"})
    simulators = settings.SIMULATORS if settings.DEMO else []
    return {"language_links": links, "is_demo": settings.DEMO, "simulators": simulators}
