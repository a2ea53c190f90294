"""`workspace/executeCommand`: run an action, show its progress, bring its result."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types

from twolane_server import convert
from twolane_server.busy import cloud_offer
from twolane_server.errors import ActionError, AnswerTruncated, TwolaneError
from twolane_server.features import configuration
from twolane_server.features.busy import TakeCloudError, unless_cloud
from twolane_server.features.deliver import deliver
from twolane_server.features.longer import may_go_on
from twolane_server.features.preview import Preview
from twolane_server.features.progress import work_done
from twolane_server.lanes.base import LaneName
from twolane_server.materials.changed_files import Scope
from twolane_server.pace import Pace
from twolane_server.rules.made import note_made
from twolane_server.unread import unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from pygls.lsp.server import LanguageServer

    from twolane_server.actions.base import Task
    from twolane_server.features.progress import WorkDone
    from twolane_server.orders import Order, Ready
    from twolane_server.routing.choose import Decision
    from twolane_server.service import Service
    from twolane_server.session import Session
    from twolane_server.text import Text

_REPORT_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """The one argument of `twolane.run`.

    Attributes:
        action: an action's name.
        uri: the document.
        range: the selection.
        instruction: what to do, for an action that takes it; else empty.
        lane: a lane that the user forces, or `None`.
        language: which language to answer in; empty for the settings'.
        revisions: for a review of commits, `A..B`; else empty.
    """

    action: str
    uri: str
    range: types.Range
    instruction: str = ""
    lane: LaneName | None = None
    language: str = ""
    revisions: str = ""


def parse_run(argument: object) -> Run:
    """The command's argument, checked.

    Raises:
        ActionError: the argument is not of the form `Run` has.
    """
    wrong = ActionError(
        "twolane.run takes one object with `action`, `uri` and `range`, and if you like "
        "`instruction`, `lane` (local or cloud), `language` and `revisions`."
    )
    if not isinstance(argument, dict):
        raise wrong
    given = cast("dict[str, Any]", argument)
    try:
        ends = [
            types.Position(int(given["range"][end]["line"]), int(given["range"][end]["character"]))
            for end in ("start", "end")
        ]
        lane = LaneName(given["lane"]) if given.get("lane") else None
        told = [given.get(key) or "" for key in ("instruction", "language", "revisions")]
        texts = (given["action"], given["uri"], *told)
    except (KeyError, TypeError, ValueError):
        raise wrong from None
    if not all(isinstance(text, str) for text in texts):
        raise wrong
    area = types.Range(ends[0], ends[1])
    return Run(texts[0], texts[1], area, texts[2], lane, texts[3], texts[4])


def document_of(argument: object) -> str:
    """The document of a command's argument, whatever that is; empty for none."""
    uri = cast("dict[str, object]", argument).get("uri") if isinstance(argument, dict) else None
    return uri if isinstance(uri, str) else ""


async def run(
    server: LanguageServer,
    session: Session,
    service: Service,
    argument: object,
    token: types.ProgressToken | None,
    *,
    on_ready: Callable[[Ready], object] = lambda _: None,
) -> dict[str, object]:
    """Run one action to its end and bring the editor what it came to.

    Args:
        server: the connection.
        session: what is open.
        service: does the work.
        argument: the command's.
        token: the client's own token for progress, if it sent one.
        on_ready: called when the lane is decided.

    Returns:
        `{"applied", "decision", "cost_usd", "message"}`. What the person should know of is also shown, once.
    """
    try:
        return await _run(server, session, service, parse_run(argument), token, on_ready=on_ready)
    except TwolaneError as error:
        _show(server, types.MessageType.Warning, str(error))
        return {"applied": False, "decision": None, "cost_usd": None, "message": str(error)}
    finally:
        for told in service.take_notices():
            _show(server, types.MessageType.Warning, told)


