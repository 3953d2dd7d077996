from __future__ import annotations

from support.tapped import decided, entry, record_of, searched

from sipedge.tap.items import record_text


def test_a_record_is_the_entry_with_its_format_and_its_number() -> None:
    found = searched("bob@far.example")
    assert record_of(decided(found, 17)) == {"format": 1, "sequence": 17, **entry(found).to_json()}
    assert record_text(entry(), 17).startswith('{"format":1,"sequence":17,')  # files are known by it
