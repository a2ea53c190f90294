"""Settings from environment variables: one table, and no others that start like ours."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from twolane_server.problems import Problem
from twolane_server.settings.check import Level, check
from twolane_server.settings.values import HOW_TO_GIVE_A_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["VARIABLES", "from_environment", "ours"]

VARIABLES: dict[str, str] = {
    "TWOLANE_MODE": "mode",
    "TWOLANE_LANGUAGE": "language",
    "TWOLANE_LOCAL_URL": "local.url",
    "TWOLANE_LOCAL_MODEL": "local.model",
    "TWOLANE_LOCAL_KEY_ENVIRONMENT": "local.key_environment",
    "TWOLANE_LOCAL_KEY_FILE": "local.key_file",
    "TWOLANE_LOCAL_WINDOW": "local.window",
    "TWOLANE_LOCAL_CONCURRENCY": "local.concurrency",
    "TWOLANE_LOCAL_REQUESTS_PER_MINUTE": "local.requests_per_minute",
    "TWOLANE_LOCAL_KEEP_WARM": "local.keep_warm",
    "TWOLANE_CLOUD_URL": "cloud.url",
    "TWOLANE_CLOUD_MODEL": "cloud.model",
    "TWOLANE_CLOUD_KEY_ENVIRONMENT": "cloud.key_environment",
    "TWOLANE_CLOUD_KEY_FILE": "cloud.key_file",
    "TWOLANE_CLOUD_WINDOW": "cloud.window",
    "TWOLANE_CLOUD_CONCURRENCY": "cloud.concurrency",
    "TWOLANE_CLOUD_REQUESTS_PER_MINUTE": "cloud.requests_per_minute",
    "TWOLANE_EMBEDDED": "embedded.enabled",
    "TWOLANE_EMBEDDED_GGUF": "embedded.gguf",
    "TWOLANE_EMBEDDED_WINDOW": "embedded.window",
}
"""Each variable and the key it sets."""

_TRUTH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_KEYS = ("TWOLANE_LOCAL_KEY", "TWOLANE_CLOUD_KEY", "TWOLANE_LOCAL_API_KEY", "TWOLANE_CLOUD_API_KEY")
_SWITCHES = {"enabled", "keep_warm"}
_NUMBERS = {"window", "concurrency", "requests_per_minute"}
_NEAR = 0.85
_PREFIX = "TWOLANE_"
_OURS = ("TWOLANE_LOCAL_", "TWOLANE_CLOUD_", "TWOLANE_EMBEDDED_", "TWOLANE_NDA_")
_DESTINATION = {"TWOLANE_CLOUD_URL", "TWOLANE_CLOUD_KEY_ENVIRONMENT", "TWOLANE_CLOUD_KEY_FILE"}


def from_environment(environ: Mapping[str, str]) -> Level:
    """The level that the environment makes up. An empty variable says nothing.

    Problems name the variable. One of ours that is misspelt is reported, as is a key itself.
    """
    raw: dict[str, object] = {}
    tables: dict[str, dict[str, object]] = {"": raw}
    for variable, place in VARIABLES.items():
        text = environ.get(variable, "").strip()
        if text:
            table, _, key = place.rpartition(".")
            if table not in tables:
                raw[table] = tables[table] = {}
            tables[table][key] = _value(key, text)
    level = check(raw, "")
    names = {f": {place}": variable for variable, place in VARIABLES.items()}
    problems = tuple(
        Problem(names.get(problem.where, problem.where), problem.message)
        for problem in level.problems
    )
    misspelt = tuple(_misspelt(environ))
    return replace(
        level,
        problems=problems + tuple(problem for problem, _ in misspelt),
        mode_whole=level.mode_whole and "TWOLANE_MODE" not in {near for _, near in misspelt},
        cloud_whole=level.cloud_whole and not {near for _, near in misspelt} & _DESTINATION,
    )


def ours(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that `from_environment` looks at."""
    return {name: environ[name] for name in environ if name.startswith(_PREFIX)}


def _value(key: str, text: str) -> object:
    if key in _SWITCHES:
        return _TRUTH.get(text.lower(), text)
    if key in _NUMBERS and text.isascii() and text.isdecimal():
        return int(text[:20])
    return text


def _misspelt(environ: Mapping[str, str]) -> list[tuple[Problem, str]]:
    found: list[tuple[Problem, str]] = []
    for name in sorted(environ):
        if not name.startswith(_PREFIX) or name in VARIABLES:
            continue
        if name in _KEYS:
            found.append((Problem(name, f"ignored; {HOW_TO_GIVE_A_KEY}."), ""))
        elif near := _nearest(name):
            found.append((Problem(name, f"unknown, ignored; did you mean {near}?"), near))
        elif name.startswith(_OURS):
            found.append((Problem(name, "unknown, ignored; see settings.toml for such keys."), ""))
    return found


@lru_cache(maxsize=64)  # a millisecond each, and settings are read before every action
def _nearest(name: str) -> str:
    """The variable that a misspelt name may mean; empty for none."""
    return next(iter(get_close_matches(name, VARIABLES, n=1, cutoff=_NEAR)), "")
