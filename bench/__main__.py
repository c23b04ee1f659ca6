"""``python -m bench [NAME …]``: all of them, or the named ones.

Names: deadlines, seal, preserving, gost, verify, certificates, signing, check, weight, live,
portal.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module

BENCHES = (
    "deadlines",
    "seal",
    "preserving",
    "gost",
    "verify",
    "certificates",
    "signing",
    "check",
    "weight",
    "live",
    "portal",
)


def main() -> None:
    """Run one bench here, several in a process each: every one has a data folder of its own."""
    names = sys.argv[1:] or list(BENCHES)
    if len(names) > 1:
        for name in names:
            subprocess.run([sys.executable, "-m", "bench", name], check=True)
        return
    with tempfile.TemporaryDirectory(prefix="kualik-bench-") as folder:
        os.environ["KUALIK_VAR"] = folder
        os.environ["KUALIK_DEMO"] = "1"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")
        figures = import_module(f"bench.{names[0]}").run()
        print(json.dumps({names[0]: figures}, indent=2, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
