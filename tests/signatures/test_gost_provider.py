"""With OpenSSL's provider for GOST active the answers are those of plain Python, only sooner.

OpenSSL reads its configuration once in a process, so each check runs in one of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# As docs/operations.md gives it to administrators.
CONFIGURATION = """
openssl_conf = openssl_init
[openssl_init]
providers = providers
[providers]
default = default_provider
gostprov = gost_provider
[default_provider]
activate = 1
[gost_provider]
activate = 1
"""
COMPARE = """
import hashlib, json, sys
from kualik.signatures.adapters.gost.hash2015 import is_native, streebog, streebog_by_tables
data = bytes(range(256)) * 40
compared = 0
for bits in (256, 512):
    for length in [*range(0, 260), 1000, 4096, 10000]:
        if streebog(data[:length], bits=bits) != streebog_by_tables(data[:length], bits=bits):
            sys.exit(f"{bits} bits differ at {length} bytes")
        compared += 1
print(json.dumps([is_native(256) and is_native(512), compared]))
"""
JUDGE = """
import json
import django
django.setup()
from kualik.signatures.adapters.gost.hash2015 import is_native
from kualik.signatures.adapters.test_authority import Scheme
from tests.signatures.authorities import individual
from tests.signatures.verification import CONTENT, codes, flipped, signed, trust, verified
found = [is_native(512)]
for scheme in Scheme:
    file = signed([individual(scheme)])
    found.append(verified(file, trust(scheme)).status)
    changed = flipped(file, file.index(CONTENT))
    found.append(sorted(codes(verified(changed, trust(scheme)))))
print(json.dumps(found))
"""


def provided() -> bool:
    """Whether the system has the provider's module."""
    try:
        said = subprocess.run(
            ["openssl", "version", "-m"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return (Path(said.split('"')[1]) / "gostprov.so").is_file()


pytestmark = pytest.mark.skipif(not provided(), reason="no gostprov: libengine-gost-openssl")


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which OpenSSL activates the provider."""
    file = tmp_path_factory.mktemp("openssl") / "openssl.cnf"
    file.write_text(CONFIGURATION)
    return {
        **os.environ,
        "OPENSSL_CONF": str(file),
        "PYTHONPATH": f"{ROOT}/src:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }


def told(program: str, environment: dict[str, str]) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    if found[0] is not True:
        pytest.skip("the OpenSSL that this Python is linked with takes no provider")
    return found


@pytest.fixture(scope="module")
def compared(active: dict[str, str]) -> list[object]:
    return told(COMPARE, active)


def test_every_digest_is_the_same(compared: list[object]) -> None:
    assert compared == [True, 2 * 263]


def test_verdicts_are_the_same_for_all_kinds_of_keys(active: dict[str, str]) -> None:
    altered = ["content_changed", "time_is_stated"]
    assert told(JUDGE, active) == [True, *["valid", altered] * 3]


@pytest.mark.usefixtures("compared")
def test_the_tests_of_the_hashes_run_without_skipping(active: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
         "-p", "no:django", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest",
         "tests/signatures/test_gost_hashes.py"],
        cwd=ROOT, env=active, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
