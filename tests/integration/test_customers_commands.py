"""``yingda customers``, the nightly job and the one that follows events, on a real store."""

import asyncio
from types import SimpleNamespace

import pytest

from bot.__main__ import main
from bot.app import make_app
from bot.faults import StartFault
from bot.jobs.assessment import everybody, follow
from crm_adapter.value.rules_file import RulesFault
from tests.conftest import RING
from tests.integration.value_store import stock_of


@pytest.fixture
def stock(engine, keys):
    return stock_of(engine, keys)


@pytest.fixture
def run(addresses, tmp_path, monkeypatch, capsys):
    """Runs a command in a thread of its own, as a program would; its code and what it printed."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("YINGDA_KEYS__RING", RING.document())

    async def call(*arguments):
        code = await asyncio.to_thread(main, ["customers", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture(autouse=True)
def signals_stay(monkeypatch):
    monkeypatch.setattr("bot.__main__.signal.signal", lambda *_: None)  # only the main thread may set them


async def test_everybody_is_assessed_and_counted(run, stock):
    for _ in range(3):
        await stock.add_contact()
    code, out, _ = await run("assess")
    assert (code, out.partition(",")[0]) == (0, "3 customers changed")
    assert await run("segment", "count", '{"field": "stage", "is": "prospect"}') == (0, "3\n", "")
    code, _, err = await run("segment", "count", '{"field": "stag", "is": "prospect"}')
    assert (code, err) == (1, "Something is wrong with it at field (unknown_field).\n")
    assert (await run("segment", "count", "{"))[0] == 1
    assert (await run("segment", "save", "New ones", '{"field": "tag", "has": "new"}'))[0] == 0
    assert await run("segment", "list") == (0, "3\tNew ones\n", "")


async def test_the_rules_are_checked(run, tmp_path, monkeypatch):
    assert (await run("assess", "--check"))[0] == 0
    faulty = tmp_path / "rules.yml"
    faulty.write_text("currency: CNY\nvalue_clas: []\n", encoding="utf-8")
    monkeypatch.setenv("YINGDA_CRM__RULES_FILE", str(faulty))
    code, _, err = await run("assess", "--check")
    assert (code, err) == (1, f"{faulty}:2: value_clas: unknown name 'value_clas'\n")


async def test_orders_come_from_a_file(run, stock, tmp_path):
    contact = await stock.add_contact()
    file = tmp_path / "orders.csv"
    file.write_text(
        "contact_id,reference,placed_at,amount\n"
        f"{contact},A1,2026-11-01,129.00\n"
        f"{contact},A2,2026-11-01,free\n"
        "0190a5f0-0000-7000-8000-000000000000,A3,2026-11-01,1\n",
        encoding="utf-8",
    )
    code, out, _ = await run("order", "import", str(file), "--source", "erp", "--dry-run")
    assert (code, out.splitlines()[-1]) == (
        1,
        "1 created, 0 updated, 0 unchanged, 2 rejected (dry run: nothing was stored)",
    )
    assert await stock.orders(contact) == []
    code, out, _ = await run("order", "import", str(file), "--source", "erp")
    assert out.splitlines() == [
        "  contact_id → contact_id",
        "  reference → reference",
        "  placed_at → placed_at",
        "  amount → amount",
        "line 3: amount: This is not an amount such as 129.00.",
        "line 4: contact_id: No customer is known by it; import the customers first.",
        "1 created, 0 updated, 0 unchanged, 2 rejected",
    ]
    assert [order.amount for order in await stock.orders(contact)] == [12_900]
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    code, _, err = await run("order", "import", str(file), "--source", "erp")
    assert (code, "no columns for: reference, placed_at, amount" in err) == (1, True)


async def test_columns_of_orders_are_recognised_or_named(run, stock, tmp_path):
    contact = await stock.add_contact()
    file = tmp_path / "orders.csv"
    file.write_text(
        f"会员,订单编号,下单时间,订单金额,店员\n{contact},A1,2026/11/1 9:05,129.00,Mei\n", encoding="gb18030"
    )
    code, out, _ = await run("order", "import", str(file), "--source", "erp", "--map", "会员=contact_id")
    assert (code, out.splitlines()[-2:]) == (0, ["  not stored: 店员", "1 created, 0 updated, 0 unchanged, 0 rejected"])
    assert [order.reference for order in await stock.orders(contact)] == ["A1"]
    code, _, err = await run("order", "import", str(file), "--source", "erp", "--map", "顾客=contact_id")
    assert (code, "no column named 顾客" in err) == (1, True)


async def test_the_jobs_assess(stock, settings, pool, tmp_path):
    context = SimpleNamespace(additional_context={"settings": settings, "pool": pool})
    contact = await stock.add_contact()
    await everybody(context, 0)
    assert (await stock.standing(contact)).assessment.stage == "prospect"
    await follow(context, 0)
    faulty = tmp_path / "rules.yml"
    faulty.write_text("{}", encoding="utf-8")
    crm = settings.crm.model_copy(update={"rules_file": faulty})
    context.additional_context["settings"] = settings.model_copy(update={"crm": crm})
    with pytest.raises(RulesFault):
        await everybody(context, 0)


async def test_no_server_starts_with_faulty_rules(settings, addresses, tmp_path):
    faulty = tmp_path / "rules.yml"
    faulty.write_text("currency: 7\n", encoding="utf-8")
    crm = settings.crm.model_copy(update={"rules_file": faulty})
    with pytest.raises(StartFault, match=r"rules\.yml:1: "):
        make_app(settings.model_copy(update={"crm": crm}), addresses)
