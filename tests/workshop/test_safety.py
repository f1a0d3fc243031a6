"""Who may ask what, from where, how much, and that every mistake is told in a sentence and never breaks the server."""

from __future__ import annotations

import json
import socket

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmsim.workshop.guard import MOST_BYTES
from kmsim.workshop.limits import Pace
from kmsim.workshop.room import (
    CODE_LENGTH,
    LETTERS,
    MOST_EACH,
    MOST_GUESTS,
    SILENT,
    WRONG_EACH,
    Refused,
    Room,
    TooMany,
    new_code,
)
from kmsim.workshop.serve import bound
from tests.workshop.conftest import CODE, KEY

POSTS = ("simulate", "school", "why", "frontier", "flip", "predict", "open", "export", "room")


def refused(answer: httpx.Response, status: int | range) -> str:
    """The sentence of an error, which has the one form that errors have."""
    assert answer.status_code in (status if isinstance(status, range) else [status]), answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "sentence"}
    assert error["sentence"]
    assert "Traceback" not in error["sentence"]
    return error["sentence"]


@pytest.mark.parametrize("name", POSTS)
def test_only_the_presenter_simulates_and_leads(camden, name):
    for client in (camden.stranger, camden.guest(), camden.client({"x-kmsim-key": KEY + "x"})):
        assert "presenter" in refused(client.post(f"/api/{name}", json={}), 403)


@pytest.mark.parametrize("name", ["start", "assumptions", "findings"])
def test_only_the_presenter_reads_what_the_page_shows(camden, name):
    refused(camden.stranger.get(f"/api/{name}"), 403)
    refused(camden.guest().get(f"/api/{name}"), 403)
    assert camden.presenter.get(f"/api/{name}").status_code == 200


def test_the_key_gives_the_role_and_an_address_never_does(camden):
    roles = [c.get("/api/hello").json()["role"] for c in (camden.presenter, camden.guest(), camden.stranger)]
    assert roles == ["presenter", "guest", "none"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1", "127.0.0.1:1"])
def test_another_host_name_is_refused(camden, host):
    refused(camden.presenter.get("/", headers={"host": host}), 400)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_another_sites_page_is_refused(camden, origin):
    refused(camden.presenter.get("/api/start", headers={"origin": origin}), 403)
    refused(camden.presenter.post("/api/simulate", json={}, headers={"origin": origin}), 403)


def test_its_own_page_is_let_in(camden):
    own = {"origin": f"http://127.0.0.1:{camden.port}", "sec-fetch-site": "same-origin"}
    assert camden.presenter.get("/api/start", headers=own).status_code == 200


def test_every_answer_has_the_headers_that_keep_a_page_safe(camden):
    for answer in (camden.stranger.get("/"), camden.stranger.get("/api/hello"), camden.stranger.get("/no/such")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/%2e%2e/desk.py", "/desk.py", "/page/index.html", "/etc/passwd",
                                  "/..%2f..%2fpyproject.toml", "/assets/../../desk.py", "//etc/passwd", "/.hidden"])  # fmt: skip
def test_no_file_but_the_pages_own_is_served(camden, path):
    with socket.create_connection(("127.0.0.1", camden.port)) as raw:  # no client that tidies the path
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{camden.port}\r\nConnection: close\r\n\r\n".encode())
        said = b""
        while more := raw.recv(65536):
            said += more
    assert said.startswith(b"HTTP/1.1 404")
    assert b"there is no such page" in said


def test_the_page_is_served_for_the_presenter_and_for_phones(camden):
    page = camden.stranger.get("/")
    assert page.status_code == 200
    assert "<html" in page.text
    assert camden.stranger.get("/join").text == page.text
    assert camden.stranger.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304


def test_too_much_is_refused(camden):
    refused(camden.presenter.post("/api/open", json={"code": "x" * (MOST_BYTES + 1)}), 413)

    def drip():
        for _ in range(MOST_BYTES // 1000 + 2):
            yield b" " * 1000

    chunked = {"content-type": "application/json"}
    refused(camden.presenter.post("/api/open", content=drip(), headers=chunked), 413)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 5000, b"NaN", b'{"code": NaN}', b"1e999"])
def test_what_is_not_json_is_refused(camden, body):
    typed = {"content-type": "application/json"}
    refused(camden.presenter.post("/api/open", content=body, headers=typed), 400)


def test_what_does_not_say_it_is_json_is_refused(camden):
    refused(camden.presenter.post("/api/open", content=b"{}", headers={"content-type": "text/plain"}), 415)
    refused(camden.presenter.post("/api/open", data={"code": "1"}), 415)


def test_other_methods_and_questions_are_refused(camden):
    refused(camden.presenter.get("/api/simulate"), range(404, 406))
    refused(camden.presenter.delete("/api/simulate"), 405)
    refused(camden.presenter.get("/api/nothing"), 404)


# -- names and numbers in a scenario ----------------------------------------------------------
def scenario(**changes):
    return {
        "version": 1,
        "policies": [{"id": "A", "preset": "coaching"}, {"id": "B", "preset": "grassroots"}],
    } | changes


