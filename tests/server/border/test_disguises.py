"""Code under NDA is known again in whatever a tool, a document or an encoding made of it."""

from __future__ import annotations

import base64
import gzip
import html
import json
import quopri
import textwrap
import zlib
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_leaks import tariff
from twolane_server.border.affixes import without_affixes, without_marks
from twolane_server.border.fingerprints import Fingerprints, Source
from twolane_server.border.searches import Searches
from twolane_server.border.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CODE = tariff("zq12ab34")
ROWS = CODE.splitlines()
RAW = CODE.encode()
PACKED = zlib.compress(RAW, 9)
URL = "https://play.example/api/v2/playground/share/documents/"


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fingerprints]:
    with closing(Fingerprints(tmp_path_factory.mktemp("prints") / "p", bytes(32))) as made:
        made.sync([Source("r/acme.py", b"1", lambda: CODE)])
        yield made


def _is_known(text: str, prints: Fingerprints) -> bool:
    said = f"Look at this, please:\n\n{text}\n\nWhat does it do?"
    body = encode("m", [("user", said)], max_tokens=9, temperature=0)
    forms = Searches()

    class Asked:
        def found(self, *texts: str) -> str | None:
            return prints.found(*texts)

        def whole(self, text: str) -> str | None:
            del text
            return None

    return forms.nda_code(body, Asked()) is not None


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


ENCODED = {
    "base64 behind a URL's path": URL + base64.b64encode(RAW).decode(),
    "base64 behind other letters": f"abcdefghijklmnop{base64.b64encode(RAW).decode()}",
    "its other alphabet behind a path": URL + _url_safe(RAW),
    "gzip behind a path": URL + _url_safe(gzip.compress(RAW)),
    "zlib behind a path": URL + _url_safe(PACKED),
    "bare deflate": f"https://draw.example/edit#pako:{_url_safe(PACKED[2:-4])}",
    "percent": URL + quote(CODE, safe=""),
    "percent of base64": URL + quote(base64.b64encode(RAW).decode(), safe=""),
    "a query": f"{URL}?code={quote_plus(CODE)}",
    "a query in a query": f"{URL}?to={quote(quote_plus(CODE))}",
    "quoted-printable": quopri.encodestring(RAW, quotetabs=True).decode(),
    "all of it quoted-printable": "".join(f"={each:02X}" for each in RAW),
    "hexadecimal with blanks": RAW.hex(" "),
    "hexadecimal with colons": RAW.hex(":"),
    "a dump": "\n".join(
        f"{at:08x}: {RAW[at : at + 16].hex(' ', 2)}  ................"
        for at in range(0, len(RAW), 16)
    ),
    "bytes": ", ".join(map(str, RAW)),
    "long escapes": "".join(f"\\U{ord(each):08x}" for each in CODE),
    "escapes in braces": "".join(f"\\x{{{ord(each):x}}}" for each in CODE),
}


@pytest.mark.parametrize("how", ENCODED)
def test_encoded(prints: Fingerprints, how: str) -> None:
    assert _is_known(ENCODED[how], prints)


SHOWN: dict[str, Callable[[int, str], str]] = {
    **{f"behind {each!r}": lambda _, row, each=each: each + row for each in ("\u2502 ", "\u2022 ")},
    **{f"behind {each!r}": lambda _, row, each=each: each + row for each in ("REM ", "$ ", "? ")},
    **{
        f"behind {each!r}": lambda _, row, each=each: each + row
        for each in ("E       ", "web_1  | ")
    },
    "a log": lambda at, row: f"2026-11-27 06:00:0{at % 10},123 INFO app.tool: {row}",
    "somebody's words": lambda at, row: f"[06:0{at % 10}] bob: {row}",
    "in comments": lambda _, row: f"/* {row} */",
    "in comments of a page": lambda _, row: f"<!-- {row} -->",
    "in a frame": lambda _, row: f"| {row:<80} |",
    "in a table": lambda at, row: f"| {at + 1} | `{row}` |",
    "in a page's table": lambda at, row: f"<tr><td>{at}</td><td>{html.escape(row)}</td></tr>",
    "in coloured spans": lambda _, row: row.replace("account", '<span class="n">account</span>'),
    "in colours": lambda _, row: row.replace("account", "\x1b[34maccount\x1b[0m"),
    "in escaped colours": lambda _, row: row.replace("account", "\\x1b[34maccount\\x1b[0m"),
    "in a gutter": lambda at, row: f"{at + 1:>4} {at + 9:>4} + {row}",
    "numbered by tens": lambda at, row: f"{10 * at + 10} {row}",
    "numbered downwards": lambda at, row: f"{100 - at}: {row}",
    "numbered behind": lambda at, row: f"{row}  # {at + 1}",
    "with callouts": lambda at, row: f"{row} <{at + 1}>",
    "printed": lambda _, row: f"println!({json.dumps(row)});",
    "appended": lambda _, row: f"out.append({row!r})",
    "called": lambda at, row: f"fill(t, {at}, '{row}');",
    "continued": lambda _, row: f"{row:<70}\\",
    "profiled": lambda at, row: f"{at + 1:>6} {at * 7 + 3:>9} {at * 3}.0 {0.5 * at:>8}  {row}",
    "with invisible letters": lambda _, row: row.replace("account", "acc\x7fount"),
}


@pytest.mark.parametrize("how", SHOWN)
def test_shown(prints: Fingerprints, how: str) -> None:
    shown = (SHOWN[how](at, row) for at, row in enumerate(ROWS))
    assert _is_known("\n".join(shown), prints)


@pytest.mark.parametrize("between", ["; ", " | ", " \xb6 ", "\u21b5", "<br>", "', '"])
def test_joined(prints: Fingerprints, between: str) -> None:
    assert _is_known(between.join(row.strip() for row in ROWS), prints)


def test_what_has_nothing_around_it_is_read_no_second_time() -> None:
    plain = textwrap.dedent("""\
        import os
        import sys
        import json
        import time
        from a import b
        from a import c
        from a import d
        from a import e
        self.a = 1
        self.b = f(2)
        self.c = 3
        self.d = g(4)
        # a
        # b
        # c
        # d
        return a(
            "b",
            "c",
            "d",
            "e",
        )
        """)
    assert without_marks(plain) is plain
    assert without_affixes(plain) is None


UNSEEN = "\0\b\x0e\x1f\x7f\u2800\ufffc\ufffd"
SIGNS = "\xa7\xb7\u2022\u2190\u27ff\u2bff\U0001f600"
OTHERS = "a\t\n\v\f\r \x80\xe9\u3000\ud83d\ude00\U0002f800"


@given(st.text(UNSEEN + SIGNS + OTHERS) | st.text(OTHERS + "b") | st.text(UNSEEN[:5] + "ab\n"))
def test_of_all_characters_those_alone_are_taken_that_are_marks(text: str) -> None:
    seen = text.translate(dict.fromkeys(map(ord, UNSEEN)))
    assert without_marks(text) == seen.translate(dict.fromkeys(map(ord, SIGNS), " "))
