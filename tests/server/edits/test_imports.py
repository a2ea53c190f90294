"""Imports that a fix or a rewrite needs: they go to the import block, and nothing else changes."""

from __future__ import annotations

import pytest

from support_actions import EXAMPLES, chances, corpus, hostile, subject_of
from twolane_context.languages import language_for
from twolane_context.trees import parse, text_of
from twolane_server.actions.fix import FixDiagnostic
from twolane_server.actions.outcomes import Edits, edits_of
from twolane_server.actions.rewrite import RewriteSelection
from twolane_server.edits.imports import STATEMENTS
from twolane_server.edits.syntax import errors
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.text import Text

PYTHON = '#!/usr/bin/python\n"""Doc."""\n\nfrom __future__ import annotations\n\nimport re\nfrom a import (\n    b,\n)\n\n\ndef f(x):\n    ‸return os.sep + re.escape(x)‸\n'


def fixed(marked: str, reply: str, name: str = "a.py") -> str:
    action = FixDiagnostic()
    task = action.prepare(subject_of(marked, name, instruction="undefined name"))
    outcome = action.finish(task, reply)
    return str(task.subject.text.replaced((one.span, one.text) for one in edits_of(outcome)))


def text(marked: str) -> str:
    return marked.replace("‸", "")


@pytest.mark.parametrize(
    "reply",
    [
        "```python\nimport os\n```",
        "import os",
        "```python\n    return os.sep + re.escape(x)\n```\n\n```python\nimport os\n```",
        "Imports:\n```python\nimport os\n```\nLines:\n```python\nreturn os.sep + re.escape(x)\n```",
        "```python\nimport os\n\n    return os.sep + re.escape(x)\n```",
        "```python\nimport re\nimport os\n```",
        "```python\nreturn os.sep + re.escape(x)\n```\n```\nimport os\n```\n```bash\npython a.py\n```",
    ],
)
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_the_forms_that_models_write(reply: str, eol: str) -> None:
    wanted = text(PYTHON).replace("    b,\n)\n", "    b,\n)\nimport os\n").replace("\n", eol)
    if "bash" in reply:
        reply = reply.replace("```\nimport", "```python\nimport")
    assert fixed(PYTHON.replace("\n", eol), reply) == wanted


def test_a_file_without_a_single_node_takes_imports_too() -> None:
    said = "```js\nimport {x} from 'y';\n```"
    assert fixed("‸\u2028‸", said, "a.js") == "import {x} from 'y';\n\n\u2028"
    assert fixed("‸\ufeff‸", said, "a.js") == "\ufeffimport {x} from 'y';\n"


def test_lines_and_imports_change_together_and_are_told() -> None:
    action = FixDiagnostic()
    task = action.prepare(subject_of(PYTHON, "a.py", instruction="x"))
    said = "```python\nreturn sep\n```\n```python\nfrom os import sep\n```"
    outcome = action.finish(task, said)
    assert isinstance(outcome, Edits)
    assert outcome.notes == ("Also added to the imports: from os import sep",)
    assert [one.span.start for one in outcome.edits] == sorted(
        one.span.start for one in outcome.edits
    )
    first, second = outcome.edits
    assert (len(first.span), first.text) == (0, "from os import sep\n")
    assert second.span == task.target


