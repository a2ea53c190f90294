"""What a repository says about itself: `twolane.toml`, and the ignore files of other AI tools.

A repository can only tighten. Each of these files in each folder from the outermost repository down
to a file holds for that file, and each can only add rules. One that cannot be read in whole makes
everything below it NDA, since what it would have said is unknown. Lines that start with `!` in other
tools' files would open what another line closes, so they are passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from twolane_server.problems import Problem
from twolane_server.reading import read_text, toml_fault
from twolane_server.rules import globs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.settings.sent import Nda

__all__ = [
    "FILES",
    "IGNORE_FILES",
    "POLICY_FILE",
    "Policy",
    "Rule",
    "has_policy",
    "is_policy",
    "parse_ignore",
    "parse_policy",
    "place",
    "policy_hash",
    "read_policies",
]

POLICY_FILE = "twolane.toml"
IGNORE_FILES = (".aiexclude", ".aiignore", ".aiderignore", ".continueignore", ".cursorignore")
FILES = (POLICY_FILE, *IGNORE_FILES)

_MOST_RULES = 2_000
_KEPT = 64
_TOO_MANY = f"has more than {_MOST_RULES:,} rules"
_SHOWN = 40
# Tables that belong to the user, by any name a repository might try.
_OURS = re.compile(
    r"(api_?)?keys?|base_?url|cloud|embedded|endpoints?|grants?|lanes?|local|mode|models?|prices?"
    r"|routing|settings|trust|urls?"
)
_NDA_KEYS = ("paths", "markers", "words")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One rule, as grants remember it.

    Attributes:
        file: the file that holds it, relative to the repository's root, with `/`.
        kind: `paths`, `markers`, `words`, or `file`: that there is such a file.
        value: the glob, marker or word; empty for `file`.
    """

    file: str
    kind: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """One file of rules, read.

    Attributes:
        folder: where it lies; its globs are relative to that.
        name: one of `FILES`.
        paths: globs of files under NDA.
        markers: words in a file's head that put it under NDA.
        words: names that must not leave.
        fault: why it cannot be read in whole, as the end of a sentence; then all below it is NDA.
        ignored: sentences about what it says that is not for it to say.
    """

    folder: Path
    name: str
    paths: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    fault: str | None = None
    ignored: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a person should hear about it."""
        where = str(self.folder / self.name)
        broken = (f"{self.fault}; all code below it is taken as NDA.",) if self.fault else ()
        return tuple(Problem(where, sentence) for sentence in (*broken, *self.ignored))

    def rules(self, root: Path) -> frozenset[Rule]:
        """Its rules, with the file's place relative to `root` (`../` for an outer repository)."""
        file = place(self.folder / self.name, root)
        return frozenset(
            {
                Rule(file, "file"),
                *(Rule(file, "paths", each) for each in self.paths),
                *(Rule(file, "markers", each.casefold()) for each in self.markers),
                *(Rule(file, "words", each.casefold()) for each in self.words),
            }
        )


def is_policy(path: str) -> bool:
    """Whether a file with that path, parted by `/`, holds rules about NDA."""
    return path.rpartition("/")[2].casefold() in FILES


def has_policy(root: Path) -> bool:
    """Whether a repository says what is under NDA; no index lists a file that git ignores, or a link."""
    return not _is_missing(f"{root}{os.sep}{POLICY_FILE}")


def place(file: Path, root: Path) -> str:
    """`file` as people see it from `root`: `lib/twolane.toml`, `../twolane.toml`."""
    parts, base = file.parts, root.parts
    same = 0
    while same < min(len(parts), len(base)) and parts[same] == base[same]:
        same += 1
    return "/".join([*([".."] * (len(base) - same)), *parts[same:]])


