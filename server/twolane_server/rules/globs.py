"""Globs in gitignore syntax (https://git-scm.com/docs/gitignore), matched so that in doubt they hit.

A glob meets a path in any case and in both Unicode forms (NFC, NFD), with backslashes for slashes,
and by the backup, swap and compiled forms of a name: what a file system or an editor may make of one
name. A glob that would silently match nothing is a fault, since its author believed in it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pathspec import GitIgnoreSpec

__all__ = ["Globs", "compile_globs", "fault", "original"]

_LENGTH = 1_000
# Matching backtracks; these keep a hostile glob from holding up the editor.
_STARS_IN_NAME = 3
_FOLDER_STARS = 2
_ESCAPE = re.compile(r"\\(?![#!\[\] ])")
_BRACES = re.compile(r"\{[^{}/]*,[^{}]*\}")
# What people write who know another syntax. Each is a valid glob that no path would ever meet.
_TRAILED = re.compile(r"\s#")
_QUOTED = re.compile(r"(?s)([\"'`]).*\1")
_LISTED = re.compile(r",\s")
_ROOTED = re.compile(r"~/|\$|[A-Za-z]:/")
# POSIX classes, escapes and set operators: git and Python's `re` read them differently.
_CLASS = re.compile(r"\[[!^]?\]?([^\]]*)(\]?)")
_UNSURE = re.compile(r"\[|\\|--|&&|~~|\|\|")
# What hides a name: control characters, and invisible ones but for the joiners of some scripts.
_JOINERS = "\u200c\u200d"

_ORIGINALS = (
    re.compile(r"(?i)^#(.+)#$"),  # Emacs, unsaved
    re.compile(r"(?i)^\.#(.+)$"),  # Emacs, locked
    re.compile(r"(?i)^\.(.+)\.(?:sw[a-z]|un~)$"),  # Vim: swap, undo
    re.compile(r"(?i)^(.+)\.sw[a-z]$"),
    re.compile(r"(?i)^(.+?)(?:\.~\d+~|~)$"),  # Emacs and most editors: backups
    re.compile(r"(?i)^(.+)\.(?:orig|bak|backup|rej|old|save|tmp|temp|mine|r\d+)$"),
    # git mergetool: x_BASE_123.py
    re.compile(r"^(.+)_(?:BASE|LOCAL|REMOTE|BACKUP)_\d+(\.[^.]+)?$"),
    re.compile(r"(?i)^(.+\.py)[co]$"),
)
# Without which a path matches none of those above nor the one below, and faster than each of them.
_UNLIKE_ORIGINAL = re.compile(
    r"(?i)(?:^|/)[#.]|~\n?(?:/|$)|_(?:base|local|remote|backup)_\d"
    r"|\.(?:sw[a-z]|orig|bak|backup|rej|old|save|tmp|temp|mine|r\d+|py[co])\n?(?:/|$)"
)
_COMPILED = re.compile(r"(?i)^(?:(.*)/)?__pycache__/([^/]+?)\.[^/]+\.py[co]$")


@lru_cache(maxsize=4_096)  # the same rules are read again and again
def fault(glob: str) -> str | None:
    """Why `glob` cannot be matched with certainty, as the end of a sentence; `None` when it can."""
    if glob != glob.strip() or not glob:
        return "is empty, or starts or ends with white space"
    return next((sentence for wrong, sentence in _FAULTS if wrong(glob)), None)


def original(path: str) -> str:
    """The path that a backup, swap or compiled file stands for; `path` itself for any other.

    Args:
        path: with `/` between its parts. Each part is looked at: `lib.bak/.x.py.swp` is `lib/x.py`.
    """
    while _UNLIKE_ORIGINAL.search(path):
        cached = _COMPILED.match(path)
        if cached:
            folder, stem = cached.groups()
            path = f"{folder}/{stem}.py" if folder else f"{stem}.py"
        plain = "/".join(map(_plain, path.split("/")))
        if plain == path and not cached:
            break
        path = plain
    return path


@dataclass(frozen=True)
class Globs:
    """Globs made ready. Make them with `compile_globs`."""

    _spec: GitIgnoreSpec
    _owners: tuple[str, ...]

    def first(self, path: str) -> str | None:
        """The glob that `path` meets (the first, where it meets several), or `None`.

        Args:
            path: relative to the folder that the globs are relative to, with `/` between parts.
        """
        if not self._owners:
            return None
        # Python's `.` stops at a line feed, which a name may hold.
        path = path.replace("\n", "\ufffd")
        names = {each for way in {path, path.replace("\\", "/")} for each in (way, original(way))}
        hits = [
            result.index
            for form in sorted({form for name in names for form in _forms(name)})
            if (result := self._spec.check_file(form)).include and result.index is not None
        ]
        # Compiled in reverse, because the spec answers with the last of its hits.
        return self._owners[max(hits)] if hits else None


@lru_cache(maxsize=512)
def compile_globs(globs: tuple[str, ...]) -> Globs:
    """Make globs ready, each without a `fault`; remembered, since a session asks often.

    Raises:
        ValueError: one of them has a fault.
    """
    for glob in globs:
        if wrong := fault(glob):
            raise ValueError(f"a glob {wrong}")
    lines = [(form, glob) for glob in reversed(globs) for form in sorted(_forms(glob))]
    spec = _spec_of(form for form, _ in lines)
    return Globs(spec, tuple(glob for _, glob in lines))


def _forms(text: str) -> set[str]:
    """The text in both Unicode forms, as it is and without case."""
    if text.isascii():
        return {text, text.lower()}
    cased = (text, unicodedata.normalize("NFC", text).casefold())
    return {unicodedata.normalize(form, each) for form, each in product(("NFC", "NFD"), cased)}


def _plain(name: str) -> str:
    for form in _ORIGINALS:
        if found := form.match(name):
            return "".join(part for part in found.groups() if part)
    return name


def _spec_of(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - not needed to start

    return GitIgnoreSpec.from_lines(lines, backend="simple")


def _compiles(glob: str) -> bool:
    try:
        spec = _spec_of(sorted(_forms(glob)))
    except (ValueError, re.error):
        return False
    return all(pattern.include for pattern in spec.patterns)


def _hides(glob: str) -> bool:
    kinds = {"Cc", "Cf", "Zl", "Zp"}
    return any(unicodedata.category(c) in kinds and c not in _JOINERS for c in glob)


def _parts(glob: str) -> list[str]:
    return glob.removeprefix("/").removesuffix("/").split("/")


def _is_slow(glob: str) -> bool:
    parts = _parts(glob)
    stars = max(len(re.findall(r"\*+", part)) for part in parts)
    return stars > _STARS_IN_NAME or parts[:-1].count("**") > _FOLDER_STARS


def _has_unsure_class(glob: str) -> bool:
    return any(not end or _UNSURE.search(inner) for inner, end in _CLASS.findall(glob))


_FAULTS: tuple[tuple[Callable[[str], object], str], ...] = (
    (lambda glob: len(glob) > _LENGTH, f"is longer than {_LENGTH:,} characters"),
    (_hides, "holds an invisible character"),
    (lambda glob: glob.startswith("#"), "starts with #, which makes it a comment"),
    (lambda glob: glob.startswith("!"), "starts with !, and rules here can only tighten"),
    (_TRAILED.search, "has a # behind it; a comment needs a line of its own"),
    (_QUOTED.fullmatch, "is in quotes, which would be part of the name"),
    (_LISTED.search, "holds a comma and a blank; write a glob for each"),
    (_ROOTED.match, "starts with ~, $ or a drive; write it from the folder of the policy"),
    (_ESCAPE.search, "holds a backslash; folders are separated by /"),
    (_BRACES.search, "holds {a,b}, which gitignore syntax does not know; write a glob for each"),
    (
        lambda glob: {"", ".", ".."} & set(_parts(glob)),
        "holds an empty part, . or ..; write it from the folder of the policy, as clients/**",
    ),
    (lambda glob: "***" in glob, "holds three stars in a row"),
    (_is_slow, "holds too many stars to be matched in good time"),
    (_has_unsure_class, "holds [ ] that cannot be read with certainty"),
    (lambda glob: not _compiles(glob), "is not gitignore syntax"),
)
