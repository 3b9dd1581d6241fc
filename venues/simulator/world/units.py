"""Cents and sides as the texts that the venue writes for them."""

from typing import Final

CENTS_TEXT: Final = tuple(f"{cents // 100}.{cents % 100:02d}00" for cents in range(101))
"""Prices in whole cents as the venue writes them."""


BOOK_SIDE_TEXT: Final = ("bid", "ask")
