"""What is NDA anywhere in a diff keeps the whole of it local; what is open may go to the cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_fake_server import FakeServer, answer
from support_git import Repo
from support_leaks import MODEL, POLICY, World, canary, code, traces
from support_trust import grant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MESSAGE = "fix: say it"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """A repository of a real git, with a policy, a grant and a key."""
    with FakeServer(answer(MESSAGE), models=(MODEL,)) as cloud:
        world = World(tmp_path, cloud, capfd)
        for name, value in world.variables.items():
            monkeypatch.setenv(name, value)
        world.script({"reply": MESSAGE})
        repo = Repo(world.root)
        repo.put("base.txt", "".join(f"line {number}\n" for number in range(30)))
        repo.git("add", ".")
        repo.commit("Start")
        monkeypatch.chdir(world.root)
        yield world
        world.check()


def _do(world: World, action: str) -> Any:  # noqa: ANN401 - JSON
    done = world.run("do", action, "--json")
    assert done.status == 0, done.err
    return done.json


def _open_edit(world: World) -> Repo:
    repo = Repo(world.root)
    world.tool.write_text(f"{code(world.open)}x = 1\n", "utf-8")
    repo.git("add", "tool.py")
    return repo


def test_an_open_diff_may_leave_and_is_told_of_in_the_ledger(world: World) -> None:
    _open_edit(world)
    said = _do(world, "commit")
    assert said["decision"]["lane"] == "cloud"
    assert said["page"] == {
        "title": "Commit message",
        "language": "gitcommit",
        "text": f"{MESSAGE}\n",
    }
    (row,) = world.rows
    assert {origin.path for origin in row.files} == {str(world.tool)}
    assert traces(bytes(world.cloud.received), world.open)


def _deleted_line(world: World, repo: Repo) -> None:
    """A line of an NDA file that the diff takes away."""
    world.nda.write_text("x = 1\n", "utf-8")
    repo.git("add", "clients")


def _renamed_away(_: World, repo: Repo) -> None:
    """An NDA file that gets an open name."""
    repo.git("mv", "clients/acme.py", "acme.py")


def _deleted_file(_: World, repo: Repo) -> None:
    repo.git("rm", "-q", "clients/acme.py")


def _marker_taken_away(world: World, repo: Repo) -> None:
    """The text was confidential before this very diff."""
    repo.commit("Add it", was_py=f"# CONFIDENTIAL\n{code(world.secret)}")
    repo.stage(was_py="x = 1\n")


def _marker_staged_alone(world: World, repo: Repo) -> None:
    """The staged text is confidential, the one on disk is not."""
    repo.stage(half_py=f"# CONFIDENTIAL\n{code(world.secret)}")
    repo.put("half.py", "x = 1\n")


def _new_file(world: World, repo: Repo) -> None:
    repo.stage(clients__new_py=code(world.secret))


def _long(mark: str) -> str:
    """A function long enough to be known again."""
    names = (f"    value_{mark[:6]}_{n} = compute({n}, other={n + 1})\n" for n in range(30))
    return f"def long_function_of_acme(a):\n{''.join(names)}    return '{mark}'\n"


def _pasted(world: World, repo: Repo) -> None:
    """Code under NDA in an open file: known again by its fingerprints."""
    body = _long(world.secret)
    repo.commit("Add it", clients__long_py=body)
    repo.stage(tool_py=body)


def _word(world: World, repo: Repo) -> None:
    repo.stage(tool_py=f"# for ACME-corp {world.secret}\n")


def _link_led_there(world: World, repo: Repo) -> None:
    """A link whose old target's very name is under NDA."""
    link = world.root / "link.py"
    link.symlink_to("clients/acme.py")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "Add")
    link.unlink()
    link.symlink_to("base.txt")
    world.tool.write_text("x = 3\n", "utf-8")
    repo.git("add", "-A")