def arm(**changes):
    return scenario(policies=[{"id": "A", "preset": "coaching"} | changes])


BAD = {
    "a file as policy": arm(preset="configs/policy/coaching.yaml"),
    "a path as policy": arm(preset="../../../etc/passwd"),
    "code as policy": arm(preset="__import__('os').system('true')"),
    "an interpolation": arm(preset="${oc.env:HOME}"),
    "levers as a policy": arm(preset={"levers": []}),
    "no such network": arm(network="nlcx"),
    "a lever off its slider": arm(levers={"cpd": 1.2}),
    "a lever of no number": arm(levers={"cpd": "0.5"}),
    "a lever of true": arm(levers={"cpd": True}),
    "a lever that is none": arm(levers={"cpdd": 0.5}),
    "a shared lever in a policy": arm(levers={"budget": 10}),
    "levers where there is no network": scenario(policies=[{"id": "A", "preset": "guidance_only", "levers": {"cpd": 1}}]),
    "letters out of order": scenario(policies=[{"id": "B", "preset": "coaching"}]),
    "no policy": scenario(policies=[]),
    "five policies": scenario(policies=[{"id": i, "preset": "coaching"} for i in "ABCDE"]),
    "another version": scenario(version=2),
    "a version of true": scenario(version=True),
    "a system": scenario(system="england"),
    "a budget below the slider": scenario(budget=0),
    "years beyond all": scenario(years=1000),
    "half a year": scenario(years=7.5),
    "a seed too far": scenario(seed=2**70),
    "more funding than years": scenario(years=4, funded_years=6),
    "a practice by path": scenario(practice="./practice.yaml"),
    "a parameter that is none": scenario(parameters={"thta": 2}),
    "a parameter out of its range": scenario(parameters={"theta": 1e9}),
    "the budget as a parameter": scenario(parameters={"budget_per_pupil": 10}),
    "turnover twice": scenario(turnover=1.2, parameters={"move": 0.06}),
    "nothing": None,
    "a list": [],
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_scenario_is_refused_in_a_sentence(camden, name):
    ask = {"client": "bad", "number": 1, "scenario": BAD[name], "runs": 1}
    sentence = refused(camden.presenter.post("/api/simulate", json=ask), 400)
    assert sentence.startswith("scenario")
    assert "expected" in sentence or "did you mean" in sentence or "not " in sentence


@pytest.mark.parametrize(
    "changes",
    [{"runs": 0}, {"runs": 10**6}, {"runs": "10"}, {"number": -1}, {"client": ""}, {"client": "x" * 100}, {"client": 5},
     {"outcomes": []}, {"outcomes": ["nothing"]}, {"outcomes": ["depth"] * 9}, {"axes": {"depth": {"min": "a", "max": 1}}},
     {"axes": 5}, {"more": 1}],
)  # fmt: skip
def test_a_bad_request_is_refused_in_a_sentence(camden, changes):
    ask = {"client": "bad", "number": 1, "scenario": scenario(), "runs": 1} | changes
    refused(camden.presenter.post("/api/simulate", json=ask), 400)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(
    ["A", "B", "coaching", "nlc", "doing_it_well", "cpd", "csv", "ask", "lock", "best_gap", "1.abc", "x"]
)
KEYS = ("client", "number", "scenario", "runs", "outcomes", "axes", "policy", "school", "outcome", "guess", "code", "kind",
        "do", "question", "round", "value")  # fmt: skip


def mangled(request):
    """A good request in which one part, at any depth, is anything."""
    paths = [path for path, _ in _parts(request)]

    @st.composite
    def one(draw):
        at, new = draw(st.sampled_from(paths)), draw(JSON | WORDS)
        copy = json.loads(json.dumps(request))
        inside = copy
        for step in at[:-1]:
            inside = inside[step]
        if draw(st.booleans()):
            inside[at[-1]] = new
        elif isinstance(inside, dict):
            inside[draw(st.text(max_size=12))] = new
        return copy

    return one()


def _parts(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        yield (*path, key), inside
        yield from _parts(inside, (*path, key))


GOOD = scenario(
    policies=[{"id": "A", "preset": "coaching", "network": "nlc", "levers": {"cpd": 0.5}}],
    budget=30, funded_years=1, years=4, turnover=1.0, practice="metacognition", seed=1, parameters={"theta": 2.5},
)  # fmt: skip
REQUESTS = {
    "simulate": {"client": "f", "number": 1, "scenario": GOOD, "runs": 1, "outcomes": ["gap"], "axes": {"gap": {"min": 0, "max": 1}}},
    "school": {"scenario": GOOD, "policy": "A", "school": 1},
    "predict": {"scenario": GOOD, "policy": "A", "outcome": "gap", "guess": [0, 0.1, 0.2]},
    "open": {"code": "1.eJyrVkrLz1eyUkpKLFKqBQAdegQ0"},
    "export": {"scenario": GOOD, "runs": 1, "kind": "json"},
    "room": {"do": "ask", "question": "doing_it_well_A", "scenario": GOOD},
    "why": {"client": "f", "scenario": GOOD, "policy": "Z"},
    "answer": {"round": 1, "value": 3},
    "join": {"code": "ABCDEF"},
}  # fmt: skip
CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_at_all_is_answered_with_a_failure(village, name):
    guest = village.guest() if name == "answer" else village.presenter

    @CALM
    @given(data=mangled(REQUESTS[name]) | JSON | st.dictionaries(st.sampled_from(KEYS), JSON | WORDS, max_size=6))
    def ask(data):
        answer = guest.post(f"/api/{name}", json=data)
        assert answer.status_code < 500, answer.text
        if answer.status_code != 200:
            refused(answer, range(400, 500))

    ask()


# -- the code ------------------------------------------------------------------------------------
def test_codes_are_long_and_never_alike():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == CODE_LENGTH >= 6 and set(code) <= set(LETTERS) for code in codes)


def guess(room, address, times, code="WRONG1"):
    told = []
    for _ in range(times):
        with pytest.raises((Refused, TooMany)) as error:
            room.join(code, address)
        told.append(type(error.value))
    return told


def test_wrong_codes_are_told_to_wait_and_lock_nobody_out():
    now = [0.0]
    room = Room(CODE, clock=lambda: now[0])
    assert guess(room, "10.0.0.5", 8) == [Refused] * WRONG_EACH + [TooMany] * (8 - WRONG_EACH)
    assert room.join(CODE.lower(), "10.0.0.6")
    assert room.join(CODE, "10.0.0.5")  # another phone of the same network
    for i in range(300):
        guess(room, f"10.0.1.{i}", 6)
    assert room.join(CODE, "10.0.2.1")
    now[0] += 61
    assert guess(room, "10.0.0.5", 1) == [Refused]


def test_codes_are_tried_at_a_pace_and_a_right_one_has_its_turn(camden, monkeypatch):
    """Over HTTP, all from one address: wrong ones as fast as they go, then a right one."""
    camden.desk.room.guests.clear()
    with camden.client({}) as guesser:
        statuses = {guesser.post("/api/join", json={"code": "AAAAAA"}).status_code for _ in range(130)}
    assert statuses == {403, 429}
    assert camden.stranger.post("/api/join", json={"code": CODE}).status_code == 200


def test_a_pace_makes_wait_and_refuses():
    now = [0.0]
    pace = Pace(at_once=3, a_second=2.0, most_seconds=1.0, clock=lambda: now[0])
    assert [pace.wait("a") for _ in range(6)] == [0, 0, 0, 0.5, 1.0, None]
    assert pace.wait("b") == 0
    now[0] += 0.5
    assert pace.wait("a") == 1.0
    now[0] += 100
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


# -- seats ---------------------------------------------------------------------------------------
def test_one_address_cannot_take_all_seats():
    now = [0.0]
    room = Room(CODE, clock=lambda: now[0])
    tokens = [room.join(CODE, "10.0.0.5") for _ in range(MOST_EACH)]
    assert MOST_EACH >= 70  # heads of a conference behind one address
    with pytest.raises(Refused, match="150 phones of this network address"):
        room.join(CODE, "10.0.0.5")
    others = [room.join(CODE, f"10.0.1.{i}") for i in range(MOST_GUESTS - MOST_EACH)]
    with pytest.raises(Refused, match="the room is full"):
        room.join(CODE, "10.0.2.1")
    now[0] += SILENT / 2
    for token in (tokens[0], *others):
        room.hear(token)
    now[0] += SILENT / 2 + 1  # the phones but those have been silent for long enough
    assert room.join(CODE, "10.0.2.1")
    assert tokens[0] in room.guests
    assert tokens[1] not in room.guests
    assert set(others) <= set(room.guests)


def test_a_silent_phone_keeps_its_seat_while_there_are_others():
    now = [0.0]
    room = Room(CODE, clock=lambda: now[0])
    token = room.join(CODE, "10.0.0.5")
    now[0] += 10 * SILENT
    room.join(CODE, "10.0.0.6")
    assert token in room.guests


def test_an_answer_counts_when_its_phone_has_lost_its_seat():
    now = [0.0]
    room = Room(CODE, clock=lambda: now[0])
    token = room.join(CODE, "10.0.0.5")
    room.ask({"kind": "number", "min": 0, "max": 100, "unit": "%"}, {})
    room.answer(token, {"round": 1, "value": 5})
    now[0] += SILENT + 1
    for i in range(MOST_GUESTS):
        room.join(CODE, f"10.0.1.{i}")
    assert token not in room.guests
    there = room.for_presenter()
    assert (there["answers"], there["guests"]) == (1, MOST_GUESTS + 1)


def test_nobody_joins_a_workshop_that_is_on_this_machine_only():
    with pytest.raises(Exception, match="--lan"):
        Room(None).join("", "127.0.0.1")


def test_it_listens_on_loopback_unless_asked():
    import inspect

    from kmsim.workshop.serve import serve

    assert inspect.signature(serve).parameters["lan"].default is False
    with bound("127.0.0.1", 0) as one:
        assert one.getsockname()[0] == "127.0.0.1"
