"""How a simulator is reached: from this computer alone, and on a demonstration only."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from aiohttp import web
from django.conf import settings

LOOPBACK = "127.0.0.1"


@web.middleware
async def only_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Nobody reaches this by a name of their own that leads to loopback."""
    if request.url.host not in (LOOPBACK, "localhost"):
        raise web.HTTPForbidden(text="only 127.0.0.1")
    return await handler(request)


def run(app: web.Application, *, name: str, place: int) -> None:
    """Serve until stopped, on the port of the settings (``place`` among SIMULATORS) or another."""
    parser = argparse.ArgumentParser(description=f"{name} on loopback.")
    usual = int(settings.SIMULATORS[place].partition(":")[2])
    parser.add_argument("--port", type=int, default=usual)
    port = parser.parse_args().port
    if not settings.DEMO:
        sys.exit(f"{name} serves demonstrations only (KUALIK_DEMO=1).")
    try:
        asyncio.run(_serve(app, port))
    except KeyboardInterrupt:
        return
    except OSError as error:
        sys.exit(f"{name} cannot listen on {LOOPBACK}:{port}: {error.strerror}")


async def _serve(app: web.Application, port: int) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, port)
    await site.start()
    print(f"http://{LOOPBACK}:{runner.addresses[0][1]}/", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
