"""``yingda wechat`` as whoever sits at the machine types it, against an emulated WeChat."""

MENU = """button:
- name: 客服
  type: click
  key: person
- name: 商城
  type: view
  url: https://shop.example/
"""


async def test_check_says_whether_wechat_takes_the_account(wechat, run):
    code, out, err = await run("check")
    assert (code, out) == (0, "✓ care  app id and secret are right, the token is taken\n")
    code, out, _ = await run("--locale", "zh-Hans", "check", "--account", "care")
    assert (code, out) == (0, "✓ care  AppID 和 AppSecret 正确，访问令牌可用\n")
    code, out, err = await run("check", YINGDA_WECHAT_SECRETS__CARE__SECRET="not-the-secret")
    assert (code, out) == (1, "")
    assert err.startswith("✗ care  The app secret is wrong; check the account's settings. (errcode 40125, ")
    assert "rid " in err
    await wechat.control("PATCH", "/accounts/care", {"allowed_addresses": ["10.0.0.1"]})
    code, _, err = await run("check", LC_ALL="zh_TW.UTF-8")
    assert code == 1
    assert "白名單" in err


async def test_check_names_what_is_not_there(wechat, run, tmp_path):
    code, _, err = await run("check", "--account", "nobody")
    assert (code, err) == (2, "The settings are wrong:\n  there is no account nobody: care\n")
    (tmp_path / "yingda.toml").write_text("")
    assert (await run("check"))[0] == 2


async def test_a_menu_is_pushed_pulled_and_compared(wechat, run, tmp_path):
    (tmp_path / "menu.yml").write_text(MENU, encoding="utf-8")
    code, _, err = await run("menu", "pull")
    assert (code, err) == (1, "care has no menu\n")
    code, out, _ = await run("menu", "diff", "--file", "menu.yml")
    assert (code, "+- name: 客服" in out) == (1, True)
    code, out, _ = await run("menu", "push", "--file", "menu.yml")
    assert (code, out) == (0, "the menu of care was replaced (2 buttons); followers see it within minutes\n")
    menu = (await wechat.control("GET", "/accounts/care"))["menu"]
    assert [(one["name"], one.get("key"), one.get("url")) for one in menu] == [
        ("客服", "person", None),
        ("商城", None, "https://shop.example/"),
    ]
    assert (await run("menu", "pull"))[:2] == (0, MENU)
    assert (await run("menu", "diff", "--file", "menu.yml"))[:2] == (0, "there is no difference\n")
    (tmp_path / "menu.yml").write_text(MENU.replace("商城", "网上商城"), encoding="utf-8")
    code, out, _ = await run("menu", "diff", "--file", "menu.yml")
    assert (code, out.splitlines()[:2]) == (1, ["--- care", "+++ menu.yml"])
    assert [line for line in out.splitlines()[2:] if line[0] in "+-"] == ["-- name: 商城", "+- name: 网上商城"]


async def test_the_demo_menu_is_pushed_where_there_is_no_other(wechat, run):
    code, _, err = await run("menu", "push")
    assert (code, err) == (0, "care has no menu_file: this is the demo company's menu\n")
    assert len((await wechat.control("GET", "/accounts/care"))["menu"]) == 3
    code, out, _ = await run("--locale", "zh-Hant", "menu", "diff")
    assert (code, out) == (0, "沒有差別\n")


async def test_what_wechat_would_refuse_is_told_by_line_and_not_sent(wechat, run, tmp_path):
    (tmp_path / "menu.yml").write_text(MENU.replace("客服", "人工客服与服务菜单"), encoding="utf-8")
    code, out, err = await run("--locale", "zh-Hans", "menu", "push", "--file", "menu.yml")
    assert (code, out) == (1, "")
    assert err == "menu.yml:2: “name”有 27 字节，最多 16 字节（一个汉字 3 字节）\n1 处错误，什么也没有发送\n"
    assert await wechat.calls("/cgi-bin/menu/create") == []


async def test_a_key_that_means_nothing_to_the_bot_is_warned_of(wechat, run, tmp_path):
    (tmp_path / "menu.yml").write_text(MENU.replace("key: person", "key: start(no_such_flow)"), encoding="utf-8")
    code, _, err = await run("menu", "push", "--file", "menu.yml")
    assert code == 0
    assert err == (
        "warning  menu.yml:2: the bot knows no choice start(no_such_flow): a tap says no more than the button's name\n"
    )


async def test_what_the_account_may_not_do_is_explained(wechat, run):
    await wechat.control("PATCH", "/accounts/care", {"deny": ["menu"]})
    for step in ("push", "pull", "diff"):
        code, out, err = await run("menu", step)
        assert (code, out) == (1, "")
        assert "errcode 48001" in err


async def test_of_several_accounts_one_has_to_be_named(wechat, run, tmp_path):
    with (tmp_path / "yingda.toml").open("a") as file:
        file.write(
            '\n[[wechat]]\nname = "news"\nappid = "wx00000000000000b2"\nmode = "plain"\n'
            f'secret = "another-secret"\ntoken = "abc"\napi_url = "{wechat.url}"\n'
        )
    code, _, err = await run("menu", "pull")
    assert (code, err.splitlines()[1]) == (2, "  there are several accounts, name one with --account: care, news")
    code, out, err = await run("check")
    assert (code, out) == (1, "✓ care  app id and secret are right, the token is taken\n")
    assert err.startswith("✗ news  The app id is wrong")
