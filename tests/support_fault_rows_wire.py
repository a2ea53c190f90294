"""Rows of the catalogue of faults: the way to a server, and what it says instead of an answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from support_certificate import Certificates, certificates
from support_fake_server import DONE, EVENTS, FOREVER, MODEL, Answer, chunk, event, refusal
from support_faults import (
    CLOUD_MODEL,
    DEADLINE,
    ECHO,
    KEY,
    MODELS,
    REPLY,
    Fault,
    Limits,
    Row,
    packed,
    written,
)
from twolane_server.errors import (
    AnswerIncomplete,
    KeyUnusable,
    LaneDropped,
    LaneRejected,
    LaneTimeout,
    LaneUnreachable,
    ModelMissing,
)
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["KEY_PLACE", "WIRE_ROWS"]

KEY_PLACE = "LANE_KEY"
"""The environment variable with the key of either lane."""

_IMPATIENT = Limits(connect=0.3)


def _refused(chance: random.Random) -> Fault:
    host = chance.choice(("127.0.0.1", "127.0.0.2", "localhost"))
    return Fault(
        url=f"http://{host}:{chance.choice((1, 7, 9, 11, 13, 19))}/v1",
        error=LaneUnreachable,
        words=("Nothing answers at", "connection refused", "Start the server there"),
        sent=False,
    )


def _no_such_name(chance: random.Random) -> Fault:
    """What becomes of a name that ends in `.invalid` is in `support_fault_bench`."""
    how = chance.choice(("unknown", "again", "failed", "slow"))
    why = "no connection within 0.3 s" if how == "slow" else "no such name is known"
    return Fault(
        url=f"https://{how}-{chance.getrandbits(32):x}.invalid/v1",
        error=LaneUnreachable,
        words=("Nothing answers at", why, "Check the network, or correct"),
        sent=False,
        limits=_IMPATIENT if how == "slow" else Limits(),
    )


def _tls(chance: random.Random) -> Fault:
    made = certificates()
    way = chance.choice((*Certificates.BAD, "silent", "plain", "trusted"))
    sure = "Add its authority to the system's trust store"
    if way == "trusted":
        stream = written(chance)
        good = Answer(packed(chance, stream.whole))
        return Fault((good,), None, text=stream.text, tls=made.context("good"))
    if way == "silent":  # a server that waits for HTTP hears no request in a TLS greeting
        words = ("no connection within 0.3 s", "correct")
        return Fault(
            url="https://{host}/v1",
            error=LaneUnreachable,
            words=words,
            sent=False,
            limits=_IMPATIENT,
        )
    if way == "plain":
        return Fault(
            url="http://{host}/v1",
            tls=made.context("good"),
            error=LaneDropped,
            words=("closed the connection before it answered", "check"),
            sent=False,
        )
    return Fault(
        tls=made.context(way),
        error=LaneUnreachable,
        words=("The TLS certificate of", "is not trusted here", sure),
        sent=False,
    )


def _no_headers(chance: random.Random) -> Fault:
    silent = chance.choice(
        (
            Answer((FOREVER,), status=0),
            Answer((b"HTTP/1.1 200 OK\r\ncontent-ty", FOREVER), status=0, framed=False),
            Answer(
                (b"HTTP/1.1 200 OK\r\n", *[b"x-a: 1\r\n", 0.05] * 9_000), status=0, framed=False
            ),
        )
    )
    on_models = chance.random() < 0.3
    return Fault(
        (silent,),
        LaneTimeout,
        ("did not answer in time", "Try again"),
        models=silent if on_models else None,
        sent=not on_models,
        limits=DEADLINE,
        seconds=DEADLINE.deadline,
    )


def _instead(chance: random.Random, answers: list[Answer], words: tuple[str, ...]) -> Fault:
    """Something else than an answer, or than a list of models."""
    answer = chance.choice(answers)
    if chance.random() < 0.3:
        words = ("sent no list of models", "Check")
        return Fault((answer,), AnswerIncomplete, words, models=answer, sent=False)
    return Fault((answer,), AnswerIncomplete, words)


def _json_error(chance: random.Random) -> Fault:
    body = json.dumps(
        chance.choice(
            ({"error": {"message": ECHO}}, {"error": ECHO}, {"detail": ECHO}, {"code": 500}, ECHO)
        )
    ).encode()
    kind = chance.choice(("application/json", "application/json; charset=utf-8", EVENTS, ""))
    words = ("stopped before its answer",) if kind == EVENTS else ("instead of a streamed answer",)
    return _instead(chance, [Answer(packed(chance, body), content_type=kind)], words)


def _portal(chance: random.Random) -> Fault:
    page = f"<!DOCTYPE html><html><body>Log in. {ECHO} {'data: x' * 50}</body></html>".encode()
    kind = chance.choice(("text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"))
    return _instead(
        chance, [Answer(packed(chance, page), content_type=kind)], ("a web page", "Check")
    )


def _empty(chance: random.Random) -> Fault:
    none = (("content-length", "0"),)
    events = [Answer(()), Answer((), framed=False), Answer((), framed=False, headers=none)]
    if chance.random() < 0.5:
        return _instead(chance, events, ("stopped before its answer",))
    kind = chance.choice(("text/plain", "", "application/json"))
    return _instead(chance, [Answer((), content_type=kind)], ("instead of a streamed answer",))


def _elsewhere(chance: random.Random) -> Fault:
    """A name that ends in `.invalid` and is looked up fails the test."""
    status = chance.choice((301, 302, 303, 307, 308))
    target = chance.choice(
        ("https://trap.invalid/v1/chat/completions", "//trap.invalid/", "http://trap.invalid:81")
    )
    away = refusal(status, {"error": ECHO}, location=target)
    on_models = chance.random() < 0.3
    return Fault(
        (away,),
        LaneRejected,
        ("to trap.invalid", "which twolane never does", f"(HTTP {status})"),
        models=away if on_models else None,
        sent=not on_models,
    )


_OVERFLOWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        (
            "This model's maximum context length is {most} tokens. However, you requested 512"
            " output tokens and your prompt contains at least {need} input tokens, for a total of"
            " at least {more} tokens."
        ),
        ("{most:,}", "{more:,}"),
    ),
    (
        (
            "This model's maximum context length is {most} tokens. However, your messages resulted"
            " in {need} tokens. Please reduce the length of the messages."
        ),
        ("{most:,}", "{need:,}"),
    ),
    ("maximum model length of {most}", ("{most:,}",)),
)


def _bad_request(chance: random.Random) -> Fault:
    status = chance.choice((400, 413, 422))
    told = ("cannot use the request", "Select less")
    message = ECHO
    if chance.random() < 0.5:
        most = chance.randint(2_048, 262_144)
        need = most + chance.randint(1, 9_999)
        numbers = {"most": most, "need": need, "more": need + 512}
        wording, words = chance.choice(_OVERFLOWS)
        message = f"{wording.format(**numbers)} {ECHO}"
        told = (*(word.format(**numbers) for word in words), "Select less")
    body = chance.choice(({"error": {"message": message}}, {"error": message}, {"detail": message}))
    return Fault((refusal(status, body),), LaneRejected, (*told, f"(HTTP {status})"))


def _unauthorised(chance: random.Random) -> Fault:
    status = chance.choice((401, 403))
    bodies = ({"error": "Unauthorized"}, {"error": {"message": ECHO}}, ECHO)
    no = refusal(status, chance.choice(bodies), www_authenticate=f"Bearer realm={KEY}")
    on_models = chance.random() < 0.4
    return Fault(
        (no,),
        LaneRejected,
        ("does not accept the key", f"Check {KEY_PLACE}"),
        models=no if on_models else None,
        sent=not on_models,
        # 403 may be about one model alone: the lane is probed at once.
        rests=(LaneName.CLOUD,) if status == 401 else (),
    )


def _frayed_key(chance: random.Random) -> Fault:
    around = ("", " ", "\n", "\r\n", "\t", "\u00a0", "\ufeff"[:0])
    key = chance.choice(around) + KEY + chance.choice(around) + chance.choice(("\n", " ", "\r\n"))
    stream = written(chance)
    return Fault((Answer(packed(chance, stream.whole)),), None, text=stream.text, key=key)


def _no_key(chance: random.Random) -> Fault:
    way = chance.choice(("empty", "foreign", "broken", "long"))
    inner = chance.choice(("\n", "\r\nx-other: 1", " ", "\x00", "\x7f", "\t"))
    key, words = {
        "empty": (chance.choice(("", " ", "\n\n")), "is empty"),
        "foreign": (KEY + chance.choice(("é", "\u2013", "\u200b", "ключ")), "not ASCII"),
        "broken": (KEY + inner + KEY, "inside the key"),
        "long": (KEY * 300, "too much text"),
    }[way]
    return Fault(error=KeyUnusable, words=(KEY_PLACE, words), key=key, sent=False)


def _no_balance(chance: random.Random) -> Fault:
    poor = refusal(402, chance.choice(({"error": {"message": ECHO}}, "Insufficient Balance")))
    words = ("has no balance left", "Top it up", "(HTTP 402)")
    return Fault((poor,), LaneRejected, words, retries=2, rests=(LaneName.CLOUD,))


def _no_model(chance: random.Random) -> Fault:
    others = tuple(f"vendor/model-{chance.randint(1, 99)}{letter}" for letter in "abc")
    way = chance.choice(("other", "none", "several", "refused", "alias"))
    if way == "alias":
        stream = written(chance)
        ids = (f"org/{CLOUD_MODEL.upper()}", MODEL.lower(), *others)
        return Fault((Answer(packed(chance, stream.whole)),), None, text=stream.text, ids=ids)
    if way == "refused":
        gone = refusal(404, {"error": {"message": ECHO, "type": "NotFoundError"}})
        words = ("does not know the model or the address", "Check")
        return Fault((gone,), LaneRejected, words)
    ids, words = {
        "other": (others, (*others, "Write one of them")),
        "none": ((), ("has no model loaded", "Load")),
        "several": (
            tuple(f"{name}-{size}" for name in MODELS for size in ("big", "small")),
            ("fits several models", "-big", "-small", "Write one of them"),
        ),
    }[way]
    return Fault(error=ModelMissing, words=words, ids=ids, sent=False)


def _passing(statuses: tuple[int, ...], *words: str) -> Callable[[random.Random], Fault]:
    """A refusal that a later try may not meet: it is met some times, or each time."""

    def make(chance: random.Random) -> Fault:
        bodies = ({"error": {"message": ECHO}}, {"error": ECHO}, ECHO, None)
        status = chance.choice(statuses)
        no, times = refusal(status, chance.choice(bodies)), chance.randint(1, 3)
        if times == 3:
            words_and_status = (*words, f"(HTTP {status})")
            return Fault((no,), LaneRejected, words_and_status, asked=3, retries=2, seconds=1.0)
        stream = written(chance)
        answers = (no,) * times + (Answer(packed(chance, stream.whole)),)
        return Fault(answers, None, text=stream.text, asked=times + 1, retries=2, seconds=1.0)

    return make


def _wait_a_little(chance: random.Random) -> Fault:
    seconds = chance.choice((0, 1, 1, 2))
    now = datetime.now(UTC)
    when = {
        "seconds": {"retry_after": str(seconds)},
        "a date": {
            "retry_after": format_datetime(now + timedelta(seconds=seconds), usegmt=True),
            "date": format_datetime(now, usegmt=True),
        },
    }[chance.choice(("seconds", "a date"))]
    stream = written(chance)
    answers = (refusal(429, {"error": ECHO}, **when), Answer(packed(chance, stream.whole)))
    return Fault(
        answers,
        None,
        text=stream.text,
        asked=2,
        retries=2,
        at_least=float(seconds),
        seconds=seconds * 1.3 + 1.0,
    )


def _wait_for_ages(chance: random.Random) -> Fault:
    when = chance.choice(("9999", "999999999", "Fri, 31 Dec 2100 23:59:59 GMT"))
    busy = refusal(chance.choice((429, 503)), {"error": {"message": ECHO}}, retry_after=when)
    return Fault((busy,), LaneRejected, ("Try again in",), retries=2, rests=(LaneName.CLOUD,))


def _engine_in_trouble(chance: random.Random) -> Fault:
    """What vLLM says while it loads its model, has no memory left, or is about to end."""
    dead = {"object": "error", "message": f"EngineCore died: {ECHO}", "code": 500}
    fault = ("has a fault of its own", "Try again in a while")
    match chance.choice(("proxy", "dead", "dies", "oom", "loading")):
        case "proxy":  # nginx before a vLLM that does not listen yet
            page = Answer((b"<html>502</html>",), status=502, content_type="text/html")
            return Fault(error=LaneRejected, words=fault, models=page, sent=False)
        case "dead":
            return Fault((refusal(500, dead),), LaneRejected, fault)
        case "oom":
            body = {"error": {"message": f"CUDA out of memory. {ECHO}", "code": 500}}
            return Fault((refusal(500, body),), LaneRejected, fault)
        case "loading":
            words = ("has no model loaded", "Load")
            return Fault(error=ModelMissing, words=words, ids=(), sent=False)
        case _:
            words = ("in the middle of its answer", "nothing was applied", "Try again")
            return Fault((Answer((chunk(REPLY), event(dead), DONE)),), words=words, said=True)


WIRE_ROWS = (
    Row(1, "connection refused", _refused),
    Row(2, "DNS failure", _no_such_name),
    Row(3, "TLS or certificate error", _tls),
    Row(4, "no headers ever", _no_headers),
    Row(14, "200 with a JSON error", _json_error),
    Row(15, "200 with a portal page", _portal),
    Row(16, "200 with an empty body", _empty),
    Row(25, "redirect to another host", _elsewhere),
    Row(26, "400 413 422", _bad_request),
    Row(27, "401 403", _unauthorised),
    Row(28, "key with white space around", _frayed_key),
    Row(29, "no usable key", _no_key),
    Row(30, "402 no balance", _no_balance),
    Row(31, "404 no such model", _no_model),
    Row(32, "408", _passing((408,), "could not take the request", "Try again")),
    Row(33, "409", _passing((409,), "could not take the request", "Try again")),
    Row(34, "429 with Retry-After 2", _wait_a_little),
    Row(35, "429 with Retry-After 9999", _wait_for_ages),
    Row(36, "500 502 503 504 529", _passing((500, 502, 503, 504, 529), "a fault of its own")),
    Row(44, "vLLM in trouble", _engine_in_trouble),
)
