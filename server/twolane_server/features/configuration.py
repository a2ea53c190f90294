"""Settings: read after `initialized`, again at `workspace/didChangeConfiguration`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from lsprotocol import types

from twolane_server.errors import ActionError
from twolane_server.settings.resolved import Mode

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.problems import Problem
    from twolane_server.session import Session
    from twolane_server.settings.resolved import Settings

SECTION = "twolane"
MODE = "twolane.mode"
_ABILITIES = ("preview", "page", "expected")


async def read(server: LanguageServer, session: Session, options: object) -> None:
    """Read the settings anew and show each thing that is wrong with them, once.

    Args:
        server: the connection.
        session: takes the settings.
        options: `initializationOptions` or the client's section, over the user's file.
    """
    if not session.settings_read.is_set():
        session.initial = options
    session.options, shows = _without_abilities(options)
    session.preview, session.page = "preview" in shows, "page" in shows
    session.expected = "expected" in shows
    await reread(server, session)
    session.settings_read.set()


async def reread(server: LanguageServer, session: Session) -> None:
    """Read the settings anew from where they come from: a rule about NDA may be a minute old."""
    while True:
        options = session.options
        # pydantic is imported in there, for the first time: not on the loop.
        settings, problems = await asyncio.to_thread(_load, session, options)
        if options is session.options:  # else the client sent others meanwhile
            break
    # The same object as long as nothing changed: much is kept by settings, and compared with them.
    mode, now = session.mode or settings.mode, session.settings
    made = settings if mode is settings.mode else replace(settings, mode=mode)
    session.settings = now if made == now else made
    for problem in session.untold(problems):
        server.window_show_message(
            types.ShowMessageParams(type=types.MessageType.Warning, message=f"twolane: {problem}")
        )


def _load(session: Session, options: object) -> tuple[Settings, tuple[Problem, ...]]:
    from twolane_server.settings.load import Latest  # noqa: PLC0415 - imports pydantic

    if session.latest is None:
        session.latest = Latest(session.folders, session.environ)
    return session.latest.load(options)


def _without_abilities(options: object) -> tuple[object, set[str]]:
    """Some say what the client can do; they are not settings of the user's."""
    if not isinstance(options, dict):
        return options, set()
    given = cast("dict[str, object]", options)
    rest = {key: value for key, value in given.items() if key not in _ABILITIES}
    return rest, {key for key in _ABILITIES if given.get(key) is True}


async def did_change(
    server: LanguageServer, session: Session, params: types.DidChangeConfigurationParams
) -> None:
    """Take what the client sent, or ask it where it sends nothing and can be asked.

    Many clients send an empty section, or only what differs: so what they sent is laid over their
    `initializationOptions`, and rules about NDA add up.
    """
    options = _section(params.settings)
    workspace = server.client_capabilities.workspace
    if not options and workspace is not None and workspace.configuration:
        answers = await server.workspace_configuration_async(
            types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
        )
        options = _section(answers[0]) if answers else {}
    merged = cast("dict[str, object]", _over(_section(session.initial), options))
    shows = {name: getattr(session, name) for name in _ABILITIES}
    await read(server, session, {**shows, **merged})


def _section(sent: object) -> dict[str, object]:
    """Our part of what a client sent, which may be the part alone."""
    given = cast("dict[str, object]", sent) if isinstance(sent, dict) else {}
    inner = given.get(SECTION, given)
    return cast("dict[str, object]", inner) if isinstance(inner, dict) else {}


def _over(base: object, more: object) -> object:
    """`more` laid over `base`: tables key by key, lists one behind the other; null says nothing."""
    if more is None:
        return base
    if isinstance(base, dict) and isinstance(more, dict):
        below, above = cast("dict[str, object]", base), cast("dict[str, object]", more)
        both = {key: _over(below[key], above[key]) for key in below.keys() & above.keys()}
        return {**below, **above, **both}
    if isinstance(base, list) and isinstance(more, list):
        return [*cast("list[object]", base), *cast("list[object]", more)]
    return more


def set_mode(session: Session, argument: object) -> dict[str, str]:
    """The command `twolane.mode`: `auto`, `local` or `cloud` from now on, for this editor.

    Raises:
        ActionError: there is no such mode.
    """
    mode = cast("dict[str, object]", argument).get("mode") if isinstance(argument, dict) else None
    if mode not in tuple(Mode):
        raise ActionError("twolane.mode takes one object with `mode`: auto, local or cloud.")
    # Kept apart, so that settings that are read anew do not take it back.
    session.mode = Mode(str(mode))
    session.settings = replace(session.settings, mode=session.mode)
    return {"mode": session.settings.mode.value}
