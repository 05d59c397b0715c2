"""What a seed fixes: the same one gives the same identifiers, another one none of them."""

from emulators.wechat.settings import DEMO, Settings
from emulators.wechat.world import World


def numbers(seed: int) -> list[int]:
    world = World(Settings(accounts=(DEMO,), seed=seed))
    return [world.number() for _ in range(1000)]


def test_message_ids_of_two_seeds_have_nothing_in_common() -> None:
    assert numbers(7) == numbers(7)
    assert not set(numbers(7)) & set(numbers(8))
    assert 0 < min(numbers(2**31)) < max(numbers(2**31)) < 2**63
