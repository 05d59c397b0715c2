"""Orders in files: what is read, and what is refused with its line."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from crm_adapter.imports.table import Limits
from crm_adapter.records.customers import ExternalKey
from crm_adapter.records.value import OrderLine
from crm_adapter.value.incoming import Whose
from crm_adapter.value.order_file import BadOrderFile, Rejected, read_orders_file


def read(text: str):
    return read_orders_file(text.encode(), "shop", Limits())


def test_rows_of_one_reference_are_one_order():
    contact = uuid4()
    found = read(
        "contact_id,Reference,placed_at,amount,currency,status,sku,name,quantity,line_amount\n"
        f'{contact},A1,2026-11-01T08:00,"1,129.00",CNY,paid,KT-1,水壶,2,100.00\n'
        f'{contact},A1,2026-11-01T08:00,"1,129.00",CNY,paid,KT-2,,1,1029\n'
        f"{contact},A2,2026-11-02T00:00:00Z,980,JPY,,,,,\n"
    )
    assert found.rejected == []
    assert found.lines == [2, 4]
    first, second = (one.order for one in found.orders)
    assert (first.amount, first.status, first.source) == (112_900, "paid", "shop")
    assert first.placed_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert first.lines == (OrderLine("KT-1", "水壶", 2, 10_000), OrderLine("KT-2", "", 1, 102_900))
    assert (second.amount, second.currency, second.lines) == (980, "JPY", ())
    assert found.orders[0].whose == Whose(contact)


def test_who_it_is_for():
    found = read(
        "system,key,phone,email,reference,placed_at,amount\n"
        "erp,C-7,,,A1,2026-11-01,1\n"
        ",,13800138000,,A2,2026-11-01,1\n"
        ",,,mei@example.com,A3,2026-11-01,1\n"
        ",C-7,,,A4,2026-11-01,1\n"
    )
    assert [one.whose for one in found.orders] == [
        Whose(external_key=ExternalKey("erp", "C-7")),
        Whose(phone="13800138000"),
        Whose(email="mei@example.com"),
    ]
    assert found.rejected == [Rejected(5, "system", "missing")]


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        (",2026-11-01,1,CNY,paid,1", "reference", "missing"),
        ("A,yesterday,1,CNY,paid,1", "placed_at", "not_allowed"),
        ("A,2026-11-01,much,CNY,paid,1", "amount", "not_an_amount"),
        ("A,2026-11-01,1.005,CNY,paid,1", "amount", "not_an_amount"),
        ("A,2026-11-01,1.5,JPY,paid,1", "amount", "not_an_amount"),
        ("A,2026-11-01,NaN,CNY,paid,1", "amount", "not_an_amount"),
        ("A,2026-11-01,1e999999,CNY,paid,1", "amount", "not_an_amount"),
        ("A,2026-11-01,1,CNY,lost,1", "status", "not_allowed"),
        ("A,2026-11-01,1,CNY,paid,two", "quantity", "not_allowed"),
    ],
)
def test_a_bad_row_is_rejected_with_line_and_reason(cells, field, code):
    found = read(f"phone,reference,placed_at,amount,currency,status,quantity,sku\n13800138000,{cells},KT-1\n")
    assert found.orders == []
    assert found.rejected == [Rejected(2, field, code)]


def test_a_bad_row_keeps_its_whole_order_out():
    found = read(
        "phone,reference,placed_at,amount,sku\n"
        "13800138000,A1,2026-11-01,1,KT-1\n"
        "13800138000,A1,2026-11-01,2,KT-2\n"
        "13800138000,A2,2026-11-01,2,KT-2\n"
    )
    assert found.lines == [4]
    assert found.rejected == [Rejected(2, "reference", "other_row_rejected"), Rejected(3, "reference", "rows_differ")]


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("phone,reference,placed_at", "missing columns: amount"),
        ("phone,reference,placed_at,amount,colour", "unknown columns: colour"),
        ("reference,placed_at,amount", "no column says whose"),
        ("key,reference,placed_at,amount", "missing columns: system"),
        ("phone,phone,reference,placed_at,amount", "a column stands twice"),
    ],
)
def test_a_file_of_other_columns_is_refused(header, what):
    with pytest.raises(BadOrderFile, match=what):
        read(f"{header}\n1,2,3,4,5\n")
