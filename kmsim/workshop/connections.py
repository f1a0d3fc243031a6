"""Connections of the workshop's server: how many an address may have, how long a request may take to come, what is logged.

A request that is no HTTP, asks for another protocol or never becomes whole is refused, and logged in one line at most.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from kmsim.workshop.guard import HEADERS, told

MOST_EACH = 300  # connections of one address: those of a school's phones may be one's
MOST = 600  # in all; this machine's own are not refused
SECONDS_TO_ASK = 15.0  # from a request's first byte to its last
MOST_HEAD = 32 * 1024  # bytes of a request line and headers
HERE = "127.0.0.1"
log = logging.getLogger("kmsim.workshop")
_LOWER = logging.getLogger("kmsim.workshop.uvicorn")  # what uvicorn says of a connection
_LOWER.setLevel(logging.ERROR)  # its warnings are of requests that are refused, which is told here


class Connection(H11Protocol):
    """One connection, with HTTP/1.1 only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _LOWER
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        """The address at the other end."""
        return self.client[0] if self.client else ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or end it if there are too many."""
        super().connection_made(transport)
        if self.address != HERE:
            own = sum(isinstance(one, Connection) and one.address == self.address for one in self.connections)
            if own > MOST_EACH or len(self.connections) > MOST:
                log.warning("a connection from %s is refused: it has %d, all have %d", self.address, own - 1, len(self.connections) - 1)  # fmt: skip
                transport.abort()
                return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._expected()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take some bytes of a request."""
        if self.transport.is_closing():
            return
        try:
            super().data_received(data)
        except (UnicodeError, h11.ProtocolError):  # a path of other letters; bytes after the end
            self.send_400_response("")
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._expect()
        else:
            self._expected()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, in a sentence, and end the connection."""
        log.warning("a request from %s is refused: it is no HTTP/1.1", self.address)
        body = told("bad_request", "this is not a request that the workshop's server reads")
        lines = ["HTTP/1.1 400 Bad Request", "content-type: application/json", f"content-length: {len(body)}"]
        lines += ["connection: close", *(f"{name}: {value}" for name, value in HEADERS.items())]
        if self.cycle is None or self.cycle.response_complete:  # else an answer to an earlier request is on its way
            self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: a request that asks for another protocol too is answered in this one."""

    # -- a request that does not come -------------------------------------------------------
    def _expect(self) -> None:
        """From now on a whole request is expected, within a time."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(SECONDS_TO_ASK, self._late)

    def _expected(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        waits = (
            self.conn.their_state is h11.IDLE and self.cycle is not None and self.timeout_keep_alive_task is not None
        )
        if not waits and not self.transport.is_closing():
            if self.conn.trailing_data[0] or self.conn.their_state is h11.SEND_BODY:
                log.warning("a request from %s is refused: it is not whole after %g s", self.address, SECONDS_TO_ASK)
            self.transport.abort()
