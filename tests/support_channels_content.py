"""L13 to L27 of the catalogue of leaks: what of the code under NDA gets into another text."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from support_fake_server import answer
from support_generated import Code, word
from support_leaks import FIXED, traces
from support_repository import put
from support_trial import DOCSTRING

if TYPE_CHECKING:
    from pathlib import Path

    from support_trial import Trial


def told(trial: Trial, code: Code, *, lane: str | None = None) -> None:
    """An open file with that text, and an action in it."""
    trial.expect(trial.ask(put(trial.shelf / "host.py", code.text), code, lane=lane))


def l13_unsaved_text(trial: Trial) -> None:
    """Code that was pasted into an open buffer and is on no disk."""
    _, code = trial.stocked()
    host = trial.pasted_into(code.body)
    desk = trial.bench.desk
    file = put(trial.shelf / "host.py", trial.other("python").text)
    desk.open(file.as_uri(), "python", file.read_text("utf-8"))
    desk.change(file.as_uri(), host.text)
    lane = trial.chance.choice(({}, {"lane": "cloud"}))
    trial.expect(desk.act(file.as_uri(), host.first, **lane).partition(" ")[0].rstrip(":"))
    desk.close_document(file.as_uri())


def l14_open_tabs(trial: Trial) -> None:
    """The file is open in a tab beside, with unsaved text, and the open code at hand calls it."""
    file, code = trial.stocked()
    desk = trial.bench.desk
    module = ".".join(file.relative_to(trial.root).with_suffix("").parts)
    mine = trial.other("python", calls=code.name).below(f"from {module} import {code.name}\n\n\n")
    here = put(trial.shelf / "mine.py", mine.text)
    desk.open(file.as_uri(), "python", f"{code.text}\n# {trial.mark} unsaved\n")
    desk.open(here.as_uri(), "python", mine.text)
    assert desk.act(here.as_uri(), mine.first).startswith("cloud")
    for each in (file, here):
        desk.close_document(each.as_uri())


def l15_pasted_snippet(trial: Trial) -> None:
    """A part of the file in an open one: whole or cut, in a fence, numbered, with one name changed."""
    _, code = trial.planted()
    chance = trial.chance
    rows = code.body.split("\n")
    first = chance.randint(0, 2)
    snippet = "\n".join(rows[first:])
    forms = {
        "as it is": snippet,
        "fenced": f"```\n{snippet}```",
        "numbered": "\n".join(f"{n:4} | {row}" for n, row in enumerate(rows, 10)),
        "quoted": "\n".join(f"> {row}" for row in rows),
        "line ends": snippet.replace("\n", "\r\n"),
        "renamed": snippet.replace(code.name, word(chance)),
        "indented": snippet.replace("\n", "\n        "),
    }
    told(trial, trial.pasted_into(forms[chance.choice(sorted(forms))]))


def caller(trial: Trial, code: Code, *, name: str = "") -> tuple[Path, Code, str]:
    """Open code that calls a function of a file beside, and another of an open one; its mark."""
    folder = trial.home(fixed=True)
    put(folder / "one.py", code.text)
    friend = trial.other("python")
    put(trial.shelf / "friend.py", friend.text)
    kept = next(each for each in friend.text.replace('"', " ").split() if each.startswith("zq"))
    inner = ".".join(folder.relative_to(trial.root).parts)
    lines = (
        f"from {inner}.one import {name or code.name}\n"
        f"from lib.{trial.shelf.name}.friend import {friend.name}\n\n\n"
    )
    mine = trial.other("python", calls=name or code.name)
    tail = f"    {friend.name}({word(trial.chance)})\n"
    cut = mine.text.rindex("    return")
    both = Code(
        mine.text[:cut] + tail + mine.text[cut:],
        mine.language,
        mine.name,
        mine.first,
        mine.last + 1,
    )
    both = both.below(lines)
    return put(trial.shelf / "mine.py", both.text), both, kept


def retrieves(trial: Trial, file: Path, code: Code, kept: str = "", *, action: str = "") -> None:
    """What is found around open code goes along, and nothing of what is under NDA."""
    before = len(trial.cloud.received)
    assert trial.ask(file, code, action=action) == "cloud"
    received = bytes(trial.cloud.received[before:])
    assert not kept or traces(received, kept), (trial.number, trial.secret, kept, received)


def l16_retrieved_pieces(trial: Trial) -> None:
    """The open code calls a function of the file; what it calls in open files goes along."""
    retrieves(trial, *caller(trial, trial.code("python")))


def l17_map_imports_signatures(trial: Trial) -> None:
    """A class of the file is the base of an open one and the type of what its methods take."""
    name, method = word(trial.chance).title(), word(trial.chance)
    folder = trial.home(fixed=True)
    number = trial.chance.randint(1_000, 99_999)
    put(
        folder / "one.py",
        f"class {name}:\n    def {method}(self, {trial.mark}={number}):\n        return {number}\n"
        f"\n\n{trial.other('python').text}",
    )
    inner = ".".join(folder.relative_to(trial.root).parts)
    mine = word(trial.chance)
    text = (
        f"from {inner}.one import {name}\n\n\nclass {word(trial.chance).title()}({name}):\n"
        f"    def {mine}(self, other: {name}):\n        return other.{method}({number + 1})\n"
    )
    host = trial.other("python")
    code = Code(text, host.language, mine, 5, 6)
    if trial.chance.random() < 0.3:
        assert trial.run("index").status == 0
    retrieves(trial, put(trial.shelf / "mine.py", code.text), code, action="docstring")


def l18_documentation_and_types(trial: Trial) -> None:
    """Documentation and annotations of a function that the open code calls."""
    name, chance = word(trial.chance), trial.chance
    words = " ".join(word(chance) for _ in range(chance.randint(3, 20)))
    text = (
        f"def {name}({word(chance)}: '{trial.mark}', {word(chance)}={chance.randint(1_000, 9_999)}):\n"
        f'    """{words} {trial.mark}.\n\n    {words.title()}\n    """\n'
        f"    return {chance.randint(10_000, 99_999)} * {word(chance)}\n"
    )
    more = trial.other("python")
    code = Code(f"{text}\n\n{more.text}", more.language, name, 1, 6)
    retrieves(trial, *caller(trial, code))


def l19_diagnostics_and_titles(trial: Trial) -> None:
    """Titles, messages and answers quote nothing; diagnostics that an editor hands in go nowhere."""
    file, code = trial.stocked()
    desk = trial.bench.desk
    other = trial.other("python")
    mine = put(trial.shelf / "mine.py", other.text)
    told = [
        {
            "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}},
            "message": code.body,
        }
    ]
    desk.open(file.as_uri(), "python", code.text)
    desk.open(mine.as_uri(), "python", other.text)
    assert desk.said
    # A type checker tells of an open file what it read in another.
    trial.cloud.answers = (answer(FIXED),)
    quoted = {"action": "fix", "instruction": f"no parameter `{code.name}` ({trial.mark})"}
    trial.expect(desk.act(mine.as_uri(), other.last - 1, **quoted).partition(" ")[0].rstrip(":"))
    trial.cloud.answers = (answer(DOCSTRING),)
    desk.actions(file.as_uri(), code.first, told)
    desk.actions(mine.as_uri(), other.first, told if trial.secret else ())
    trial.expect(desk.act(file.as_uri(), code.first).partition(" ")[0].rstrip(":"))
    assert desk.act(mine.as_uri(), other.first).startswith("cloud")
    said = "".join(part for part in desk.said.split("\n") if "applyEdit" not in part)
    assert not trial.secret or traces(said.encode(), trial.mark) == []
    for each in (file, mine):
        desk.close_document(each.as_uri())


def l20_callers_and_references(trial: Trial) -> None:
    """Code of the file that calls the open code; it also stays out of what `context` shows the cloud."""
    mine = trial.other("python")
    file = put(trial.shelf / "mine.py", mine.text)
    folder = trial.home(fixed=True)
    head = f"from lib.{trial.shelf.name}.mine import {mine.name}\n\n\n"
    rows = [
        f"# {trial.mark}",
        f'{word(trial.chance)}("{trial.mark}")',
        f"{mine.name}({trial.chance.randint(1, 9_999)}, 2)",
    ]
    trial.chance.shuffle(rows)
    body = "".join(f"    {row}\n" for row in rows)
    put(folder / "one.py", f"{head}def f_{trial.mark}():\n{body}\n\n{trial.other('python').text}")
    shown = trial.run("context", "--audience", "cloud", f"{file}:{mine.first}")
    assert not trial.secret or traces(shown.out.encode(), trial.mark) == []
    retrieves(trial, file, mine)


def l21_test_output(trial: Trial) -> None:
    """A test's report, a log or a traceback that shows the code line by line, in an open file."""
    _, code = trial.planted(trial.code(terse=True))
    chance = trial.chance
    rows = code.body.split("\n")
    report = [f"____ {word(chance)} ____", "", *rows[:-2], f">   {rows[-2].strip()}"]
    forms = {
        "report": [
            *report,
            f"E   AssertionError: {word(chance)}",
            f"a/{word(chance)}.py:12: Error",
        ],
        "traceback": [f'  File "/a/x.py", line {n}, in f\n{row}' for n, row in enumerate(rows, 9)],
        "log": [f"[2026-01-05 10:11:{n}] INFO {row}" for n, row in enumerate(rows, 10)],
        "debugger": [f"{n:3}  -> {row}" for n, row in enumerate(rows, 9)],
    }
    told(trial, trial.pasted_into("\n".join(forms[chance.choice(sorted(forms))])))


