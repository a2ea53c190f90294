"""openvino-genai, held at arm's length: load a GGUF file, generate, say why it ended.

Everything here blocks and is called from one worker thread. The package is an extra and heavy, so
it is imported when a model is loaded.
"""

from __future__ import annotations

import importlib.util
import re
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from twolane_server.errors import LaneRejected, ModelMissing
from twolane_server.lanes.base import Usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_INSTALL = "pip install 'twolane[embedded]'"
# The default, eight bits a value, often makes the same prompt end differently with what the prefix
# cache holds; with sixteen it is rare, and they cost neither time nor memory that could be measured.
_PROPERTIES = {"KV_CACHE_PRECISION": "f16"}
_SLICE = 1_000
_SLACK_PER_SLICE = 8
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Wish:
    """What to generate.

    Attributes:
        messages: (role, content) in order.
        max_tokens: how long the answer may be.
        temperature: 0 for the most likely answer.
        stop: texts at which to stop; they are no part of the answer.
    """

    messages: tuple[tuple[str, str], ...]
    max_tokens: int
    temperature: float = 0.0
    stop: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Wish {len(self.messages)} messages max_tokens={self.max_tokens}>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a generation ended: `finish` is None when it was stopped from outside."""

    finish: str | None
    usage: Usage


def check_installed() -> None:
    """See whether the extra is there, without importing it.

    Raises:
        ModelMissing: it is not.
    """
    if importlib.util.find_spec("openvino_genai") is None:
        raise ModelMissing(f"The embedded model needs openvino-genai. Run: {_INSTALL}")


class OpenvinoModel:
    """A loaded model.

    Args:
        path: a GGUF file.

    Raises:
        ModelMissing: openvino-genai is not there, or cannot load the file.
    """

    def __init__(self, path: Path) -> None:
        check_installed()
        _silence_telemetry()
        try:
            import openvino_genai  # noqa: PLC0415 - an optional extra, and heavy
        except ImportError as error:
            raise ModelMissing(
                f"openvino-genai is installed but cannot be imported. Run: {_INSTALL}"
            ) from error
        # Its stubs leave much unknown; `Any` at this one border keeps the rest strict.
        self._genai = cast("Any", openvino_genai)
        try:
            self._pipeline = self._genai.LLMPipeline(str(path), "CPU", **_PROPERTIES)
        except (RuntimeError, LookupError, ValueError) as error:
            raise ModelMissing(
                f"openvino-genai cannot load {path}. Set embedded.gguf to a model in GGUF format"
                " that it knows, or unset it."
            ) from error
        self._tokens = self._pipeline.get_tokenizer()
        self._control = self._control_texts()

    def generate(self, wish: Wish, window: int, on_text: Callable[[str], bool]) -> Outcome:
        """Generate until the end, the limit, a stop text, or `on_text` says False.

        Args:
            wish: what to generate.
            window: how many tokens prompt and answer may have together.
            on_text: takes each piece of text; whether to go on. Must not raise.

        Raises:
            LaneRejected: the prompt does not fit.
        """
        messages = [
            {"role": role, "content": self._control.sub(_apart, content)}
            for role, content in wish.messages
        ]
        prompt: str = self._tokens.apply_chat_template(messages, add_generation_prompt=True)
        inputs = self._tokens.encode(prompt, add_special_tokens=False)
        room = self._room(prompt, int(inputs.input_ids.shape[1]), window)
        statuses = self._genai.StreamingStatus

        def status(text: str) -> object:
            return statuses.RUNNING if on_text(text) else statuses.CANCEL

        result = self._pipeline.generate(
            inputs,
            self._config(wish, min(wish.max_tokens, room)),
            status,
        )
        reasons = self._genai.GenerationFinishReason
        finish = {reasons.STOP: "stop", reasons.LENGTH: "length"}.get(result.finish_reasons[0])
        metrics = result.perf_metrics
        usage = Usage(
            prompt=int(metrics.get_num_input_tokens()),
            completion=int(metrics.get_num_generated_tokens()),
        )
        return Outcome(finish, usage)

    def _config(self, wish: Wish, max_tokens: int) -> Any:  # noqa: ANN401 - openvino-genai's own
        config = self._pipeline.get_generation_config()
        config.max_new_tokens = max_tokens
        config.apply_chat_template = False
        config.do_sample = wish.temperature > 0
        if config.do_sample:
            config.temperature = wish.temperature
            config.rng_seed = secrets.randbits(31)  # the default seed gives one answer for ever
        config.stop_strings = set(wish.stop)
        return config

    def _room(self, prompt: str, encoded: int, window: int) -> int:
        """How many tokens are left for the answer.

        The tokenizer silently drops the start of what is longer than the model's own limit, so a
        long prompt is counted again in slices.
        """
        slices = [prompt[at : at + _SLICE] for at in range(0, len(prompt), _SLICE)]
        counted = sum(
            int(self._tokens.encode(one, add_special_tokens=False).input_ids.shape[1])
            for one in slices
        )
        if counted - encoded > _SLACK_PER_SLICE * len(slices):
            window, needed = min(window, encoded), counted
        else:
            needed = encoded
        if needed >= window:
            raise LaneRejected(
                f"The embedded model holds {window:,} tokens, and this request needs about"
                f" {needed:,} and room for the answer. Select less.",
                status=_BAD_REQUEST,
            )
        return window - needed

    def _control_texts(self) -> re.Pattern[str]:
        """What the tokenizer would read as a control token, wherever it stands in a file."""
        own = (
            self._tokens.get_bos_token(),
            self._tokens.get_eos_token(),
            self._tokens.get_pad_token(),
        )
        return re.compile(
            "|".join([r"<\|[A-Za-z0-9_]+\|>", *(re.escape(text) for text in own if text)])
        )


def _apart(control: re.Match[str]) -> str:
    """The same characters with a space after the first: plain text to the model."""
    return f"{control[0][0]} {control[0][1:]}"


def _silence_telemetry() -> None:
    """Keep openvino from loading its telemetry.

    On import, openvino counts the start in the user's home folder and may report it. Its own
    switch is a file in that folder, which is not ours to write; but it does without the package
    `openvino_telemetry` when that cannot be imported, which an entry None in `sys.modules` sees to.
    """
    modules = cast("dict[str, Any]", sys.modules)
    modules["openvino_telemetry"] = None
