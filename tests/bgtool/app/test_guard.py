"""Who may talk to the window, asked of a real one: nobody without its token, no page of others, under no other name."""

import http.client

import pytest

from tests.support.window import window

STATIC = "/_nicegui/{}/static/nicegui.js"
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport="
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with window(tmp_path_factory.mktemp("window")) as one:
        yield one


def ask(one, path, method="GET", body=None, **headers):
    """Status and headers of a request; names of headers have ``_`` for ``-``."""
    connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=120)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body, headers=named)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders())
    connection.close()
    return found


@pytest.fixture(scope="module")
def cookie(running):
    """As a browser gets it for the token."""
    status, headers = ask(running, running.address[running.address.index("/?") :])
    assert status == 303
    assert headers["set-cookie"].endswith("; HttpOnly; SameSite=Strict; Path=/")
    return headers["set-cookie"].split(";")[0]


def paths():
    from nicegui import __version__

    return ["/", STATIC.format(__version__), f"{SOCKET}polling", "/preview/0/before", "/no/such"]


def test_nothing_is_served_without_the_cookie(running, cookie):
    for path in paths():
        assert ask(running, path)[0] == 403, path
        assert ask(running, path, Cookie=cookie[:-1] + "_")[0] == 403, path
    assert ask(running, "/?token=wrong")[0] == 403
    assert ask(running, f"{SOCKET}websocket", **UPGRADE, Origin=f"http://127.0.0.1:{running.port}")[0] == 403
    assert [ask(running, path, Cookie=cookie)[0] for path in paths()[:3]] == [200, 200, 200]


def test_other_origins_and_other_names_are_refused(running, cookie):
    own = f"http://127.0.0.1:{running.port}"
    for wrong in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": f"evil.example:{running.port}"},
        {"Host": f"evil.example:{running.port}", "Origin": f"http://evil.example:{running.port}"},
        {"Host": "127.0.0.1"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ):
        for path in paths():
            assert ask(running, path, Cookie=cookie, **wrong)[0] == 403, (path, wrong)
        assert ask(running, f"{SOCKET}websocket", Cookie=cookie, **{**UPGRADE, "Origin": own, **wrong})[0] == 403, wrong
        assert ask(running, running.address[running.address.index("/?") :], **wrong)[0] == 403, "nor for the token"
    assert ask(running, f"{SOCKET}websocket", Cookie=cookie, **UPGRADE)[0] == 403, "a socket says where it comes from"
    assert ask(running, f"{SOCKET}websocket", Cookie=cookie, **UPGRADE, Origin=own)[0] == 101


def test_what_is_sent_to_it_is_bounded_and_comes_from_its_own_page(running, cookie):
    own = f"http://127.0.0.1:{running.port}"
    assert ask(running, f"{SOCKET}polling", "POST", b"", Cookie=cookie)[0] == 403
    assert ask(running, "/", "POST", b"", Cookie=cookie, Origin=own, Content_Length=str(1 << 40))[0] == 403
    assert ask(running, "/", "POST", iter([b"x"]), Cookie=cookie, Origin=own)[0] == 403, "of unknown length"


def test_every_answer_says_what_a_page_may_do(running, cookie):
    for headers in (ask(running, "/")[1], ask(running, "/", Cookie=cookie)[1]):
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy, "nothing from elsewhere"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_address_that_a_browser_is_started_with_opens_once(tmp_path):
    with window(tmp_path) as one:
        while not one.opened.is_file() or not one.opened.read_text().endswith("\n"):
            pass
        path = one.opened.read_text().strip().partition(str(one.port))[2]
        assert path not in one.address
        assert [ask(one, path)[0] for _ in range(2)] == [303, 403]
