"""The local lane: the configured server, a script, or the embedded model when no server answers.

Nothing in this module, nor in what it can become, leads to the cloud.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import LaneError, LaneUnreachable, ModelMissing, SettingsError
from twolane_server.lanes.address import address
from twolane_server.lanes.base import LaneName, Request
from twolane_server.lanes.embedded import Embedded
from twolane_server.lanes.in_time import in_time
from twolane_server.lanes.key import read_key
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.lanes.scripted import SCHEME, Scripted, load_script
from twolane_server.lanes.watch import Watch
from twolane_server.nearby import literal, network, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twolane_server.lanes.address import Address
    from twolane_server.lanes.base import Lane
    from twolane_server.lanes.metrics import Load
    from twolane_server.settings.resolved import Folders, Settings

FIXED_WORDS = "Say OK."
"""All that a model is asked to see whether it answers, or to keep it warm; nothing of the user's."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers one request.

    Attributes:
        lane: where to send it.
        model: the model's id there, which the request's body must name.
        stand_in: one sentence when the embedded model answers instead of the server, else None.
        fault: why the server does not answer, where the embedded model does; else None.
        vllm: whether vLLM serves it, which understands `cache_salt`; other servers may refuse that.
        remembered: whether the server was not asked for this request, but told all that a moment ago.
    """

    lane: Lane
    model: str
    stand_in: str | None = None
    fault: LaneUnreachable | None = None
    vllm: bool = False
    remembered: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What can be told of the server on the local lane, once it has answered.

    Attributes:
        address: the address that it answered from.
        models: the ids that it lists, each with its window in tokens where that is told.
        version: vLLM's; `None` from another server.
    """

    address: str
    models: Mapping[str, int | None]
    version: str | None


class Local:
    """A server and who stands in for it.

    Args:
        server: the configured server, or a script in its place.
        embedded: the stand-in, if it is allowed.
        on_progress: told who stands in and why, before a model is fetched for it.

    Attributes:
        load: how busy the server is, where it tells.
    """

    def __init__(
        self,
        server: OpenAIChat | Scripted,
        embedded: Embedded | None,
        on_progress: Callable[[str, float | None], None] | None = None,
    ) -> None:
        self._server = server
        self._embedded = embedded
        self._on_progress = on_progress
        self._wanted: str | None = None
        self.load = Watch(self._load)

    async def answering(
        self, model: str, down: LaneUnreachable | None = None, until: float | None = None
    ) -> Answering:
        """Find out who answers now.

        The embedded model stands in only when no connection comes about. A server that answers
        and refuses (a wrong key, another model) is a mistake to be told, not worked around. One that
        answered moments ago is not asked again; see `OpenAIChat.remembered`.

        Args:
            model: the model as the settings name it.
            down: why the server need not be asked, where that is known.
            until: when the server must have said so, on the event loop's clock.

        Raises:
            LaneError: nobody answers, or the server refuses.
        """
        server = self._server
        if isinstance(server, Scripted):
            return Answering(server, await server.resolve(model))
        try:
            if down is not None and self._embedded is not None:
                raise down.with_traceback(None)  # else it grows with each use
            remembered = server.remembered(model)
            if remembered is None:
                async with in_time(until, "The local lane's server"):
                    await server.probe()
        except LaneUnreachable as error:
            if self._embedded is None:
                raise
            return await self._stand_in(self._embedded, error)
        found, self._wanted = remembered or await server.resolve(model), model
        vllm = server.is_vllm(found)
        return Answering(server, found, vllm=vllm, remembered=remembered is not None)

    @property
    def used_at(self) -> float | None:
        """When the server's model last gave a sign of life, on the event loop's clock."""
        return None if isinstance(self._server, Scripted) else self._server.used_at

    @property
    def host(self) -> str:
        """The configured server, for people."""
        return self._server.host

    async def _load(self) -> Load | None:
        return None if isinstance(self._server, Scripted) else await self._server.beside.load()

    async def warm(self) -> bool:
        """Have the server's model make one token of fixed words; whether it did.

        Only the server, and only the model that was asked for last: a server that never answered is
        not asked, and none is made to change its model.
        """
        server = self._server
        if isinstance(server, Scripted) or self._wanted is None:
            return False
        try:
            request = warm_request(await server.resolve(self._wanted))
            async with aclosing(server.stream(request)) as chunks:
                return [chunk async for chunk in chunks] != []
        except LaneError:
            return False  # whoever asks next for an answer hears why

    async def probe(self) -> None:
        """Ask the server for its models: a sign of life, with nothing of the user's in it.

        Raises:
            LaneError: it does not answer, or with something else.
        """
        await self._server.probe()

    @property
    def stands_in(self) -> bool:
        """Whether somebody may stand in for the server."""
        return self._embedded is not None

    async def _stand_in(self, embedded: Embedded, error: LaneUnreachable) -> Answering:
        reason = str(error).partition(". ")[0]
        sentence = f"{reason[0].lower()}{reason[1:]}, so the embedded {embedded.model} answers"
        if self._on_progress is not None:
            self._on_progress(sentence, None)
        try:
            model = await embedded.resolve(embedded.model)
        except ModelMissing as missing:
            raise ModelMissing(f"{reason}, and no embedded model can answer. {missing}") from error
        return Answering(embedded, model, sentence, error)

    async def count(self, model: str, request_for: Callable[[str], Request]) -> int | None:
        """How many tokens the server makes of a prompt; `None` where it does not tell.

        Args:
            model: the model as the settings name it.
            request_for: the request, given the model's id.
        """
        server = self._server
        if isinstance(server, Scripted) or not server.beside.counts:
            return None
        try:
            found = server.remembered(model)
            if found is None:
                await server.probe()
                found = await server.resolve(model)
            return await server.beside.count(request_for(found))
        except LaneError:
            return None  # whoever asks next for an answer hears why

    def window(self, model: str) -> int | None:
        """How many tokens a model holds, where the server has told it; asks nobody."""
        return self._server.window(model)

    async def about(self) -> About | None:
        """What can be told of the server that just answered; `None` for a script.

        Raises:
            LaneError: it does not answer any more.
        """
        server = self._server
        if isinstance(server, Scripted):
            return None
        version = await server.beside.version()
        return About(server.reached, server.listed, version)

    async def aclose(self) -> None:
        """Close both."""
        await self.load.aclose()
        await self._server.aclose()
        if self._embedded is not None:
            await self._embedded.aclose()


