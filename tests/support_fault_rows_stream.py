"""Rows of the catalogue of faults: what becomes of an answer that has begun, or seems to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from support_fake_server import DONE, FOREVER, MODEL, Answer, chunk, event, framed, usage
from support_faults import (
    DEADLINE,
    ECHO,
    IDLE,
    REPLY,
    Fault,
    Row,
    Stream,
    cut_off,
    packed,
    written,
)
from twolane_server.errors import AnswerIncomplete, AnswerTruncated, LaneDropped, LaneTimeout

if TYPE_CHECKING:
    import random
__all__ = ["STREAM_ROWS"]

_NOTHING_APPLIED = "nothing was applied"
_CHUNKED = (("transfer-encoding", "chunked"),)


def _told(stream: Stream, data: bytes) -> bool:
    """Whether the first event with text is all in these bytes."""
    return len(data) >= len(stream.until(stream.first + 1))


def _beginning(chance: random.Random, stream: Stream) -> bytes:
    """A part of an answer that ends somewhere before its finish, also in the middle of an event."""
    end = len(stream.until(stream.last))
    return stream.whole[: chance.choice((0, end, chance.randint(0, end)))]


def _broken(stream: Stream, begun: bytes, answer: Answer, *words: str) -> Fault:
    return Fault((answer,), AnswerIncomplete, words, said=_told(stream, begun))


def _stall(chance: random.Random) -> Fault:
    stream = written(chance)
    begun = _beginning(chance, stream)
    answer = Answer((*packed(chance, begun), FOREVER))
    words = (f"stopped for {IDLE.idle:g} s", _NOTHING_APPLIED, "Try again")
    return Fault((answer,), LaneTimeout, words, said=_told(stream, begun), limits=IDLE, seconds=3.0)


def _comments_for_ever(chance: random.Random) -> Fault:
    stream = written(chance)
    begun = stream.until(chance.choice((0, stream.first + 1, stream.last)))
    noise = chance.choice(
        (b": keep-alive\n\n", b":\n\n", b": " + b"x" * 5_000 + b"\n\n", b"event: ping\n")
    )
    noise = chance.choice((noise, noise * 5, chunk(""), usage()))
    answer = Answer((*packed(chance, begun), *[noise, chance.choice((0.01, 0.05))] * 9_000))
    limits = chance.choice((IDLE, DEADLINE))
    what = (
        f"stopped for {IDLE.idle:g} s"
        if limits is IDLE
        else f"did not finish its answer within {DEADLINE.deadline:g} s"
    )
    return Fault(
        (answer,),
        LaneTimeout,
        (what, _NOTHING_APPLIED, "Try again"),
        said=_told(stream, begun),
        limits=limits,
        seconds=DEADLINE.deadline,
    )


def _comments_then_an_answer(chance: random.Random) -> Fault:
    stream = written(chance)
    pieces: list[bytes | float] = []
    for one in stream.events:
        for _ in range(chance.randint(0, 3)):
            pieces += [
                chance.choice((b": keep-alive\n\n", b":\n\n", b"\n", b"retry: 5\n\n")),
                0.005,
            ]
        pieces.append(one)
    return Fault((Answer(tuple(pieces)),), None, text=stream.text, seconds=2.0)


def _ends_early(chance: random.Random) -> Fault:
    """A body that ends as it should, of an answer that does not."""
    stream = written(chance)
    begun = stream.until(chance.randint(0, stream.last))
    answer = Answer(packed(chance, begun + chance.choice((b"", DONE, usage(), b"\n"))))
    return _broken(stream, begun, answer, "stopped before its answer was finished", "Try again")


def _ends_in_an_event(chance: random.Random) -> Fault:
    """The connection ends in the middle of a chunk of HTTP, or before the promised length."""
    stream = written(chance)
    begun = stream.whole[: chance.randint(3, len(stream.until(stream.last)))]
    if chance.random() < 0.3:
        length = (("content-length", str(len(begun) + chance.randint(1, 999))),)
        answer = Answer(packed(chance, begun), framed=False, headers=length)
    else:
        whole = framed(begun)
        body = whole[: chance.randint(len(whole) - len(begun), len(whole) - 3)]
        begun = body[len(whole) - len(begun) - 2 :]
        answer = Answer(packed(chance, body), framed=False, headers=_CHUNKED)
    return _broken(stream, begun, answer, "broke off", _NOTHING_APPLIED, "Try again")


def _reset(chance: random.Random) -> Fault:
    if chance.random() < 0.2:
        gone = Answer(status=0, reset=True)
        words = ("closed the connection before it answered", "Try again")
        return Fault((gone,), error=LaneDropped, words=words)
    stream = written(chance)
    begun = _beginning(chance, stream)
    answer = Answer(packed(chance, begun), reset=True)
    words = ("broke off", _NOTHING_APPLIED, "Try again")
    return Fault((answer,), words=words, said=_told(stream, begun))


def _half_an_object(chance: random.Random) -> Fault:
    stream = written(chance)
    at = chance.randint(stream.first, stream.last)
    name, _, document = stream.events[at].partition(b"data: ")
    half = name + b"data: " + document[: chance.randint(1, len(document) - 3)] + b"\n\n"
    begun = stream.until(at)
    rest = chance.choice((b"", b"".join(stream.events[at + 1 :])))
    answer = Answer(packed(chance, begun + half + rest))
    return _broken(stream, begun, answer, "an event that cannot be read", _NOTHING_APPLIED)


def _error_event(chance: random.Random, documents: list[object], *words: str) -> Fault:
    stream = written(chance)
    begun = stream.until(chance.randint(0, stream.last))
    error = chance.choice((b"", b"event: error\n")) + event(chance.choice(documents))
    answer = Answer(packed(chance, begun + error + chance.choice((b"", DONE))))
    if chance.random() < 0.3:
        answer = cut_off(chance, answer)
    return _broken(stream, begun, answer, *words, _NOTHING_APPLIED, "Try again")


def _error(chance: random.Random) -> Fault:
    ended = {"delta": {"content": ""}, "finish_reason": "error"}
    errors: list[object] = [
        {"error": {"message": ECHO, "code": 500}},
        {"error": ECHO},
        {"error": {"message": ECHO}, "choices": [ended]},
        {"error": True, "choices": []},
    ]
    return _error_event(chance, errors, "reported an error")


def _error_without_its_key(chance: random.Random) -> Fault:
    errors: list[object] = [
        {"object": "error", "message": ECHO},
        {"message": ECHO, "code": 503},
        {"detail": ECHO},
        {"choices": None, "message": ECHO},
        {"choices": {}, "code": 500},
        {"choices": [ECHO]},
        {"choices": [{"delta": ECHO}]},
        {"choices": [{"delta": {"content": 7}}]},
        {"choices": [{"delta": {}, "finish_reason": 500}]},
        [ECHO],
        ECHO,
        500,
        None,
    ]
    return _error_event(chance, errors)


def _length(chance: random.Random) -> Fault:
    stream = written(chance, "length")
    answer = Answer(packed(chance, stream.whole))
    words = ("token limit", _NOTHING_APPLIED)
    return Fault((answer,), AnswerTruncated, words, said=True, outcome="length")


def _filtered(chance: random.Random) -> Fault:
    reason = chance.choice(
        ("content_filter", "error", "insufficient_system_resource", "tool_calls")
    )
    answer = Answer(packed(chance, written(chance, reason).whole))
    told = "A filter of" if reason == "content_filter" else "ended the answer early"
    words = (told, _NOTHING_APPLIED)
    return Fault((answer,), AnswerIncomplete, words, said=True, outcome=reason)


def _counts(chance: random.Random) -> Fault:
    stream = written(chance)
    events = list(stream.events)
    for _ in range(chance.randint(1, 3)):
        counts = chance.choice((usage(), usage(0, 0), event({"choices": [], "usage": None})))
        events.insert(chance.randint(0, stream.last), counts)
    return _works(chance, stream, b"".join(events))


def _works(chance: random.Random, stream: Stream, data: bytes) -> Fault:
    return Fault((Answer(packed(chance, data)),), None, text=stream.text, seconds=2.0)


_NO_UTF8 = (b"\xff", b"\xc3(", b"\xe2\x82", b"\xed\xa0\xbd", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf")


def _no_utf8(chance: random.Random) -> Fault:
    stream = written(chance)
    at = chance.randint(stream.first, stream.last - 1)
    begun, rest = stream.until(at), b"".join(stream.events[at + 1 :])
    if chance.random() < 0.2:
        half = Answer(packed(chance, begun + _half_a_character(chance) + rest))
        words = ("half a character", _NOTHING_APPLIED)
        return Fault((half,), words=words, said=_told(stream, begun))
    bad = stream.events[at].replace(b'"content": "', b'"content": "' + chance.choice(_NO_UTF8))
    answer = Answer(packed(chance, begun + bad + rest))
    # What comes in one packet with such bytes is not said any more.
    return Fault((answer,), words=("not UTF-8", _NOTHING_APPLIED), said=None)


def _half_a_character(chance: random.Random) -> bytes:
    """Valid UTF-8 and valid JSON, and yet no text."""
    half = chance.choice(("\\ud83d", "\\ude42", "a\\ud83db"))
    return b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % half.encode()


def _split_characters(chance: random.Random) -> Fault:
    """Between packets; and between chunks, as servers do that count in UTF-16."""
    stream = written(chance, least=6)
    if chance.random() < 0.5:
        halves = [
            b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % half
            for half in (b"\\ud83d", b"\\ude42")
        ]
        events = list(stream.events)
        events[stream.last : stream.last] = halves
        data, text = b"".join(events), stream.text + "\U0001f642"
    else:
        data, text = stream.whole, stream.text
    cuts = [at for at in range(1, len(data)) if data[at] & 0xC0 == 0x80]
    cuts = cuts or [len(data) // 2]
    ends = [*cuts, len(data)]
    pieces = [data[a:b] for a, b in zip([0, *cuts], ends, strict=True)]
    return Fault((Answer(tuple(pieces)),), None, text=text, seconds=2.0)


def _line_ends(chance: random.Random) -> Fault:
    stream = written(chance)
    ends = (b"\r\n", b"\r", b"\n")
    kinds = chance.choice(((b"\r\n",), (b"\r",), ends))
    lines = stream.whole.split(b"\n")
    data = b"".join(line + chance.choice(kinds) for line in lines[:-1])
    if kinds is ends:  # a CR before a LF of another line's would be one end, not two
        data = stream.whole.replace(b"\n\n", b"\n\r\n")
    return _works(chance, stream, data)


def _many_lines(chance: random.Random) -> Fault:
    stream = written(chance)
    events: list[bytes] = []
    for one in stream.events:
        name, _, document = one.partition(b"data: ")
        if document.strip() != b"[DONE]" and chance.random() < 0.7:
            spread = json.dumps(json.loads(document), indent=chance.randint(0, 2)).encode()
            document = b"\ndata:".join(b" " + line for line in spread.split(b"\n"))[1:] + b"\n\n"
        events.append(name + b"data: " + document)
    return _works(chance, stream, b"".join(events))


def _endless_line(chance: random.Random) -> Fault:
    stream = written(chance)
    begun = stream.until(chance.choice((0, stream.first + 1, stream.last)))
    size = chance.choice((16_384, 65_536, 262_144))
    way = chance.choice((b"", b"data: ", b'data: {"choices": [{"delta": {"content": "', b": "))
    filler = b"x" * size
    if chance.random() < 0.3:  # an event of many lines, none of them long
        way, filler = b"", b"data: " + b"x" * (size - 7) + b"\n"
    answer = Answer((*packed(chance, begun + way), *[filler] * (20 * 2**20 // size)))
    words = ("more than 262,144 bytes", _NOTHING_APPLIED)
    return Fault((answer,), words=words, said=_told(stream, begun), seconds=2.0)


def _drip(chance: random.Random) -> Fault:
    pause = chance.choice((0.02, 0.05, 0.1))
    texts = chance.choice((REPLY, "a", "é", " "))
    answer = Answer((chunk(REPLY), *[chunk(texts), pause] * 9_000))
    return Fault(
        (answer,),
        LaneTimeout,
        (f"did not finish its answer within {DEADLINE.deadline:g} s", _NOTHING_APPLIED),
        said=True,
        limits=DEADLINE,
        seconds=DEADLINE.deadline,
    )


def _mixed(chance: random.Random) -> Fault:
    """Chunks that come twice, in another order, or from another answer, where that can be told."""
    total = chance.randint(3, 9)

    def one(index: int, **more: object) -> bytes:
        finish = "stop" if index == total else None
        counted = {"prompt_tokens": 9, "completion_tokens": index + 1}
        fixed = {"id": "chatcmpl-1", "created": 1_770_000_000, "usage": counted}
        return chunk(f"{REPLY}{index}", finish=finish, **{**fixed, **more})

    events = [one(index) for index in range(total + 1)]
    at = chance.randint(1, total - 1)
    match chance.choice(("twice", "swapped", "other id", "older", "other choice", "after the end")):
        case "twice":
            events.insert(at, events[at - 1])
        case "swapped":
            events[at - 1], events[at] = events[at], events[at - 1]
        case "other id":
            events[at] = one(at, id="chatcmpl-2")
        case "older":
            events[at] = one(at, created=1_760_000_000)
        case "other choice":
            document = json.loads(events[at].partition(b"data: ")[2])
            document["choices"][0]["index"] = 1
            events[at] = event(document)
        case _:
            events.append(events[at])
    answer = Answer(packed(chance, b"".join(events) + DONE))
    words = (_NOTHING_APPLIED, "Try again")
    return Fault((answer,), AnswerIncomplete, words, said=True)


def _other_model(chance: random.Random) -> Fault:
    """Works, and the ledger tells who says that it answered."""
    stream = written(chance)
    other = f"vendor/other-{chance.randint(1, 99)}"
    works = _works(chance, stream, stream.whole.replace(MODEL.encode(), other.encode()))
    return replace(works, answered_by=other)


STREAM_ROWS = (
    Row(5, "stall in the middle", _stall),
    Row(6, "endless keep-alives", _comments_for_ever),
    Row(7, "keep-alives, then an answer", _comments_then_an_answer),
    Row(8, "end of file without finish", _ends_early),
    Row(9, "end of file in mid-chunk", _ends_in_an_event),
    Row(10, "connection reset", _reset),
    Row(11, "half a JSON object", _half_an_object),
    Row(12, "error in mid-stream", _error),
    Row(13, "error without its key", _error_without_its_key),
    Row(17, "finish_reason length", _length),
    Row(18, "finish_reason content_filter", _filtered),
    Row(19, "usage chunk with empty choices", _counts),
    Row(20, "invalid UTF-8", _no_utf8),
    Row(21, "a character split across packets", _split_characters),
    Row(22, "CRLF events", _line_ends),
    Row(23, "multi-line data", _many_lines),
    Row(24, "a line of 20 MB", _endless_line),
    Row(38, "tokens that drip", _drip),
    Row(39, "mixed-up chunks", _mixed),
    Row(39, "another model", _other_model),
)
