"""The small world behind the pages."""

from collections.abc import Callable

import pytest
from django.test import Client

from kualik.accounts.models import User
from tests.world import World, build_world, sign_in


@pytest.fixture
def world(db, kualik_files) -> World:
    return build_world()


@pytest.fixture
def signed_in(client: Client) -> Callable[[User], Client]:
    """The client as somebody of the world, the pages in English."""

    def make(user: User) -> Client:
        client.cookies["kualik_language"] = "en"
        return sign_in(client, user)

    return make
