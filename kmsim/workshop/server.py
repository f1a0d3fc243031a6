"""The server: HTTP on one side, the desk on the other. Who may ask what, and every mistake a 4xx with a sentence."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kmsim.errors import KmsimError, RunFailed
from kmsim.workshop.crew import Busy
from kmsim.workshop.desk import Desk, Superseded
from kmsim.workshop.guard import Guard, told
from kmsim.workshop.limits import Limit, Pace
from kmsim.workshop.pages import GUIDE, INDEX, pages
from kmsim.workshop.room import Refused, TooMany

ANYONE, GUEST, PRESENTER = "none", "guest", "presenter"
GUEST_REQUESTS, SECONDS = 40, 10.0  # of one phone
# Codes tried from one address: so many at once, then so many a second, each waiting its turn for so many seconds at most.
# A school's phones, which may have one address, all get in; to try one in a hundred of all codes would take five days.
CODES_AT_ONCE, CODES_A_SECOND, SECONDS_FOR_A_CODE = 100, 20.0, 5.0
log = logging.getLogger("kmsim.workshop")
Handler = Callable[[Request], Awaitable[Response]]


class NoKey(KmsimError):
    """Asked without the right to."""


def app(desk: Desk, key: str, hosts: Collection[str]) -> Guard:
    """The ASGI application. key: the presenter's; hosts: the values of the Host header that are this server's."""
    page = pages()
    desk.guide = {"href": "/guide", "text": "Facilitator's guide"} if GUIDE in page else None
    phones = Limit(GUEST_REQUESTS, SECONDS)
    codes = Pace(CODES_AT_ONCE, CODES_A_SECOND, SECONDS_FOR_A_CODE)

    def role(request: Request) -> str:
        given = request.headers.get("x-kmsim-key", "")
        if hmac.compare_digest(given.encode("utf-8", "replace"), key.encode()):
            return PRESENTER
        return GUEST if request.headers.get("x-kmsim-guest", "") in desk.room.guests else ANYONE

    def only(who: str, request: Request) -> None:
        if role(request) != who:
            raise NoKey(
                "open the link that the workshop printed: this needs the presenter's key"
                if who == PRESENTER
                else "join the room first, with the code on the screen"
            )

    def presenter(method: Callable[..., Any]) -> Handler:
        """A route of the presenter's that takes what was sent, if anything is, and gives a plain answer."""

        async def handle(request: Request) -> Response:
            only(PRESENTER, request)
            found = method(await _body(request)) if request.method == "POST" else method()
            return _json(await found if hasattr(found, "__await__") else found)

        return _safely(handle)

    async def hello(request: Request) -> Response:
        return _json(desk.hello(role(request)))

    async def export(request: Request) -> Response:
        only(PRESENTER, request)
        name, kind, body = await desk.export(await _body(request))
        return Response(body, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})

    async def join(request: Request) -> Response:
        address = request.client.host if request.client else ""
        seconds = codes.wait(address)
        if seconds is None:
            raise TooMany("too many codes are tried from this network address: wait a few seconds, then try again")
        if seconds:
            await asyncio.sleep(seconds)
        return _json(desk.join(await _body(request), address))

    async def room(request: Request) -> Response:
        if role(request) == PRESENTER:
            if request.method == "POST":
                return _json(await desk.lead(await _body(request)))
            return _json(desk.room.for_presenter())
        if request.method == "POST":
            only(PRESENTER, request)
        return _json(desk.room.for_guest(guest(request)))

    async def answer(request: Request) -> Response:
        return _json(desk.answer(await _body(request), guest(request)))

    def guest(request: Request) -> str:
        only(GUEST, request)
        token = request.headers["x-kmsim-guest"]
        if not phones.take(token):
            raise TooMany("too many requests from this phone: wait a few seconds")
        desk.room.hear(token)
        return token

    async def file(request: Request) -> Response:
        name = request.path_params.get("path", "") or INDEX
        found = page.get({"join": INDEX, "guide": GUIDE}.get(name, name))
        if found is None:
            return _error("not_found", "there is no such page here", 404)
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers={"etag": found.tag})
        headers = {"etag": found.tag, "vary": "accept-encoding"}
        if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.packed, headers=headers | {"content-encoding": "gzip"}, media_type=found.kind)
        return Response(found.data, headers=headers, media_type=found.kind)

    post, get = ["POST"], ["GET"]
    routes = [
        Route("/api/hello", _safely(hello), methods=get),
        *(Route(f"/api/{name}", presenter(getattr(desk, name)), methods=get) for name in ("start", "assumptions", "findings")),
        *(
            Route(f"/api/{name}", presenter(getattr(desk, name)), methods=post)
            for name in ("simulate", "school", "why", "frontier", "flip", "predict", "open")
        ),
        Route("/api/export", _safely(export), methods=post),
        Route("/api/join", _safely(join), methods=post),
        Route("/api/room", _safely(room), methods=[*get, *post]),
        Route("/api/answer", _safely(answer), methods=post),
        Route("/api/{rest:path}", _nothing, methods=[*get, *post]),
        Route("/{path:path}", _safely(file), methods=get),
    ]  # fmt: skip
    return Guard(Starlette(routes=routes, exception_handlers={404: _nothing_there, 405: _other_method}), hosts)


def _safely(handle: Handler) -> Handler:
    """The same, with every mistake told in a sentence."""

    async def safe(request: Request) -> Response:
        try:
            return await handle(request)
        except NoKey as error:
            return _error("no_key", str(error), 403)
        except Refused as error:
            return _error("refused", str(error), 403)
        except TooMany as error:
            return _error("too_many", str(error), 429, retry=10)
        except KmsimError as error:
            return _error("bad_request", str(error), 400)
        except Superseded:
            return _error("superseded", "a newer request has come", 409)
        except Busy:
            return _error("busy", "many ask at once: try again in a moment", 503, retry=1)
        except RunFailed as error:
            return _error("run_failed", f"a run failed: {error}", 500)
        except Exception:
            log.exception("a request failed")
            return _error("failed", "the server made a mistake; its terminal says more", 500)

    return safe


async def _body(request: Request) -> Any:
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise KmsimError("the request is not JSON") from None


def _json(value: Any) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    return Response(body, media_type="application/json")


def _error(code: str, sentence: str, status: int, retry: int | None = None) -> Response:
    headers = {} if retry is None else {"retry-after": str(retry)}
    return Response(told(code, " ".join(sentence.split())), status, headers, "application/json")


async def _nothing(request: Request) -> Response:
    return _error("not_found", "the workshop's server has no such question", 404)


async def _nothing_there(request: Request, error: Exception) -> Response:
    return await _nothing(request)


async def _other_method(request: Request, error: Exception) -> Response:
    return _error("bad_request", f"{request.method} is not asked here", 405)
