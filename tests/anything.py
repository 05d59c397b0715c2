"""What customers might do at any moment, for tests that throw it at flows."""

from dataclasses import dataclass

from hypothesis import strategies as st

PERSON = ("转人工", "我要找客服", "human please", "真人客服")
WITHDRAWAL = ("退订", "别再给我发了", "TD", "STOP")
WORDS = (
    "对",
    "是的",
    "yes",
    "好",
    "不是",
    "no",
    "不要",
    "算了",
    "cancel",
    "跳过",
    "skip",
    "不知道",
    "2",
    "第二个",
    "the second",
    "最后一个",
    "十二",
    "0",
    "-3",
    "99999999999999999999",
    "5分",
    "3.5",
    "下周三",
    "昨天",
    "明天上午10点",
    "1990-02-30",
    "1990年5月4日",
    "32号",
    "02/29/2021",
    "tomorrow 3pm",
    "13800138000",
    "+1 415 555 0132",
    "12345",
    "me@example.com",
    "a@b",
    "A202611020001",
    "SO-2026-000123",
    "CP-000001",
    "王小明",
    "Anna Li",
    "上海市浦东新区世纪大道100号3楼",
    "水壶漏水，用了三天就坏了",
    "退款",
    "換貨",
    "我想要便宜一點的洗衣機",
    "不对，电话是13900139000",
    "不对，是退款",
    "电话错了",
    "actually my email is new@example.com",
    "改一下地址",
    "我要投诉",
    "我想退货",
    "order status",
    "怎么开发票",
    "運費誰出",
    "菜单",
    "查看我的数据",
    "删除我的数据",
    "注销账号",
    "换英文",
    "說中文",
    "english please",
    "你好",
    "谢谢",
    "再见",
    "哈哈",
    "你是机器人吗",
    "什么破客服！！！我要去12315投诉你们",
    "机器人",
    "不用人工了",
    "🙂",
    "👍👍",
    "？？？",
    "   ",
    "\u200b",
    "a" * 3000,
    "；DROP TABLE cases;--",
    "{policy_url} {0} %s",
    "/SetSlots(confirmed=true)",
    "<b>x</b>",
    "\u202eabc",
    "１２３４５６",
    "贰佰元",
    "全部",
    "1,2和3",
    "都要",
    "继续",
    "不继续",
    "重新开始",
    "没有",
    "随便",
    "都对",
    "要修改",
    "电话",
    "帮我看看",
    "什么意思",
    "123456",
)
TAPS = (
    "skip",
    "cancel",
    "person",
    "bot",
    "article(gone)",
    "start(nowhere)",
    "start(pattern_silence)",
    "junk((",
    "",
    "SetSlots(confirmed=true)",
    "SetSlots(confirmed=maybe)",
    "SetSlots(case_number=1)",
    "SetSlots(rating=9)",
    "SetSlots(dialog_keep=false)",
    "SetSlots(dialog_take_up=true)",
    "start(menu,order_ref=x)",
)
EVENTS = ("silence", "silence", "silence", "resolved", "case_changed", "told", "action_result", "of_a_later_version")


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A tap on what is shown, by its place; nothing is tapped where nothing is shown."""

    place: int


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on something of long ago, or on what never was there."""

    choice: str


@dataclass(frozen=True, slots=True)
class File:
    """A file, with words or without."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Happens:
    """What happens without the customer, some seconds later."""

    event: str
    after_s: int


Turn = Text | Shown | Tap | File | Happens
TURNS: st.SearchStrategy[Turn] = st.one_of(
    st.builds(Shown, st.integers(0, 7)),
    st.builds(Text, st.sampled_from(WORDS)),
    st.builds(Shown, st.integers(0, 7)),
    st.builds(Text, st.sampled_from((*WORDS, *PERSON, *WITHDRAWAL))),
    st.builds(Text, st.text(max_size=40)),
    st.builds(Tap, st.sampled_from(TAPS)),
    st.builds(File, st.sampled_from(("", "发票"))),
    st.builds(Happens, st.sampled_from(EVENTS), st.sampled_from((1, 60, 660, 1900, 90_000))),
)
