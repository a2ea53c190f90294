"""What a person may write: `settings.toml`, `initializationOptions`, and a repository's `twolane.toml`.

These models check and describe; the program uses the frozen types of `resolved` and `policy`. The
JSON schemas are made from them (`python -m twolane_server.settings.schema`).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from twolane_server import globs
from twolane_server.nearby import network

__all__ = ["CloudLane", "Embedded", "LocalLane", "Nda", "SentPolicy", "SentSettings"]

_WORD_LENGTH = 200
_DAY = 86_400
_TOKENS = 10_000_000
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What keys of providers look like; nobody names a file or a variable so.
_KEY = re.compile(r"(?i)(?:sk|pk|rk|hf|gsk|xai|ghp|key)[-_].{12,}|(?=.*\d)[A-Za-z0-9]{24,}")
HOW_TO_GIVE_A_KEY = (
    "a key is not written here: put it into an environment variable and name that in "
    "`key_environment`, or into a file of its own and name that in `key_file`"
)


def _plain_http(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s\\]", url):
        raise ValueError("must be a URL such as https://example.com/v1")
    if "@" in parts.netloc:
        raise ValueError(f"must not hold a user name or password; {HOW_TO_GIVE_A_KEY}")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError(f"must end before any ? or #; {HOW_TO_GIVE_A_KEY}")
    return url.rstrip("/")


def _own_network(text: str) -> str:
    try:
        return str(network(text))
    except ValueError as error:
        said = str(error) if str(error).startswith("is ") else "must be an address or a network"
        raise ValueError(f"{said}, such as 203.0.113.7 or 10.1.0.0/16") from None


def _local_url(url: str) -> str:
    return url if url.startswith("scripted:") else _plain_http(url)


def _cloud_url(url: str) -> str:
    url = _plain_http(url)
    parts = urlsplit(url)
    if parts.scheme == "http" and not _on_this_machine(parts.hostname or ""):
        raise ValueError("must start with https://, since it leads to another machine")
    return url


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _not_a_key(text: str) -> str:
    if _KEY.fullmatch(text.strip()):
        raise ValueError(f"looks like a key; {HOW_TO_GIVE_A_KEY}")
    if not text.strip():
        raise ValueError("is empty")
    return text


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(_not_a_key(name)):
        raise ValueError(f"must be the name of an environment variable; {HOW_TO_GIVE_A_KEY}")
    return name


def _glob(glob: str) -> str:
    if wrong := globs.fault(glob):
        raise ValueError(wrong)
    return glob


def _word(word: str) -> str:
    word = word.strip()
    if not word or len(word) > _WORD_LENGTH:
        raise ValueError(f"must have 1 to {_WORD_LENGTH} characters")
    if not word.isprintable():
        raise ValueError("must not hold line ends or invisible characters")
    return word


def _model_name(name: str) -> str:
    return _not_a_key(name.strip())


_Seconds = Annotated[float, Field(gt=0, le=_DAY, allow_inf_nan=False)]
_Window = Annotated[int, Field(ge=512, le=_TOKENS)]
_File = Annotated[str, AfterValidator(_not_a_key)]
_Word = Annotated[str, AfterValidator(_word)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class _Lane(_Sent):
    model: Annotated[str, AfterValidator(_model_name)] | None = Field(
        default=None, description="An id of the server, or a part of one that fits a single id."
    )
    key_environment: Annotated[str, AfterValidator(_variable)] | None = Field(
        default=None, description="The name of the environment variable that holds the key."
    )
    key_file: _File | None = Field(
        default=None,
        description="A file that holds the key and nothing else; relative to the config folder.",
    )
    key_keyring: _File | None = Field(
        default=None, description="The service in the desktop's key store; the user is `twolane`."
    )
    window: _Window | None = Field(
        default=None, description="How many tokens prompt and answer may have together."
    )
    connect_seconds: _Seconds | None = Field(
        default=None, description="How long a connection may take."
    )
    idle_seconds: _Seconds | None = Field(
        default=None, description="How long the answer may pause."
    )
    deadline_seconds: _Seconds | None = Field(
        default=None, description="How long the whole answer may take."
    )


class LocalLane(_Lane):
    """The team's own model, which code under NDA stays with."""

    url: Annotated[str, AfterValidator(_local_url)] | None = Field(
        default=None,
        description="The base URL of an OpenAI-compatible API, up to and with /v1; or `scripted:` "
        "and a name, for the fake that needs no server.",
    )
    allow: list[Annotated[str, AfterValidator(_own_network)]] | None = Field(
        default=None,
        description="Addresses and networks that the URL may lead to, beside this machine and "
        'private networks: `["203.0.113.7", "100.64.0.0/10"]`.',
    )


class CloudLane(_Lane):
    """The relay for open code. Plain http only on this machine."""

    url: Annotated[str, AfterValidator(_cloud_url)] | None = Field(
        default=None,
        description="The base URL of an OpenAI-compatible API, up to and with /v1.",
    )


class Embedded(_Sent):
    """The model in twolane's own process, for when nothing answers on the local lane's URL."""

    enabled: bool | None = Field(default=None, description="Whether it may stand in.")
    gguf: _File | None = Field(
        default=None,
        description="A model file of your own; relative to the config folder.",
    )
    window: _Window | None = Field(
        default=None, description="How many tokens prompt and answer may have together."
    )


class Nda(_Sent):
    """What is under NDA."""

    paths: list[Annotated[str, AfterValidator(_glob)]] = Field(
        default=[],
        description="Globs in gitignore syntax for files under NDA, relative to the folder of "
        "twolane.toml (in your own settings, to each repository). No `!`: rules only tighten.",
    )
    markers: list[_Word] = Field(
        default=[],
        description="Words in a file's head that put it under NDA, beside CONFIDENTIAL, NDA, "
        "TRADE SECRET and PROPRIETARY AND CONFIDENTIAL.",
    )
    words: list[_Word] = Field(
        default=[],
        description="Names of clients and projects; a prompt that holds one stays local.",
    )


class SentSettings(_Sent):
    """Your own settings of twolane."""

    model_config = ConfigDict(title="twolane settings.toml")

    mode: Literal["auto", "local", "cloud"] | None = Field(
        default=None,
        description="How the lane is chosen; code under NDA stays local in every mode.",
    )
    local: LocalLane = LocalLane()
    cloud: CloudLane = CloudLane()
    embedded: Embedded = Embedded()
    nda: Nda = Nda()


class SentPolicy(_Sent):
    """What a repository says about itself. It can only tighten."""

    model_config = ConfigDict(title="twolane.toml")

    nda: Nda = Nda()
