from __future__ import annotations

import os
import threading

from twolane_server.output import Output


def test_all_of_it_arrives_however_much_it_is() -> None:
    reading, writing = os.pipe()
    output = Output(writing)
    os.close(writing)
    sent = os.urandom(300_000)
    got = bytearray()

    def read() -> None:
        while piece := os.read(reading, 4_096):
            got.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    assert output.write(sent) == len(sent)
    output.flush()
    output.close()
    reader.join()
    os.close(reading)
    assert bytes(got) == sent


def test_nobody_reads_and_nothing_fails() -> None:
    reading, writing = os.pipe()
    output = Output(writing)
    os.close(writing)
    os.close(reading)
    assert output.write(b"late") == 4
    assert output.write(b"later") == 5
    output.flush()
    output.close()
