"""Models, costs and the budget, as a person at a shell meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_cli import CLOUD_MODEL, SENTENCE, Shell
from support_fake_server import DONE, Answer, FakeServer, chunk, usage
from support_repository import put

if TYPE_CHECKING:
    from collections.abc import Iterator

SONNET = "anthropic/claude-sonnet-4.5"
# In the counts of the fake server an answer costs $1.24.
COUNTED = Answer((chunk(SENTENCE), chunk(finish="stop"), usage(1_200_000, 20_000), DONE))
PRICE = """
[prices."deepseek-v3.2"]
input = 1.0
output = 2
as_of = 2026-05-31
"""


@pytest.fixture
def cloud() -> Iterator[FakeServer]:
    with FakeServer(COUNTED, models=(CLOUD_MODEL, SONNET)).start_in_thread() as server:
        yield server


def settings(shell: Shell, toml: str) -> None:
    put(shell.folders.config / "settings.toml", toml)


def sent(cloud: FakeServer) -> list[str]:
    return [request.json["model"] for request in cloud.requests if request.body]


def test_cost_is_in_sight_before_and_after(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    settings(shell, PRICE)
    assert " come back, for $0.00" in shell.run("route", "docstring", shell.place).out
    told = shell.run("do", "docstring", shell.place).out
    assert " tokens, at most $0.00" in told
    assert "1200000 tokens in, 20000 out, $1.24" in told
    assert shell.run("do", "docstring", shell.place, "--json").json["cost_usd"] == 1.24
    rows = shell.run("ledger", "sum", "--by", "lane", "--json").json
    assert (rows["cost_usd"], rows["unpriced"]) == (2.48, 0)


def test_an_action_asks_its_own_model(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    settings(shell, '[actions.docstring]\ncloud_model = "claude-sonnet-4.5"')
    told = shell.run("route", "docstring", shell.place, "--json").json
    assert (told["model"], told["cost_usd"]) == ("claude-sonnet-4.5", None)
    assert "come back, of unknown cost" in shell.run("route", "docstring", shell.place).out
    result = shell.run("do", "docstring", shell.place, "--json").json
    assert (result["decision"]["lane"], result["cost_usd"]) == ("cloud", None)
    assert sent(cloud) == [SONNET]
    assert shell.run("ledger", "--json").json["model"] == SONNET


def test_a_budget_that_is_spent_turns_the_cloud_off(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    settings(shell, f"{PRICE}[budget]\nusd_per_month = 1.2")
    assert shell.run("do", "docstring", shell.place, "--json").json["decision"]["lane"] == "cloud"
    why = "$1.24 of the month's budget of $1.20 are spent"
    for words in (("route",), ("do",)):
        told = shell.run(*words, "docstring", shell.place, "--json").json
        decision = told.get("decision", told)
        assert (decision["lane"], decision["reasons"]) == ("local", [why])
    assert sent(cloud) == [CLOUD_MODEL]
    told = shell.run("do", "docstring", shell.place, "--lane", "cloud", "--json").json
    assert told["decision"]["reasons"] == ["you asked for the cloud lane", f"although {why}"]
    assert sent(cloud) == [CLOUD_MODEL] * 2


def test_a_budget_without_a_price_is_told_with_its_cure(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    model = '[actions.docstring]\ncloud_model = "claude-sonnet-4.5"\n'
    settings(shell, f"{model}[budget]\nusd_per_month = 20")
    (why,) = shell.run("route", "docstring", shell.place, "--json").json["reasons"]
    assert 'add [prices."claude-sonnet-4.5"] to the settings' in why
    priced = PRICE.replace("deepseek-v3.2", "claude-sonnet-4.5")
    settings(shell, f"{model}{priced}[budget]\nusd_per_month = 20")
    assert shell.run("do", "docstring", shell.place, "--json").json["cost_usd"] == 1.24
