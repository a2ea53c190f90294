"""What must hold before bytes go to the cloud: small pure questions, in the order of `CHECKS`.

Each looks at the facts and returns a reason why not, or `None`. The gate asks all of them about the
final bytes at the moment of sending; and, where the server must first be asked for the model's id,
about the draft before and about the final bytes after. Each time the owner's and the repository's
word is read afresh.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import SplitResult, urlsplit

from twolane_server.border.searches import Searches
from twolane_server.fragments import Label

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.border.standing import Standing

__all__ = ["CHECKS", "MAX_BYTES", "Check", "Facts", "refusals"]

MAX_BYTES = 1_048_576
"""No body is larger, whatever its tokens: a megabyte of prompt is a mistake."""

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """All that a check may know.

    Attributes:
        label: the highest label of the prompt's fragments.
        standing: what owner and repository say now.
        body: the bytes that would be sent.
        tokens: about how many tokens prompt and answer may take together.
        window: how many the cloud lane holds.
        url: the cloud lane's base URL in the user's settings.
        host: where the lane at hand sends to, `host:port`.
        searches: look for what must not leave.
    """

    label: Label
    standing: Standing
    body: bytes
    tokens: int
    window: int
    url: str
    host: str
    searches: Searches = field(default_factory=Searches)


Check: TypeAlias = "Callable[[Facts], str | None]"


def prompt_is_open(facts: Facts) -> str | None:
    """The prompt's own label, which each fragment got when it was cut."""
    return None if facts.label is Label.OPEN else "NDA (part of the prompt was cut from NDA code)"


def sources_are_open(facts: Facts) -> str | None:
    """The label of the fragments' files as it is now."""
    if facts.standing.label is Label.OPEN:
        return None
    return f"NDA ({', '.join(facts.standing.reasons) or 'its file'})"


def repository_is_granted(facts: Facts) -> str | None:
    """The owner's grant."""
    if facts.standing.granted:
        return None
    if facts.standing.reasons and facts.standing.label is Label.OPEN:
        return "; ".join(facts.standing.reasons)
    return "this repository may not use the cloud lane (twolane trust grants it)"


def no_forbidden_word(facts: Facts) -> str | None:
    """Names of clients and projects, in any spelling."""
    return facts.searches.word(facts.body, facts.standing.words)


def no_secret(facts: Facts) -> str | None:
    """Keys, tokens and passwords, in plain or wrapped."""
    return facts.searches.secret(facts.body)


def no_nda_code(facts: Facts) -> str | None:
    """Code of files under NDA, wherever it was found, in plain or wrapped."""
    return facts.searches.nda_code(facts.body, facts.standing.prints)


def size_in_tokens(facts: Facts) -> str | None:
    """Prompt and answer within the lane's window."""
    if facts.tokens <= facts.window:
        return None
    return (
        f"about {facts.tokens:,} tokens with the answer do not fit "
        f"the cloud lane's window of {facts.window:,}"
    )


def size_in_bytes(facts: Facts) -> str | None:
    """A cap that no tokenizer's estimate can move."""
    if len(facts.body) <= MAX_BYTES:
        return None
    return f"{len(facts.body):,} bytes are more than the {MAX_BYTES:,} that one request may have"


def destination_is_configured(facts: Facts) -> str | None:
    """The lane at hand sends to the host and port of the user's settings, and to no other."""
    wanted = _address(facts.url)
    if wanted is not None and wanted == _address(f"{urlsplit(facts.url).scheme}://{facts.host}"):
        return None
    return "the cloud lane's address is not the one in the settings (cloud.url)"


def destination_is_private(facts: Facts) -> str | None:
    """Encrypted on its way, or on this machine."""
    parts = urlsplit(facts.url) if _address(facts.url) is not None else SplitResult(*[""] * 5)
    if parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or "")):
        return None
    return "the cloud lane's address (cloud.url) is not https"


CHECKS: tuple[Check, ...] = (
    prompt_is_open,
    sources_are_open,
    repository_is_granted,
    no_forbidden_word,
    no_nda_code,
    no_secret,
    size_in_tokens,
    size_in_bytes,
    destination_is_configured,
    destination_is_private,
)


def refusals(facts: Facts, checks: tuple[Check, ...] = CHECKS) -> tuple[str, ...]:
    """Every reason why these bytes may not leave, in the checks' order; none means they may."""
    return tuple(reason for check in checks if (reason := check(facts)) is not None)


def _address(url: str) -> tuple[str, int] | None:
    """Host and port, or `None` for a URL that names none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname.rstrip("."), port) if parts.hostname and port else None


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
