"""The simulated portal of e-government in the browser tests."""

import http.client
import json
from typing import Any

# The organisation of the stage at the portal, beside those of the portal's own catalogue.
SERVICE = {
    "code": "SYR",
    "family": "document",
    "ways": ["push"],
    "service_id": "EXAMPLE_CERT_SYR",
    "namespace": "urn:example:pep-service",
    "portal_code": "P00.04",
    "name": {
        "kk": "«Сырдария» медицина мамандарын дамыту орталығы",
        "ru": "Центр развития медицинских кадров «Сырдарья»",
        "en": "Syrdarya Centre for Medical Staff",
    },
}


class EgovPortal:
    """What programs may ask of it."""

    def __init__(self, port: int) -> None:
        self.port, self.address = port, f"http://127.0.0.1:{port}"

    def file(self, *people: dict[str, str], **shared: str) -> list[str]:
        """Requests to the organisation of the stage, which it knows from then on; the numbers."""
        told = {"people": people, "service": SERVICE, **shared}
        return list(self._ask("POST", "/requests", told)["numbers"])

    def request(self, number: str) -> dict[str, Any]:
        """A request in its books."""
        books = self._ask("GET", "/books", None)["requests"]
        return next(row for row in books if row["number"] == number)

    def _ask(self, method: str, path: str, told: dict[str, Any] | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        body = None if told is None else json.dumps(told)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found = answer.read()
        connection.close()
        assert answer.status < 300, found
        return dict(json.loads(found))