def l22_clipboard(trial: Trial) -> None:
    """The person pastes the code into the instruction."""
    _, code = trial.planted()
    host = trial.other()
    file = put(trial.shelf / trial.named(host), host.text)
    trial.expect(trial.ask(file, host, instruction=f"as in\n{code.body}\nplease"))


def l23_diff(trial: Trial) -> None:
    """A diff of the file: old, new and context lines and a hunk's header, in an open file.

    It stands for what reviews and messages for commits will be made of.
    """
    _, code = trial.planted()
    old = code.text.split("\n")
    new = list(old)
    for _ in range(trial.chance.randint(1, 3)):
        new[trial.chance.randrange(len(new))] = f"    {word(trial.chance)}"
    if trial.chance.random() < 0.5:
        old, new = new, old
    diff = difflib.unified_diff(old, new, "a/x", "b/x", lineterm="", n=trial.chance.choice((3, 99)))
    rows = list(diff)
    rows[2] += f" {code.name}"
    told(trial, trial.pasted_into("\n".join(rows) + f"\n {code.body}"))


def l24_history_of_git(trial: Trial) -> None:
    """What `git blame`, `log -p`, `stash show` and `grep` print of the file, in an open one."""
    _, code = trial.planted(trial.code(terse=True))
    chance = trial.chance
    commit = f"{chance.randrange(16**8):08x}"
    rows = code.body.split("\n")
    forms = {
        "blame": [
            f"{commit} (A. Person 2026-01-0{n % 9 + 1} 10:11:12 +0100 {n:3}) {row}"
            for n, row in enumerate(rows, 9)
        ],
        "blame -s": [f"^{commit[1:]} {n:3}) {row}" for n, row in enumerate(rows, 9)],
        "log": [
            f"commit {commit}",
            "Author: A",
            "",
            "@@ -0,0 +1,9 @@",
            *(f"+{row}" for row in rows),
        ],
        "message": [f"    {row}" for row in (f"commit {commit}", "", "why: this code", *rows)],
        "grep": [f"src/x.py:{n}:{row}" for n, row in enumerate(rows, 9)],
        "grep -C": [f"src/x.py-{n}-{row}" for n, row in enumerate(rows, 9)],
    }
    told(trial, trial.pasted_into("\n".join(forms[chance.choice(sorted(forms))])))


