"""Schemas are built in whatever thread needs them first."""

import subprocess
import sys

import pytest

AT_ONCE = """
import threading
from kualik.gateway.adapters.schemas import FOLDER, schema_of
names = sorted(path.name for path in FOLDER.glob("*-types.xsd"))
start, built = threading.Barrier(8), []
def build(at):
    start.wait()
    built.append(schema_of(names[at % len(names)]))
threads = [threading.Thread(target=build, args=(at,)) for at in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(len(built), len(set(map(id, built))) == len(names))
"""


@pytest.mark.parametrize("_turn", range(3))
def test_eight_threads_of_a_new_process_build_the_schemas_at_once(_turn: int) -> None:
    """libxml2 breaks where two threads build its first schema together."""
    made = subprocess.run(
        [sys.executable, "-c", AT_ONCE], capture_output=True, text=True, timeout=60
    )
    assert (made.returncode, made.stdout, made.stderr) == (0, "8 True\n", "")