def warm_request(model: str) -> Request:
    """The request that keeps a model warm. Nothing in it is the user's."""
    messages = [{"role": "user", "content": FIXED_WORDS}]
    asked = {"model": model, "messages": messages, "max_tokens": 1, "stream": True}
    return Request(json.dumps(asked).encode())


def open_local(
    settings: Settings,
    folders: Folders,
    environ: Mapping[str, str],
    on_progress: Callable[[str, float | None], None] | None = None,
) -> Local:
    """The local lane as the settings describe it. Connects to nothing yet.

    Args:
        settings: the user's settings.
        folders: the cache among them holds the embedded model.
        environ: the process's environment, for the key.
        on_progress: told what the embedded model fetches and loads.

    Raises:
        KeyUnusable: a key is configured and cannot be used.
        SettingsError: the URL or the script cannot be used, or the URL is the cloud lane's or an
            address that is not one of the team's own.
    """
    local = settings.local
    if local.url.startswith(SCHEME):
        script = load_script(Path(local.url.removeprefix(SCHEME)))
        return Local(Scripted(LaneName.LOCAL, script), None)
    embedded = (
        Embedded(settings.embedded, folders.cache, on_progress)
        if settings.embedded.enabled
        else None
    )
    _expect_another_server(settings)
    key = read_key(local.key, environ)
    server = OpenAIChat(LaneName.LOCAL, local, key, renew=lambda: read_key(local.key, environ))
    return Local(server, embedded, on_progress)


def _expect_another_server(settings: Settings) -> None:
    """Code under NDA goes to the local lane: that must not be the cloud under another name.

    Nor anything else out there: an address is looked at here, a name when it is connected to. On this
    machine one gateway may well serve both lanes, so loopback is left to the user.
    """
    local = address(settings.local.url, "local.url")
    where = literal(_name(local))
    if where and (told := refusal(_name(local), where, map(network, settings.local.allow))):
        raise SettingsError(told)
    try:
        cloud = address(settings.cloud.url, "cloud.url")
    except SettingsError:
        return  # then nothing goes there
    if not local.loopback and _name(local) == _name(cloud):
        raise SettingsError(
            f"local.url and cloud.url both lead to {_name(local)}, so code under NDA would leave."
            " Give the local lane a server of your own, or take local.url out."
        )


def _name(where: Address) -> str:
    return where.host.rpartition(":")[0].rstrip(".").lower()
