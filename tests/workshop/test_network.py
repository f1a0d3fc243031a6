"""Where a workshop can be reached: on this machine alone, or on the local network when asked for, and there only with the code."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from kmsim.errors import KmsimError
from kmsim.workshop.serve import lan_address
from tests.workshop.serving import serving


@pytest.fixture
def network() -> str:
    """This machine's address on the local network."""
    try:
        return lan_address()
    except KmsimError:
        pytest.skip("this machine is on no local network")


def test_by_default_the_networks_address_refuses_the_connection(network):
    with serving("system=village") as served:
        port = urlsplit(served.address).port
        assert served.join is None
        assert httpx.get(f"http://127.0.0.1:{port}/api/hello").json()["lan"] is False
        for address in (network, "127.0.0.2"):  # nor any other of its own
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((address, port), timeout=10).close()


def test_with_lan_the_networks_address_lets_phones_in_with_the_code_and_no_further(network):
    with (
        serving("system=village", "--lan") as served,
        httpx.Client(base_url=f"http://{network}:{urlsplit(served.address).port}") as phone,
    ):
        assert served.join == f"{phone.base_url}/join".replace("//join", "/join")
        assert "text/html" in phone.get("/join").headers["content-type"]
        assert phone.get("/api/hello").json() | {"lan": True, "role": "none"} == phone.get("/api/hello").json()
        assert phone.get("/api/room").status_code == 403
        wrong = phone.post("/api/join", json={"code": "AAAAAA"})
        assert wrong.status_code in (401, 403)
        assert wrong.json()["error"]["sentence"]
        guest = phone.post("/api/join", json={"code": served.code}).json()["guest"]
        assert phone.get("/api/room", headers={"x-kmsim-guest": guest}).status_code == 200
        for headers in ({}, {"x-kmsim-guest": guest}):
            assert phone.get("/api/start", headers=headers).status_code == 403
            assert phone.post("/api/simulate", json={}, headers=headers).status_code == 403
        with pytest.raises(ConnectionRefusedError):  # on that address, not on every one
            socket.create_connection(("127.0.0.2", urlsplit(served.address).port), timeout=10).close()


SCENARIO = {"version": 1, "policies": [{"id": i, "preset": "coaching"} for i in "AB"]}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("group", [True, False])
def test_a_signal_under_load_ends_all_without_a_word(tmp_path, number, group):
    """To the server alone, or to its workers too, as a terminal and a service manager do."""
    command = [sys.executable, "-m", "kmsim.cli", "workshop", "--no-browser", "port=0", "system=village"]
    with (tmp_path / "err").open("w") as err:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=err, text=True, start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "Ctrl-C ends it.\n"))
        base, key = re.search(r"(http://\S+)/#key=(\S+)", said).groups()  # type: ignore[union-attr]
        asked = threading.Barrier(21)
        ended = threading.Event()

        def ask(i: int) -> None:
            with httpx.Client(base_url=base, headers={"x-kmsim-key": key}, timeout=60) as client:
                assert client.get("/api/hello").status_code == 200
                asked.wait(60)
                for n in range(1, 1000):
                    if ended.is_set():
                        return
                    try:
                        question = {
                            "client": f"c{i}",
                            "number": n,
                            "scenario": SCENARIO | {"seed": 1000 * i + n},
                            "runs": 40,
                        }
                        client.post("/api/simulate", json=question)
                    except httpx.HTTPError:
                        return

        phones = [threading.Thread(target=ask, args=(i,)) for i in range(20)]
        for phone in phones:
            phone.start()
        asked.wait(60)
        httpx.get(f"{base}/api/hello")  # which has its turn when they have been let in
        workers = psutil.Process(process.pid).children(recursive=True)
        (os.killpg if group else os.kill)(process.pid, number)
        assert process.wait(60) == 0
        ended.set()
        for phone in phones:
            phone.join(60)
        assert psutil.wait_procs(workers, timeout=60)[1] == []
    assert (tmp_path / "err").read_text() == ""
