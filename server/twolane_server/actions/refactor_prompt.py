"""What a model is asked for when it is to change a symbol across a repository.

Whatever stays the same from one question to the next comes first, so that prefix caches hold it:
the rules, the definition, the task, the plan; then the files of this question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.actions.pieces import ours, said
from twolane_server.fragments import Fragment, Origin
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.actions.impact import Impact, Source

__all__ = ["NO_CHANGES", "PLAN_TOKENS", "again", "batch_prompt", "once_prompt", "plan_prompt"]

NO_CHANGES = "NO CHANGES"

_FORMAT = """\
You change code across a repository. Answer with edits and nothing else. An edit is the file's path, \
alone in its line, and a block:

src/shop.py
<<<<<<< SEARCH
lines of the file, copied exactly
=======
what takes their place
>>>>>>> REPLACE

- SEARCH holds whole lines as they are, with their indentation: few, but so many that they stand only \
once in the file. Write several small blocks, each below its file's path, rather than a large one.
- Write all new lines out; never leave code out with dots.
- Change every place that must change, in code, tests and documents, and nothing else.
- A new file is a block with an empty SEARCH. DELETE path/to/file deletes a file, and \
RENAME old/path -> new/path renames one; each stands in a line of its own.
- Where a file has lines like these markers itself, write all three markers with nine characters.
"""
_EXAMPLE = """\
src/cart.py
```python
from shop import total

def show(items):
    print(total(items))
```

Task: rename total to sum_of
"""
_ANSWER = """\
src/cart.py
<<<<<<< SEARCH
from shop import total
=======
from shop import sum_of
>>>>>>> REPLACE

src/cart.py
<<<<<<< SEARCH
    print(total(items))
=======
    print(sum_of(items))
>>>>>>> REPLACE
"""
_PLAN = """\
You plan a change across a repository that others then make file by file, each seeing only some of \
the files and this plan. Answer with the plan alone, in short exact lines: new names and signatures as \
they will be written, what each kind of place becomes (definition, import, call, override, test, \
document), files to make, rename or delete, and in which of the given files that is done.
"""
PLAN_TOKENS = 2_048
_MOST_LISTED = 400


def once_prompt(
    impact: Impact, files: Sequence[Fragment], task: Fragment, max_tokens: int
) -> Prompt:
    """All in one question."""
    question = (*files, *_about(impact), ours("Task: "), task, ours("\n"))
    return Prompt("refactor", (*_opening(), Message(Role.USER, question)), max_tokens)


def plan_prompt(impact: Impact, definition: Sequence[Fragment], task: Fragment) -> Prompt:
    """The question for a plan: the definition, and the line of each place."""
    question = (*definition, *_about(impact), *_lines(impact), ours("Task: "), task, ours("\n"))
    messages = (said(Role.SYSTEM, _PLAN), Message(Role.USER, question))
    return Prompt("refactor", messages, PLAN_TOKENS)


def batch_prompt(
    impact: Impact,
    shared: tuple[Sequence[Fragment], Fragment, Fragment],
    *,
    files: Sequence[Fragment],
    max_tokens: int,
) -> Prompt:
    """The question for some of the files, by the plan.

    Args:
        impact: all files.
        shared: the definition, the task and the plan, the same in each such question.
        files: those of this one.
        max_tokens: how long the answer may be.
    """
    definition, task, plan = shared
    head = (*definition, *_about(impact), ours("Task: "), task, ours("\n\nThe plan:\n"), plan)
    tail = ours(
        "\nMake the change in these files only. The definition above may be among them. If nothing "
        f"is to be changed in them, answer {NO_CHANGES}.\n"
    )
    question = (*head, ours("\n\nThe files of this part:\n\n"), *files, tail)
    return Prompt("refactor", (*_opening(), Message(Role.USER, question)), max_tokens)


def again(prompt: Prompt, reply: str, reasons: Sequence[str]) -> Prompt:
    """The same question once more, with the answer that was no good, if it is given, and why."""
    why = "".join(f"- {reason}\n" for reason in reasons)
    said_so = reply or "(edits that could not be carried out)"
    answer = Message(Role.ASSISTANT, (Fragment(said_so, prompt.label, prompt.origin),))
    told = (
        ours("Nothing was changed, since this cannot be carried out:\n"),
        # A reason names files.
        Fragment(why, prompt.label, prompt.origin),
        ours("Answer again with all edits, also those that were right.\n"),
    )
    messages = (*prompt.messages, answer, Message(Role.USER, told))
    return Prompt(prompt.action, messages, prompt.max_tokens, prompt.temperature, prompt.stop)


def _opening() -> tuple[Message, ...]:
    return (
        said(Role.SYSTEM, _FORMAT),
        said(Role.USER, _EXAMPLE),
        said(Role.ASSISTANT, _ANSWER),
    )


def _about(impact: Impact) -> tuple[Fragment, ...]:
    """Which symbol it is about, and where it is named, by file."""
    parts = [f"It is about `{impact.name}`, which is named in:\n"]
    for source in impact.sources:
        sites = source.sites or source.maybe or source.imports
        rows = dict.fromkeys(source.text.row_of(site) + 1 for site in sites)
        may = "" if source.sites or not source.maybe else " (which may be another one)"
        may = may if source.sites or source.maybe else " (which imports what is to change)"
        shown = ", ".join(map(str, list(rows)[:20])) + (" and more" if len(rows) > 20 else "")  # noqa: PLR2004 - enough
        parts += [f"- {source.path}: line {shown}{may}\n"] if rows else []
    return (Fragment("".join(parts), impact.label, impact.origin), ours("\n"))


def _lines(impact: Impact) -> tuple[Fragment, ...]:
    """The lines in which the symbol is named, up to a number."""
    found: list[Fragment] = []
    room = _MOST_LISTED
    for source in impact.sources:
        rows = list(dict.fromkeys(source.text.row_of(site) for site in source.sites))[:room]
        room -= len(rows)
        found.append(_listed(source, rows))
    return (*found, ours("\n"))


def _listed(source: Source, rows: Sequence[int]) -> Fragment:
    lines = (f"{source.path}:{row + 1}: {source.text.lines[row].strip()[:160]}\n" for row in rows)
    return Fragment("".join(lines), source.label, Origin(source.file))
