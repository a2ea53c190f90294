"""L39 to L48 of the catalogue of leaks: other ways through the net, and what is left behind."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from support_fake_server import Answer
from support_leaks import traces
from support_repository import put
from twolane_server.actions.docstring import WriteDocstring
from twolane_server.lanes import traffic
from twolane_server.lanes.retry import RetryRules

if TYPE_CHECKING:
    from support_leaks import Done
    from support_trial import Trial

_VARIABLES = ("OPENAI", "ANTHROPIC", "DEEPSEEK", "TWOLANE", "LITELLM", "OLLAMA", "VLLM")


def _quiet(trial: Trial, said: str) -> None:
    """What is printed tells nothing of code under NDA, and never the key."""
    assert trial.world.key not in said
    assert not trial.secret or traces(said.encode(), trial.mark) == [], trial.number


def l39_redirect(trial: Trial) -> None:
    """The local lane's server sends the client to the cloud, or the cloud sends it elsewhere."""
    file, code = trial.planted()
    status = trial.chance.choice((301, 302, 303, 307, 308))
    where = trial.cloud.url if trial.secret else trial.bench.elsewhere.url
    path = trial.chance.choice(("/chat/completions", "/models"))
    away = Answer(status=status, headers=(("location", f"{where}{path}"),))
    if trial.secret:
        local = trial.by_local_server()
        local.answers = (away,)
        local.models_answer = trial.chance.choice((None, away))
        done = trial.run("do", "docstring", f"{file}:{code.first}")
        assert done.status == 1, done.out
        _quiet(trial, done.err)
        return
    trial.cloud.answers = (away,)
    assert trial.ask(file, code, action="docstring") == "local"


