"""Pictures of the documentation show what there is."""

from __future__ import annotations

import re
from html import unescape

from support_neovim import PLUGIN
from twolane_server.actions.base import Reads
from twolane_server.actions.catalogue import ACTIONS, FIX


def test_the_picture_of_neovim_shows_the_menu_as_it_is() -> None:
    drawn = unescape((PLUGIN / "neovim.svg").read_text("utf-8")).replace("\xa0", " ")
    shown = re.findall(r">\d+: (.+?)  \[", drawn)
    elsewhere = (Reads.STAGED, Reads.RANGE)  # in git's buffer, and in no menu
    titles = [one.title for one in ACTIONS if one is not FIX and one.reads not in elsewhere]
    assert shown == titles, "draw it anew: make picture"
