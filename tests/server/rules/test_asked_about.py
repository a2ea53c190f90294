"""What the border is told of files that no disk tells it."""

from __future__ import annotations

from twolane_server.fragments import Label
from twolane_server.rules.asked_about import AskedAbout
from twolane_server.rules.labels import Labelled
from twolane_server.text import Text

OPEN, NDA = Labelled(Label.OPEN, ()), Labelled(Label.NDA, ("x",))


def test_the_last_few_texts_of_a_file_are_remembered() -> None:
    """A request may still be waiting that was made of an earlier one."""
    asked = AskedAbout()
    assert asked.heads("/r/a.py")["/r/a.py"] == ()
    for number in (1, 2, 1, 3):
        asked.holds([("/r/a.py", Text.of(f"x = {number}\n"))], OPEN)
    assert asked.heads("/r/a.py")["/r/a.py"] == ("x = 3\n", "x = 1\n", "x = 2\n")
    for number in range(20):
        asked.holds([("/r/a.py", Text.of(f"y = {number}\n"))], OPEN)
    assert [*asked.heads("/r/a.py")["/r/a.py"]] == [
        f"y = {number}\n" for number in range(19, 11, -1)
    ]
    assert asked.heads("/r/b.py")["/r/b.py"] == ()


def test_a_text_that_stays_local_anyway_is_not() -> None:
    asked = AskedAbout()
    asked.holds([("/r/a.py", Text.of("# NDA\n"))], NDA)
    assert asked.heads("/r/a.py")["/r/a.py"] == ()


def test_the_paths_of_before_stay_until_there_are_others() -> None:
    asked = AskedAbout()
    asked.reached("/r/a.py", ("/r/b.py",))
    asked.reached("/r/a.py", ())
    assert asked.before("/r/a.py") == ("/r/b.py",)
    asked.reached("/r/a.py", ("/r/c.py",))
    assert asked.before("/r/a.py") == ("/r/c.py",)
    assert asked.before("/r/b.py") == ()


def test_what_an_editor_has_of_each_file_now_counts_beside_what_it_had() -> None:
    now = {"/r/a.py": (Text.of("x = 2\n"), Text.of("x = 3\n"))}
    asked = AskedAbout(lambda paths: [now.get(path, ()) for path in paths])
    asked.holds([("/r/a.py", Text.of("x = 1\n"))], OPEN)
    assert asked.heads("/r/b.py", "/r/a.py") == {
        "/r/b.py": (),
        "/r/a.py": ("x = 1\n", "x = 2\n", "x = 3\n"),
    }
    now.clear()
    assert asked.heads("/r/a.py") == {"/r/a.py": ("x = 1\n",)}
    assert asked.open_now("/r/a.py") == ()
