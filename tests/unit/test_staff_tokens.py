"""Session tokens, one-time tokens and the CSRF token made from them."""

from hypothesis import given
from hypothesis import strategies as st

from bot.staff.tokens import csrf_matches, csrf_token, digest, new_token


def test_tokens_are_long_and_never_the_same():
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) == 43 and token.replace("-", "").replace("_", "").isalnum() for token in tokens)


@given(st.text())
def test_any_text_can_be_looked_up(text):
    assert len(digest(text)) == 32
    assert not csrf_matches(new_token(), text)


def test_a_csrf_token_fits_its_session_only():
    mine, other = new_token(), new_token()
    assert csrf_matches(mine, csrf_token(mine))
    assert not csrf_matches(mine, csrf_token(other))
    assert mine not in csrf_token(mine)