PLACES = [
    ("a.py", "‸x = os.sep‸\n", "import os", "import os\n\nx = os.sep\n"),
    ("a.py", '"""Doc."""\n‸x = os.sep‸\n', "import os", '"""Doc."""\n\nimport os\n\nx = os.sep\n'),
    (
        "a.py",
        "#!/usr/bin/python\n# coding: utf-8\n# about f\ndef f():\n    ‸return os.sep‸\n",
        "import os",
        "#!/usr/bin/python\n# coding: utf-8\nimport os\n\n# about f\ndef f():\n    return os.sep\n",
    ),
    (
        "a.py",
        "# Copyright\n# more\n\n# about f\ndef f():\n    ‸return os.sep‸\n",
        "import os",
        "# Copyright\n# more\nimport os\n\n# about f\ndef f():\n    return os.sep\n",
    ),
    ("a.py", "\ufeffy = 1\n‸x = os.sep‸\n", "import os", "\ufeffimport os\n\ny = 1\nx = os.sep\n"),
    ("a.py", "import re\n‸x = os.sep‸", "import os", "import re\nimport os\nx = os.sep"),
    (
        "a.rs",
        "//! Doc.\n#![allow(x)]\nuse a::b;\n\n/// f\nfn f() {\n    ‸g(HashMap::new());‸\n}\n",
        "use std::collections::HashMap;",
        "//! Doc.\n#![allow(x)]\nuse a::b;\nuse std::collections::HashMap;\n\n/// f\nfn f() {\n    g(HashMap::new());\n}\n",
    ),
    (
        "a.rs",
        "//! Doc.\nfn f() {\n    ‸g(HashMap::new());‸\n}\n",
        "use std::collections::HashMap;",
        "//! Doc.\nuse std::collections::HashMap;\n\nfn f() {\n    g(HashMap::new());\n}\n",
    ),
    (
        "a.ts",
        '"use strict";\nimport a from "b";\nimport {\n  c,\n} from "d";\n‸join(a);‸\n',
        'import { join } from "path";',
        '"use strict";\nimport a from "b";\nimport {\n  c,\n} from "d";\nimport { join } from "path";\njoin(a);\n',
    ),
    (
        "a.js",
        "‸join(a)‸\n",
        "import { join } from 'path'",
        "import { join } from 'path'\n\njoin(a)\n",
    ),
    (
        "a.go",
        'package a\n\nimport (\n\t"fmt"\n)\n\nfunc f() {\n\t‸os.Exit(fmt.X)‸\n}\n',
        'import (\n\t"fmt"\n\t"os"\n)',
        'package a\n\nimport (\n\t"fmt"\n\t"os"\n)\n\nfunc f() {\n\tos.Exit(fmt.X)\n}\n',
    ),
    (
        "a.go",
        'package a\n\nimport "fmt"\n\nfunc f() {\n\t‸os.Exit(fmt.X)‸\n}\n',
        'import "os"',
        'package a\n\nimport "fmt"\nimport "os"\n\nfunc f() {\n\tos.Exit(fmt.X)\n}\n',
    ),
    (
        "a.go",
        "package a\n\nfunc f() {\n\t‸os.Exit(1)‸\n}\n",
        'import "os"',
        'package a\n\nimport "os"\n\nfunc f() {\n\tos.Exit(1)\n}\n',
    ),
]


@pytest.mark.parametrize(("name", "marked", "reply", "after"), PLACES)
def test_where_an_import_goes(name: str, marked: str, reply: str, after: str) -> None:
    assert fixed(marked, f"```\n{reply}\n```", name) == after


@pytest.mark.parametrize(
    ("name", "marked", "reply"),
    [
        ("a.py", "from a import os\n‸x = os.sep‸\n", "import os"),
        ("a.py", "‸x = os.sep‸\n", "from os import *"),
        ("a.rs", "use a::b;\nfn f() {\n    ‸b();‸\n}\n", "use c::b;"),
        ("a.rs", "use a::b;\nfn f() {\n    ‸b();‸\n}\n", "use a::{b, c};"),
        ("a.ts", 'import { a } from "b";\n‸a();‸\n', 'import { a, c } from "b";'),
    ],
)
def test_what_would_change_a_names_meaning_is_refused(name: str, marked: str, reply: str) -> None:
    with pytest.raises(ReplyRefused, match="import a name that the file knows otherwise"):
        fixed(marked, f"```\n{reply}\n```", name)


def test_what_is_there_is_not_added_again() -> None:
    after = fixed(PYTHON, "```python\nimport re\nfrom a import b\n\n    return re.escape(x)\n```")
    assert after == text(PYTHON).replace("os.sep + ", "")
    with pytest.raises(ActionError, match="change nothing"):
        fixed(PYTHON, "```python\nimport re\n```")


