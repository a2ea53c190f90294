"""`twolane ledger export`: all that is known, for somebody else to read and to trust."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_border import NOON, sending
from twolane_server.border.chain import Verdict
from twolane_server.border.ledger import Ledger, read_rows
from twolane_server.border.records import Outcome, Row
from twolane_server.border.wire import encode
from twolane_server.cli import main
from twolane_server.cli.ledger_page import page
from twolane_server.cli.plain import plain
from twolane_server.fragments import Label, Origin
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.settings.resolved import Price

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "</pre></details><script>alert(1)</script><img src=https://evil.test/x>&amp; é \u202etxet\x1b[0m"
BODY = encode(
    "deepseek-v3.2", [("system", "Write."), ("user", EVIL)], max_tokens=9, temperature=0.0
)
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "p", "dl", "dt"),
    *("dd", "br", "span", "article", "code", "pre", "details", "summary"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWOLANE_STATE_DIR", str(tmp_path))
    folder = tmp_path / "ledger"
    with closing(Ledger.open(folder)) as ledger:
        files = (Origin(f"/r/{EVIL}.py", 1, 2), Origin("/r/b.py", 4, 4))
        odd = replace(sending(BODY), files=files, reasons=(EVIL,))
        ledger.outcome(ledger.before_send(odd), Outcome("stop", 1.5, Usage(1234, 56, 1000)))
        nda = replace(sending(b"nda canary", LaneName.LOCAL), label=Label.NDA)
        ledger.before_send(replace(nda, time=NOON + timedelta(days=2), host="127.0.0.1:8000"))
    return folder


class Page(HTMLParser):
    """What a browser makes of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def written(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert folder.exists()
    assert main(["ledger", "export", *words]) == 0
    return capsys.readouterr().out


def test_json_lines_hold_all_that_is_known(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud, local = map(json.loads, written(folder, capsys).splitlines())
    assert cloud["text"].encode() == BODY
    assert cloud["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert cloud["reasons"] == [EVIL]
    assert (cloud["label"], cloud["policy_hash"], cloud["seconds"]) == ("OPEN", "p1", 1.5)
    assert (local["label"], local["text"], local["outcome"]) == ("NDA", None, "unknown")
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database:
        hashes = dict(database.execute("SELECT seq, hash FROM entries").fetchall())
    assert {row["seq"]: row["hash"] for row in (cloud, local)} == {1: hashes[1], 3: hashes[3]}


def test_the_page_says_it_all_and_runs_and_loads_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written(folder, capsys, "--format", "html")
    found = Page(text)
    assert text.isascii()
    assert found.tags == TAGS
    assert found.attributes == {"lang", "charset", "http-equiv", "content", "name", "class", "id"}
    assert found.open == []
    assert "default-src 'none'" in text
    assert plain(EVIL) in found.texts
    told = "\n".join(found.texts)
    head = json.loads((folder / "ledger.head").read_text())["hash"]
    for what in (
        "2026-05-04 12:00:00 UTC to 2026-05-06 12:00:00 UTC",
        "api.example.test:443",
        f"1, {len(BODY)} bytes",
        "whole",
        ", 3 entries",
        head,
        hashlib.sha256(BODY).hexdigest(),
        "1234 in (1000 cached), 56 out",
        "Its text was not kept.",
        '"max_tokens": 9',
        "docstring's home lane",
        "lines 1-2",
    ):
        assert what in told, what
    assert "nda canary" not in text
    assert "127.0.0.1:8000" not in told.partition("Requests, oldest first")[0]


ANY = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [EVIL, "'\"><b>", "&lt;"]
)


@given(ANY, ANY, st.one_of(ANY, st.none()), st.one_of(ANY, st.integers(), st.none(), st.lists(ANY)))
def test_no_row_whatever_it_holds_gets_out_of_its_place(
    path: str, said: str, text: str | None, odd: object
) -> None:
    body = json.dumps({"messages": [{"role": said, "content": said}], "x": said})
    sent = {"files": [{"path": path, "start_line": 1, "end_line": 2}], "reasons": [said, odd]}
    names = ("time", "action", "lane", "model", "host", "bytes", "sha256", "label", "policy_hash")
    for kept in (body, text):
        row = Row(1, {**dict.fromkeys(names, odd), **sent, "text": kept}, {"result": said})
        whole = "".join(page(lambda row=row: [row], Verdict(1), NOON))
        found = Page(whole)
        assert whole.isascii()
        assert found.tags <= TAGS
        assert found.open == []
        if kept == body and said.strip():
            assert plain(said).replace("\r\n", "\n") in "".join(found.texts)


def test_a_file_is_for_its_owner_alone_and_replaces_what_was_there(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.html"
    target.write_text("old")
    target.chmod(0o644)
    assert main(["ledger", "export", "--format", "html", "--output", str(target)]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"Written to {target}.\n")
    assert target.read_text().startswith("<!DOCTYPE html>")
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger", "out.html"]
    assert main(["ledger", "export", "--output", str(tmp_path / "none" / "x")]) == 1
    assert "cannot be written (No such file or directory)" in capsys.readouterr().err
    assert main(["ledger", "export", "--output", str(folder)]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger", "out.html"]


def test_a_ledger_that_is_not_whole_is_exported_as_far_as_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE entries SET payload = 'x' WHERE seq = 3")
    assert main(["ledger", "export"]) == 1
    captured = capsys.readouterr()
    assert [json.loads(line)["seq"] for line in captured.out.splitlines()] == [1]
    assert "not whole, at entry 3: its content is not what was written" in captured.err
    assert main(["ledger", "export", "--format", "html"]) == 1
    told = "\n".join(Page(capsys.readouterr().out).texts)
    assert "not whole" in told
    assert "This page ends before it." in told
    assert "entry-3" not in told


def test_what_comes_in_meanwhile_is_left_out(folder: Path) -> None:
    with closing(Ledger.open(folder)) as ledger:
        last = ledger.verify().entries
        ledger.before_send(sending())
        assert [row.seq for row in read_rows(folder, last=last)] == [1, 3]
        assert [row.seq for row in ledger.rows()] == [1, 3, 4]


def test_the_page_says_what_it_cost_and_by_which_price(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price = Price("deepseek-v3.2", 1.0, 0.1, 2.0, f"2026-05-31{EVIL}")
    with closing(Ledger.open(folder)) as ledger:
        usage = Usage(1_000_000, 120_000, None)
        ledger.outcome(ledger.before_send(sending(b"{}")), Outcome("stop", 1.0, usage, price))
    found = Page(written(folder, capsys, "--format", "html"))
    texts = found.texts
    assert found.tags <= TAGS
    assert texts[texts.index("Cost of these") + 1] == "$1.24; of 1 more it is not known"
    said = [texts[place + 1] for place, text in enumerate(texts) if text == "Cost"]
    assert said[:2] == ["not known", "not known"]
    assert said[2].startswith(
        "$1.24, by $1.0 in, $0.1 cached, $2.0 out for a million tokens, as of"
    )
    assert "1000000 in (cached not told), 120000 out" in texts
