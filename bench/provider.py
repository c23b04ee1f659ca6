"""The same measurement in a process where OpenSSL's provider for GOST is active."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

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
PROGRAM = """
import json, sys
from importlib import import_module
from kualik.signatures.adapters.gost.hash2015 import is_native
print(json.dumps(import_module(sys.argv[1]).measured() if is_native(512) else None))
"""


def with_provider(module: str) -> dict[str, Any] | None:
    """What ``measured()`` of a module finds there; None where the system has no such provider."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "openssl.cnf"
        file.write_text(CONFIGURATION)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, module],
            env={**os.environ, "OPENSSL_CONF": str(file)},
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, Any] | None = json.loads(done.stdout)
    return found
