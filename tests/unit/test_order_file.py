"""Orders in files: what is read, and what is refused with its line."""

import io
from datetime import UTC, datetime
from uuid import uuid4

import openpyxl
import pytest

from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.table import Limits
from crm_adapter.records.customers import ExternalKey
from crm_adapter.records.value import OrderLine
from crm_adapter.value.incoming import Whose
from crm_adapter.value.order_file import Rejected, read_orders_file


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
    ("header", "code", "columns"),
    [
        ("phone,reference,placed_at", "import_no_column", "amount"),
        ("reference,placed_at,amount", "import_no_owner", "contact_id, key, phone, email"),
        ("key,reference,placed_at,amount", "import_no_column", "system"),
        ("colour,size", "import_no_column", "reference, placed_at, amount"),
    ],
)
def test_a_file_of_other_columns_is_refused(header, code, columns):
    with pytest.raises(ImportFault) as refused:
        read(f"{header}\n1,2,3,4,5\n")
    assert (refused.value.code, refused.value.values) == (code, {"columns": columns})


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("订单编号,下单时间,订单金额,订单状态,买家手机号,商品名称,货号,数量,小计,币种", "2026/1/5 8:30,已付款"),
        ("訂單編號,下單時間,訂單金額,訂單狀態,買家手機號,商品名稱,貨號,數量,小計,幣種", "2026年1月5日 8:30:00,已付款"),
        (
            "Order number,Order date,Total,Order status,Mobile,Product,Item,Qty,Subtotal,Currency",
            "2026-01-05T08:30,Paid",
        ),
    ],
)
def test_usual_headers_are_recognised(header, row):
    placed_at, status = row.split(",")
    found = read(f"{header}\nA1,{placed_at},129.00,{status},13800138000,水壶,KT-1,2,129.00,人民币\n")
    assert found.rejected == []
    order = found.orders[0].order
    assert found.orders[0].whose == Whose(phone="13800138000")
    assert (order.reference, order.amount, order.status, order.currency) == ("A1", 12_900, "paid", "CNY")
    assert order.placed_at == datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
    assert order.lines == (OrderLine("KT-1", "水壶", 2, 12_900),)


def test_headers_can_be_named_and_columns_left_out():
    found = read_orders_file(
        "手机,单号,日期时间,成交额,金额,店员\n13800138000,A1,2026-01-05,5,9,Mei\n".encode(),
        "shop",
        Limits(),
        {"日期时间": "placed_at", "成交额": "amount", "金额": ""},
    )
    assert found.orders[0].order.amount == 500
    assert found.columns.by_header["成交额"] == "amount"
    assert found.columns.left_out == ("金额", "店员")


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"手机": "birthday"}, "import_unknown_target"),
        ({"colour": "sku"}, "import_unknown_header"),
        ({"手机": "phone", "单号": "phone"}, "import_mapped_twice"),
    ],
)
def test_a_mapping_that_fits_no_order_is_refused(mapping, code):
    with pytest.raises(ImportFault) as refused:
        read_orders_file("手机,单号,下单时间,金额\n1,2,3,4\n".encode(), "shop", Limits(), mapping)
    assert refused.value.code == code


def test_a_fault_in_a_column_that_is_not_stored_rejects_nothing():
    found = read_orders_file(workbook("#REF!"), "shop", Limits(), {"note": ""})
    assert [one.order.reference for one in found.orders] == ["A1"]


def workbook(note: str) -> bytes:
    """A file of one order, with a formula's error where the note should stand."""
    book = openpyxl.Workbook()
    book.active.append(["phone", "reference", "placed_at", "amount", "note"])
    book.active.append(["13800138000", "A1", "2026-01-05", "5", note])
    book.active["E2"].data_type = "e"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
