"""What a fault of a lane is, in the words of the tests: what a server does, and what is required.

The rows of the catalogue are in `support_fault_rows*.py`; each is a function of a `random.Random`, so
that a seed decides where an answer breaks, how its bytes are packed and which wording a server uses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from support_fake_server import DONE, MODEL, Answer, event
from twolane_server.errors import AnswerIncomplete, TwolaneError

if TYPE_CHECKING:
    import random
    import ssl
    from collections.abc import Callable

    from twolane_server.lanes.base import LaneName

KEY = "sk-" + "zebra" * 5
PROMPT = "quokka_of_the_prompt"
REPLY = "wombat_of_the_reply"
CANARIES = (KEY, "zebra", PROMPT, "quokka", REPLY, "wombat")
"""Never in an error, a notice or a log; servers repeat all of them in their own errors."""

CLOUD_MODEL = "deepseek-v3.2"
MODELS = (MODEL, CLOUD_MODEL)
SLACK = 25.0
"""Seconds for a busy machine, on top of what a limit allows; less than any limit that is not meant."""

ECHO = f"Bad request: key {KEY}, prompt 'def {PROMPT}(): ...', so far '{REPLY}'"
"""What a talkative server says."""


@dataclass(frozen=True)
class Limits:
    """The lane's limits in seconds, and how long the whole may take."""

    connect: float = 60.0
    idle: float = 60.0
    deadline: float = 75.0

    @property
    def short(self) -> bool:
        """Whether a limit is what ends the request."""
        return min(self.idle, self.deadline) < 10.0


# Long enough that what a server said before it fell silent is read in time, on a busy machine, too.
IDLE = Limits(idle=2.0)
DEADLINE = Limits(deadline=3.0)


@dataclass(frozen=True)
class Fault:
    """What a server does, and what is required of the lane.

    Attributes:
        answers: what it does when asked for an answer, in turn.
        error: how that must end; `None`: with the whole answer.
        words: what the sentence must hold.
        text: the whole answer, where there is one.
        said: whether some of the answer comes before the fault; `None` where that is a matter of
            luck.
        outcome: what the ledger says of it; empty for the error's name, or `stop` without one.
        answered_by: another model than was asked, which the ledger must tell.
        models: what the server does when asked for its models, if not list them. If that is the
            fault, nothing is sent and nothing recorded.
        ids: the models that it lists.
        limits: of the lane.
        seconds: how long it may take at most, without the slack.
        asked: how often the lane asks for an answer: once, and again for what passes.
        retries: how often it may ask again.
        at_least: how many seconds it must take, since the server asked for a pause.
        rests: the lanes that leave the server alone afterwards; the local one never does for long.
        url: where the lane is told to go, if not to the server.
        tls: the server speaks TLS with this.
        key: what is put where the lane's key is looked for.
        sent: whether a request for an answer gets out at all.
    """

    answers: tuple[Answer, ...] = ()
    error: type[TwolaneError] | None = AnswerIncomplete
    words: tuple[str, ...] = ()
    text: str = ""
    said: bool | None = False
    outcome: str = ""
    answered_by: str | None = None
    models: Answer | None = None
    ids: tuple[str, ...] = MODELS
    limits: Limits = Limits()
    seconds: float = 0.5
    asked: int = 1
    retries: int = 0
    at_least: float = 0.0
    rests: tuple[LaneName, ...] = ()
    url: str = ""
    tls: ssl.SSLContext | None = None
    key: str = KEY
    sent: bool = True

    @property
    def recorded(self) -> list[str]:
        """The ledger's words for it: one for each time that the lane asked."""
        if not self.sent:
            return []
        last = self.outcome or (self.error.__name__ if self.error else "stop")
        return ["LaneRejected"] * (self.asked - 1) + [last]


@dataclass(frozen=True)
class Row:
    """A row of the catalogue: its number, what it is, and its fault for each seed."""

    number: int
    name: str
    make: Callable[[random.Random], Fault]

    def __str__(self) -> str:
        return f"{self.number:02} {self.name}"


@dataclass(frozen=True)
class Stream:
    """A whole answer as some server writes it.

    Attributes:
        events: in order.
        text: what they say together.
        first: the index of the first event with text.
        last: the index of the event with the finish reason.
    """

    events: tuple[bytes, ...]
    text: str
    first: int
    last: int

    def until(self, index: int) -> bytes:
        """The bytes before the event of that index."""
        return b"".join(self.events[:index])

    @property
    def whole(self) -> bytes:
        """All bytes."""
        return b"".join(self.events)


_WORDS = ("Greets", " somebody", " wörld", " 🙂", "\n", "    ", " 日本", "\u2028", '"', "\\n", " 1")


def written(
    chance: random.Random,
    finish: str | None = "stop",
    *,
    least: int = 2,
    more: Callable[[int], dict[str, object]] = lambda _: {},
) -> Stream:
    """An answer in one of the many ways in which servers write it.

    Args:
        chance: decides.
        finish: the finish reason; `None` for none.
        least: how many chunks of text there are at least.
        more: what else the chunk of an index holds.
    """
    texts = [REPLY, *chance.choices(_WORDS, k=chance.randint(least, least + 8) - 1)]
    fixed: dict[str, object] = {"object": "chat.completion.chunk", "model": MODEL}
    if chance.random() < 0.6:
        fixed |= {"id": f"chatcmpl-{chance.getrandbits(32):x}", "created": 1_770_000_000}
    counts = {"prompt_tokens": 10, "completion_tokens": len(texts)}
    usage = chance.choice(("none", "own", "last"))
    comment = chance.choice((b"", b"", b": keep-alive\n\n", b":\n\n", b"event: message\n"))

    def said(index: int, delta: dict[str, object], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return comment + event({**fixed, "choices": [choice], **more(index)})

    events: list[bytes] = []
    if chance.random() < 0.8:
        events.append(said(0, {"role": "assistant", "content": chance.choice(("", None))}))
    if chance.random() < 0.2:
        events.append(said(0, {"reasoning_content": REPLY}))
    first = len(events)
    events += [said(index, {"content": text}) for index, text in enumerate(texts)]
    last = len(events)
    if finish is not None:
        events.append(said(len(texts), {}, finish))
    if usage == "own":
        events.append(event({**fixed, "choices": [], "usage": counts}))
    elif usage == "last" and finish is not None:
        document = json.loads(events[-1].partition(b"data: ")[2])
        events[-1] = event({**document, "usage": counts})
    if chance.random() < 0.8:
        events.append(DONE)
    return Stream(tuple(events), "".join(texts), first, last)


def packed(chance: random.Random, data: bytes) -> tuple[bytes | float, ...]:
    """The same bytes in packets: one, a few, many, or a byte at a time where that is not too many."""
    way = chance.choice(("one", "few", "many", "bytes"))
    if way == "one" or len(data) < 2:
        return (data,) if data else ()
    if way == "bytes" and len(data) <= 1_200:
        return tuple(data[at : at + 1] for at in range(len(data)))
    count = chance.randint(1, 4) if way == "few" else chance.randint(5, 30)
    cuts = sorted({chance.randrange(1, len(data)) for _ in range(count)})
    parts = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    pieces: list[bytes | float] = []
    for part in parts:
        pieces.append(part)
        if chance.random() < 0.2:
            pieces.append(0.001)
    return tuple(pieces)


def cut_off(chance: random.Random, answer: Answer) -> Answer:
    """The same answer, and then the connection ends in one of the ways in which connections end."""
    way = chance.choice(("cut", "reset", "close"))
    if way == "close":
        return replace(answer, framed=False)
    return replace(answer, clean=False, reset=way == "reset")
