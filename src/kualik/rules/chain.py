"""The journal's chain of hashes, as anybody can check it without the system that wrote it."""

import hashlib
import json
from collections.abc import Mapping, Sequence

# What the hash of an entry covers, in this order.
COVERED = ("subject", "sequence", "at", "actor", "role", "action", "data", "previous_hash")
Entry = Mapping[str, object]


def link_hash(entry: Entry) -> str:
    """SHA-256 over the fields of ``COVERED`` as a JSON list: UTF-8, no spaces, keys sorted.

    ``at`` is ISO 8601 in UTC. Raises KeyError for an entry that lacks a field.
    """
    content = [entry[name] for name in COVERED]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def broken_links(entries: Sequence[Entry]) -> list[int]:
    """Sequence numbers, of one subject's entries in order, whose content or link to the entry
    before is not what was written."""
    broken, previous = [], ""
    for place, entry in enumerate(entries, start=1):
        intact = entry["sequence"] == place and entry["previous_hash"] == previous
        if not intact or entry["hash"] != link_hash(entry):
            broken.append(int(str(entry["sequence"])))
        previous = str(entry["hash"])
    return broken
