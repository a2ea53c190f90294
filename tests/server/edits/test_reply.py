from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_context.languages import LANGUAGES, Language
from twolane_server.edits.reply import Fence, Parts, code, prose, read
from twolane_server.errors import ReplyRefused


def _language(name: str) -> Language:
    return next(language for language in LANGUAGES if language.name == name)


PYTHON = _language("python")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("```python\nx = 1\n```", "x = 1"),
        ("Sure!\n\n```py\nx = 1\n```\nThat is all.", "x = 1"),
        ("~~~\nx = 1\n~~~", "x = 1"),
        ("````\n```\nx\n```\n````", "```\nx\n```"),
        ("```md\n```python\nx\n```\n```", "```python\nx\n```"),
        ("  ```python\n  if x:\n      y\n  ```", "if x:\n    y"),
        ("```python\r\nif x:\r\n    y\r\n```\r\n", "if x:\n    y"),
        ("```python\n\n    x = 1\n\n\n```", "    x = 1"),
        ('```python\ndef f():\n    """Doc.\n\n    ```\n    f()\n    ```\n    """\n```', 'def f():\n    """Doc.\n\n    ```\n    f()\n    ```\n    """'),
        ("<think>\n```python\nwrong\n```\n</think>\n```python\nx = 1\n```", "x = 1"),
        ("I think so.\n</think>\n```\nx = 1\n```", "x = 1"),
        ("x = 1\ny = 2", "x = 1\ny = 2"),
        ("```js\nlet x\n```\n```python\nx = 1\n```", "x = 1"),
        ("```\nx = 1\n```\n```js\nlet x\n```", "x = 1"),
        ("```python\nx = 1\n```\nagain:\n```python\nx = 1\n```", "x = 1"),
        ("```text\nx = 1\n```", "x = 1"),
        ("```python\nprint('</think>')\n```", "print('</think>')"),
    ],
)  # fmt: skip
def test_code(reply: str, expected: str) -> None:
    assert code(reply, PYTHON) == expected


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("<think>for ever", "empty"),
        ("```\n```", "empty"),
        ("I cannot do that.", "prose"),
        ("OK", "prose"),
        ("Sure: done", "prose"),
        ("```python\nx = 1", "breaks off"),
        ("```python\nx = 1\n```\n```python\ny = 1\n```", "several"),
        ("```\nx = 1\n```\n```\ny = 1\n```", "several"),
        ("```js\nlet x\n```\n```go\nvar x\n```", "several"),
        ("```rust\nlet x = 1;\n```", "another language"),
    ],
)
def test_no_code(reply: str, why: str) -> None:
    with pytest.raises(ReplyRefused, match=why):
        code(reply, PYTHON)


@pytest.mark.parametrize(("name", "info"), [("tsx", "ts"), ("go", "golang"), ("rust", "rs,ignore"), ("javascript", "jsx"), ("cpp", "c++"), ("cpp", "c"), ("c", "h"), ("java", "java"), ("lua", "lua")])  # fmt: skip
def test_other_names_of_languages(name: str, info: str) -> None:
    expected = info.partition(",")[0]
    fence = Fence(expected, "x", closed=True)
    assert fence.is_in(_language(name))
    assert not fence.is_in(PYTHON)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("\n\nReturn x.\n\n", "Return x."),
        ("Return x.\n```python\nf()\n```\nAnd y.", "Return x.\nAnd y."),
        ("```\nReturn x.\n```", "Return x."),
        ("<think>hm</think>Return x.", "Return x."),
        ("<thinking>\nhm\n</thinking>\n\nReturn x.", "Return x."),
        ("Use ```x``` here.", "Use ```x``` here."),
        ("```Return x```", "```Return x```"),
        ("```python\n```", ""),
    ],
)
def test_prose(reply: str, expected: str) -> None:
    assert prose(reply) == expected


def test_an_open_fence_is_known_to_be_open() -> None:
    assert read("a\n```go\nx").fences == (Fence("go", "x", closed=False),)


@given(st.text(alphabet="`~ \nab<think>/", max_size=80))
def test_every_reply_can_be_read(reply: str) -> None:
    parts = read(reply)
    assert isinstance(parts, Parts)
    assert all(fence.text.strip() for fence in parts.fences)
    assert parts.prose == parts.prose.rstrip()


@given(st.text(alphabet=st.characters(exclude_characters="`~<\r\n", exclude_categories=["Cs"])))
def test_what_is_in_a_fence_comes_out_as_it_went_in(line: str) -> None:
    text = f"x = 1\n{line}\n  y"
    assert code(f"Here:\n```python\n{text}\n```\nDone.", PYTHON) == text
