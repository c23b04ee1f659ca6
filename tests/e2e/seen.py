"""What a run of the browser tests saw."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from kualik.core import clock

AXE_FOLDER = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core"
AXE_VERSION = json.loads((AXE_FOLDER / "package.json").read_text(encoding="utf-8"))["version"]
# The engine of Chromium without the parts that show a window: a third less to compute.
CHROMIUM_PATH = shutil.which("chromium-headless-shell") or shutil.which("chromium")


@dataclass
class Seen:
    """What this run saw, for the accessibility statement (``kualik write_audit``).

    ``visits`` are kind of page, language and width of each page that axe judged; the sets hold
    what was read by keys alone, at 200 and 400 % and in the low-vision version. ``left_out`` counts
    tests that did not run to their end.
    """

    browser: str = ""
    visits: list[tuple[str, str, int]] = field(default_factory=list)
    faults: int = 0
    left_out: int = 0
    skeletons: set[str] = field(default_factory=set)
    keyboard: set[str] = field(default_factory=set)
    zoom: set[str] = field(default_factory=set)
    looks: set[str] = field(default_factory=set)

    def record(self) -> dict[str, object]:
        pages, languages, widths = zip(*self.visits, strict=True)
        return {
            "on": clock.local_day(clock.now()).isoformat(),
            "axe": AXE_VERSION,
            "browser": self.browser,
            "visits": len(self.visits),
            "pages": len(set(pages)),
            "widths": sorted(set(widths)),
            "languages": sorted(set(languages)),
            "faults": self.faults,
            "keyboard": len(self.keyboard),
            "zoom": len(self.zoom),
            "looks": len(self.looks),
        }


SEEN = Seen()
