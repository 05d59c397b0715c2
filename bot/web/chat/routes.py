"""The web channel's routes. All are public: a visitor's own session token guards what is theirs."""

from bot.web.chat.files import get_blob, post_blob
from bot.web.chat.plain import get_messages, post_message, post_receipts, post_typing
from bot.web.chat.sessions import open_session
from bot.web.chat.socket import open_socket
from bot.web.routes import PUBLIC, Route

ROUTES = (
    Route("POST", "/channels/{account}/session", open_session, PUBLIC),
    Route("GET", "/channels/{account}/socket", open_socket, PUBLIC),
    Route("POST", "/channels/{account}/messages", post_message, PUBLIC),
    Route("GET", "/channels/{account}/messages", get_messages, PUBLIC),
    Route("POST", "/channels/{account}/receipts", post_receipts, PUBLIC),
    Route("POST", "/channels/{account}/typing", post_typing, PUBLIC),
    Route("POST", "/channels/{account}/blobs", post_blob, PUBLIC),
    Route("GET", "/channels/{account}/blobs/{blob}", get_blob, PUBLIC),
)
