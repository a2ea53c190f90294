"""*Write docstrings for all public definitions*: those of the file that have no documentation yet.

One request for as many as fit; each text is put into its place as a single one is, and the whole is
proved to be the old code with other documentation. A text that does not pass is left out and told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.base import Reads, Task, tree_for, tree_of
from twolane_server.actions.docs.place import place_at
from twolane_server.actions.docs.prompt import wanted_sections
from twolane_server.actions.docs.public import public_definitions
from twolane_server.actions.docs.render import rendered
from twolane_server.actions.docs.style import style_of
from twolane_server.actions.docs.wording import words_of
from twolane_server.actions.outcomes import Edit, Edits
from twolane_server.actions.pieces import needed, numbered, opening, origin_of, ours
from twolane_server.edits.lines import line_end, line_start
from twolane_server.edits.reply import without_reasoning
from twolane_server.edits.verify import problem_with_documentation
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Fragment
from twolane_server.lanes.base import LaneName
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject
    from twolane_server.actions.docs.place import Place

_SYSTEM = (
    "You write documentation comments. You get code, each line behind its number, and a list of "
    "definitions in it. For each of them reply with a line `### NUMBER` and, below that, the text "
    "of its documentation only, no code: one sentence that says what it is for."
)
_MOST_CODE = 20_000
_MOST_HEAD = 6_000
_MOST = 40
_SOON = 500  # nodes of a tree, which take about a millisecond
_TOKENS, _TOKENS_EACH = 256, 200
MAX_TOKENS = _TOKENS + _MOST * _TOKENS_EACH
_HEADING = re.compile(r"(?m)^[ \t]*(?:#{1,6}|\*\*)[ \t]*(?:NUMBER )?(\d{1,3})\b[^\n]*$")
_DOING = "Documenting"


@dataclass(frozen=True, slots=True)
class WriteDocstrings:
    """The action; see `base.Action`."""

    name: str = "docstrings"
    title: str = "Write docstrings for all public definitions"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.DOCUMENT

    def offered(self, subject: Subject) -> bool:
        """Whether more than one public definition has no documentation, as far as that is seen soon.

        A menu must not wait for a large file: what its start does not tell, running it does.
        """
        parsed = tree_of(subject)
        return parsed is not None and (
            len(_bare(parsed, 2, _SOON)) > 1 or parsed.tree.root_node.descendant_count > _SOON
        )

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: every public definition is documented.
        """
        parsed = tree_for(subject, _DOING)
        places = _bare(parsed)
        if not places:
            raise ActionError("No public definition of this file is without documentation.")
        chosen = _batch(parsed, places)
        prompt = _prompt(subject, parsed, chosen)
        return Task(subject, prompt, Span(0, len(parsed.source)), subject.instruction.strip())

    def finish(self, task: Task, reply: str) -> Edits:
        """The insertions, all of them proved together to change no code.

        Raises:
            ReplyRefused: nothing in the reply can be used.
        """
        subject, parsed = task.subject, tree_for(task.subject, _DOING)
        places = _bare(parsed)
        chosen, texts = _batch(parsed, places), _texts(reply)
        edits, why = _edits(subject, parsed, chosen, texts)
        if not edits:
            raise ReplyRefused(why or "The model's reply holds no documentation; try again.")
        notes: list[str] = []
        missing = len(chosen) - len(edits)
        if missing:
            notes.append(f"{_count(missing, 'no usable text')}; run the action again for the rest.")
        if len(places) > len(chosen):
            left = len(places) - len(chosen)
            notes.append(
                f"{_count(left, 'no documentation yet')}: that was too much for one request."
            )
        return Edits(edits, tuple(notes))


def _count(number: int, what: str) -> str:
    return f"One definition has {what}" if number == 1 else f"{number} definitions have {what}"


def _bare(parsed: Parsed, most: int | None = None, nodes: int | None = None) -> list[Place]:
    """The places of public definitions without documentation, none within another's target.

    Args:
        parsed: the file.
        most: how many are wanted; `None` for all.
        nodes: how many nodes of the tree to look at; `None` for all.
    """
    found: list[Place] = []
    targets: set[Span] = set()
    for node in public_definitions(parsed, nodes):
        whole = Span(node.start_byte, node.end_byte)
        try:
            place = place_at(parsed, whole)
        except ActionError:
            continue
        if place.target not in targets and not place.old and place.definition.contains(whole):
            targets.add(place.target)
            found.append(place)
        if most is not None and len(found) >= most:
            break
    return found


