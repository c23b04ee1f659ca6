"""The small world behind incidents."""

import pytest

from tests.world import World, build_world


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()
