"""The checks as pure questions, and the mutation test: each one, switched off, lets something out."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_border import OPEN, Clock, RecordingCloud, prompt
from support_secrets import TOKENS, Maker
from twolane_server.border import checks
from twolane_server.border.checks import CHECKS, MAX_BYTES, Facts, refusals
from twolane_server.border.gate import Gate
from twolane_server.border.ledger import Ledger
from twolane_server.errors import Refused
from twolane_server.fragments import Label
from twolane_server.settings.resolved import LaneSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.border.checks import Check
    from twolane_server.border.standing import Standing
    from twolane_server.prompts import Prompt

TOKEN = TOKENS["GitHub token"](Maker(1))
URL = "https://api.example.test/v1"


class Known:
    """Fingerprints of one line."""

    def whole(self, text: str) -> str | None:
        del text
        return None

    def found(self, *texts: str) -> str | None:
        if any("\nacme" in text for text in texts):
            return "it holds code of acme.py (line 1), which is NDA"
        return None


KNOWING = replace(OPEN, words=("Initech",), prints=Known())
GOOD = Facts(
    label=Label.OPEN,
    standing=OPEN,
    body=b'{"messages":[{"content":"open"}]}',
    tokens=100,
    window=100,
    url=URL,
    host="api.example.test:443",
)


def test_good_facts_pass() -> None:
    assert refusals(GOOD) == ()


CODE = b"some lines and then\nacme = 1\nand more lines"


@pytest.mark.parametrize("said", [CODE, base64.b64encode(CODE), CODE.hex().encode()])
def test_code_under_nda_is_known_again_when_it_is_wrapped(said: bytes) -> None:
    body = json.dumps({"messages": [{"content": said.decode()}]}).encode()
    found = refusals(replace(GOOD, standing=KNOWING, body=body))
    assert found == ("it holds code of acme.py (line 1), which is NDA",)


def test_the_checks_stand_in_the_order_of_the_design() -> None:
    assert [check.__name__ for check in CHECKS] == [
        "prompt_is_open",
        "sources_are_open",
        "repository_is_granted",
        "no_forbidden_word",
        "no_nda_code",
        "no_secret",
        "size_in_tokens",
        "size_in_bytes",
        "destination_is_configured",
        "destination_is_private",
    ]


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        (
            replace(GOOD, label=Label.NDA),
            ("NDA (part of the prompt was cut from NDA code)",),
        ),
        (
            replace(GOOD, standing=replace(OPEN, label=Label.NDA, reasons=("clients/**",))),
            ("NDA (clients/**)",),
        ),
        (replace(GOOD, standing=replace(OPEN, label=Label.NDA)), ("NDA (its file)",)),
        (
            replace(GOOD, standing=replace(OPEN, granted=False)),
            ("this repository may not use the cloud lane (twolane trust grants it)",),
        ),
        (
            replace(GOOD, standing=replace(OPEN, granted=False, reasons=("the grant lapsed",))),
            ("the grant lapsed",),
        ),
        (
            replace(GOOD, body=b'{"content":"acme\\ncorp"}'),
            ("it holds the word “Acme Corp”, which must not leave",),
        ),
        (
            replace(GOOD, body=b'{"content":"acme'),
            (
                "the request cannot be read back, so its words cannot be checked",
                "the search for secrets failed, so it is not known whether it holds one",
            ),
        ),
        (
            replace(GOOD, body=json.dumps({"content": f'token = "{TOKEN}"'}).encode()),
            ("it holds what looks like a secret (github pat)",),
        ),
        (
            replace(GOOD, standing=KNOWING, body=b'{"content":"of\\nacme"}'),
            ("it holds code of acme.py (line 1), which is NDA",),
        ),
        (
            replace(GOOD, standing=replace(KNOWING, words=()), body=b'{"content":"acme'),
            (
                "the request cannot be read back, so its words cannot be checked",
                "the request cannot be read back, so it cannot be compared with NDA code",
                "the search for secrets failed, so it is not known whether it holds one",
            ),
        ),
        (
            replace(GOOD, tokens=101),
            ("about 101 tokens with the answer do not fit the cloud lane's window of 100",),
        ),
        (
            replace(GOOD, body=b'"' + b"x" * MAX_BYTES + b'"'),
            ("1,048,578 bytes are more than the 1,048,576 that one request may have",),
        ),
    ],
)
def test_each_reason_is_readable(facts: Facts, reasons: tuple[str, ...]) -> None:
    assert refusals(facts) == reasons


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (URL, "api.example.test:443"),
        (URL, "API.example.test"),
        ("https://api.example.test:8443/v1", "api.example.test:8443"),
        ("http://127.0.0.1:8000/v1", "127.0.0.1:8000"),
        ("http://localhost:8000/v1", "localhost:8000"),
        ("http://[::1]:8000/v1", "[::1]:8000"),
    ],
)
def test_the_configured_destination_passes(url: str, host: str) -> None:
    assert refusals(replace(GOOD, url=url, host=host)) == ()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (URL, "evil.test:443"),
        (URL, "api.example.test:444"),
        (URL, "api.example.test:80"),
        (URL, "api.example.test.evil.test:443"),
        (URL, "api.example.test@evil.test:443"),
        (URL, "in this process"),
        (URL, ""),
        ("https://api.example.test@evil.test/v1", "api.example.test:443"),
        ("http://api.example.test/v1", "api.example.test:80"),
        ("http://127.0.0.1.evil.test/v1", "127.0.0.1.evil.test:80"),
        ("ftp://api.example.test/v1", "api.example.test:21"),
        ("https://", ""),
        ("https://api.example.test:x/v1", "api.example.test:443"),
        ("https://[::1/v1", "[::1:443"),
        ("", ""),
    ],
)
def test_any_other_destination_is_refused(url: str, host: str) -> None:
    assert any("cloud.url" in reason for reason in refusals(replace(GOOD, url=url, host=host)))


@given(st.text(), st.text())
def test_no_address_breaks_a_check(url: str, host: str) -> None:
    assert len(refusals(replace(GOOD, url=url, host=host))) <= 2


HARMLESS = prompt()
RELAY = Settings(cloud=LaneSettings(URL, "deepseek-v3.2"))


@dataclass(frozen=True)
class Bad:
    """A prompt that one check alone keeps in."""

    prompt: Prompt = HARMLESS
    standing: Standing = OPEN
    settings: Settings = RELAY
    host: str = "api.example.test:443"


BAD: dict[Check, Bad] = {
    checks.prompt_is_open: Bad(prompt=prompt("the NDA canary", Label.NDA)),
    checks.sources_are_open: Bad(standing=replace(OPEN, label=Label.NDA)),
    checks.repository_is_granted: Bad(standing=replace(OPEN, granted=False)),
    checks.no_forbidden_word: Bad(prompt=prompt("def acme_corp(): ...")),
    checks.no_nda_code: Bad(prompt=prompt("of\nacme"), standing=KNOWING),
    checks.no_secret: Bad(prompt=prompt(f'token = "{TOKEN}"')),
    checks.size_in_tokens: Bad(prompt=prompt(max_tokens=70_000)),
    checks.size_in_bytes: Bad(
        prompt=prompt("x" * MAX_BYTES),
        settings=Settings(cloud=LaneSettings(URL, "deepseek-v3.2", window=10_000_000)),
    ),
    checks.destination_is_configured: Bad(host="evil.test:443"),
    checks.destination_is_private: Bad(
        settings=Settings(cloud=LaneSettings("http://relay.test/v1", "deepseek-v3.2")),
        host="relay.test:80",
    ),
}


async def sent(bad: Bad, ledger: Ledger, switched_on: tuple[Check, ...]) -> list[bytes]:
    cloud = RecordingCloud(host=bad.host)
    gate = Gate(
        bad.settings,
        {},
        ledger,
        lambda _: bad.standing,
        clock=Clock(),
        connect=lambda _settings, _environ: cloud,
        checks=switched_on,
    )
    try:
        async for _ in gate.stream(await gate.clear(bad.prompt)):
            pass
    except Refused:
        assert cloud.resolved == 0, "a refused prompt must not touch the network"
    return cloud.bodies


def test_every_check_has_its_bad_prompt() -> None:
    assert tuple(BAD) == CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_check_that_is_switched_off_is_missed(tmp_path: Path, check: Check) -> None:
    with closing(Ledger.open(tmp_path)) as ledger:
        assert await sent(BAD[check], ledger, CHECKS) == []
        others = tuple(other for other in CHECKS if other is not check)
        assert len(await sent(BAD[check], ledger, others)) == 1
