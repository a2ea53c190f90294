"""Secrets: what is found, in which wrapping, what is left alone, and what happens when nobody can look."""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import subprocess
import sys
import threading
import time
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_border import OPEN, RecordingCloud, prompt
from support_secrets import HELD, HEX, TOKENS, WHOLE, Maker, fakes, folded, negatives
from twolane_server.border import secrets
from twolane_server.border.gate import Gate
from twolane_server.border.ledger import Ledger
from twolane_server.border.secrets import find_secret
from twolane_server.border.unwrapped import unwrapped
from twolane_server.errors import Refused
from twolane_server.settings.resolved import LaneSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = TOKENS["GitHub token"](Maker(3))


def test_nearly_every_fake_is_found() -> None:
    found = [(kind, find_secret(text)) for kind, text in fakes(seed=11, each=3)]
    missed = [kind for kind, what in found if what is None]
    assert len({kind for kind, _ in found}) >= 40
    assert len(found) >= 200
    assert len(missed) <= 0.05 * len(found), missed


def test_nearly_nothing_harmless_is_taken_for_one() -> None:
    found = [(kind, find_secret(text)) for kind, text in negatives(seed=12, each=4)]
    wrong = [each for each in found if each[1] is not None]
    assert len(found) >= 200
    assert len(wrong) <= 0.01 * len(found), wrong


def test_the_answer_names_the_kind_and_never_holds_the_secret() -> None:
    make = Maker(13)
    for kind, token in TOKENS.items():
        secret = token(make)
        told = find_secret(HELD[0](secret, make))
        assert told, kind
        assert secret[-8:] not in told
    assert find_secret(f"x = '{TOKEN}'") == "github pat"


def test_a_long_secret_is_no_placeholder_for_a_word_that_it_holds_by_chance() -> None:
    make = Maker(16)
    head, claims, signature = TOKENS["JSON web token"](make).split(".")
    unlucky = f"{head}.{claims}{make.some(HEX, 20)}.{signature[:9]}Fake{signature[13:]}"
    assert find_secret(f"x = '{unlucky}'") == "jwt"


WRAPPINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda t: base64.b64encode(t.encode()).decode(),
    "base64 for URLs": lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("="),
    "base64 with something before it": lambda t: "x/" + base64.b64encode(t.encode()).decode(),
    "base64, twice": lambda t: base64.b64encode(base64.b64encode(t.encode())).decode(),
    "base64, folded": lambda t: folded(
        base64.b64encode((" some words before " * 9 + t).encode()).decode(), 76
    ),
    "base64 of UTF-16": lambda t: base64.b64encode(t.encode("utf-16")).decode(),
    "base64 of gzip": lambda t: base64.b64encode(gzip.compress(t.encode())).decode(),
    "base64 of zlib": lambda t: base64.b64encode(zlib.compress(t.encode())).decode(),
    "hexadecimal": lambda t: t.encode().hex(),
    "hexadecimal, loud": lambda t: t.encode().hex().upper(),
    "a list of bytes": lambda t: ", ".join(f"0x{byte:02x}" for byte in t.encode()),
    "percent": lambda t: "".join(f"%{byte:02X}" for byte in t.encode()),
    "backslash x": lambda t: "".join(f"\\x{byte:02x}" for byte in t.encode()),
    "backslash u": lambda t: "".join(f"\\u{ord(c):04x}" for c in t),
    "JSON in JSON": lambda t: json.dumps(json.dumps(t)),
    "HTML": html.escape,
    "HTML by numbers": lambda t: "".join(f"&#{ord(c)};" for c in t),
    "UTF-16 read as ASCII": lambda t: "\0".join(t) + "\0",
    "between NULs": lambda t: "\0" * 50 + t + "\0\0",
    "after what looks like UTF-16": lambda t: "a\0" * 300 + "\n" + t,
    "after a byte order mark": lambda t: "\ufeff" + t,
    "after a wrong byte order mark": lambda t: "\ufffe " + t,
    "zero width": "\u200b".join,
    "full width": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "between other letters": lambda t: f"钥{t}是",
    "between lone surrogates": lambda t: f"\ud800{t}\udc00",
    "in two literals": lambda t: f'x = ("{t[:9]}" + "{t[9:]}")',
    "in two literals on two lines": lambda t: f"x = '{t[:7]}' \\\n    '{t[7:]}'",
    "before a full stop": lambda t: f"The key is {t}. Keep it.",
    "in brackets": lambda t: f"(see {t})",
    "in an element": lambda t: f"<key>{t}</key>",
    "told to be ignored": lambda t: f"{t}  # kingfisher:ignore gitleaks:allow nosec",
    "at the end of a megabyte": lambda t: "def f(a):\n    return a\n" * 46_000 + t,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_no_wrapping_hides_a_token(wrapping: str) -> None:
    make = Maker(14)
    sample = {kind: token(make) for kind, token in TOKENS.items()}
    if wrapping == "at the end of a megabyte":
        sample = {"GitHub token": TOKEN}
    missed = [kind for kind, token in sample.items() if not find_secret(WRAPPINGS[wrapping](token))]
    assert missed == []


