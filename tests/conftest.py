"""Files of a test stay in its own folder."""

import gc
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import time_machine
from django.conf import settings as program_settings
from django.db import connection
from pytest_django import Settings

from kualik.core import clock
from kualik.signatures.adapters.test_authority import Scheme, open_hierarchy
from kualik.signatures.services.trusting import TEST_AUTHORITY, TEST_SCHEMES
from tests import proving
from tests.migrated import lay_tables
from tests.moment import BEGINS_AT
from tests.serving import served
from tools.authority_server import AuthorityServer

FOUNDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
# Thousands of collected tests live to the end: looking through them at every step of the collector
# took a tenth of the run.
gc.set_threshold(100_000, 20, 100)
# The same examples in every run, however busy the machine is.
hypothesis.settings.register_profile("steady", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("steady")


def pytest_pycollect_makeitem(name: str, obj: object) -> list[pytest.Item] | None:
    """What the program calls a test key or a test authority is no test."""
    ours = str(getattr(obj, "__module__", "")).startswith("kualik.")
    return [] if ours and name.lower().startswith("test") else None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "any_database: what it proves lies outside the database")
    config.addinivalue_line(
        "markers", "real_clock: talks with processes that have a clock of their own"
    )
    proving.watch(config)


def pytest_collection_finish() -> None:
    """What is loaded by now stays, so it need not be looked through for garbage."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another database only what reads or writes it is run again."""
    if not os.environ.get("TEST_DATABASE_URL"):
        return
    again = [item for item in items if _depends_on_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _depends_on_database(item)])
    items[:] = again


def _depends_on_database(item: pytest.Item) -> bool:
    asked = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    if item.get_closest_marker("any_database"):
        return False
    return bool(asked) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """On SQLite the tables come ready; elsewhere each process migrates."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_keepdb: bool
) -> None:
    if django_db_keepdb:
        lay_tables(Path(connection.settings_dict["TEST"]["NAME"]))


@pytest.fixture(scope="session")
def founded_authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's authorities, made once: their keys take time."""
    root = tmp_path_factory.mktemp("founded") / TEST_AUTHORITY
    for scheme in TEST_SCHEMES:
        address = f"{program_settings.TEST_AUTHORITY_URL}/{scheme}"
        open_hierarchy(root / scheme, scheme=scheme, now=FOUNDED_AT, base_url=address)
    return root


@pytest.fixture
def kualik_files(tmp_path: Path, settings: Settings, founded_authorities: Path) -> Path:
    """Storage and key folders of the test, with authorities that issued nothing yet."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.KEYS_ROOT = tmp_path / "keys"
    settings.TRUST_ROOT = tmp_path / "keys" / "trust"
    shutil.copytree(founded_authorities, tmp_path / "keys" / TEST_AUTHORITY)
    return tmp_path


@pytest.fixture(autouse=True)
def moment(request: pytest.FixtureRequest) -> Iterator[None]:
    """The clock goes on from one moment, whatever the hour and the day on which the tests run."""
    if request.node.get_closest_marker("real_clock"):
        yield
        return
    with time_machine.travel(BEGINS_AT):
        yield


@pytest.fixture(autouse=True)
def own_cache(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Limits on guessing start anew in every test and are not shared between processes."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": request.node.nodeid,
        }
    }


@pytest.fixture(scope="session")
def served_authorities(
    tmp_path_factory: pytest.TempPathFactory, founded_authorities: Path
) -> Iterator[AuthorityServer]:
    """Both test authorities of the demonstration with their services, at a real address."""
    directory = tmp_path_factory.mktemp("keys") / founded_authorities.name
    shutil.copytree(founded_authorities, directory)
    schemes = [Scheme.RSA, Scheme.GOST512]
    server = AuthorityServer(directory=directory, schemes=schemes, port=0, clock=clock.now)
    with served(server):
        yield server


@pytest.fixture
def served_installation(
    served_authorities: AuthorityServer, settings: Settings, tmp_path: Path
) -> None:
    """The settings of an installation that believes these authorities and may ask them."""
    settings.KEYS_ROOT = served_authorities.directory.parent
    settings.TRUST_ROOT, settings.TRUST_PINS = tmp_path / "trust", []
    settings.TEST_AUTHORITY_URL = served_authorities.address
