"""``python -m bench [deadlines|seal|certificates|check]``: all of them, or the named ones."""

import json
import os
import sys
import tempfile

BENCHES = ("deadlines", "seal", "gost", "certificates", "check")


def main() -> None:
    """Run the benches in a data folder of their own and print their figures as JSON."""
    with tempfile.TemporaryDirectory(prefix="kualik-bench-") as folder:
        os.environ["KUALIK_VAR"] = folder
        os.environ["KUALIK_DEMO"] = "1"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")
        for name in sys.argv[1:] or BENCHES:
            module = __import__(f"bench.{name}", fromlist=["run"])
            print(json.dumps({name: module.run()}, indent=2, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
