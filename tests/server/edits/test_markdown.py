from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from support_actions import EXAMPLES, chances, hostile
from twolane_server.edits.markdown import markdown


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("It adds.", "It adds.\n"),
        ("\n\n# Adds\r\n\r\nIt adds.  \n\n", "# Adds\n\nIt adds.\n"),
        ("```markdown\n# Adds\n```", "# Adds\n"),
        ("```md\nUse `f`:\n```python\nf()\n```\nso.\n```", "Use `f`:\n```python\nf()\n```\nso.\n"),
        ("```python\nf()\n```", "```python\nf()\n```\n"),
        ("<think>hm</think>It adds.", "It adds.\n"),
        ("<think>never ends", ""),
        ("", ""),
        (" \n\t\n", ""),
        ("a\x00b\x1b[2J", "ab[2J\n"),
    ],
)
def test_what_is_shown(reply: str, shown: str) -> None:
    assert markdown(reply) == shown


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("![it](https://a.example/?q=code)", "[it](https://a.example/?q=code)\n"),
        (
            "see ![it][1]\n\n[1]: https://a.example/x.png",
            "see [it][1]\n\n[1]: https://a.example/x.png\n",
        ),
        ('<img src="https://a.example/x">', '&lt;img src="https://a.example/x">\n'),
        ("<!-- x --><script>", "&lt;!-- x -->&lt;script>\n"),
        ("a < b and List<T>", "a < b and List&lt;T>\n"),
        ("`vec![1]` and `<b>`", "`vec![1]` and `<b>`\n"),
        (
            "```rust\nvec![1](x); Vec<u8>\n```\n![x](y)",
            "```rust\nvec![1](x); Vec<u8>\n```\n[x](y)\n",
        ),
        ("````\n```\n![x](y)\n```\n````\n![x](y)", "````\n```\n![x](y)\n```\n````\n[x](y)\n"),
        ("!![x](y)", "[x](y)\n"),
    ],
)
def test_nothing_is_loaded_and_code_stays(reply: str, shown: str) -> None:
    assert markdown(reply) == shown


@pytest.mark.parametrize(
    "reply",
    [
        "\\`![x](y)`",  # no code: its first backtick is escaped
        "a ` b\n`![x](y)` c",  # the first two backticks are the pair
        "    ```\n\n![x](y)",  # an indented line opens no fence
        "- ```\n![x](y)",  # a fence ends with its list
        "> ```\n![x](y)",
        "``` a`b\n![x](y)",  # nor does one with a backtick behind it
        "a\n\n~~~\nb\n~~~ c\n~~~\n\n`<img src=y>\n` <img src=y>`",
        "|a|b|\n|-|-|\n|`|![x](y)`|",  # a cell ends before its code does
        "> " * 500 + "\\`![x](y)`",  # deeper than a parser goes
    ],
)
def test_what_only_looks_like_code_loads_nothing(reply: str) -> None:
    assert not shows(markdown(reply))
    assert "x" in markdown(reply) or "img" in markdown(reply)


def shows(text: str) -> bool:
    """Whether what a preview makes of it loads anything."""
    html = MarkdownIt("commonmark", {"maxNesting": 200}).enable("table").render(text)
    return re.search(r"<(?:img|script|style|iframe|a-)", html) is not None


PIECES = ["`", "``", "```", "~~~", "\n", "\n\n", "    ", "- ", "> ", "1. ", "\\", "|", "|-|\n", "a"]
LOADING = ["![x](y)", "!", "[x](y)", "<img src=y>", "<", "![x]", "[x]: y", "<!-- ", "-->"]


@given(st.lists(st.sampled_from(PIECES + LOADING), max_size=30).map("".join))
def test_nothing_loads_however_code_is_written(reply: str) -> None:
    assert not shows(markdown(reply))


@given(st.text(st.sampled_from(list("<>![]() \na-")), max_size=60))
def test_without_code_there_is_no_picture_and_no_tag(reply: str) -> None:
    assert not re.search(r"!\[|<[A-Za-z/!?]", markdown(reply))


def test_every_reply_can_be_shown() -> None:
    for chance in chances(EXAMPLES):
        shown = markdown(hostile(chance))
        assert shown == "" or (shown.endswith("\n") and "\r" not in shown and "\0" not in shown)
        shown.encode("utf-8")
