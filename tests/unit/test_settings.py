"""Settings: file and environment, one line per fault, and no secret anywhere."""

from pathlib import Path

import pytest

from bot.settings import SettingsFault, read_settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yingda.toml").write_text('[http]\nport = 8100\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("YINGDA_HTTP__PORT", "8200")
    settings = read_settings()
    assert (settings.http.port, settings.http.host) == (8200, "0.0.0.0")
    assert settings.base_url == "http://127.0.0.1:8200"


def test_channel_accounts_are_a_list(tmp_path: Path) -> None:
    (tmp_path / "yingda.toml").write_text(
        '[[channels]]\nkind = "web"\nname = "shop"\n[[channels]]\nkind = "web"\nname = "outlet"\n'
        'origins = ["https://outlet.example.com"]\n'
    )
    assert [channel.name for channel in read_settings().channels] == ["shop", "outlet"]


def test_every_fault_has_its_line_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YINGDA_HTTP__PORT", "seventy")
    monkeypatch.setenv("YINGDA_SECRET_KEY", "hunter2")
    (tmp_path / "yingda.toml").write_text(
        'colour = "red"\n[[channels]]\nkind = "web"\nname = "Not A Name"\norigins = ["https://a.example.com/path"]\n'
    )
    with pytest.raises(SettingsFault) as caught:
        read_settings()
    places = sorted(line.split(":")[0] for line in caught.value.faults)
    assert places == ["channels.0.name", "channels.0.origins", "colour", "http.port", "secret_key"]
    assert "hunter2" not in str(caught.value)
    assert "seventy" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("[http\n", "yingda.toml"),
        ('[[channels]]\nname = "a"\n[[channels]]\nname = "a"\n', "channel names must differ: a"),
        ('[[channels]]\nkind = "fax"\nname = "a"\n', "channels.0.kind"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "yingda.toml").write_text(source)
    with pytest.raises(SettingsFault, match=says.split(":")[0]):
        read_settings()


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsFault, match=r"nowhere\.toml"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres//user:SECRET@host/db"),
        ("DATABASE_URL", "postgresql://user:SE%ZZCRET@host/db"),
        ("OWNER_DATABASE_URL", "h:SECRET"),
        ("REDIS_URL", "http://:SECRET@host"),
        ("HTTP__TRUSTED_PROXIES", '["SECRET"]'),
    ],
)
def test_a_faulty_address_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"YINGDA_{name}", value)
    with pytest.raises(SettingsFault) as caught:
        read_settings()
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(name.lower().replace("__", "."))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("name", ["YINGDA_HTPP__PORT", "YINGDA_LOGLEVEL"])
def test_a_setting_that_does_not_exist_is_a_fault(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsFault, match=name):
        read_settings()


def test_hangs_must_fit_into_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_TURN__DECIDE_S", "30")
    with pytest.raises(SettingsFault, match="idle_transaction_s"):
        read_settings()


def test_secrets_print_as_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "a-very-long-secret-that-nobody-may-ever-see"
    monkeypatch.setenv("YINGDA_SECRET_KEY", secret)
    monkeypatch.setenv("YINGDA_DATABASE_URL", f"postgresql://app:{secret}@db/yingda")
    settings = read_settings()
    assert secret not in repr(settings)
    assert secret not in str(settings.model_dump())


def test_appointments_are_times_of_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_SERVICE__CASES__SLOTS", '["18:00-09:00"]')
    with pytest.raises(SettingsFault) as caught:
        read_settings()
    assert [line.split(":")[0] for line in caught.value.faults] == ["service.cases.slots"]


def test_what_customers_read_is_there_in_every_language(tmp_path: Path) -> None:
    (tmp_path / "yingda.toml").write_text(
        '[[service.cases.settlements]]\nname = "small"\nbelow = 10000\noffer = {en = "a refund"}\n'
    )
    with pytest.raises(SettingsFault) as caught:
        read_settings()
    assert caught.value.faults == ["service.cases.settlements.0.offer: is missing in zh-Hans, zh-Hant"]
