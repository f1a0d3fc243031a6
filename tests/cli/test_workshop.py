"""`kmsim workshop`: what it refuses before anything is served, and that it starts, answers and ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys

import pytest


@pytest.mark.parametrize("flag", ["--lan", "--no-browser"])
def test_its_flags_are_its_own(kmsim, flag):
    said = kmsim("list", flag)
    assert said.code == 2
    assert said.err == f"kmsim: {flag}: a flag of kmsim workshop; kmsim list has none of that name\n"
    assert flag in kmsim("workshop", "--help").out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["system=boroug"], "did you mean 'borough'?"),
        (["system.la=Camdn"], "did you mean 'Camden'?"),
        (["port=99999"], "port=99999: expected a whole number from 0 to 65,535"),
        (["policy=coaching"], "not a key of kmsim workshop"),
        (["--lann"], "did you mean"),
    ],
)
def test_bad_words_are_told_in_one_line(kmsim, words, part):
    said = kmsim("workshop", "--no-browser", *words)
    assert said.code == 2
    assert part in said.err or "not a flag" in said.err
    assert said.err.count("\n") == 1


def test_without_the_extra_it_says_how_to_install_it(kmsim, monkeypatch):
    from kmsim.cli import workshop

    monkeypatch.setattr(workshop, "find_spec", lambda name: None)
    said = kmsim("workshop")
    assert said.code == 2
    assert said.err == "kmsim: the workshop page needs starlette, uvicorn, orjson: pip install 'kmsim[workshop]'\n"


def test_a_port_that_is_taken_is_told(kmsim):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = kmsim("workshop", "system=village", "--no-browser", f"port={port}")
    assert said.code == 2
    assert f"port={port}: not to be had on 127.0.0.1" in said.err


def test_it_serves_and_ends_with_its_workers():
    import httpx
    import psutil

    words = [sys.executable, "-m", "kmsim.cli", "workshop", "system=village", "--no-browser", "port=0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            said = "".join(iter(server.stdout.readline, "Ctrl-C ends it.\n"))
            link = re.search(r"presenter: (http://127\.0\.0\.1:\d+)/#key=(\S+)", said)
            assert link, said
            assert len(link[2]) >= 24
            with httpx.Client(base_url=link[1], headers={"x-kmsim-key": link[2]}, timeout=60) as client:
                assert client.get("/api/hello").json()["role"] == "presenter"
                assert client.get("/api/start").json()["room"] is None
            workers = psutil.Process(server.pid).children(recursive=True)
            assert workers
            server.send_signal(signal.SIGINT)
            assert server.wait(120) == 0
            _, alive = psutil.wait_procs(workers, timeout=120)
            assert not alive
        finally:
            server.kill()
