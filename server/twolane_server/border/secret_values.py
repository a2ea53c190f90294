"""Does a value beside a name such as `password` look like a secret, or like words and placeholders?"""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["is_expression", "is_placeholder", "looks_secret"]

_SHORTEST = 8
_ENOUGH = 120
_LONGEST_NUMBER = 18
_RANDOM_LETTERS = 16
_CASE_CHANGES = 0.2
_INTERLEAVED = 3
_LEFT = 4
_RUN = 4
_FEW = 3

# One of them is enough: nobody's password says of itself that it is none.
_PLACEHOLDER = re.compile(
    r"(?i)example|change[_\- ]?(?:me|it|this)|place[_\- ]?holder|redacted|dummy|your[_\- ]"
    r"|\byour|x{4,}|\*{3,}|\.{3}|<[\w \-]+>|insert[_\- ]|replace[_\- ]?(?:me|with)|to[_\- ]?do\b"
    r"|not[_\-]?a[_\-]?(?:real|secret|key)|goes[_\-]here|fake|\bmock"
)
# What is left without them is what could be secret.
_FILLER = re.compile(
    r"(?i)passw(?:or)?d|passwort|passphrase|pass|p[a@4][s5$]{2}w[o0]rd|secret|s3cr3t|token|keys?"
    r"|api|access|client|auth|test(?:ing|s)?|sample|default|admin|user(?:name)?|root|guest|demo"
    r"|my|here|some|this|the|value|string|none|null|true|false|undefined|foo|bar|baz|qux|quux"
    r"|qwert[yz](?:uiop)?|asdf(?:gh(?:jkl)?)?|letmein|hunter|correct|horse|battery|staple|local"
    r"|postgres|mysql|mongo|redis|invalid|wrong|valid|good|bad|new|old|super|very|strong|weak|long"
    r"|hello|world|enter|abc|xyz|deadbeef|cafebabe"
)
_SEPARATORS = re.compile(r"[-_./:+,|=&\\ ]+")
_WORD = re.compile(r"[A-Za-z]+|[A-Za-z]{2,}\d{1,2}|v?\d{1,4}")
_NUMBERED = re.compile(r"[a-z]+\d")  # the first of several
_PATTERN = re.compile(r"\[[^\]]*\w-\w|\\[dwsb]|\(\?")
_TEMPLATE = re.compile(
    r"\$\{[^}]*\}|\$\([^)]*\)|\{\{.*?\}\}|\{[\w.!:\[\]()'\"-]*\}|%\(\w+\)s|%[sdrv]|<%.*?%>|#\{[^}]*\}"
)
_VARIABLE = re.compile(r"[$@:][A-Za-z_]\w*|%\w+%")
_EXPRESSION = re.compile(r"[$@&*!]?[A-Za-z_]\w*(?:(?:\.|::|->|\?\.)[A-Za-z_]\w*)*")
_NUMBER = re.compile(r"(?:0[xX])?[0-9a-fA-F_]+|[\d.,:eE+-]+")


def looks_secret(value: str) -> bool:
    """Whether a value of at least eight characters is neither words nor a placeholder."""
    value = _TEMPLATE.sub("", value[:_ENOUGH])
    if len(value) < _SHORTEST or _VARIABLE.fullmatch(value) or is_placeholder(value):
        return False
    if "://" in value or _PATTERN.search(value) or not any(c.isalpha() for c in value):
        return False
    parts = [part for part in _SEPARATORS.split(value.strip("()[]{}<>")) if part]
    if len(parts) == 1 and any(c.isdigit() for c in value):
        return not _NUMBERED.fullmatch(value)
    return not all(_WORD.fullmatch(part) and not _random_case(part) for part in parts)


def is_placeholder(value: str) -> bool:
    """Whether it only stands where a secret will stand: `changeme`, `your-key-here`, `xxxx`."""
    if _PLACEHOLDER.search(value):
        return True
    left = "".join(c for c in _without_runs(_FILLER.sub("", value)) if c.isalnum())
    # Digits behind a filler (`password123`) make no password that is worth the name.
    return (
        len(left) < _LEFT
        or len(set(value[-12:])) <= _FEW
        or (left.isdigit() and len(left) < _SHORTEST and left != value)
    )


def is_expression(value: str) -> bool:
    """Whether an unquoted value reads as code: a name, an attribute, a number."""
    if _TEMPLATE.sub("", value) != value or _VARIABLE.fullmatch(value):
        return True
    if _NUMBER.fullmatch(value):
        return len(value) <= _LONGEST_NUMBER
    if not _EXPRESSION.fullmatch(value):
        return False
    if "." in value:
        return True
    digits = [c.isdigit() for c in value if c.isalnum()]
    changes = sum(a != b for a, b in pairwise(digits))
    return changes < _INTERLEAVED


def _random_case(part: str) -> bool:
    changes = sum(a.islower() and b.isupper() for a, b in pairwise(part))
    return len(part) >= _RANDOM_LETTERS and changes > _CASE_CHANGES * len(part)


def _without_runs(value: str) -> str:
    """Without `1234`, `abcdef`, `aaaa`: characters that only count on or repeat."""
    kept, run = "", ""
    for character in f"{value}\0":
        step = ord(character) - ord(run[-1]) if run else 0
        if run and (step in {0, 1}) and (len(run) == 1 or step == ord(run[-1]) - ord(run[-2])):
            run += character
            continue
        kept += run if len(run) < _RUN else ""
        run = character
    return kept
