"""From what went wrong on the wire to one sentence that a person can act on.

The sentences are made of the host, the status and numbers. A server's own words never appear in
them: servers repeat the prompt in their errors.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx

from twolane_server.errors import LaneRejected, LaneUnreachable, OutOfFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_server.errors import LaneError
    from twolane_server.lanes.base import LaneName

_NUMBER = r" ?(\d[\d,]{0,11})"
_MAXIMUM = re.compile(
    r"(?:maximum (?:context|model) length (?:is|of)|context (?:length|size) (?:only supports|of only|\()"
    rf'|"n_ctx":){_NUMBER}',
    re.IGNORECASE,
)
_NEEDED = re.compile(
    r"(?:at least|requested(?: about)?|total of|resulted in|contains|has|with|keep the first"
    rf'|(?:input|request) \(|"n_prompt_tokens":){_NUMBER}(?:(?: \w+){{0,2}} tokens|\s*[,}}])',
    re.IGNORECASE,
)
_SERVER_FAULT = 500
_DAY = 86_400
_NETWORK = "Check the network, or correct {setting}"
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom a lane talks to, in the words of a person.

    Attributes:
        lane: which lane.
        host: `host:port`.
        key_place: where the key was looked for, or None.
    """

    lane: LaneName
    host: str
    key_place: str | None = None


def unreachable(peer: Peer, error: BaseException, seconds: float) -> LaneError:
    """Why no connection came about: `LaneUnreachable`, or `OutOfFiles` where it is our own fault.

    The first sentence stands alone.

    Args:
        peer: who did not answer.
        error: what httpx raised; its causes are looked through.
        seconds: how long the connection was allowed to take.
    """
    setting = f"{peer.lane}.url in the settings"
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in {errno.EMFILE, errno.ENFILE}:
            return OutOfFiles(
                f"No connection to {peer.host} could be opened (too many open files). Close some"
                " programs, or restart the editor."
            )
        if (found := _why(cause, seconds)) is not None:
            why, what_to_do = found
            return LaneUnreachable(
                f"{why.format(host=peer.host)}. {what_to_do.format(setting=setting)}."
            )
    return LaneUnreachable(
        f"Nothing answers at {peer.host} (no connection). {_NETWORK.format(setting=setting)}."
    )


def _why(cause: BaseException, seconds: float) -> tuple[str, str] | None:
    """What happened, with `{host}` in it, and what to do with `{setting}`."""
    found: tuple[str, str] | None = None
    match cause:
        case ssl.SSLCertVerificationError():
            why = f" ({word})" if (word := _plain(cause.verify_message)) else ""
            found = (
                f"The TLS certificate of {{host}} is not trusted here{why}",
                "Add its authority to the system's trust store, or correct {setting}",
            )
        case ssl.SSLError():
            found = (
                "No TLS connection to {host} came about",
                "If the server speaks plain HTTP, write http:// in {setting}",
            )
        case socket.gaierror():
            found = "Nothing answers at {host} (no such name is known)", _NETWORK
        case ConnectionRefusedError():
            found = (
                "Nothing answers at {host} (connection refused)",
                "Start the server there, or correct {setting}",
            )
        case TimeoutError() | httpx.ConnectTimeout():
            found = (
                f"Nothing answers at {{host}} (no connection within {seconds:g} s)",
                _NETWORK,
            )
        case _:
            pass
    return found


def _plain(words: str) -> str:
    """OpenSSL's words where they can stand in a sentence of ours."""
    return words if words.isprintable() and not set(words) & set("{}") else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from and, where several attempts failed, each of them."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            waiting += cast("tuple[BaseException, ...]", cause.exceptions)
        waiting += [one for one in (cause.__cause__, cause.__context__) if one is not None]


def rejected(
    peer: Peer,
    status: int,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    wait: float | None = None,
) -> LaneRejected:
    """What a status other than 200 means for a person.

    Args:
        peer: who said no.
        status: the HTTP status.
        body: the start of what the server wrote; only two numbers are ever taken from it.
        headers: the response's, in lower case.
        wait: how many seconds the server wants to be left alone; see `retry.seconds_asked`.
    """
    headers = headers or {}
    if status in _REDIRECTS:
        sentence = _redirect(peer, headers.get("location", ""))
    elif status >= _SERVER_FAULT:
        sentence = f"{peer.host} has a fault of its own. Try again in a while."
    else:
        sentence = _refusal(peer, status, body, wait)
    return LaneRejected(f"{sentence} (HTTP {status})", status=status, retry_after=wait)


def _refusal(peer: Peer, status: int, body: bytes, wait: float | None) -> str:
    host, lane = peer.host, peer.lane
    match status:
        case 400 | 413 | 422:
            sentence = overflow(peer.host, body.decode("utf-8", "replace")) or (
                f"{host} cannot use the request. Select less, or check {lane}.model in the"
                " settings."
            )
        case 401 | 403:
            sentence = (
                f"{host} does not accept the key of the {lane} lane. Check {peer.key_place}."
                if peer.key_place
                else (
                    f"{host} asks for a key. Name the variable or the file that holds it, with"
                    f" {lane}.key_environment or {lane}.key_file in the settings."
                )
            )
        case 402:
            sentence = f"The account at {host} has no balance left. Top it up."
        case 404:
            sentence = (
                f"{host} does not know the model or the address. Check {lane}.model and"
                f" {lane}.url in the settings; most addresses end in /v1."
            )
        case 408 | 409 | 425:
            sentence = f"{host} could not take the request just now. Try again."
        case 429:
            after = f"in {ceil(wait)} s" if wait and wait <= _DAY else "in a while"
            sentence = f"{host} limits how often it may be asked. Try again {after}."
        case _:
            sentence = f"{host} refused the request. Check the {lane} lane in the settings."
    return sentence


def _redirect(peer: Peer, location: str) -> str:
    try:
        other = urlsplit(location).hostname or ""
    except ValueError:
        other = ""
    to = f" to {other[:100]}" if other.isascii() and other.isprintable() and other else ""
    return (
        f"{peer.host} wants to send the request on{to}, which twolane never does. If that is"
        f" right, write the new address into {peer.lane}.url in the settings."
    )


def overflow(host: str, text: str) -> str | None:
    """What a server's error says of a prompt that is too long for its model; None if it says none.

    In the words of vLLM, SGLang, llama.cpp, LM Studio and relays; only numbers are taken from them.
    """
    if (maximum := _MAXIMUM.search(text)) is None:
        return None
    most = int(maximum[1].replace(",", ""))
    needed = [int(found[1].replace(",", "")) for found in _NEEDED.finditer(text)]
    more = [number for number in needed if number != most]
    asked = f", and this request needs at least {max(more):,}" if more else ""
    return f"The model at {host} holds {most:,} tokens{asked}. Select less."
