"""Where a workshop can be reached: on this machine alone, or on the local network when asked for, and there only with the code."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
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
