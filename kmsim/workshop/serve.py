"""Starting and ending: sockets on this machine, and on the local network when asked for; the crew; the printed links."""

from __future__ import annotations

import asyncio
import secrets
import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kmsim.errors import KmsimError
from kmsim.lab.compilation import compile_model
from kmsim.lab.pool import cpus
from kmsim.workshop.crew import Crew
from kmsim.workshop.desk import Desk
from kmsim.workshop.place import Place
from kmsim.workshop.room import Room, new_code

HERE = "127.0.0.1"
PORT = 8765
TRIED = 20  # ports after the first, when none was asked for
MOST_WORKERS = 8


def serve(
    place: Place, lan: bool = False, browser: bool = True, port: int | None = None, say: Callable[[str], Any] = print
) -> None:
    """Serve the workshop until Ctrl-C. say: is told the links. Raises KmsimError if the port or the network is not to be had.

    lan: on the local network too, for phones with the room's code. browser: open one on the presenter's link.
    """
    compile_model(cpus())
    place.system  # noqa: B018  (built now, so that what is wrong with it is said now)
    sockets = [bound(HERE, port)]
    port = sockets[0].getsockname()[1]
    address = lan_address() if lan else None
    if address is not None:
        sockets.append(bound(address, port))
    try:
        asyncio.run(_serve(place, sockets, address, browser, say))
    except KeyboardInterrupt:
        pass
    finally:
        for one in sockets:
            one.close()


async def _serve(
    place: Place, sockets: list[socket.socket], address: str | None, browser: bool, say: Callable[[str], Any]
) -> None:
    import uvicorn

    from kmsim.workshop.server import app

    port, key = sockets[0].getsockname()[1], secrets.token_urlsafe(24)
    room = Room(new_code() if address else None)
    crew = Crew(min(cpus(), MOST_WORKERS), place.settings)
    desk = Desk(place, crew, room, f"http://{address}:{port}/join" if address else None)
    try:
        await crew.ready()
        link = f"http://{HERE}:{port}/#key={key}"
        say(f"{place.sentence}\npresenter: {link}")
        if address:
            say(f"phones: {desk.join_url}  code {room.code}")
        say("Ctrl-C ends it.")
        if browser:
            asyncio.get_running_loop().call_later(0.5, _open, link)
        server = uvicorn.Server(configured(app(desk, key, hosts(port, address))))
        await server.serve(sockets=sockets)
    finally:
        crew.close()


def configured(application: Any) -> Any:
    """How the application is served: quietly, with nothing said of the server, and only so many at once."""
    import uvicorn

    return uvicorn.Config(
        application, log_level="warning", access_log=False, server_header=False, date_header=False,
        timeout_keep_alive=30, limit_concurrency=400, ws="none", lifespan="off", timeout_graceful_shutdown=2,
    )  # fmt: skip


def hosts(port: int, address: str | None = None) -> set[str]:
    """The values of the Host header that are this server's.

    >>> sorted(hosts(8765))
    ['127.0.0.1:8765', 'localhost:8765']
    """
    return {f"{name}:{port}" for name in (HERE, "localhost", address) if name}


def bound(address: str, port: int | None) -> socket.socket:
    """A socket on an address. port: None for the usual one, or the next that is free; 0 for any. Raises KmsimError."""
    ports = range(PORT, PORT + TRIED) if port is None else [port]
    for one in ports:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((address, one))
            made.listen(128)
            return made
        except OSError:
            made.close()
    where = f"port={port}" if port is not None else f"ports {PORT} to {PORT + TRIED - 1}"
    raise KmsimError(f"{where}: not to be had on {address}; give another, such as port=9000")


def lan_address() -> str:
    """This machine's address on the local network. Nothing is sent. Raises KmsimError if it is on none."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("10.255.255.255", 9))
        found = probe.getsockname()[0]
        if not found.startswith("127.") and found != "0.0.0.0":
            return found
    raise KmsimError("--lan: this machine is on no local network; start without --lan")


def _open(link: str) -> None:
    with suppress(webbrowser.Error):
        webbrowser.open(link)
