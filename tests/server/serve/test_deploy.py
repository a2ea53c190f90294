"""The files of server/deploy say what the plan says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from support_serve import RTX_4090, cards, machine
from twolane_server.cli import main
from twolane_server.serve.plan import Wanted
from twolane_server.serve.planning import make_plan

DEPLOY = Path(__file__).resolve().parents[3] / "server" / "deploy"
PLAN = make_plan(machine(*cards(2, RTX_4090)), Wanted(host="0.0.0.0", here=True))  # noqa: S104 - read only
VARIABLES = {flag.name: flag.value for flag in PLAN.environment}


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """A unit file as systemd reads it: sections, keys that may come again, lines that go on."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / name).read_text("utf-8"))
    for line in text.splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, found, value = line.partition("=")
            assert found, line
            section.setdefault(key, []).append(value)
    return sections


def compose() -> tuple[list[str], dict[str, str]]:
    """The command and the environment of the compose file, which is written in plain lines."""
    lines = [
        re.sub(r"\s+#.*", "", line)
        for line in (DEPLOY / "compose.yaml").read_text("utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    command = lines[lines.index("    command:") + 1 : lines.index("    ports:")]
    environment = lines[lines.index("    environment:") + 1 : lines.index("    ipc: host")]
    words = [line.removeprefix("      - ").strip('"') for line in command]
    pairs = (line.strip().partition(": ") for line in environment)
    return words, {key: value.strip('"') for key, _, value in pairs}


def test_the_system_service_has_the_plans_command() -> None:
    service = unit("vllm.service")["Service"]
    (start,) = service["ExecStart"]
    program, serve, *words = shlex.split(start)
    assert (Path(program).name, serve) == ("vllm", "serve")
    assert tuple(words) == (PLAN.model, *PLAN.arguments)
    told = dict(pair.split("=", 1) for line in service["Environment"] for pair in line.split())
    assert told.items() >= VARIABLES.items()
    assert "VLLM_API_KEY" not in str(service), "keys are not written into unit files"


def test_the_compose_file_has_the_plans_command() -> None:
    words, environment = compose()
    assert tuple(words) == (PLAN.model, *PLAN.arguments)
    assert environment.keys() >= VARIABLES.keys()
    assert environment["VLLM_API_KEY"].startswith("${VLLM_API_KEY:?")
    assert {environment[name] for name in VARIABLES if name != "HF_HUB_OFFLINE"} == {"1"}


def test_the_users_service_is_a_command_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    (start,) = unit("twolane-serve.service")["Service"]["ExecStart"]
    program, *words = shlex.split(start.replace("%h", "/nowhere"))
    assert Path(program).name == "twolane"
    assert main([*words, "--json"]) == 0
    assert '"vllm": null' in capsys.readouterr().out


@pytest.mark.parametrize("name", ["vllm.service", "twolane-serve.service"])
def test_services_end_with_all_that_they_started(name: str) -> None:
    sections = unit(name)
    assert sections.keys() == {"Unit", "Service", "Install"}
    assert sections["Service"]["KillMode"] == ["mixed"]
    assert sections["Service"]["Restart"] == ["on-failure"]
