"""Files of a test stay in its own folder."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture
def kualik_files(tmp_path: Path, settings: Settings) -> Path:
    """Storage and key folders of the test."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.KEYS_ROOT = tmp_path / "keys"
    return tmp_path


@pytest.fixture(autouse=True)
def own_cache(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Limits on guessing start anew in every test and are not shared between processes."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": request.node.nodeid,
        }
    }
