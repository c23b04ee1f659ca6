import pytest
from django.utils import timezone

from tests.training.office import NOW


@pytest.fixture(autouse=True)
def plain_surroundings(settings, tmp_path):
    """Files and counters of this test alone."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(tmp_path / "cache"),
        }
    }


@pytest.fixture(autouse=True)
def at(monkeypatch):
    """Pages read the clock; here it stands on the Monday after the lists' last day."""

    def stop_at(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)

    stop_at(NOW)
    return stop_at
