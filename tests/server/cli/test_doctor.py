"""`twolane doctor`: every finding, as it should be and not."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from support_border import sending
from support_certificate import certificates
from support_fake_server import DONE, MODEL, Answer, FakeServer, chunk, refusal, usage
from support_repository import make_repository, put
from support_trust import grant
from twolane_server.border.ledger import Ledger, read_rows
from twolane_server.border.records import Outcome
from twolane_server.doctor import spending
from twolane_server.errors import LedgerError
from twolane_server.lanes import model_file
from twolane_server.lanes.base import Usage
from twolane_server.settings.resolved import PRICES, LaneSettings

if TYPE_CHECKING:
    from pathlib import Path

    from support_cli import Shell

CHECKS = [
    *("settings", "trust", "local lane", "local answer", "embedded model", "cloud lane"),
    *("cloud server", "cloud model deepseek-v3.2"),
    *("price of deepseek-v3.2", "cache", "state", "ledger", "editors"),
]
PRICE = """
[prices."deepseek-v3.2"]
input = 1
output = 2
as_of = 2026-05-31
"""


@pytest.fixture
def well(shell: Shell, cloud: FakeServer, local: FakeServer) -> Shell:
    """A shell of somebody with everything set up, while the shipped prices are not old."""
    shipped = max(date.fromisoformat(price.as_of) for price in PRICES)
    age = (datetime.now(UTC).date() - shipped).days
    shell.monkeypatch.setattr(spending, "_OLD_DAYS", max(180, age + 2))
    shell.cloud(cloud)
    shell.environ["TWOLANE_LOCAL_URL"] = local.url
    local.answers = (_telling(cached=0),)
    # An own home without an editor.
    shell.environ |= {"HOME": str(shell.top), "PATH": str(shell.top / "bin")}
    return shell


def _telling(*, cached: int | None) -> Answer:
    """An answer whose counts tell what was cached, or not."""
    details = {} if cached is None else {"prompt_tokens_details": {"cached_tokens": cached}}
    return Answer((chunk("OK"), chunk(finish="length"), usage(9, 1, **details), DONE))


def findings(
    shell: Shell, folder: Path | None = None, *more: str
) -> dict[str, list[dict[str, Any]]]:
    """The findings of each check, in their order."""
    ran = shell.run("doctor", str(folder or shell.root), "--json", *more)
    assert ran.err == ""
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in ran.json:
        assert list(finding) == ["check", "ok", "state", "message", "fix"]
        assert finding["ok"] == (finding["state"] == "ok")
        assert finding["message"]
        assert finding["ok"] or finding["fix"], "what is wrong has a fix"
        found.setdefault(finding["check"], []).append(finding)
    assert ran.status == any(finding["state"] == "broken" for finding in ran.json)
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
    assert found["cloud lane"] == f"deepseek-v3.2 at {cloud.url}; a key was found."
    assert found["cloud server"].startswith("It was found, is trusted where it speaks TLS")
    assert found["cloud model deepseek-v3.2"] == (
        "deepseek-v3.2 is listed; whether it takes the key and answers, `twolane doctor --cloud`"
        " asks it."
    )
    assert found["ledger"] == "whole, 0 entries (requests and their outcomes)"


def test_the_cloud_is_asked_for_its_list_alone_and_nothing_is_made(
    well: Shell, cloud: FakeServer
) -> None:
    before = sorted(well.top.rglob("*"))
    findings(well)
    assert [(one.method, one.path, one.body) for one in cloud.requests] == [
        ("GET", "/v1/models", b"")
    ]
    assert well.root.name.encode() not in cloud.received.split()
    assert sorted(well.top.rglob("*")) == before


@pytest.mark.parametrize("case", ["no policy", "no grant", "lapsed", "mode", "broken policy"])
def test_where_nothing_may_leave_the_cloud_is_not_contacted(
    case: str, well: Shell, cloud: FakeServer
) -> None:
    NOT_WELL[case][0](well)
    message = findings(well)["cloud lane"][0]["message"]
    assert message.endswith("`twolane doctor --cloud` asks it all the same.")
    assert (cloud.connections, bytes(cloud.received)) == (0, b"")


def test_nor_is_it_outside_of_a_repository(well: Shell, cloud: FakeServer) -> None:
    findings(well, well.top)
    assert cloud.connections == 0


def test_the_local_lane_is_asked_for_its_models_and_one_token_of_fixed_words(
    well: Shell, local: FakeServer
) -> None:
    findings(well)
    *asked, question = local.requests
    assert [(each.method, each.path, each.body) for each in asked] == [
        ("GET", "/v1/models", b""),
        ("GET", "/version", b""),
    ]
    assert question.json["messages"] == [{"role": "user", "content": "Say OK."}]
    assert question.json["max_tokens"] == 1


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
    assert [line.split()[0] for line in ran.out.splitlines()] == ["ok"] * len(CHECKS)
    put(well.folders.config / "settings.toml", "moed = 'x'\n")
    ran = well.run("doctor", str(well.root))
    assert ran.status == 1
    first, second, *_ = ran.out.splitlines()
    assert first.startswith("broken settings: settings.toml: moed: unknown key")
    assert second == "       -> correct or remove it"
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


UNSET = {"no policy", "no grant", "lapsed", "no key", "mode", "old price", "budget is spent"}
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
        "has no model another; it has",
        "into local.model in the settings",
    ),
    "script": (
        _environ(TWOLANE_LOCAL_URL="scripted:/none.json"),
        "local lane",
        "/none.json cannot be read",
        "",
    ),
    "local lane elsewhere": (
        _environ(TWOLANE_LOCAL_URL="http://203.0.113.7:8000/v1"),
        "local lane",
        "local.url leads to 203.0.113.7",
        "",
    ),
    "local key": (
        _environ(TWOLANE_LOCAL_KEY_ENVIRONMENT="NO_KEY", NO_KEY="two words"),
        "local lane",
        "NO_KEY holds a space",
        "Put the key there, and nothing else",
    ),
    "model file": (
        _environ(TWOLANE_EMBEDDED="yes", TWOLANE_EMBEDDED_GGUF="/none.gguf"),
        "embedded model",
        "/none.gguf is not there",
        "path",
    ),
    "mode": (_environ(TWOLANE_MODE="local"), "mode", "everything stays local", "auto"),
    "no price": (
        _settings('[cloud]\nmodel = "odd"\n[budget]\nusd_per_month = 3'),
        "price of odd",
        "No price of odd is known",
        '[prices."odd"]',
    ),
    "old price": (
        _settings(PRICE.replace("2026", "2020")),
        "price of deepseek-v3.2",
        "$1 in, $1 cached, $2 out for a million tokens, as of 2020-05-31",
        "look it up again",
    ),
    "budget is spent": (
        _settings("[budget]\nusd_per_month = 0"),
        "budget",
        "The cloud lane is off: $0.00 of the month's budget of $0.00 are spent.",
        "next month",
    ),
    "an action's model": (
        _settings('[actions.review]\nlocal_model = "none"'),
        "local models",
        "has no model none; it has",
        "into the action's local_model",
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
    assert finding["state"] == ("unset" if case in UNSET else "broken")
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
    assert (finding["state"], finding["fix"]) == ("unset", "pip install 'twolane[embedded]'")


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


def test_without_server_and_key_nothing_is_broken(
    well: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README calls it a fine setup."""
    monkeypatch.setattr(importlib.util, "find_spec", _found)
    down = LaneSettings("http://127.0.0.1:9/v1", "Qwen3-Coder")
    monkeypatch.setattr("twolane_server.doctor.local.LOCAL", down)
    _no_key(well)
    well.environ |= {"TWOLANE_EMBEDDED": "yes", "TWOLANE_LOCAL_URL": down.url}
    found = findings(well)
    assert found["local lane"][0]["state"] == "unset"
    assert "twolane serve" in found["local lane"][0]["fix"]
    assert found["cloud lane"][0]["state"] == "unset"
    assert well.run("doctor", str(well.root)).status == 0