def read_policies(folder: Path | str) -> tuple[Policy, ...]:
    """The policies that lie in `folder` itself, read now."""
    there = [name for name in FILES if not _is_missing(f"{folder}{os.sep}{name}")]
    if not there:
        return ()  # as mostly, which is told twice as fast this way
    at, found = Path(folder), list[Policy]()
    for name in there:
        read = read_text(at / name)
        if read.fault:
            found.append(Policy(at, name, fault=read.fault))
        elif read.text is not None:
            found.append(_parsed(at, name, read.text))
    return tuple(found)


@lru_cache(maxsize=_KEPT)  # read anew for every question, and hardly ever another
def _parsed(folder: Path, name: str, text: str) -> Policy:
    return (
        parse_policy(folder, name, text)
        if name == POLICY_FILE
        else parse_ignore(folder, name, text)
    )


def _is_missing(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def parse_policy(folder: Path, name: str, text: str) -> Policy:
    """What a `twolane.toml` says."""
    import tomllib  # noqa: PLC0415 - most folders hold none, and commands start without it
    from difflib import get_close_matches  # noqa: PLC0415 - the same

    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Policy(folder, name, fault=toml_fault(error))
    nda = data.pop("nda", {})
    for key in data:
        if "nda" in key.lower() or get_close_matches(key.lower(), _NDA_KEYS, cutoff=0.75):
            # Rules in the wrong place would otherwise be lost without a sound.
            return Policy(folder, name, fault=f"has {_shown(key)}, where [nda] may have been meant")
    sent, fault = _sent(nda)
    return Policy(
        folder,
        name,
        paths=_sorted(sent.paths),
        markers=_sorted(sent.markers),
        words=_sorted(sent.words),
        fault=fault,
        ignored=tuple(map(_ignored, data)),
    )


def parse_ignore(folder: Path, name: str, text: str) -> Policy:
    """What an ignore file says, in gitignore syntax."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    paths = [line for line in lines if line and not line.startswith(("#", "!"))]
    if len(paths) > _MOST_RULES:
        return Policy(folder, name, fault=_TOO_MANY)
    for line in paths:
        if wrong := globs.fault(line):
            return Policy(folder, name, fault=f"has a line that {wrong}")
    return Policy(folder, name, paths=_sorted(paths))


def policy_hash(rules: Iterable[Rule]) -> str:
    """SHA-256, in hex, of rules in whatever order; two equal sets of rules have the same."""
    rows = sorted((rule.file, rule.kind, rule.value) for rule in set(rules))
    text = json.dumps(rows, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _sent(nda: object) -> tuple[Nda, str | None]:
    from pydantic import ValidationError  # noqa: PLC0415 - heavy, and needed only for a policy

    from twolane_server.settings.sent import Nda  # noqa: PLC0415 - as above

    if not isinstance(nda, dict):
        return Nda(), "has `nda`, which must be a table"
    # Counted first, since to check one takes half a millisecond.
    lists = [
        cast("list[object]", one)
        for one in cast("dict[str, object]", nda).values()
        if isinstance(one, list)
    ]
    if sum(map(len, lists)) > _MOST_RULES:
        return Nda(), _TOO_MANY
    try:
        sent = Nda.model_validate(nda)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        key = _shown(str(detail["loc"][0]))
        plain = {
            "extra_forbidden": f"has {key} in [nda], which is unknown there",
            "list_type": f"has a {key} in [nda] that is no list",
            "string_type": f"has in {key} of [nda] what is no text",
        }
        if detail["type"] in plain:
            return Nda(), plain[detail["type"]]
        what = detail["msg"].removeprefix("Value error, ")
        what = f"a glob that {what}" if detail["loc"][0] == "paths" else f"a value that {what}"
        return Nda(), f"has in {key} of [nda] {what}"
    return sent, None


def _ignored(key: str) -> str:
    if _OURS.fullmatch(key.strip().lower()):
        return f"{_shown(key)} is ignored: a repository can only tighten; use your own settings."
    return f"{_shown(key)} is unknown and ignored."


def _shown(key: str) -> str:
    return f"`{key}`" if key.isprintable() and len(key) <= _SHOWN else "a key"
