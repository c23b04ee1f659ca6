"""Where offices stand, and a map of Kazakhstan drawn without outside services.

The outline and the cities are data (``data/map.toml``, which names its source). The projection is
the equidistant conic with the standard parallels 43° and 53° N and the meridian 67.5° E.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, radians, sin
from pathlib import Path
from typing import Any

from kualik.providers.models import Office, Provider
from kualik.rules.language import Text

DATA = Path(__file__).resolve().parents[1] / "data" / "map.toml"
# Degrees of latitude and longitude.
Position = tuple[float, float]
SOUTH, NORTH, MERIDIAN = radians(43), radians(53), radians(67.5)
CONE = (cos(SOUTH) - cos(NORTH)) / (NORTH - SOUTH)
APEX = cos(SOUTH) / CONE + SOUTH
WIDTH, MARGIN = 1000.0, 12.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The outline as an SVG path, and how a plane of the projection becomes the picture's."""

    path: str
    height: float
    left: float
    top: float
    scale: float

    def put(self, position: Position) -> tuple[float, float]:
        """The place of a position on the picture; y grows downwards."""
        x, y = _projected(position)
        return (
            round((x - self.left) * self.scale + MARGIN, 1),
            round((self.top - y) * self.scale + MARGIN, 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A city on the map; ``city`` is its name in Kazakh, by which the directory is narrowed."""

    x: float
    y: float
    name: Text
    count: int
    is_open: bool
    is_chosen: bool

    @property
    def is_at_the_edge(self) -> bool:
        """Whether the name has to stand on the left."""
        return self.x > WIDTH * 0.8


def position_of(office: Office, provider: Provider) -> Position | None:
    """The office's own position, else that of its city; None for a city the data does not know."""
    if office.latitude is not None and office.longitude is not None:
        return float(office.latitude), float(office.longitude)
    return _cities().get(provider.city_kk.strip().casefold())


@cache
def frame() -> Frame:
    """The outline of the country, 1000 units wide."""
    points = [_projected((latitude, longitude)) for longitude, latitude in _data()["outline"]]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    bottom, top = min(y for _, y in points), max(y for _, y in points)
    scale = (WIDTH - 2 * MARGIN) / (right - left)
    placed = [
        f"{(x - left) * scale + MARGIN:.0f} {(top - y) * scale + MARGIN:.0f}" for x, y in points
    ]
    height = round((top - bottom) * scale + 2 * MARGIN)
    return Frame("M" + "L".join(placed) + "Z", height, left, top, scale)


def marks(
    places: Sequence[tuple[Text, Sequence[Position], bool]], *, chosen: str = ""
) -> list[Mark]:
    """One mark for each city: its name, the positions of its offices, whether any is open."""
    found = []
    for name, positions, is_open in places:
        if not positions:
            continue
        middle = (
            sum(latitude for latitude, _ in positions) / len(positions),
            sum(longitude for _, longitude in positions) / len(positions),
        )
        x, y = frame().put(middle)
        found.append(
            Mark(
                x=x,
                y=y,
                name=name,
                count=len(positions),
                is_open=is_open,
                is_chosen=name.kk == chosen,
            )
        )
    return found


def _projected(position: Position) -> tuple[float, float]:
    latitude, longitude = radians(position[0]), radians(position[1])
    radius, angle = APEX - latitude, CONE * (longitude - MERIDIAN)
    return radius * sin(angle), -radius * cos(angle)


@cache
def _cities() -> dict[str, Position]:
    return {row["kk"].casefold(): (row["latitude"], row["longitude"]) for row in _data()["city"]}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))
