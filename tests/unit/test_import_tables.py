"""Files as people have them: every encoding, every separator, workbooks with dates and numbers, and bombs."""

import io
import random
import zipfile
from contextlib import suppress
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_adapter.imports import ImportFault, LawfulBasis, Limits
from crm_adapter.imports.mapping import map_columns
from crm_adapter.imports.reading import read_table
from crm_adapter.imports.rows import Candidate, Rejection, candidate_of, entries_of
from crm_adapter.imports.table import Row
from crm_adapter.imports.words import reason_text, target_of
from crm_adapter.spreadsheet import harmless

TEXT = '姓名,手机,地址\r\n李雷,13800138000,"北京市\n朝阳区, 1 号"\r\n\r\n韩梅梅,13900139000,上海\r\n'
EXPECTED = [
    Row(2, ["李雷", "13800138000", "北京市\n朝阳区, 1 号"], {}),
    Row(5, ["韩梅梅", "13900139000", "上海"], {}),
]


def rows_of(content, **options):
    table = read_table(content, options.pop("limits", Limits()), **options)
    return table.headers, list(table.rows)


def workbook(*rows, title="客户", others=()):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for name, more in others:
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_reads_the_same(encoding):
    assert rows_of(TEXT.encode(encoding)) == (("姓名", "手机", "地址"), EXPECTED)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separator_is_found_also_beside_others_in_quotes(delimiter):
    lines = [["name", "phone", "needs"], ["Li, Lei; jr.", "1", 'a "b"\tc'], ["Han", "2", "x,y,z;z"]]
    text = "\n".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    headers, rows = rows_of(text.encode())
    assert headers == ("name", "phone", "needs")
    assert [row.cells for row in rows] == lines[1:]


def test_one_column_and_ragged_rows():
    headers, rows = rows_of(b"phone\n1\n2,3\n")
    assert headers == ("phone",)
    assert rows[0] == Row(2, ["1"], {})
    headers, rows = rows_of(b"phone,name\n1\n2,b,surplus\n")
    assert rows == [Row(2, ["1", ""], {}), Row(3, ["2", "b", "surplus"], {2: "too_many_cells"})]


def test_a_workbook_reads_as_a_person_would_type_it():
    content = workbook(
        ["姓名", "手机", "生日", "身份证", "积分", "会员", "错误", "时刻"],
        [" 李雷 ", 13800138000, date(1990, 5, 3), 11010519491231002, 12.5, True, "#N/A", datetime(2026, 1, 2, 3, 4)],  # noqa: DTZ001 - as sheets have it
        [],
        ["韩梅梅", 13900139000.0, "1991年6月4日", "11010519491231002X", 1e-3, None, "ok", None],
    )
    headers, rows = rows_of(content)
    assert headers[0] == "姓名"
    assert rows[0].line == 2
    assert rows[0].cells == [
        "李雷", "13800138000", "1990-05-03", "11010519491231000", "12.5", "TRUE", "#N/A", "2026-01-02 03:04:00"
    ]  # fmt: skip
    assert rows[0].faults == {3: "digits_lost", 6: "cell_error"}
    assert rows[1].line == 4
    assert rows[1].cells == ["韩梅梅", "13900139000", "1991年6月4日", "11010519491231002X", "0.001", "", "ok", ""]


def test_a_sheet_by_name():
    content = workbook(["phone"], ["1"], others=[("second", [["email"], ["a@example.com"]])])
    assert rows_of(content)[0] == ("phone",)
    assert rows_of(content, sheet="second")[0] == ("email",)
    with pytest.raises(ImportFault) as fault:
        rows_of(content, sheet="third")
    assert fault.value.code == "import_unknown_sheet"
    assert fault.value.values["sheets"] == "客户, second"


def code_of(content, **options):
    with pytest.raises(ImportFault) as fault:
        rows_of(content, **options)
    return fault.value.code, fault.value.line


def test_limits_and_what_is_no_table():
    assert code_of(b"x" * 100, limits=Limits(file_bytes=99)) == ("import_file_too_large", None)
    assert code_of(b"a\n1\n2\n3\n", limits=Limits(rows=2)) == ("import_too_many_rows", 4)
    assert code_of(b"a,b,c\n", limits=Limits(columns=2)) == ("import_too_many_columns", 1)
    assert code_of(workbook(["a", "b", "c"]), limits=Limits(columns=2)) == ("import_too_many_columns", 1)
    assert code_of(b"a\n" + b"x" * 6000) == ("import_cell_too_long", 2)
    assert code_of(b"") == ("import_empty", None)
    assert code_of(b"\n ,\n") == ("import_empty", None)
    assert code_of(b"name,phone\n\xff\xff\xff\n") == ("import_bad_encoding", None)
    assert code_of(b'a,b\n1,2\n"open,3\n4,5\n') == ("import_bad_csv", 3)
    assert code_of(b"PK\x03\x04 and then nothing") == ("import_bad_workbook", None)
    assert code_of(("a" * 300 + "\n1\n").encode()) == ("import_bad_headers", 1)


