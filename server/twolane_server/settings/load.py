"""The user's settings, from every level: defaults, `settings.toml`, the editor, the environment.

A later level wins, except for rules about NDA, which add up. What is bad is reported and left out;
but where it may have been a rule about NDA, the mode, or the cloud's address or key, the safe side
holds: then everything is NDA, the mode is local, or the cloud is not used, until it is mended.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from twolane_server.nearby import literal, network, refusal
from twolane_server.problems import Problem
from twolane_server.reading import Read, read_text, toml_fault
from twolane_server.settings.check import Level, check
from twolane_server.settings.environment import from_environment, ours
from twolane_server.settings.resolved import (
    CLOUD,
    LOCAL,
    PRICES,
    ActionSettings,
    CheckSettings,
    EmbeddedSettings,
    HealthSettings,
    KeySource,
    LaneSettings,
    Mode,
    NdaRules,
    Price,
    Settings,
)
from twolane_server.settings.sent import CloudLane, LocalLane, SentSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from twolane_server.settings.resolved import Folders

__all__ = ["FILE", "Latest", "load"]

FILE = "settings.toml"
_UNREAD = Level(
    SentSettings(), nda_whole=False, mode_whole=False, cloud_whole=False, budget_whole=False
)
_CLOUD_FAULT = "the URL or the key of [cloud] in your settings cannot be used"
_BUDGET_FAULT = "the budget in your settings cannot be used"


def load(
    folders: Folders, options: object, environ: Mapping[str, str]
) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings, and what was wrong with them. Never fails.

    Args:
        folders: where `settings.toml` is.
        options: the editor's `initializationOptions`, or its section of them.
        environ: the environment variables.
    """
    return _made(read_text(folders.config / FILE), options, environ, folders.config)


class Latest:
    """The settings, read anew each time and made anew only when what they are made of is another.

    Args:
        folders: where `settings.toml` is.
        environ: the environment variables.
    """

    def __init__(self, folders: Folders, environ: Mapping[str, str]) -> None:
        self._folders, self._environ = folders, environ
        self._last: tuple[object, tuple[Settings, tuple[Problem, ...]]] | None = None

    def load(self, options: object) -> tuple[Settings, tuple[Problem, ...]]:
        """What `load` says; any thread may ask."""
        read, last = read_text(self._folders.config / FILE), self._last
        # As text, since true and 1 are the same otherwise.
        made_of = read, repr(options), ours(self._environ)
        if last is None or last[0] != made_of:
            found = _made(read, options, self._environ, self._folders.config)
            self._last = last = made_of, found
        return last[1]


def _made(
    file: Read, options: object, environ: Mapping[str, str], config: Path
) -> tuple[Settings, tuple[Problem, ...]]:
    levels = (_file(file), _options(options), from_environment(environ))
    prices, incomplete = _prices(levels)
    settings = Settings(
        mode=_mode(levels),
        local=_lane(LOCAL, [level.sent.local for level in levels], config),
        cloud=_lane(CLOUD, [level.sent.cloud for level in levels], config),
        # The default relay is not where the code of somebody with another one may go.
        cloud_fault=_cloud_fault(levels),
        embedded=_embedded(levels, config),
        actions=_actions(levels),
        prices=prices,
        usd_per_month=_budget(levels),
        nda=_nda(levels),
        language=_language(levels),
        health=_health(levels),
        check=_check(levels[0]),
    )
    problems = tuple(problem for level in levels for problem in level.problems)
    return settings, (*problems, *incomplete, *_far(settings.local), *_elsewhere(levels[1:]))


def _file(read: Read) -> Level:
    if read.text is None:
        return _unread(read.fault) if read.fault else Level(SentSettings())
    return _checked(read.text)


@lru_cache(maxsize=4)  # read anew before every action, and hardly ever another
def _checked(text: str) -> Level:
    try:
        return check(tomllib.loads(text), FILE)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return _unread(toml_fault(error))


def _unread(what: str) -> Level:
    message = f"{what}; until it can be read, the defaults hold and all code is taken as NDA."
    return replace(_UNREAD, problems=(Problem(FILE, message),))


def _options(options: object) -> Level:
    if options is None:
        return Level(SentSettings())
    if not isinstance(options, dict):
        problem = Problem("initializationOptions", "must be an object; ignored.")
        return Level(SentSettings(), (problem,))
    given = cast("dict[str, object]", options)
    section = given.get("twolane")
    if isinstance(section, dict) and len(given) == 1:
        given = cast("dict[str, object]", section)
    return check(given, "initializationOptions")


def _mode(levels: Iterable[Level]) -> Mode:
    mode = Mode.AUTO
    for level in levels:
        if not level.mode_whole:
            mode = Mode.LOCAL
        elif level.sent.mode is not None:
            mode = Mode(level.sent.mode)
    return mode