@pytest.mark.parametrize(
    "wrapping", [name for name in WRAPPINGS if name.startswith(("base64", "hex", "JSON", "perc"))]
)
def test_no_encoding_hides_what_is_secret_by_its_surroundings(wrapping: str) -> None:
    make = Maker(15)
    # One that is told by standing alone on its line is not, behind others.
    sample = {kind: whole(make) for kind, whole in WHOLE.items() if kind != ".pgpass"}
    missed = [kind for kind, text in sample.items() if not find_secret(WRAPPINGS[wrapping](text))]
    assert missed == []


@settings(max_examples=60)
@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_stands_around_it_a_token_on_its_own_line_is_found(
    before: str, after: str
) -> None:
    assert find_secret(f"{before}\n{TOKEN}\n{after}") is not None


@settings(max_examples=150)
@given(st.text())
def test_no_text_breaks_the_search(text: str) -> None:
    forms = unwrapped(text)
    assert forms[0] == text.replace("\0", "\n")
    assert len(set(forms)) == len(forms)
    assert find_secret(text) in {None, find_secret(text)}


GREEDY = (
    "password=", 'password="a.b/', "-----BEGIN " + "PRIVATE KEY-----\nAbc: " + " " * 79 + "\n",
    "cookie=sess", "://a:", "'\"", "\\x41", "%41", "&#65;", "QUJD", "a\0", "${", "a:*:b:c:d:", "a",
)  # fmt: skip


@pytest.mark.parametrize("piece", GREEDY)
def test_the_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        started = time.process_time()
        find_secret(text)
        return time.process_time() - started

    small = min(seconds(16_384) for _ in range(3))
    large = min(seconds(16_384 * 8) for _ in range(2))
    assert large < max(small, 0.002) * 8 * 4


# A scanner that is not there, or fails.


async def _refused(tmp_path: Path) -> tuple[str, RecordingCloud]:
    cloud = RecordingCloud()
    relay = Settings(cloud=LaneSettings("https://api.example.test/v1", "deepseek-v3.2"))
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        gate = Gate(relay, {}, ledger, lambda _: OPEN, connect=lambda _s, _e: cloud)
        with pytest.raises(Refused) as refused:
            await gate.clear(prompt())
    return str(refused.value), cloud


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), TimeoutError("x"), OSError("x"), ValueError("x"), ImportError("x")]
)
async def test_a_scanner_that_fails_lets_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("kingfisher_sdk.Scanner.scan", fail)
    told, cloud = await _refused(tmp_path)
    assert "the search for secrets failed" in told
    assert (cloud.resolved, cloud.bodies) == (0, [])


async def test_without_the_scanner_nothing_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets._loaded.cache_clear()  # pyright: ignore[reportPrivateUsage] - as in a new process
    monkeypatch.setitem(sys.modules, "kingfisher_sdk", None)
    secrets.warm()
    told, cloud = await _refused(tmp_path)
    assert "the search for secrets failed" in told
    assert cloud.resolved == 0


async def test_a_panic_in_the_scanner_lets_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panic in Rust is no `Exception` in Python: it goes up past everything."""

    class PanicException(BaseException):
        pass

    def panic(*_: object) -> None:
        raise PanicException

    monkeypatch.setattr("kingfisher_sdk.Scanner.scan", panic)
    with pytest.raises(PanicException):
        await _refused(tmp_path)


# Loading: late, once, and without a word to anybody.


def test_many_threads_share_one_scanner() -> None:
    secrets._loaded.cache_clear()  # pyright: ignore[reportPrivateUsage] - as in a new process
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(find_secret(f"x = '{TOKEN}'")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["github pat"] * 8
    assert secrets._loaded.cache_info().misses == 1  # pyright: ignore[reportPrivateUsage] - see above


NO_SOCKETS = """
import sys
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event.startswith("socket.") else None)
from twolane_server.border.secrets import find_secret
assert find_secret("password = '" + "Kestrel" + "4711!'")
print(opened)
"""


def test_the_compiled_rules_are_kept_in_our_cache_and_no_socket_is_opened(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != secrets.CACHE_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", NO_SOCKETS],
        env={**environ, "TWOLANE_CACHE_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert kept
    assert {file.parent for file in kept} == {tmp_path / "cache" / "secrets"}
    assert {file.stat().st_mode & 0o077 for file in kept} == {0}
