"""The ways to files: looked at together they are those that each file has by itself."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from support_repository import put
from twolane_server.repository import between, find_root, outer_roots, spellings
from twolane_server.rules.labels import rules_for
from twolane_server.rules.policy import FILES, Policy, read_policies
from twolane_server.rules.ways import Way, Ways
from twolane_server.settings.resolved import NdaRules

_NAMES = st.sampled_from(["a", "b", "c", ".git", *FILES[:2]])
_PLACES = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_LINKS = st.lists(
    st.tuples(_PLACES, st.one_of(_PLACES, st.just(".."), st.just("../a"))), max_size=4
)
_ASKED = st.lists(
    st.one_of(_PLACES, _PLACES.map("{}/..".format), _PLACES.map("./{}/../b".format)), max_size=8
)


def _alone(path: Path) -> Way:
    """What a way is, written down."""
    root = find_root(path.parent)
    if root is None:
        return Way(path, (), ())
    roots = (root, *outer_roots(root))
    folders = between(roots[-1], path.parent)
    return Way(path, roots, tuple(one for each in folders for one in read_policies(each)))


def _spelled(ways: Ways, path: Path) -> object:
    try:
        return tuple(map(Path, ways.spellings(path)))
    except OSError:
        return "a circle"


def _by_itself(path: Path) -> object:
    try:
        return spellings(path)
    except OSError:
        return "a circle"


@settings(max_examples=150)
@given(st.lists(_PLACES, max_size=8), _LINKS, _ASKED)
def test_files_looked_at_together_have_the_ways_of_each_by_itself(
    places: list[str], links: list[tuple[str, str]], asked: list[str]
) -> None:
    with TemporaryDirectory() as folder:
        top = Path(folder)
        for place in places:
            file = top / place
            if not file.exists() and not any(above.is_file() for above in file.parents):
                put(file, "[nda]\n")
        for place, target in links:
            link = top / place
            if link.parent.is_dir() and not os.path.lexists(link):
                link.symlink_to(target)
        ways = Ways()
        for name in [*asked, *asked]:
            path = Path(f"{top}/{name}")
            assert _spelled(ways, path) == _by_itself(path)
            plain = Path(os.path.abspath(path))  # noqa: PTH100 - as a spelling is
            assert ways.way(plain) == _alone(plain)
            assert rules_for(path, NdaRules(), ways) == rules_for(path, NdaRules())


def test_each_folder_is_looked_at_once_and_by_another_one_again(tmp_path: Path) -> None:
    seen: list[Path] = []

    def read(folder: str) -> tuple[Policy, ...]:
        seen.append(Path(folder))
        return ()

    put(tmp_path / ".git" / "HEAD")
    files = [put(tmp_path / "lib" / "in" / f"{number}.py") for number in range(5)]
    ways = Ways(read)
    for file in files:
        assert ways.way(file).roots[0] == tmp_path
    assert seen == [tmp_path, tmp_path / "lib", tmp_path / "lib" / "in"]
    put(tmp_path / "lib" / ".git" / "HEAD")
    assert Ways(read).way(files[0]).roots[:2] == (tmp_path / "lib", tmp_path)
    assert seen == seen[:3] * 2
