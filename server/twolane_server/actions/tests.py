"""*Generate tests*: a new or extended test file where the project keeps its tests, in its style."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twolane_context.trees import changed
from twolane_server.actions.base import Reads, Task, tree_of
from twolane_server.actions.docs.definitions import name_of
from twolane_server.actions.outcomes import Across, Edit
from twolane_server.actions.pieces import (
    also_holds,
    fence,
    fenced,
    needed,
    opening,
    origin_of,
    ours,
)
from twolane_server.actions.selected import selected, worth_asking
from twolane_server.actions.testing.adding import added, created
from twolane_server.actions.testing.home import TESTABLE, is_test
from twolane_server.edits.changes import Changes, FileChange
from twolane_server.edits.reply import code
from twolane_server.errors import ActionError
from twolane_server.fragments import Fragment, Origin
from twolane_server.lanes.base import LaneName
from twolane_server.prompts import Message, Prompt, Role
from twolane_server.text import Text, decode

if TYPE_CHECKING:
    from twolane_context.languages import Language
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject
    from twolane_server.actions.material import ForTests, Source
    from twolane_server.actions.outcomes import Outcome

_SYSTEM = (
    "You write tests. Reply with code only, as one fenced block. Test what the code promises: the "
    "usual case, the edges, the errors. One thing a test, names that say what holds, no mocks where "
    "the real thing will do. Write in the project's style where an example shows it."
)
_NEW = "Write a new test file, whole, with all its imports."
_MORE = (
    "The test file is there already: write only the tests to add to it, with names that it does not "
    "have, and above them the imports that it lacks."
)
_RUST = "Write the tests that belong into the `mod tests` of this file, without that module around them."
_MAX_TOKENS = 4_096
_MOST_BYTES = 60_000
_MOST_SHOWN = 12_000
_LANGUAGES = "Tests are written for Python, Rust, TypeScript, JavaScript, Go and Java."


@dataclass(frozen=True, slots=True)
class GenerateTests:
    """The action; see `base.Action`."""

    name: str = "tests"
    title: str = "Generate tests"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.TESTS

    def offered(self, subject: Subject) -> bool:
        """Whether there is code that is no test itself."""
        language = subject.language
        return (
            language is not None
            and language.name in TESTABLE
            and bool(subject.path)
            and not is_test(subject.path, language.name)
            and bool(selected(subject).span.cut(subject.text.source).strip())
        )

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: there is nothing to test, or too much.
        """
        parsed, tests = _tree(subject), _tests(subject)
        if is_test(tests.path, parsed.language.name):
            raise ActionError("This is a test file itself; run the action in the file to test.")
        target = worth_asking(subject, "test", _MOST_BYTES)
        return Task(
            subject, _prompt(subject, parsed, tests, target), target, subject.instruction.strip()
        )

    def finish(self, task: Task, reply: str) -> Outcome:
        """The test file, new or extended; in Rust the file itself.

        Raises:
            ReplyRefused: the reply is no tests, or would leave a syntax error.
            ActionError: all of them are there already.
        """
        subject, parsed, tests = task.subject, _tree(task.subject), _tests(task.subject)
        written = code(reply, parsed.language)
        if tests.home.path == tests.path:
            within = added(subject.text, written, parsed.language)
            before, after = changed(subject.text.source, within.text.source)
            return Edit(before, decode(after.cut(within.text.source)))
        if tests.file is None:
            new = created(written, parsed.language)
            return Across(tests.root, Changes.of([FileChange(tests.home.path, None, new)]))
        old = Text.of(tests.file.text)
        more = added(old, written, parsed.language)
        change = FileChange(tests.home.path, old, more.text)
        dropped = ", ".join(more.dropped)
        notes = (f"Left out, since it is there already: {dropped}.",) if dropped else ()
        return Across(tests.root, Changes.of([change]), notes)


def _tree(subject: Subject) -> Parsed:
    parsed = tree_of(subject)
    if parsed is None or parsed.language.name not in TESTABLE:
        raise ActionError(_LANGUAGES)
    return parsed


def _tests(subject: Subject) -> ForTests:
    tests = subject.material.tests if subject.material is not None else None
    if tests is None:
        raise ActionError("Tests belong into a repository, and this file is in none.")
    return tests


def _prompt(subject: Subject, parsed: Parsed, tests: ForTests, target: Span) -> Prompt:
    language, home = parsed.language, tests.home
    question: list[Fragment] = [*needed(subject, (target,))]
    if tests.example is not None:
        question += [
            ours("A test file of this project, for the style:\n"),
            *_shown(tests.example, language),
        ]
    if tests.file is not None:
        question += [ours("The test file as it is:\n"), *_shown(tests.file, language)]
    question += also_holds(subject, target, file="file under test")
    where = f"{tests.path}, its tests in {home.path}"
    there = Origin(f"{tests.root}/{home.path}", name_only=True)
    origin = replace(origin_of(subject, target), also=(there,))
    named = Fragment(where, max(subject.label, tests.label), origin)
    question += [ours("To test, from "), named, ours(":\n")]
    question += fenced(subject, language.name, [target], dedent=True)
    asked = subject.instruction.strip()
    question.append(ours(f"Test above all this: {asked}\n" if asked else ""))
    how = _RUST if home.path == tests.path else _MORE if home.exists else _NEW
    question += [
        ours(f"Write tests with {home.framework}"),
        _of(subject, parsed, target),
        ours(f". {how}"),
    ]
    messages = (
        Message(Role.SYSTEM, opening(subject, _SYSTEM, (target,))),
        Message(Role.USER, tuple(question)),
    )
    return Prompt("tests", messages, max_tokens=_MAX_TOKENS)


def _said(subject: Subject, target: Span, text: str) -> Fragment:
    """Words that name the subject's own things, with its label."""
    return Fragment(text, subject.label, origin_of(subject, target))


def _of(subject: Subject, parsed: Parsed, target: Span) -> Fragment:
    node = selected(subject).node
    name = name_of(parsed, node) if node is not None else ""
    return _said(subject, target, f" for `{name}`" if name else "")


def _shown(source: Source, language: Language) -> list[Fragment]:
    """A file's text, of a long one the start and the end, within a fence that it cannot close."""
    text = source.text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > _MOST_SHOWN:
        half = _MOST_SHOWN // 2
        text = f"{text[:half].rpartition(chr(10))[0]}\n[...]\n{text[-half:].partition(chr(10))[2]}"
    ticks = fence(text)
    body = text if text.endswith("\n") else f"{text}\n"
    whole = Fragment(body, source.label, source.origin)
    return [ours(f"{ticks}{language.name}\n"), whole, ours(f"{ticks}\n")]
