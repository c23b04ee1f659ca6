"""300 certificates signed through the simulated NCALayer in one go, RSA beside GOST 34.10-2015.

The way of the page: the prepared files go to NCALayer in one message over a real WebSocket, the
signatures come back and are handed in by fifteen, each checked in full and its document issued.
What the person does is not counted. The authority answers in this process, without a network.
"""

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp
import django
from django.core.management import call_command

from tests.ports import free_row

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = 300
SLICE = 15
LARGEST_MESSAGE = 256 * 1024 * 1024
SCHEMES = ("rsa", "gost512")


def run(*, documents: int = DOCUMENTS) -> dict[str, Any]:
    """Seconds by scheme: preparing, the one call of NCALayer, checking and issuing; one run."""
    django.setup()
    call_command("migrate", verbosity=0)
    office = import_module("bench.ways").Office()
    _write_people(office)
    # The first documents warm up fonts, keys and caches.
    office.issue(office.bring(0, 10))
    with ncalayer() as address:
        found = {
            scheme: _measured(office, address, scheme, first=1000 * place, count=documents)
            for place, scheme in enumerate(SCHEMES, start=1)
        }
    return {"documents": documents, **found}


def _measured(
    office: Any, address: str, scheme: str, *, first: int, count: int
) -> dict[str, float]:
    approved = office.approve(office.bring(first, count))
    started = perf_counter()
    files = {
        request.certificate.number: _content(request.certificate.file)
        for request in office.prepare(approved)
    }
    prepared = perf_counter()
    signatures = asyncio.run(signed(address, scheme, files))
    answered = perf_counter()
    _hand_in(office, signatures)
    issued = perf_counter()
    return {
        "preparing_seconds": round(prepared - started, 2),
        "signing_call_seconds": round(answered - prepared, 2),
        "checking_and_issuing_seconds": round(issued - answered, 2),
        "kilobytes_a_document": round(sum(map(len, files.values())) / count / 1000, 1),
    }


async def signed(address: str, scheme: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The signatures of all files by one call."""
    behaviour = {"person": "authorised-person-demo", "scheme": scheme, "armour": "base64"}
    args = {
        "format": "cms",
        "data": [base64.b64encode(content).decode() for content in files.values()],
        "signingParams": {"decode": True, "encapsulate": False, "digested": False},
        "signerParams": {"chain": []},
    }
    request = {"module": "kz.gov.pki.knca.basics", "method": "sign", "args": args}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{address}behaviour", json=behaviour) as answer:
            answer.raise_for_status()
        async with session.ws_connect(address, max_msg_size=LARGEST_MESSAGE) as layer:
            await layer.receive_json()
            await layer.send_json(request)
            told = await layer.receive_json(timeout=None)
    return dict(zip(files, map(base64.b64decode, told["body"]["result"]), strict=True))


def _hand_in(office: Any, signatures: Mapping[str, bytes]) -> None:
    sealing = import_module("kualik.cases.services.sealing")
    services = import_module("kualik.signatures.services")
    signer = import_module("kualik.accounts.queries").authorised_person(office.stage.provider)
    now = import_module("kualik.core.clock").now()
    rows = list(signatures.items())
    for start in range(0, len(rows), SLICE):
        outcomes = sealing.accept_signatures(
            user=signer,
            signatures=dict(rows[start : start + SLICE]),
            trust=services.installation_trust(),
            fetcher=services.test_fetcher(now=now),
            now=now,
        )
        for outcome in outcomes:
            if outcome.violation:
                raise outcome.violation


def _content(name: str) -> bytes:
    with import_module("django.core.files.storage").default_storage.open(name, "rb") as stored:
        content: bytes = stored.read()
    return content


def _write_people(office: Any) -> None:
    cast, loading = import_module("kualik.demo.cast"), import_module("kualik.demo.loading")
    people = Path(os.environ["KUALIK_VAR"]) / "simulators" / "people.json"
    cast.write_cast(path=people, data=office.data, apart=loading.PEOPLE_APART)


@contextmanager
def ncalayer() -> Iterator[str]:
    """The simulated NCALayer in a process of its own, on the bench's keys; its address."""
    port = free_row()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "ncalayer.py"), "--port", str(port)],
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout is None:
        raise OSError("the simulator has no output")
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    print(json.dumps(run()))
