"""The league whose evening is played."""

from typing import Final

from engine.leagues import NBA, League

PLAYED: Final[League] = NBA
