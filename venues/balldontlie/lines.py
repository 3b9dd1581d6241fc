"""The lines that balldontlie leaves in a recording: bodies of its REST interface."""

from typing import Final

from venues.balldontlie.parse import parse_body
from venues.recordings.line_kinds import BALLDONTLIE
from venues.recordings.readers import LineReaders, bodies

READERS: Final[LineReaders] = {BALLDONTLIE: bodies(parse_body)}
