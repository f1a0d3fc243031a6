"""Whatever bytes a connection brings: an answer or an end, one log line at most, and the server goes on."""

from __future__ import annotations

import logging
import socket
import time
from http.client import HTTPConnection

import pytest

from kmsim.workshop import connections
from kmsim.workshop.logs import Lines, Rate, on

BOUND = 30.0
JSON = b"Content-Type: application/json\r\n"


def host(port: int) -> bytes:
    return f"Host: 127.0.0.1:{port}\r\n".encode()


NO_HTTP = {
    "bytes": b"\x00\x01\x02garbage\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100f1010000ed0303") + b"\x11" * 230,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 30,
    "a path of other letters": b"GET /\xff\xfe HTTP/1.1\r\n<host>\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a header too long": b"GET / HTTP/1.1\r\n<host>X: " + b"a" * 600_000 + b"\r\n\r\n",
    "a line without end": b"A" * 600_000,
    "a length that is no number": b"POST /api/join HTTP/1.1\r\n<host>" + JSON + b"Content-Length: abc\r\n\r\n{}",
    "a length below 0": b"POST /api/join HTTP/1.1\r\n<host>" + JSON + b"Content-Length: -1\r\n\r\n{}",
    "two lengths": b"POST /api/join HTTP/1.1\r\n<host>" + JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a NUL in a header": b"GET / HTTP/1.1\r\n<host>X: a\0b\r\n\r\n",
    "SMB": b"\x00\x00\x00\x85\xffSMBr\x00",
    "a bad chunk": b"POST /api/join HTTP/1.1\r\n<host>" + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}
REFUSED = {
    "an unknown method": b"BREW / HTTP/1.1\r\n<host>\r\n",
    "CONNECT": b"CONNECT a:1 HTTP/1.1\r\n<host>\r\n",
    "another host": b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a length too long": b"POST /api/join HTTP/1.1\r\n<host>" + JSON + b"Content-Length: 99999999999999999\r\n\r\n{}",
    "JSON that ends too soon": b"POST /api/join HTTP/1.1\r\n<host>" + JSON + b"Content-Length: 1\r\n\r\n{",
    "HTTP/1.0 without host": b"GET / HTTP/1.0\r\n\r\n",
}
ANSWERED = {
    "a WebSocket": b"GET / HTTP/1.1\r\n<host>Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n",
    "h2c": b"GET / HTTP/1.1\r\n<host>Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
    "a header of other letters": b"GET / HTTP/1.1\r\n<host>x-kmsim-key: \xff\xfe\r\n\r\n",
}


@pytest.fixture
def said():
    """What the server says meanwhile."""
    lines: list[str] = []
    with on(Lines(lines.append, Rate(1000))):
        yield lines


def sent(port: int, data: bytes) -> bytes:
    """What the server answers to these bytes until it ends the connection, or has answered whole."""
    with socket.create_connection(("127.0.0.1", port), timeout=BOUND) as one:
        got = b""
        try:
            one.sendall(data.replace(b"<host>", host(port)))
            while b"\r\n\r\n" not in got and (more := one.recv(65536)):
                got += more
        except (ConnectionResetError, BrokenPipeError):
            pass
        return got


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_is_refused_with_one_line(village, said, name):
    got = sent(village.port, NO_HTTP[name])
    assert got[:12] in (b"HTTP/1.1 400", b"")
    end = time.monotonic() + BOUND
    while not said and time.monotonic() < end:
        time.sleep(0.01)
    assert said == ["kmsim workshop: a request from 127.0.0.1 is refused: it is no HTTP/1.1"]
    assert village.presenter.get("/api/hello").status_code == 200


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_not_logged(village, said, name):
    assert sent(village.port, REFUSED[name])[:10] == b"HTTP/1.1 4"
    assert said == []


@pytest.mark.parametrize("name", ANSWERED)
def test_another_protocol_that_is_offered_is_not_taken_nor_logged(village, said, name):
    assert sent(village.port, ANSWERED[name])[:12] == b"HTTP/1.1 200"
    assert said == []


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 0),
        (b"GET / HT", 1),
        (b"POST /api/join HTTP/1.1\r\n<host>" + JSON + b"Content-Length: 100\r\n\r\n{", 1),
    ],
)
def test_a_request_that_never_becomes_whole_is_ended(village, said, monkeypatch, data, line):
    monkeypatch.setattr(connections, "SECONDS_TO_ASK", 0.2)
    with socket.create_connection(("127.0.0.1", village.port), timeout=BOUND) as one:
        one.sendall(data.replace(b"<host>", host(village.port)))
        try:
            while one.recv(65536):
                pass
        except ConnectionResetError:
            pass
    assert len(said) == line
    assert all("it is not whole after" in one for one in said)


def test_a_request_that_drips_is_ended_too(village, monkeypatch):
    monkeypatch.setattr(connections, "SECONDS_TO_ASK", 0.3)
    end = time.monotonic() + BOUND
    with socket.create_connection(("127.0.0.1", village.port), timeout=BOUND) as one:
        one.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(OSError):
            while time.monotonic() < end:
                one.sendall(b"X: y\r\n")
                time.sleep(0.02)


def test_a_connection_that_is_kept_is_not_ended_for_it(village, monkeypatch):
    monkeypatch.setattr(connections, "SECONDS_TO_ASK", 0.2)
    one = HTTPConnection("127.0.0.1", village.port, timeout=BOUND)
    one.connect()
    kept = one.sock
    for _ in range(3):
        one.request("GET", "/api/hello")
        assert one.getresponse().read()
        time.sleep(0.4)
    assert one.sock is kept
    one.close()


def answered(port: int, one: socket.socket) -> bool:
    """Whether a connection is there to ask."""
    try:
        one.sendall(b"GET /api/hello HTTP/1.1\r\n" + host(port) + b"\r\n")
        return one.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def test_an_address_has_so_many_connections_and_others_are_let_in(village, said, monkeypatch):
    monkeypatch.setattr(connections, "MOST_EACH", 5)

    def connect(address):
        return socket.create_connection(("127.0.0.1", village.port), timeout=BOUND, source_address=(address, 0))

    crowd = [connect("127.0.0.8") for _ in range(8)]
    try:
        assert sum(answered(village.port, one) for one in crowd) == 5
        for address in ("127.0.0.9", "127.0.0.1"):
            with connect(address) as other:
                assert answered(village.port, other)
    finally:
        for one in crowd:
            one.close()
    assert len(said) == 3
    assert all("a connection from 127.0.0.8 is refused" in line for line in said)


# -- lines ---------------------------------------------------------------------------------------
def test_so_many_lines_in_a_while_are_said():
    now, lines = [0.0], []
    log = logging.getLogger("kmsim.workshop")
    with on(Lines(lines.append, Rate(3, 60.0, lambda: now[0]))) as handler:
        for i in range(10):
            log.warning("line %d", i)
        assert lines[:3] == [f"kmsim workshop: line {i}" for i in range(3)]
        assert lines[3:] == ["kmsim workshop: more lines are left out until 60 s after the first"]
        now[0] = 61.0
        log.info("not this")
        logging.getLogger("uvicorn.error").warning("that")
        assert lines[4:] == ["kmsim workshop: that"]
        handler.ended = True
        log.error("nothing when it ends")
    assert len(lines) == 5