def _file_was_a_link(world: World, repo: Repo) -> None:
    """A file that takes the place of such a link."""
    _link_led_there(world, repo)
    (world.root / "link.py").unlink()
    repo.stage(link_py="x = 1\n")


def _deleted_with_a_marker(world: World, repo: Repo) -> None:
    """A file with an open name, whose text said that it is confidential."""
    repo.commit("Add it", was_py=f"# CONFIDENTIAL\n{code(world.secret)}")
    repo.git("rm", "-q", "was.py")


def _renamed_with_a_marker(world: World, repo: Repo) -> None:
    text = f"# CONFIDENTIAL\n{code(world.secret)}" + "y = 1\n" * 40
    repo.commit("Add it", was_py=text)
    repo.git("mv", "was.py", "is.py")
    repo.stage(is_py=text.removeprefix("# CONFIDENTIAL\n"))


def _deleted_with_its_policy(world: World, repo: Repo) -> None:
    """A policy that came after the grant, and goes with what it speaks of."""
    repo.commit("Add it", inner__a_py=code(world.secret), **{"inner/.aiignore": "a.py\n"})
    (repo.root / "inner" / ".aiignore").unlink()
    repo.git("rm", "-q", "inner/a.py")


def _deleted_copy(world: World, repo: Repo) -> None:
    """A file with an open name that held code under NDA."""
    body = _long(world.secret)
    repo.commit("Add it", clients__long_py=body, copy_py=body)
    repo.git("rm", "-q", "copy.py")


def _deleted_word(world: World, repo: Repo) -> None:
    repo.commit("Add it", told_py=f"# for ACME-corp {world.secret}\n")
    repo.git("rm", "-q", "told.py")


def _pasted_lines_gone(world: World, repo: Repo) -> None:
    """Lines that an open file loses were code under NDA."""
    body = _long(world.secret)
    repo.commit("Add it", clients__long_py=body, held_py=f"{body}\n\nx = 1\n")
    repo.stage(held_py="x = 1\n")


def _word_gone(world: World, repo: Repo) -> None:
    """A line that an open file loses names a client."""
    repo.commit("Add it", told_py=f"# for ACME-corp {world.secret}\nx = 1\n")
    repo.stage(told_py="x = 1\n")


LINKS = (_link_led_there, _file_was_a_link)
CASES = [
    _pasted_lines_gone,
    _word_gone,
    _deleted_with_a_marker,
    _renamed_with_a_marker,
    _deleted_with_its_policy,
    _deleted_copy,
    _deleted_word,
    _link_led_there,
    _file_was_a_link,
    _deleted_line,
    _renamed_away,
    _deleted_file,
    _marker_taken_away,
    _marker_staged_alone,
    _new_file,
    _pasted,
    _word,
]


def _in_the_tree(_: World, repo: Repo) -> tuple[str, ...]:
    repo.git("reset", "-q")
    return ()


def _still_staged(_: World, repo: Repo) -> tuple[str, ...]:
    del repo
    return ("--staged",)


def _committed(_: World, repo: Repo) -> tuple[str, ...]:
    # The marker that was taken away is in a commit of its own.
    start = repo.git("rev-parse", "HEAD").strip()
    repo.commit("Do it")
    return ("--range", f"{start}..HEAD")


@pytest.mark.parametrize("where", [_in_the_tree, _still_staged, _committed])
@pytest.mark.parametrize(
    "case",
    # Of a file that is gone a review tells the name alone, so a word in it does not leave; links it
    # does not read.
    [case for case in CASES if case not in {_deleted_word, *LINKS}],
    ids=lambda case: case.__name__.strip("_"),
)
def test_nda_anywhere_in_what_is_reviewed_keeps_it_local(
    case: Callable[[World, Repo], None],
    where: Callable[[World, Repo], tuple[str, ...]],
    world: World,
) -> None:
    world.script({"reply": "[]"})
    repo = _open_edit(world)
    case(world, repo)
    if where is _in_the_tree and case is _marker_staged_alone:
        return  # what was staged is not in the working tree any more
    repo.stage(more_py="x = 2\n")
    words = where(world, repo)
    said = world.run("do", "changes", *words, "--json").json
    assert said["decision"]["lane"] == "local"
    assert not world.chats


