"""The local lane's stand-in: a small model in this process, so that everything works without a server.

The model lives in one worker thread, which makes generations wait for one another; its text comes
to the event loop as it is made.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from twolane_server.errors import AnswerIncomplete, LaneRejected
from twolane_server.lanes.base import Chunk, LaneName, Request
from twolane_server.lanes.model_file import ensure_model, model_name
from twolane_server.lanes.openvino_model import OpenvinoModel, Outcome, Wish, check_installed
from twolane_server.lanes.shapes import as_list, as_object, parsed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from twolane_server.settings.resolved import EmbeddedSettings

_BAD_REQUEST = 400


class Embedded:
    """A GGUF model on this machine's processor.

    Args:
        settings: which model, and how much it holds.
        cache: where a fetched model is kept.
        on_progress: told, on the event loop, what is being fetched or loaded and which part of it
            is done (0 to 1, or unknown).
    """

    def __init__(
        self,
        settings: EmbeddedSettings,
        cache: Path,
        on_progress: Callable[[str, float | None], None] | None = None,
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._on_progress = on_progress
        self._thread: ThreadPoolExecutor | None = None
        self._loaded: OpenvinoModel | None = None
        self._running: set[threading.Event] = set()

    @property
    def name(self) -> LaneName:
        """It stands in for the local lane."""
        return LaneName.LOCAL

    @property
    def model(self) -> str:
        """The model's name."""
        return model_name(self._settings)

    @property
    def host(self) -> str:
        """Not a host at all."""
        return "in this process"

    async def resolve(self, model: str, /) -> str:
        """See that the one model can be loaded; fetch its file if it must be.

        Raises:
            ModelMissing: the extra or the file is not there.
        """
        del model
        await self._file()
        return self.model

    def known_as(self, _model: str, /) -> str | None:
        """Unknown: each time it is seen that the model's file is there."""
        return None

    def window(self, _model: str, /) -> int | None:
        """The settings' word is all that is known of it."""
        return self._settings.window

    async def probe(self) -> None:
        """See that its file is there; fetch it if it must be.

        Raises:
            ModelMissing: the extra or the file is not there.
        """
        await self._file()

    async def stream(self, request: Request) -> AsyncGenerator[Chunk]:
        """Load the model if it is not, then generate.

        Raises:
            LaneError: the model is missing, or the request does not fit.
        """
        wish = _wish(request.body)
        path = await self._file()
        if self._loaded is None and self._on_progress is not None:
            self._on_progress(f"Loading {self.model}", None)
        loop, stopped, ended = asyncio.get_running_loop(), threading.Event(), asyncio.Event()
        pieces: asyncio.Queue[str | None] = asyncio.Queue()

        def on_text(text: str) -> bool:
            if not stopped.is_set():
                _tell(loop, lambda: pieces.put_nowait(text))
            return not stopped.is_set()

        def work() -> Outcome | None:
            try:
                return None if stopped.is_set() else self._generate(path, wish, on_text)
            finally:
                _tell(loop, lambda: (pieces.put_nowait(None), ended.set()))

        job = self._worker().submit(work)
        self._running.add(stopped)
        try:
            while (piece := await pieces.get()) is not None:
                if piece:
                    yield Chunk(text=piece, model=self.model)
            outcome = await asyncio.wrap_future(job)
            if outcome is None or outcome.finish is None:
                raise AnswerIncomplete(
                    "The embedded model was stopped in the middle of its answer."
                )
            yield Chunk(finish=outcome.finish, usage=outcome.usage, model=self.model)
        finally:
            self._running.discard(stopped)
            stopped.set()
            # Cancelling this wait does no harm: the one worker thread first ends what it began.
            if not job.cancel():
                await ended.wait()

    async def aclose(self) -> None:
        """Stop what runs, wait for the thread, free the memory. The lane may be used again."""
        for stopped in self._running:
            stopped.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.shutdown)
        self._loaded = None

    def _generate(self, path: Path, wish: Wish, on_text: Callable[[str], bool]) -> Outcome:
        """Runs in the worker thread."""
        if self._loaded is None:
            self._loaded = OpenvinoModel(path)
        return self._loaded.generate(wish, self._settings.window, on_text)

    async def _file(self) -> Path:
        check_installed()
        return await ensure_model(self._settings, self._cache, self._on_progress)

    def _worker(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="twolane-embedded")
        return self._thread


def _tell(loop: asyncio.AbstractEventLoop, news: Callable[[], object]) -> None:
    """Run `news` on the loop, from the worker thread."""
    try:
        loop.call_soon_threadsafe(news)
    except RuntimeError:
        return  # the loop is closed: nobody listens any more


def _wish(body: bytes) -> Wish:
    """The request that the gate wrote, as far as this model can follow it."""
    request = as_object(parsed(body)) or {}
    messages: list[tuple[str, str]] = []
    for entry in as_list(request.get("messages")) or ():
        match as_object(entry):
            case {"role": str(role), "content": str(content)}:
                messages.append((role, content))
            case _:
                raise _unreadable()
    max_tokens, temperature = request.get("max_tokens"), request.get("temperature", 0.0)
    stop: object = request.get("stop")
    texts = [stop] if isinstance(stop, str) else as_list([] if stop is None else stop)
    if (
        not messages
        or not isinstance(max_tokens, int)
        or max_tokens < 1
        or not isinstance(temperature, int | float)
        or texts is None
    ):
        raise _unreadable()
    return Wish(
        messages=tuple(messages),
        max_tokens=max_tokens,
        temperature=float(temperature),
        stop=tuple(text for text in texts if isinstance(text, str) and text),
    )


def _unreadable() -> LaneRejected:
    return LaneRejected(
        "The embedded model cannot read this request: it takes messages of plain text and a"
        " max_tokens.",
        status=_BAD_REQUEST,
    )
