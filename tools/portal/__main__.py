"""A simulated portal of e-government with the gateway beside it: a program of its own.

    bin/kualik-portal-simulator [--port N]

It plays egov.kz (pages at /), the gateway that the system calls (/shep/async, /shep/sync), КДП
with SMS from 1414 (/1414), ГБД ФЛ, the registry of phones, the temporary file store and the digital
documents. It signs with keys of its own and believes the system by the certificates that
``kualik demo`` laid into ``simulators/portal/kualik``; its books are a file of its own beside them.

For programs, all JSON:

    POST /requests    {"people": ["graduate-demo-57", {"iin": …, "surname": …}, …],
                       "service": "DEMO" | {"code", "family", "service_id", "namespace", …},
                       "way": "push" | "sync", kind, programme, started_on, ended_on, …}
                      → {"numbers": […]}
    POST /requests/<number>/updates   {"action": "WITHDRAW" | "ADD", "comment": …, "files": […]}
    GET  /books       every request with its statuses, responses, copies, faults and end
    POST /faults      {"duplicate": 0.05, …, "every": 0.05, "seed": 1}
    POST /behaviour   {"push": "no", "away": "yes", "scheme": "gost512", "consent": "answer", …}

``KUALIK_PORTAL_TARGET`` is the address of the system where it is not ``KUALIK_PUBLIC_URL``.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")

from django.conf import settings

from tools.loopback import run
from tools.portal.app import application
from tools.portal.books import Books
from tools.portal.state import Portal, folder


def main() -> None:
    """Serve until stopped."""
    root = folder()
    target = os.environ.get("KUALIK_PORTAL_TARGET") or settings.PUBLIC_URL
    portal = Portal(books=Books(root / "books.sqlite3"), root=root, target=target.rstrip("/"))
    run(application(portal), name="The simulated portal", place=8)


if __name__ == "__main__":
    main()
