"""Our own few rules for secrets: those that have no provider's shape, so that no catalogue has them.

A password is known by its name beside it. What makes this hard is not to find one but to leave alone
what only looks so: a setting's name, a placeholder, a call. A value counts when it is neither made
of words nor an expression.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_server.border.secret_values import is_expression, is_placeholder, looks_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_kind"]

# Every branch begins with a plain letter: then Python passes over all others at once.
_KEYS = "pre[_-]?shared shared api access auth account private signing encryption master license storage"
_KEY = r"[_\-. ]?key"
_NAME = re.compile(
    r"pass(?:w(?:or)?d|wort|phrase|code|_?key|w)|pass(?<![a-z]pass)(?![a-z]|\s+[\"'`\w])|pwd|secret"
    rf"|token|credential|{'|'.join(name + _KEY for name in _KEYS.split())}"
)
_TAIL = re.compile(r"[\w\-.]{0,40}")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Names that end so tell something about a secret and do not hold it.
_ABOUT = frozenset(
    [
        "url",
        "uri",
        "urls",
        "type",
        "types",
        "name",
        "names",
        "field",
        "fields",
        "header",
        "headers",
        "path",
        "paths",
        "file",
        "files",
        "dir",
        "endpoint",
        "len",
        "length",
        "size",
        "count",
        "limit",
        "prefix",
        "suffix",
        "regex",
        "pattern",
        "label",
        "placeholder",
        "hint",
        "message",
        "error",
        "errors",
        "policy",
        "expiry",
        "expires",
        "expiration",
        "ttl",
        "env",
        "variable",
        "izer",
        "izers",
        "ize",
        "ized",
        "ary",
        "id",
        "ids",
        "sha",
        "digest",
        "checksum",
        "selector",
        "class",
        "title",
        "ref",
        "column",
        "param",
        "params",
        "parameter",
        "scope",
        "scopes",
        "kind",
        "format",
        "version",
        "budget",
        "usage",
        "help",
        "description",
        "provider",
        "source",
        "generator",
    ]
)
_QUOTED = re.compile(
    r"[\"'`\])]{0,3}\s{0,3}"
    r"(?::\s{0,3}[A-Za-z_][\w.\[\]| ]{0,40}?\s{0,3}=|=>|:=|[!=]==?|=|:|,(?!\s*\n)|\(|\s(?=[\"'`]))"
    r"\s{0,3}\(?\s{0,3}[rbfuL@]{0,2}"
    r"(?:\"([^\"\s]{8,400})\"|'([^'\s]{8,400})'|`([^`\s]{8,400})`)"
)
_BARE = re.compile(r"[\"']?[ \t]{0,3}[=:][ \t]{0,3}([^\s\"'`;,<>(){}\[\]]{8,400})(?![(\[{])")
_ELEMENT = re.compile(r">([^<>\s]{8,400})</")
_OPTION = re.compile(r"[ \t]+[\"']?([^\s\"'`&;,<>(){}\[\]\-][^\s\"'`&;,<>(){}\[\]]{7,400})")

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])*"
            r"(?:[A-Za-z-]{3,20}: [^\n]{0,80}\n\s*)*[A-Za-z0-9+/]{20}[A-Za-z0-9+/\s\\]{20}"
        ),
    ),
    (
        "AWS key",
        re.compile(r"A(?:KI|SI|BI|CC)A(?<!\w....)(?!\w*EXAMPLE)[A-Z2-7]{16}(?!\w)", re.ASCII),
    ),
    ("Telegram bot token", re.compile(r":AA(?<=\d{8}...)[\w-]{32,33}(?![\w-])", re.ASCII)),
    ("PuTTY key", re.compile(r"PuTTY-User-Key-File-\d: ")),
    ("age key", re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]{30,}")),
    ("signed URL", re.compile(r"X-(?:Amz|Goog)-Signature=[0-9a-fA-F]{64,}")),
    ("signed URL", re.compile(r"[?&;]sig=[A-Za-z0-9%+/]{40,}")),
    ("password hash", re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}")),
    ("password hash", re.compile(r"\$(?:1|5|6|7|y)\$[^\s:$\"']{1,40}\$[./A-Za-z0-9$]{20,}")),
    ("password hash", re.compile(r"\$argon2(?:id|i|d)\$v=\d+\$[^\s\"']{30,}")),
    ("password hash", re.compile(r"pbkdf2_sha\d+\$\d+\$[^\s$\"']+\$[A-Za-z0-9+/=]{40,}")),
    ("password hash", re.compile(r"\{SS?HA\d*\}[A-Za-z0-9+/]{27,}={0,2}")),
    ("one-time password seed", re.compile(r"otpauth://\w+/[^\s\"']{0,200}secret=[A-Z2-7]{16,}")),
    ("webhook", re.compile(r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,}/[\w-]{40,}")),
    ("JSON web key", re.compile(r"\"(?:d|k)\"\s{0,3}:\s{0,3}\"[A-Za-z0-9_-]{43,}\"")),
)
# The same, where the group must look like a secret; first a word without which there is none.
_HOLDERS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    (
        "authorization header",
        ("basic", "bearer", "token"),
        re.compile(
            r"(?:basic|Basic|BASIC|bearer|Bearer|BEARER|token|Token)[ \t]+"
            r"([A-Za-z0-9+/._~\-]{16,}={0,2})"
        ),
    ),
    (
        "login of a machine",
        ("login",),
        re.compile(r"\bmachine\s+\S+\s+login\s+\S+\s+password\s+(\S{6,})"),
    ),
    (
        "login of a database",
        (":",),
        re.compile(r"(?m)^[\w.\-*]+:(?:\d{2,5}|\*):[^:\s]{1,60}:[^:\s]{1,60}:([^:\s]{8,100})$"),
    ),
    (
        "login of a registry",
        ("auth",),
        re.compile(r"[Aa]uth\"?\s{0,3}[:=]\s{0,3}\"?([A-Za-z0-9+/]{16,}={0,2})(?![\w(.])"),
    ),
    (
        "session cookie",
        ("cookie",),
        re.compile(
            r"[Cc]ookie[\"']?\s{0,3}[:=,]\s{0,3}[\"']?[^\n\"']{0,200}?"
            r"(?i:sess|sid|auth|token|jwt)[\w.\-]{0,20}=([\w%.\-+/=]{16,})"
        ),
    ),
)
_LOGIN_IN_URL = re.compile(r"://[^\s:/@\"'<>]{0,60}:([^\s/@\"'<>]{4,200})@[\w\[]")


def find_kind(text: str) -> str | None:
    """The kind of the first secret that our own rules see in a text, or `None`."""
    for kind, shape in _SHAPES:
        if shape.search(text):
            return kind
    lowered = _lowered(text)
    for kind, words, holder in _HOLDERS:
        if any(word in lowered for word in words) and any(
            looks_secret(found[1]) for found in holder.finditer(text)
        ):
            return kind
    if any(_is_login(found[1]) for found in _LOGIN_IN_URL.finditer(text)):
        return "login in a URL"
    return "password or token" if any(_named(text, lowered)) else None


def _lowered(text: str) -> str:
    """In lower case, with every character where it was: patterns without case are slow."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if c.isascii() else c for c in text)


