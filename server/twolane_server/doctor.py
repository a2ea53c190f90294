"""Is everything as it should be? One finding a question, each with its fix.

Looks and asks, and sends nothing of the user's: the local lane is asked for its models, the cloud
lane is not contacted.
"""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twolane_server.border.ledger import Ledger, verify
from twolane_server.errors import KeyUnusable, LaneError, LaneUnreachable, TwolaneError
from twolane_server.lanes.key import read_key
from twolane_server.lanes.local import open_local
from twolane_server.lanes.model_file import model_path
from twolane_server.listening import listener
from twolane_server.policy import POLICY_FILE, read_policies
from twolane_server.repository import find_root
from twolane_server.trust import standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from twolane_server.lanes.local import About
    from twolane_server.problems import Problem
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["Finding", "examine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question.

    Attributes:
        check: what was looked at.
        ok: whether it is as it should be.
        message: what was found, in a sentence.
        fix: what to do; empty where nothing is to be done.
    """

    check: str
    ok: bool
    message: str
    fix: str = ""


async def examine(
    settings: Settings,
    problems: tuple[Problem, ...],
    folders: Folders,
    environ: Mapping[str, str],
    where: Path,
) -> tuple[Finding, ...]:
    """All findings, in the order in which a person would mend them.

    Args:
        settings: the resolved settings.
        problems: what was wrong with them.
        folders: where settings, state and caches are.
        environ: the environment variables.
        where: a folder in the repository that is asked about.
    """
    return (
        *_settings(problems, folders),
        *_repository(where, folders),
        await _local(settings, folders, environ),
        _embedded(settings, folders),
        _cloud(settings, environ),
        _ledger(folders),
        _editors(environ),
    )


def _settings(problems: tuple[Problem, ...], folders: Folders) -> Iterator[Finding]:
    for problem in problems:
        yield Finding("settings", ok=False, message=str(problem), fix="correct or remove it")
    if not problems:
        path = folders.config / "settings.toml"
        said = f"read from {path}" if path.exists() else f"all defaults; {path} would change them"
        yield Finding("settings", ok=True, message=said)


def _repository(where: Path, folders: Folders) -> Iterator[Finding]:
    root = find_root(where)
    if root is None:
        yield Finding(
            "repository",
            ok=False,
            message=f"{where} is not in a git repository, so all of it is NDA and stays local.",
            fix="run it in a repository, or `git init` one",
        )
        return
    policies = read_policies(root)
    for problem in (problem for policy in policies for problem in policy.problems):
        yield Finding("policy", ok=False, message=str(problem), fix="correct or remove it")
    if not any(policy.name == POLICY_FILE for policy in policies):
        yield Finding(
            "policy",
            ok=False,
            message=f"{root.name} has no {POLICY_FILE}, so all of it is NDA and stays local.",
            fix=f"write one that says what is NDA; `twolane trust {root}` shows an example",
        )
        return
    trust = standing(root, folders)
    yield Finding(
        "trust",
        ok=trust.granted,
        message=f"{root.name}, cloud lane: {trust.reason}",
        fix="" if trust.granted else f"`twolane trust {root}`, if its open files may leave",
    )


async def _local(settings: Settings, folders: Folders, environ: Mapping[str, str]) -> Finding:
    # Without the stand-in, so that asking does not fetch or load a model.
    alone = replace(settings, embedded=replace(settings.embedded, enabled=False))
    try:
        lane = open_local(alone, folders, environ)
    except TwolaneError as error:
        return Finding("local lane", ok=False, message=str(error), fix="correct [local]")
    try:
        answering = await lane.answering(settings.local.model)
        about = await lane.about()
    except LaneError as error:
        stands_in = settings.embedded.enabled and isinstance(error, LaneUnreachable)
        more = " Until then the embedded model stands in." if stands_in else ""
        fix = "start the server (`vllm serve`), or correct local.url in the settings"
        if not isinstance(error, LaneUnreachable):
            fix = "correct [local] in the settings, or mend the server"
        return Finding("local lane", ok=False, message=f"{error}{more}", fix=fix)
    finally:
        await lane.aclose()
    said = f"{answering.model} answers at {answering.lane.host}"
    if about is not None:
        said = f"{said}{_told(about, answering.lane.host)}"
    return Finding("local lane", ok=True, message=said)


def _told(about: About, host: str) -> str:
    """What is there, as far as it can be seen, and what cannot be."""
    port = int(host.rpartition(":")[2])
    kind = f"vLLM {about.version}" if about.version else "a server that is not vLLM"
    others = len(about.models) - 1
    more = f" with {others} more model{'s' * (others > 1)}" if others > 0 else ""
    where = "" if host.startswith((about.address, f"[{about.address}]")) else f" ({about.address})"
    who = listener(about.address, port)
    process = f" {who.name} (process {who.pid}) listens there." if who else ""
    if who and who.forwards:
        process += " It hands on to somewhere else: make sure that this is a machine of yours."
    return (
        f"{where}: {kind}{more}.{process} A port may itself lead elsewhere, by a tunnel or a proxy;"
        " twolane sees no further than the address that it connects to."
    )


def _embedded(settings: Settings, folders: Folders) -> Finding:
    if not settings.embedded.enabled:
        return Finding("embedded model", ok=True, message="switched off")
    if importlib.util.find_spec("openvino_genai") is None:
        return Finding(
            "embedded model",
            ok=False,
            message="It is not installed, so nothing stands in when the local lane is down.",
            fix="pip install 'twolane[embedded]'",
        )
    try:
        path = model_path(settings.embedded, folders.cache)
    except LaneError as error:
        return Finding("embedded model", ok=False, message=str(error), fix="correct the path")
    said = f"ready: {path}" if path else "installed; its file (93 MB) is fetched at first use"
    return Finding("embedded model", ok=True, message=said)


def _cloud(settings: Settings, environ: Mapping[str, str]) -> Finding:
    source = settings.cloud.key.environment or "[cloud] in the settings"
    if settings.cloud_fault:
        said = f"{settings.cloud_fault[0].upper()}{settings.cloud_fault[1:]}, so it is not used."
        return Finding("cloud lane", ok=False, message=said, fix="correct what `settings` names")
    try:
        key = read_key(settings.cloud.key, environ)
    except KeyUnusable as error:
        return Finding("cloud lane", ok=False, message=str(error), fix="set a usable key")
    if key is None:
        return Finding(
            "cloud lane",
            ok=False,
            message="It has no key, so everything stays local.",
            fix=f"put the relay's key into {source}",
        )
    return Finding(
        "cloud lane",
        ok=True,
        message=f"{settings.cloud.model} at {settings.cloud.url}; a key was found. Not contacted.",
    )


def _ledger(folders: Folders) -> Finding:
    folder = folders.state / "ledger"
    try:
        verdict = verify(folder)
        if verdict.whole and verdict.entries:
            Ledger.open(folder).close()  # one that can only be read lets nothing out
    except TwolaneError as error:
        return Finding("ledger", ok=False, message=str(error), fix="make it writable again")
    if not verdict.whole:
        return Finding(
            "ledger",
            ok=False,
            message=f"It is not whole, at entry {verdict.bad}: {verdict.why}.",
            fix="move its folder away to start a new one, and keep it as evidence",
        )
    return Finding(
        "ledger",
        ok=True,
        message=f"whole, {verdict.entries:,} entries (requests and their outcomes)",
    )


def _editors(environ: Mapping[str, str]) -> Finding:
    found = [name for name in ("nvim", "code") if shutil.which(name, path=environ.get("PATH"))]
    said = f"found: {', '.join(found)}" if found else "no nvim and no code on the path"
    return Finding("editors", ok=True, message=said)
