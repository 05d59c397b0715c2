"""What the lab says, in the languages of those who start it."""

from collections.abc import Mapping
from typing import Literal

from bot.settings import Locale

Saying = Literal[
    "runs",
    "replaced",
    "starting",
    "menu",
    "no_menu",
    "unverified",
    "ready",
    "phone",
    "console",
    "agent",
    "shop",
    "second",
    "sign_in",
    "data",
    "stop",
    "stopping",
    "ended",
    "goes_on",
    "too_slow",
]
WORDS: Mapping[Saying, Mapping[Locale, str]] = {
    "runs": {
        "zh-Hans": "已有一个实验室在使用 {folder}；要再开一个，请给它另外的 YINGDA_VAR_DIR",
        "zh-Hant": "已有一個實驗室在使用 {folder}；要再開一個，請給它另外的 YINGDA_VAR_DIR",
        "en": "another lab uses {folder}; for one more, set another YINGDA_VAR_DIR",
    },
    "replaced": {
        "zh-Hans": "!! 公众号 {name} 的设置指向真实的微信。实验室不连接它，只用模拟的微信，它的密钥一个也不会用到",
        "zh-Hant": "!! 公眾號 {name} 的設定指向真實的微信。實驗室不連接它，只用模擬的微信，它的密鑰一個也不會用到",
        "en": "!! {name} talks to the real WeChat in your settings. The lab does not: it is emulated here, and none "
        "of its secrets is used",
    },
    "starting": {
        "zh-Hans": "正在启动服务与模拟的微信；数据存放在 {folder}，与真实数据分开 …",
        "zh-Hant": "正在啟動服務與模擬的微信；資料存放在 {folder}，與真實資料分開 …",
        "en": "Starting the server and an emulated WeChat; what they keep lies in {folder}, apart from all real data …",
    },
    "menu": {
        "zh-Hans": "  公众号菜单                {name}：已发布",
        "zh-Hant": "  公眾號選單                {name}：已發布",
        "en": "  The account's menu        {name}: pushed",
    },
    "no_menu": {
        "zh-Hans": "  公众号菜单                {name}：没有发布：{why}",
        "zh-Hant": "  公眾號選單                {name}：沒有發布：{why}",
        "en": "  The account's menu        {name}: not pushed: {why}",
    },
    "unverified": {
        "zh-Hans": "服务没有通过公众号 {name} 的服务器验证",
        "zh-Hant": "服務沒有通過公眾號 {name} 的伺服器驗證",
        "en": "the server does not pass the verification of {name}",
    },
    "ready": {
        "zh-Hans": "实验室已就绪：",
        "zh-Hant": "實驗室已就緒：",
        "en": "The lab is ready.",
    },
    "phone": {
        "zh-Hans": "  手机（模拟的微信）        {url}",
        "zh-Hant": "  手機（模擬的微信）        {url}",
        "en": "  A phone to try it with    {url}",
    },
    "console": {
        "zh-Hans": "  员工控制台                {url}",
        "zh-Hant": "  員工控制台                {url}",
        "en": "  Console for staff         {url}",
    },
    "agent": {
        "zh-Hans": "  客服首次登录，仅一次      {url}（账号 {name}：可接待等待人工的客户）",
        "zh-Hant": "  客服首次登入，僅一次      {url}（帳號 {name}：可接待等待人工的客戶）",
        "en": "  An agent, once only       {url} (as {name}, who answers those who wait)",
    },
    "shop": {
        "zh-Hans": "  带聊天的演示商店          {url}",
        "zh-Hant": "  帶聊天的示範商店          {url}",
        "en": "  Demo shop with the chat   {url}",
    },
    "second": {
        "zh-Hans": "  第二个服务                {url}（没有 Redis：它上面的变化几秒后才看得到；日志 {log}）",
        "zh-Hant": "  第二個服務                {url}（沒有 Redis：它上面的變化幾秒後才看得到；日誌 {log}）",
        "en": "  The second server         {url} (without Redis: its news take some seconds; its log: {log})",
    },
    "sign_in": {
        "zh-Hans": "  首次登录，仅一次          {url}（上面的那个已失效）",
        "zh-Hant": "  首次登入，僅一次          {url}（上面的那個已失效）",
        "en": "  First sign-in, once only  {url} (the one above is void)",
    },
    "data": {
        "zh-Hans": "其他命令在前面加上 YINGDA_VAR_DIR={folder} 即可查看实验室的数据，例如 yingda contact show last",
        "zh-Hant": "其他命令在前面加上 YINGDA_VAR_DIR={folder} 即可查看實驗室的資料，例如 yingda contact show last",
        "en": "Other commands see its data with YINGDA_VAR_DIR={folder} before them: yingda contact show last",
    },
    "stop": {
        "zh-Hans": "按 Ctrl-C 停止全部。",
        "zh-Hant": "按 Ctrl-C 停止全部。",
        "en": "Press Ctrl-C to stop everything.",
    },
    "stopping": {
        "zh-Hans": "正在停止 …",
        "zh-Hant": "正在停止 …",
        "en": "Stopping …",
    },
    "ended": {
        "zh-Hans": "{name} 自己结束了（退出码 {code}），实验室随之结束。",
        "zh-Hant": "{name} 自己結束了（結束碼 {code}），實驗室隨之結束。",
        "en": "{name} has ended by itself (exit code {code}), and with it the lab.",
    },
    "goes_on": {
        "zh-Hans": "{name} 结束了（退出码 {code}）；另一个服务继续接待。",
        "zh-Hant": "{name} 結束了（結束碼 {code}）；另一個服務繼續接待。",
        "en": "{name} has ended (exit code {code}); the other server goes on alone.",
    },
    "too_slow": {
        "zh-Hans": "{name} 在 {seconds} 秒内没有就绪",
        "zh-Hant": "{name} 在 {seconds} 秒內沒有就緒",
        "en": "{name} was not ready within {seconds} s",
    },
}
"""``{…}`` is filled in; every saying has every language."""


def words(saying: Saying, locale: Locale, **values: object) -> str:
    """The saying in that language."""
    return WORDS[saying][locale].format(**values)
