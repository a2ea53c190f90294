"""What a model is asked for when it is to document something.

The form is measured: with just this system message and these turns, a model of 135 million
parameters gives a good sentence for most functions. It is thrown off when imports and signatures
stand beside the code in question; at the end of the system message they do no harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.docs.shots import SHOTS
from twolane_server.actions.docs.style import Sections
from twolane_server.actions.pieces import also_holds, fenced, needed, opening, ours, said
from twolane_server.edits.lines import line_end
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject
    from twolane_server.actions.docs.place import Place
    from twolane_server.actions.docs.style import Style

_SYSTEM = (
    "You write documentation comments. Reply with the text only, no code: one sentence that says "
    "what the function does."
)
_MORE = " Only if callers must know more, add a short second paragraph."
_SECTIONS = {
    Sections.GOOGLE: " End with Args:, Returns: and Raises: sections (Google style) where they apply.",
    Sections.NUMPY: " End with Parameters, Returns and Raises sections (NumPy style) where they apply.",
    Sections.SPHINX: " End with :param name:, :returns: and :raises Error: lines where they apply.",
    Sections.TAGS: " End with @param, @returns and @throws lines where they apply.",
}
MAX_TOKENS = 800
_WITHOUT_SECTIONS = 300
_MOST_CODE = 12_000

_ASK = {"python": "Write the docstring."}
_ASK_OTHERS = "Write the documentation comment."


def wanted_sections(style: Style) -> str:
    """What to say of the sections that a file's documentation has; empty where it has none."""
    return _SECTIONS.get(style.sections, "")


def prompt_for(subject: Subject, parsed: Parsed, place: Place, style: Style) -> Prompt:
    """The question: stable parts first, then the file's, then the definition.

    Where the repository is shown, no small model is asked, and what the file holds stands behind the
    examples: these then are the same from request to request, and servers have them in their caches.
    """
    language = parsed.language.name
    ask = _ASK.get(language, _ASK_OTHERS)
    shown = (place.definition,)
    system = [*opening(subject, _SYSTEM + _MORE + wanted_sections(style), shown)]
    holds = also_holds(subject, place.definition)
    if holds and not subject.around:
        system += [ours("\n"), *holds]
    messages = [Message(Role.SYSTEM, tuple(system))]
    for example, answer in SHOTS[language]:
        messages.append(said(Role.USER, f"```{language}\n{example}```\n{ask}"))
        messages.append(said(Role.ASSISTANT, answer))
    code = fenced(subject, language, [_head(parsed, place.definition)], dedent=True)
    if holds and subject.around:
        code = [*holds, ours("The definition:\n"), *code]
    messages.append(Message(Role.USER, (*needed(subject, shown), *code, ours(ask))))
    tokens = _WITHOUT_SECTIONS if style.sections is Sections.NONE else MAX_TOKENS
    return Prompt("docstring", tuple(messages), max_tokens=tokens)


def _head(parsed: Parsed, span: Span) -> Span:
    """The definition, or as many of its lines as one may reasonably send for one sentence."""
    if len(span) <= _MOST_CODE:
        return span
    return Span(span.start, min(span.end, line_end(parsed.source, span.start + _MOST_CODE)))