def test_bombs_do_not_unpack():
    file = io.BytesIO(workbook(["phone"], ["1"]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb", b"\0" * 5_000_000)
    assert len(file.getvalue()) < 50_000
    assert code_of(file.getvalue(), limits=Limits(unpacked_bytes=1_000_000)) == ("import_unpacks_too_large", None)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_entities_do_not_expand(part):
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["phone"], ["1"]))) as whole, zipfile.ZipFile(file, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, bomb if name == part else whole.read(name))
    assert code_of(file.getvalue())[0] == "import_bad_workbook"


def test_a_damaged_workbook_is_a_fault_of_the_file_and_nothing_else():
    whole = workbook(["姓名", "手机"], *[[f"客户{n}", 13800138000 + n] for n in range(50)])
    noise = random.Random(7)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(noise.randint(1, 20)):
            damaged[noise.randrange(4, len(damaged))] = noise.randrange(256)
        with suppress(ImportFault):
            rows_of(bytes(damaged))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_fault(content):
    try:
        _, rows = rows_of(content)
    except ImportFault:
        return
    assert all(row.cells for row in rows)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("姓名", "name"), ("客戶姓名", "name"), ("手机号码", "phone"), ("聯絡電話", None), ("聯繫電話", "phone"),
        ("Phone Number", "phone"), ("E-Mail", "email"), ("邮箱（必填）", "email"), ("生日(yyyy-mm-dd)", "birthday"),
        ("性别*", "gender"), ("职业", "occupation"), ("偏好", "preferences"), ("会员编号", "external_key"),
        ("合法性基础", "lawful_basis"), ("收货 地址", "address"), ("积分", None), ("", None),
    ],
)  # fmt: skip
def test_columns_are_guessed_by_their_names(header, target):
    assert target_of(header) == target


def test_the_mapping():
    headers = ["姓名", "电话", "手机", "备注", "积分"]
    found = map_columns(headers, {"备注": "needs"})
    assert found.by_header == {"姓名": "name", "电话": "phone", "备注": "needs"}
    assert found.left_out == ("手机", "积分")
    assert map_columns(headers, {"手机": "phone"}).by_header["手机"] == "phone"
    assert map_columns(headers, {"电话": ""}).by_header["手机"] == "phone"
    for wanted, code in [
        ({"没有": "name"}, "import_unknown_header"),
        ({"备注": "shoe_size"}, "import_unknown_target"),
        ({"备注": "name", "姓名": "name"}, "import_mapped_twice"),
        ({"电话": "", "手机": ""}, "import_no_key_column"),
    ]:
        with pytest.raises(ImportFault) as fault:
            map_columns(headers, wanted)
        assert fault.value.code == code
    with pytest.raises(ImportFault) as fault:
        map_columns(["手机", "x", "x"], {"x": "name"})
    assert fault.value.code == "import_twin_headers"


def candidates(text, basis=None, wanted=None):
    table = read_table(text.encode(), Limits())
    columns = map_columns(table.headers, wanted or {})
    return [candidate_of(entry, basis) for entry in entries_of(columns, table.rows)]


def test_rows_become_contacts_or_rejections():
    found = candidates(
        "编号,姓名,手机,性别,类型,语言\n"
        "K1,李雷,138 0013 8000,男,个人,\n"
        ",韩梅梅,13900139000,,,\n"
        ",无名,,,,\n"
        "K1,又一个,,,,\n"
        "K2,某人,123,,,\n"
        "K3,某人,,,外星人,\n"
    )
    assert found[0] == Candidate(
        2, "K1", {"name": "李雷", "gender": "male", "phone": "+8613800138000"}, "zh-Hans", "person", None
    )
    assert found[1].key == "phone:+8613900139000"
    assert [one[1:3] for one in found[2:] if isinstance(one, Rejection)] == [
        ("external_key", "no_key"), ("external_key", "duplicate_key"), ("phone", "bad_phone"), ("kind", "unknown_value")
    ]  # fmt: skip
    assert [one.line for one in found] == [2, 3, 4, 5, 6, 7]
    for one in found[2:]:
        assert len({reason_text(one.code, locale) for locale in ("zh-Hans", "zh-Hant", "en")}) == 3


def test_a_row_may_name_its_own_basis():
    text = (
        "手机,依据,凭证\n13800138000,同意,表 7\n13800138001,合同,\n"
        "13800138002,,\n13800138003,,表 9\n13800138004,瞎编,x\n"
    )
    wanted = {"依据": "lawful_basis"}
    bases = [one.basis if isinstance(one, Candidate) else one.code for one in candidates(text, None, wanted)]
    assert bases == [LawfulBasis("consent", "表 7"), None, None, None, "unknown_value"]
    whole = LawfulBasis("contract", "2026-1")
    bases = [one.basis for one in candidates(text, whole, wanted)[:4]]
    assert bases == [LawfulBasis("consent", "表 7"), whole, whole, LawfulBasis("contract", "表 9")]


@pytest.mark.parametrize("cell", ["=1+1", "+8613", "-2", "@SUM(A1)", "\t=1"])
def test_formulas_are_text(cell):
    assert harmless(cell) == "'" + cell
    assert harmless("a" + cell) == "a" + cell
