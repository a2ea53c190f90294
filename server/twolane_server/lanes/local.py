"""The local lane: the configured server, a script, or the embedded model when no server answers.

Nothing in this module, nor in what it can become, leads to the cloud.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import LaneUnreachable, ModelMissing
from twolane_server.lanes.base import Chunk, Lane, LaneName, Request
from twolane_server.lanes.embedded import Embedded
from twolane_server.lanes.key import read_key
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.lanes.scripted import SCHEME, Scripted, load_script

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from twolane_server.settings.resolved import Folders, Settings

_LOOPBACK_CONNECT_SECONDS = 0.5


class Local:
    """A server and who stands in for it. Each `resolve` asks anew who answers.

    Args:
        server: the configured server.
        embedded: the stand-in, if it is allowed.
    """

    def __init__(self, server: OpenAIChat, embedded: Embedded | None) -> None:
        self._server = server
        self._embedded = embedded
        self._answering: Lane = server
        self._stand_in: str | None = None

    @property
    def name(self) -> LaneName:
        """The local lane."""
        return LaneName.LOCAL

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._answering.model

    @property
    def host(self) -> str:
        """Where it runs."""
        return self._answering.host

    @property
    def stand_in(self) -> str | None:
        """One sentence when the embedded model answers instead of the server, else None."""
        return self._stand_in

    async def resolve(self) -> str:
        """Find out who answers now; the model's id there.

        The embedded model stands in only when no connection comes about. A server that answers
        and refuses (a wrong key, another model) is a mistake to be told, not worked around.

        Raises:
            LaneError: nobody answers, or the server refuses.
        """
        server = self._server
        try:
            model = await server.probe(_LOOPBACK_CONNECT_SECONDS if server.loopback else None)
        except LaneUnreachable as error:
            if self._embedded is None:
                raise
            return await self._let_stand_in(self._embedded, error)
        self._answering, self._stand_in = server, None
        return model

    def stream(self, request: Request) -> AsyncGenerator[Chunk]:
        """Send the request to whom the last `resolve` found."""
        return self._answering.stream(request)

    async def aclose(self) -> None:
        """Close both."""
        await self._server.aclose()
        if self._embedded is not None:
            await self._embedded.aclose()

    async def _let_stand_in(self, embedded: Embedded, error: LaneUnreachable) -> str:
        reason = str(error).partition(". ")[0]
        try:
            model = await embedded.resolve()
        except ModelMissing as missing:
            raise ModelMissing(f"{reason}, and no embedded model can answer. {missing}") from error
        self._answering = embedded
        self._stand_in = f"{reason[0].lower()}{reason[1:]}, so the embedded {model} answers"
        return model


def open_local(
    settings: Settings,
    folders: Folders,
    environ: Mapping[str, str],
    on_progress: Callable[[str, float | None], None] | None = None,
) -> Local | Scripted:
    """The local lane as the settings describe it. Connects to nothing yet.

    Args:
        settings: the user's settings.
        folders: the cache among them holds the embedded model.
        environ: the process's environment, for the key.
        on_progress: told what the embedded model fetches and loads.

    Raises:
        KeyUnusable: a key is configured and cannot be used.
        SettingsError: the URL or the script cannot be used.
    """
    local = settings.local
    if local.url.startswith(SCHEME):
        return Scripted(LaneName.LOCAL, load_script(Path(local.url.removeprefix(SCHEME))))
    embedded = (
        Embedded(settings.embedded, folders.cache, on_progress)
        if settings.embedded.enabled
        else None
    )
    server = OpenAIChat(LaneName.LOCAL, local, read_key(local.key, environ))
    return Local(server, embedded)
