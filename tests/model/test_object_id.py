from datetime import UTC, datetime

import pytest

from pressmark.model.object_id import created_at


def test_the_id_opens_with_its_creation_time() -> None:
    assert created_at("WS620eee0ba310cdd1c5c1d2a3") == datetime(2022, 2, 18, 0, 53, 31, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "WS620eee0b", "WSxxxxxx0ba310cdd1c5c1d2a3"])
def test_what_is_no_object_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"ObjectId|hex"):
        created_at(text)
