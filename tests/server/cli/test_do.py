"""`twolane do`."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support_cli import CODE, DOCUMENTED, SENTENCE, Shell
from support_fake_server import DONE, Answer, FakeServer, answer, chunk, usage
from support_repository import make_repository, put
from twolane_server.border.ledger import read_rows, verify
from twolane_server.cli.diff import diff
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable


class Terminal(io.StringIO):
    """Somebody who types this."""

    def isatty(self) -> bool:
        return True


def content(shell: Shell) -> str:
    return shell.file.read_bytes().decode()


def test_it_shows_decision_text_and_diff_and_changes_nothing(shell: Shell) -> None:
    shell.replies({"chunks": ["Put", SENTENCE.removeprefix("Put")]})
    ran = shell.run("do", "docstring", shell.place, "--lane", "local")
    assert (ran.status, ran.err) == (0, "")
    said = ran.out.splitlines()
    assert said[0] == "local: you asked for the local lane"
    assert SENTENCE in said
    assert said.index(SENTENCE) < said.index("--- a/a.py") < said.index(f'+    """{SENTENCE}"""')
    assert "not applied; --apply writes it into the file" in said
    assert content(shell) == CODE


def test_apply_writes_the_file_and_keeps_its_mode(shell: Shell) -> None:
    shell.file.chmod(0o755)
    ran = shell.run("do", "docstring", shell.place, "--apply")
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == "applied"
    assert content(shell) == DOCUMENTED
    assert shell.file.stat().st_mode & 0o777 == 0o755
    assert not [path for path in shell.root.iterdir() if path.name.startswith(".twolane")]


def test_a_byte_order_mark_stays(shell: Shell) -> None:
    put(shell.file, f"\ufeff{CODE}")
    assert shell.run("do", "docstring", shell.place, "--apply").status == 0
    assert content(shell) == f"\ufeff{DOCUMENTED}"


def test_json_is_one_object_of_a_stable_shape(shell: Shell) -> None:
    ran = shell.run("do", "docstring", shell.place, "--json")
    assert (ran.status, ran.err) == (0, "")
    given_back = ran.json
    assert list(given_back) == ["decision", "edit", "usage", "cost_usd", "seconds"]
    assert given_back["cost_usd"] is None, "the local lane has no price"
    assert given_back["decision"] == {
        "lane": "local",
        "model": "scripted",
        "label": "OPEN",
        "reasons": [
            "the cloud lane cannot be used now: no key for the cloud lane in HOLYSHEEP_API_KEY"
        ],
    }
    assert list(given_back["edit"]) == ["path", "before_sha256", "diff"]
    assert given_back["edit"]["path"] == str(shell.file)
    assert given_back["edit"]["before_sha256"] == sha256(CODE.encode()).hexdigest()
    assert list(given_back["usage"]) == ["in", "cached", "out"]
    assert given_back["usage"].pop("cached") is None, "the script does not tell"
    assert all(type(count) is int for count in given_back["usage"].values())
    assert list(given_back["seconds"]) == ["context", "first_token", "total"]
    assert all(0 < seconds < 60 for seconds in given_back["seconds"].values())
    assert content(shell) == CODE
    patched = apply_patch(CODE, given_back["edit"]["diff"])
    assert patched == DOCUMENTED


def test_the_diff_names_the_file_as_git_does(shell: Shell) -> None:
    shell.file = put(shell.root / "sub dir" / "\xe9 b.py", CODE)
    diff = shell.run("do", "docstring", shell.place, "--json").json["edit"]["diff"]
    link = shell.root / "link.py"
    link.symlink_to(shell.file)
    by_link = shell.run("do", "docstring", f"{link}{shell.place[len(str(shell.file)) :]}", "--json")
    assert by_link.json["edit"]["diff"] == diff
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        input=diff.encode(),
        cwd=shell.root,
        check=True,
    )
    assert applied.returncode == 0
    assert content(shell) == DOCUMENTED


def test_a_cut_answer_names_the_option_that_allows_more(shell: Shell) -> None:
    shell.replies({"reply": "Put a ", "finish": "length"})
    ran = shell.run("do", "docstring", shell.place, "--apply", "--max-tokens", "1")
    assert ran.status == 1
    assert "reached its token limit of 1 before its end, so nothing was applied" in ran.err
    assert "The option is --max-tokens 2." in ran.err
    assert content(shell) == CODE


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5", "²"])
def test_a_budget_is_a_number(shell: Shell, number: str) -> None:
    ran = shell.run("do", "docstring", shell.place, f"--max-tokens={number}")
    assert ran.status == 2
    assert ran.err.endswith("argument --max-tokens: it is a whole number, and at least 1\n")


@pytest.mark.parametrize("says", ["y\n", "n\n", ""])
def test_who_sits_at_the_terminal_is_asked(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(says))
    with FakeServer(answer("Put a ", finish="length"), answer(SENTENCE)) as local:
        shell.environ["TWOLANE_LOCAL_URL"] = local.url
        ran = shell.run("do", "docstring", shell.place, "--apply", "--max-tokens", "3")
    assert "The answer was cut at 3 tokens. Try again with up to 6? [y/N]" in ran.err
    yes = says == "y\n"
    assert ran.status == (0 if yes else 1)
    assert content(shell) == (DOCUMENTED if yes else CODE)
    assert [chat.json["max_tokens"] for chat in local.chats] == ([3, 6] if yes else [3])


def test_a_prompt_that_a_server_cut_is_told_of(shell: Shell) -> None:
    """As Ollama does it: see `unread`."""
    put(shell.file, "".join(f"VALUE_{number} = {number}\n" for number in range(900)))
    reply = Answer((chunk("Many values."), chunk(finish="stop"), usage(2_050, 5), DONE))
    with FakeServer(reply) as local:
        shell.environ["TWOLANE_LOCAL_URL"] = local.url
        ran = shell.run("do", "explain", f"{shell.file}:1-900", "--lane", "local")
    assert ran.status == 0
    assert "counted 2,050 tokens of about" in " ".join(ran.out.split())
    assert "Many values." in ran.out


def test_json_asks_nobody(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.replies({"reply": "Put a ", "finish": "length"})
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    ran = shell.run("do", "docstring", shell.place, "--json", "--max-tokens", "1")
    assert (ran.status, ran.out) == (1, "")


def test_json_and_apply_do_both(shell: Shell) -> None:
    ran = shell.run("do", "docstring", shell.place, "--json", "--apply")
    assert f'+    """{SENTENCE}"""\r\n' in ran.json["edit"]["diff"]
    assert content(shell) == DOCUMENTED


def test_the_cloud_lane_answers_and_is_on_record(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    ran = shell.run("do", "docstring", shell.place, "--apply")
    assert ran.out.startswith("cloud deepseek-v3.2: docstring's home lane\n")
    assert content(shell) == DOCUMENTED
    [row] = read_rows(shell.folders.state / "ledger")
    assert row.text == cloud.chats[0].body.decode()
    assert verify(shell.folders.state / "ledger").whole


def test_nda_never_reaches_a_cloud_that_is_asked_for(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    put(shell.root / "twolane.toml", '[nda]\npaths = ["*.py"]\n')
    ran = shell.run("do", "docstring", shell.place, "--lane", "cloud")
    assert ran.status == 0
    assert ran.out.startswith("local: NDA (*.py in twolane.toml); NDA stays local although")
    assert (cloud.connections, bytes(cloud.received)) == (0, b"")


def test_a_rewrite_takes_its_instruction(shell: Shell) -> None:
    code = "def join(a: str) -> str:\n    return f'{a}{os.sep}'\n"
    shell.replies({"match": "f-string", "reply": f"```python\n{code}```"})
    words = ("do", "rewrite", f"{shell.file}:4-5", "--instruction", "Use an f-string.")
    assert shell.run(*words, "--apply").status == 0
    assert content(shell) == CODE[: CODE.index("def")] + code.replace("\n", "\r\n")


def test_nothing_to_change_is_status_1(shell: Shell) -> None:
    put(shell.file, DOCUMENTED)
    ran = shell.run("do", "docstring", shell.place, "--apply")
    assert ran.status == 1
    assert ran.err == "twolane: The model would write what is there already; nothing to change.\n"
    assert content(shell) == DOCUMENTED


def test_a_refused_reply_is_status_1(shell: Shell) -> None:
    shell.replies({"reply": "```rust\nfn main() {}\n```"})
    ran = shell.run("do", "docstring", shell.place, "--apply", "--json")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("twolane: ")
    assert content(shell) == CODE


# What must come out of bad input: how, the words, the status, and what is said.
def _binary(shell: Shell) -> None:
    put(shell.file, b"def f():\0\n" * 9)


def _latin(shell: Shell) -> None:
    put(shell.file, "# caf\xe9\n".encode("latin-1") * 9)


def _text_file(shell: Shell) -> None:
    shell.file = put(shell.root / "notes.txt", CODE)


def _gone(shell: Shell) -> None:
    shell.file.unlink()


def _no_server(shell: Shell) -> None:
    shell.environ["TWOLANE_LOCAL_URL"] = "http://127.0.0.1:9/v1"


def _no_script(shell: Shell) -> None:
    shell.script.unlink()


def _broken_script(shell: Shell) -> None:
    put(shell.script, "[{]")


def _nothing(_shell: Shell) -> None:
    pass


BAD: dict[str, tuple[Callable[[Shell], None], list[str], int, str]] = {
    "unknown action": (_nothing, ["dance", "PLACE"], 2, "There is no action called 'dance'"),
    "no place": (_nothing, ["docstring", "a.py"], 2, "is not a place; write FILE:LINE"),
    "no line": (_nothing, ["docstring", "PLACE-x"], 2, "is not a place; write FILE:LINE"),
    "line 0": (_nothing, ["docstring", "FILE:0"], 1, "lines count from 1"),
    "line behind the end": (_nothing, ["docstring", "FILE:99"], 1, "a.py has 6 lines"),
    "no definition": (_nothing, ["docstring", "FILE:1"], 1, "cursor"),
    "no instruction": (_nothing, ["rewrite", "PLACE"], 1, "Say what to change"),
    "no file": (_gone, ["docstring", "PLACE"], 1, "cannot be read: No such file"),
    "a folder": (_nothing, ["docstring", "ROOT:1"], 1, "is not a file"),
    "binary": (_binary, ["docstring", "PLACE"], 1, "is a binary file"),
    "not UTF-8": (_latin, ["docstring", "PLACE"], 1, "is not valid UTF-8 (byte 5)"),
    "language": (_text_file, ["docstring", "PLACE"], 1, "Python, Rust, TypeScript"),
    "no server": (_no_server, ["docstring", "PLACE"], 1, "Nothing answers at 127.0.0.1:9"),
    "no script": (_no_script, ["docstring", "PLACE"], 1, "cannot be read (No such file"),
    "broken script": (_broken_script, ["docstring", "PLACE"], 1, "is not valid JSON"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_sentence_and_touches_nothing(
    case: str, shell: Shell, cloud: FakeServer
) -> None:
    change, words, status, told = BAD[case]
    shell.cloud(cloud)
    change(shell)
    before = shell.file.read_bytes() if shell.file.exists() else None
    names = {"PLACE": shell.place, "FILE": str(shell.file), "ROOT": str(shell.root)}
    for name, value in names.items():
        words = [word.replace(name, value, 1) for word in words]
    ran = shell.run("do", *words, "--apply", "--lane", "local")
    assert ran.status == status
    assert ran.err.startswith("twolane: ")
    assert told in ran.err
    assert "Traceback" not in ran.err + ran.out
    assert "caf" not in ran.err
    assert (shell.file.read_bytes() if shell.file.exists() else None) == before
    assert cloud.connections == 0


@pytest.mark.parametrize(
    "words",
    [["do"], ["do", "docstring", "a.py:1", "--lane", "moon"], ["dance"], []],
)
def test_wrong_use_is_status_2(shell: Shell, words: list[str]) -> None:
    ran = shell.run(*words)
    assert ran.status == 2
    assert "usage: twolane" in ran.err


def _settings(content: str) -> Callable[[Shell], None]:
    def change(shell: Shell) -> None:
        put(shell.folders.config / "settings.toml", content)

    return change


def _policy(content: str | bytes) -> Callable[[Shell], None]:
    def change(shell: Shell) -> None:
        put(shell.root / "twolane.toml", content)

    return change


def _wrong_cloud_url(shell: Shell) -> None:
    shell.environ["TWOLANE_CLOUD_URL"] = "htps://relay.example/v1"


def _foreign_cloud_url(shell: Shell) -> None:
    shell.environ["TWOLANE_CLOUD_URL"] = "http://relay.example/v1"


def _no_key(shell: Shell) -> None:
    del shell.environ["A_KEY"]


def _odd_key(shell: Shell) -> None:
    shell.environ["A_KEY"] = "two words"


def _taken_back(shell: Shell) -> None:
    (shell.folders.state / "grants.json").unlink()


def _no_repository(shell: Shell) -> None:
    shell.file = put(shell.top / "loose.py", CODE)


# What bad settings and rules lead to: the safe side, with a reason, and words about the fault.
UNSAFE: dict[str, tuple[Callable[[Shell], None], str, str]] = {
    "broken settings": (_settings("broken = ["), "your settings cannot be read", "not valid TOML"),
    "unknown NDA key": (
        _settings('[nda]\npats = ["*.py"]\n'),
        "your settings cannot be read",
        "did you mean `nda.paths`?",
    ),
    "broken policy": (_policy("[nda"), "twolane.toml cannot be read", ""),
    "policy not UTF-8": (_policy(b"\xff\xfe"), "twolane.toml cannot be read", ""),
    "misspelt policy": (_policy('[nda]\npath = ["x"]\n'), "twolane.toml cannot be read", ""),
    "no key": (_no_key, "no key for the cloud lane in A_KEY", ""),
    "odd key": (_odd_key, "A_KEY holds a space", ""),
    "wrong URL": (_wrong_cloud_url, "the URL or the key of [cloud]", "TWOLANE_CLOUD_URL: must be"),
    "plain http": (_foreign_cloud_url, "the URL or the key of [cloud]", "must start with https"),
    "no grant": (_taken_back, "never granted", ""),
    "no repository": (_no_repository, "not in a repository", ""),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_bad_settings_and_rules_lead_to_the_safe_side(
    case: str, shell: Shell, cloud: FakeServer
) -> None:
    change, reason, told = UNSAFE[case]
    shell.cloud(cloud)
    change(shell)
    ran = shell.run("do", "docstring", shell.place, "--lane", "cloud", "--apply")
    assert ran.status == 0
    assert ran.out.startswith("local: ")
    assert reason in ran.out.splitlines()[0]
    assert told in ran.err
    assert bool(told) is bool(ran.err)
    assert "Traceback" not in ran.err
    assert (cloud.connections, bytes(cloud.received)) == (0, b"")
    assert content(shell) == DOCUMENTED


def test_an_unknown_key_is_named_and_the_rest_holds(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    put(shell.folders.config / "settings.toml", 'shade = "red"\n[cloud]\nwindow = -1\n')
    ran = shell.run("do", "docstring", shell.place)
    assert ran.status == 0
    assert ran.out.startswith("cloud deepseek-v3.2: ")
    assert [line.partition(": ")[2].partition(" ")[0] for line in ran.err.splitlines()] == [
        "settings.toml:"
    ] * 2


def test_the_key_and_the_code_are_in_no_error(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    shell.environ["A_KEY"] = "sk-hush hush"
    shell.replies({"reply": "quokka", "error": "incomplete"})
    ran = shell.run("do", "docstring", shell.place, "--json")
    assert ran.status == 1
    for secret in ("sk-hush", "os.sep", "quokka"):
        assert secret not in ran.err + ran.out


def test_what_a_model_says_cannot_steer_the_terminal(shell: Shell) -> None:
    shell.replies({"reply": f"{SENTENCE}\n\n\x1b]0;owned\x07\x1b[2J\x9b1m \ud800 \u202e"})
    ran = shell.run("do", "docstring", shell.place)
    assert ran.status == 0
    assert r"\x1b[2J" in ran.out
    assert r"\ud800" in ran.out
    assert not {"\x1b", "\x07", "\x9b", "\ud800", "\u202e"} & set(ran.out)


def test_a_file_with_an_odd_name(shell: Shell) -> None:
    shell.file = put(shell.root / "a\x1b[31m:7 é.py", CODE)
    ran = shell.run("do", "docstring", shell.place, "--apply")
    assert (ran.status, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    assert content(shell) == DOCUMENTED


def test_a_file_changed_meanwhile_is_left_alone(shell: Shell) -> None:
    shell.replies({"chunks": [SENTENCE[:4], SENTENCE[4:]], "delay_seconds": 2.0})
    process = shell.start("do", "docstring", shell.place, "--apply")
    assert process.stdout is not None
    assert "local: " in process.stdout.readline()
    put(shell.file, f"# new\r\n{CODE}")
    ran = shell.finish(process)
    assert ran.status == 1
    assert ran.err == (
        "twolane: a.py changed while the model was writing, so nothing was applied; run it again.\n"
    )
    assert content(shell) == f"# new\r\n{CODE}"


@pytest.mark.parametrize("lane", ["local", "cloud"])
def test_ctrl_c_stops_it_and_changes_nothing(lane: str, shell: Shell) -> None:
    slow = FakeServer(answer(*["word "] * 600, delay=0.1), models=("deepseek-v3.2", "Qwen3-Coder"))
    with slow.start_in_thread() as server:
        shell.cloud(server)
        shell.environ["TWOLANE_LOCAL_URL"] = server.url
        process = shell.start("do", "docstring", shell.place, "--apply", "--lane", lane)
        assert process.stdout is not None
        seen = ""
        while "word" not in seen:
            seen += os.read(process.stdout.fileno(), 4_096).decode()
        process.send_signal(signal.SIGINT)
        stopped = time.monotonic()
        ran = shell.finish(process)
        assert time.monotonic() - stopped < 40  # a whole answer takes 60
        assert ran.status == 1
        assert ran.err == "twolane: stopped\n"
        assert server.until_blocking(lambda fake: fake.broken_off)
    assert content(shell) == CODE
    assert list(shell.root.glob(".twolane*")) == []
    [row] = read_rows(shell.folders.state / "ledger")
    assert (row.public()["lane"], row.public()["outcome"]) == (lane, "cancelled")


def test_a_cloud_that_breaks_off_changes_nothing(shell: Shell) -> None:
    with FakeServer(
        answer(SENTENCE, finish="length"), models=("deepseek-v3.2",)
    ).start_in_thread() as server:
        shell.cloud(server)
        ran = shell.run("do", "docstring", shell.place, "--apply")
    assert ran.status == 1
    assert "token limit" in ran.err
    assert content(shell) == CODE


def apply_patch(before: str, diff: str) -> str:
    """What `git apply` makes of a diff of `a.py`."""
    with tempfile.TemporaryDirectory() as folder:
        file = put(Path(folder, "a.py"), before)
        subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            input=diff.encode(),
            cwd=folder,
            env={"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": folder, "HOME": folder},
            check=True,
        )
        return file.read_bytes().decode()


LINES = st.lists(
    st.sampled_from(["a\n", "b\r\n", "c\r", "\n", "d\x0c\n", "é\u2028\n", "e"]), max_size=8
)


@settings(max_examples=60)
@given(LINES, LINES)
@example(["a\n", "e"], ["a\n", "e", "a\n"])
@example(["a\n"], ["a\n", "b\r\n"])
def test_the_diff_is_one_that_git_applies(old: list[str], new: list[str]) -> None:
    before, after = "".join(old), "".join(new)
    told = "".join(diff("/r/a.py", Text.of(before), Text.of(after)))
    assert (apply_patch(before, told) if told else before) == after


def test_each_repository_needs_its_own_grant(shell: Shell) -> None:
    other = make_repository(shell.top / "other")
    shell.file = put(other / "a.py", CODE)
    ran = shell.run("do", "docstring", shell.place, "--json")
    assert "never granted" in ran.json["decision"]["reasons"][0]


def test_an_explanation_is_printed_once_and_changes_nothing(shell: Shell) -> None:
    shell.replies({"match": "Answer in this language: Deutsch.", "reply": "Fügt *zusammen*."})
    ran = shell.run("do", "explain", shell.place, "--language", "Deutsch", "--apply")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.count("Fügt *zusammen*.") == 1
    assert "appl" not in ran.out
    assert content(shell) == CODE
    told = shell.run("do", "explain", shell.place, "--language", "Deutsch", "--json").json
    page = {"title": "Explain join", "language": "markdown", "text": "Fügt *zusammen*.\n"}
    assert told["page"] == page
    assert "edit" not in told


def test_what_was_made_safe_is_printed_again(shell: Shell) -> None:
    shell.replies({"reply": "![x](https://a.example/)"})
    ran = shell.run("do", "explain", shell.place)
    assert "\n[x](https://a.example/)\n" in ran.out


def test_an_action_on_the_document_needs_a_place(shell: Shell) -> None:
    ran = shell.run("do", "docstring")
    assert ran.status == 2
    assert ran.err == "twolane: docstring needs a place; write FILE:LINE or FILE:LINE-LINE.\n"


def test_findings_are_lines_that_a_program_can_jump_to(shell: Shell) -> None:
    found = [{"line": 5, "severity": "error", "message": "Wrong.", "fix": "return a"}]
    shell.replies({"reply": f"```json\n{json.dumps([*found, {'line': 9, 'message': 'No.'}])}\n```"})
    ran = shell.run("do", "review", shell.place)
    assert f"{shell.file}:5: error: Wrong.  (with a fix)" in ran.out.splitlines()
    assert "One finding was left out, since the lines that it names are not there." in ran.out
    told = shell.run("do", "review", shell.place, "--json").json
    (one,) = told["findings"]
    assert (one["path"], one["start_line"], one["end_line"]) == (str(shell.file), 5, 5)
    assert (one["severity"], one["message"]) == ("error", "Wrong.")
    assert "-    return a + os.sep  # é 😀\r\n+    return a\r\n" in one["diff"]
    assert len(told["notes"]) == 1
    assert content(shell) == CODE


def test_a_problem_that_a_checker_found_is_fixed(shell: Shell) -> None:
    shell.replies({"match": "lines: F841 a is wrong", "reply": "return a"})
    ran = shell.run("do", "fix", shell.place, "--instruction", "F841 a is wrong", "--apply")
    assert (ran.status, ran.err) == (0, "")
    assert content(shell) == CODE.replace("return a + os.sep  # é 😀", "return a")


def test_tests_are_a_new_file_and_then_more_of_it(shell: Shell) -> None:
    test = shell.root / "tests" / "test_a.py"
    shell.replies(
        {"reply": "```python\nfrom a import join\n\n\ndef test_join():\n    assert join\n```"}
    )
    told = shell.run("do", "tests", shell.place, "--json").json
    (file,) = told["edit"]["files"]
    assert (file["path"], file["does"], file["before_sha256"]) == (
        "tests/test_a.py",
        "create",
        None,
    )
    assert not test.exists()
    assert shell.run("do", "tests", shell.place, "--apply").status == 0
    assert test.read_text() == "from a import join\n\n\ndef test_join():\n    assert join\n"
    shell.replies(
        {"match": "The test file as it is", "reply": "```python\ndef test_more():\n    pass\n```"}
    )
    ran = shell.run("do", "tests", shell.place, "--apply")
    assert (ran.status, ran.err) == (0, "")
    assert test.read_text() == (
        "from a import join\n\n\ndef test_join():\n    assert join\n\n\ndef test_more():\n    pass\n"
    )
    assert content(shell) == CODE


TWO = "def first():\n    return 1\n\n\ndef second():\n    return 2\n"


def test_a_review_takes_a_file_alone_and_looks_at_all_of_it(shell: Shell) -> None:
    """A cursor at its start would be in the first definition."""
    file = put(shell.root / "two.py", TWO)
    found = [{"line": 6, "message": "Two?"}, {"line": 2, "message": "One?"}]
    shell.replies({"reply": json.dumps(found)})
    said = shell.run("do", "review", str(file), "--json").json["findings"]
    assert [one["start_line"] for one in said] == [2, 6]
    said = shell.run("do", "review", f"{file}:1", "--json").json["findings"]
    assert [one["start_line"] for one in said] == [2]
    routed = shell.run("route", "review", str(file), "--json").json
    assert {(one["start_line"], one["end_line"]) for one in routed["fragments"]} >= {(1, 6)}


def test_docstrings_take_a_file_alone(shell: Shell) -> None:
    file = put(shell.root / "two.py", TWO)
    shell.replies({"reply": "### 1\nGive one.\n### 2\nGive two.\n"})
    alone = shell.run("do", "docstrings", str(file), "--json").json["edit"]
    assert alone == shell.run("do", "docstrings", f"{file}:5", "--json").json["edit"]
    assert alone["diff"].count('+    """') == 2
    assert shell.run("do", "docstrings", str(file), "--apply").status == 0
    assert file.read_text("utf-8").count('    """Give ') == 2


