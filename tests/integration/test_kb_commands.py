"""``yingda kb import`` and ``list`` as whoever sits at the machine types them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.storage.database import Addresses

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    addresses: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs ``yingda kb ARGUMENTS`` on the test's database: exit code, output, errors."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("YINGDA_DEMO", "false")
    monkeypatch.chdir(tmp_path)

    def yingda_kb(*arguments: str) -> tuple[int, str, str]:
        code = main(["kb", *arguments])
        return code, *capsys.readouterr()

    return yingda_kb


def write(folder: Path, name: str, question: str, more: str = "") -> None:
    folder.mkdir(exist_ok=True)
    text = f"id: {name}\nquestion: {{zh-Hans: {question}}}\nanswer: {{zh-Hans: 答}}\n{more}"
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_a_folder_is_imported_listed_and_followed(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    write(folder, "warranty", "保修多久")
    write(folder, "sale", "有活动吗", "tags: [winter]\nvalid_until: 2020-01-31\n")
    code, out, err = run("import", str(folder))
    assert (code, out) == (0, "+ sale\n+ warranty\n2 added, 0 changed, 0 removed, 0 unchanged\n"), err

    assert run("list")[1] == "sale      有活动吗  [… – 2020-01-31]\nwarranty  保修多久\n"
    assert run("list", "WINTER", "--locale", "zh-TW")[1] == "sale  有活動嗎  [… – 2020-01-31]\n"

    write(folder, "warranty", "保修几年")
    (folder / "sale.yaml").unlink()
    write(folder, "hours", "几点开门")
    code, out, err = run("import", str(folder))
    assert (code, out) == (0, "+ hours\n~ warranty\n- sale\n1 added, 1 changed, 1 removed, 0 unchanged\n"), err


def test_a_faulty_folder_changes_nothing(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    write(folder, "warranty", "保修多久")
    assert run("import", str(folder))[0] == 0
    write(folder, "hours", "几点开门")
    write(folder, "sale", "有活动吗", "valid_until: soon\n")
    code, out, err = run("import", str(folder))
    assert (code, out) == (1, "")
    assert "sale.yaml:4: valid_until: expected a date such as 2026-01-31" in err
    assert run("list")[1] == "warranty  保修多久\n"


def test_two_sources_do_not_take_each_others_ids(run: Run, tmp_path: Path) -> None:
    for folder in ("ours", "theirs"):
        write(tmp_path / folder, "warranty", "保修多久")
    assert run("import", "ours", "--source", "ours")[0] == 0
    code, out, err = run("import", "theirs", "--source", "theirs")
    assert (code, out) == (1, "")
    assert "warranty (of ours)" in err


def test_a_source_is_removed_and_others_are_told_of(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "one", "first", "怎么打开盒子")
    write(tmp_path / "two", "second", "开关在哪里")
    assert run("import", str(tmp_path / "one"), "--source", "demo")[0] == 0
    code, told, _ = run("import", str(tmp_path / "two"))
    assert code == 0
    assert "1 articles of source demo are served too (yingda kb remove --source demo)" in told
    assert run("remove", "--source", "demo")[:2] == (0, "1 removed\n")
    assert run("remove", "--source", "demo")[:2] == (1, "0 removed\n")
    assert "first" not in run("list")[1]