@pytest.mark.parametrize("where", [_in_the_tree, _still_staged, _committed])
@pytest.mark.parametrize("case", LINKS, ids=lambda case: case.__name__.strip("_"))
def test_where_a_link_led_is_in_no_review(
    case: Callable[[World, Repo], None],
    where: Callable[[World, Repo], tuple[str, ...]],
    world: World,
) -> None:
    repo = _open_edit(world)
    case(world, repo)
    repo.stage(more_py="x = 2\n")
    words = where(world, repo)
    world.run("do", "changes", *words)
    (chat,) = world.chats
    assert b"more.py" in chat.body
    assert b"acme" not in chat.body


def _gone_and_moved(world: World) -> Repo:
    """Of two open files one is deleted and one is renamed."""
    repo = Repo(world.root)
    lines = "".join(f"v{n} = {n}\n" for n in range(40))
    repo.commit("Add", old_py=f"{code(world.open)}x = 1\n", was_py=lines)
    repo.git("checkout", "-qb", "work")
    repo.git("rm", "-q", "old.py")
    repo.git("mv", "was.py", "is.py")
    repo.stage(is_py=f"{lines}more = 1\n")
    return repo


def test_open_deletions_and_renames_may_leave(world: World) -> None:
    repo = _gone_and_moved(world)
    said = _do(world, "commit")
    assert said["decision"]["lane"] == "cloud", said
    world.script({"reply": "[]"})
    for words in ((), ("--staged",)):
        routed = world.run("route", "changes", *words, "--json").json
        assert (routed["lane"], routed["label"]) == ("cloud", "OPEN"), routed
    paths = {origin.path.removeprefix(f"{world.root}/") for origin in world.rows[-1].files}
    assert paths == {"old.py", "was.py", "is.py"}
    repo.commit("Move and delete")
    assert _do(world, "pr")["decision"]["lane"] == "cloud"
    routed = world.run("route", "changes", "--range", "main..HEAD", "--json").json
    assert routed["lane"] == "cloud"


def test_a_policy_that_is_tightened_meanwhile_counts_for_what_is_gone(world: World) -> None:
    _gone_and_moved(world)
    (world.root / "twolane.toml").write_text(
        POLICY.replace('"tariff.py"', '"tariff.py", "old.py"'), "utf-8"
    )
    assert _do(world, "commit")["decision"]["lane"] == "local"


@pytest.mark.parametrize("where", [_in_the_tree, _still_staged, _committed])
def test_open_changes_may_leave(
    where: Callable[[World, Repo], tuple[str, ...]], world: World
) -> None:
    words = where(world, _open_edit(world))
    said = world.run("route", "changes", *words, "--json").json
    assert (said["lane"], said["label"]) == ("cloud", "OPEN")
    paths = {one["path"] for one in said["fragments"]}
    assert paths == {"", str(world.tool)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.strip("_"))
def test_nda_anywhere_in_what_is_staged_keeps_it_local(
    case: Callable[[World, Repo], None], world: World
) -> None:
    repo = _open_edit(world)
    case(world, repo)
    said = _do(world, "commit")
    assert said["decision"]["lane"] == "local"
    assert not world.chats


def test_nda_in_a_branch_keeps_its_text_local(world: World) -> None:
    repo = Repo(world.root)
    repo.git("checkout", "-qb", "work")
    repo.commit("Touch it", clients__acme_py=f"{code(world.secret)}y = 2\n")
    _open_edit(world)
    repo.commit("Tell")
    said = _do(world, "pr")
    assert said["decision"]["lane"] == "local"
    assert "clients/** in twolane.toml" in said["decision"]["reasons"][0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.strip("_"))
