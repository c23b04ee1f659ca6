"""Another system at the door: a token of an organisation and calls with it."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from kualik.accounts.queries.tokens import Scope
from kualik.accounts.services.tokens import issue_token
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.providers.models import Provider

V1 = "/api/v1"


class Caller:
    """A program that speaks JSON with a token; ``secret`` is empty for one without."""

    def __init__(self, secret: str = "") -> None:
        self.client = Client()
        self.secret = secret

    def get(self, path: str, **headers: str) -> HttpResponse:
        answer: HttpResponse = self.client.get(f"{V1}{path}", headers=self._headers(headers))
        return answer

    def post(self, path: str, body: object, **headers: str) -> HttpResponse:
        answer: HttpResponse = self.client.post(
            f"{V1}{path}",
            body if isinstance(body, (str, bytes)) else json.dumps(body),
            content_type="application/json",
            headers=self._headers(headers),
        )
        return answer

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return named | ({"Authorization": f"Bearer {self.secret}"} if self.secret else {})


def caller_of(provider: Provider | None, scopes: Iterable[Scope] = Scope) -> Caller:
    """A program of an organisation with a token for ``scopes``, by default all of them."""
    now = clock.now()
    _, secret = issue_token(
        provider=provider,
        name="learning system",
        scopes=list(scopes),
        ends_at=now + timedelta(days=30),
        actor=SYSTEM,
        now=now,
    )
    return Caller(secret)


def problem_of(answer: HttpResponse) -> tuple[int, str]:
    """Status and code of a refusal, which is a problem in three languages."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.content)
    assert told["status"] == answer.status_code
    assert set(told["message"]) == {"kk", "ru", "en"}
    assert told["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, told["code"]
