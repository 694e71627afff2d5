import gzip
import random
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from pressmark.archive.warc.content import MOST_STREAMS, CutShort, TooLarge, Undecodable, decoded

NOISE = random.Random(1).randbytes(300_000)
"""It is incompressible: its encoded form has many pieces."""
CODERS = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data, 0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
PIECES = {"none": b"", "few": b"lamps", "more": NOISE[:70_000], "many": NOISE, "zeros": bytes(200_000)}
SLOW = settings(deadline=None, max_examples=30)
PARTS = st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=4)


@pytest.mark.parametrize("name", CODERS)
@SLOW
@given(parts=PARTS)
def test_a_body_is_decoded_to_what_was_coded(name: str, parts: list[str]) -> None:
    whole = b"".join(map(PIECES.__getitem__, parts))
    assert decoded(CODERS[name](whole), [name]) == whole


@pytest.mark.parametrize("name", ["gzip", "zstd"])
@SLOW
@given(parts=PARTS, rest=st.sampled_from([b"", b"\0" * 7000, b"rest"]))
def test_streams_in_a_row_are_one_content_and_what_follows_is_none(name: str, parts: list[str], rest: bytes) -> None:
    contents = [PIECES[each] for each in parts]
    assert decoded(b"".join(map(CODERS[name], contents)) + rest, [name]) == b"".join(contents)


@pytest.mark.parametrize("name", CODERS)
def test_a_body_without_its_end_is_cut_and_says_what_there_was(name: str) -> None:
    coded = CODERS[name](NOISE)
    for missing in (1, 1000, len(coded) - 100):
        with pytest.raises(CutShort) as caught:
            decoded(coded[:-missing], [name])
        assert NOISE.startswith(caught.value.so_far)
        assert decoded(coded[:-missing], [name], cut=True) == caught.value.so_far


@pytest.mark.parametrize("name", CODERS)
def test_a_content_beyond_its_limit_is_refused(name: str) -> None:
    assert decoded(CODERS[name](NOISE), [name], len(NOISE)) == NOISE
    with pytest.raises(TooLarge):
        decoded(CODERS[name](NOISE), [name], len(NOISE) - 1)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_streams_without_content_are_counted(name: str) -> None:
    empty = CODERS[name](b"")
    assert decoded(empty * MOST_STREAMS, [name]) == b""
    with pytest.raises(Undecodable, match="streams in a row"):
        decoded(empty * (MOST_STREAMS + 1), [name])
