"""``yingda privacy`` and ``yingda retention`` as whoever sits at the machine types them."""

import asyncio
import json
import zipfile

import pytest

from bot.__main__ import main
from bot.storage.database import make_engine
from crm_adapter.policy import Policy
from tests.integration.privacy_customers import Store, make_customer


@pytest.fixture
def run(addresses, settings, tmp_path, monkeypatch, capsys):
    """Runs ``yingda ARGUMENTS`` on the test's database: exit code, output, errors."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("YINGDA_KEYS__RING", settings.keys.ring.get_secret_value())
    monkeypatch.setenv("YINGDA_DEMO", "false")
    monkeypatch.chdir(tmp_path)

    def yingda(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return yingda


@pytest.fixture
def customer(addresses, settings, keys):
    async def make():
        engine = make_engine(addresses.application_url, settings)
        made = await make_customer(Store(engine, keys, Policy()), engine, keys)
        await engine.dispose()
        return made

    return asyncio.run(make())


def test_a_request_from_the_opening_to_the_answer(run, customer):
    code, out, err = run("privacy", "open", str(customer.contact_id), "correct", "--words", "名字写错了")
    assert code == 0, err
    request = out.split("\t")[0]
    code, out, _ = run("privacy", "list")
    assert out.startswith(f"{request}\tcorrect\treceived\t")
    code, _, err = run("privacy", "answer", request, "好", "--set", "name=李雷")
    assert (code, err.startswith("Identity not checked")) == (1, True)
    code, out, err = run("privacy", "answer", request, "好", "--checked", "call_back", "--set", "name=李雷")
    assert (code, out) == (0, "answered\n"), err
    assert run("privacy", "list")[1] == ""
    assert "\tanswered\t" in run("privacy", "list", "--all")[1]
    code, out, _ = run("privacy", "open", str(customer.contact_id), "delete")
    code, out, _ = run("privacy", "refuse", out.split("\t")[0], "无法确认身份")
    assert (code, out) == (0, "refused\n")


def test_the_answer_to_a_deletion_is_a_certificate_that_can_be_kept(run, customer, tmp_path):
    _, opened, _ = run("privacy", "open", str(customer.contact_id), "delete")
    code, out, err = run("privacy", "answer", opened.split("\t")[0], "已删除", "--checked", "call_back")
    assert (code, "answered" in err) == (0, True)
    certificate = tmp_path / "certificate.json"
    certificate.write_text(out, encoding="utf-8")
    assert run("privacy", "verify", str(certificate)) == (0, "valid\n", "")


def test_an_erasure_tells_what_waits_and_ends_it_only_when_told_so(run, customer):
    _, opened, _ = run("privacy", "open", str(customer.contact_id), "export")
    export = opened.split("\t")[0]
    _, opened, _ = run("privacy", "open", str(customer.contact_id), "delete")
    delete = opened.split("\t")[0]
    assert run("privacy", "list", "--kind", "export")[1].startswith(f"{export}\texport\t")
    assert delete not in run("privacy", "list", "--kind", "export", "--kind", "view")[1]
    code, out, err = run("privacy", "answer", delete, "已删除", "--checked", "call_back")
    assert (code, out) == (1, "")
    assert f"{export}\texport\treceived\t" in err
    assert "--end-others" in err
    assert run("privacy", "erase", str(customer.contact_id), "--yes")[0] == 1
    code, out, err = run("privacy", "answer", delete, "已删除", "--end-others")
    assert code == 0, err
    assert f"Ended without an answer: {export}\texport" in err
    assert json.loads(out)["certificate"]["ended_unanswered"] == [{"request": export, "kind": "export"}]
    assert f"{export}\texport\tended_by_erasure\t" in run("privacy", "list", "--all")[1]


def test_export_erase_and_verify(run, customer, tmp_path):
    file = tmp_path / "theirs.zip"
    code, _, err = run("privacy", "export", str(customer.contact_id), str(file))
    assert code == 0, err
    with zipfile.ZipFile(file) as bundle:
        assert json.loads(bundle.read("data.json"))["contact_id"] == str(customer.contact_id)
    assert run("privacy", "erase", str(customer.contact_id))[0] == 1
    code, out, err = run("privacy", "erase", str(customer.contact_id), "--yes")
    assert code == 0, err
    certificate = tmp_path / "certificate.json"
    certificate.write_text(out, encoding="utf-8")
    assert run("privacy", "verify", str(certificate)) == (0, "valid\n", "")
    certificate.write_text(out.replace('"messages": 2', '"messages": 0'), encoding="utf-8")
    assert run("privacy", "verify", str(certificate))[::2] == (1, "The certificate was changed.\n")
    certificate.write_text("[]", encoding="utf-8")
    assert run("privacy", "verify", str(certificate))[0] == 1
    assert run("privacy", "verify", str(tmp_path / "none.json"))[0] == 1
    assert run("privacy", "export", str(customer.contact_id), str(file))[0] == 1
    assert len((tmp_path / "erasures.jsonl").read_text().splitlines()) == 1


def test_retention_counts_and_runs(run, customer):
    code, out, err = run("retention", "--dry-run")
    assert code == 0, err
    assert "interactions\t1095 days\t0\n" in out
    assert "cases\tkept\t0\n" in out
    assert out.endswith("Nothing was removed.\n")
    assert run("retention")[1].endswith("Done.\n")
