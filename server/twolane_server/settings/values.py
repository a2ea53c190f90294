"""The values that settings may hold, each checked: URLs, names, days, numbers with their bounds.

A check raises `ValueError` with what the value must be, and never with the value: it may be a key.
"""

from __future__ import annotations

import re
from datetime import date
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from twolane_server.nearby import network
from twolane_server.rules import globs

__all__ = [
    "HOW_TO_GIVE_A_KEY",
    "WORD_LENGTH",
    "CloudUrl",
    "Count",
    "Day",
    "Dollars",
    "File",
    "Glob",
    "Language",
    "LocalUrl",
    "Model",
    "Network",
    "Retries",
    "Seconds",
    "Sent",
    "Share",
    "Tokens",
    "Variable",
    "Window",
    "Word",
]

WORD_LENGTH = 200
_DAY = 86_400
_LANGUAGE = re.compile(r"[^\W\d_](?:[^\W_]|[ ()-]){0,39}")
_TOKENS = 10_000_000
_DOLLARS = 1_000_000
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
    if not word or len(word) > WORD_LENGTH:
        raise ValueError(f"must have 1 to {WORD_LENGTH} characters")
    if not word.isprintable():
        raise ValueError("must not hold line ends or invisible characters")
    return word


def _language(name: str) -> str:
    if not _LANGUAGE.fullmatch(name.strip()):
        raise ValueError("must be the name of a language, such as English, Deutsch or pt-BR")
    return name.strip()


def _model_name(name: str) -> str:
    return _not_a_key(name.strip())


def _iso_day(day: object) -> object:
    """A day as TOML has it; a time of day is none."""
    return day.isoformat() if type(day) is date else day


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("must be a day such as 2026-05-31") from None


Dollars = Annotated[float, Field(ge=0, le=_DOLLARS, allow_inf_nan=False)]
Day = Annotated[
    str,
    AfterValidator(_day),
    BeforeValidator(_iso_day),
    Field(json_schema_extra={"format": "date"}),
]
Seconds = Annotated[float, Field(gt=0, le=_DAY, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Retries = Annotated[int, Field(ge=0, le=10)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Window = Annotated[int, Field(ge=512, le=_TOKENS)]
File = Annotated[str, AfterValidator(_not_a_key)]
Word = Annotated[str, AfterValidator(_word)]
Language = Annotated[str, AfterValidator(_language)]
Model = Annotated[str, AfterValidator(_model_name)]


LocalUrl = Annotated[str, AfterValidator(_local_url)]
Network = Annotated[str, AfterValidator(_own_network)]
CloudUrl = Annotated[str, AfterValidator(_cloud_url)]
Glob = Annotated[str, AfterValidator(_glob)]
Variable = Annotated[str, AfterValidator(_variable)]
Tokens = Annotated[int, Field(ge=16, le=_TOKENS)]


class Sent(BaseModel):
    """What one table may hold: nothing else, and nothing that is only like it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