def test_nda_anywhere_in_a_branch_keeps_its_text_local(
    case: Callable[[World, Repo], None], world: World
) -> None:
    repo = Repo(world.root)
    case(world, repo)  # what it commits itself was there before the branch
    repo.git("checkout", "-qb", "work")
    repo.stage(more_py="x = 1\n")
    repo.commit("Do it")
    assert _do(world, "pr")["decision"]["lane"] == "local"
    assert not world.chats


@pytest.mark.parametrize("action", ["pr", "commit"])
def test_a_name_in_a_commits_message_keeps_what_reads_it_local(action: str, world: World) -> None:
    """The branch's messages are read for its text, recent subjects as examples for both."""
    repo = Repo(world.root)
    repo.commit("Base", other_py="x = 1\n")
    repo.git("checkout", "-qb", "work")
    repo.commit(f"Do it for acme  corp {world.secret}", other_py="x = 2\n")
    _open_edit(world)
    if action == "pr":
        repo.commit("Tell")
    assert _do(world, action)["decision"]["lane"] == "local"
    assert not world.chats


@pytest.mark.parametrize("gone", [_pasted_lines_gone, _word_gone, _marker_taken_away])
def test_nda_in_lines_that_one_file_lost_keeps_the_review_of_its_changes_local(
    gone: Callable[[World, Repo], None], world: World
) -> None:
    world.script({"reply": "[]"})
    repo = Repo(world.root)
    gone(world, repo)
    name = repo.git("diff", "--cached", "--name-only").split()[0]
    assert world.run("do", "changes", name, "--json").json["decision"]["lane"] == "local"
    assert not world.chats


def test_a_name_in_the_selected_lines_keeps_their_review_local(world: World) -> None:
    world.script({"reply": "[]"})
    file = Repo(world.root).put("told.py", f"# for ACME-corp {world.secret}\nx = 1\n")
    said = world.run("do", "review", f"{file}:1-2", "--json").json
    assert said["decision"]["lane"] == "local"
    assert not world.chats


def test_a_message_of_a_commit_that_touched_nda_keeps_it_local(world: World) -> None:
    """The branch as a whole changes nothing there, but its commits speak of it."""
    repo = Repo(world.root)
    repo.git("checkout", "-qb", "work")
    before = world.nda.read_bytes()
    repo.commit(f"Speak of {world.secret}", clients__acme_py="x = 1\n")
    repo.commit("And back", clients__acme_py=before)
    _open_edit(world)
    repo.commit("Tell")
    said = _do(world, "pr")
    assert said["decision"]["lane"] == "local"


@pytest.mark.parametrize("last", ["x = 1\n", None], ids=["marker taken away", "deleted"])
def test_a_message_about_a_text_that_was_confidential_then_keeps_it_local(
    world: World, last: str | None
) -> None:
    """Neither the text before the branch nor the one behind it says so."""
    repo = Repo(world.root)
    repo.commit("Begin", was_py="x = 0\n")
    repo.git("checkout", "-qb", "work")
    repo.commit(f"Speak of {world.secret}", was_py="# CONFIDENTIAL\nx = 1\n")
    if last is None:
        repo.git("rm", "-q", "was.py")
    else:
        repo.stage(was_py=last)
    repo.commit("Clean up")
    _open_edit(world)
    repo.commit("Tell")
    said = _do(world, "pr")
    assert said["decision"]["lane"] == "local"
    assert "a commit's message: " in said["decision"]["reasons"][0]


def test_a_text_too_large_to_look_for_markers_keeps_it_local(world: World) -> None:
    """The line that made it confidential is what goes."""
    repo = Repo(world.root)
    rows = "".join(f"row {number}\n" for number in range(300_000))
    repo.commit("Add", was_txt=f"# CONFIDENTIAL {world.secret}\n{rows}")
    repo.stage(was_txt=rows)
    _open_edit(world)
    assert _do(world, "commit")["decision"]["lane"] == "local"


