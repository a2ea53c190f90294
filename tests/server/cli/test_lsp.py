"""`twolane lsp`: how the server starts, ends and keeps quiet, as a real process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support_cli import CODE, DOCUMENTED, Shell
from support_waiting import PATIENCE
from twolane_server.folders import folders
from twolane_server.server import create

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

CANARY = "zebra_quokka"
INITIALIZE: dict[str, object] = {"processId": None, "rootUri": None, "capabilities": {}}


def framed(method: str, params: object = None, number: int | None = None) -> bytes:
    """One message as it goes over the wire."""
    message: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params}
    if number is not None:
        message["id"] = number
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


HELLO = framed("initialize", INITIALIZE, 1) + framed("initialized", {})


class Server:
    """A server process on its pipes."""

    def __init__(self, shell: Shell, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "twolane_server.cli", "lsp", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], **shell.environ},
        )

    def send(self, *messages: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(messages))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return read_message(self.process.stdout)

    def answer(self, number: int) -> dict[str, Any]:
        """The response to a request; what the server says before it is passed over."""
        while (message := self.receive()).get("id") != number:
            pass
        return message

    def end(self) -> tuple[int, bytes, bytes]:
        """Close standard input; exit status, and the rest of what it said."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


def read_message(stream: Any) -> dict[str, Any]:  # noqa: ANN401 - a pipe's or a socket's file
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    assert length, "the server ended"
    return json.loads(stream.read(length))


@pytest.fixture
def server(shell: Shell) -> Iterator[Server]:
    started = Server(shell)
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.communicate()


def test_shutdown_and_exit_end_it_with_status_0(server: Server) -> None:
    server.send(HELLO)
    assert server.answer(1)["result"]["serverInfo"]["name"] == "twolane"
    server.send(framed("shutdown", None, 2))
    assert server.answer(2)["result"] is None
    server.send(framed("exit"))
    assert server.process.wait(PATIENCE) == 0
    assert server.end() == (0, b"", b"")


def test_exit_without_shutdown_ends_it_with_status_1(server: Server) -> None:
    server.send(HELLO)
    server.answer(1)
    server.send(framed("exit"))
    assert server.process.wait(PATIENCE) == 1
    assert server.end() == (1, b"", b"")


def test_exit_need_not_wait_for_the_answer_to_shutdown(server: Server) -> None:
    server.send(HELLO)
    server.answer(1)
    server.send(framed("shutdown", None, 2), framed("exit"))
    assert server.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("before", [b"", HELLO])
def test_the_end_of_input_ends_it(server: Server, before: bytes) -> None:
    server.send(before)
    status, _, err = server.end()
    assert (status, err) == (0, b"")


def test_the_end_of_input_ends_it_in_the_middle_of_an_answer(shell: Shell, server: Server) -> None:
    shell.replies({"chunks": ["word "] * 6_000, "delay_seconds": 0.05})
    item = {"uri": shell.file.as_uri(), "languageId": "python", "version": 1, "text": CODE}
    at = {"line": 4, "character": 4}
    run = {"action": "docstring", "uri": item["uri"], "range": {"start": at, "end": at}}
    hello = framed("initialize", {**INITIALIZE, "initializationOptions": {"preview": True}}, 1)
    server.send(
        hello,
        framed("initialized", {}),
        framed("textDocument/didOpen", {"textDocument": item}),
        framed("workspace/executeCommand", {"command": "twolane.run", "arguments": [run]}, 2),
    )
    while server.receive().get("method") != "twolane/preview":
        pass
    status, _, err = server.end()  # long before the answer's own end
    assert (status, err) == (0, b"")


def test_ctrl_c_ends_it_although_it_waits_for_input(server: Server) -> None:
    server.send(HELLO)
    server.answer(1)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(PATIENCE) == -signal.SIGINT
    _, _, err = server.end()
    assert err == b""


def test_a_failing_handler_quotes_nothing_and_the_server_lives(
    shell: Shell, server: Server
) -> None:
    uri = shell.file.as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": f"{CANARY} = 1\n"}
    backwards = {"start": {"line": 3, "character": 9}, "end": {"line": 0, "character": 1}}
    server.send(
        HELLO,
        framed("textDocument/didOpen", {"textDocument": item}),
        framed(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": CANARY}, "contentChanges": CANARY},
        ),
        framed(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": 2},
                "contentChanges": [{"range": {"start": CANARY}, "text": CANARY}],
            },
        ),
        framed(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": 3},
                "contentChanges": [{"range": backwards, "text": f"{CANARY} \ud800"}],
            },
        ),
        framed("textDocument/didOpen", {"textDocument": CANARY}),
        framed("workspace/executeCommand", {"command": CANARY, "arguments": [CANARY]}, 8),
        framed("shutdown", None, 9),
    )
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1].get("id") != 9:
        heard.append(server.receive())
    assert "result" in heard[-1]
    status, out, err = server.end()
    assert status == 0
    assert b"twolane: failed: JsonRpcInvalidParams" in err
    unknown = [each for each in heard if each.get("id") == 8]
    assert all("error" in each for each in unknown), "a command that is not there is an error"
    told = json.dumps([each for each in heard if each.get("id") != 8]).encode() + out + err
    assert CANARY.encode() not in told
    assert b"Traceback" not in told


