"""Imports as the console and the command line do them."""

import asyncio
import csv
import io
import json

import openpyxl
import pytest
import pytest_asyncio
from aiohttp import FormData
from uuid_utils.compat import uuid7

from bot.jobs import make_jobs
from bot.jobs.importing import defer_import
from bot.settings import Settings
from crm_adapter.imports import Importer, Limits
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from tests.integration.console_client import serving
from tests.integration.test_commands import clean

CSV = "编号,姓名,手机,备注\nK1,李雷,13800138000,x\nK2,=错误,12,y\n"


@pytest_asyncio.fixture
async def console(engine, keys):
    store = SqlStore(engine, keys, Policy())

    async def work(import_id):
        await Importer(engine, keys, store).work(import_id)

    limits = Limits(file_bytes=50_000, rows=100)
    async with serving(engine, KEYS=keys, CRM=store, IMPORT_LIMITS=limits, DEFER_IMPORT=work) as served:
        yield served


def form(content=CSV, name="客户.csv", **options):
    data = FormData(quote_fields=False)
    data.add_field("options", json.dumps({"system": "old-crm", **options}))
    data.add_field("file", content.encode() if isinstance(content, str) else content, filename=name)
    return data


async def hand_in(browser, *arguments, **options):
    return await browser.call("POST", "/api/imports", data=form(*arguments, **options))


