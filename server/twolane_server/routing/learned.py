"""What the local lane's server taught about our estimates of its models' tokens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.calibration import Calibration

if TYPE_CHECKING:
    from twolane_server.prompts import Prompt
    from twolane_server.settings.resolved import Settings

__all__ = ["Learned"]


class Learned:
    """A calibration for each server and model."""

    def __init__(self) -> None:
        self._calibrations: dict[tuple[str, str], Calibration] = {}

    def calibration(self, settings: Settings, model: str) -> Calibration:
        """What is known of a model, by its name in the settings."""
        return self._calibrations.get((settings.local.url, model), Calibration())

    async def take(self, prompt: Prompt, settings: Settings, counted: int) -> None:
        """Learn from a prompt's tokens as the server counted them."""
        model = settings.local_model(prompt.action)
        estimated = await asyncio.to_thread(prompt.tokens, model)
        learned = self.calibration(settings, model).learned(estimated, counted)
        self._calibrations[settings.local.url, model] = learned
