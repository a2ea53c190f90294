"""The names that a piece of code uses, as chains, and what it says of its own variables.

From the tokens alone, so that it is the same for every language: `a.b`, `a::b`, `a->b` and `a:b()`
are chains, `x = A(…)`, `x: A`, `let x = A::new(…)` and `A x` tell what a variable is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.code_tokens import NONE, WORDS, Token, tokens_of

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed

CALL, ITEM, VALUE = "()", "[]", "*"
MARKS = frozenset({CALL[0], ITEM[0], VALUE})
_RETURNS = frozenset({"return", "yield", "=>"})
_SKIPPED = frozenset({"await", "new", "&", "*", "mut", "(", "yield", "?", "!", "|", ":", '"'})
_ENDS = frozenset({":", ",", ")", "=", "?", "*", "&", "..."})
_BEFORE_LOCAL = frozenset({"for", "as", "let", "var", "const", "mut", "auto", "local"})
# In these a name is a variable, but for the default value behind `=`.
_BINDING_NODES = ("pattern", "parameter", "declarator")
_LONGEST_TYPE, _LONGEST_CHAIN = 200, 60  # tokens; nobody writes more, but files hold it
_TYPE_PARAMETERS = frozenset({"type_parameter", "where_predicate", "type_parameter_declaration"})
_OPEN = frozenset({"(", ",", "|", "<", "{", "["})


class Use(NamedTuple):
    """A name that is used.

    Attributes:
        chain: from the first name to this one; `()` stands for a call, `[]` for an item, `*` for
            a value that no name starts: `("self", "get", "()", "filter")`.
        row: where this name stands, 0-based.
        column: the same, in UTF-8 bytes.
        called: whether it is called.
    """

    chain: tuple[str, ...]
    row: int
    column: int
    called: bool


@dataclass(slots=True)
class Uses:
    """What a piece of code uses.

    Attributes:
        uses: in source order, with repetitions.
        locals: its own variables, each with the chains of what is known of its type: `("A", "()")`
            for an `A`. Empty for what nothing is known of.
        returned: the chains that it returns or yields, each with its row.
        given: the same of those that it gives to attributes.
    """

    uses: list[Use] = field(default_factory=list[Use])
    locals: dict[str, list[tuple[str, ...]]] = field(
        default_factory=dict[str, list[tuple[str, ...]]]
    )
    returned: list[tuple[int, tuple[str, ...]]] = field(
        default_factory=list[tuple[int, tuple[str, ...]]]
    )
    given: list[tuple[int, tuple[str, ...]]] = field(
        default_factory=list[tuple[int, tuple[str, ...]]]
    )


def uses(parsed: Parsed, span: Span) -> Uses:
    """What the code in `span` uses.

    Args:
        parsed: the file.
        span: the definition, or the selection.
    """
    tokens = list(tokens_of(parsed, span))
    partners = _partners(tokens)
    chains = _chains(tokens, partners)
    found = Uses()
    for index, chain in chains.items():
        token = tokens[index]
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if len(chain) == 1 and _binds(tokens, index):
            known = found.locals.setdefault(token.text, [])
            known += [one for one in _types(tokens, chains, partners, index) if one not in known]
            continue
        if len(chain) == 1 and (shown := _shown(tokens, chains, index)):
            found.locals.setdefault(token.text, []).append(shown)
        if len(chain) == 1 and after == "=" and before in _OPEN:
            continue  # a keyword argument
        found.uses.append(Use(chain, token.row, token.column, after == "("))
    for index, token in enumerate(tokens):
        gives = token.text in _RETURNS or (token.text == "=" and len(chains.get(index - 1, ())) > 1)
        if gives and (value := _value(tokens, chains, partners, index + 1)):
            (found.returned if token.text in _RETURNS else found.given).append((token.row, value))
    return found


def _partners(tokens: list[Token]) -> dict[int, int]:
    """For each bracket the one that belongs to it."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for index, token in enumerate(tokens):
        if token.text in {"(", "[", "{"}:
            stack.append(index)
        elif token.text in {")", "]", "}"} and stack:
            found[index] = stack.pop()
            found[found[index]] = index
    return found


def _chains(tokens: list[Token], partners: dict[int, int]) -> dict[int, tuple[str, ...]]:
    """For each name token, the chain that ends with it."""
    chains: dict[int, tuple[str, ...]] = {}
    for index, token in enumerate(tokens):
        if token.is_name:
            chains[index] = (*_before(tokens, chains, partners, index), token.text)
    return chains


def _before(
    tokens: list[Token],
    chains: dict[int, tuple[str, ...]],
    partners: dict[int, int],
    index: int,
) -> tuple[str, ...]:
    """The chain of what a name is an attribute of; empty for a name that starts one."""
    if not index or not tokens[index - 1].joint:
        return ()
    last = index - 2
    marks: list[str] = []
    while last in partners and tokens[last].text in {")", "]"}:
        marks.append(CALL if tokens[last].text == ")" else ITEM)
        last = partners[last] - 1
    long = len(marks) + len(chains.get(last, ())) > _LONGEST_CHAIN
    if not long and last in chains and (last + 1 == index - 1 or marks):
        return (*chains[last], *reversed(marks))
    return (VALUE,)


