"""The names that a piece of code uses, as chains, and what it says of its own variables.

From the tokens alone, so that it is the same for every language: `a.b`, `a::b`, `a->b` and `a:b()`
are chains, `x = A(…)`, `x: A`, `let x = A::new(…)` and `A x` tell what a variable is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from twolane_context.trees import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tree_sitter

    from twolane_context.spans import Span
    from twolane_context.trees import Parsed

    _Held: TypeAlias = tuple[tree_sitter.Node, str, list[int], list[int] | None]

Chain: TypeAlias = tuple[str, ...]

CALL, ITEM, VALUE, TAKEN, RETURNED = "()", "[]", "*", "{}", "=>"
_WORDS = frozenset({"self", "this", "super", "crate"})
_NAMES = ("identifier", "identifier_pattern", *_WORDS)  # how the types of their nodes end
_JOINTS = frozenset({".", "::", "?.", "!."})
# Elsewhere an arrow stands before what a function returns; Lua's colon calls a method.
_MORE_JOINTS = {"c": {"->"}, "cpp": {"->"}, "lua": {":"}}
_GIVES = frozenset({"return", "yield", "=>", "="})
_SKIPPED = frozenset({"await", "new", "&", "*", "mut", "(", "yield", "?", "!", "|", ":", '"'})
_BEFORE_LOCAL = frozenset({"for", "as", "let", "var", "const", "mut", "auto", "local"})
# In these a name is a variable, but for the default value behind `=`.
_BINDING_NODES = ("pattern", "parameter", "declarator")
_LONGEST_TYPE, _LONGEST_CHAIN = 200, 60  # tokens; nobody writes more, but files hold it
_SAME_TYPE = ("declarator", "splat_pattern", "rest_pattern")  # as of what they stand in
_PATTERNS = "object_", "pair_"  # how the nodes begin in which a name is one of a member
_TYPE_PARAMETERS = frozenset({"type_parameter", "where_predicate", "type_parameter_declaration"})
# Here the type is what such a node holds; elsewhere grammars call the part that tells it `type`.
_BOUND = _TYPE_PARAMETERS | {"catch_formal_parameter"}
_BOUNDS = frozenset({"trait_bounds", "constraint", "type_bound", "catch_type"})
_OPEN = frozenset({"(", ",", "|", "<", "{", "["})
_MARKS, _CLOSING = {"(": CALL, "[": ITEM, "{": "", "${": ""}, frozenset(")]}")


class Use(NamedTuple):
    """A name that is used.

    Attributes:
        chain: from the first name to this one; `()` stands for a call, `[]` for an item, `*` for
            a value that no name starts: `("self", "get", "()", "filter")`. `{}` stands for what a call
            of it takes, `=>` for what the function around returns.
        row: where this name stands, 0-based; -1 for the member that a variable of a pattern is.
        column: the same, in UTF-8 bytes.
        called: whether it is called.
    """

    chain: Chain
    row: int
    column: int
    called: bool


@dataclass(slots=True, eq=False)
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
    locals: dict[str, list[Chain]] = field(default_factory=dict[str, list[Chain]])
    returned: list[tuple[int, Chain]] = field(default_factory=list[tuple[int, Chain]])
    given: list[tuple[int, Chain]] = field(default_factory=list[tuple[int, Chain]])


class _Token(NamedTuple):
    """A token, and what the tree tells of it.

    `type`: that of its node, `parent`: of the node around that. `joint`: whether it links a chain.
    `told`: which tokens tell the type of the variable that it is, if it is one.
    """

    word: str
    is_name: bool = False
    point: tuple[int, int] = (-1, 0)
    parent: str = ""
    joint: bool = False
    type: str = ""
    told: Sequence[int] = ()


_NONE = _Token("")


def uses(parsed: Parsed, span: Span) -> Uses:
    """What the code in `span` uses.

    Args:
        parsed: the file.
        span: the definition, or the selection.
    """
    code, found = _Code(_tokens(parsed, span)), Uses()
    for index, token in enumerate(code.tokens):
        chain = code.chains.get(index, ())
        if len(chain) == 1 and code.binds(index):
            known, told = found.locals.setdefault(token.word, []), code.types(index)
            known += [one for one in told if one not in known]
            if token.parent.startswith(_PATTERNS) and not token.told:  # it names a member, too
                found.uses += [Use(one, -1, -1, called=False) for one in told]
        elif chain:
            before, after = code.at(index - 1), code.at(index + 1)
            if len(chain) == 1 and (shown := code.shown(index)):
                found.locals.setdefault(token.word, []).append(shown)
            if token.parent in {"pair", "object"} and token.type.endswith("property_identifier"):
                asked = code.asked[index]
                found.uses += [Use((*asked, *chain), *token.point, called=False)] if asked else []
            if len(chain) > 1 or after.word != "=" or before.word not in _OPEN:
                found.uses.append(Use(chain, *token.point, after.word == "("))
        elif token.word in _GIVES and (value := code.value(index + 1)):
            gives = token.word == "="
            if not gives or len(code.chains.get(index - 1, ())) > 1:
                (found.given if gives else found.returned).append((token.point[0], value))
    return found


def _tokens(parsed: Parsed, span: Span) -> list[_Token]:
    """The tokens within `span`, without comments, in source order."""
    found: list[_Token] = []
    joints = _JOINTS | _MORE_JOINTS.get(parsed.language.name, set())
    # Each with its parent's type: `Node.parent` would look from the root. Then the tokens of the
    # type that is told of it, and of that which it is part of.
    stack: list[_Held] = [(parsed.tree.root_node, "", [], None)]
    while stack:
        node, holder, told, of = stack.pop()
        sort, start, end = node.type, node.start_byte, node.end_byte
        if node.child_count:
            if start < span.end and span.start < end:
                parts, declared = node.children, node.child_by_field_name("type")
                if sort in _BOUND:
                    declared = next((one for one in parts if one.type in _BOUNDS), None)
                if of is not None or sort.endswith("struct_pattern"):  # `A(x)` tells nothing of `x`
                    declared = None
                if declared or not sort.endswith(_SAME_TYPE):
                    told = []
                stack += [(one, sort, told, told if one == declared else of) for one in parts[::-1]]
        elif span.start <= start < end <= span.end and not (node.is_named and "comment" in sort):
            is_name = sort.endswith(_NAMES)
            # Any literal is the same.
            text = text_of(parsed.source, node) if is_name or not node.is_named else '"'
            text += "!" if is_name and holder == "macro_invocation" else ""
            if of is not None:
                of.append(len(found))
            found.append(
                _Token(text, is_name, node.start_point, holder, text in joints, sort, told)
            )
    return found


class _Code:
    """The tokens of a piece of code, and what they tell.

    Attributes:
        tokens: in source order.
        chains: for each name token, by its index, the chain that ends with it.
        asked: for each of them what the code around the bracket that it is in asks for there.
    """

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.chains: dict[int, Chain] = {}
        self._starts: dict[int, int] = {}  # of what may go on: by its last token its first
        self._longest: dict[int, Chain] = {}  # by their first tokens
        self.asked: dict[int, Chain] = {}
        # For each open bracket the start of the chain that goes on with it, and what is asked for in it.
        opened: list[tuple[int, Chain]] = [(-1, ())]
        last = _NONE
        for index, token in enumerate(tokens):
            start, before, last = -1, last, token
            if token.word in _MARKS:
                if token.point[0] == before.point[0]:
                    start = self._go_on(index - 1, _MARKS[token.word])
                opened.append((start, self._ask(index, token.parent, before.word, opened[-1][1])))
            elif token.word in _CLOSING and len(opened) > 1:
                self._starts[index], _ = opened.pop()
            elif token.is_name:
                start = self._go_on(index - 2, token.word) if before.joint else -1
                if start < 0:
                    start, value = index, (VALUE,) if before.joint else ()
                    self._longest[index] = (*value, token.word)
                self._starts[index], self.chains[index] = start, self._longest[start]
                self.asked[index] = opened[-1][1]

    def at(self, index: int) -> _Token:
        """The token, or one that is nothing."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else _NONE

    def _go_on(self, last: int, step: str) -> int:
        """Let the chain that ends with the token `last` go on; gives its start, -1 for none."""
        start = self._starts.get(last, -1)
        if not step or not 0 < len(self._longest.get(start, ())) < _LONGEST_CHAIN:
            return -1
        self._longest[start] = (*self._longest[start], step)
        return start

    def binds(self, index: int) -> bool:
        """Whether the name token makes a variable."""
        token, before, after = self.tokens[index], self.at(index - 1), self.at(index + 1)
        if token.type == "type_identifier":
            return token.parent in _TYPE_PARAMETERS
        if token.word in _WORDS or after.joint or after.word == "(" or token.parent == "type":
            return False
        annotated = token.parent == "assignment" and after.word == ":"
        if annotated or before.word in _BEFORE_LOCAL or after.word in {"=>", ":="}:
            return True
        if any(word in token.parent for word in _BINDING_NODES) and token.parent != "as_pattern":
            # What stands before `:` in a pattern of pairs is a key.
            return before.word != "=" and (token.parent != "pair_pattern" or after.word != ":")
        if after.word == "=" and token.parent != "field" and before.word not in _OPEN - {"{"}:
            return True
        # A type stands before it.
        return after.word in {"=", ";", ","} and (before.is_name or before.word in {"*", "&", ">"})

    def shown(self, index: int) -> Chain:
        """The type that `isinstance(x, T)` or `x instanceof T` shows the variable to have."""
        before, after = self.at(index - 2).word, self.at(index + 1).word
        shows = after == "instanceof" or (after == "," and before == "isinstance")
        return (*named, CALL) if shows and (named := self._longest.get(index + 2)) else ()

    def types(self, index: int) -> list[Chain]:
        """What is known of the type of the variable that the token makes."""
        told, before = self.tokens[index].told, self.at(index - 1).word
        ends = (at for at in told[:_LONGEST_TYPE] if not self.at(at + 1).joint)
        found: list[Chain] = [(*self.chains[at], CALL) for at in ends if at in self.chains]
        # The value stands behind the type.
        place = told[-1] + 1 if told and told[0] > index else index + 1
        gives = self.at(place).word
        if gives in {"=", ":=", "in", "of"} and before != "," and (value := self.value(place + 1)):
            found.append((*value, ITEM) if gives in {"in", "of"} else value)
        return found or list(filter(None, self._parts(index, before)))

    def _parts(self, index: int, before: str) -> list[Chain]:
        """What the variable of a pattern or of a function is a part of, as far as what stands near tells."""
        # Of `mut` only its node is there.
        opening = index - 1 - (before in {"ref", '"'}) - (self.at(index - 2).word == "ref")
        if self.at(opening).word == "(" and self.at(opening).parent == "tuple_struct_pattern":
            path = self.chains.get(opening - 1, ("",))
            given = self.value(index + 3) if self.at(index + 2).word == "=" else ()
            return [given if path[-1] in {"Some", "Ok", "Err"} else (*path, ITEM)]
        names: Chain = ()
        if self.tokens[index].parent.startswith(_PATTERNS):
            names = (self.at(index - 2 if before == ":" else index).word,)
            near = range(index, index + _LONGEST_CHAIN)
            end = next((at + 1 for at in near if self.at(at).word == "}"), 0)
            if whole := self.value(end + 1) if self.at(end).word in {"=", ":"} else ():
                return [(*whole, *names)]
        asked = self.asked[index]
        return [(*asked, TAKEN, *names), (*asked, *names)] if asked else []

    def _ask(self, index: int, sort: str, before: str, around: Chain) -> Chain:
        """What the code asks for within the bracket at this token."""
        if sort == "arguments":
            return (*called, TAKEN) if (called := self.chains.get(index - 1)) else ()
        if before == "=":
            return self._longest.get(self._starts.get(index - 2, -1), ())
        return around or ((RETURNED,) if before in {"return", "=>"} else ())

    def value(self, start: int) -> Chain:
        """The chain that an expression starts with, calls included; empty for other expressions."""
        while self.at(start).word in _SKIPPED:
            start += 1
        return self._longest.get(start, ())
