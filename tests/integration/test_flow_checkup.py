"""Doctor and the commands tell of a company's flow files, by file and line."""

from pathlib import Path

import pytest

from bot.__main__ import main
from bot.checkup.flows import check_flows
from bot.flows.catalogue import OURS
from bot.flows.reading import read_definitions
from bot.settings import Flows, Settings
from tests.unit.flows.files import WHOLE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company's folder beside its settings."""
    (tmp_path / "yingda.toml").write_text("", encoding="utf-8")
    monkeypatch.setenv("YINGDA_CONFIG", str(tmp_path / "yingda.toml"))
    own = tmp_path / "flows"
    own.mkdir()
    return own


def settings_with(folder: Path | None) -> Settings:
    return Settings(flows=Flows(folder=folder))


async def test_doctor_counts_the_flows_and_names_the_folder(folder: Path) -> None:
    (folder / "order.yml").write_text(WHOLE, encoding="utf-8")
    part = await check_flows(settings_with(folder))
    assert (part.state, part.code, part.values["folder"]) == ("ok", "flows_own", str(folder))
    assert part.values["count"] == len(read_definitions(OURS).flows) + 1
    assert str(folder) in part.words("zh-Hans")[0]


@pytest.mark.parametrize(
    ("old", "new", "line"), [("type: text", "type: txt", 8), ("- collect: colour", "- action: action_nobody", 6)]
)
async def test_doctor_names_the_first_fault_by_file_and_line(folder: Path, old: str, new: str, line: int) -> None:
    (folder / "order.yml").write_text(WHOLE.replace(old, new), encoding="utf-8")
    part = await check_flows(settings_with(folder))
    assert (part.state, part.code) == ("failed", "flows_faulty")
    assert part.values["first"] == f"{folder / 'order.yml'}:{line}"
    assert "yingda flows check" in part.words("en")[1]


def test_a_folder_beside_the_settings_is_found(folder: Path) -> None:
    assert Flows().folder_in_use == folder
    assert Flows(folder=Path("elsewhere")).folder_in_use == Path("elsewhere")
    folder.rmdir()
    assert Flows().folder_in_use is None


async def test_a_folder_that_is_named_must_be_there(folder: Path) -> None:
    assert (await check_flows(settings_with(folder / "none"))).state == "failed"


def test_check_tells_each_fault_and_returns_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "order.yml"
    file.write_text(WHOLE.replace("- collect: colour", "- action: action_nobody"), encoding="utf-8")
    assert main(["flows", "--locale", "en", "check"]) == 1
    assert f'{file}:6: there is no action "action_nobody"' in capsys.readouterr().err.splitlines()
    file.write_text(WHOLE.replace("type: text", "type: txt"), encoding="utf-8")
    assert main(["flows", "--locale", "zh-Hans", "check"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"{file}:8: 没有“txt”类型的槽位")
    assert told[1] == "0 个流程，1 处错误，0 条提醒"


def test_list_and_graph_show_a_flow_of_the_company(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "order.yml").write_text(WHOLE, encoding="utf-8")
    assert main(["flows", "--locale", "en", "list"]) == 0
    assert any(line.startswith("* order ") and " Order " in line for line in capsys.readouterr().out.splitlines())
    assert main(["flows", "--locale", "zh-Hant", "graph", "order"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["flowchart TD", '    s0[/"colour ?<br/>什麼顏色？"/]']
    assert main(["flows", "--locale", "en", "graph", "nothing"]) == 1
    assert capsys.readouterr().err == 'There is no flow "nothing".\n'
