"""Starting and ending: sockets on this machine, and on the local network when asked for; the crew; the printed links."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

from kmsim.errors import KmsimError
from kmsim.lab.compilation import compile_model
from kmsim.lab.pool import cpus
from kmsim.workshop.crew import Crew
from kmsim.workshop.desk import Desk
from kmsim.workshop.logs import Lines, on
from kmsim.workshop.place import Place
from kmsim.workshop.room import Room, new_code

HERE = "127.0.0.1"
PORT = 8765
TRIED = 20  # ports after the first, when none was asked for
MOST_WORKERS = 8


def serve(
    place: Place, lan: bool = False, browser: bool = True, port: int | None = None, say: Callable[[str], Any] = print
) -> None:
    """Serve the workshop until Ctrl-C or SIGTERM. say: is told the links. Raises KmsimError if the port or the network is not to be had.

    lan: on the local network too, for phones with the room's code. browser: open one on the presenter's link.
    """
    compile_model(cpus())
    place.system  # noqa: B018  (built now, so that what is wrong with it is said now)
    sockets = [bound(HERE, port)]
    port = sockets[0].getsockname()[1]
    address = lan_address() if lan else None
    if address is not None:
        sockets.append(bound(address, port))
    lines = Lines(lambda line: print(line, file=sys.stderr, flush=True))
    try:
        with on(lines):
            asyncio.run(_serve(place, sockets, address, browser, say, lines))
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    finally:
        for one in sockets:
            one.close()


async def _serve(
    place: Place,
    sockets: list[socket.socket],
    address: str | None,
    browser: bool,
    say: Callable[[str], Any],
    lines: Lines,
) -> None:
    from kmsim.workshop.server import app

    port, key = sockets[0].getsockname()[1], secrets.token_urlsafe(24)
    room = Room(new_code() if address else None)
    crew = Crew(min(cpus(), MOST_WORKERS), place.settings)
    servers: list[Any] = []
    _when_told_to_end(servers, crew, lines)
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
        servers.append(server_of(app(desk, key, hosts(port, address))))
        await servers[0].serve(sockets=sockets)
    finally:
        lines.ended = True
        crew.close()


def _when_told_to_end(servers: list[Any], crew: Crew, lines: Lines) -> None:
    """Have Ctrl-C and SIGTERM end what runs now: a server at once, whoever still waits for an answer, or what precedes it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        lines.ended = True
        crew.stop()
        for server in servers:
            server.should_exit = server.force_exit = True
            for asked in [*server.server_state.tasks]:
                asked.cancel()
        if not servers and task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on this system; not in the main thread
            loop.add_signal_handler(number, end)


def server_of(application: Any) -> Any:
    """A server of the application that leaves signals to whoever started it."""
    import uvicorn

    class Server(uvicorn.Server):
        def capture_signals(self) -> Any:
            return nullcontext()

    return Server(configured(application))


def configured(application: Any) -> Any:
    """How the application is served: quietly, with nothing said of the server, by HTTP/1.1 alone."""
    import uvicorn

    from kmsim.workshop.connections import MOST_HEAD, Connection

    return uvicorn.Config(
        application, http=Connection, log_config=None, log_level="warning", access_log=False, server_header=False,
        date_header=False, timeout_keep_alive=30, ws="none", lifespan="off", timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=MOST_HEAD,
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
