"""Writing documentation down: a Python literal, or comments as each language has them. Pure text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_server.actions.docs.wording import without_marks
from twolane_server.actions.docs.wrapping import wrapped
from twolane_server.edits.directives import is_directive, speaks_to_tools
from twolane_server.errors import ReplyRefused

if TYPE_CHECKING:
    from twolane_context.languages import Language
    from twolane_server.actions.docs.place import Place
    from twolane_server.actions.docs.style import Style

_TAB = 4
_TAG = r"[ \t]*[@\\](?!brief\b)[a-zA-Z]"
_BRIEF = re.compile(r"[ \t]*[@\\]brief\b[ \t]*")
# The Java Language Specification, 3.3: read before comments are, so it can end one.
_UNICODE_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\(?=u)")
_FIRST_SENTENCE = re.compile(r"(.*?(?<!e\.g)(?<!i\.e)(?<!etc)[.!?]) +(?=[A-Z`])(.+)")


def rendered(words: str, place: Place, style: Style, language: Language) -> str:
    """The documentation as it stands in the file, from its first to its last character.

    Args:
        words: the text, as `wording.words_of` gives it.
        place: where it goes: indentation, line ending, the definition's name.
        style: how the file writes documentation.
        language: the file's.

    Raises:
        ReplyRefused: a line of it would be an order to a tool.
    """
    room = style.width - len(place.indent.expandtabs(_TAB))
    if language.name == "python":
        if speaks_to_tools(words):
            raise _order()
        lines = _python(words, style, room)
        # A blank line of a docstring holds no indentation.
        return place.eol.join(
            line if not number or not line else place.indent + line
            for number, line in enumerate(lines)
        )
    if language.name == "rust":
        lines = _marked(_without_indented_code(words), "///", room)
    elif language.name == "go":
        lines = _marked(_named(words, place.name), "//", room)
    elif language.name == "lua":
        lines = _marked(_without_tags(words, "@"), "---", room)
    else:
        if language.name == "java":
            words = _for_java(words)
        elif language.name in ("c", "cpp"):
            # Compilers warn of a comment's start within a comment.
            words = words.replace("/*", "/ *")
        lines = _block(words, place.old, style, room)
    if any(is_directive(line) for line in lines if not _is_kept(line, place.old)):
        raise _order()
    return (place.eol + place.indent).join(lines)


def _order() -> ReplyRefused:
    return ReplyRefused(
        "The model's reply holds an order to a linter, a compiler or an editor; nothing was changed."
    )


def _is_kept(line: str, old: str) -> bool:
    return bool(old) and line.strip() in old


def _python(words: str, style: Style, room: int) -> list[str]:
    quotes = style.quotes
    alone = escaped(words, quotes)
    fits = len(alone[0]) + 2 * len(quotes) + len(alone[1]) <= room
    if "\n" not in words and fits and not style.spread:
        return [f"{alone[0]}{quotes}{alone[1]}{quotes}"]
    below = style.below or style.spread
    taken = 0 if below else len(quotes) + 1
    lines = wrapped(_summarised(words, room - taken), room, taken)
    # The closing quotes get a line of their own, so nothing of the text can touch them.
    prefix, text = escaped("\n".join(lines) + "\n", quotes)
    start = f"{prefix}{quotes}"
    body = text.removesuffix("\n").split("\n")
    return [start, *body, quotes] if below else [start + body[0], *body[1:], quotes]


def _summarised(words: str, room: int) -> str:
    """The first sentence as a paragraph of its own, where that makes it fit one line (PEP 257)."""
    paragraph, gap, rest = words.partition("\n\n")
    found = _FIRST_SENTENCE.match(paragraph.replace("\n", " "))
    if len(paragraph) <= room or not found or len(found[1]) > room:
        return words
    return f"{found[1]}\n\n{found[2]}{gap}{rest}"


def escaped(text: str, quotes: str) -> tuple[str, str]:
    """A prefix and the literal's inside, so that the literal's value is `text`.

    PEP 257 asks for `r` where there are backslashes; where a raw string cannot hold the text,
    backslashes and the quotes in question are escaped.
    """
    quote = quotes[0]
    touches = quotes in text or text.endswith(quote)
    if "\\" in text and not touches and not text.endswith("\\"):
        return "r", text
    text = text.replace("\\", "\\\\")
    closing = re.compile(f"{quote}{{3,}}|{quote}+\\Z")
    text = closing.sub(lambda run: f"\\{quote}" * len(run[0]), text)
    return "", text


def _marked(words: str, mark: str, room: int) -> list[str]:
    lines = wrapped(words, room - len(mark) - 1)
    return [f"{mark} {line}".rstrip() for line in lines]


def _without_indented_code(words: str) -> str:
    """For Rust: four spaces would start a code block, which `cargo test` compiles and runs."""
    return re.sub(r"(?m)^ {2,}", "  ", words)


def _without_tags(words: str, tag: str) -> str:
    """The text before the first line that is a tag."""
    words = re.split(rf"(?m)^[ \t]*{tag}", words, maxsplit=1)[0].strip()
    if not words:
        raise ReplyRefused("The model's reply holds tags only, no description; try again.")
    return words


def _for_java(words: str) -> str:
    words = re.sub(r"(?<!`)`([^`{}\n]+)`(?!`)", r"{@code \1}", words)
    words = re.sub(r"(?m)^([ \t]*@return)s\b", r"\1", words)
    return _UNICODE_ESCAPE.sub(lambda run: run[0] + "\\", words)


def _block(words: str, old: str, style: Style, room: int) -> list[str]:
    words = _BRIEF.sub("", words, count=1) if _BRIEF.match(words) else words
    kept = tags_of(old)
    if kept:
        words = _without_tags(words, r"[@\\](?=[a-zA-Z])")
    brief = found[0].strip() if (found := _BRIEF.search(old)) else style.brief
    words = f"{brief} {words}".lstrip() if brief and (found or not old) else words
    mark = old[:3] if old.startswith("//") else style.mark if not old else ""
    if mark:
        marked = _marked(words, mark, room) + [
            f"{mark} {line}".rstrip() for line in ("", *kept) if kept
        ]
        # A line that ends so would go on below.
        return [f"{line}." if line.endswith(("\\", "??/")) else line for line in marked]
    lines = [line.replace("*/", "*\\/") for line in wrapped(words, room - 3)]
    if len(lines) == 1 and not kept and not style.spread and len(lines[0]) + 7 <= room:
        return [f"/** {lines[0]} */"]
    if kept:
        lines += ["", *kept]
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"]


def tags_of(old: str) -> list[str]:
    """The lines of an old comment from its first tag on: types live there, so they are kept."""
    if not old.startswith(("/**", "/*!", "///", "//!")):
        return []
    inside = [without_marks(line).replace("*/", "*\\/") for line in re.split(r"\r\n|\r|\n", old)]
    while inside and not inside[-1]:
        del inside[-1]
    first = next((n for n, line in enumerate(inside) if re.match(_TAG, line)), None)
    return [] if first is None else inside[first:]


_ARTICLES = {"a", "an", "the"}
_NO_VERBS = {
    "it", "if", "when", "for", "given", "in", "on", "at", "to", "whether", "that", "this", "these",
    "all", "each", "any", "no", "not", "with", "without", "from", "as", "by", "one", "only", "and",
}  # fmt: skip
_IRREGULAR = {"do": "does", "go": "goes", "have": "has", "be": "is"}
_SUBJECT = re.compile(
    r"(?i)(?:this|the) (?:function|method|type|struct|interface|constant|variable) (?=\w+s\b)"
)


def _named(words: str, name: str) -> str:
    """For Go: the text as a sentence that starts with the name ("Go Doc Comments", go.dev)."""
    if not name:
        return words
    words = _SUBJECT.sub(f"{name} ", words, count=1) if _SUBJECT.match(words) else words
    first, _, rest = words.partition(" ")
    bare = first.strip("`*'\":()")
    if bare.casefold() == name.casefold() and rest:
        return f"{name}{':' if first.endswith(':') else ''} {rest}"
    low = first.lower()
    if low in _ARTICLES:
        return f"{name} is {low} {rest}"
    if low in _NO_VERBS or not first.isalpha() or not rest or first[1:] != low[1:]:
        return f"{name}: {words}"
    return f"{name} {_third_person(low)} {rest}"


def _third_person(verb: str) -> str:
    """`return` and `returns` as `returns`."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("s") and not verb.endswith(("ss", "us")):
        return verb
    if verb.endswith(("ss", "sh", "ch", "x", "z", "o")):
        return f"{verb}es"
    if re.search(r"[^aeiou]y\Z", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}s"
