"""The cloud lane's client. Only the border's gate may import this module; a test sees to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.errors import KeyUnusable, SettingsError
from twolane_server.lanes.address import address
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.key import read_key
from twolane_server.lanes.openai_chat import OpenAIChat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.lanes.key import Key
    from twolane_server.settings.resolved import Settings


def open_cloud(settings: Settings, environ: Mapping[str, str]) -> OpenAIChat:
    """The cloud lane, with its key and never over a line that others can read.

    Raises:
        KeyUnusable: there is no usable key.
        SettingsError: the URL cannot be used, or is plain http to another machine.
    """
    cloud = settings.cloud
    where = address(cloud.url, "cloud.url")
    if not where.secure and not where.loopback:
        raise SettingsError(
            f"cloud.url is plain http to {where.host}, where others can read along. Write https."
        )
    return OpenAIChat(
        LaneName.CLOUD, cloud, _key(settings, environ), renew=lambda: _key(settings, environ)
    )


def _key(settings: Settings, environ: Mapping[str, str]) -> Key:
    cloud = settings.cloud
    key = read_key(cloud.key, environ)
    if key is None:
        how = (
            f"Set the environment variable {cloud.key.environment}."
            if cloud.key.environment
            else "Set cloud.key in the settings."
        )
        raise KeyUnusable(f"The cloud lane has no key. {how}")
    return key
