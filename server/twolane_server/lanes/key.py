"""A lane's key: found, checked once, and then hard to lose into a log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from twolane_server.errors import KeyUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from twolane_server.settings.resolved import KeySource

KEYRING_USER = "twolane"
_LONGEST = 4_096
_BOM = "\ufeff"


class Key:
    """A key that can be sent, and neither printed, formatted, compared by others nor pickled.

    Args:
        value: the bare key, already checked (see `read_key`).
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_Key__value", value)

    def header(self) -> str:
        """The value of the `authorization` header. The only way out."""
        return f"Bearer {self.__value}"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a key is immutable")

    def __repr__(self) -> str:
        return "<Key>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled: the copy would not be hidden")


def read_key(source: KeySource, environ: Mapping[str, str]) -> Key | None:
    """The key from the first place that holds one: environment, file, keyring.

    A place that is set but blank, or a file or keyring entry that is not there, is passed over as
    long as another place holds a key. White space, newlines and a byte order mark around the key
    go; anything else that cannot stand in an HTTP header is refused.

    Returns:
        The key, or None when no place is configured or the only one is an unset variable.

    Raises:
        KeyUnusable: a place holds what cannot be a key, or none holds one. Names the place only.
    """
    empty: list[str] = []
    if source.environment is not None and source.environment in environ:
        place = f"the environment variable {source.environment}"
        if key := _checked(environ[source.environment], place):
            return key
        empty.append(f"{place} is empty")
    if source.file is not None:
        place = f"the key file {source.file}"
        text = _file_text(source.file, place)
        if text is not None and (key := _checked(text, place)):
            return key
        empty.append(f"{place} is {'not there' if text is None else 'empty'}")
    if source.keyring is not None:
        place = f"the keyring entry {source.keyring}"
        text = _keyring_text(source.keyring, place)
        if text is not None and (key := _checked(text, place)):
            return key
        empty.append(f"{place} is {'not there' if text is None else 'empty'}")
    if empty:
        raise KeyUnusable(_sentence("; ".join(empty)) + " Put the key there, or unset the place.")
    return None


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _no_key(what: str) -> KeyUnusable:
    return KeyUnusable(f"{_sentence(what)} Put the key there, and nothing else.")


def _checked(text: str, place: str) -> Key | None:
    """The key in `text`, or None when there is only white space."""
    value = text.removeprefix(_BOM).strip()
    if not value:
        return None
    if len(value) > _LONGEST:
        raise _no_key(f"{place} holds too much text for a key")
    if not value.isascii():
        raise _no_key(f"{place} holds letters that no key has (not ASCII)")
    if any(not "!" <= character <= "~" for character in value):
        raise _no_key(f"{place} holds a space, a line break or a control character inside the key")
    return Key(value)


def _file_text(file: Path, place: str) -> str | None:
    try:
        with file.open("rb") as stream:
            raw = stream.read(4 * _LONGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyUnusable(
            _sentence(f"{place} cannot be read ({error.strerror})") + " Make it yours to read."
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # `from None`: the error's object holds the bytes that were read.
        raise _no_key(f"{place} is not plain text in UTF-8") from None


def _keyring_text(service: str, place: str) -> str | None:
    try:
        import keyring  # noqa: PLC0415 - an optional extra
        import keyring.errors  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise KeyUnusable(
            _sentence(f"{place} cannot be read, since the package keyring is not installed")
            + f" Run: {sys.executable} -m pip install 'twolane[keyring]'"
        ) from None
    try:
        return keyring.get_password(service, KEYRING_USER)
    except keyring.errors.KeyringError:
        raise KeyUnusable(
            _sentence(f"{place} cannot be read: no key store is available or it is locked")
            + " Unlock it, or put the key into a file."
        ) from None
