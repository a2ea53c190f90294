"""Every channel of the catalogue of leaks, in a network namespace that has nothing but loopback.

Each is driven through the real command line or the real language server, `TWOLANE_LEAKS` times with
other names, places, languages and actions, some dozens in each world; see `support_bench.Bench` for
what must hold. One test runs the others in the namespace. Where this system permits no namespace they
run without one.
"""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING

import pytest

from support_bench import Bench, open_bench
from support_channels import CHANNELS
from support_namespace import INSIDE, permitted, run_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

FULL = os.environ.get("TWOLANE_FULL") == "1"
COUNT = int(os.environ.get("TWOLANE_LEAKS") or (100 if FULL else 25))
PERMITTED = INSIDE or permitted()
PROCESSES = "2"
# Examples in one world: its code and its record grow, and with them what each further one takes.
TOGETHER = 48
WORLDS = range(0, COUNT, TOGETHER)
_ONLY_OF_FAILED = ("-o", "tmp_path_retention_policy=failed")


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Bench]:
    with open_bench(tmp_path, monkeypatch, capfd) as bench:
        yield bench


if INSIDE or not PERMITTED:

    @pytest.mark.parametrize("first", WORLDS)
    @pytest.mark.parametrize("channel", CHANNELS)
    def test_nothing_under_nda_leaves_by(bench: Bench, channel: str, first: int) -> None:
        if channel == "l04_bind_mount" and not INSIDE:
            pytest.skip("this system permits no mount without its administrator")
        bench.run(CHANNELS[channel], range(first, min(first + TOGETHER, COUNT)))


if INSIDE:

    def test_there_is_nothing_but_loopback() -> None:
        assert [name for _, name in socket.if_nameindex()] == ["lo"]
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outwards,
            pytest.raises(OSError, match="unreachable"),
        ):
            outwards.connect(("192.0.2.1", 53))

else:

    def test_every_channel_in_a_namespace_with_only_loopback(tmp_path: Path) -> None:
        if not PERMITTED:
            assert not FULL, "this system permits no network namespace"
            pytest.skip("this system permits no network namespace; the channels ran without one")
        # What a test left is in memory there.
        words = ("-q", "-n", PROCESSES, "-p", "no:cacheprovider", *_ONLY_OF_FAILED, __file__)
        done = run_inside(tmp_path, *words, TWOLANE_LEAKS=str(COUNT))
        assert done.returncode == 0, done.stdout + done.stderr
        summary = re.search(r"^(\d+) passed in ", done.stdout, re.MULTILINE)
        assert summary is not None, done.stdout  # and none was skipped
        assert int(summary[1]) == len(CHANNELS) * len(WORLDS) + 2


def test_no_channel_of_the_catalogue_is_missing() -> None:
    numbers = dict.fromkeys(name[:3] for name in CHANNELS)
    assert [*numbers] == [f"l{number:02}" for number in range(1, 54)]
