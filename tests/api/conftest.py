"""The small world for the interface of other systems."""

import pytest

from tests.world import World, build_world


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()
