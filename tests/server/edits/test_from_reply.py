"""Replies that edit many files: what is carried out, and what is refused and why."""

from __future__ import annotations

import pytest

from twolane_server.edits.changes import Changes, Sort
from twolane_server.edits.from_reply import changes_from
from twolane_server.edits.paths import Paths
from twolane_server.text import Text

A = "import os\n\n\ndef join(a, b):\n    return a + os.sep + b\n\n\ndef call():\n    return join(1, 2)\n"
B = "from a import join\n\nprint(join('x', 'y'))\n"
FILES = {"src/a.py": A, "src/b.py": B}
OPEN, MIDDLE, CLOSE = "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"


def block(search: str, replace: str, path: str = "") -> str:
    head = f"{path}\n" if path else ""
    return f"{head}{OPEN}\n{search}\n{MIDDLE}\n{replace}\n{CLOSE}\n"


def after(
    reply: str, files: dict[str, str] | None = None, paths: Paths | None = None
) -> dict[str, str]:
    """The files after the reply; fails when it is refused."""
    texts = {path: Text.of(text) for path, text in (files or FILES).items()}
    outcome = changes_from(reply, texts, paths)
    assert isinstance(outcome, Changes), [str(one) for one in outcome]
    return {path: str(text) for path, text in outcome.applied(texts).items()}


def refused(reply: str, files: dict[str, str] | None = None, paths: Paths | None = None) -> str:
    """Why the reply is refused."""
    texts = {path: Text.of(text) for path, text in (files or FILES).items()}
    outcome = changes_from(reply, texts, paths)
    assert not isinstance(outcome, Changes), outcome
    assert outcome
    return "; ".join(str(one) for one in outcome)


RENAMED = {
    "src/a.py": A.replace("join", "glue"),
    "src/b.py": B.replace("join", "glue"),
}
DEF = block("def join(a, b):", "def glue(a, b):", "src/a.py")
CALL = block("    return join(1, 2)", "    return glue(1, 2)")
USE = block(
    "from a import join\n\nprint(join('x', 'y'))", "from a import glue\n\nprint(glue('x', 'y'))"
)


