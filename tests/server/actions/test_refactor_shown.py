"""What of large files a model is shown, and which places count as the symbol's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support_refactor import at_name, conversation, impact_in, indexed_in, subject_at
from twolane_server.actions.refactor_parts import parts_of
from twolane_server.fragments import Fragment, Label

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.actions.impact import Impact, Source

FILLER = "".join(
    f"export const f{n} = (x: number) => x * {n} + 'text'.length;\n" for n in range(900)
)
LONG = "".join(f"    y = y + {n}\n" for n in range(120))
BOX = "\ninterface Box {\n  more(): { box: Box };\n}\n"
BLOCK = "{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


def impact_of(top: Path, files: dict[str, str], path: str, name: str, asked: str) -> Impact:
    indexed = indexed_in(top / "r", top / "own", files)
    at = at_name(files[path], name)
    subject = subject_at(top / "r", path, at, instruction=asked)
    impact = impact_in(indexed, subject, window=24_576)
    indexed.close()
    assert impact is not None
    return impact


def question(top: Path, files: dict[str, str], path: str, name: str, asked: str) -> str:
    """What a model is asked that changes nothing but the symbol's line."""
    impact = impact_of(top, files, path, name, asked)
    at = at_name(files[path], name)
    subject = subject_at(top / "r", path, at, instruction=asked)
    line = next(line for line in files[path].splitlines() if name in line)
    block = BLOCK.format(path=path, old=line, new=line.replace(name, "other"))
    _, questions = conversation(replace(subject, impact=impact), lambda _: block)
    return questions[0]


ALIASED = {
    "make.ts": "export default function make(x: number) {\n  return x;\n}\n",
    "hand.ts": "export { default as build } from './make';\n",
    "use.ts": "import other from './make';\n\nother(1);\n",
    "far.ts": "import { build } from './hand';\n\nbuild(1);\n",
    "not.ts": "import other from './far';\n\nother(1);\n",
}
PYTHON = {
    "p/make.py": "def make(x):\n    return x\n",
    "p/__init__.py": "from .make import make as build\n",
    "use.py": "import p\n\np.build(1)\n",
    "not.py": "from q import build\n\nbuild(1)\n",
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (ALIASED, {"hand.ts": [0], "use.ts": [0, 2], "far.ts": [0, 2]}),
        (PYTHON, {"p/__init__.py": [0], "use.py": [2]}),
    ],
)
@pytest.mark.parametrize(
    ("asked", "wide"),
    [
        ("add a parameter to make", True),
        ("rename the parameter x of make to y", True),
        ("rename make to create", False),
    ],
)
def test_what_uses_a_symbol_under_another_name_takes_part_where_more_than_its_name_changes(
    tmp_path: Path, files: dict[str, str], expected: dict[str, list[int]], asked: str, *, wide: bool
) -> None:
    impact = impact_of(tmp_path, files, next(iter(files)), "make", asked)
    found = {
        one.path: [one.text.row_of(at) for at in one.imports]
        for one in impact.sources
        if one.imports
    }
    assert found == (expected if wide else {})


def rows_of(impact: Impact) -> dict[str, tuple[list[int], list[int]]]:
    def rows(source: Source, places: tuple[int, ...]) -> list[int]:
        return [source.text.row_of(at) for at in places]

    return {one.path: (rows(one, one.sites), rows(one, one.maybe)) for one in impact.sources}


def test_a_definition_that_is_to_be_moved_is_shown_with_its_comment(tmp_path: Path) -> None:
    comment = "/**\n" + "".join(f" * Tells {n}.\n" for n in range(20)) + " */\n"
    total = f"{comment}export function total(x: number) {{\n  return x;\n}}\n\n/** Next. */\n"
    shown = question(
        tmp_path, {"a.ts": f"{FILLER}\n{total}{FILLER}"}, "a.ts", "total", "move total to b.ts"
    )
    assert comment in shown
    assert "}\n\n/** Next. */\n" in shown
    assert "f100 " not in shown


