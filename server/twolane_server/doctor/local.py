"""The doctor on the local lane: its server and models, an answer of one token, the stand-in."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.doctor.asking import heard
from twolane_server.doctor.finding import broken, fine, of_error, unset
from twolane_server.errors import LaneError, LaneUnreachable, TwolaneError
from twolane_server.lanes.local import open_local, warm_request
from twolane_server.lanes.model_file import model_path
from twolane_server.listening import listener
from twolane_server.settings.resolved import LOCAL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from twolane_server.doctor.asking import Heard
    from twolane_server.doctor.finding import Finding
    from twolane_server.lanes.local import About, Local
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["findings"]

_LANE = "local lane"
_STAND_IN = "embedded model"
_LONGEST_SECONDS = 15.0
_COLD_SECONDS = 4.0


async def findings(
    settings: Settings, folders: Folders, environ: Mapping[str, str]
) -> tuple[Finding, ...]:
    """The server, its models, and who stands in for it.

    Args:
        settings: the user's.
        folders: the cache among them holds the embedded model.
        environ: the environment variables, for the key.
    """
    stand_in = _embedded(settings, folders)
    # Without the stand-in, so that asking does not fetch or load a model.
    deadline = min(settings.local.deadline_seconds, _LONGEST_SECONDS)
    alone = replace(
        settings,
        embedded=replace(settings.embedded, enabled=False),
        local=replace(settings.local, deadline_seconds=deadline),
    )
    try:
        lane = open_local(alone, folders, environ)
    except TwolaneError as error:
        return of_error(_LANE, error, "correct [local] in the settings"), stand_in
    try:
        found = [finding async for finding in _server(lane, alone)]
    except LaneUnreachable as error:
        found = [_down(settings, error, stand_in)]
    except LaneError as error:
        found = [of_error(_LANE, error, "correct [local] in the settings, or mend the server")]
    finally:
        await lane.aclose()
    return *found, stand_in


def _down(settings: Settings, error: LaneUnreachable, stand_in: Finding) -> Finding:
    """Nobody has to have a server: at the default address none is expected."""
    told = of_error(_LANE, error, "correct local.url in the settings")
    what, fix = told.message, told.fix.replace("the server there", "the server (`twolane serve`)")
    if not (settings.embedded.enabled and stand_in.ok):
        return broken(_LANE, f"{what} No model can answer there.", fix)
    what = f"{what} Until then the embedded model stands in."
    return (unset if settings.local.url == LOCAL.url else broken)(_LANE, what, fix)


async def _server(lane: Local, settings: Settings) -> AsyncIterator[Finding]:
    answering = await lane.answering(settings.local.model)
    about = await lane.about()
    said = f"{answering.model} answers at {answering.lane.host}"
    if about is None:
        yield fine(_LANE, said)
        return
    yield fine(_LANE, f"{said}{_told(about, answering.lane.host)}")
    wanted = dict.fromkeys(one.local_model for one in settings.actions if one.local_model)
    for model in wanted:
        try:
            await lane.answering(model)
        except LaneError as error:
            yield of_error("local models", error, "correct [actions] in the settings")
    window = about.models.get(answering.model)
    if window is not None and window < settings.local.window:
        yield unset(
            "local window",
            f"{answering.model} holds {window:,} tokens and the settings say"
            f" {settings.local.window:,}; the lower number holds once the server was asked.",
            f"write `window = {window}` into [local] in the settings",
        )
    try:
        answer = await heard(answering.lane.stream(warm_request(answering.model)))
    except LaneError as error:
        yield of_error("local answer", error, "mend the server")
    else:
        yield _heard(answer, vllm=answering.vllm)


def _heard(answer: Heard, *, vllm: bool) -> Finding:
    check = "local answer"
    if answer.seconds > _COLD_SECONDS:
        return unset(
            check,
            f"A first token came after {answer.seconds:.1f} s, so the server was cold or busy.",
            "keep local.keep_warm on: while an editor is in use it does not go cold",
        )
    if vllm and answer.usage is not None and answer.usage.cached is None:
        return unset(
            check,
            f"{str(answer)[0].upper()}{str(answer)[1:]}.",
            "start vLLM with --enable-prompt-tokens-details, as `twolane serve` does",
        )
    return fine(check, str(answer))


def _told(about: About, host: str) -> str:
    """What is there, as far as it can be seen, and what cannot be."""
    port = int(host.rpartition(":")[2])
    kind = f"vLLM {about.version}" if about.version else "a server that is not vLLM"
    others = len(about.models) - 1
    more = f" with {others} more model{'s' * (others > 1)}" if others > 0 else ""
    where = "" if host.startswith((about.address, f"[{about.address}]")) else f" ({about.address})"
    who = listener(about.address, port)
    process = f" {who.name} (process {who.pid}) listens there." if who else ""
    if who and who.forwards:
        process += " It hands on to somewhere else: make sure that this is a machine of yours."
    return (
        f"{where}: {kind}{more}.{process} A port may itself lead elsewhere, by a tunnel or a proxy;"
        " twolane sees no further than the address that it connects to."
    )


def _embedded(settings: Settings, folders: Folders) -> Finding:
    if not settings.embedded.enabled:
        return fine(_STAND_IN, "switched off")
    if importlib.util.find_spec("openvino_genai") is None:
        return unset(
            _STAND_IN,
            "It is not installed, so nothing stands in when the local lane is down.",
            "pip install 'twolane[embedded]'",
        )
    try:
        path = model_path(settings.embedded, folders.cache)
    except LaneError as error:
        return broken(_STAND_IN, str(error), "correct the path")
    said = f"ready: {path}" if path else "installed; its file (93 MB) is fetched at first use"
    return fine(_STAND_IN, said)