def test_a_server_of_ones_own_that_is_down_is_broken(
    well: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", _found)
    well.environ |= {"TWOLANE_EMBEDDED": "yes", "TWOLANE_LOCAL_URL": "http://127.0.0.1:9/v1"}
    [finding] = findings(well)["local lane"]
    assert finding["state"] == "broken"
    assert "stands in" in finding["message"]


def test_a_window_that_is_smaller_than_the_settings_is_told(well: Shell, local: FakeServer) -> None:
    listing = {"data": [{"id": MODEL, "max_model_len": 32_768}]}
    local.models_answer = Answer((json.dumps(listing).encode(),), content_type="application/json")
    [finding] = findings(well)["local window"]
    assert finding["state"] == "unset"
    assert "holds 32,768 tokens and the settings say 65,536" in finding["message"]
    assert "`window = 32768`" in finding["fix"]


def test_a_vllm_that_hides_its_cache_is_told(well: Shell, local: FakeServer) -> None:
    local.version, local.answers = "0.11.2", (_telling(cached=None),)
    listing = {"data": [{"id": MODEL, "owned_by": "vllm"}]}
    local.models_answer = Answer((json.dumps(listing).encode(),), content_type="application/json")
    [finding] = findings(well)["local answer"]
    assert "--enable-prompt-tokens-details" in finding["fix"]


def test_a_cold_server_is_told(
    well: Shell, local: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_server.doctor.local._COLD_SECONDS", 0.1)
    local.answers = (Answer((0.2, chunk("OK"), chunk(finish="stop"), usage(9, 1), DONE)),)
    [finding] = findings(well)["local answer"]
    assert finding["state"] == "unset"
    assert "the server was cold or busy" in finding["message"]
    assert "keep_warm" in finding["fix"]


def test_a_server_that_lists_models_and_answers_nothing_is_told(
    well: Shell, local: FakeServer
) -> None:
    local.answers = (refusal(500),)
    found = findings(well)
    assert found["local lane"][0]["ok"]
    [answer] = found["local answer"]
    assert (answer["state"], answer["fix"][:9]) == ("broken", "Try again")


def test_the_cloud_is_asked_where_the_person_asks_for_it(well: Shell, cloud: FakeServer) -> None:
    cloud.answers, cloud.models = (_telling(cached=0),), ("deepseek-v3.2", "anthropic/sonnet-4.5")
    put(
        well.folders.config / "settings.toml",
        f'{PRICE}[actions.review]\ncloud_model = "sonnet-4.5"\n[nda]\nwords = ["Acme"]\n',
    )
    found = findings(well, None, "--cloud")
    assert found["cloud model deepseek-v3.2"][0]["message"].startswith(
        f"deepseek-v3.2 at {cloud.host}: a first"
    )
    assert found["cloud model sonnet-4.5"][0]["message"].endswith("counts tokens, cached ones too")
    asked = [request.json for request in cloud.requests if request.body]
    assert [one["model"] for one in asked] == list(cloud.models)
    assert all(one["messages"] == [{"role": "user", "content": "Say OK."}] for one in asked)
    assert all(one["max_tokens"] == 1 for one in asked)
    rows = list(read_rows(well.folders.state / "ledger"))
    assert [(row.sent["action"], row.sent["lane"]) for row in rows] == [("doctor", "cloud")] * 2
    assert [row.cost_usd for row in rows] == [0.000_011, None]
    assert rows[0].reasons == ("you asked for it: twolane doctor --cloud",)


Fault = Callable[["Shell", FakeServer], None]
CLOUD_FAULTS: dict[str, tuple[Fault, str, str]] = {}


def _cloud_fault(name: str, message: str, fix: str) -> Callable[[Fault], Fault]:
    def keep(change: Fault) -> Fault:
        CLOUD_FAULTS[name] = (change, message, fix)
        return change

    return keep


@_cloud_fault("401", "does not accept the key of the cloud lane", "Check A_KEY")
def _unauthorised(_: Shell, cloud: FakeServer) -> None:
    cloud.answers = (refusal(401),)
    cloud.models_answer = refusal(401)


@_cloud_fault("no such model", "has no model deepseek-v3.2; it has other", "into cloud.model")
def _no_model(_: Shell, cloud: FakeServer) -> None:
    cloud.models = ("other",)


@_cloud_fault("down", "Nothing answers at 127.0.0.1:9", "cloud.url")
def _nothing_there(shell: Shell, _: FakeServer) -> None:
    shell.environ["TWOLANE_CLOUD_URL"] = "http://127.0.0.1:9/v1"


@_cloud_fault("word", "it holds the word", "correct that")
def _forbidden(shell: Shell, _: FakeServer) -> None:
    put(shell.folders.config / "settings.toml", '[nda]\nwords = ["Say OK"]')


@_cloud_fault("all is NDA", "your settings cannot be read", "correct that")
def _lost_rule(shell: Shell, _: FakeServer) -> None:
    put(shell.folders.config / "settings.toml", "[nda]\nwords = 3")


@_cloud_fault("budget", "of the month's budget of $0.00 are spent", "correct that")
def _no_money(shell: Shell, _: FakeServer) -> None:
    put(shell.folders.config / "settings.toml", "[budget]\nusd_per_month = 0")


@_cloud_fault("no ledger", "Not asked, since that could not be recorded", "The ledger")
def _no_ledger(shell: Shell, _: FakeServer) -> None:
    put(shell.folders.state / "ledger", "")


@pytest.mark.parametrize("case", CLOUD_FAULTS)
def test_what_is_wrong_with_the_cloud_is_told_with_its_fix(
    case: str, well: Shell, cloud: FakeServer
) -> None:
    change, message, fix = CLOUD_FAULTS[case]
    change(well, cloud)
    [finding] = findings(well, None, "--cloud")["cloud model deepseek-v3.2"]
    assert finding["state"] == "broken"
    assert message in finding["message"]
    assert fix in finding["fix"]
    assert not [request for request in cloud.requests if request.body and case != "401"]


SEEN_BY_THE_LIST = {
    "401": "cloud server",
    "down": "cloud server",
    "no such model": "cloud model deepseek-v3.2",
}


@pytest.mark.parametrize("case", SEEN_BY_THE_LIST)
def test_what_the_list_shows_is_told_unasked(case: str, well: Shell, cloud: FakeServer) -> None:
    change, message, fix = CLOUD_FAULTS[case]
    change(well, cloud)
    [finding] = findings(well)[SEEN_BY_THE_LIST[case]]
    assert finding["state"] == "broken"
    assert message in finding["message"]
    assert fix in finding["fix"]
    assert not [request for request in cloud.requests if request.body]


@pytest.mark.parametrize("more", [(), ("--cloud",)])
@pytest.mark.parametrize(("lane", "check"), [("LOCAL", "local lane"), ("CLOUD", "cloud server")])
def test_a_certificate_that_is_not_trusted_is_told(
    lane: str, check: str, more: tuple[str, ...], well: Shell
) -> None:
    with FakeServer(tls=certificates().context("unknown authority")).start_in_thread() as server:
        well.environ[f"TWOLANE_{lane}_URL"] = server.url
        found = findings(well, None, *more)
    asked = more and lane == "CLOUD"
    [finding] = found["cloud model deepseek-v3.2" if asked else check]
    assert finding["state"] == "broken"
    assert "The TLS certificate of" in finding["message"]
    assert "trust store" in finding["fix"]


@pytest.mark.parametrize("more", [(), ("--cloud",)])
def test_a_name_that_nobody_knows_is_told(
    more: tuple[str, ...], well: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    well.environ["TWOLANE_CLOUD_URL"] = "https://relay.invalid/v1"
    found = findings(well, None, *more)
    [finding] = found["cloud model deepseek-v3.2" if more else "cloud server"]
    assert finding["message"] == ("Nothing answers at relay.invalid:443 (no such name is known).")
    assert "cloud.url" in finding["fix"]


@pytest.mark.parametrize("more", [(), ("--cloud",)])
def test_a_smaller_window_of_the_relay_is_told(
    more: tuple[str, ...], well: Shell, cloud: FakeServer
) -> None:
    listing = {"data": [{"id": "deepseek-v3.2", "context_length": 65_536}]}
    cloud.models_answer = Answer((json.dumps(listing).encode(),), content_type="application/json")
    [finding] = findings(well, None, *more)["cloud window"]
    assert finding["state"] == "unset"
    assert "holds 65,536 tokens and the settings say 131,072" in finding["message"]
    assert "`window = 65536`" in finding["fix"]


def test_a_cloud_that_begins_late_is_told(well: Shell, cloud: FakeServer) -> None:
    put(well.folders.config / "settings.toml", "[cloud]\nfirst_token_seconds = 0.1")
    cloud.answers = (Answer((0.2, chunk("OK"), chunk(finish="stop"), usage(9, 1), DONE)),)
    [finding] = findings(well, None, "--cloud")["cloud model deepseek-v3.2"]
    assert finding["state"] == "unset"
    assert finding["message"].endswith("which is slow.")


def test_without_a_key_the_cloud_is_not_asked(well: Shell, cloud: FakeServer) -> None:
    _no_key(well)
    assert "cloud model deepseek-v3.2" not in findings(well, None, "--cloud")
    assert cloud.connections == 0


def test_a_relay_that_cuts_is_found_in_the_ledger(well: Shell) -> None:
    with closing(Ledger.open(well.folders.state / "ledger")) as ledger:
        for asked, out in ((4_096, 2_048), (4_096, 2_048), (2_048, 2_048), (4_096, 100)):
            request = replace(sending(b"{}"), max_tokens=asked)
            finish = "stop" if out == 100 else "length"
            ledger.outcome(ledger.before_send(request), Outcome(finish, 1.0, Usage(9, out)))
        older = replace(sending(b'{"max_tokens": 4096}'), host="old.example:443")
        ledger.outcome(ledger.before_send(older), Outcome("length", 1.0, Usage(9, 2_048)))
    one, other = findings(well)["past answers"]
    assert one["message"].startswith("api.example.test:443 cut 2 answers at 2,048 tokens")
    assert other["message"].startswith("old.example:443 cut 1 answer at 2,048 tokens")
    assert "cloud.url" in one["fix"]
    assert one["state"] == "unset"


def test_a_lane_that_often_failed_is_told(well: Shell) -> None:
    with closing(Ledger.open(well.folders.state / "ledger")) as ledger:
        for number in range(10):
            result = "LaneRejected" if number < 3 else "stop"
            ledger.outcome(ledger.before_send(sending(b"{}")), Outcome(result, 1.0))
    [finding] = findings(well)["past answers"]
    assert finding["message"] == (
        "Of the latest 10 requests to the cloud lane, 3 failed (LaneRejected)."
    )
    assert "--cloud" in finding["fix"]


def _program(shell: Shell, name: str, says: str = "") -> Path:
    file = put(shell.top / "bin" / name, f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


@pytest.mark.skipif(sys.platform == "win32", reason="its programs are no shell scripts")
def test_editors_are_found_with_what_they_know_of_twolane(well: Shell) -> None:
    nvim = _program(well, "nvim", "NVIM v0.11.4")
    _program(well, "code")
    found = findings(well)
    assert found["neovim"][0]["message"].startswith(f"{nvim} is there, and nothing in ")
    assert found["code"][0]["state"] == "unset"
    init = put(well.top / ".config" / "nvim" / "init.lua", 'vim.lsp.enable("twolane")')
    put(well.top / ".vscode" / "extensions" / "own.twolane-1.0" / "package.json", "{}")
    found = findings(well)
    assert f"{init} names twolane" in found["neovim"][0]["message"]
    assert found["code"][0]["ok"]
    _program(well, "nvim", "NVIM v0.7.2")
    assert findings(well)["neovim"][0]["fix"] == "take Neovim 0.11 or newer"


def test_fingerprints_that_are_damaged_are_told(well: Shell) -> None:
    assert well.run("index", "--repo", str(well.root)).status == 0
    (file,) = (well.folders.cache / "index").glob("*.prints")
    assert "fingerprints" not in findings(well)
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"x" * 4_000 + whole[4_100:])
    (told,) = findings(well)["fingerprints"]
    assert told["state"] == "broken"
    assert str(file) in told["message"]
    assert told["fix"].startswith("remove that file; ")
    file.unlink()
    assert "fingerprints" not in findings(well)


def test_a_folder_that_cannot_be_written_is_told(well: Shell) -> None:
    well.environ["TWOLANE_CACHE_DIR"] = str(put(well.top / "file", "") / "cache")
    [finding] = findings(well)["cache"]
    assert finding["state"] == "broken"
    assert finding["message"].endswith("cannot be written.")


@pytest.mark.skipif(sys.platform == "win32", reason="its programs are no shell scripts")
def test_no_program_of_the_folder_that_one_is_in_is_started(
    well: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = well.top / "started"
    file = put(well.root / "nvim", f"#!/bin/sh\ntouch {mark}\n")
    file.chmod(0o755)
    monkeypatch.chdir(well.root)
    well.environ["PATH"] = "."
    assert list(findings(well)) == CHECKS
    assert not mark.exists()
