"""An identity provider by OAuth 2.0 code flow: eGov IDP, and others by the mapping of settings.

It is OAuth and no OpenID: there is no signed token, so what counts is what the provider itself
tells over its own connection. The state that guards the way back is kept by the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings

from kualik.rules.errors import RuleViolation

SERVER_FAULT = 500
OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the provider says entered; ``phone`` as it spells it, empty when it tells none."""

    iin: str
    family_name: str
    given_name: str
    patronymic: str
    phone: str


def authorization_url(*, state: str, redirect_uri: str, language: str) -> str:
    """The page of the provider to which the browser is sent."""
    with _session(redirect_uri) as session:
        address, _ = session.create_authorization_url(
            _address("authorize"), state=state, lang=language
        )
    return str(address)


def fetch_identity(*, code: str, redirect_uri: str) -> Identity:
    """Exchange the code of the way back for what the provider knows of the person.

    Errors: ``idp_unreachable``, ``idp_refused`` (the code is not accepted), ``idp_answer_wrong``.
    """
    with _session(redirect_uri) as session:
        _take_token(session, code)
        profile = _told(session, "profile")
        if profile is None:
            raise RuleViolation("idp_answer_wrong")
        number = _told(session, "phone") or {}
    fields = {
        name: _at(number if name == "phone" else profile, path)
        for name, path in settings.IDP_FIELDS.items()
    }
    return Identity(**fields)


def _session(redirect_uri: str) -> Any:
    session = OAuth2Session(
        client_id=settings.IDP_CLIENT_ID,
        client_secret=settings.IDP_CLIENT_SECRET,
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - a method's name
        scope=settings.IDP["scope"],
        redirect_uri=redirect_uri,
        default_timeout=settings.IDP_PATIENCE,
    )
    # Neither a proxy nor a password of the machine's own files.
    session.trust_env = False
    return session


def _take_token(session: Any, code: str) -> None:
    try:
        session.fetch_token(
            _address("token"),
            code=code,
            grant_type="authorization_code",
            client_id=settings.IDP_CLIENT_ID,
            allow_redirects=False,
        )
    except requests.JSONDecodeError as error:
        raise RuleViolation("idp_answer_wrong") from error
    except requests.RequestException as error:
        raise RuleViolation("idp_unreachable") from error
    except AuthlibBaseError as error:
        raise RuleViolation("idp_refused") from error
    except (ValueError, KeyError) as error:
        raise RuleViolation("idp_answer_wrong") from error


def _told(session: Any, name: str) -> Mapping[str, Any] | None:
    """An object that the provider tells to who has the token; None where it tells nothing."""
    try:
        response = session.get(_address(name), allow_redirects=False)
        if response.status_code >= SERVER_FAULT:
            raise RuleViolation("idp_unreachable")
        found = response.json() if response.status_code == OK else None
    except requests.JSONDecodeError as error:
        raise RuleViolation("idp_answer_wrong") from error
    except requests.RequestException as error:
        raise RuleViolation("idp_unreachable") from error
    except AuthlibBaseError as error:
        raise RuleViolation("idp_answer_wrong") from error
    return found if isinstance(found, dict) else None


def _at(told: Mapping[str, Any], path: str) -> str:
    """The text at ``person.name`` of an answer; empty where there is none."""
    found: object = told
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return " ".join(str(found).split()) if isinstance(found, str | int) else ""


def _address(name: str) -> str:
    return f"{settings.IDP_URL}{settings.IDP[name]}"