def test_what_a_definition_uses_of_its_file_is_shown_with_it(tmp_path: Path) -> None:
    files = {
        "a.ts": (
            "interface Box {\n  n: number;\n}\n\nconst LEAST = 3;\n"
            f"{FILLER}\nexport function total(x: Box) {{\n  return x.n + LEAST;\n}}\n"
        )
    }
    shown = question(tmp_path, files, "a.ts", "total", "move total to b.ts")
    assert "interface Box {\n" in shown
    assert "const LEAST = 3;\n" in shown
    assert "f100 " not in shown


@pytest.mark.parametrize(
    ("asked", "whole"),
    [
        ("rename the parameter y of total to z", True),
        ("Please rename y in `total` to z", True),
        ("rename total to sum_of", False),
        ("rename total of shop to sum_of", False),
    ],
)
def test_all_of_a_definition_is_shown_where_something_in_it_gets_another_name(
    tmp_path: Path, asked: str, *, whole: bool
) -> None:
    filler = "".join(f"x{n} = x + {n}\n" for n in range(4_000))
    source = f"x = 1\n{filler}\ndef total(y):\n{LONG}    return y\n"
    shown = question(tmp_path, {"shop.py": source}, "shop.py", "total", asked)
    assert ("y = y + 60\n" in shown) is whole


def test_a_call_is_shown_to_its_end_where_it_may_change(tmp_path: Path) -> None:
    body = "".join(f"    go{{n}}({n});\n" for n in range(30))
    calls = "".join(
        f"  each(x{n}, (one) => {{\n{body.format(n=n)}    end{n}();\n  }});\n" for n in range(8)
    )
    files = {
        "each.ts": "export function each(x: any, f: any) {}\n",
        "use.ts": f"import {{ each }} from './each';\n{FILLER}\nfunction f() {{\n{calls}}}\n",
    }
    shown = question(tmp_path, files, "each.ts", "each", "make the parameters of each one object")
    assert "f100 " not in shown
    assert all(f"    end{n}();\n  }});\n" in shown for n in range(8))


def test_uses_under_another_name_are_shown(tmp_path: Path) -> None:
    files = {
        "solve.ts": "export function solve(x: number) {\n  return x;\n}\n",
        "use.ts": (
            f"import {{ solve as first }} from './solve';\n{FILLER}\n"
            "export function solve(y: number) {\n  return first(y);\n}\n"
        ),
    }
    shown = question(tmp_path, files, "solve.ts", "solve", "add a parameter to solve")
    assert "f100 " not in shown
    assert "  return first(y);\n" in shown
    rows = rows_of(impact_of(tmp_path, files, "solve.ts", "solve", "rename solve to x"))
    assert rows["use.ts"][0] == [0]


@pytest.mark.parametrize(
    ("use", "rows"),
    [
        (
            f"import {{ type Box }} from './index';\n\ndeclare module './index' {{{BOX}}}\n",
            [3, 4],
        ),
        (
            f"import {{ type Box as Old }} from './index';\n{BOX}",
            [],
        ),
    ],
)
def test_what_a_file_imports_and_defines_too_may_be_the_same(
    tmp_path: Path, use: str, rows: list[int]
) -> None:
    files = {
        "src/box.ts": "export class Box {\n  n = 1;\n}\n",
        "src/index.ts": "export { Box } from './box';\n",
        "src/use.ts": use,
    }
    impact = impact_of(tmp_path, files, "src/box.ts", "Box", "rename Box to Crate")
    assert rows_of(impact)["src/use.ts"] == ([0], rows)


def test_a_member_of_everybodys_name_is_looked_for_behind_what_hands_its_type_on(
    tmp_path: Path,
) -> None:
    files = {
        "src/watch/types.ts": "export interface Watcher {\n  error: () => void;\n}\n",
        "src/watch/index.ts": "export * from './types';\n",
        "src/use.ts": "import { watch } from './watch';\n\nwatch({\n  error() {},\n});\n",
        **{f"src/far{n}/a.ts": f"const error = {n};\nlog({{ error }});\n" for n in range(40)},
    }
    impact = impact_of(tmp_path, files, "src/watch/types.ts", "error", "rename error to failed")
    assert rows_of(impact) == {"src/watch/types.ts": ([1], []), "src/use.ts": ([], [3])}