def test_an_open_branch_may_leave_with_its_messages_and_without_those_of_nda(world: World) -> None:
    repo = Repo(world.root)
    mark = canary()
    repo.commit(f"Work for {world.secret}", clients__acme_py=f"{code(world.secret)}y = 2\n")
    repo.git("checkout", "-qb", "work")
    _open_edit(world)
    repo.commit(f"Tell {mark}")
    said = _do(world, "pr")
    assert said["decision"]["lane"] == "cloud"
    received = bytes(world.cloud.received)
    assert traces(received, mark)
    assert traces(received, world.secret) == []


def test_a_template_under_nda_keeps_it_local(world: World) -> None:
    repo = Repo(world.root)
    repo.commit("Add", **{".github__pull_request_template.md": f"# CONFIDENTIAL {world.secret}\n"})
    repo.git("checkout", "-qb", "work")
    _open_edit(world)
    repo.commit("Tell")
    assert _do(world, "pr")["decision"]["lane"] == "local"


def test_without_a_grant_nothing_leaves(world: World) -> None:
    _open_edit(world)
    assert world.run("trust", "--revoke").status == 0
    assert _do(world, "commit")["decision"]["lane"] == "local"
    grant(world.root, world.folders)
    assert _do(world, "commit")["decision"]["lane"] == "cloud"


def test_nothing_staged_is_a_sentence(world: World) -> None:
    done = world.run("do", "commit")
    assert done.status == 1
    assert "Nothing is staged" in done.err
    done = world.run("do", "pr")
    assert done.status == 1
    assert "nothing to write about" in done.err


def test_a_hook_can_have_the_message_written_into_gits_own_file(world: World) -> None:
    _open_edit(world)
    file = world.root / ".git" / "COMMIT_EDITMSG"
    file.write_text("\n# Please enter\n", "utf-8")
    assert world.run("do", "commit", file, "--apply").status == 0
    assert file.read_text("utf-8") == f"{MESSAGE}\n\n# Please enter\n"


def test_a_review_of_changes_sees_what_is_gone_and_stays_local_for_it(world: World) -> None:
    world.script({"reply": "[]"})
    repo = Repo(world.root)
    repo.commit("Add it", was_py=f"# CONFIDENTIAL\n{code(world.secret)}")
    file = repo.put("was.py", "x = 1\n")
    done = world.run("do", "changes", file, "--json")
    assert done.json["decision"]["lane"] == "local"
    assert done.json["findings"] == []
    assert not world.chats


def test_an_open_link_that_leads_elsewhere_now_may_leave(world: World) -> None:
    repo = Repo(world.root)
    link = world.root / "link.txt"
    link.symlink_to("base.txt")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "Add")
    link.unlink()
    link.symlink_to("tool.py")
    repo.git("add", "-A")
    assert _do(world, "commit")["decision"]["lane"] == "cloud"


def test_a_review_of_changes_is_not_told_where_a_link_led(world: World) -> None:
    world.script({"reply": "[]"})
    repo = Repo(world.root)
    link = world.root / "was.py"
    link.symlink_to(f"clients/{world.secret}.py")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "Add")
    link.unlink()
    file = repo.put("was.py", "x = 1\n")
    world.run("do", "changes", file, "--json")
    assert traces(bytes(world.cloud.received), world.secret) == []


@pytest.mark.parametrize(
    "action", ["review", "changes", "explain", "docstring", "docstrings", "tests", "fix"]
)
def test_code_under_nda_in_an_open_file_keeps_every_action_local(action: str, world: World) -> None:
    """Pasted code is known again, also behind line numbers and the marks of a diff."""
    repo = Repo(world.root)
    body = _long(world.secret)
    repo.commit("Add it", clients__long_py=body)
    file = repo.put("pasted.py", f"{body}\n\ndef other():\n    pass\n")
    more = ("--instruction", "F841 not used")
    place = f"{file}:1-20" if action == "fix" else f"{file}:2"
    routed = world.run("route", action, place, "--json", *more).json
    assert routed["lane"] == "local"
    world.run("do", action, place, "--json", *more)
    assert not world.chats