def l40_proxies_and_netrc(trial: Trial) -> None:
    """Proxy variables that name the cloud (for the local lane) or another server (for the cloud)."""
    file, code = trial.planted()
    host = trial.cloud.host if trial.secret else trial.bench.elsewhere.host
    for name in trial.chance.sample(
        ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), 4
    ):
        trial.patch.setenv(name, trial.chance.choice((f"http://{host}", host)))
    for name in ("no_proxy", "NO_PROXY"):
        trial.patch.setenv(name, trial.chance.choice(("", "example.test")))
    netrc = put(trial.shelf / "netrc", "machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    trial.patch.setenv("NETRC", str(netrc))
    trial.by_local_server()
    lane = trial.chance.choice(("auto", "cloud"))
    done = trial.run("do", "docstring", f"{file}:{code.first}", "--json", "--lane", lane)
    trial.expect(done.json["decision"]["lane"])


def l41_base_urls(trial: Trial) -> None:
    """Other programs' variables and the repository's own files name another server for a lane."""
    file, code = trial.planted()
    url = trial.cloud.url if trial.secret else trial.bench.elsewhere.url
    for name in trial.chance.sample(_VARIABLES, 4):
        for tail in ("_BASE_URL", "_API_BASE", "_BASE", "_HOST"):
            trial.patch.setenv(f"{name}{tail}", url)
    lane = "local" if trial.secret else "cloud"
    own = f'[{lane}]\nurl = "{url}"\n'
    files = {
        "settings.toml": own,
        ".twolane/settings.toml": own,
        "pyproject.toml": f'[tool.twolane.{lane}]\nurl = "{url}"\n',
        ".env": f"TWOLANE_{lane.upper()}_URL={url}\n",
        ".vscode/settings.json": json.dumps({f"twolane.{lane}.url": url}),
    }
    for name in trial.chance.sample(sorted(files), 3):
        put(trial.made(trial.root / name), files[name])
    text = (trial.root / "twolane.toml").read_text("utf-8")
    with trial.policy(f'base_url = "{url}"\n{own}{text}'):
        trial.expect(trial.ask(file, code))


def l42_other_calls(trial: Trial) -> None:
    """No embeddings, no ranking, no warm-up, no health: only for a prompt the models and the chat."""
    file, code = trial.planted()
    place = f"{file}:{code.first}"
    before = len(trial.cloud.requests)
    commands: tuple[tuple[str, ...], ...] = (
        ("route", "docstring", place, "--lane", trial.chance.choice(("auto", "cloud"))),
        ("label", str(file)),
        ("index", "--stats"),
        ("trust", "--show"),
        ("ledger", "verify"),
        ("context", f"{trial.world.tool}:2"),
    )
    for words in trial.chance.sample(commands, 3):
        assert trial.run(*words).status in {0, 1}
    assert len(trial.cloud.requests) == before
    trial.expect(trial.ask(file, code))
    asked = [(each.method, each.path) for each in trial.cloud.requests[before:]]
    usual = [("GET", "/v1/models"), ("POST", "/v1/chat/completions")]
    assert asked == ([] if trial.secret else usual)


def l43_names_that_are_looked_up(trial: Trial) -> None:
    """Only the cloud's own name is looked up, and no address carries anything."""
    file, code = trial.planted()
    asked: set[object] = set()
    look_up = socket.getaddrinfo

    def listening(host: Any, *more: Any, **named: Any) -> Any:  # noqa: ANN401 - as the original
        asked.add(host.decode() if isinstance(host, bytes) else host)
        return look_up(host, *more, **named)

    trial.patch.setattr(socket, "getaddrinfo", listening)
    url = trial.cloud.url.replace("127.0.0.1", "localhost")
    trial.patch.setenv("TWOLANE_CLOUD_URL", url)
    before = len(trial.cloud.requests)
    trial.expect(trial.ask(file, code))
    assert asked == (set() if trial.secret else {"localhost"})
    paths = {each.path for each in trial.cloud.requests[before:]}
    assert paths <= {"/v1/models", "/v1/chat/completions"}


def l44_debug_log(trial: Trial) -> None:
    """Every logger at its most talkative."""
    file, code = trial.planted()
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(trial.chance.choice((1, logging.DEBUG)))
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore", "asyncio", "twolane")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(1)
    try:
        trial.by_local_server()
        lane = trial.chance.choice(("auto", "cloud"))
        done = trial.run("do", "docstring", f"{file}:{code.first}", "--lane", lane)
        assert done.status == 0
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for each, old in zip(loggers, levels, strict=True):
            each.setLevel(old)
    assert written.getvalue(), "somebody talked"
    assert traces(written.getvalue().encode(), trial.mark) == []
    _quiet(trial, written.getvalue() + done.err)


def l45_exception_text(trial: Trial) -> None:
    """A server that repeats the prompt in its error."""
    file, code = trial.planted()
    said = json.dumps({"error": {"message": code.text, "code": trial.mark}}).encode()
    echo = Answer((said,), trial.chance.choice((400, 403, 413, 422, 500, 503)), "application/json")
    at_once = partial(RetryRules, first_seconds=0.01)  # how long it waits says nothing
    trial.patch.setattr(traffic, "RetryRules", at_once)
    if trial.secret:
        trial.by_local_server().answers = (echo,)
    else:
        trial.cloud.answers = (echo,)
        trial.world.script({"error": "unreachable"})
    done = trial.run("do", "docstring", f"{file}:{code.first}", "--json")
    assert done.status == 1
    told = f"{done.err} {done.out} {trial.world.rows[-1].public()}"
    assert done.err
    assert traces(told.encode(), trial.mark) == []
    _quiet(trial, told)


def l46_crash(trial: Trial) -> None:
    """A mistake of ours in the middle of an action: nothing is reported anywhere, nothing is kept."""
    file, code = trial.planted()

    def crash(*_: object) -> None:
        raise RuntimeError(code.text)

    trial.patch.setattr(WriteDocstring, trial.chance.choice(("finish",)), crash)
    with pytest.raises(RuntimeError) as crashed:
        trial.run("do", "docstring", f"{file}:{code.first}", "--lane", "cloud")
    trial.world.capture.readouterr()
    sys.excepthook(crashed.type, crashed.value, crashed.tb)  # as Python does at the very end
    _, told = trial.world.capture.readouterr()
    assert "twolane: RuntimeError" in told
    assert traces(told.encode(), trial.mark) == []
    _quiet(trial, told)


def l47_permissions(trial: Trial) -> None:
    """Ledger, cache and index are their owner's alone, whatever the umask; the index is made anew."""
    file, code = trial.planted()
    folders = trial.world.folders
    if trial.chance.random() < 0.5:
        shutil.rmtree(folders.cache, ignore_errors=True)  # the first example makes it
    before = os.umask(trial.chance.choice((0, 0o002, 0o022, 0o077)))
    try:
        trial.expect(trial.ask(file, code))
    finally:
        os.umask(before)
    for folder in (folders.state, folders.cache / "index"):
        kept = [each for each in folder.rglob("*") if each.is_file()]
        assert kept
        assert {each.stat().st_mode & 0o777 for each in kept} == {0o600}, kept
        assert {each.parent.stat().st_mode & 0o077 for each in kept} <= {0}, kept


def l48_report_for_others(trial: Trial) -> None:
    """What a person would hand in with a complaint: doctor, labels, decisions, the ledger's export."""
    file, code = trial.planted()
    trial.expect(trial.ask(file, code))
    commands: tuple[tuple[str, ...], ...] = (
        ("label", str(file)),
        ("route", "docstring", f"{file}:{code.first}", "--json"),
        ("trust", "--show"),
        ("doctor", "--json"),
        ("index", "--stats"),
    )
    for words in (("ledger", "export"), *trial.chance.sample(commands, 2)):
        done: Done = trial.run(*words)
        _quiet(trial, done.out + done.err)
