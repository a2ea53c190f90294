"""Models of single actions, prices and the budget, as the settings have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_repository import put
from twolane_server.actions.catalogue import ACTIONS
from twolane_server.problems import Problem
from twolane_server.settings.load import load
from twolane_server.settings.resolved import (
    PRICES,
    ActionSettings,
    Folders,
    Price,
    Settings,
)
from twolane_server.settings.sent import Actions

if TYPE_CHECKING:
    from pathlib import Path


def _load(root: Path, toml: str, options: object = None) -> tuple[Settings, tuple[Problem, ...]]:
    put(root / "config" / "settings.toml", toml)
    return load(Folders(root / "config", root / "state", root / "cache"), options, {})


def test_each_action_has_a_place_for_its_models() -> None:
    assert {action.name.partition("-")[0] for action in ACTIONS} <= set(Actions.model_fields)


def test_an_action_takes_its_own_model_and_otherwise_the_lane_s(tmp_path: Path) -> None:
    toml = """
        [cloud]
        model = "deepseek-v3.2"
        [actions.review]
        cloud_model = "claude-sonnet-4.5"
        [actions.docstring]
        local_model = "small"
        max_tokens = 300
    """
    settings, problems = _load(tmp_path, toml, {"actions": {"docstring": {"max_tokens": 400}}})
    assert problems == ()
    assert settings.cloud_model("review") == "claude-sonnet-4.5"
    assert settings.local_model("review") == settings.local.model
    assert settings.cloud_model("docstring") == "deepseek-v3.2"
    assert settings.action("docstring") == ActionSettings("docstring", None, "small", 400)
    assert settings.action("rewrite") == ActionSettings("rewrite")


@pytest.mark.parametrize(
    ("toml", "where", "message"),
    [
        (
            "actions.docstrng.cloud_model = 'x'",
            "actions.docstrng",
            "did you mean `actions.docstring`",
        ),
        ("actions.review.model = 'x'", "actions.review.model", "did you mean `actions.review.loca"),
        ("actions.review.max_tokens = 0", "actions.review.max_tokens", "greater than or equal to"),
        ("prices.m.inptu = 1", "prices.m.inptu", "did you mean `prices.m.input`?"),
        ("prices.m.input = -1", "prices.m.input", "must be greater than or equal to 0; ignored."),
        ("prices.m.as_of = 'May'", "prices.m.as_of", "must be a day such as 2026-05-31; ignored."),
        ("prices.m.as_of = 2026-05-31T10:00:00", "prices.m.as_of", "must be text; ignored."),
        ("prices.'' = {}", "prices.", "is empty; ignored."),
        ("prices = 3", "prices", "must be a table; ignored."),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, toml: str, where: str, message: str) -> None:
    _, problems = _load(tmp_path, toml)
    assert problems[0].where == f"settings.toml: {where}"
    assert message in problems[0].message


def test_a_price_has_a_day_and_takes_the_place_of_the_default_one(tmp_path: Path) -> None:
    toml = """
        [prices."deepseek-v3.2"]
        input = 0.14
        cached = 0.014
        output = 1
        as_of = 2026-05-31
        source = "the relay's page"
        [prices."claude-sonnet-4.5"]
        input = 3
        output = 15
        as_of = "2026-05-31"
    """
    settings, problems = _load(tmp_path, toml)
    assert problems == ()
    assert settings.prices == (
        Price("deepseek-v3.2", 0.14, 0.014, 1.0, "2026-05-31", "the relay's page"),
        Price("claude-sonnet-4.5", 3.0, 3.0, 15.0, "2026-05-31"),
    )


@pytest.mark.parametrize(
    "price", ["input = 1\noutput = 2", "input = 1\nas_of = 2026-05-31", "as_of = 2026-05-31"]
)
def test_a_price_that_is_not_whole_is_none(tmp_path: Path, price: str) -> None:
    """Not even the default of the same model: the user has said that it is another one."""
    settings, problems = _load(tmp_path, f'[prices."deepseek-v3.2"]\n{price}')
    message = "needs `input`, `output` and `as_of`; until then its cost is not known."
    assert problems == (Problem("prices.deepseek-v3.2", message),)
    assert settings.prices == ()


def test_the_default_price_names_its_day_and_its_source() -> None:
    assert [price.model for price in PRICES] == [Settings().cloud.model]
    assert all(price.as_of and price.source for price in PRICES)


def test_the_last_level_sets_the_budget(tmp_path: Path) -> None:
    assert _load(tmp_path, "")[0].usd_per_month is None
    toml = "[budget]\nusd_per_month = 20"
    assert _load(tmp_path, toml)[0].usd_per_month == 20
    settings, _ = _load(tmp_path, toml, {"budget": {"usd_per_month": 0}})
    assert settings.usd_per_month == 0


@pytest.mark.parametrize(
    "toml", ["[budget]\nusd_per_month = -1", "[budget]\nusd = 3", "budget = 20", "[buget]\nx = 1"]
)
def test_a_budget_that_is_not_known_lets_nothing_be_spent(tmp_path: Path, toml: str) -> None:
    settings, problems = _load(tmp_path, toml)
    assert settings.cloud_fault == "the budget in your settings cannot be used"
    assert [problem.message[-47:] for problem in problems] == [
        "Until that is mended, the cloud lane is not used."[-47:]
    ]
