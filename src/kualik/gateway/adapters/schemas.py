"""The schemas of the contract, each built once in a process."""

import threading
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

FOLDER: Final = Path(__file__).parents[1] / "data" / "schema"
# libxml2 fills its table of simple types when the first schema is built, without a lock of its
# own: two threads at it at once break each other's schema, or the process.
_BUILDING: Final = threading.Lock()


def schema_of(name: str) -> etree.XMLSchema:
    """The schema of a file; any number of threads may validate by it."""
    with _BUILDING:
        return _built(name)


@cache
def _built(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(FOLDER / name))
