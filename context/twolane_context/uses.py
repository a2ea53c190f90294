"""The names that a piece of code uses, as chains, and what it says of its own variables.

From the tokens alone, so that it is the same for every language: `a.b`, `a::b`, `a->b` and `a:b()`
are chains, `x = A(…)`, `x: A`, `let x = A::new(…)` and `A x` tell what a variable is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from twolane_context.code_tokens import NONE, WORDS, Token, tokens_of

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed

Chain: TypeAlias = tuple[str, ...]

CALL, ITEM, VALUE = "()", "[]", "*"
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

    chain: Chain
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
    locals: dict[str, list[Chain]] = field(default_factory=dict[str, list[Chain]])
    returned: list[tuple[int, Chain]] = field(default_factory=list[tuple[int, Chain]])
    given: list[tuple[int, Chain]] = field(default_factory=list[tuple[int, Chain]])


def uses(parsed: Parsed, span: Span) -> Uses:
    """What the code in `span` uses.

    Args:
        parsed: the file.
        span: the definition, or the selection.
    """
    code = _Code(tokens_of(parsed, span))
    found = Uses()
    for index, chain in code.chains.items():
        token, before, after = code.tokens[index], code.at(index - 1).text, code.at(index + 1).text
        if len(chain) == 1 and code.binds(index):
            known = found.locals.setdefault(token.text, [])
            known += [one for one in code.types(index) if one not in known]
            continue
        if len(chain) == 1 and (shown := code.shown(index)):
            found.locals.setdefault(token.text, []).append(shown)
        if len(chain) == 1 and after == "=" and before in _OPEN:
            continue  # a keyword argument
        found.uses.append(Use(chain, token.row, token.column, after == "("))
    for index, token in enumerate(code.tokens):
        gives = token.text == "=" and len(code.chains.get(index - 1, ())) > 1
        if (gives or token.text in _RETURNS) and (value := code.value(index + 1)):
            (found.given if gives else found.returned).append((token.row, value))
    return found


class _Code:
    """The tokens of a piece of code, and what they tell.

    Attributes:
        tokens: in source order.
        chains: for each name token, by its index, the chain that ends with it.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.chains: dict[int, Chain] = {}
        self._partners: dict[int, int] = {}  # for each bracket the one that belongs to it
        opened: list[int] = []
        for index, token in enumerate(tokens):
            if token.text in {"(", "[", "{"}:
                opened.append(index)
            elif token.text in {")", "]", "}"} and opened:
                self._partners[index] = opened.pop()
                self._partners[self._partners[index]] = index
            elif token.is_name:
                self.chains[index] = (*self._before(index), token.text)

    def at(self, index: int) -> Token:
        """The token, or one that is nothing."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else NONE

    def binds(self, index: int) -> bool:
        """Whether the name token makes a variable."""
        token, before, after = self.tokens[index], self.at(index - 1), self.at(index + 1)
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

    def shown(self, index: int) -> Chain:
        """The type that `isinstance(x, T)` or `x instanceof T` shows the variable to have."""
        instance = self.at(index - 2).text == "isinstance" and self.at(index + 1).text == ","
        if self.at(index + 1).text != "instanceof" and not instance:
            return ()
        named = self._dotted(index + 2)
        return (*self.chains[named], CALL) if named in self.chains else ()

    def types(self, index: int) -> list[Chain]:
        """What is known of the type of the variable that the token makes."""
        found: list[Chain] = []
        place, before = index + 1, self.at(index - 1).text
        typed = before not in {"as", "for"} and self.tokens[index].parent != "lambda_parameters"
        if (type_at := self._type_before(index)) in self.chains:
            found.append((*self.chains[type_at], CALL))  # `Type name`
        if self.at(place).text in {":", "extends"} and typed:
            place, named = self._annotation(place)
            found += named
        elif before in _OPEN:
            place = self._dotted(place + (self.at(place).text == "*"))
            if place in self.chains:
                found.append((*self.chains[place], CALL))  # Go's `(name *pkg.Type`
        gives = self.at(place).text
        if gives in {"=", ":=", "in"} and before != "," and (value := self.value(place + 1)):
            found.append((*value, ITEM) if gives == "in" else value)
        return found

    def value(self, start: int) -> Chain:
        """The chain that an expression consists of, calls included; empty for other expressions."""
        at = start
        while self.at(at).text in _SKIPPED:
            at += 1
        found: Chain = ()
        while at in self.chains:
            found, at = self.chains[at], at + 1
            while self.at(at).text in {"(", "["} and self.at(at).row == self.tokens[at - 1].row:
                found = (*found, CALL if self.tokens[at].text == "(" else ITEM)
                at = self._partners.get(at, len(self.tokens)) + 1
            if not self.at(at).joint:
                break
            at += 1
        return found

    def _before(self, index: int) -> Chain:
        """The chain of what a name is an attribute of; empty for a name that starts one."""
        if not self.at(index - 1).joint:
            return ()
        last = index - 2
        marks: list[str] = []
        while last in self._partners and self.tokens[last].text in {")", "]"}:
            marks.append(CALL if self.tokens[last].text == ")" else ITEM)
            last = self._partners[last] - 1
        long = len(marks) + len(self.chains.get(last, ())) > _LONGEST_CHAIN
        if last in self.chains and not long:
            return (*self.chains[last], *reversed(marks))
        return (VALUE,)

    def _dotted(self, at: int) -> int:
        """Where the last name of a dotted one stands, given its first."""
        while at in self.chains and at + 2 in self.chains and self.tokens[at + 1].joint:
            at += 2
        return at

    def _type_before(self, index: int) -> int:
        """Where the type stands whose variable a name is: `List<A> x`, `A *x`, `A[] x`."""
        depth = 0
        for at in range(index - 1, max(0, index - _LONGEST_TYPE) - 1, -1):
            token = self.tokens[at]
            depth += (token.text in {">", "]"}) - (token.text in {"<", "["})
            if token.row != self.tokens[index].row:
                break
            if token.is_name and not depth:
                return at
            if not depth and token.text not in {"*", "&", "&&", "<", "[", "const"}:
                break
        return -1

    def _annotation(self, colon: int) -> tuple[int, list[Chain]]:
        """Where the annotation after a colon ends, and the types that it names."""
        named: list[Chain] = []
        depth = 0
        for at in range(colon + 1, min(len(self.tokens), colon + 1 + _LONGEST_TYPE)):
            text = self.tokens[at].text
            depth += (text in {"[", "<", "("}) - (text in {"]", ">", ")"})
            if depth < 0 or (not depth and text in {",", "=", ";", "{", "->"}):
                return at, named
            if at in self.chains and not self.at(at + 1).joint:
                named.append((*self.chains[at], CALL))
        return colon, named
