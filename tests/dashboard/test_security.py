"""Who may talk to the server, what stands on every answer, and how text is escaped."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audits.core.errors import InputError
from dashboard import launch, state
from dashboard.components.text import escape_markdown
from dashboard.security import HEADERS, make_middleware

PORT = 8501


Headers = dict[str, str]


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    rude = {"x-frame-options": "ALLOWALL"}
    await PlainTextResponse("ok", headers=rude)(scope, receive, send)


def ask(headers: Headers, kind: str = "http") -> list[Message]:
    """Send one request through the guards and return all that comes back."""
    app: ASGIApp = _answer
    for layer in reversed(make_middleware(PORT)):
        app = layer.cls(app, *layer.args, **layer.kwargs)
    pairs = {"host": f"127.0.0.1:{PORT}"} | headers
    scope = {
        "type": kind, "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
        "headers": [(key.encode(), value.encode()) for key, value in pairs.items()],
        "extensions": {},
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": f"{kind}.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_own_page_is_answered_with_every_header() -> None:
    start = ask({"origin": f"http://localhost:{PORT}"})[0]
    assert start["status"] == 200
    headers = [(key.decode().lower(), value.decode()) for key, value in start["headers"]]
    for name, value in HEADERS.items():
        assert [text for key, text in headers if key == name] == [value]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.invalid"}, 400),
        ({"origin": "http://evil.invalid"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
    ],
)
def test_others_are_refused(headers: Headers, status: int) -> None:
    start = ask(headers)[0]
    assert start["status"] == status
    assert (b"x-frame-options", b"DENY") in start["headers"]


def test_websocket_needs_its_own_origin() -> None:
    own = ask({"origin": f"http://127.0.0.1:{PORT}"}, "websocket")
    assert own[0]["type"] == "websocket.accept"
    for headers in ({}, {"origin": "http://evil.invalid"}):
        assert ask(headers, "websocket")[0]["type"] == "websocket.close"


def test_server_is_local_and_quiet() -> None:
    config = launch.make_config(8501)
    assert config["server.address"] == "127.0.0.1"
    assert config["browser.gatherUsageStats"] is False
    assert config["server.enableXsrfProtection"] is True
    assert config["client.showErrorDetails"] == "none"


def test_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="choose another with --port"):
            launch.check_port(taken.getsockname()[1])


@pytest.mark.parametrize("name", ["../secret", "/etc", "a/b", ".", "..", ".inputs", ""])
def test_run_names_cannot_leave_the_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "runs"
    for folder in (tmp_path / "secret", root, root / ".inputs", root / "good"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text("{}")
    monkeypatch.setenv(state.RUNS_VARIABLE, str(root))
    assert state.find_run(name) is None
    assert state.find_run("good") == root / "good"


@pytest.mark.parametrize(
    "text",
    ["**b**", "![x](http://e.invalid)", "<img src=x>", ":red[x]", "$x$", "`x`", "# x", "~~x~~"],
)
def test_escaped_text_has_no_live_punctuation(text: str) -> None:
    escaped = escape_markdown(text)
    for position, letter in enumerate(escaped):
        if letter in "*[]<>`#$!~()_":
            assert escaped[position - 1] == "\\"
    assert ":red" not in escaped
