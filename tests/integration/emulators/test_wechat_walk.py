"""Random days of a user beside a model of a few lines: every send is allowed or refused as the model says."""

import random

import pytest

from tests.integration.emulators.wechat_lab import lab

RULES = {"text": (5, 48 * 3600), "tap": (3, 60), "scan": (3, 60), "follow": (3, 60), "pay": (10**9, 48 * 3600)}


class Model:
    """What may be sent, told from the vendor's table alone."""

    def __init__(self) -> None:
        self.now = 0.0
        self.following = True
        self.open: dict[str, list[float]] = {}

    def interact(self, act: str) -> None:
        number, seconds = RULES[act]
        self.open[act] = [number, self.now + seconds]

    def send(self) -> int:
        if not self.following:
            return 43004
        live = [allowance for allowance in self.open.values() if allowance[1] > self.now]
        if not live:
            return 45015
        usable = [allowance for allowance in live if allowance[0] > 0]
        if not usable:
            return 45047
        # A payment first, then what ends first.
        min(usable, key=lambda allowance: (allowance[0] < 1000, allowance[1]))[0] -= 1
        return 0


@pytest.mark.parametrize("seed", range(8))
async def test_the_windows_are_those_of_the_model(seed: int) -> None:
    chance = random.Random(seed)
    async with lab() as wechat:
        openid = await wechat.user()
        scene = {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 1}}}
        ticket = (await wechat.call("/cgi-bin/qrcode/create", scene))["ticket"]
        await wechat.call("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "a", "key": "A"}]})
        model = Model()
        bodies = {"text": {"content": "hi"}, "tap": {"path": [0]}, "scan": {"ticket": ticket}}
        for step in range(120):
            act = chance.choice(["text", "tap", "scan", "pay", "unfollow", "wait", *["send"] * 8])
            if act == "send":
                assert await wechat.send(openid) == model.send(), f"step {step}"
            elif act == "wait":
                # Never so near to an end that the time the test itself takes decides.
                seconds = chance.choice([20, 35, 3600, 90_000])
                model.now += seconds
                await wechat.control("POST", "/clock/advance", {"seconds": seconds})
            elif act == "unfollow" and model.following:
                await wechat.act("li", "unfollow")
                model.following = False
                model.open.clear()
            elif act == "scan" and not model.following:
                await wechat.act("li", "scan", ticket=ticket)
                model.following = True
                model.interact("follow")
            elif act == "pay" or (model.following and act != "unfollow"):
                await wechat.act("li", act, **bodies.get(act, {}))
                model.interact(act)
