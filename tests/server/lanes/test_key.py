"""Keys: found, cleaned, checked, and never shown."""

from __future__ import annotations

import pickle
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from twolane_server.errors import KeyUnusable
from twolane_server.lanes.key import Key, read_key
from twolane_server.settings.resolved import KeySource

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "sk-" + "x" * 20
NAME = "SOME_KEY"


def from_environment(value: str) -> Key | None:
    return read_key(KeySource(environment=NAME), {NAME: value})


@pytest.mark.parametrize(
    "text",
    [GOOD, f"{GOOD}\n", f"  {GOOD}\r\n", f"\ufeff{GOOD}", f"\t{GOOD} \u00a0", f"\ufeff {GOOD}\n\n"],
)
def test_what_stands_around_a_key_goes(text: str) -> None:
    key = from_environment(text)
    assert key is not None
    assert key.header() == f"Bearer {GOOD}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("\ufeff", "is empty"),
        (f"{GOOD} {GOOD}", "a space"),
        (f"{GOOD}\n{GOOD}", "line break"),
        (f"{GOOD}\x00", "control"),
        (f"{GOOD}\x7f", "control"),
        (f"{GOOD}é", "not ASCII"),
        (f"{GOOD}\u200b", "not ASCII"),
        (GOOD * 1_000, "too much"),
    ],
)
def test_what_cannot_be_a_key_is_refused_by_place(text: str, why: str) -> None:
    with pytest.raises(KeyUnusable, match=why) as caught:
        from_environment(text)
    assert NAME in str(caught.value)
    assert "sk-" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_place_no_key() -> None:
    assert read_key(KeySource(), {NAME: GOOD}) is None
    assert read_key(KeySource(environment=NAME), {}) is None


def test_a_key_does_not_show() -> None:
    key = Key(GOOD)
    for shown in (repr(key), str(key), f"{key}", f"{key!r}", repr([key]), repr({"k": key})):
        assert "sk-" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(AttributeError):
        key.other = 1  # pyright: ignore[reportAttributeAccessIssue] - that is the test


def test_environment_then_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{GOOD}-file\n")
    source = KeySource(environment=NAME, file=file)
    for environ, end in (({NAME: GOOD}, "x"), ({NAME: " "}, "-file"), ({}, "-file")):
        key = read_key(source, environ)
        assert key is not None
        assert key.header().endswith(end)


def test_files_that_hold_no_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    source = KeySource(file=file)
    with pytest.raises(KeyUnusable, match="not there"):
        read_key(source, {})
    file.mkdir()
    with pytest.raises(KeyUnusable, match="cannot be read"):
        read_key(source, {})
    file.rmdir()
    file.write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(KeyUnusable, match="not plain text") as caught:
        read_key(source, {})
    assert caught.value.__cause__ is None
    assert str(file) in str(caught.value)


def test_a_file_saved_by_notepad(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n")
    key = read_key(KeySource(file=file), {})
    assert key is not None
    assert key.header() == f"Bearer {GOOD}"


def _keyring(monkeypatch: pytest.MonkeyPatch, held: str | None, *, locked: bool = False) -> None:
    """A key store that holds `held`."""
    ring, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    error = type("KeyringError", (Exception,), {})

    def get_password(service: str, user: str) -> str | None:
        assert (service, user) == ("our-service", "twolane")
        if locked:
            raise error(GOOD)
        return held

    ring.get_password = get_password  # pyright: ignore[reportAttributeAccessIssue] - a stand-in
    ring.errors = errors  # pyright: ignore[reportAttributeAccessIssue] - a stand-in
    errors.KeyringError = error  # pyright: ignore[reportAttributeAccessIssue] - a stand-in
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def test_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    _keyring(monkeypatch, f"{GOOD}\n")
    key = read_key(KeySource(environment=NAME, keyring="our-service"), {})
    assert key is not None
    assert key.header() == f"Bearer {GOOD}"


def test_keyrings_that_hold_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    source = KeySource(keyring="our-service")
    _keyring(monkeypatch, None)
    with pytest.raises(KeyUnusable, match="our-service is not there"):
        read_key(source, {})
    _keyring(monkeypatch, None, locked=True)
    with pytest.raises(KeyUnusable, match="locked") as caught:
        read_key(source, {})
    assert "sk-" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeyUnusable, match=r"pip install 'twolane\[keyring\]'"):
        read_key(source, {})