async def test_work_in_the_background_that_fails_quotes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = create(folders({}), {})

    async def fail() -> None:
        raise ValueError(CANARY)

    task = server.background(fail())
    with pytest.raises(ValueError, match=CANARY):
        await task
    del task
    assert caplog.messages == ["failed: ValueError"]
    await server.close()


@contextmanager
def _free_port() -> Generator[int]:
    """A port that is given to nobody else meanwhile; who names it gets it all the same."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def _connect(port: int) -> socket.socket:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            assert time.monotonic() < until, "the server does not listen"
            time.sleep(0.02)


@pytest.fixture
def tcp(shell: Shell) -> Iterator[tuple[Server, int]]:
    with _free_port() as port:
        started = Server(shell, "--tcp", str(port))
        yield started, port
        if started.process.poll() is None:
            started.process.kill()
        started.process.communicate()


def test_tcp_serves_one_session_and_ends(shell: Shell, tcp: tuple[Server, int]) -> None:
    server, port = tcp
    uri = shell.file.as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": CODE}
    at = {"line": 4, "character": 4}
    run = {"action": "docstring", "uri": uri, "range": {"start": at, "end": at}}
    with _connect(port) as connection, connection.makefile("rb") as stream:
        connection.sendall(HELLO + framed("textDocument/didOpen", {"textDocument": item}))
        assert read_message(stream)["result"]["serverInfo"]["name"] == "twolane"
        connection.sendall(
            framed("workspace/executeCommand", {"command": "twolane.run", "arguments": [run]}, 2)
        )
        while (asked := read_message(stream)).get("method") != "workspace/applyEdit":
            pass
        (edit,) = asked["params"]["edit"]["changes"][uri]
        assert edit["newText"].strip().strip('"') in DOCUMENTED
        connection.sendall(framed("shutdown", None, 3))
        while read_message(stream).get("id") != 3:
            pass
        connection.sendall(framed("exit"))
        assert server.process.wait(PATIENCE) == 0
    assert server.end() == (0, b"", b"")


def test_tcp_takes_no_second_client(tcp: tuple[Server, int]) -> None:
    server, port = tcp
    with _connect(port) as first, first.makefile("rb") as stream:
        first.sendall(HELLO)
        assert read_message(stream)["id"] == 1
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
        first.sendall(framed("shutdown", None, 2))
        assert read_message(stream)["id"] == 2
        first.sendall(framed("exit"))
    assert server.process.wait(PATIENCE) == 0


def test_tcp_tells_by_its_status_that_shutdown_was_left_out(tcp: tuple[Server, int]) -> None:
    server, port = tcp
    with _connect(port) as connection, connection.makefile("rb") as stream:
        connection.sendall(HELLO)
        assert read_message(stream)["id"] == 1
        connection.sendall(framed("exit"))
        assert server.process.wait(PATIENCE) == 1
    assert server.end() == (1, b"", b"")


@pytest.mark.parametrize("reset", [False, True])
def test_tcp_ends_when_the_editor_goes_away(tcp: tuple[Server, int], reset: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    server, port = tcp
    with _connect(port) as connection, connection.makefile("rb") as stream:
        connection.sendall(HELLO)
        read_message(stream)
        connection.sendall(b"Content-Length: 100\r\n\r\n{")
        if reset:
            off_at_once = b"\x01\0\0\0\0\0\0\0"  # struct linger: on, zero seconds
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off_at_once)
    assert server.process.wait(PATIENCE) == 0
    assert server.end() == (0, b"", b"")


def test_tcp_stops_on_ctrl_c(tcp: tuple[Server, int]) -> None:
    server, port = tcp
    with _connect(port) as connection, connection.makefile("rb") as stream:
        connection.sendall(HELLO)
        read_message(stream)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE) == 1
    assert server.end() == (1, b"", b"twolane: stopped\n")


def test_tcp_on_a_port_that_is_taken_is_a_sentence(shell: Shell) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        status, out, err = Server(shell, "--tcp", str(port)).end()
    assert (status, out) == (1, b"")
    assert err.decode() == (
        f"twolane: Port {port} of this machine cannot be used (Address already in use); "
        "choose another one.\n"
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x", "9" * 5_000, "²"])
def test_what_is_no_port_is_wrong_use(shell: Shell, port: str) -> None:
    ran = shell.run("lsp", f"--tcp={port}")
    assert ran.status == 2
    assert "is not a port (1 to 65535)" in ran.err
