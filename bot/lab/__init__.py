"""``yingda lab``: our server and an emulated WeChat beside it, apart from everything that is real."""