async def _run(
    server: LanguageServer,
    session: Session,
    service: Service,
    wanted: Run,
    token: types.ProgressToken | None,
    *,
    on_ready: Callable[[Ready], object],
) -> dict[str, object]:
    snapshot = session.snapshot(wanted.uri)
    if snapshot is None:
        raise ActionError("This document is not open in the editor, so there is nothing to edit.")
    encoding = convert.Encoding(server.workspace.position_encoding)
    order = service.order(
        wanted.action,
        snapshot.document,
        convert.span(snapshot.document.text, wanted.range, encoding),
        instruction=wanted.instruction,
        forced=wanted.lane,
        answer_in=wanted.language,
    )
    if order.action.reads.in_document:
        name = PurePath(snapshot.document.path).name or "This document"
        convert.check_rows(name, snapshot.document.text)
    if order.action.reads.many_files:
        order = replace(order, scope=Scope(wanted.revisions, opened=_opened(session)))
    order = replace(order, earlier=snapshot.earlier)
    async with work_done(server, token, order.action.title) as progress:
        await session.settings_read.wait()
        while True:
            try:
                return await _once(server, session, service, order, progress, on_ready=on_ready)
            except AnswerTruncated as cut:
                progress.report(str(cut))
                if not await may_go_on(server, cut):
                    raise
                order = replace(order, max_tokens=cut.more)
            except TakeCloudError:
                order = replace(order, forced=LaneName.CLOUD)


async def _once(
    server: LanguageServer,
    session: Session,
    service: Service,
    order: Order,
    progress: WorkDone,
    *,
    on_ready: Callable[[Ready], object],
) -> dict[str, object]:
    await configuration.reread(server, session)
    ready = await service.prepare(order, session.settings, may_ask=True)
    session.take_tree(order.document, ready.task.subject.parsed)
    doing = ready.task.note and f"{ready.task.note} · "
    progress.report(f"{doing}{ready.decision} · {ready.size}", ready.task.share)
    on_ready(ready)
    decision = ready.decision
    preview = Preview(server, session, order.document.uri, decision)
    last, loop, begun = 0.0, asyncio.get_running_loop(), False
    what = order.action.name, len(ready.task.target)
    pace = Pace(session.lengths.usual(*what), ready.task.prompt.max_tokens)

    def on_text(text: str, tokens: int) -> None:
        nonlocal last, begun
        begun = True
        preview.add(text)
        now = loop.time()
        left = pace.came(tokens, now)
        if now - last >= _REPORT_EVERY_SECONDS:
            last = now
            told = f"{doing}{decision} · {tokens} tokens"
            progress.report(told if left is None else f"{told} · {left}")

    def on_task(task: Task) -> None:
        nonlocal doing, last
        last = 0.0  # so that the answer's beginning shows
        doing = task.note and f"{task.note} · "
        progress.report(task.note, task.share)

    def on_decision(taken: Decision) -> None:
        nonlocal decision
        decision = taken
        preview.decide(taken)
        progress.report(str(taken))
        _show(server, types.MessageType.Info, str(taken))

    try:
        offer = await cloud_offer(service.local(ready.settings), ready)
        work = service.carry_out(ready, on_text, progress.report, on_decision, on_task)
        result = await (unless_cloud(server, offer, work, lambda: begun) if offer else work)
        if pace.answers == 1:
            session.lengths.learn(*what, pace.tokens)
        await asyncio.to_thread(note_made, result.made, session.folders, applied=False)
        whole, told = await deliver(server, session, order.document, ready, result)
        lost = await asyncio.to_thread(note_made, result.made, session.folders, applied=True)
    finally:
        preview.end()
    told = " ".join(filter(None, (told, lost, unread(ready, result))))
    if told:
        _show(server, types.MessageType.Warning, told)
    return {
        "applied": whole,
        "decision": str(result.decision),
        "cost_usd": result.cost_usd,
        "message": told,
    }


def _opened(session: Session) -> dict[str, Text]:
    """What the editor has of files, which comes before the disk."""
    return {os.path.realpath(one.path): one.text for one in session.documents if one.path}


def _show(server: LanguageServer, kind: types.MessageType, sentence: str) -> None:
    server.window_show_message(types.ShowMessageParams(type=kind, message=f"twolane: {sentence}"))
