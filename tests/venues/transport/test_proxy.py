"""Which proxy the environment names for an address, in a table."""

import pytest

from venues.transport.proxy import Proxy, ProxyUnusable, named_proxy, proxy_for

VENUE = "https://api.elections.kalshi.com/trade-api/v2"
STREAM = "wss://api.elections.kalshi.com/trade-api/ws/v2"
OUT = {"HTTPS_PROXY": "http://proxy.example:3128"}


@pytest.mark.parametrize("url", [VENUE, STREAM])
def test_requests_and_streams_go_through_the_same_proxy(url: str) -> None:
    assert proxy_for(url, OUT) == Proxy("http", "proxy.example", 3128)
    assert proxy_for(url, {}) is None


@pytest.mark.parametrize(
    "given, proxy",
    [
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("http://proxy.example", Proxy("http", "proxy.example", 80)),
        ("https://proxy.example/", Proxy("https", "proxy.example", 443)),
        ("http://me:p%40ss@proxy.example:8080", Proxy("http", "proxy.example", 8080, "me", "p@ss")),
        ("http://[::1]:3128", Proxy("http", "::1", 3128)),
        (" http://proxy.example:1 ", Proxy("http", "proxy.example", 1)),
    ],
)
def test_a_proxy_is_read_as_others_read_it(given: str, proxy: Proxy) -> None:
    assert proxy_for(VENUE, {"HTTPS_PROXY": given}) == proxy
    assert named_proxy({"https_proxy": given}) == proxy


def test_small_letters_go_before_and_an_empty_one_takes_the_other_back() -> None:
    found = proxy_for(VENUE, OUT | {"https_proxy": "http://small.example:1"})
    assert found == Proxy("http", "small.example", 1)
    assert proxy_for(VENUE, OUT | {"https_proxy": ""}) is None
    assert proxy_for(VENUE, OUT | {"NO_PROXY": "kalshi.com", "no_proxy": ""}) is not None


@pytest.mark.parametrize(
    "left_out, straight",
    [
        ("", False),
        ("*", True),
        ("kalshi.com", True),
        (".kalshi.com", True),
        ("example.org, API.elections.kalshi.com", True),
        ("api.elections.kalshi.com:443", True),
        ("api.elections.kalshi.com:8443", False),
        ("alshi.com", False),
        (",. ,", False),
        ("*:8443", False),
        ("example.org", False),
    ],
)
def test_what_no_proxy_names_goes_straight(left_out: str, straight: bool) -> None:  # noqa: FBT001
    for url in (VENUE, STREAM):
        assert (proxy_for(url, OUT | {"NO_PROXY": left_out}) is None) is straight


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8443/",
        "wss://127.0.0.9/",
        "https://localhost/",
        "https://kalshi.localhost:1/",
        "wss://[::1]:1/",
        "http://api.elections.kalshi.com/",
        "ws://api.elections.kalshi.com/",
    ],
)
def test_this_machine_and_what_is_not_encrypted_go_straight(url: str) -> None:
    assert proxy_for(url, OUT) is None


@pytest.mark.parametrize(
    "given, why",
    [
        ("socks5://me:secret@proxy.example:1080", "socks5 is not supported"),
        ("http://me:secret@", "names no host"),
        ("http://me:secret@proxy.example:port", "is no address"),
        ("http://me:secret@proxy.example:99999", "is no address"),
        ("http://[me:secret@::1", "is no address"),
    ],
)
def test_a_proxy_that_is_none_is_told_without_its_value(given: str, why: str) -> None:
    with pytest.raises(ProxyUnusable, match="HTTPS_PROXY must be http://HOST:PORT") as caught:
        proxy_for(VENUE, {"HTTPS_PROXY": given})
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)
    assert proxy_for("https://localhost/", {"HTTPS_PROXY": given}) is None


def test_user_and_password_are_not_shown() -> None:
    proxy = proxy_for(VENUE, {"HTTPS_PROXY": "http://me:secret@proxy.example"})
    assert proxy is not None
    assert proxy.place == "proxy.example:80"
    assert "secret" not in repr(proxy)
    assert "me" not in repr(proxy).replace("scheme", "")
