"""What the ledger records: a `Sending` before bytes go out, its `Outcome` after, and both as a `Row`."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from twolane_server.border.chain import canonical
from twolane_server.errors import LedgerError
from twolane_server.fragments import Origin
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.prices import cost

if TYPE_CHECKING:
    from twolane_server.fragments import Label
    from twolane_server.prompts import Prompt
    from twolane_server.settings.resolved import Price

__all__ = ["Outcome", "Row", "Sending", "origins"]

_MODEL = re.compile(r"[\w./:@+-]{1,100}", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]{1,40}")


def origins(prompt: Prompt) -> tuple[Origin, ...]:
    """The places in files that a prompt was cut from, each once, in order."""
    return tuple(dict.fromkeys(part.origin for part in prompt.fragments if part.origin.path))


@dataclass(frozen=True, slots=True)
class Sending:
    """A request that is about to go out.

    The cloud's request is recorded with its text: the ledger shows what left, byte for byte. Of the
    local lane's request only size and digest are kept, so that NDA code is not stored a second time
    in a place that its owners do not know of.

    Attributes:
        time: when, with a time zone.
        action: the action's name.
        lane: which way it goes.
        model: the model's id in the body.
        host: where to: `host:port`, or `in this process`.
        body: the final bytes, UTF-8.
        files: what the prompt was cut from.
        label: the prompt's label.
        reasons: why this lane.
        policy_hash: the policy that was in force.
        max_tokens: how many tokens the answer may have.
        most_usd: what it may cost in US dollars, with the longest answer; `None` where no price is
            known, and on the local lane.
    """

    time: datetime
    action: str
    lane: LaneName
    model: str
    host: str
    body: bytes = field(repr=False)
    files: tuple[Origin, ...]
    label: Label
    reasons: tuple[str, ...] = ()
    policy_hash: str = ""
    max_tokens: int | None = None
    most_usd: float | None = None

    def payload(self) -> str:
        """The entry's canonical JSON."""
        return canonical(
            {
                "time": self.time.astimezone(UTC).isoformat(timespec="milliseconds"),
                "action": self.action,
                "lane": self.lane.value,
                "model": self.model,
                "host": self.host,
                "bytes": len(self.body),
                "sha256": hashlib.sha256(self.body).hexdigest(),
                "text": self.body.decode("utf-8") if self.lane is LaneName.CLOUD else None,
                "files": [_file(origin) for origin in self.files],
                "label": self.label.name,
                "reasons": list(self.reasons),
                "policy_hash": self.policy_hash,
                "max_tokens": self.max_tokens,
                "most_usd": self.most_usd,
            }
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended.

    Attributes:
        result: the server's `finish_reason`, `cancelled`, or the name of the error's class.
        seconds: from the entry before the send to the end.
        usage: the server's token counts, where it sent them.
        price: what the model costs now; kept, so that later prices do not change what was.
        answered_by: the model that says it answered, which may be another one than was asked.
    """

    result: str
    seconds: float
    usage: Usage | None = None
    price: Price | None = None
    answered_by: str | None = None

    def payload(self, seq: int) -> str:
        """The canonical JSON of the outcome of the sending with number `seq`.

        The cost is reckoned here and belongs to the chain, as does the price that it is made of.
        """
        # A server could put anything into its finish reason; only a plain word is recorded.
        result = self.result if _WORD.fullmatch(self.result) else "finished"
        model = self.answered_by or ""
        usage = self.usage and {
            "in": self.usage.prompt,
            "cached": self.usage.cached,
            "out": self.usage.completion,
        }
        return canonical(
            {
                "send": seq,
                "result": result,
                "seconds": round(self.seconds, 3),
                "tokens": usage,
                "cost_usd": cost(self.price, self.usage),
                "price": self.price and asdict(self.price),
                "answered_by": model if _MODEL.fullmatch(model) else None,
            }
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A sending and its outcome, as the ledger tells it.

    Attributes:
        seq: the number of the sending's entry.
        sent: the sending's payload.
        ended: the outcome's payload; `None` while it runs, or when the program was killed.
        hash: of the sending's entry in the chain.
    """

    seq: int
    sent: dict[str, object] = field(repr=False)
    ended: dict[str, object] | None
    hash: str = ""

    @classmethod
    def of(cls, seq: int, sent: str, ended: str | None, digest: str = "") -> Row:
        """The row of two payloads.

        Raises:
            LedgerError: a payload is not what the ledger writes.
        """
        return cls(seq, load(seq, sent), None if ended is None else load(seq, ended), digest)

    @property
    def text(self) -> str | None:
        """The very text that went to the cloud; `None` for the local lane."""
        text = self.sent.get("text")
        return text if isinstance(text, str) else None

    @property
    def files(self) -> tuple[Origin, ...]:
        """What the prompt was cut from."""
        found = self.sent.get("files")
        listed = cast("list[object]", found) if isinstance(found, list) else []
        return tuple(_origin(cast("dict[str, object]", f)) for f in listed if isinstance(f, dict))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it took this lane."""
        found = self.sent.get("reasons")
        return tuple(map(str, cast("list[object]", found))) if isinstance(found, list) else ()

    @property
    def tokens(self) -> dict[str, object]:
        """What the server counted: `in`, `cached` and `out`, each `None` where it is not known."""
        found = (self.ended or {}).get("tokens")
        counted = cast("dict[str, object]", found) if isinstance(found, dict) else {}
        return {name: counted.get(name) for name in ("in", "cached", "out")}

    @property
    def cost_usd(self) -> float | None:
        """What it cost by the price of its day, in US dollars; `None` where that is not known."""
        found = (self.ended or {}).get("cost_usd")
        return float(found) if type(found) in {int, float} else None  # pyright: ignore[reportArgumentType]

    def public(self) -> dict[str, object]:
        """The row as `twolane ledger show --json` prints it; without the text."""
        ended = self.ended or {}
        shown = ("time", "action", "lane", "model", "host", "bytes", "sha256", "files")
        return {
            "seq": self.seq,
            **{name: self.sent.get(name) for name in shown},
            "tokens": self.tokens,
            "cost_usd": self.cost_usd,
            "outcome": ended.get("result", "unknown"),
        }

    def whole(self) -> dict[str, object]:
        """The row with all that is known of it, the text too: a line of the export."""
        kept = ("label", "reasons", "policy_hash", "max_tokens", "most_usd", "text")
        return {
            **self.public(),
            "seconds": (self.ended or {}).get("seconds"),
            "price": (self.ended or {}).get("price"),
            "answered_by": (self.ended or {}).get("answered_by"),
            **{name: self.sent.get(name) for name in kept},
            "hash": self.hash,
        }


def load(seq: int, payload: str) -> dict[str, object]:
    """A payload's JSON object.

    Raises:
        LedgerError: it is none.
    """
    try:
        found: object = json.loads(payload)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise LedgerError(
            f"Entry {seq} of the ledger cannot be read; `twolane ledger verify` says what is wrong."
        )
    return cast("dict[str, object]", found)


def _file(origin: Origin) -> dict[str, object]:
    return {
        "path": origin.path,
        "start_line": origin.start_line,
        "end_line": origin.end_line,
    }


def _origin(stored: dict[str, object]) -> Origin:
    start, end = stored.get("start_line"), stored.get("end_line")
    return Origin(
        str(stored.get("path")),
        start if isinstance(start, int) else 0,
        end if isinstance(end, int) else 0,
    )
