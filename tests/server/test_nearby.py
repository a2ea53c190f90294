"""Addresses that are near, and those that only look so."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.nearby import literal, network, refusal

NEAR = (
    *("127.0.0.1", "127.255.255.254", "::1", "10.0.0.1", "10.255.255.255", "172.16.0.1"),
    *("172.31.255.254", "192.168.0.1", "192.168.255.255", "fc00::1", "fd7a:115c:a1e0::1"),
    *("::ffff:127.0.0.1", "::ffff:10.1.2.3"),
)
FAR = (
    *("203.0.113.7", "8.8.8.8", "1.1.1.1", "2001:db8::1", "2606:4700:4700::1111"),
    *("172.15.255.255", "172.32.0.1", "11.0.0.0", "192.167.255.255", "192.169.0.0", "126.255.0.1"),
    *("128.0.0.0", "::2", "fbff::1", "fe00::1"),
    *("::ffff:203.0.113.7", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:100.64.0.1"),
    # What leads to private addresses by way of somebody else: NAT64, 6to4, Teredo, IPv4-compatible.
    *(
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2002:7f00:1::",
        "2001:0:a00:1::",
        "::127.0.0.1",
        "::10.0.0.1",
    ),
    *(
        "0.0.0.0",  # noqa: S104 - that is the test
        "0.1.2.3",
        "::",
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fec0::1",
    ),
    *("100.64.0.1", "100.127.255.254", "100.100.100.200", "168.63.129.16"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.1", "224.0.0.1", "ff02::1", "240.0.0.1"),
    "255.255.255.255",
)


@pytest.mark.parametrize("address", NEAR)
def test_near(address: str) -> None:
    assert refusal("box.lan", ip_address(address)) is None


@pytest.mark.parametrize("address", FAR)
def test_far(address: str) -> None:
    told = refusal("box.lan", ip_address(address))
    assert told is not None
    assert told.startswith(f"local.url leads to box.lan ({ip_address(address)}): ")
    assert "Code under NDA would leave" in told
    assert told.endswith("list its address in local.allow.")


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("203.0.113.7", "neither this machine nor in a private network"),
        ("0.0.0.0", "write 127.0.0.1"),  # noqa: S104 - that is the test
        ("::", "write ::1"),
        ("169.254.169.254", "finds its own keys"),
        ("::ffff:169.254.169.254", "finds its own keys"),
        ("fe80::1", "link-local"),
        ("100.64.0.1", "Tailscale"),
    ],
)
def test_the_sentence_says_why(address: str, hint: str) -> None:
    assert hint in (refusal(address, ip_address(address)) or "")


@pytest.mark.parametrize(
    ("listed", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.0/24", "203.0.113.7"),
        ("203.0.113.7", "::ffff:203.0.113.7"),
        ("100.64.0.0/10", "100.101.102.103"),
        ("2001:db8::/32", "2001:db8::5"),
    ],
)
def test_what_the_user_listed_is_near(listed: str, address: str) -> None:
    assert refusal("box", ip_address(address), [network(listed)]) is None
    assert refusal("box", ip_address("8.8.4.4"), [network(listed)]) is not None
    assert refusal("box", ip_address("2001:4860::8"), [network(listed)]) is not None


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_nothing_that_can_be_reached_from_everywhere_is_near(
    address: IPv4Address | IPv6Address,
) -> None:
    if refusal("box", address) is None:
        meant = getattr(address, "ipv4_mapped", None) or address
        assert meant.is_private
        assert not meant.is_link_local
        assert not meant.is_unspecified


@pytest.mark.parametrize(
    "text", ["", "box.lan", "10.0.0.1/8", "10.0.0.0/33", "*", "0.0.0.0/0", "::/0"]
)
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        network(text)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("localhost", None),
        # Other spellings of addresses are names here: they are looked up, and then looked at.
        *((each, None) for each in ("2130706433", "0177.0.0.1", "0x7f.1", "127.1", "")),
    ],
)
def test_a_literal_address(host: str, address: str | None) -> None:
    assert literal(host) == (None if address is None else ip_address(address))
