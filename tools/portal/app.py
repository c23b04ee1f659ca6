"""The routes of the portal, and its pump that runs beside them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from tools.loopback import only_here
from tools.portal.cabinet import Cabinet
from tools.portal.citizen import Citizen
from tools.portal.console import Console, remembered
from tools.portal.gateway import LARGEST, Gateway
from tools.portal.parts import entered
from tools.portal.pushing import Pump
from tools.portal.state import Portal


@web.middleware
async def own_forms_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A page of another site cannot fill in a form here."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="only these pages")
    return await handler(request)


def application(portal: Portal) -> web.Application:
    """The portal; its pump runs while the application does."""
    app = web.Application(middlewares=[only_here, own_forms_only], client_max_size=LARGEST)
    pump = Pump(portal)
    gateway, console = Gateway(portal, pump), Console(portal)
    citizen, cabinet = Citizen(portal), Cabinet(portal, pump)
    remembered(portal)
    add = app.router.add_route
    add("POST", "/shep/async", gateway.asynchronous)
    add("POST", "/shep/sync", gateway.synchronous)
    add("GET", "/", citizen.start)
    add("POST", "/enter", citizen.enter)
    add("GET", "/services/{code}", entered(portal, citizen.order))
    add("POST", "/services/{code}/check", entered(portal, citizen.check))
    add("POST", "/requests/send", entered(portal, citizen.send))
    add("GET", "/cabinet", entered(portal, cabinet.all))
    add("GET", "/cabinet/{number}", entered(portal, cabinet.one))
    add("GET", "/cabinet/{number}/add", entered(portal, cabinet.more))
    add("POST", "/cabinet/{number}/add", entered(portal, cabinet.add))
    add("POST", "/cabinet/{number}/withdraw", entered(portal, cabinet.withdraw))
    add("GET", "/download/{number}", entered(portal, cabinet.download))
    add("GET", "/my-documents", entered(portal, cabinet.wallet))
    add("GET", "/services/{code}/rest/request-states/{number}", cabinet.state)
    add("GET", "/1414", console.telephone)
    add("POST", "/1414", console.reply)
    add("GET", "/workings", console.workings)
    add("POST", "/workings", console.keep)
    add("GET", "/books", console.books)
    add("POST", "/requests", console.file)
    add("POST", "/requests/{number}/updates", console.update)
    for method in ("GET", "POST"):
        add(method, "/faults", console.faults)
        add(method, "/behaviour", console.behaviour)

    async def beside(_app: web.Application) -> AsyncIterator[None]:
        running = asyncio.create_task(pump.run())
        yield
        pump.stop()
        await running

    app.cleanup_ctx.append(beside)
    return app
