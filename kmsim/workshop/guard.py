"""What stands before every request: the address asked for, where the page that asks came from, how much is sent, and the headers.

Example
-------
>>> guard = Guard(None, {"127.0.0.1:8765"})
>>> guard.refusal("POST", {"host": "evil.example"})
('bad_request', 'this address is not the one the workshop was started on', 400)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from typing import Any

import orjson

MOST_BYTES = 64 * 1024
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
Refusal = tuple[str, str, int]


class Guard:
    """ASGI middleware. hosts: the values of the Host header that are this server's, in lower case."""

    def __init__(self, app: Any, hosts: Collection[str]) -> None:
        self.app, self.hosts = app, frozenset(hosts)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        send = _with_headers(send, scope["path"])
        refusal = self.refusal(scope["method"], headers)
        if refusal is None:
            body = await _whole(receive)
            if body is None:
                refusal = ("too_large", f"more was sent than the {MOST_BYTES // 1024} kB a request may have", 413)
            else:
                await self.app(scope, _again(body, receive), send)
                return
        await _answer(send, *refusal)

    def refusal(self, method: str, headers: Mapping[str, str]) -> Refusal | None:
        """Why a request is not let in, from its headers alone, or None."""
        if headers.get("host", "").lower() not in self.hosts:
            return "bad_request", "this address is not the one the workshop was started on", 400
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in self.hosts}:
            return "no_key", "another site's page may not ask this server anything", 403
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and method != "GET":
            return "no_key", "another site's page may not ask this server anything", 403
        if method not in ("GET", "HEAD", "POST"):
            return "bad_request", f"{method[:20]} is not asked here: GET or POST", 405
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or len(length) > 12 or int(length) > MOST_BYTES:
            return "too_large", f"more was sent than the {MOST_BYTES // 1024} kB a request may have", 413
        if method == "POST" and headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return "not_json", "a request is JSON: Content-Type: application/json", 415
        return None


async def _whole(receive: Any) -> bytes | None:
    """All that is sent, or None if it is too much, or whoever sends it has gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Any) -> Any:
    sent = False

    async def hand() -> Any:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return hand


def _with_headers(send: Any, path: str) -> Any:
    kept = "no-store" if path.startswith("/api/") else "no-cache"

    async def hand(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = [(k, v) for k, v in message.get("headers", []) if k.lower() not in (b"server",)]
            given = {k.lower() for k, _ in own}
            more = {**HEADERS, "cache-control": kept}
            own += [(k.encode(), v.encode()) for k, v in more.items() if k.encode() not in given]
            message["headers"] = own
        await send(message)

    return hand


def told(code: str, sentence: str) -> bytes:
    """The body of an error."""
    return orjson.dumps({"error": {"code": code, "sentence": sentence}})


async def _answer(send: Any, code: str, sentence: str, status: int) -> None:
    body = told(code, sentence)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
