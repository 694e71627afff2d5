import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressmark.sites.address_rule import AddressRule
from pressmark.sites.hosts import AllowedHost, RefusedAddress, allowed_hosts, allows, normalized_url, server_of


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("HTTP://News.Example.:80/A?b#c", "http://news.example/A?b#c"),
        ("https://news.example:443", "https://news.example/"),
        ("https://news.example:80/", "https://news.example:80/"),
        ("http://news.example:?x", "http://news.example/?x"),
        ("http://b\xfccher.example/", "http://xn--bcher-kva.example/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"),
        ("http://0x7F000001/", "http://127.0.0.1/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://\uff11\uff12\uff17.0.0.1/", "http://127.0.0.1/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://[::FFFF:127.0.0.1]/", "http://127.0.0.1/"),
        ("http://[0:0::1]:8080/", "http://[::1]:8080/"),
    ],
)
def test_a_server_has_one_spelling(url: str, spelled: str) -> None:
    assert normalized_url(url) == spelled


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://news.example/", "offsite"),
        ("//news.example/", "offsite"),
        ("http:/news.example/", "offsite"),
        (" http://news.example/", "offsite"),
        ("http://user@news.example/", "userinfo"),
        ("http://user:pass@news.example/", "userinfo"),
        ("http://news.example@evil.example/", "userinfo"),
        ("http://evil.example\\@news.example/", "userinfo"),
        ("http://evil.example\\.news.example/", "bad-address"),
        ("http://news.exa\tmple/", "bad-address"),
        ("http://news.exa\nmple/", "bad-address"),
        ("http://news%2eexample/", "bad-address"),
        ("http://news..example/", "bad-address"),
        ("http:///path", "bad-address"),
        ("http://news.example:0/", "bad-address"),
        ("http://news.example:65536/", "bad-address"),
        ("http://news.example:8\u0660/", "bad-address"),
        ("http://news.example:+80/", "bad-address"),
        ("http://1.2.3.4.5/", "bad-address"),
        ("http://256.1/", "bad-address"),
        ("http://4294967296/", "bad-address"),
        ("http://08.0.0.1/", "bad-address"),
        ("http://[fe80::1%25lo]/", "bad-address"),
        ("http://[::1/", "bad-address"),
        ("http://" + "a" * 64 + ".example/", "bad-address"),
        ("http://" + "a." * 40_000 + "example/", "bad-address"),
    ],
)
def test_an_address_that_clients_read_in_several_ways_is_refused(url: str, reason: str) -> None:
    with pytest.raises(RefusedAddress) as caught:
        server_of(url)
    assert caught.value.reason == reason


@given(st.text(alphabet=string.printable + "\xfc\u3002\uff0e\u2100@\\[]%:", max_size=40))
def test_any_address_is_read_or_refused_and_its_spelling_is_final(text: str) -> None:
    try:
        spelled = normalized_url(f"http://{text}")
    except RefusedAddress:
        return
    assert normalized_url(spelled) == spelled
    assert server_of(spelled) == server_of(f"http://{text}")


HOSTS = ("news.example", ".sub.example", "127.0.0.1", "api.example:8443", "[::1]:8080")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://news.example/", True),
        ("https://news.example/", True),
        ("http://news.example:443/", False),
        ("https://news.example:80/", False),
        ("http://news.example:8333/", False),
        ("http://www.news.example/", False),
        ("http://sub.example/", True),
        ("http://a.b.sub.example/", True),
        ("http://evilsub.example/", False),
        ("http://127.0.0.1:8765/", True),
        ("http://127.0.0.1/", True),
        ("http://127.0.0.1:8333/", False),
        ("https://127.0.0.1:8765/", False),
        ("https://api.example:8443/", True),
        ("https://api.example/", False),
        ("http://[::1]:8080/", True),
        ("http://[::1]/", False),
    ],
)
def test_hosts_match_with_their_port(url: str, allowed: bool) -> None:
    origin = server_of("http://127.0.0.1:8765")
    assert allows(server_of(url), origin=origin, hosts=allowed_hosts(HOSTS)) == allowed


def test_the_origin_is_no_host_of_its_own() -> None:
    origin = server_of("http://127.0.0.1:8765")
    assert not allows(origin, origin=origin, hosts=allowed_hosts(("news.example",)))


@pytest.mark.parametrize(
    "entry", ["", ".", "http://news.example", "news.example/", "a@b", "x:0", "x:", ".1.2.3.4", "::1"]
)
def test_an_invalid_host_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is no host|has no port"):
        AllowedHost.read(entry)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("192.168.0.1", "private"),
        ("::ffff:192.168.0.1", "private"),
        ("fd00:ec2::254", "private"),
        ("100.100.100.200", "shared"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("168.63.129.16", "metadata"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::127.0.0.1", "reserved"),
        ("64:ff9b:1::1", "reserved"),
        ("2001::1", "reserved"),
        ("fec0::1", "reserved"),
        ("localhost", "no IP address"),
    ],
)
def test_what_is_not_public_is_refused(address: str, kind: str) -> None:
    assert kind in (AddressRule().refusal(address) or "")


@pytest.mark.parametrize("address", ["1.1.1.1", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_public_is_not(address: str) -> None:
    assert AddressRule().refusal(address) is None


def test_a_site_file_allows_networks() -> None:
    rule = AddressRule.of(["127.0.0.0/8", "fd00::/8"])
    assert [rule.refusal(each) for each in ("127.0.0.1", "::ffff:127.0.0.1", "fd12::1")] == [None] * 3
    assert rule.refusal("10.0.0.1")
    assert rule.refusal("::1")


@given(st.ip_addresses())
def test_an_address_in_any_form_is_judged_as_itself(address: Any) -> None:
    """Python's registry as reference: no address that it calls private or reserved is allowed."""
    if AddressRule().refusal(str(address)) is None:
        embedded = [address, *filter(None, (getattr(address, name, None) for name in ("ipv4_mapped", "sixtofour")))]
        assert not any(
            each.is_loopback or each.is_link_local or each.is_multicast or each.is_unspecified for each in embedded
        )
        assert address.version == 6 or address.is_global
