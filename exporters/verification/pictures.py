"""The size that a picture file announces, and whether the file is whole, without decoding it."""

from __future__ import annotations


def picture_size(data: bytes) -> tuple[int, int]:
    """(height, width) of a JPEG or PNG file. ValueError if it is neither, or ends early."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        if data[-8:-4] != b"IEND":
            raise ValueError("the PNG ends early")
        return int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big")
    if data[:2] != b"\xff\xd8":
        raise ValueError("it is neither JPEG nor PNG")
    if data[-2:] != b"\xff\xd9":
        raise ValueError("the JPEG ends early")
    place = 2
    while place + 9 < len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[place + 5 : place + 7], "big"), int.from_bytes(
                data[place + 7 : place + 9], "big"
            )
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    raise ValueError("the JPEG tells no size")
