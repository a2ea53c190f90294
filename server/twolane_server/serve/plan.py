"""What `twolane serve` is asked for, and what it will start, as values."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_server.serve.fit import Fit
    from twolane_server.serve.machine import Installed
    from twolane_server.serve.models import Model

__all__ = ["Flag", "Plan", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for.

    Attributes:
        host: the address to listen on.
        port: and the port.
        name: the model, as a name on Hugging Face or a folder; `None` for the best that fits.
        model: what is known of that model; `None` where nothing is.
        window: tokens; `None` for as many as fit, up to the settings' default.
        here: whether the model's files are on this machine, so that the hub need not be asked.
        more: flags of the user's own, which vLLM gets last.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    name: str | None = None
    model: Model | None = None
    window: int | None = None
    here: bool = False
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of vLLM's, or an environment variable, and why.

    Attributes:
        name: `--max-model-len`, or `VLLM_NO_USAGE_STATS`.
        value: empty for a flag that takes none.
        why: in some words.
    """

    name: str
    value: str = ""
    why: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """As arguments."""
        return (self.name, self.value) if self.value else (self.name,)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start.

    Attributes:
        model: what vLLM is given: a name on Hugging Face, or a folder.
        served: the id under which it answers.
        window: how many tokens it will hold; 0 where the model's own number holds.
        flags: in order.
        environment: variables to set.
        notes: what the person should know.
        fit: model and GPUs; `None` without GPUs, or where the model's size is not known.
        weights: the size of the model's files in GB; 0 where it is not known.
        more: flags of the user's own, behind all others.
    """

    model: str
    served: str
    window: int
    flags: tuple[Flag, ...]
    environment: tuple[Flag, ...]
    notes: tuple[str, ...] = ()
    fit: Fit | None = None
    weights: float = 0.0
    more: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The flags as words, the user's own behind them."""
        return (*(word for flag in self.flags for word in flag.words), *self.more)

    def command(self, vllm: Installed | None) -> tuple[str, ...]:
        """The whole command: `vllm serve`, or the module where that script does not work."""
        if vllm is None or vllm.script:
            script = "vllm" if vllm is None else str(vllm.python.with_name("vllm"))
            return (script, "serve", self.model, *self.arguments)
        module = ("-m", "vllm.entrypoints.openai.api_server")
        return (str(vllm.python), *module, "--model", self.model, *self.arguments)

    def shown(self, vllm: Installed | None) -> str:
        """The same as a person would type it."""
        return shlex.join(self.command(vllm))
