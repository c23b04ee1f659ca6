"""Several people at one moment."""

import threading
from collections.abc import Callable

from django.db import connection


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run acts in threads that start together; what each returned or which rule it broke."""
    gate = threading.Barrier(len(acts))
    outcomes: list[object] = [None] * len(acts)

    def play(place: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            outcomes[place] = act()
        except Exception as error:  # noqa: BLE001 - the outcome is what the test looks at
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=play, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