@pytest.mark.parametrize("action", ["review", "explain", "tests", "changes"])
def test_open_code_may_leave(action: str, world: World) -> None:
    _open_edit(world)
    routed = world.run("route", action, f"{world.tool}:2", "--json").json
    assert (routed["lane"], routed["label"]) == ("cloud", "OPEN")


def test_a_test_file_under_nda_keeps_tests_local(world: World) -> None:
    repo = Repo(world.root)
    repo.commit("Add", tests__test_tool_py=f"# CONFIDENTIAL\n{code(world.secret)}")
    routed = world.run("route", "tests", f"{world.tool}:2", "--json").json
    assert (routed["lane"], routed["label"]) == ("local", "NDA")


def test_reasons_name_the_files_and_are_few(world: World) -> None:
    repo = _open_edit(world)
    for number in range(9):
        repo.stage(**{f"clients__f{number}_py": "x = 1\n"})
    (reason,) = _do(world, "commit")["decision"]["reasons"]
    assert reason.startswith("NDA (clients/** in twolane.toml, clients/f0.py, ")
    assert reason.endswith(", and 6 more)")


def test_work_under_nda_is_an_example_only_for_what_stays_local(world: World) -> None:
    repo = Repo(world.root)
    repo.commit(f"Speak of {world.secret}", clients__acme_py=f"{code(world.secret)}y = 1\n")
    world.script({"match": f"Speak of {world.secret}", "reply": MESSAGE})
    _open_edit(world)
    assert _do(world, "commit")["decision"]["lane"] == "cloud"
    repo.stage(clients__f_py="x = 1\n")
    assert _do(world, "commit")["page"]["text"] == f"{MESSAGE}\n"


def test_a_new_test_files_name_under_nda_keeps_tests_local(world: World) -> None:
    """A mirror of the tests may lead into a folder whose very name is under NDA."""
    repo = Repo(world.root)
    repo.commit("Add", lib__x_py="x = 1\n", clients__test_x_py="def test_x(): pass\n")
    file = repo.put("lib/y.py", "def y():\n    return 1\n")
    routed = world.run("route", "tests", f"{file}:1", "--json").json
    assert (routed["lane"], routed["label"]) == ("local", "NDA")


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("file", ["twolane.toml", "lib/.aiexclude"])
def test_the_rules_of_another_branch_count_for_what_it_holds(
    world: World, file: str, side: str
) -> None:
    """L12, L23: somebody put code under NDA there, and here nobody has that rule yet."""
    repo = Repo(world.root)
    repo.commit("Add", lib__x_py="def one(a):\n    return a\n")
    repo.git("checkout", "-qb", "theirs")
    more = POLICY.replace("paths = [", 'paths = ["lib/", ') if file == "twolane.toml" else "x.py\n"
    repo.put(file, more)
    repo.git("add", "-A")
    repo.commit("Rule")
    repo.commit("Change", lib__x_py=f"def one(a):\n    return a + '{world.secret}'\n")
    repo.git("checkout", "-q", "main")
    ends = ("theirs", "theirs~1") if side == "old" else ("theirs~1", "theirs")
    words = ("changes", "--range", "..".join(ends), "--json", "--lane", "cloud")
    told = world.run("route", *words).json
    assert (told["lane"], "lib/x.py" in str(told["reasons"])) == ("local", True)
    world.run("do", *words)
    assert world.cloud.connections == 0
    # What was once a rule here, and is none any more, is the owner's word.
    repo.git("merge", "-q", "theirs")
    repo.put(file, POLICY if file == "twolane.toml" else "")
    repo.git("commit", "-qam", "Open")
    grant(world.root, world.folders)
    assert world.run("route", *words).json["lane"] == "cloud"
