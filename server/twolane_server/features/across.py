"""Changes of many files in the editor: one workspace edit, confirmed, and seen to arrive in each file.

All or nothing as far as the client can: what it applied only in part is taken back where that can be
done, and told where it cannot.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from twolane_server import convert
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.features.question import agreed
from twolane_server.features.sending import sent
from twolane_server.features.standing import Standing
from twolane_server.features.workspace_edit import Abilities, inverse, workspace_edit
from twolane_server.writing.recover import recover

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.actions.outcomes import Across
    from twolane_server.session import Session
    from twolane_server.settings.resolved import Folders

__all__ = ["APPLY", "apply_across", "recovered"]

APPLY = "Apply"
_LEAVE = "Leave it"
_SECONDS_UNTIL_TAKEN, _POLL_SECONDS = 3.0, 0.05
_MOST_TOLD = 12


async def apply_across(
    server: LanguageServer, session: Session, across: Across, *, title: str
) -> str:
    """Have the editor apply changes of several files, once the person has agreed.

    Args:
        server: the connection.
        session: holds what is open, as it is now.
        across: the changes.
        title: the undo step's name, where the editor shows one.

    Returns:
        A sentence when some file came out otherwise than sent, or the person did not agree; else an
        empty string.

    Raises:
        StaleDocument: a file changed since, or the editor refused; nothing was applied.
        ActionError: the editor cannot make such changes, or may count other lines than we do.
    """
    abilities = Abilities.of(server.client_capabilities)
    abilities.check(across.changes)
    for one in across.changes:
        if one.before is not None and one.after is not None:
            convert.check_rows(one.path, one.before)
    standing = Standing(session, across)
    # Nothing of this waits for anybody but the disk, so that no message comes in between.
    standing.check()
    asks = across.failed or not abilities.annotations
    if asks and not await _agreed(server, across, title):
        return "Nothing was changed: the edit was not confirmed."
    standing.check()
    encoding = convert.Encoding(server.workspace.position_encoding)
    told = " ".join(across.notes)
    edit = workspace_edit(standing, abilities, encoding, (title, told))
    versions = standing.versions()
    watching = [asyncio.ensure_future(standing.watch(one)) for one in across.changes]
    try:
        await asyncio.sleep(0)  # so that all watch before the first change comes
        standing.check()
        applied = await sent(server, session, edit, title, standing.expected())
        missing = await _missing(standing, wait=applied)
    finally:
        for task in watching:
            task.cancel()
    if not missing:
        return ""
    names = _names(missing)
    taken = [one for one in across.changes if one.place not in missing]
    if not taken:
        if applied:
            return (
                "The editor said that it applied the edit, but no file has changed; look at them."
            )
        raise StaleDocument(
            "The editor did not apply the edit, most likely because a file changed meanwhile, or "
            "since it was not confirmed; nothing was changed."
        )
    places = [one.place for one in taken]
    back = inverse(standing, taken, versions, encoding)
    if back is not None and standing.untouched(places):
        await sent(server, session, back, f"{title}: taken back", standing.now(places))
        back_again = await _taken_back(standing, places)
        # An editor that is slow may have applied the rest meanwhile.
        if back_again and missing <= standing.missing():
            raise StaleDocument(
                f"The editor did not apply the edit to {names}, so it was taken back everywhere; run "
                "the action again."
            )
    return (
        f"The editor applied the edit only in part: {names} is not as it should be. Look at it, and "
        "undo in the other files if that is not what you want."
    )


async def recovered(server: LanguageServer, folders: Folders) -> None:
    """Bring to an end what an earlier process left half written, and tell of it."""
    for told in await asyncio.to_thread(recover, folders.state):
        message = types.ShowMessageParams(types.MessageType.Warning, f"twolane: {told}")
        server.window_show_message(message)


async def _agreed(server: LanguageServer, across: Across, title: str) -> bool:
    told = [str(one) for one in across.changes.files[:_MOST_TOLD]]
    more = len(across.changes) - len(told)
    lines = [*told, *([f"and {more} more"] if more > 0 else []), *across.notes]
    count = "1 file" if len(across.changes) == 1 else f"{len(across.changes)} files"
    question = "\n".join((f"{title} Change {count}?", *lines))
    answer = await agreed(server, question, (APPLY, _LEAVE))
    if answer is None:
        raise ActionError(
            "This editor cannot ask whether many files shall be changed, so none were; use "
            "`twolane do refactor`."
        )
    return answer


async def _missing(standing: Standing, *, wait: bool) -> set[str]:
    """The places that are not as they should be, once there is nothing to wait for any more."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + (_SECONDS_UNTIL_TAKEN if wait else 0.3)
    while (missing := standing.missing()) and loop.time() < limit:  # noqa: ASYNC110 - a disk tells nobody
        await asyncio.sleep(_POLL_SECONDS)
    return missing


async def _taken_back(standing: Standing, places: list[str]) -> bool:
    loop = asyncio.get_running_loop()
    limit = loop.time() + _SECONDS_UNTIL_TAKEN
    while not standing.as_before(places):
        if loop.time() > limit:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


def _names(places: set[str]) -> str:
    told = ", ".join(sorted(places)[:3])
    return told if len(places) <= 3 else f"{told} and {len(places) - 3} more"  # noqa: PLR2004 - enough
