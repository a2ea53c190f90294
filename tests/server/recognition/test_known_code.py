"""What recognises a repository's code under NDA follows its files and its rules."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from support_trust import make_folders
from twolane_context.index import Changed
from twolane_server.documents import Document
from twolane_server.errors import FingerprintsUnusable
from twolane_server.recognition.known_code import nda_sources
from twolane_server.recognition.recognised import Recognised
from twolane_server.repositories.indexed import Indexed
from twolane_server.rules.tainted import Tainted
from twolane_server.rules.verdicts import Verdicts
from twolane_server.settings.resolved import NdaRules
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from twolane_server.border.fingerprints import Source

RULES = NdaRules()
POLICY = '[nda]\npaths = ["clients/**"]\n'
NDA_CODE = """\
def settle(rows, quota, gateway):
    overdrawn = gateway.overdrawn(rows, quota)
    for meter in overdrawn:
        gateway.throttle(meter, quota[meter.kind] * 0.375)
    return gateway.settled(rows, overdrawn)
"""
OTHER_CODE = """\
class Turbine(Machine):
    def feather(self, wind, *, brake=None):
        while wind.gust > self.slack and (brake or self.brake).engage(wind):
            self.blades[0].pitch += wind.gust / self.slack
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_repository(tmp_path / "r", POLICY)
    put(made / "clients" / "a.py", NDA_CODE)
    put(made / "b.py", OTHER_CODE)
    return made


@pytest.fixture
def indexed(root: Path, tmp_path: Path) -> Iterator[Indexed]:
    with closing(Indexed(root, make_folders(tmp_path / "own"))) as made:
        made.refresh()
        yield made


def known(indexed: Indexed, text: str, rules: NdaRules = RULES) -> bool:
    """Whether a text that is about to be sent is recognised."""
    return indexed.known_code(rules).found(text) is not None


def test_the_files_under_nda_are_its_sources_and_policies_are_not(
    root: Path, indexed: Indexed
) -> None:
    put(root / "clients" / "twolane.toml", "[nda]\n")
    put(root / "clients" / ".AIExclude", "*.py\n")
    indexed.refresh()
    sources = list(nda_sources(indexed.repository, Verdicts(indexed.repository, RULES)))
    assert [(each.path, each.read()) for each in sources] == [("r/clients/a.py", NDA_CODE)]


def test_a_file_that_is_too_large_to_be_code_is_none_of_its_sources(
    root: Path, indexed: Indexed
) -> None:
    put(root / "clients" / "b.json", "1" * 2_000_001)
    indexed.refresh()
    sources = list(nda_sources(indexed.repository, Verdicts(indexed.repository, RULES)))
    assert [each.path for each in sources] == ["r/clients/a.py"]


def test_only_code_under_nda_is_recognised(indexed: Indexed) -> None:
    assert known(indexed, NDA_CODE)
    assert not known(indexed, OTHER_CODE)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("twolane.toml", '[nda]\npaths = ["clients/**", "b.py"]\n'),
        (".aiexclude", "b.py\n"),
        (".cursorignore", "b.*\n"),
    ],
)
def test_a_rule_that_comes_counts_at_the_next_send_though_nobody_told(
    root: Path, indexed: Indexed, name: str, rule: str
) -> None:
    assert not known(indexed, OTHER_CODE)
    put(root / name, rule)
    assert known(indexed, OTHER_CODE)


def test_the_users_own_rule_counts_at_the_next_send(indexed: Indexed) -> None:
    assert not known(indexed, OTHER_CODE)
    assert known(indexed, OTHER_CODE, NdaRules(paths=("b.py",)))


def test_what_is_typed_into_a_file_under_nda_counts_unsaved(root: Path, indexed: Indexed) -> None:
    assert not known(indexed, OTHER_CODE)
    file = root / "clients" / "a.py"
    text = Text.of(NDA_CODE + OTHER_CODE)
    indexed.sync([Document(file.as_uri(), str(file), "python", 1, text)])
    assert known(indexed, OTHER_CODE)


def test_a_marker_that_comes_counts_and_code_stays_known_when_its_file_goes(
    root: Path, indexed: Indexed
) -> None:
    put(root / "b.py", f"# CONFIDENTIAL\n{OTHER_CODE}")
    indexed.refresh(["b.py"])
    assert known(indexed, OTHER_CODE)
    (root / "b.py").unlink()
    indexed.refresh(["b.py"])
    assert known(indexed, OTHER_CODE)


def test_what_is_known_is_not_read_again(indexed: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert known(indexed, NDA_CODE)

    def never(_: Recognised, files: Iterable[Source]) -> None:
        raise AssertionError(files)

    monkeypatch.setattr(Recognised, "sync", never)
    assert known(indexed, NDA_CODE)


def test_a_file_that_changes_while_it_is_read_is_read_again(
    root: Path, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, times = Recognised.sync, 0

    def changing(self: Recognised, files: Iterable[Source]) -> None:
        nonlocal times
        times += 1
        if times == 1:
            put(root / "clients" / "a.py", OTHER_CODE)
        sync(self, files)

    monkeypatch.setattr(Recognised, "sync", changing)
    assert known(indexed, OTHER_CODE)
    assert times == 2


def test_files_that_change_all_the_time_let_nothing_pass(
    root: Path, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, times = Recognised.sync, 0

    def changing(self: Recognised, files: Iterable[Source]) -> None:
        nonlocal times
        times += 1
        put(root / "clients" / "a.py", f"{OTHER_CODE}\nx = {times}\n")
        sync(self, files)

    monkeypatch.setattr(Recognised, "sync", changing)
    with pytest.raises(FingerprintsUnusable, match="change faster than they can be read"):
        indexed.known_code(RULES)
    assert "not all read yet" in (indexed.recognised().found("open") or "")


def test_a_source_that_is_another_by_now_says_so(root: Path, indexed: Indexed) -> None:
    (source,) = nda_sources(indexed.repository, Verdicts(indexed.repository, RULES))
    put(root / "clients" / "a.py", OTHER_CODE)
    with pytest.raises(Changed):
        source.read()


def test_a_file_into_which_code_was_pasted_is_none_of_its_sources(
    root: Path, indexed: Indexed, tmp_path: Path
) -> None:
    """Else one paste would spread to whatever has a few lines in common with that file."""
    Tainted(tmp_path / "own" / "state").add(str(root / "b.py"), "it holds code of r/clients/a.py")
    assert known(indexed, NDA_CODE)
    assert not known(indexed, OTHER_CODE)
    put(tmp_path / "own" / "state" / "pasted.json", "{")
    put(root / "c.py", OTHER_CODE.replace("Turbine", "Rotor"))
    indexed.refresh()
    assert not known(indexed, OTHER_CODE)