def _is_login(password: str) -> bool:
    return not is_placeholder(password) and not is_expression(password) and password.isprintable()


def _named(text: str, lowered: str) -> Iterator[bool]:
    """For each value beside a name such as `password`, whether it looks like a secret."""
    for name in _NAME.finditer(lowered):
        tail = _TAIL.match(text, name.end())
        end = tail.end() if tail else name.end()
        words = _WORDS.findall(text[name.end() : end])
        if not any(word.lower() in _ABOUT for word in words):
            yield from _values(text, name, end)


def _values(text: str, name: re.Match[str], end: int) -> Iterator[bool]:
    if found := _QUOTED.match(text, end):
        yield looks_secret(found[1] or found[2] or found[3])
    if found := _BARE.match(text, end):
        # `Server=db;Pwd=...` is no code, and what stands there is a value.
        listed = text[name.start() - 1 : name.start()] == ";"
        value = found[1].partition("&")[0] if "=" in found[1].partition("&")[2] else found[1]
        yield looks_secret(value) and (listed or not is_expression(value))
    if found := _ELEMENT.match(text, end):
        yield looks_secret(found[1])
    start = text.rfind("--", max(0, name.start() - 40), name.start())
    if (
        start >= 0
        and not text[start : name.start()].split()[1:]
        and (found := _OPTION.match(text, end))
    ):
        yield looks_secret(found[1])