@pytest.mark.parametrize(("count", "looked"), [(40, True), (80, False)])
def test_a_member_is_looked_for_in_what_imports_its_type_unless_that_is_everything(
    tmp_path: Path, count: int, *, looked: bool
) -> None:
    use = "import type { Watcher } from '../types';\n\nlog({ error: 1 });\n"
    files = {
        "src/types.ts": "export interface Watcher {\n  error: number;\n}\n",
        **{f"src/far{n}/a.ts": use for n in range(count)},
    }
    impact = impact_of(tmp_path, files, "src/types.ts", "error", "rename error to failed")
    assert len([one for one in impact.sources if one.maybe]) == count * looked


def test_links_in_documentation_may_mean_the_symbol(tmp_path: Path) -> None:
    files = {
        "a.ts": (
            "/**\n * At most {@link size}, {@link Box#size} or {@link Far.size}.\n */\n"
            "export class Box {\n  size = 1;\n}\n"
        ),
        "b.ts": "/** See {@link Box.size}, not {@link size}. */\nexport const x = 1;\n",
        "c.rs": "/// Not [`Far::size`] but [`Box::size`].\npub fn x() {}\n",
        "d.py": 'def x():\n    """Not :attr:`size` but :attr:`~a.Box.size`."""\n',
    }
    impact = impact_of(tmp_path, files, "a.ts", "size = 1", "rename size to width")
    assert {one.path: (one.sites, one.maybe) for one in impact.sources} == {
        "a.ts": (
            (files["a.ts"].index("size = 1"),),
            (files["a.ts"].index("size}"), files["a.ts"].index("size} or")),
        ),
        "b.ts": ((), (files["b.ts"].index("size"),)),
        "c.rs": ((), (files["c.rs"].rindex("size"),)),
        "d.py": ((), (files["d.py"].rindex("size"),)),
    }


def test_texts_that_say_which_member_is_meant_may_mean_it(tmp_path: Path) -> None:
    uses = (
        "type Size = Box['size'];\ntype Some = Pick<Box, 'size' | 'depth'>;\n"
        "x[\"size\"] = y?.['size'];\ntell('size', ['size']);\n"
    )
    files = {"a.ts": "export class Box {\n  size = 1;\n}\n", "b.ts": uses}
    impact = impact_of(tmp_path, files, "a.ts", "size", "rename size to width")
    assert rows_of(impact)["b.ts"] == ([], [0, 1, 2, 2])


@pytest.mark.parametrize(
    ("asked", "shown"), [("move total to b.py", True), ("rename total to sum_of", False)]
)
def test_what_stands_among_imports_is_shown_with_them_where_they_may_be_put_in_order(
    tmp_path: Path, asked: str, *, shown: bool
) -> None:
    among = "\n# The path comes first.\n#\n#\n\n\nsys.path[:0] = ['..']\n\n\n\n"
    filler = "".join(f"x{n} = {n} + len('text')\n" for n in range(3_000))
    above = '"""A shop."""\n\n__all__ = [\n    "other",\n]\n\n\n'
    source = f"{above}import sys\n{among}import os\n\n\n\n{filler}\n\ndef total(y):\n    return y\n"
    made = question(tmp_path, {"shop.py": source}, "shop.py", "total", asked)
    assert "x100 " not in made
    assert ("sys.path[:0]" in made) is shown
    assert ('"""A shop."""' in made) is shown
    assert ("import os\n\n\n\n```" in made) is shown


def test_what_goes_as_a_whole_is_shown_in_one_part(tmp_path: Path) -> None:
    filler = "".join(f"def f{n}():\n    return Big.text{n}\n\n\n" for n in range(400))
    big = "class Big:\n" + "".join(f"    text{n} = 'text'\n\n" for n in range(250))
    files = {"shop.py": f"{filler}{big}\n\n{filler}"}
    impact = impact_of(tmp_path, files, "shop.py", "Big", "move Big to b.py")
    parts = parts_of(impact, Fragment("move Big to b.py", Label.NDA), "move Big to b.py").files
    first = files["shop.py"].split("\n").index("class Big:")
    ranges = [rows for part in parts for one in part for rows in one.rows]
    assert len(parts) > 1
    assert any(a <= first and first + 501 <= b for a, b in ranges), ranges
