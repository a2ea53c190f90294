"""The shipped schemas are those of the models."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from twolane_server.settings.schema import schemas, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(schemas()))
def test_no_drift(name: str) -> None:
    shipped = (files("twolane_server.settings") / name).read_text("utf-8")
    assert shipped == schemas()[name], "run python -m twolane_server.settings.schema"


def test_they_are_written(tmp_path: Path) -> None:
    write(tmp_path)
    for name, text in schemas().items():
        assert json.loads((tmp_path / name).read_text("utf-8")) == json.loads(text)


def test_they_describe_every_key() -> None:
    for text in schemas().values():
        schema = json.loads(text)
        assert schema["additionalProperties"] is False
        for table in schema["$defs"].values():
            assert all("description" in key for key in table["properties"].values())