def l25_merge_conflict(trial: Trial) -> None:
    """An open file in the middle of a merge: one of both sides is the file's code."""
    _, code = trial.planted(trial.code("python"))
    ours, theirs = code.body, trial.other("python").body
    if trial.chance.random() < 0.5:
        ours, theirs = theirs, ours
    base = f"||||||| {word(trial.chance)}\n" if trial.chance.random() < 0.5 else ""
    text = f"<<<<<<< HEAD\n{ours}{base}=======\n{theirs}>>>>>>> {word(trial.chance)}\n"
    told(trial, trial.pasted_into(text))


def l26_undone(trial: Trial) -> None:
    """Code that was pasted and taken out again but for a few words: the buffer stays NDA."""
    _, code = trial.stocked()
    desk, host = trial.bench.desk, trial.other("python")
    file = put(trial.shelf / "host.py", host.text)
    rest = host.text.replace(
        "    return", f"    # {trial.mark[:12]}\n    # {trial.mark}\n    return", 1
    )
    desk.open(file.as_uri(), "python", host.text)
    desk.act(file.as_uri(), host.first)
    desk.change(file.as_uri(), trial.pasted_into(code.body).text)
    trial.expect(desk.act(file.as_uri(), host.first).partition(" ")[0].rstrip(":"))
    desk.change(file.as_uri(), rest)
    lane = trial.chance.choice(({}, {"lane": "cloud"}))
    trial.expect(desk.act(file.as_uri(), host.first, **lane).partition(" ")[0].rstrip(":"))
    desk.close_document(file.as_uri())


def l27_derived(trial: Trial) -> None:
    """Tests and mocks that were made of the file's code: a copy of it under other names."""
    _, code = trial.planted(trial.code("python"))
    name = f"{trial.chance.choice(('test', 'mock', 'fake'))}_{word(trial.chance)}"
    text = code.body.replace(code.name, name)
    text += f"\n\n{word(trial.chance)} = {name}({trial.chance.randint(1, 99)}, 2)\n"
    derived = Code(text, code.language, name, 1, code.last - code.first + 1)
    told(trial, derived.below(f"import {word(trial.chance)}\n\n\n"))
