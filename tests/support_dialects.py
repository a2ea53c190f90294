"""What other servers of the OpenAI dialect write, as their documentation or their users show it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_fake_server import DONE, Answer, event, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DIALECTS", "Dialect"]

EVENTS = "text/event-stream"
NOT_FOUND = refusal(404)


@dataclass(frozen=True)
class Dialect:
    """One server's ways.

    Attributes:
        models: what `GET /v1/models` says.
        model: the id there that `Qwen3-Coder` means.
        window: the model's window where the list tells it.
        stream: a whole answer that says `Hello world`.
        usage: prompt, completion and cached tokens in it, where it tells.
        cut: the end of an answer that reached `max_tokens`.
        overflow: what it does with a prompt that is too long, in one or two of its words.
        needed: the tokens that such a prompt needs and what the model holds, where it tells.
        missing: what it does with a model that it does not have.
        tokenize: what `POST /tokenize` with messages does.
        metrics: what `GET /metrics` does.
        load: requests running and waiting in that.
        elsewhere: what an address that it does not have does.
    """

    models: dict[str, object]
    model: str
    window: int | None
    stream: tuple[bytes, ...]
    usage: tuple[int, int, int | None]
    cut: tuple[bytes, ...]
    overflow: tuple[Answer, ...]
    needed: tuple[int, int] | None
    missing: Answer
    tokenize: Answer
    metrics: Answer
    load: tuple[int, int] | None
    elsewhere: Answer = NOT_FOUND


def _document(document: object, status: int = 200) -> Answer:
    raw = json.dumps(document).encode()
    return Answer((raw,), status=status, content_type="application/json")


def _text(text: str) -> Answer:
    return Answer((text.encode(),), content_type="text/plain; version=0.0.4")


def _chunk(
    common: Mapping[str, object],
    delta: Mapping[str, object],
    finish: str | None = None,
    **more: object,
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return event({"object": "chat.completion.chunk", **common, "choices": [choice]})


# SGLang. Streams and errors: python/sglang/srt/entrypoints/openai/{serving_chat,serving_base}.py and
# tokenizer_manager.py in github.com/sgl-project/sglang; `/tokenize` takes `prompt`, no messages
# (serving_tokenize.py there); metrics: docs.sglang.io/references/production_metrics.html, only with
# `--enable-metrics`; cached tokens only with `--enable-cache-report`.
_SG = {"id": "0d1c", "created": 1_760_000_000, "model": "Qwen/Qwen3-Coder-30B-A3B-Instruct"}
_SG_ERROR = {"object": "error", "type": "BadRequestError", "param": None, "code": 400}
SGLANG = Dialect(
    models={
        "object": "list",
        "data": [
            {
                "id": "Qwen/Qwen3-Coder-30B-A3B-Instruct",
                "object": "model",
                "created": 1_760_000_000,
                "owned_by": "sglang",
                "root": "Qwen/Qwen3-Coder-30B-A3B-Instruct",
                "max_model_len": 65_536,
            }
        ],
    },
    model="Qwen/Qwen3-Coder-30B-A3B-Instruct",
    window=65_536,
    stream=(
        _chunk(_SG, {"role": "assistant", "content": ""}, logprobs=None, matched_stop=None),
        _chunk(
            _SG, {"role": None, "content": "Hello", "reasoning_content": None, "tool_calls": None}
        ),
        _chunk(_SG, {"role": None, "content": " world", "reasoning_content": None}),
        _chunk(_SG, {"role": None, "content": None}, "stop", matched_stop=151_645),
        event(
            {
                **_SG,
                "object": "chat.completion.chunk",
                "choices": [],
                "usage": {
                    "prompt_tokens": 120,
                    "total_tokens": 122,
                    "completion_tokens": 2,
                    "prompt_tokens_details": {"cached_tokens": 96},
                },
            }
        ),
        DONE,
    ),
    usage=(120, 2, 96),
    cut=(_chunk(_SG, {"content": None}, "length", matched_stop=None), DONE),
    overflow=(
        _document(
            _SG_ERROR
            | {
                "message": "The input (71897 tokens) is longer than the model's context length"
                " (65536 tokens)."
            },
            400,
        ),
        _document(
            _SG_ERROR
            | {
                "message": "Requested token count exceeds the model's maximum context length of 65536"
                " tokens. You requested a total of 71897 tokens: 70897 tokens from the input messages"
                " and 1000 tokens for the completion."
            },
            400,
        ),
        Answer(
            (
                event(
                    {
                        "error": _SG_ERROR
                        | {
                            "message": "The input (71897 tokens) is longer than the model's context"
                            " length (65536 tokens)."
                        }
                    }
                ),
                DONE,
            )
        ),
    ),
    needed=(71_897, 65_536),
    missing=_document(_SG_ERROR | {"message": "Model not found", "code": 404}, 404),
    tokenize=_document(_SG_ERROR | {"message": "1 validation errors: Field required"}, 400),
    metrics=_text(
        'sglang:num_running_reqs{model_name="m"} 4.0\nsglang:num_queue_reqs{model_name="m"} 2.0\n'
    ),
    load=(4, 2),
)

# llama.cpp's server. github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md: the list of
# models, usage with `timings`, `/tokenize` takes `content`, `/metrics` only with `--metrics`, 503 while
# the model loads. The overflow: pull request 15780 there and llmmllab/llmmllab-api issue 69. The
# stream with `content` null at its start: g0t4/ask-openai.nvim, lua/…/harmony/NOTES.md.
_LC = {
    "created": 1_757_141_666,
    "id": "chatcmpl-ecQULm0WqPrftUqjPZO1CFYeDjGZNbDu",
    "model": "../models/Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf",
    "system_fingerprint": "b6881-8b11deea4",
}
_LC_TIMINGS = {"cache_n": 100, "prompt_n": 20, "prompt_ms": 30.9, "predicted_n": 2}
_LC_USAGE = {
    "completion_tokens": 2,
    "prompt_tokens": 120,
    "total_tokens": 122,
    "prompt_tokens_details": {"cached_tokens": 100},
}
LLAMA_CPP = Dialect(
    models={
        "models": [{"name": "../models/Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf", "type": "model"}],
        "object": "list",
        "data": [
            {
                "id": "../models/Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf",
                "object": "model",
                "created": 1_735_142_223,
                "owned_by": "llamacpp",
                "meta": {"n_ctx_train": 262_144, "n_vocab": 151_936, "n_embd": 2_048},
            }
        ],
    },
    model="../models/Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf",
    window=None,
    stream=(
        _chunk(_LC, {"role": "assistant", "content": None}),
        _chunk(_LC, {"content": "Hello"}),
        _chunk(_LC, {"content": " world"}),
        _chunk(_LC, {}, "stop"),
        event({**_LC, "choices": [], "usage": _LC_USAGE, "timings": _LC_TIMINGS}),
        DONE,
    ),
    usage=(120, 2, 100),
    # Older builds put the usage beside the last choice.
    cut=(
        _chunk(
            {
                **_LC,
                "usage": {"completion_tokens": 2, "prompt_tokens": 120, "total_tokens": 122},
                "timings": _LC_TIMINGS,
            },
            {},
            "length",
        ),
        DONE,
    ),
    overflow=(
        _document(
            {
                "error": {
                    "code": 400,
                    "message": "request (25837 tokens) exceeds the available context size (25088"
                    " tokens), try increasing it",
                    "type": "exceed_context_size_error",
                    "n_prompt_tokens": 25_837,
                    "n_ctx": 25_088,
                }
            },
            400,
        ),
        _document(
            {
                "error": {
                    "code": 400,
                    "message": "the request exceeds the available context size. try increasing the"
                    " context size or enable context shift",
                    "type": "exceed_context_size_error",
                    "n_prompt_tokens": 25_837,
                    "n_ctx": 25_088,
                }
            },
            400,
        ),
    ),
    needed=(25_837, 25_088),
    missing=_document(
        {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}, 404
    ),
    tokenize=_document({"tokens": []}),
    metrics=_document(
        {
            "error": {
                "code": 501,
                "message": "This server does not support metrics endpoint. Start it with `--metrics`",
                "type": "not_supported_error",
            }
        },
        501,
    ),
    load=None,
)

# Ollama. openai/openai.go and middleware/openai.go in github.com/ollama/ollama: every chunk has a role,
# usage comes in a copy of the last chunk without choices, errors have a null `code`. It has neither
# `/tokenize` nor `/metrics`. A prompt that its context does not hold is cut without a word (issue
# 17427 and 14259 there): `unread` sees to that; or refused with a 400 (issue 17889; its shape is that of
# openai.go, the words below are ours).
_OL = {
    "id": "chatcmpl-768",
    "created": 1_744_445_346,
    "model": "qwen3-coder:30b",
    "system_fingerprint": "fp_ollama",
}
OLLAMA = Dialect(
    models={
        "object": "list",
        "data": [
            {"id": "qwen3-coder:30b", "object": "model", "created": 1, "owned_by": "library"},
            {
                "id": "nomic-embed-text:latest",
                "object": "model",
                "created": 1,
                "owned_by": "library",
            },
        ],
    },
    model="qwen3-coder:30b",
    window=None,
    stream=(
        _chunk(_OL, {"role": "assistant", "content": "Hello"}),
        _chunk(_OL, {"role": "assistant", "content": " world"}),
        _chunk(_OL, {"role": "assistant", "content": ""}, "stop"),
        event(
            {
                **_OL,
                "object": "chat.completion.chunk",
                "choices": [],
                "usage": {"prompt_tokens": 120, "completion_tokens": 2, "total_tokens": 122},
            }
        ),
        DONE,
    ),
    usage=(120, 2, None),
    cut=(_chunk(_OL, {"role": "assistant", "content": ""}, "length"), DONE),
    overflow=(
        _document(
            {
                "error": {
                    "message": "the input exceeds the context length",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": None,
                }
            },
            400,
        ),
    ),
    needed=None,
    missing=_document(
        {
            "error": {
                "message": 'model "x" not found, try pulling it first',
                "type": "not_found_error",
                "param": None,
                "code": None,
            }
        },
        404,
    ),
    tokenize=Answer((b"404 page not found",), status=404, content_type="text/plain"),
    metrics=Answer((b"404 page not found",), status=404, content_type="text/plain"),
    load=None,
)

# LM Studio. An address that it does not have gets a 200 and an error (lmstudio-ai/lmstudio-bug-tracker
# issues 618 and 2085); a prompt that is too long gets a 200, a stream and `event: error` in it
# (aaif-goose/goose issue 11318, lmstudio-bug-tracker issues 2322 and 546).
_LM = {
    "id": "chatcmpl-8v2k",
    "created": 1_742_000_000,
    "model": "qwen/qwen3-coder-30b",
    "system_fingerprint": "qwen/qwen3-coder-30b",
}
_LM_LONG = (
    "Input does not fit in context length. The input has 31430 tokens, but the context length only"
    " supports 30000 tokens."
)
_LM_ELSEWHERE = _document({"error": "Unexpected endpoint or method. (POST /tokenize)"})
LM_STUDIO = Dialect(
    models={
        "data": [
            {"id": "qwen/qwen3-coder-30b", "object": "model", "owned_by": "organization_owner"},
            {
                "id": "text-embedding-nomic-embed-text-v1.5",
                "object": "model",
                "owned_by": "organization_owner",
            },
        ],
        "object": "list",
    },
    model="qwen/qwen3-coder-30b",
    window=None,
    stream=(
        _chunk(_LM, {"role": "assistant", "content": "Hello"}, logprobs=None),
        _chunk(_LM, {"role": "assistant", "content": " world"}, logprobs=None),
        _chunk(_LM, {}, "stop", logprobs=None),
        event(
            {
                **_LM,
                "object": "chat.completion.chunk",
                "choices": [],
                "usage": {"prompt_tokens": 120, "completion_tokens": 2, "total_tokens": 122},
            }
        ),
        DONE,
    ),
    usage=(120, 2, None),
    cut=(_chunk(_LM, {}, "length", logprobs=None), DONE),
    overflow=(
        Answer(
            (b"event: error\n" + event({"error": {"message": _LM_LONG}, "message": _LM_LONG}),),
            content_type=EVENTS,
        ),
        Answer(
            (
                b"event: error\n",
                event(
                    {
                        "error": "Trying to keep the first 31430 tokens when context the overflows."
                        " However, the model is loaded with context length of only 30000 tokens,"
                        " which is not enough."
                    }
                ),
            ),
            content_type=EVENTS,
        ),
    ),
    needed=(31_430, 30_000),
    missing=_document(
        {
            "error": {
                "message": "Model not found",
                "type": "invalid_request_error",
                "param": "model",
                "code": "model_not_found",
            }
        },
        404,
    ),
    tokenize=_LM_ELSEWHERE,
    metrics=_document({"error": "Unexpected endpoint or method. (GET /metrics)"}),
    load=None,
    elsewhere=_LM_ELSEWHERE,
)

DIALECTS = {"SGLang": SGLANG, "llama.cpp": LLAMA_CPP, "Ollama": OLLAMA, "LM Studio": LM_STUDIO}
