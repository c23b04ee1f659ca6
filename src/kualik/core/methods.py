"""What an address that only takes forms answers to somebody who merely opens it."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

View = Callable[..., HttpResponse]
READING = frozenset({"GET", "HEAD"})


def post_only(page: str, *kept: str) -> Callable[[View], View]:
    """Lead readers to ``page``, the one with the button; ``kept`` are the parts of the address it
    needs. Nothing but POST reaches the view itself."""

    def mark(view: View) -> View:
        sent: View = require_POST(view)

        @wraps(view)
        def led(request: HttpRequest, **parts: object) -> HttpResponse:
            if request.method in READING:
                return redirect(page, *[parts[name] for name in kept])
            return sent(request, **parts)

        return led

    return mark