async def test_hand_in_look_start_and_fetch_what_was_rejected(console):
    browser = await console.signed_in("mei", "crm_specialist")
    reply = await hand_in(browser, basis="consent", proof="表 7")
    assert reply.status == 201, reply.body
    shown = reply.body
    assert (shown["state"], shown["name"], shown["left_out"]) == ("checked", "客户.csv", ["备注"])
    assert shown["basis"] == {"kind": "consent", "proof": "表 7"}
    assert (shown["counts"]["created"], shown["counts"]["reasons"]) == (1, {"bad_phone": 1})
    path = f"/api/imports/{shown['id']}"
    done = await browser.call("POST", f"{path}/start", {})
    assert done.status == 200
    assert (done.body["state"], done.body["counts"]) == ("finished", shown["counts"])
    assert (await browser.call("POST", f"{path}/start", {})).code == "not_checked"
    assert (await browser.call("GET", path)).body["checked"] == shown["counts"]
    assert [one["id"] for one in (await browser.call("GET", "/api/imports")).body["items"]] == [shown["id"]]
    async with browser.http.get(f"{browser.origin}{path}/rejected.csv") as response:
        assert response.content_type == "text/csv"
        assert "attachment" in response.headers["Content-Disposition"]
        rows = list(csv.reader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert rows[0][0] == "行"
    assert rows[1][0] == "3"
    assert rows[1][5] == "'=错误"


async def test_the_columns_are_guessed_before_anything_is_kept(console):
    browser = await console.signed_in("mei", "crm_specialist")
    data = FormData(quote_fields=False)
    data.add_field("options", "{}")
    data.add_field("file", CSV.encode(), filename="a.csv")
    looked = await browser.call("POST", "/api/imports/columns", data=data)
    assert looked.status == 200, looked.body
    assert looked.body["headers"] == ["编号", "姓名", "手机", "备注"]
    assert looked.body["mapping"] == {"编号": "external_key", "姓名": "name", "手机": "phone"}
    assert looked.body["sample"] == {"编号": "K1", "姓名": "李雷", "手机": "13800138000", "备注": "x"}
    assert {"phone", "lawful_basis"} <= set(looked.body["targets"])
    assert (await browser.call("GET", "/api/imports")).body["items"] == []
    assert (await browser.call("POST", "/api/imports/columns", data=form("", system="x"))).code == "invalid"


async def test_a_dry_run_is_taken_back_and_what_started_is_not(console):
    browser = await console.signed_in("mei", "crm_specialist")
    path = f"/api/imports/{(await hand_in(browser)).body['id']}"
    assert (await browser.call("DELETE", path)).status == 204
    assert (await browser.call("GET", path)).status == 404
    assert (await browser.call("DELETE", path)).status == 404
    path = f"/api/imports/{(await hand_in(browser)).body['id']}"
    await browser.call("POST", f"{path}/start", {})
    assert (await browser.call("DELETE", path)).code == "already_started"
    assert (await browser.call("GET", path)).body["state"] == "finished"


async def test_quarantine_is_ended_by_a_person_with_a_basis(console):
    browser = await console.signed_in("mei", "crm_manager")
    shown = (await hand_in(browser)).body
    path = f"/api/imports/{shown['id']}"
    await browser.call("POST", f"{path}/start", {})
    assert (await browser.call("POST", f"{path}/release", {"basis": "consent", "proof": " "})).code == "import_no_proof"
    assert (
        await browser.call("POST", f"{path}/release", {"basis": "whim", "proof": "x"})
    ).code == "import_unknown_basis"
    released = await browser.call("POST", f"{path}/release", {"basis": "consent", "proof": "表 7"})
    assert released.body == {"released": 1}
    unknown = f"/api/contacts/{uuid7()}/release"
    assert (await browser.call("POST", unknown, {"basis": "consent", "proof": "x"})).status == 404


async def test_workbooks_mappings_and_refusals(console):
    browser = await console.signed_in("mei", "crm_specialist")
    book = openpyxl.Workbook()
    book.active.append(["Nummer", "Wer"])
    book.active.append([13800138000, "李雷"])
    file = io.BytesIO()
    book.save(file)
    reply = await hand_in(browser, file.getvalue(), "k.xlsx", mapping={"Nummer": "phone", "Wer": "name"})
    assert reply.body["counts"]["created"] == 1
    for content, options, status, code in [
        ("", {}, 422, "import_empty"),
        ("a,b\n1,2\n", {}, 422, "import_no_key_column"),
        (CSV, {"mapping": {"nein": "name"}}, 422, "import_unknown_header"),
        (CSV, {"basis": "consent"}, 422, "import_no_proof"),
        (CSV, {"system": ""}, 422, "invalid"),
        (CSV, {"surprise": 1}, 422, "invalid"),
        ("手机\n" + "1\n" * 200, {}, 422, "import_too_many_rows"),
        ("手机\n" + "1" * 60_000, {}, 413, "too_large"),
    ]:
        reply = await hand_in(browser, content, **options)
        assert (reply.status, reply.code) == (status, code)
    assert reply.body["detail"]
    only = FormData()
    only.add_field("file", b"x", filename="x")
    assert (await browser.call("POST", "/api/imports", data=only)).code == "invalid"
    assert (await browser.call("POST", "/api/imports", {"file": "x"})).code == "unsupported_type"
    assert (await browser.call("GET", f"/api/imports/{uuid7()}")).status == 404
    assert (await browser.call("GET", "/api/imports/nonsense/rejected.csv")).status == 404


@pytest.mark.parametrize("role", ["agent", "marketing", "administrator"])
async def test_others_may_not(console, role):
    browser = await console.signed_in("lei", role)
    assert (await hand_in(browser)).code == "forbidden"
    assert (await browser.call("GET", "/api/imports")).code == "forbidden"


async def test_the_job_knows_only_the_imports_id_and_is_asked_once(
    addresses, settings, engine, keys, pool, monkeypatch
):
    monkeypatch.setattr("bot.jobs.importing.open_keys", lambda settings: keys)
    from tests.integration.test_imports import FILE, Desk

    import_id = await Desk(engine, keys).bring(FILE)
    jobs = make_jobs(addresses.application_url, settings)
    async with jobs.open_async():
        await defer_import(jobs, import_id)
        await defer_import(jobs, import_id)
        found = list(await jobs.job_manager.list_jobs_async())
        assert [job.task_kwargs for job in found] == [{"import_id": str(import_id)}]
        await asyncio.wait_for(
            jobs.run_worker_async(
                wait=False, install_signal_handlers=False, additional_context={"settings": settings, "pool": pool}
            ),
            60,
        )
    assert (await Desk(engine, keys).show(import_id)).state == "checked"


def test_the_command(addresses, settings: Settings, tmp_path):
    yingda = clean(
        YINGDA_DATABASE_URL=addresses.application_url,
        YINGDA_OWNER_DATABASE_URL=addresses.owner_url,
        YINGDA_VAR_DIR=str(tmp_path),
    )
    file = tmp_path / "客户.csv"
    file.write_text(CSV, encoding="gb18030")
    rejected = tmp_path / "rejected.csv"
    common = ("contact", "import", str(file), "--system", "old-crm")
    dry = yingda(*common, "--dry-run", "--map", "备注=needs")
    assert (dry.returncode, "nothing was written" in dry.stdout) == (1, True), dry.stderr
    assert "created 1" in dry.stdout
    assert "bad_phone: 1" in dry.stdout
    assert "备注 → needs" in dry.stdout
    done = yingda(*common, "--basis", "contract", "--proof", "2026-17", "--rejected", str(rejected))
    assert "created 1" in done.stdout, done.stderr
    assert "2 of 2 rows imported" in done.stderr
    assert "quarantined 0" in done.stdout
    assert rejected.read_text(encoding="utf-8-sig").startswith("Line,")
    again = yingda(*common)
    assert "unchanged 1" in again.stdout
    assert yingda(*common, "--basis", "contract").returncode == 1
    missing = yingda("contact", "import", str(tmp_path / "none"), "--system", "x")
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)
