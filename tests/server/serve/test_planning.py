"""The plan: flags, reasons, what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from support_serve import RTX_4090, card, cards, machine
from twolane_server.errors import CannotServe
from twolane_server.serve.gpus import Gpu, Vendor
from twolane_server.serve.machine import Installed
from twolane_server.serve.models import MODELS, Model, known_model
from twolane_server.serve.plan import Plan, Wanted
from twolane_server.serve.planning import make_plan

TWO = machine(*cards(2, RTX_4090))
NO_GPU = machine(memory=16_000)
TINY = Model("/models/tiny", 0.3, 22.5, 3, 8_192, "", quantized=False)


def environment(plan: Plan) -> dict[str, str]:
    return {flag.name: flag.value for flag in plan.environment}


def test_two_cards_of_24_gb_get_the_house_recipe() -> None:
    plan = make_plan(TWO, Wanted())
    assert plan.shown(None) == (
        "vllm serve Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8 --host 127.0.0.1 --port 8000"
        " --tensor-parallel-size 2 --max-model-len 65536 --gpu-memory-utilization 0.9"
        " --enable-prefix-caching --enable-prompt-tokens-details --enable-auto-tool-choice"
        " --tool-call-parser qwen3_coder"
    )
    assert all(flag.why for flag in (*plan.flags, *plan.environment))
    assert environment(plan) == {
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def test_the_hub_is_not_asked_for_what_is_here() -> None:
    assert environment(make_plan(TWO, Wanted(here=True)))["HF_HUB_OFFLINE"] == "1"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_model_of_the_table_can_be_named(model: Model) -> None:
    plan = make_plan(
        machine(*cards(8, 81_920)),
        Wanted(name=model.id, model=known_model(model.id.lower()), window=16_384),
    )
    assert (plan.model, plan.served, plan.window) == (model.id, model.id, 16_384)
    assert "--tool-call-parser" in plan.arguments


def test_four_smaller_cards_spread_the_experts() -> None:
    plan = make_plan(machine(*cards(4, 16_380)), Wanted())
    assert "--enable-expert-parallel" in plan.arguments


def test_the_flags_of_the_user_stand_last_and_replace_ours() -> None:
    more = ("--max-model-len", "4096", "--tool-call-parser=hermes", "--enforce-eager")
    words = make_plan(TWO, Wanted(more=more)).arguments
    assert words[-4:] == more
    assert words.count("--max-model-len") == 1
    assert "qwen3_coder" not in words


def test_gpus_that_are_left_over_are_hidden_and_told() -> None:
    plan = make_plan(machine(*cards(3, RTX_4090)), Wanted())
    assert environment(plan)["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert environment(plan)["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert any(note.startswith("GPU 2 stays free") for note in plan.notes)


def test_what_others_use_is_left_to_them() -> None:
    plan = make_plan(machine(card(0, RTX_4090, used=6_000)), Wanted())
    at = plan.arguments.index("--gpu-memory-utilization")
    assert 0.6 < float(plan.arguments[at + 1]) < 0.76


def test_old_gpus_compute_in_half() -> None:
    plan = make_plan(machine(*cards(1, 15_360, (7, 5))), Wanted())
    assert plan.arguments[-2:] == ("--dtype", "half")


def test_amd_gets_weights_that_every_card_reads() -> None:
    gpus = [Gpu(n, "Radeon", 24_560, vendor=Vendor.AMD) for n in range(2)]
    plan = make_plan(machine(*gpus), Wanted())
    assert plan.model == MODELS[-1].id
    assert environment(plan)["HIP_VISIBLE_DEVICES"] == "0"


def test_a_model_that_nobody_knows() -> None:
    wanted = Wanted(name="someone/Qwen3-Coder-Something")
    plan = make_plan(machine(*cards(3, RTX_4090)), wanted)
    assert "--max-model-len" not in plan.arguments
    assert plan.arguments[4:6] == ("--tensor-parallel-size", "2")
    assert plan.arguments[-1] == "qwen3_coder"
    assert any("does not know how large" in note for note in plan.notes)
    assert "--max-model-len" in make_plan(TWO, Wanted(name="a/b", window=999)).arguments


def test_a_folder_answers_under_its_own_name() -> None:
    plan = make_plan(NO_GPU, Wanted(name="/models/tiny", model=TINY, here=True))
    assert plan.served == "tiny"
    assert plan.arguments[-2:] == ("--served-model-name", "tiny")
    assert plan.window == 8_192
    assert environment(plan)["VLLM_CPU_KVCACHE_SPACE"] == "1"
    assert "no GPU" in plan.notes[0]


def test_without_a_gpu_a_small_model() -> None:
    plan = make_plan(NO_GPU, Wanted())
    assert plan.model == "Qwen/Qwen2.5-Coder-1.5B-Instruct"
    assert "--tensor-parallel-size" not in plan.arguments
    assert make_plan(NO_GPU, Wanted(name="a/b")).window == 0


@pytest.mark.parametrize(
    ("there", "wanted", "words"),
    [
        (machine(*cards(1, 4_096)), Wanted(), r"None of twolane's models fits on 1 GPU with 4 GB"),
        (
            machine(*cards(1, RTX_4090)),
            Wanted(name=MODELS[2].id, model=MODELS[2]),
            r"30B-A3B-Instruct-FP8 does not fit on 1 GPU with 23 GB",
        ),
        (
            TWO,
            Wanted(name=MODELS[2].id, model=MODELS[2], window=262_144),
            r"With --window 65536 it would",
        ),
        (
            machine(card(0, RTX_4090, used=24_000)),
            Wanted(),
            r"of which 23 GB are in use",
        ),
        (machine(memory=4_000), Wanted(), r"needs \d+ GB of memory without a GPU"),
        (NO_GPU, Wanted(name="/m", model=TINY, window=9_000), r"window of 8,192 tokens"),
    ],
)
def test_what_does_not_fit_is_told(there: object, wanted: Wanted, words: str) -> None:
    with pytest.raises(CannotServe, match=words):
        make_plan(there, wanted)  # pyright: ignore[reportArgumentType] - a Machine


def test_the_command_is_vllm_serve_where_that_works() -> None:
    plan = make_plan(TWO, Wanted())
    gpu_build = Installed(Path("/v/bin/python"), "0.32.0", script=True)
    cpu_build = Installed(Path("/v/bin/python"), "0.32.0", script=False)
    assert plan.command(gpu_build)[:3] == ("/v/bin/vllm", "serve", plan.model)
    assert plan.command(cpu_build)[:5] == (
        "/v/bin/python",
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        plan.model,
    )
    assert plan.command(gpu_build)[3:] == plan.command(cpu_build)[5:] == plan.arguments