def _batch(parsed: Parsed, places: Sequence[Place]) -> list[Place]:
    """As many, from the first on, as one request holds."""
    chosen: list[Place] = []
    size, end = 0, 0
    for place in places[:_MOST]:
        head = _head(parsed.source, place)
        size += max(0, head.end - max(end, head.start))
        end = max(end, head.end)
        if chosen and size > _MOST_CODE:
            break
        chosen.append(place)
    return chosen


def _texts(reply: str) -> dict[int, str]:
    """The reply's texts by number; of two with one number the first."""
    reply = without_reasoning(reply)
    found = list(_HEADING.finditer(reply))
    texts: dict[int, str] = {}
    for at, heading in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(reply)
        texts.setdefault(int(heading[1]), reply[heading.end() : end].strip())
    return texts


def _edits(
    subject: Subject, parsed: Parsed, places: Sequence[Place], texts: dict[int, str]
) -> tuple[tuple[Edit, ...], str]:
    """The edits that hold, and why the last of the others does not."""
    style, why = style_of(parsed), ""
    edits: list[Edit] = []
    for number, place in enumerate(places, 1):
        code = subject.text.cut(place.definition)
        try:
            words = words_of(texts.get(number, ""), parsed.language, place.name, code)
            text = rendered(words, place, style, parsed.language)
        except ReplyRefused as error:
            why = str(error)
            continue
        edits.append(Edit(place.target, f"{place.before}{text}{place.after}"))
    if not edits or _problem(subject, parsed, edits) is None:
        return _sorted(edits), why
    # Which of them it is: each alone, then those that hold, together.
    held: list[Edit] = []
    for edit in edits:
        problem = _problem(subject, parsed, [edit])
        why = problem or why
        held += [] if problem else [edit]
    return (_sorted(held) if _problem(subject, parsed, held) is None else ()), why


def _sorted(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    return tuple(sorted(edits, key=lambda edit: edit.span))


def _problem(subject: Subject, parsed: Parsed, edits: Sequence[Edit]) -> str | None:
    try:
        after = subject.text.replaced((edit.span, edit.text) for edit in edits)
    except ValueError:
        return "The reply was refused: two of its texts have one place."
    problem = problem_with_documentation(parsed.language, subject.text, after, parsed)
    return problem and f"The reply was refused: {problem}."


def _prompt(subject: Subject, parsed: Parsed, places: Sequence[Place]) -> Prompt:
    spans = _merged(parsed.source, places)
    question: list[Fragment] = [*needed(subject, tuple(spans)), ours("The code:\n")]
    for span in spans:
        question += [numbered(subject, span), ours("\n")]
    listed = (
        f"{number}: {place.name}, in line {subject.text.row_of(place.definition.start) + 1}\n"
        for number, place in enumerate(places, 1)
    )
    question.append(ours("The definitions:\n"))
    question += [_named(subject, place, line) for place, line in zip(places, listed, strict=True)]
    system = _SYSTEM + wanted_sections(style_of(parsed))
    messages = (
        Message(Role.SYSTEM, opening(subject, system, tuple(spans))),
        Message(Role.USER, tuple(question)),
    )
    tokens = _TOKENS + _TOKENS_EACH * len(places)
    return Prompt("docstrings", messages, max_tokens=tokens)


def _named(subject: Subject, place: Place, line: str) -> Fragment:
    return Fragment(line, subject.label, origin_of(subject, place.definition))


def _head(source: bytes, place: Place) -> Span:
    """The definition's lines; of a long one the first."""
    start, end = line_start(source, place.definition.start), place.definition.end
    return Span(start, line_end(source, min(end, start + _MOST_HEAD)))


def _merged(source: bytes, places: Sequence[Place]) -> list[Span]:
    """The lines of all these definitions, none twice."""
    merged: list[Span] = []
    for span in sorted(_head(source, place) for place in places):
        if merged and span.start <= merged[-1].end + 1:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