def test_an_import_among_indented_lines_stays_there() -> None:
    after = fixed(PYTHON, "```python\nimport os\nreturn os.sep\n```")
    assert after == text(PYTHON).replace(
        "return os.sep + re.escape(x)", "import os\n    return os.sep"
    )


def test_selected_imports_are_rewritten_in_place() -> None:
    action = RewriteSelection()
    task = action.prepare(subject_of("‸import b\nimport a\n‸x = 1\n", "a.py", instruction="sort"))
    outcome = action.finish(task, "```python\nimport a\nimport b\n```")
    after = task.subject.text.replaced((one.span, one.text) for one in edits_of(outcome))
    assert str(after) == "import a\nimport b\nx = 1\n"


def test_a_rewrite_may_add_imports_too() -> None:
    action = RewriteSelection()
    task = action.prepare(subject_of(PYTHON, "a.py", instruction="shorten"))
    outcome = action.finish(task, "```python\nreturn sep\n```\n```python\nfrom os import sep\n```")
    after = str(task.subject.text.replaced((one.span, one.text) for one in edits_of(outcome)))
    assert after == text(PYTHON).replace("    b,\n)\n", "    b,\n)\nfrom os import sep\n").replace(
        "return os.sep + re.escape(x)", "return sep"
    )


_IMPORTS = (
    "import os",
    "import re, sys",
    "from a.b import (c,\n  d)",
    "use std::fmt;",
    "use std::{io, fmt::{self, X}};",
    'import a from "b";',
    'import {c} from "d"',
    'import "os"',
    'import (\n\t"os"\n\tx "y/z"\n)',
    "import os; os.system('x')",
    "from x import *",
    "import os  # noqa",
    "import (",
    "import",
)


def test_arbitrary_imports_never_harm() -> None:
    """Outside of the lines and one place between imports, no byte is another than before."""
    tasks = [
        FixDiagnostic().prepare(subject_of(marked, name, instruction="x"))
        for name, marked in corpus()
        if FixDiagnostic().offered(subject_of(marked, name, instruction="x"))
    ]
    added = 0
    for chance in chances(EXAMPLES * 4):
        task = chance.choice(tasks)
        imports = "\n".join(chance.choice(_IMPORTS) for _ in range(chance.randrange(1, 3)))
        here = task.target.cut(task.subject.text.source).decode()
        lines = chance.choice((here, hostile(chance), "", "return 1", "x = 1"))
        reply = chance.choice(
            (
                f"```\n{imports}\n{lines}\n```",
                f"```\n{lines}\n```\n```\n{imports}\n```",
                f"```\n{imports}\n```",
                f"{hostile(chance)}\n```\n{imports}\n\n{lines}\n```",
            )
        )
        try:
            outcome = FixDiagnostic().finish(task, reply)
        except ActionError:
            continue
        edits = [one for one in edits_of(outcome) if one.span != task.target]
        parsed, source = task.subject.parsed, task.subject.text.source
        assert parsed is not None
        after = task.subject.text.replaced((one.span, one.text) for one in edits_of(outcome))
        assert errors(parse(parsed.language, after.source)) <= errors(parsed)
        assert len(edits) <= 1
        for one in edits:
            added += 1
            assert len(one.span) == 0
            assert one.text.count("\r\n") == (one.text.count("\n") if b"\r\n" in source else 0)
            assert not task.target.start < one.span.start < task.target.end
            with_imports = Text.of(source.decode()).replaced([(one.span, one.text)])
            assert _others(with_imports.source, task.subject.path) == _others(
                source, task.subject.path
            )
    assert added > 20


def _others(source: bytes, path: str) -> list[str]:
    """What stands at the file's top, without imports."""
    language = language_for(path)
    assert language is not None
    kinds = STATEMENTS.get(language.name, frozenset())
    tree = parse(language, source)
    return [text_of(source, one) for one in tree.tree.root_node.children if one.type not in kinds]
