"""``kualik demo``: invented organisations, staff and requests, loaded once."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from kualik.core import clock
from kualik.demo.cast import write_cast
from kualik.demo.gateway import meet_portal
from kualik.demo.loading import PEOPLE_APART, is_loaded, load_demonstration, read_data


class Command(BaseCommand):
    help = "Load the demonstration into an empty database."

    def handle(self, *_args: object, **_options: object) -> None:
        if not settings.DEMO:
            raise CommandError(
                "This is no demonstration: set KUALIK_DEMO=1 on a database of its own"
            )
        call_command("migrate", verbosity=0)
        cast = settings.VAR / "simulators" / "people.json"
        write_cast(path=cast, data=read_data(), apart=PEOPLE_APART)
        if is_loaded():
            # The simulators may listen elsewhere this time.
            meet_portal(now=clock.now())
            self.stdout.write("The demonstration is loaded already; the data are kept.")
            return
        for provider in load_demonstration(now=clock.now()):
            self.stdout.write(f"{provider.code}: {provider.name_ru}")
