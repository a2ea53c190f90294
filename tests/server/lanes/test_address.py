"""Base URLs."""

from __future__ import annotations

import pytest

from twolane_server.errors import SettingsError
from twolane_server.lanes.address import address


@pytest.mark.parametrize(
    ("url", "base", "host", "secure", "loopback"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1", "127.0.0.1:8000", False, True),
        ("https://Relay.example/v1/", "https://Relay.example/v1", "relay.example:443", True, False),
        (" http://localhost/v1 ", "http://localhost/v1", "localhost:80", False, True),
        ("http://[::1]:9/v1", "http://[::1]:9/v1", "[::1]:9", False, True),
        ("http://127.0.0.1.evil.example/v1", None, "127.0.0.1.evil.example:80", False, False),
        ("http://10.0.0.7/v1", None, "10.0.0.7:80", False, False),
        ("http://0.0.0.0:1/v1", None, "0.0.0.0:1", False, False),
    ],
)
def test_parts(url: str, base: str | None, host: str, *, secure: bool, loopback: bool) -> None:
    found = address(url, "local.url")
    assert (found.host, found.secure, found.loopback) == (host, secure, loopback)
    assert found.base == (base or url)


@pytest.mark.parametrize("url", ["x", "http:///v1", "//h/v1", "file:///etc", "http://h:99999/v1"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(SettingsError, match=r"cloud\.url"):
        address(url, "cloud.url")


def test_a_password_in_the_url_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match=r"cloud\.key") as caught:
        address("https://me:hunter2@h/v1", "cloud.url")
    assert "hunter2" not in str(caught.value)
