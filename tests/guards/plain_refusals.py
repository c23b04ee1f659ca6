"""The addresses of the program; who is refused gets an empty page, in a tenth of the time."""

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

from kualik.config.urls import handler404, handler500, urlpatterns

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]


def handler403(_request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponseForbidden(str(exception))
