"""`twolane doctor`: every finding, as it should be and not."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from support_border import sending
from support_fake_server import MODEL, FakeServer, refusal
from support_repository import make_repository, put
from support_trust import grant
from twolane_server.border.ledger import Ledger
from twolane_server.errors import LedgerError
from twolane_server.lanes import model_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support_cli import Shell

CHECKS = ["settings", "trust", "local lane", "embedded model", "cloud lane", "ledger", "editors"]


@pytest.fixture
def well(shell: Shell, cloud: FakeServer, local: FakeServer) -> Shell:
    """A shell of somebody with everything set up."""
    shell.cloud(cloud)
    shell.environ["TWOLANE_LOCAL_URL"] = local.url
    return shell


def findings(shell: Shell, folder: Path | None = None) -> dict[str, list[dict[str, Any]]]:
    """The findings of each check, in their order."""
    ran = shell.run("doctor", str(folder or shell.root), "--json")
    assert ran.err == ""
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in ran.json:
        assert list(finding) == ["check", "ok", "message", "fix"]
        assert finding["message"]
        assert finding["ok"] or finding["fix"], "what is wrong has a fix"
        found.setdefault(finding["check"], []).append(finding)
    assert ran.status == (0 if all(finding["ok"] for finding in ran.json) else 1)
    return found


def test_when_all_is_well_nothing_is_to_be_done(well: Shell) -> None:
    found = findings(well)
    assert list(found) == CHECKS
    assert all(each["ok"] and not each["fix"] for several in found.values() for each in several)


def test_it_says_what_it_found(well: Shell, local: FakeServer, cloud: FakeServer) -> None:
    found = {check: several[0]["message"] for check, several in findings(well).items()}
    assert found["settings"].startswith("all defaults; ")
    assert found["trust"].startswith("r, cloud lane: granted since ")
    assert found["local lane"].startswith(
        f"{MODEL} answers at {local.host}: a server that is not vLLM."
    )
    assert found["local lane"].endswith("no further than the address that it connects to.")
    assert found["embedded model"] == "switched off"
    assert found["cloud lane"] == (f"deepseek-v3.2 at {cloud.url}; a key was found. Not contacted.")
    assert found["ledger"] == "whole, 0 entries (requests and their outcomes)"


def test_the_cloud_is_not_contacted_and_nothing_is_made(well: Shell, cloud: FakeServer) -> None:
    before = sorted(well.top.rglob("*"))
    findings(well)
    assert (cloud.connections, bytes(cloud.received)) == (0, b"")
    assert sorted(well.top.rglob("*")) == before


def test_the_local_lane_is_asked_for_its_models_alone(well: Shell, local: FakeServer) -> None:
    findings(well)
    assert [(each.method, each.path, each.body) for each in local.requests] == [
        ("GET", "/v1/models", b""),
        ("GET", "/version", b""),
    ]


def test_it_tells_what_answers_on_the_local_lane(well: Shell, local: FakeServer) -> None:
    local.version, local.models = "0.11.2", (MODEL, "another", "a third")
    well.environ["TWOLANE_LOCAL_URL"] = local.url.replace("127.0.0.1", "localhost")
    told = findings(well)["local lane"][0]["message"]
    assert f"answers at localhost:{local.port} (127.0.0.1): vLLM 0.11.2 with 2 more models." in told
    assert "A port may itself lead elsewhere, by a tunnel or a proxy" in told
    if sys.platform == "linux":
        assert f" (process {os.getpid()}) listens there." in told


@pytest.mark.parametrize("version", ["", "0.11\x1b[31m", "x" * 41, "a b"])
def test_what_is_no_version_is_not_shown(well: Shell, local: FakeServer, version: str) -> None:
    local.version = version
    assert "a server that is not vLLM" in findings(well)["local lane"][0]["message"]


def test_no_key_is_shown(well: Shell) -> None:
    ran = well.run("doctor", str(well.root), "--json")
    assert well.environ["A_KEY"] not in ran.out + ran.err


def test_a_person_reads_a_line_each_and_the_fix_below(well: Shell) -> None:
    ran = well.run("doctor", str(well.root))
    assert ran.status == 0
    assert [line.split("  ")[0] for line in ran.out.splitlines()] == ["ok"] * len(CHECKS)
    put(well.folders.config / "settings.toml", "moed = 'x'\n")
    ran = well.run("doctor", str(well.root))
    assert ran.status == 1
    first, second, *_ = ran.out.splitlines()
    assert first.startswith("look  settings: settings.toml: moed: unknown key")
    assert second == "      -> correct or remove it"
    assert ran.err == ""


def _settings(content: str) -> Callable[[Shell], None]:
    def change(shell: Shell) -> None:
        put(shell.folders.config / "settings.toml", content)

    return change


def _environ(**more: str) -> Callable[[Shell], None]:
    def change(shell: Shell) -> None:
        shell.environ |= more

    return change


def _policy(content: str) -> Callable[[Shell], None]:
    def change(shell: Shell) -> None:
        put(shell.root / "twolane.toml", content)

    return change


def _no_policy(shell: Shell) -> None:
    (shell.root / "twolane.toml").unlink()


def _no_grant(shell: Shell) -> None:
    (shell.folders.state / "grants.json").unlink()


def _no_key(shell: Shell) -> None:
    del shell.environ["A_KEY"]


def _loosened(shell: Shell) -> None:
    put(shell.root / "twolane.toml", '[nda]\nwords = ["Acme"]\n')
    grant(shell.root, shell.folders)
    put(shell.root / "twolane.toml", "[nda]\n")


def _torn_head(shell: Shell) -> None:
    put(shell.folders.state / "ledger" / "ledger.head", "{}")


def _file_for_ledger(shell: Shell) -> None:
    put(shell.folders.state / "ledger", "")


def _damaged(shell: Shell) -> None:
    shell.run("do", "docstring", shell.place, "--lane", "cloud", "--json")
    with closing(sqlite3.connect(shell.folders.state / "ledger" / "ledger.sqlite")) as database:
        database.execute("UPDATE entries SET payload = replace(payload, 'docstring', 'other')")
        database.commit()


NOT_WELL: dict[str, tuple[Callable[[Shell], None], str, str, str]] = {
    "broken settings": (_settings("x = ["), "settings", "not valid TOML", "correct"),
    "unknown key": (_settings("x = 1"), "settings", "unknown key", "correct"),
    "misspelt variable": (
        _environ(TWOLANE_LOCAL_URI="http://127.0.0.1:9/v1"),
        "settings",
        "did you mean TWOLANE_LOCAL_URL?",
        "correct",
    ),
    "broken policy": (_policy("[nda"), "policy", "not valid TOML", "correct"),
    "no policy": (_no_policy, "policy", "r has no twolane.toml", "twolane trust"),
    "no grant": (_no_grant, "trust", "never granted", "twolane trust"),
    "lapsed": (_loosened, "trust", "lapsed because the policy loosened", "twolane trust"),
    "local down": (
        _environ(TWOLANE_LOCAL_URL="http://127.0.0.1:9/v1"),
        "local lane",
        "Nothing answers at 127.0.0.1:9",
        "local.url",
    ),
    "local model": (
        _environ(TWOLANE_LOCAL_MODEL="another"),
        "local lane",
        "another",
        "[local]",
    ),
    "script": (
        _environ(TWOLANE_LOCAL_URL="scripted:/none.json"),
        "local lane",
        "/none.json cannot be read",
        "[local]",
    ),
    "local lane elsewhere": (
        _environ(TWOLANE_LOCAL_URL="http://203.0.113.7:8000/v1"),
        "local lane",
        "local.url leads to 203.0.113.7",
        "[local]",
    ),
    "local key": (
        _environ(TWOLANE_LOCAL_KEY_ENVIRONMENT="NO_KEY", NO_KEY="two words"),
        "local lane",
        "NO_KEY holds a space",
        "[local]",
    ),
    "model file": (
        _environ(TWOLANE_EMBEDDED="yes", TWOLANE_EMBEDDED_GGUF="/none.gguf"),
        "embedded model",
        "/none.gguf is not there",
        "path",
    ),
    "no key": (_no_key, "cloud lane", "It has no key", "A_KEY"),
    "odd key": (_environ(A_KEY="two words"), "cloud lane", "A_KEY holds a space", "key"),
    "cloud elsewhere": (
        _environ(TWOLANE_CLOUD_URL="http://relay.example/v1"),
        "cloud lane",
        "The URL or the key of [cloud]",
        "correct",
    ),
    "ledger": (_torn_head, "ledger", "not whole, at entry 1", "keep it as evidence"),
    "no ledger folder": (_file_for_ledger, "ledger", "cannot be used (Not a directory)", "again"),
    "tampered ledger": (_damaged, "ledger", "not whole, at entry 1", "keep it as evidence"),
}


@pytest.mark.parametrize("case", NOT_WELL)
def test_what_is_wrong_is_told_with_its_fix(case: str, well: Shell) -> None:
    change, check, message, fix = NOT_WELL[case]
    change(well)
    if check == "embedded model" and importlib.util.find_spec("openvino_genai") is None:
        pytest.skip("openvino_genai is not installed")
    [finding] = findings(well)[check]
    assert finding["ok"] is False
    assert message in finding["message"]
    assert fix in finding["fix"]


def test_each_problem_of_the_settings_is_a_finding(well: Shell) -> None:
    put(well.folders.config / "settings.toml", "x1 = 1\nx2 = 2\n")
    assert [each["ok"] for each in findings(well)["settings"]] == [False, False]


def test_a_settings_file_that_is_good_is_named(well: Shell) -> None:
    file = put(well.folders.config / "settings.toml", "mode = 'auto'\n")
    [finding] = findings(well)["settings"]
    assert (finding["ok"], finding["message"]) == (True, f"read from {file}")


def test_a_folder_outside_of_any_repository(well: Shell) -> None:
    found = findings(well, well.top)
    assert "policy" not in found
    assert "trust" not in found
    [finding] = found["repository"]
    assert not finding["ok"]
    assert "not in a git repository, so all of it is NDA" in finding["message"]


def test_a_repository_that_was_never_granted(well: Shell) -> None:
    other = make_repository(well.top / "other")
    [finding] = findings(well, other)["trust"]
    assert (finding["ok"], finding["fix"]) == (
        False,
        f"`twolane trust {other}`, if its open files may leave",
    )


def test_a_server_that_refuses_is_not_worked_around(well: Shell) -> None:
    with FakeServer(models_answer=refusal(401)).start_in_thread() as server:
        well.environ |= {"TWOLANE_LOCAL_URL": server.url, "TWOLANE_EMBEDDED": "yes"}
        [finding] = findings(well)["local lane"]
    assert not finding["ok"]
    assert "asks for a key" in finding["message"]
    assert "stands in" not in finding["message"]


def _found(_name: str) -> object:
    return object()


def _not_found(_name: str) -> None:
    return None


def test_a_model_is_neither_fetched_nor_loaded(
    well: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        raise AssertionError("doctor fetched a model")

    monkeypatch.setattr(model_file, "ensure_model", never)
    monkeypatch.setattr("twolane_server.lanes.embedded.ensure_model", never)
    monkeypatch.setattr(importlib.util, "find_spec", _found)
    well.environ |= {"TWOLANE_EMBEDDED": "yes", "TWOLANE_LOCAL_URL": "http://127.0.0.1:9/v1"}
    found = findings(well)
    assert "Until then the embedded model stands in." in found["local lane"][0]["message"]
    assert found["embedded model"][0]["message"] == (
        "installed; its file (93 MB) is fetched at first use"
    )
    assert not well.folders.cache.exists()


def test_a_model_that_is_not_installed(well: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", _not_found)
    well.environ["TWOLANE_EMBEDDED"] = "yes"
    [finding] = findings(well)["embedded model"]
    assert (finding["ok"], finding["fix"]) == (False, "pip install 'twolane[embedded]'")


def test_a_real_process_in_the_folder_it_is_in(well: Shell) -> None:
    ran = well.finish(well.start("doctor", "--json", str(well.root)))
    assert (ran.status, ran.err) == (0, "")
    assert [finding["check"] for finding in ran.json] == CHECKS


def test_a_ledger_that_can_only_be_read_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> Ledger:
        raise LedgerError(f"The ledger in {folder} cannot be written (Read-only file system).")

    with closing(Ledger.open(shell.folders.state / "ledger")) as ledger:
        ledger.before_send(sending(b"{}"))
    monkeypatch.setattr(Ledger, "open", refuse)
    (found,) = findings(shell)["ledger"]
    assert not found["ok"]
    assert "cannot be written" in found["message"]
