"""The cloud lane opens only with a key and over a closed line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twolane_server.errors import KeyUnusable, SettingsError
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.cloud import open_cloud
from twolane_server.settings.resolved import CLOUD, KeySource, Settings

KEY = {"HOLYSHEEP_API_KEY": "sk-" + "x" * 20}


def settings(url: str) -> Settings:
    return Settings(cloud=replace(CLOUD, url=url))


def test_the_default() -> None:
    lane = open_cloud(Settings(), KEY)
    assert lane.name is LaneName.CLOUD
    assert lane.host == "api.holysheep.ai:443"


def test_without_a_key_it_names_the_variable() -> None:
    with pytest.raises(KeyUnusable, match="HOLYSHEEP_API_KEY"):
        open_cloud(Settings(), {})
    with pytest.raises(KeyUnusable, match=r"cloud\.key"):
        open_cloud(Settings(cloud=replace(CLOUD, key=KeySource())), {})


@pytest.mark.parametrize(
    "url", ["http://relay.example/v1", "http://10.0.0.1/v1", "http://localhost.evil.example/v1"]
)
def test_plain_http_only_to_this_machine(url: str) -> None:
    with pytest.raises(SettingsError, match="plain http"):
        open_cloud(settings(url), KEY)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://localhost/v1", "http://[::1]/v1"])
def test_this_machine_may_speak_plainly(url: str) -> None:
    assert open_cloud(settings(url), KEY).name is LaneName.CLOUD
