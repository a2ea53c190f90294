from __future__ import annotations

import io
from contextlib import suppress

from twolane_server.cli.answer import AnswerView
from twolane_server.cli.terminal import Terminal


def _terminal() -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    return Terminal(file=out, force_terminal=True, width=60, color_system=None), out


def test_the_text_stays_on_the_terminal_after_a_bar() -> None:
    console, out = _terminal()
    with AnswerView(console) as view:
        for share in (0.0, 0.5, 1.0):
            view.on_notice("Fetching the model", share)
        view.on_notice("Loading the model", None)
        view.on_text("Return ", 1)
        view.on_text("the sum.", 2)
    said = out.getvalue()
    assert said.count("Fetching the model") == 1
    assert "50%" in said
    assert said.endswith("Loading the model\nReturn the sum.")


def test_no_bar_is_left_when_the_work_breaks_off() -> None:
    console, out = _terminal()
    with suppress(KeyError), AnswerView(console) as view:
        view.on_notice("Fetching", 0.2)
        raise KeyError
    console.print("after")
    assert out.getvalue().endswith("after\n")


def test_an_error_does_not_follow_the_text_on_its_line() -> None:
    for text, end in (("half a sen", "half a sen\n"), ("a line\n", "a line\n")):
        console, out = _terminal()
        with suppress(KeyError), AnswerView(console) as view:
            view.on_text(text, 1)
            raise KeyError
        assert out.getvalue() == end


def test_what_the_model_says_cannot_steer_the_terminal() -> None:
    console, out = _terminal()
    with AnswerView(console) as view:
        view.on_text("a\x1b[2Jb", 1)
    assert "\x1b[2J" not in out.getvalue()