def _binds(tokens: list[Token], index: int) -> bool:
    """Whether the name token makes a variable."""
    token = tokens[index]
    before = tokens[index - 1] if index else NONE
    after = tokens[index + 1] if index + 1 < len(tokens) else NONE
    if token.type:
        return token.parent in _TYPE_PARAMETERS
    if token.text in WORDS or after.joint or after.text == "(" or token.parent == "type":
        return False
    annotated = token.parent == "assignment" and after.text == ":"
    if annotated or before.text in _BEFORE_LOCAL or after.text in {"=>", ":="}:
        return True
    if any(word in token.parent for word in _BINDING_NODES) and token.parent != "as_pattern":
        key = token.parent == "pair_pattern" and after.text == ":"
        return before.text != "=" and not key
    if after.text == "=" and token.parent != "field" and before.text not in _OPEN - {"{"}:
        return True
    typed = before.is_name or before.text in {"*", "&", ">"}
    return typed and after.text in {"=", ";", ","}


def _shown(tokens: list[Token], chains: dict[int, tuple[str, ...]], index: int) -> tuple[str, ...]:
    """The type that `isinstance(x, T)` or `x instanceof T` shows the variable to have."""
    words = [token.text for token in tokens[max(0, index - 2) : index + 2]]
    at = index + 2
    if words[-1] != "instanceof" and (words[0] != "isinstance" or words[-1] != ","):
        return ()
    while at + 2 in chains and tokens[at + 1].joint:
        at += 2
    return (*chains[at], CALL) if at in chains else ()


def _types(
    tokens: list[Token],
    chains: dict[int, tuple[str, ...]],
    partners: dict[int, int],
    index: int,
) -> list[tuple[str, ...]]:
    """What is known of the type of the variable that the token makes."""
    found: list[tuple[str, ...]] = []
    place = index + 1
    before = tokens[index - 1] if index else NONE
    typed = before.text not in {"as", "for"} and tokens[index].parent != "lambda_parameters"
    if (type_at := _type_before(tokens, index)) in chains:
        found.append((*chains[type_at], CALL))  # `Type name`
    if place < len(tokens) and tokens[place].text in {":", "extends"} and typed:
        place, named = _annotation(tokens, chains, place)
        found += named
    elif before.text in _OPEN and place < len(tokens):
        place += tokens[place].text == "*"
        while place in chains and place + 2 in chains and tokens[place + 1].joint:
            place += 2
        if place in chains:
            found.append((*chains[place], CALL))  # Go's `(name *pkg.Type`
    if place < len(tokens) and tokens[place].text in {"=", ":=", "in"} and before.text != ",":
        loop = tokens[place].text == "in"
        value = _value(tokens, chains, partners, place + 1)
        if value:
            found.append((*value, ITEM) if loop else value)
    return found


def _type_before(tokens: list[Token], index: int) -> int:
    """Where the type stands whose variable a name is: `List<A> x`, `A *x`, `A[] x`."""
    at, depth = index - 1, 0
    while at >= max(0, index - _LONGEST_TYPE) and tokens[at].row == tokens[index].row:
        depth += (tokens[at].text in {">", "]"}) - (tokens[at].text in {"<", "["})
        if tokens[at].is_name and not depth:
            return at
        if not depth and tokens[at].text not in {"*", "&", "&&", "<", "[", "const"}:
            break
        at -= 1
    return -1


def _annotation(
    tokens: list[Token], chains: dict[int, tuple[str, ...]], colon: int
) -> tuple[int, list[tuple[str, ...]]]:
    """Where the annotation after a colon ends, and the types that it names."""
    named: list[tuple[str, ...]] = []
    depth = 0
    for at in range(colon + 1, min(len(tokens), colon + 1 + _LONGEST_TYPE)):
        text = tokens[at].text
        depth += (text in {"[", "<", "("}) - (text in {"]", ">", ")"})
        if depth < 0 or (not depth and text in {",", "=", ";", "{", "->"}):
            return at, named
        if at in chains and (at + 1 >= len(tokens) or not tokens[at + 1].joint):
            named.append((*chains[at], CALL))
    return colon, named


def _value(
    tokens: list[Token],
    chains: dict[int, tuple[str, ...]],
    partners: dict[int, int],
    start: int,
) -> tuple[str, ...]:
    """The chain that an expression consists of, calls included; empty for other expressions."""
    at = start
    while at < len(tokens) and tokens[at].text in _SKIPPED:
        at += 1
    found: tuple[str, ...] = ()
    while at in chains:
        found, at = chains[at], at + 1
        while (
            at < len(tokens)
            and tokens[at].text in {"(", "["}
            and tokens[at].row == tokens[at - 1].row
        ):
            found = (*found, CALL if tokens[at].text == "(" else ITEM)
            at = partners.get(at, len(tokens)) + 1
        if at >= len(tokens) or not tokens[at].joint:
            break
        at += 1
    return found
