"""The embedded model for tests that need it: there, fetched, or the test is skipped and says why."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from twolane_server.errors import ModelMissing
from twolane_server.folders import folders
from twolane_server.lanes.model_file import ensure_model
from twolane_server.lanes.openvino_model import check_installed
from twolane_server.settings.resolved import EmbeddedSettings

if TYPE_CHECKING:
    from pathlib import Path


def embedded_cache() -> Path:
    """The cache folder that holds the embedded model, fetched into it if need be.

    `TWOLANE_CACHE_DIR` names another folder than the user's own; with `TWOLANE_FULL=1` a missing
    model fails the test instead of skipping it.
    """
    cache = folders(os.environ).cache
    try:
        check_installed()
        asyncio.run(ensure_model(EmbeddedSettings(), cache))
    except ModelMissing as missing:
        if os.environ.get("TWOLANE_FULL") == "1":
            pytest.fail(f"the embedded model is not here: {missing}")
        pytest.skip(f"the embedded model is not here: {missing}")
    return cache
