"""How long a voice is to be heard, by the file itself: AMR by its frames of 20 ms, MP3 by the heads of its frames."""

MOST_SECONDS = 60.0
"""WeChat's phones record no longer voice, and its API takes none."""

_AMR, _AMR_WB = b"#!AMR\n", b"#!AMR-WB\n"
_AMR_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
_AMR_WB_BYTES = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)
_AMR_FRAME_S = 0.02
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def seconds_of(data: bytes) -> float:
    """The length in seconds; 0 for what is neither AMR nor MP3."""
    if data.startswith(_AMR):
        return _amr(data, len(_AMR), _AMR_BYTES)
    if data.startswith(_AMR_WB):
        return _amr(data, len(_AMR_WB), _AMR_WB_BYTES)
    return _mp3(data)


def _amr(data: bytes, at: int, sizes: tuple[int, ...]) -> float:
    frames = 0
    while at < len(data):
        at += sizes[data[at] >> 3 & 0x0F]
        frames += 1
    return frames * _AMR_FRAME_S


def _mp3(data: bytes) -> float:
    at, seconds = _after_tag(data), 0.0
    while at + 4 <= len(data):
        frame = _frame(data[at : at + 4])
        if frame is None:
            at += 1
            continue
        size, length = frame
        at += size
        seconds += length
    return seconds


def _after_tag(data: bytes) -> int:
    """Where the sound begins behind an ID3 tag, whose size has seven bits in each of four bytes."""
    if not data.startswith(b"ID3") or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10


def _frame(head: bytes) -> tuple[int, float] | None:
    """Bytes and seconds of the frame of layer III that begins so; ``None`` where none does."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return None
    kbits = _KBITS_1[bitrate] if version == 3 else _KBITS_2[bitrate]
    samples = 1152 if version == 3 else 576
    hertz = _RATES[version][rate]
    return samples // 8 * kbits * 1000 // hertz + padding, samples / hertz