@pytest.mark.parametrize(
    "reply",
    [
        f"{DEF}\n{CALL}\nsrc/b.py\n{USE}",
        f"Sure, here it is.\n\n{DEF}\nand its call:\n\n{CALL}\n### `src/b.py`\n\n{USE}\nThat is all!",
        f"```python\n{DEF}```\n\n```\n{CALL}```\n\n**src/b.py**\n```python\n{USE}```\n",
        f"```python src/a.py\n{DEF.removeprefix('src/a.py' + chr(10))}{CALL}```\nFile: src/b.py\n```py\n{USE}```",
        f"````markdown\n{DEF}{CALL}\n```python\nsrc/b.py\n{USE}```\n````\n",
        f"{DEF}{CALL}src/b.py\n{USE}".replace("src/", "./src/"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace("src/", "a/src/"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace("src/", "/home/me/shop/src/"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace("src/", "shop/src/"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace("src/", "src\\"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace("\n", "\r\n"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace(OPEN, "<<<<<<<<< SEARCH")
        .replace(MIDDLE, "=" * 9)
        .replace(CLOSE, ">>>>>>>>> REPLACE"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace(OPEN, "------- SEARCH").replace(
            CLOSE, "+++++++ REPLACE"
        ),
        f"{DEF}{CALL}src/b.py\n{USE}".replace("SEARCH", "ORIGINAL").replace("REPLACE", "UPDATED"),
        f"{DEF}{CALL}src/b.py\n{USE}".replace(CLOSE, ">>>>>> REPLACE"),
        f"<think>\n{block('x', 'y', 'src/b.py')}\n</think>\n{DEF}{CALL}src/b.py\n{USE}",
        f"{DEF}{DEF}{CALL}src/b.py\n{USE}",
        f"Changing `src/a.py`:\n{DEF.removeprefix('src/a.py' + chr(10))}{CALL}\nNow in src/b.py, too.\n\nThis is short:\n{USE}",
        "1. src/a.py\n"
        + "".join(f"   {line}\n" for line in (DEF.removeprefix("src/a.py\n") + CALL).splitlines())
        + f"2. src/b.py\n{USE}",
        f"{DEF}{CALL}src/b.py\n{OPEN}\n```python\n{B}```\n{MIDDLE}\n```python\n{B.replace('join', 'glue')}```\n{CLOSE}\n",
    ],
)
def test_what_models_put_around_blocks_does_not_matter(reply: str) -> None:
    paths = Paths.of(FILES, roots=["/home/me/shop"])
    assert after(reply, paths=paths) == RENAMED


TABS = "class A:\n\tdef f(self):\n\t\tif x:\n\t\t\treturn 1\n\t\treturn 2\n"


@pytest.mark.parametrize(
    ("file", "search", "replace", "result"),
    [
        # less indented, and a line deeper than any that was sought
        (
            "def f():\n    a = 1\n    b = 2\n",
            "a = 1\nb = 2",
            "a = 1\nif a:\n    b = 3",
            "def f():\n    a = 1\n    if a:\n        b = 3\n",
        ),
        # more indented
        ("a = 1\nb = 2\n", "    a = 1\n    b = 2", "    a = 1\n    b = 3", "a = 1\nb = 3\n"),
        # spaces for tabs
        (
            TABS,
            "        if x:\n            return 1",
            "        if x:\n            y()\n            return 3",
            TABS.replace("return 1", "y()\n\t\t\treturn 3"),
        ),
        # tabs for spaces
        (
            TABS.replace("\t", "  "),
            "\t\tif x:\n\t\t\treturn 1",
            "\t\tif x:\n\t\t\ty()\n\t\t\treturn 3",
            TABS.replace("return 1", "y()\n\t\t\treturn 3").replace("\t", "  "),
        ),
        # blanks at line ends: those of lines that stay, stay
        ("a = 1  \nb = 2\n", "a = 1\nb = 2   ", "a = 1\nb = 3", "a = 1  \nb = 3\n"),
        # blank lines around
        ("a = 1\nb = 2\nc = 3\n", "\nb = 2\n", "\nb = 4\n", "a = 1\nb = 4\nc = 3\n"),
        # line endings of the place
        ("a = 1\r\nb = 2\r\n", "b = 2", "b = 3\nc = 4", "a = 1\r\nb = 3\r\nc = 4\r\n"),
        (
            "a = 1\nb = 2\r\nc = 3\n",
            "a = 1\nb = 2\nc = 3",
            "a = 1\nb = 2\nc = 4",
            "a = 1\nb = 2\r\nc = 4\n",
        ),
        # the last line has no end
        ("a = 1\nb = 2", "b = 2", "b = 3\nc = 4", "a = 1\nb = 3\nc = 4"),
        ("a = 1\nb = 2", "a = 1\nb = 2", "a = 1", "a = 1"),
        ("a = 1\nb = 2\n", "b = 2", "", "a = 1\n\n"),
        # a byte order mark
        ("\ufeffa = 1\nb = 2\n", "a = 1", "a = 2", "\ufeffa = 2\nb = 2\n"),
        ("\ufeffa = 1\nb = 2\n", "\ufeffa = 1", "\ufeffa = 2", "\ufeffa = 2\nb = 2\n"),
        ("\ufeffa = 1\nb = 2\n", "a = 1", "\ufeffc = 1\na = 1", "\ufeffc = 1\na = 1\nb = 2\n"),
        ("a = 1\nb = 2\n", "\ufeffa = 1", "\ufeffa = 2", "a = 2\nb = 2\n"),
    ],
)
def test_blanks_and_line_endings_are_the_files(
    file: str, search: str, replace: str, result: str
) -> None:
    assert after(block(search, replace, "a.py"), {"a.py": file})["a.py"] == result


@pytest.mark.parametrize(
    ("others", "lead"),
    [
        ({}, "\t"),
        ({"b.py": "if a:\n    b()\n"}, "    "),
        ({"b.py": "a = 1\n", "c.py": "if a:\n  b()\n"}, "  "),
        ({"b.py": "if a:\n\tb()\n"}, "\t"),
        ({"b.md": "- a\n    - b\n"}, "\t"),
    ],
)
def test_a_file_that_indents_nothing_is_indented_as_others_of_its_sort(
    others: dict[str, str], lead: str
) -> None:
    reply = block("import os", "import os\n\ndef f():\n\treturn os", "a.py")
    made = after(reply, {"a.py": "import os\n", **others})
    assert made["a.py"] == f"import os\n\ndef f():\n{lead}return os\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_whole_file_begins_as_it_did_though_the_model_writes_a_mark(mark: str) -> None:
    old, new = "import os\n\na = os\nb = 2\n", "import os\n\na = os\nb = 3\n"
    reply = f"a.py\n```python\n\ufeff{new}```\n"
    assert after(reply, {"a.py": mark + old})["a.py"] == mark + new
    assert after(f"b.py\n```\n\ufeff{new}```\n", {"a.py": old})["b.py"] == new


def test_files_are_made_renamed_and_deleted() -> None:
    reply = (
        "RENAME src/a.py -> src/paths.py\nDELETE `src/b.py`\n"
        + block("def join(a, b):", "def glue(a, b):", "src/paths.py")
        + block("    return join(1, 2)", "    return glue(1, 2)", "src/a.py")
        + block("", "from src.paths import glue", "src/c.py")
        + "\nsrc/d.py (new file):\n```python\nx = 1\n```\n"
    )
    assert after(reply) == {
        "src/paths.py": RENAMED["src/a.py"],
        "src/c.py": "from src.paths import glue\n",
        "src/d.py": "x = 1\n",
    }


def test_made_files_end_lines_as_the_others_do() -> None:
    made = after(block("", "x = 1\ny = 2", "b.py"), {"a.py": "a = 1\r\n"})
    assert made["b.py"] == "x = 1\r\ny = 2\r\n"
    assert after(block("", "x = 1", "a.py"), {"a.py": ""})["a.py"] == "x = 1\n"


def test_whole_definitions_take_the_place_of_their_like() -> None:
    new = "# glued\ndef join(a, b):\n\treturn f'{a}{os.sep}{b}'"
    assert after(f"src/a.py\n```python\n{new}\n```")["src/a.py"] == A.replace(
        "def join(a, b):\n    return a + os.sep + b",
        "# glued\ndef join(a, b):\n    return f'{a}{os.sep}{b}'",
    )
    inner = "class A:\n    x = 1\n\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    assert after("a.py\n```python\ndef f(self):\n    return 3\n```", {"a.py": inner})[
        "a.py"
    ] == inner.replace("return 1", "return 3")
    for code, why in (
        ("class A:\n    def f(self):\n        return 3", "would lose members of A"),
        ("def h():\n    return 3", "no definition named h"),
        ("import os\ndef f(self):\n    return 3", "more than whole definitions"),
        ("def f(self):\n    return (", "more than whole definitions"),
    ):
        assert why in refused(f"a.py\n```python\n{code}\n```", {"a.py": inner})


@pytest.mark.parametrize(
    ("head", "frame"),
    [
        ("`src/a.py`\n\n```", "````markdown\n{}````\n"),
        ("`src/a.py`\n```", "~~~\n{}~~~\n"),
        ("```python src/a.py", "```markdown\n{}```\n"),
        ("### src/a.py\n```python", "```md\n{}```\n"),
    ],
)
def test_whole_definitions_may_stand_in_a_fence_around_all(head: str, frame: str) -> None:
    definition = "def call():\n    return join(3, 4)"
    reply = "Sure!\n\n" + frame.format(f"{head}\n{definition}\n```\n") + "\nLet me know."
    assert after(reply) == {**FILES, "src/a.py": A.replace("join(1, 2)", "join(3, 4)")}


def test_a_path_alone_in_a_fence_begins_nothing_behind_it() -> None:
    reply = "```\nsrc/a.py\n```\n\nsrc/b.py\n" + block("print(join('x', 'y'))", "print(1)")
    assert after(reply)["src/b.py"] == "from a import join\n\nprint(1)\n"


def test_a_definition_may_be_moved_within_its_file() -> None:
    file = "def a():\n    pass\n\n\ndef b():\n    pass\n"
    reply = block(
        "def b():", "def b2():\n    pass\n\n\ndef a():\n    pass\n\n\ndef b():", "a.py"
    ) + block("def a():\n    pass\n\n\n", "")
    assert "fits" not in after(reply, {"a.py": file})["a.py"]


def test_a_later_block_may_build_on_an_earlier_one() -> None:
    reply = block("x = 1", "y = 1", "a.py") + block("y = 1", "y = 2")
    assert after(reply, {"a.py": "x = 1\n"})["a.py"] == "y = 2\n"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (block("x = 1", "x = 2", "c.py"), "fits 2 places, at the lines 1, 3"),
        (block("    x = 1", "    x = 2", "c.py"), "fits 2 places"),
        (block("x = 3", "x = 2", "c.py"), "nowhere in the file"),
        (block("x = 1\nz = 0", "x = 2", "c.py"), "closest at line 1, and differs in its line 2"),
        (block("x = 1", "x = 2", "d.py"), "no such file"),
        (block("", "x = 2", "c.py"), "nothing to search for"),
        (block("", "x = 2", "../d.py"), "without `..`"),
        (block("", "x = 2", "/etc/d.py"), "within the repository"),
        (block("", "x = 2", ".git/hooks/d.py"), "into .git"),
        (block("", "x = 2", "C.py"), "there already"),
        (block("", "x = 2", "seen.py"), "there already, and was not shown"),
        (block("x = 1", "x = 2", "seen.py"), "not shown"),
        (block("y = 0", "y = (", "c.py"), "syntax error"),
        (block("y = 0", "  y = 0", "c.py"), "syntax error"),
        (block("y = 0", "y = 1\n# ... rest of the code", "c.py"), "leaves code out"),
        (block("y = 0", "y = 1\n...", "c.py"), "leaves code out"),
        (block("y = 0", "y = 1  # \x07", "c.py"), "control characters"),
        (block("y = 0", "y = 0", "c.py"), "would change nothing"),
        (f"c.py\n{OPEN}\ny = 0\n{MIDDLE}\ny = 1\n", "breaks off"),
        (f"c.py\n{OPEN}\ny = 0\n{CLOSE}\n", "no dividing line"),
        (f"c.py\n{OPEN}\ny = 0\n{MIDDLE}\ny\n{MIDDLE}\nz\n{CLOSE}\n", "more than one dividing"),
        (
            f"c.py\n{OPEN}\ny = 0\n{MIDDLE}\ny = 1\n{OPEN}\ny = 0\n{MIDDLE}\ny = 2\n{CLOSE}\n",
            "No end",
        ),
        (f"y = 1\n{CLOSE}\n", "without its beginning"),
        ("I would rather not.", "no SEARCH and REPLACE block"),
        ("", "no SEARCH and REPLACE block"),
        ("```diff\n@@ -1,2 +1,2 @@\n-y = 0\n+y = 2\n```", "names no file"),
        ("c.py\n```diff\n@@ -1,2 +1,2 @@\n-x = 1\n+x = 2\n```", "fits 2 places"),
        ("c.py\n```diff\n@@ -1,2 +1,2 @@\nx = 1\n-y = 0\n```", "A diff cannot be read"),
        ("c.py\n```diff\n@@ -1,2 +1,2 @@\n-y = 0\n+y = 2\n", "A diff breaks off"),
        ("c.py\n```python\ny = 1", "breaks off"),
        (
            block("y = 0", "y = 1", "c.py") + "Then make `new.py`:\n```python\nz = 1\n```",
            "stand alone",
        ),
        (
            "RENAME c.py -> e.py\n" + block("y = 0", "y = 1", "e.py") + "DELETE c.py",
            "both changed and deleted",
        ),
        ("RENAME c.py -> seen.py", "renamed"),
        ("RENAME c.py -> nowhere", "must be one line"),
        (block("y = 0", "y = 1", "c.py") + block("y = 0\nx = 1", "y = 2\nx = 1"), "overlaps"),
        (
            f"c.py\n{block('y = 0', 'y = 1')}`a.py` and `c.py` are done.\n{block('q = 0', 'y = 1')}",
            "names no file",
        ),
    ],
)
def test_what_is_not_clear_is_refused_with_the_reason(reply: str, why: str) -> None:
    files = {"c.py": "x = 1\ny = 0\nx = 1\n", "a.py": "q = 0\n"}
    paths = Paths.of(files, others=["seen.py"])
    assert why in refused(reply, files, paths)


def test_all_or_nothing() -> None:
    reply = block("x = 1", "x = 2", "a.py") + block("nowhere", "there", "b.py")
    assert "nowhere in the file" in refused(reply, {"a.py": "x = 1\n", "b.py": "y = 1\n"})


def test_reasons_hold_no_text() -> None:
    reply = block("secret_name = 1", "other_secret = 2", "a.py")
    assert "secret" not in refused(reply, {"a.py": "hidden = 1\n"})


def test_dots_that_are_code_may_be_written() -> None:
    code = 'class P(Protocol):\n    def f(self) -> int:\n        """Say."""\n        ...'
    assert after(block("x = 1", code, "a.py"), {"a.py": "x = 1\n"})["a.py"] == f"{code}\n"


def test_code_that_moves_takes_its_dots_along() -> None:
    old = "# ... existing code\nx = 1\n"
    reply = block("# ... existing code\nx = 1", "z = 1", "a.py") + block(
        "", "# ... existing code\nx = 1", "b.py"
    )
    assert after(reply, {"a.py": old})["b.py"] == old


def test_dots_that_go_elsewhere_allow_none_that_stand_for_code() -> None:
    files = {**FILES, "old.md": "Write\n\n```\n...\n```\n"}
    lazy = block("    return join(1, 2)", "    return 1\n# ... rest of the code", "src/a.py")
    assert "leaves code out" in refused(f"DELETE old.md\n{lazy}", files)


@pytest.mark.parametrize(
    ("reply", "made"),
    [
        (block("def call():", "# new\ndef call():", "src/a.py"), False),
        (block("  def call():\n      return join(1, 2)", "  # new\n  def call():\n      return join(1, 2)", "src/a.py"), False),
        (block("import os", "import os.path", "src/a.py"), False),
        (block("def call():", "# other\ndef call():", "src/a.py"), True),
        (block("def join(a, b):", "# new\ndef join(a, b):", "src/a.py"), True),
    ],
)  # fmt: skip
def test_what_an_earlier_answer_did_is_not_done_again(reply: str, *, made: bool) -> None:
    now = A.replace("def call", "# new\ndef call").replace("import os", "import os.path")
    texts = {"src/a.py": Text.of(now), "src/b.py": Text.of(B)}
    outcome = changes_from(reply, texts, earlier={"src/a.py": Text.of(A)})
    assert isinstance(outcome, Changes), outcome
    assert len(outcome) == made


def test_lines_that_look_like_markers_can_be_written_with_wider_ones() -> None:
    file = "Title\n=======\n\nText\n"
    reply = (
        "a.rst\n<<<<<<<<< SEARCH\nTitle\n=======\n=========\nOther\n=======\n>>>>>>>>> REPLACE\n"
    )
    assert after(reply, {"a.rst": file})["a.rst"] == file.replace("Title", "Other")


def test_the_sorts() -> None:
    texts = {path: Text.of(text) for path, text in FILES.items()}
    outcome = changes_from("DELETE src/a.py\nRENAME src/b.py -> src/c.py", texts)
    assert isinstance(outcome, Changes)
    assert [one.sort for one in outcome] == [Sort.DELETE, Sort.RENAME]


@pytest.mark.parametrize(
    ("comment", "refused"),
    [
        ("and markers are the same", False),
        ("the result is unchanged by this", False),
        ("the rest of the class is the same", True),
        ("the code above is unchanged", True),
        ("methods remain unchanged", True),
    ],
)
def test_comments_that_say_what_is_so_leave_nothing_out(comment: str, *, refused: bool) -> None:
    reply = block("y = 0", f"y = 1\n# {comment}", "c.py")
    outcome = changes_from(reply, {"c.py": Text.of("x = 1\ny = 0\n")})
    assert isinstance(outcome, Changes) is not refused