@pytest.mark.parametrize("action", ["review", "docstrings"])
def test_a_folder_is_no_file(shell: Shell, action: str) -> None:
    ran = shell.run("do", action, str(shell.root))
    assert (ran.status, "is a folder" in ran.err) == (2, True)


@pytest.mark.parametrize("action", ["rewrite", "docstring", "explain", "tests"])
def test_other_actions_need_a_line(shell: Shell, action: str) -> None:
    ran = shell.run("do", action, str(shell.file), "--instruction", "x")
    assert (ran.status, "is not a place" in ran.err) == (2, True)


@pytest.mark.parametrize("ledger", [True, False], ids=["recorded", "without a ledger"])
@pytest.mark.parametrize("with_errors", [True, False], ids=["2>&1", "2>file"])
def test_who_reads_no_more_ends_it_quietly(
    shell: Shell, *, ledger: bool, with_errors: bool
) -> None:
    """As `twolane do … | head` does: nothing is a mistake of ours, and the request is on record."""
    if not ledger:
        put(shell.folders.state / "ledger", "in the way")
    words = [sys.executable, "-m", "twolane_server.cli", "do", "explain", shell.place]
    slow = answer(*["word "] * 1_000, delay=0.005)
    with (
        FakeServer(slow, models=["Qwen3-Coder"]).start_in_thread() as server,
        subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if with_errors else subprocess.PIPE,
            env={
                **shell.process_environ,
                **shell.environ,
                "TWOLANE_LOCAL_URL": server.url,
                "TWOLANE_MODE": "local",
            },
        ) as process,
    ):
        assert process.stdout is not None
        read = b""
        while b"word" not in read:
            read += os.read(process.stdout.fileno(), 4_096)
        process.stdout.close()
        assert process.wait(120) == 1
        assert process.stderr is None or not process.stderr.read()
    if ledger:
        [row] = read_rows(shell.folders.state / "ledger")
        assert row.public()["outcome"] == "failed"
