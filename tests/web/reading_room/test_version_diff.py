"""Two versions side by side: each text is beside its replacement."""

import pytest

from pressmark.web.common.version_diff import Change, Words

OLD, NEW = [("removed", "old")], [("added", "new")]
MIXED = [("same", "a "), ("removed", "b"), ("added", "c")]
LEFT, RIGHT = [("same", "a "), ("removed", "b")], [("same", "a "), ("added", "c")]


@pytest.mark.parametrize(
    ("paragraphs", "rows"),
    [
        ([OLD, NEW], [(OLD, NEW)]),
        ([NEW, OLD], [((), NEW), (OLD, ())]),
        ([OLD, OLD, NEW], [(OLD, ()), (OLD, NEW)]),
        ([OLD, "2 the same", NEW], [(OLD, ()), "2 the same", ((), NEW)]),
        ([MIXED], [(LEFT, RIGHT)]),
        ([OLD, MIXED, NEW], [(OLD, ()), (LEFT, RIGHT), ((), NEW)]),
        ([OLD], [(OLD, ())]),
        ([], []),
    ],
)
def test_a_paragraph_is_beside_its_replacement(
    paragraphs: list[Words | str], rows: list[str | tuple[Words, Words]]
) -> None:
    assert list(Change(name="Text", paragraphs=paragraphs).rows()) == rows
