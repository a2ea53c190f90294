from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ],
)
def test_nothing_is_loaded_and_code_stays(reply: str, shown: str) -> None:
    assert markdown(reply) == shown


@given(st.text(st.sampled_from(list("`~<>![]() \na-")), max_size=60))
def test_outside_of_code_there_is_no_picture_and_no_tag(reply: str) -> None:
    """Judged by the plainest reading: fences and code of one backtick, in whole lines."""
    if "`" in reply or "~" in reply:
        markdown(reply)  # what is code here, the cases above tell
        return
    assert not re.search(r"!\[|<[A-Za-z/!?]", markdown(reply))


def test_every_reply_can_be_shown() -> None:
    for chance in chances(EXAMPLES):
        shown = markdown(hostile(chance))
        assert shown == "" or (shown.endswith("\n") and "\r" not in shown and "\0" not in shown)
        shown.encode("utf-8")
