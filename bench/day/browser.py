"""A browser without a picture: cookies, pages and the forms on them, sent as a person would."""

import base64
import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from lxml import html

PASSWORD = "kualik-demo"  # noqa: S105 - of the demonstration, on its sign-in page
STEP_SECONDS, DIGITS = 30, 6
PATIENCE = 60


class Refused(RuntimeError):
    """A page said no, or did not show what it should."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that came, with its address."""

    address: str
    status: int
    content: bytes

    @property
    def tree(self) -> Any:
        return html.fromstring(self.content)

    def text(self, selector: str) -> str:
        """The words at the first place that fits; empty without one."""
        found = self.tree.xpath(selector)
        return " ".join(found[0].text_content().split()) if found else ""

    def form(self, end: str) -> dict[str, str] | None:
        """The fields of the form whose address ends so; None without such a form."""
        for form in self.tree.forms:
            action = str(form.get("action") or self.address).partition("?")[0]
            if action.endswith(end):
                return {name: str(value) for name, value in form.form_values()}
        return None

    def wants(self, end: str) -> dict[str, str]:
        """The same; a page without it is a fault."""
        found = self.form(end)
        if found is None:
            raise Refused(f"{self.address}: no form {end}: {self.text('//main')[:400]}")
        return found

    @property
    def fault(self) -> str:
        """What the page says went wrong."""
        return self.text(
            "//*[contains(@class,'k-message--error') or contains(@class,'govuk-error-summary')]"
        )


class Browser:
    """One person's browser on the running site."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = "kk"

    def open(self, path: str) -> Page:
        """A page that must come."""
        return self._page(self.session.get(self._whole(path), timeout=PATIENCE))

    def send(self, path: str, fields: Mapping[str, Any], *, may_fail: bool = False) -> Page:
        """A form, sent; whatever the page then finds wrong is a fault here, unless it may be."""
        sent = {"csrfmiddlewaretoken": self.token, **fields}
        answer = self.session.post(
            self._whole(path), data=sent, timeout=PATIENCE, headers={"Referer": self.address}
        )
        page = self._page(answer, may_fail=may_fail)
        if page.fault and not may_fail:
            raise Refused(f"{path}: {page.fault}")
        return page

    def tell(self, path: str, record: object) -> Any:
        """A record as JSON, as the scripts of a page send it."""
        headers = {"X-CSRFToken": self.token, "Referer": self.address}
        answer = self.session.post(
            self._whole(path), json=record, headers=headers, timeout=PATIENCE
        )
        answer.raise_for_status()
        return answer.json()

    def file(self, path: str) -> bytes:
        """A file that must come."""
        answer = self.session.get(self._whole(path), timeout=PATIENCE)
        answer.raise_for_status()
        return answer.content

    @property
    def token(self) -> str:
        return self.session.cookies.get("csrftoken") or ""

    def sign_in(self, email: str, *, now: datetime, password: str = PASSWORD) -> None:
        """Both factors: the demonstration shows its codes, a new account enrols an app first, whose
        first code is checked by the clock that is played."""
        self.open("/login/")
        page = self.send("/login/", {"email": email, "password": password})
        code = page.text("//*[@id='demo-code']")
        if page.address.endswith("/login/enrol/"):
            code = totp("".join(page.text("//code").split()), now)
        page = self.send(page.address, {"code": code})
        if "/login/" in page.address:
            raise Refused(f"{email} cannot sign in: {page.text('//main')[:400]}")

    def _whole(self, path: str) -> str:
        return path if path.startswith("http") else self.address + path

    def _page(self, answer: requests.Response, *, may_fail: bool = False) -> Page:
        page = Page(answer.url, answer.status_code, answer.content)
        if not answer.ok and not may_fail:
            raise Refused(f"{answer.url}: {answer.status_code}: {page.text('//main')[:400]}")
        return page


def totp(secret: str, at: datetime) -> str:
    """The code that an authenticator app shows at a moment (RFC 6238)."""
    step = struct.pack(">Q", int(at.timestamp()) // STEP_SECONDS)
    digest = hmac.new(base64.b32decode(secret), step, hashlib.sha1).digest()
    (whole,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(whole & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"
