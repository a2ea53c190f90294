"""`twolane route`: the decision, and not a byte to anybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support_cli import CODE, Shell
from support_repository import put
from support_trust import grant

if TYPE_CHECKING:
    from support_fake_server import FakeServer

WORDING = {"path": "", "start_line": 0, "end_line": 0, "label": "OPEN"}


def everything(shell: Shell) -> dict[str, bytes]:
    """All files but those of the repository's index, and the key of its fingerprints."""
    index = shell.top / "own" / "cache" / "index"
    key = shell.top / "own" / "state" / "fingerprints.key"
    return {
        str(path): path.read_bytes()
        for path in shell.top.rglob("*")
        if path.is_file() and index not in path.parents and path != key
    }


def test_json_is_one_object_of_a_stable_shape(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    ran = shell.run("route", "docstring", shell.place, "--json")
    assert (ran.status, ran.err) == (0, "")
    told = ran.json
    assert list(told) == [
        "lane",
        "model",
        "label",
        "reasons",
        "prompt_tokens",
        "cost_usd",
        "fragments",
    ]
    assert (told["lane"], told["model"], told["label"]) == ("cloud", "deepseek-v3.2", "OPEN")
    assert told["reasons"] == ["docstring's home lane"]
    assert 0 < told["cost_usd"] < 0.01
    assert all(
        list(each) == ["path", "start_line", "end_line", "label", "tokens"]
        for each in told["fragments"]
    )
    assert told["prompt_tokens"] > sum(each["tokens"] for each in told["fragments"]) > 0
    from_file = [each for each in told["fragments"] if each["path"]]
    assert [(each["path"], each["start_line"], each["end_line"]) for each in from_file] == [
        (str(shell.file), 1, 1),
        (str(shell.file), 4, 5),
    ]
    wording = [each for each in told["fragments"] if not each["path"]]
    assert wording
    assert all(each == {**WORDING, "tokens": each["tokens"]} for each in wording)


def test_a_person_reads_lane_reason_and_sources(shell: Shell) -> None:
    put(shell.root / "twolane.toml", '[nda]\npaths = ["*.py"]\n')
    ran = shell.run("route", "docstring", shell.place)
    assert (ran.status, ran.err) == (0, "")
    first, second, *rest = ran.out.splitlines()
    assert first == "local: NDA (*.py in twolane.toml)"
    assert "tokens would be sent" in second
    assert [re.split(" {2,}", line.strip())[:2] for line in rest] == [
        ["NDA", "a.py:1, 4-5"],
        ["OPEN", "twolane's own wording and your instruction"],
    ]


def test_large_numbers_are_written_as_do_writes_them(shell: Shell) -> None:
    file = put(shell.root / "long.py", "x = 1  # 2\n" * 1_000)
    place = f"{file}:1-1000"
    routed = shell.run("route", "explain", place, "--max-tokens", "4000").out
    (sent,) = re.findall(r"about (\d,\d{3}) tokens would be sent, and up to 4,000 come", routed)
    assert f"about {sent} tokens; context in" in shell.run("do", "explain", place).out


@pytest.mark.parametrize("lane", ["auto", "local", "cloud"])
@pytest.mark.parametrize("policy", ["[nda]\n", '[nda]\npaths = ["*.py"]\n'])
def test_it_connects_to_nobody_and_writes_nothing_but_its_index(
    shell: Shell, cloud: FakeServer, local: FakeServer, lane: str, policy: str
) -> None:
    shell.cloud(cloud)
    shell.environ["TWOLANE_LOCAL_URL"] = local.url
    put(shell.root / "twolane.toml", policy)
    before = everything(shell)
    for more in ([], ["--json"]):
        ran = shell.run("route", "docstring", shell.place, "--lane", lane, *more)
        assert (ran.status, ran.err) == (0, "")
    assert (cloud.connections, bytes(cloud.received)) == (0, b"")
    assert (local.connections, bytes(local.received)) == (0, b"")
    assert everything(shell) == before


def test_it_says_what_do_does(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    for policy in ("[nda]\n", "[nda", '[nda]\nmarkers = ["separator"]\n'):
        put(shell.root / "twolane.toml", policy)
        told = shell.run("route", "docstring", shell.place, "--json").json
        done = shell.run("do", "docstring", shell.place, "--json").json["decision"]
        # Who answers on the local lane shows only when it is asked.
        assert done.pop("model") == (told["model"] if done["lane"] == "cloud" else "scripted")
        assert done == {key: told[key] for key in done}


def test_the_marker_of_a_repository_question_stays_local(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    words = ("route", "rewrite", shell.place, "--json", "--instruction")
    assert shell.run(*words, "Shorten.").json["lane"] == "cloud"
    assert shell.run(*words, "[REPO_CTX] Shorten.").json["lane"] == "local"
    put(shell.file, CODE.replace("def ", "# ctx_repo: Shorten.\r\ndef "))
    assert shell.run(*words, "").json["reasons"] == ["the instruction asks for the repository"]


def test_what_the_border_would_refuse_is_told_as_its_word(shell: Shell, cloud: FakeServer) -> None:
    """Not as a lane that is down, which would be another matter tomorrow."""
    shell.cloud(cloud)
    key = "AKIA" + "Q3ZJ7WPXN5KDLT2M"
    told = shell.run("route", "explain", shell.place, "--instruction", f"Why is {key} refused?")
    assert told.out.startswith("local: the border keeps it local: ")
    assert "cannot be used" not in told.out
    assert key not in told.out


def test_a_copy_of_what_git_ignores_stays_local(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    put(shell.root / "twolane.toml", '[nda]\npaths = ["secrets/"]\n')
    put(shell.root / ".gitignore", "secrets/\n")
    grant(shell.root, shell.folders)
    code = (
        "def settle(rows, quota, gateway):\n"
        "    overdrawn = gateway.overdrawn(rows, quota)\n"
        "    return gateway.settled(rows, overdrawn, quota * 0.375)\n"
    )
    put(shell.root / "secrets" / "a.py", code)
    copy = put(shell.root / "copy.py", code)
    told = shell.run("route", "docstring", f"{copy}:1")
    assert told.out.startswith("local: the border keeps it local: it holds code of r/secrets/a.py")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["dance", "PLACE"], 2, "no action called"),
        (["docstring", "a.py"], 2, "not a place"),
        (["docstring", "PLACE9"], 1, "lines count from 1"),
        (["rewrite", "PLACE"], 1, "Say what to change"),
        (["docstring", "PLACE", "--lane", "sun"], 2, "invalid choice"),
        (["docstring", "none.py:1"], 1, "No such file"),
    ],
)
def test_bad_input_is_a_sentence(shell: Shell, words: list[str], status: int, told: str) -> None:
    ran = shell.run("route", *(word.replace("PLACE", shell.place) for word in words), "--json")
    assert (ran.status, ran.out) == (status, "")
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_what_no_lane_holds_is_refused(shell: Shell) -> None:
    shell.environ["TWOLANE_LOCAL_WINDOW"] = "512"
    ran = shell.run("route", "docstring", shell.place, "--json")
    assert (ran.status, ran.out) == (1, "")
    assert "window of 512" in ran.err


def test_a_real_process(shell: Shell) -> None:
    ran = shell.finish(shell.start("route", "docstring", shell.place, "--json"))
    assert (ran.status, ran.err) == (0, "")
    assert ran.json["lane"] == "local"


def test_what_a_repository_says_cannot_steer_the_terminal(shell: Shell) -> None:
    put(shell.root / ".aiexclude", "*.p[y\x1b\x9b]\n")
    shell.file = put(shell.root / "b\x1b[31m\nOPEN  c.py", CODE)
    ran = shell.run("route", "docstring", shell.place)
    assert ran.status == 0
    assert ran.out.startswith("local: NDA (")
    assert not {"\x1b", "\x9b"} & set(ran.out)
    assert "b\\x1b[31m\\nOPEN  c.py" in ran.out
    assert not re.search("^ *OPEN  c.py", ran.out, re.MULTILINE)


def test_a_word_that_must_not_leave_is_foreseen(shell: Shell, cloud: FakeServer) -> None:
    shell.cloud(cloud)
    put(shell.root / "twolane.toml", '[nda]\nwords = ["Acme Corp"]\n')
    grant(shell.root, shell.folders)
    words = ("rewrite", shell.place, "--json", "--instruction")
    assert shell.run("route", *words, "Shorten.").json["lane"] == "cloud"
    told = shell.run("route", *words, "Shorten as ACME_CORP does.").json
    assert told["lane"] == "local"
    assert "it holds the word" in told["reasons"][0]
    assert cloud.connections == 0
