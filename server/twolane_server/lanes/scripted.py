"""The shipped fake: a lane that answers from a script, for tests, demonstrations and offline days.

`local.url = "scripted:/path/to/replies.json"` in the settings selects it. The file, JSON or TOML
(by its suffix), holds `replies`, a list of tables:

    match          a text that must occur in the prompt's messages; none fits every prompt
    reply          the answer, or
    chunks         the answer in pieces
    delay_seconds  how long to wait before each piece (default 0)
    finish         `stop` (default), `length`, `content_filter`
    error          instead of a finish: `unreachable`, `timeout`, `incomplete`
    times          how often it may be used (default: always)

The first reply that fits and is not used up answers. In JSON the list may stand alone.
"""

from __future__ import annotations

import asyncio
import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from twolane_server.errors import (
    AnswerIncomplete,
    LaneError,
    LaneTimeout,
    LaneUnreachable,
    SettingsError,
)
from twolane_server.lanes.base import Chunk, LaneName, Request, Usage
from twolane_server.lanes.shapes import as_list, as_object, parsed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

SCHEME = "scripted:"
_ERRORS: dict[str, LaneError] = {
    "unreachable": LaneUnreachable("Nothing answers, says the script."),
    "timeout": LaneTimeout("No answer in time, says the script."),
    "incomplete": AnswerIncomplete("The answer broke off, says the script."),
}
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer.

    Attributes:
        chunks: the answer's text in pieces.
        match: a text that must occur in the prompt; empty for every prompt.
        delay_seconds: how long to wait before each piece.
        finish: the finish reason.
        error: raised after the pieces, instead of a finish.
        times: how often it may be used; None for always.
    """

    chunks: tuple[str, ...]
    match: str = ""
    delay_seconds: float = 0.0
    finish: str = "stop"
    error: LaneError | None = None
    times: int | None = None


class Scripted:
    """A lane that answers from a list and records what it was asked.

    Args:
        name: which lane it plays.
        replies: what it may answer; the first that fits does.
        model: the name it goes by.

    Attributes:
        requests: the bytes of each request, in order.
        broken_off: how many answers their readers did not read to the end.
    """

    def __init__(
        self, name: LaneName, replies: Sequence[Reply], *, model: str = "scripted"
    ) -> None:
        self._name = name
        self._replies = tuple(replies)
        self._model = model
        self._used = [0] * len(self._replies)
        self.requests: list[bytes] = []
        self.broken_off = 0

    @property
    def name(self) -> LaneName:
        """Which lane it plays."""
        return self._name

    @property
    def model(self) -> str:
        """The name it goes by."""
        return self._model

    @property
    def host(self) -> str:
        """Not a host at all."""
        return "in this process"

    async def resolve(self, model: str, /) -> str:
        """The name it goes by, whatever it is called."""
        del model
        return self._model

    def known_as(self, _model: str, /) -> str | None:
        """The same."""
        return self._model

    def window(self, _model: str, /) -> int | None:
        """It tells none."""
        return None

    async def probe(self) -> None:
        """It is here."""

    async def stream(self, request: Request) -> AsyncGenerator[Chunk]:
        """Answer from the script.

        Raises:
            LaneError: the script says so, or has no reply for this prompt.
        """
        self.requests.append(request.body)
        reply = self._reply(_text(request.body))
        whole = False
        try:
            for piece in reply.chunks:
                await asyncio.sleep(reply.delay_seconds)
                yield Chunk(text=piece, model=self._model)
            whole = True
            if reply.error is not None:
                raise reply.error.with_traceback(None)  # else it grows with each use
            tokens = sum(len(piece) for piece in reply.chunks) // _BYTES_PER_TOKEN
            usage = Usage(prompt=len(request.body) // _BYTES_PER_TOKEN, completion=tokens)
            yield Chunk(finish=reply.finish, usage=usage, model=self._model)
        finally:
            self.broken_off += not whole

    async def aclose(self) -> None:
        """Nothing to free."""

    def _reply(self, prompt: str) -> Reply:
        for index, reply in enumerate(self._replies):
            left = reply.times is None or self._used[index] < reply.times
            if left and reply.match in prompt:
                self._used[index] += 1
                return reply
        raise AnswerIncomplete("The script has no reply (left) for this prompt.")


def load_script(file: Path) -> tuple[Reply, ...]:
    """Read a script; the format is in this module's docstring.

    Raises:
        SettingsError: the file cannot be read, or an entry is wrong. Names file and entry.
    """
    try:
        raw = file.read_text("utf-8")
        document: Any = tomllib.loads(raw) if file.suffix == ".toml" else json.loads(raw)
    except OSError as error:
        raise SettingsError(f"The script {file} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError):
        raise SettingsError(
            f"The script {file} is not valid JSON (or TOML, by its suffix)."
        ) from None
    table = as_object(document)
    entries = as_list(document if table is None else table.get("replies"))
    if entries is None:
        raise SettingsError(f"The script {file} holds no list `replies`.")
    return tuple(_entry(entry, f"{file}, reply {at}") for at, entry in enumerate(entries, 1))


def _entry(value: object, where: str) -> Reply:
    match as_object(value):
        case {"reply": str(text), **rest}:
            chunks: list[Any] = [text]
        case {"chunks": list(pieces), **rest}:  # pyright: ignore[reportUnknownVariableType] - checked below
            chunks = [*pieces]
        case _:
            _wrong(where, "needs `reply` (text) or `chunks` (list of texts)")
    texts = tuple(piece for piece in chunks if isinstance(piece, str))
    if len(texts) != len(chunks):
        _wrong(where, "has a chunk that is no text")
    if unknown := sorted(rest.keys() - {"match", "delay_seconds", "finish", "error", "times"}):
        _wrong(where, f"has the unknown key `{unknown[0]}`")
    match rest:
        case {"error": str(kind)} if kind in _ERRORS:
            error = _ERRORS[kind]
        case {"error": _}:
            _wrong(where, f"knows only these errors: {', '.join(_ERRORS)}")
        case _:
            error = None
    word, delay = rest.get("match", ""), rest.get("delay_seconds", 0.0)
    finish, times = rest.get("finish", "stop"), rest.get("times")
    if not (isinstance(word, str) and isinstance(finish, str)):
        _wrong(where, "`match` and `finish` are texts")
    if not (isinstance(delay, int | float) and isinstance(times, int | None)):
        _wrong(where, "`delay_seconds` and `times` are numbers")
    return Reply(texts, word, float(delay), finish, error, times)


def _wrong(where: str, what: str) -> NoReturn:
    raise SettingsError(f"{where}: {what}.")


def _text(body: bytes) -> str:
    """The contents of the request's messages, one after another."""
    messages = as_list((as_object(parsed(body)) or {}).get("messages")) or []
    contents = [(as_object(message) or {}).get("content") for message in messages]
    return "\n".join(content for content in contents if isinstance(content, str))
