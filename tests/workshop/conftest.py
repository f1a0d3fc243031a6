"""A workshop that runs: a real server on a free port of this machine, with its worker processes, asked over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from kmsim.workshop.crew import Crew
from kmsim.workshop.desk import Desk
from kmsim.workshop.place import Place
from kmsim.workshop.room import Room
from kmsim.workshop.serve import HERE, bound, hosts, server_of
from kmsim.workshop.server import app

KEY = "the-presenters-key"
CODE = "K7M2QX"
CAMDEN = Place("borough", {"la": "Camden"})
VILLAGE = Place("village", {})


class Running:
    """A server and who asks it."""

    def __init__(self, desk: Desk, port: int, server: Any) -> None:
        self.desk, self.port, self.server = desk, port, server
        self.presenter = self.client({"x-kmsim-key": KEY})
        self.stranger = self.client({})

    def client(self, headers: dict[str, str]) -> httpx.Client:
        return httpx.Client(base_url=f"http://{HERE}:{self.port}", headers=headers, timeout=120)

    def ask(self, name: str, **data: Any) -> dict[str, Any]:
        """What the server answers to the presenter, which must be an answer."""
        answer = self.presenter.post(f"/api/{name}", json=data)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def start(self) -> dict[str, Any]:
        return self.presenter.get("/api/start").json()

    def guest(self) -> httpx.Client:
        """A phone that has joined."""
        token = self.stranger.post("/api/join", json={"code": CODE}).json()["guest"]
        return self.client({"x-kmsim-guest": token})


@contextmanager
def running(place: Place, workers: int = 2) -> Iterator[Running]:
    """A server in a thread, ended with its workers."""
    made: dict[str, Any] = {}
    up = threading.Event()

    async def serve() -> None:
        socket = bound(HERE, 0)
        port = socket.getsockname()[1]
        crew = Crew(workers, place.settings)
        try:
            await crew.ready()
            desk = Desk(place, crew, Room(CODE), f"http://{HERE}:{port}/join")
            server = server_of(app(desk, KEY, hosts(port)))
            made.update(desk=desk, port=port, server=server)
            asyncio.get_running_loop().call_later(0.05, up.set)
            await server.serve(sockets=[socket])
        finally:
            up.set()
            crew.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert up.wait(300)
    yield Running(made["desk"], made["port"], made["server"])
    made["server"].should_exit = True
    thread.join(20)


@pytest.fixture(scope="session")
def camden() -> Iterator[Running]:
    with running(CAMDEN) as one:
        yield one


@pytest.fixture(scope="session")
def village() -> Iterator[Running]:
    with running(VILLAGE) as one:
        yield one


@pytest.fixture
def scenario(camden) -> dict[str, Any]:
    return camden.start()["scenario"]
