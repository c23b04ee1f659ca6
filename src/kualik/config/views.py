"""The start page, the pages of the standards, the health of the installation, and the errors."""

import sqlite3

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from kualik.core.access import public


@public
def home(request: HttpRequest) -> HttpResponse:
    """What the service is and the ways in."""
    return render(request, "config/home.html")


@public
def health(_request: HttpRequest) -> JsonResponse:
    """Whether the database answers, and which one it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    facts = {"status": "ok", "database": connection.vendor}
    if connection.vendor == "sqlite":
        facts["sqlite"] = sqlite3.sqlite_version
    return JsonResponse(facts)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "core/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "core/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "core/500.html", status=500)
