"""All channels of the catalogue of leaks, in its order: a function each, named after its number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import support_channels_content
import support_channels_net
import support_channels_path
import support_channels_session
import support_channels_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_trial import Trial

__all__ = ["CHANNELS"]

_PARTS = (
    support_channels_path,
    support_channels_content,
    support_channels_session,
    support_channels_net,
    support_channels_time,
)
CHANNELS: dict[str, Callable[[Trial], None]] = {
    name: channel
    for part in _PARTS
    for name, channel in vars(part).items()
    if re.fullmatch(r"l\d\d_\w+", name)
}