def _check(own: Level) -> CheckSettings:
    """From the user's own file alone: a workspace's settings could name a program of its own."""
    said = own.sent.check
    usual = CheckSettings()
    return CheckSettings(tuple(said.command), said.seconds or usual.seconds)


def _elsewhere(levels: Iterable[Level]) -> Iterator[Problem]:
    for level in levels:
        if level.sent.check.command:
            message = f"counts in {FILE} alone, since it names a program to run; ignored."
            yield Problem("check.command", message)


def _language(levels: Iterable[Level]) -> str:
    said = [level.sent.language for level in levels if level.sent.language is not None]
    return said[-1] if said else Settings().language


def _lane(
    default: LaneSettings, sent: Iterable[LocalLane] | Iterable[CloudLane], config: Path
) -> LaneSettings:
    said: dict[str, object] = {}
    for level in sent:
        said |= level.model_dump(exclude_none=True)
    keys = {name: said.pop(f"key_{name}", None) for name in ("environment", "file", "keyring")}
    if "allow" in said:
        said["allow"] = tuple(cast("list[str]", said["allow"]))
    lane = replace(default, **said)  # pyright: ignore[reportArgumentType] - checked by the model
    if not any(keys.values()):
        return lane
    file = keys["file"]
    return replace(
        lane,
        key=KeySource(
            environment=cast("str | None", keys["environment"]),
            file=_path(str(file), config) if file else None,
            keyring=cast("str | None", keys["keyring"]),
        ),
    )


def _far(local: LaneSettings) -> Iterator[Problem]:
    """A local lane at an address that is not local; of a name, only the connection can tell."""
    host = urlsplit(local.url).hostname or ""
    where = literal(host)
    if where and (told := refusal(host, where, map(network, local.allow))):
        yield Problem("local.url", told.removeprefix("local.url "))


def _embedded(levels: Iterable[Level], config: Path) -> EmbeddedSettings:
    said: dict[str, object] = {}
    for level in levels:
        said |= level.sent.embedded.model_dump(exclude_none=True)
    if "gguf" in said:
        said["gguf"] = _path(str(said["gguf"]), config)
    return replace(EmbeddedSettings(), **said)  # pyright: ignore[reportArgumentType] - as above


def _cloud_fault(levels: Iterable[Level]) -> str | None:
    if not all(level.cloud_whole for level in levels):
        return _CLOUD_FAULT
    # Without its limit it could cost anything.
    return None if all(level.budget_whole for level in levels) else _BUDGET_FAULT


def _actions(levels: Iterable[Level]) -> tuple[ActionSettings, ...]:
    said: dict[str, dict[str, object]] = {}
    for level in levels:
        for name, one in level.sent.actions.model_dump(exclude_none=True).items():
            said.setdefault(name, {}).update(one)
    return tuple(
        ActionSettings(name, **one)  # pyright: ignore[reportArgumentType] - checked by the model
        for name, one in said.items()
        if one
    )


def _prices(levels: Iterable[Level]) -> tuple[tuple[Price, ...], tuple[Problem, ...]]:
    """The prices, and what is wrong with some; a price that is not whole stands for none."""
    prices: dict[str, Price | None] = {price.model: price for price in PRICES}
    problems: list[Problem] = []
    for name, sent in (pair for level in levels for pair in level.sent.prices.items()):
        prices[name] = None
        if sent.input is None or sent.output is None or sent.as_of is None:
            message = "needs `input`, `output` and `as_of`; until then its cost is not known."
            problems.append(Problem(f"prices.{name}", message))
            continue
        cached = sent.input if sent.cached is None else sent.cached
        prices[name] = Price(name, sent.input, cached, sent.output, sent.as_of, sent.source or "")
    return tuple(price for price in prices.values() if price), tuple(problems)


def _budget(levels: Iterable[Level]) -> float | None:
    said = [level.sent.budget.usd_per_month for level in levels]
    return next((limit for limit in reversed(said) if limit is not None), None)


def _health(levels: Iterable[Level]) -> HealthSettings:
    said: dict[str, object] = {}
    for level in levels:
        said |= level.sent.health.model_dump(exclude_none=True)
    return replace(HealthSettings(), **said)  # pyright: ignore[reportArgumentType] - as above


def _nda(levels: Iterable[Level]) -> NdaRules:
    rules = NdaRules()
    for level in levels:
        said = level.sent.nda
        rules = NdaRules(
            paths=tuple(dict.fromkeys((*rules.paths, *said.paths))),
            markers=tuple(dict.fromkeys((*rules.markers, *said.markers))),
            words=tuple(dict.fromkeys((*rules.words, *said.words))),
            fault=rules.fault or (None if level.nda_whole else "your settings cannot be read"),
        )
    return rules


def _path(text: str, config: Path) -> Path:
    """With `~`; a relative one is beside `settings.toml`, since a server's own folder is anyone's."""
    try:
        return config / Path(text).expanduser()
    except RuntimeError:  # no home folder
        return config / text
