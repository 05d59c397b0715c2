"""The web channel's edge: sessions, the socket, the plain HTTP fall-back and files."""
