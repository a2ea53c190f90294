"""The way of a request, from a place in a document to an edit, for the editor and the command line.

order -> prepare (label, prompt, decision) -> carry out (gate, lane, reply, proof) -> result
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads
from twolane_server.actions.catalogue import action_named
from twolane_server.actions.commit import is_message
from twolane_server.actions.outcomes import Across
from twolane_server.asking import carried_out
from twolane_server.checking import Checker
from twolane_server.counting import counted
from twolane_server.errors import ActionError
from twolane_server.fragments import Label
from twolane_server.materials.of_action import Materials
from twolane_server.menu import offers
from twolane_server.money import Money
from twolane_server.orders import Offer, Order, Ready, Result, who
from twolane_server.questions import cloud_state, forced_for, of_prompt, question_of
from twolane_server.repositories.brought import Brought
from twolane_server.repositories.within import decided, prepared, wanted_impact, with_surroundings
from twolane_server.routing.choose import (
    choose,
    has_repository_marker,
    near_local_window,
    waits_for_cloud,
)
from twolane_server.rules.asked_about import AskedAbout
from twolane_server.rules.knowledge import UNKNOWN, head_of, read_known, read_standing, reader_of
from twolane_server.rules.made import made_of_nda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from twolane_context.spans import Span
    from twolane_server.actions.base import Task
    from twolane_server.border.searches import Searches
    from twolane_server.documents import Document
    from twolane_server.lanes.base import LaneName
    from twolane_server.lanes.local import Local
    from twolane_server.materials.changed_files import Scope
    from twolane_server.prompts import Prompt
    from twolane_server.repositories.surroundings import Repositories
    from twolane_server.routing.choose import Decision, Question
    from twolane_server.routing.run import Notify, Runner
    from twolane_server.rules.knowledge import Known
    from twolane_server.rules.labels import Labelled
    from twolane_server.session import Session, Snapshot
    from twolane_server.settings.resolved import Folders, Settings


class Service:
    """Everything a request needs. Lanes, gate and ledger open at first use.

    Args:
        folders: where settings, state and caches are.
        environ: the environment variables.
        repositories: who knows what stands around a document.
    """

    def __init__(
        self, folders: Folders, environ: Mapping[str, str], repositories: Repositories
    ) -> None:
        self._folders = folders
        self._environ = environ
        self._repositories = repositories
        self._materials = Materials(environ, repositories, self.known)
        self._money = Money(folders)
        self._runner: Runner | None = None
        self._asked = AskedAbout(repositories.opened)
        self._brought = Brought(repositories.code_bytes)

    def order(
        self,
        action: str,
        document: Document,
        selection: Span,
        *,
        instruction: str = "",
        forced: LaneName | None = None,
        answer_in: str = "",
        max_tokens: int | None = None,
        scope: Scope | None = None,
    ) -> Order:
        """An order by the action's name.

        Raises:
            WrongUse: there is no such action.
        """
        order = Order(action_named(action), document, selection, instruction, forced, answer_in)
        return replace(order, max_tokens=max_tokens, scope=scope)

    def offers(
        self, session: Session, snapshot: Snapshot, selection: Span, diagnosed: str = ""
    ) -> Iterator[Offer]:
        """The actions that make sense at a selection, each with its lane; from memory alone."""
        known = self._now(snapshot.known or UNKNOWN, snapshot.settings)
        priced, brought = self._money.from_memory, self._brought.of(known, snapshot.document)
        return offers(
            session, snapshot, selection, known, priced=priced, brought=brought, diagnosed=diagnosed
        )

    async def prepare(self, order: Order, settings: Settings, *, may_ask: bool = False) -> Ready:
        """Read the label afresh, build the prompt, choose the lane.

        Args:
            order: what is wanted.
            settings: endpoints and limits.
            may_ask: whether the local lane's server may be asked to count a prompt that is near its
                window; else nothing is sent to anybody.

        Raises:
            ActionError: there is nothing to do there.
            TooLarge: no lane that is allowed can hold the prompt.
        """
        started, document = time.monotonic(), order.document
        budget = order.max_tokens or settings.action(order.action.name).max_tokens
        order = replace(order, answer_in=order.answer_in or settings.language, max_tokens=budget)
        reads, material, impact, gone = order.action.reads, None, None, ()
        if reads.in_document:
            known, labelled = await self._labelled(document, settings)
            self._asked.holds([(document.path, document.text)], labelled)
            if reads is Reads.PROBLEM and known.pasted is None:
                why, material = await self._materials.quoted(document, order.instruction, settings)
                known = replace(known, pasted=why)
                labelled = known.label(head_of(document.text))
            else:
                material = await self._materials.beside(reads, document, labelled.label, settings)
        else:
            read = await self._materials.instead(reads, document, settings, order.scope)
            known, labelled, material, gone = read.known, read.labelled, read.material, read.gone
            if order.scope is not None:
                self._asked.holds(order.scope.opened.items(), labelled)
        if reads is Reads.REPOSITORY:
            impact = await self._repositories.impact(wanted_impact(order, labelled.label, settings))
        known = self._now(known, settings)

        def asked() -> tuple[Task, Question]:
            task = prepared(order, labelled.label, material, impact)
            question = replace(
                question_of(
                    order.action,
                    of_prompt(labelled, Label.highest(one.label for one in task.prompts)),
                    known,
                    settings,
                    characters=sum(one.characters for one in task.prompts),
                ),
                answer_tokens=task.prompt.max_tokens,
                forced=forced_for(order.action, order.forced),
                instruction_marker=has_repository_marker(task.instruction),
            )
            return task, self._counted(question, task.prompts, settings)

        task, question = await asyncio.to_thread(asked)
        if may_ask and near_local_window(question):
            longest = max(task.prompts, key=lambda one: one.characters)
            exact = await self._open().count_local(longest, settings)
            question = question if exact is None else replace(question, local_tokens=exact)
        code = partial(self._repositories.known_code, document.path, settings.nda)
        border = partial(decided, words=known.words, known_code=code, searches=self._searches)
        decide = partial(border, gone=gone, shorts=self._asked.shorts)
        by_itself, title, asking = choose(question), order.action.title, who(order, known)
        alone = Ready(task, question, by_itself, settings, started, 0.0, title, asking)
        if reads.in_document and reads is not Reads.REPOSITORY:
            look, counts = self._repositories.around, self._counted
            ready = await with_surroundings(
                alone, order, known, look, counted=counts, decide=decide
            )
            self._brought.learn(known, alone, ready)
        else:
            ready = replace(alone, decision=await asyncio.to_thread(decide, question, task.prompts))
        if may_ask and self._runner and waits_for_cloud(question):
            await self._runner.wake_cloud(settings)
        return replace(ready, context_seconds=time.monotonic() - started, allowed=budget)

    async def knowledge(self, document: Document, settings: Settings) -> Known:
        """Read what speaks about a document now, also by the names that its file had before."""
        return (await self._labelled(document, settings))[0]

    async def _labelled(self, document: Document, settings: Settings) -> tuple[Known, Labelled]:
        before = (*document.before, *await self._repositories.before(document.path))
        known = await asyncio.to_thread(self.known, document.path, settings, before)
        labelled = known.label(head_of(document.text))
        if labelled.label is Label.OPEN:
            pasted = await self._repositories.pasted(document.path, str(document.text))
            known = replace(known, pasted=pasted)
        return known, known.label(head_of(document.text)) if known.pasted else labelled

    async def knowledge_for_menu(self, document: Document, settings: Settings) -> Known:
        """The same, with the label of what is staged where git asks for a message."""
        known = await self.knowledge(document, settings)
        if not is_message(document.path):
            return known
        with suppress(ActionError):  # nothing is staged, which running the action tells
            read = await self._materials.instead(Reads.INDEX, document, settings)
            return replace(known, staged=read.labelled)
        return known

    async def carry_out(
        self,
        ready: Ready,
        on_text: Callable[[str, int], None],
        on_notice: Notify,
        on_decision: Callable[[Decision], None],
        on_task: Callable[[Task], None] | None = None,
    ) -> Result:
        """Ask the model and turn its reply into what the action is for; edits are proved harmless.

        Args:
            ready: from `prepare`.
            on_text: called with each new piece of the answer and the number of pieces so far.
            on_notice: called with what the person should know meanwhile, such as a model loading.
            on_decision: called when the local lane takes over from the cloud, with the reason.
            on_task: called with each further question; else `on_notice` hears of it.

        Raises:
            LaneError: no usable answer came.
            ReplyRefused: the answer would do harm.
        """
        on_task = on_task or (lambda task: on_notice(task.note, task.share))
        result = await carried_out(
            ready, self._open(), on_text, on_notice, on_decision, on_task=on_task
        )
        if isinstance(result.outcome, Across) and ready.settings.check.command:
            checked = await Checker(ready.settings, self._environ).look(result.outcome, on_notice)
            result = replace(result, outcome=checked)
        made = await asyncio.to_thread(made_of_nda, ready, result.outcome, self.known)
        return replace(result, made=made)

    def take_notices(self) -> tuple[str, ...]:
        """What a person should be told of the lanes, each once."""
        return self._runner.take_notices() if self._runner else ()

    def local(self, settings: Settings) -> Local | None:
        """The local lane, once anything has used it."""
        return self._runner.local(settings) if self._runner else None

    def known(self, path: str, settings: Settings, before: tuple[str, ...] = ()) -> Known:
        """Read a file's rules and its repository's trust from disk; see `Document.before`."""
        state = cloud_state(settings, self._environ)
        self._money.read(settings)  # for the menu, which must not wait
        self._asked.reached(path, before)
        reader = reader_of(self._folders, self._repositories.tainted, self._asked.rules)
        known = read_known(path, settings, self._folders, state, before=before, reader=reader)
        return known.with_starts(self._asked.open_now(path))

    def warm(self, known: Known) -> None:
        """Load what a first request to the cloud would wait for, if one may come; in a thread."""
        if known.granted and known.cloud_state is None:
            from twolane_server.border.secrets import warm  # noqa: PLC0415 - not needed to start

            warm()

    async def aclose(self) -> None:
        """Close repositories, lanes and ledger."""
        await self._repositories.aclose()
        if self._runner is not None:
            await self._runner.aclose()

    def _open(self) -> Runner:
        from twolane_server.routing.run import Runner  # noqa: PLC0415 - imports httpx, sqlite

        if self._runner is None:
            standing = partial(
                read_standing,
                folders=self._folders,
                environ=self._environ,
                known_code=self._repositories.known_code,
                before=self._asked.before,
                heads=self._asked.heads,
                tainted=self._repositories.tainted,
                kept=self._asked.rules,
                shorts=self._asked.shorts,
            )
            self._runner = Runner(self._folders, self._environ, standing)
        return self._runner

    def _searches(self) -> Searches:
        return self._open().searches

    def _counted(
        self, question: Question, prompts: tuple[Prompt, ...], settings: Settings
    ) -> Question:
        return counted(question, prompts, settings, self._runner, self._money)

    def _now(self, known: Known, settings: Settings) -> Known:
        """With whether the cloud lane rests, which no file says and changes from moment to moment."""
        if known.cloud_state is not None or self._runner is None:
            return known
        return replace(known, cloud_state=self._runner.cloud_rests(settings))
