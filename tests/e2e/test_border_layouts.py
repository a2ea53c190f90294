"""However git lays out a repository (submodules, pointers, flags of the index), NDA code stays local."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_leaks import POLICY, code, tariff
from support_trust import grant

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_leaks import World


def _submodule(world: World, policy: str = "[nda]\n") -> Repo:
    """A repository with a submodule `sub`; what is returned is the outer one."""
    other, outer = Repo(world.top / "other"), Repo(world.root)
    other.put("twolane.toml", policy)
    other.stage(s_py=tariff(world.secret))
    other.git("add", "-A")
    other.commit("Start")
    outer.git("add", "twolane.toml", "tool.py")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.root), "sub")
    outer.commit("Add")
    return outer


def _named_by_the_outer(world: World) -> tuple[str, ...]:
    """The submodule has a policy without rules and a grant of its own."""
    outer = _submodule(world)
    outer.put("twolane.toml", POLICY.replace("paths = [", 'paths = ["sub/", '))
    grant(world.root, world.folders)
    grant(world.root / "sub", world.folders)
    return "docstring", f"{world.root}/sub/s.py:2"


def _moved(world: World) -> tuple[str, ...]:
    """No rule names its new place, where it has a grant; it was indexed where it was."""
    _named_by_the_outer(world)
    world.docstring(world.tool)
    Repo(world.root).git("mv", "sub", "moved")
    grant(world.root / "moved", world.folders)
    return "docstring", f"{world.root}/moved/s.py:2"


def _named_by_itself(world: World) -> tuple[str, ...]:
    _submodule(world, '[nda]\npaths = ["s.py"]\n')
    grant(world.root / "sub", world.folders)
    return "docstring", f"{world.root}/sub/s.py:2"


def _absorbed(world: World) -> tuple[str, ...]:
    """Its files become the outer repository's own."""
    outer = _submodule(world, '[nda]\npaths = ["s.py"]\n')
    outer.git("rm", "-q", "--cached", "sub")
    (world.root / "sub" / ".git").unlink()
    outer.git("add", "-A")
    return "commit", str(world.tool)


def _new_commit_of_one(world: World) -> tuple[str, ...]:
    """git would show what changed in it."""
    outer = _submodule(world)
    outer.git("config", "diff.submodule", "diff")
    sub = Repo(world.root / "sub")
    sub.commit(f"Say {world.secret}", s_py=f"# {world.secret}\n")
    outer.git("add", "sub")
    return "commit", str(world.tool)


def _pointer(world: World) -> tuple[str, ...]:
    """As of Git LFS: the marker is in the file alone."""
    repo = Repo(world.root)
    repo.stage(x_py="version https://git-lfs.github.com/spec/v1\nsize 12\n")
    repo.put("x.py", f"# CONFIDENTIAL\n{code(world.secret)}")
    return "commit", str(world.tool)


def _to_be_added(world: World) -> tuple[str, ...]:
    repo = Repo(world.root)
    repo.put("clients/new.py", code(world.secret))
    repo.git("add", "-N", "clients/new.py")
    repo.stage(x_py="x = 1\n")
    return "commit", str(world.tool)


def _replaced(world: World) -> tuple[str, ...]:
    """git shows another text for the one with the marker, and the index has neither."""
    repo = Repo(world.root)
    repo.commit("Add", x_py=f"# CONFIDENTIAL\n{tariff(world.secret)}", clients__y_py="y = 1\n")
    repo.put("clients/z.py", tariff(world.secret))
    both = [repo.git("hash-object", "-w", each).strip() for each in ("x.py", "clients/z.py")]
    repo.git("replace", *both)
    repo.stage(x_py="x = 1\n")
    return "commit", str(world.tool)


def _lines_in_names(world: World) -> tuple[str, ...]:
    repo = Repo(world.root)
    repo.put("CLIENTS/a\nb.py", code(world.secret))
    repo.git("add", "-A")
    return "commit", str(world.tool)


@pytest.mark.parametrize(
    "layout",
    [
        *(_named_by_the_outer, _moved, _named_by_itself, _absorbed, _new_commit_of_one),
        *(_pointer, _to_be_added, _replaced, _lines_in_names),
    ],
    ids=lambda layout: layout.__name__,
)
def test_it_stays_local(world: World, layout: Callable[[World], tuple[str, ...]]) -> None:
    words = layout(world)
    before = len(world.chats)
    done = world.run("do", *words, "--json", "--lane", "cloud")
    assert done.json["decision"]["lane"] == "local"
    assert len(world.chats) == before


def test_what_no_rule_names_in_a_submodule_may_leave(world: World) -> None:
    _submodule(world)
    file = Repo(world.root / "sub").put("t.py", code(world.open))
    grant(world.root / "sub", world.folders)
    assert world.docstring(file, "--lane", "cloud").json["decision"]["lane"] == "cloud"
