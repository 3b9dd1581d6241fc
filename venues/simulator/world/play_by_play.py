"""A basketball game, play by play, drawn from a seed before anything else happens.

`venues.simulator.world.world` walks through the moments; makers and sportsbooks only ever see those already
past. The margin is a sum of possessions with a slight pull back towards the expected path, fitted to what is
measured: spread of the final margin about 14 points around the line, of the points about 17 around the total,
leads revert.
"""

from random import Random
from typing import Final, NamedTuple

import attrs

from venues.simulator.world.league import PLAYED
from venues.simulator.world.settings import SECOND

QUARTER_SECONDS: Final = round(PLAYED.minutes_of_period * 60)
OVERTIME_SECONDS: Final = round(PLAYED.minutes_of_overtime * 60)
REGULATION_SECONDS: Final = PLAYED.periods * QUARTER_SECONDS
POSSESSIONS: Final = 220.0
"""Divides the points of a game over its possessions; above their mean number, for late fouls add points."""
# Measured over 12,843 games: after one quarter a third of the lead is given back on average. Gabel and
# Redner (2012) call NBA scoring an anti-persistent random walk.
REVERSION: Final = 0.25
"""Pull of the margin back to its expected path, per game length."""
BURST_POSSESSIONS: Final = 5
"""Length of a planted scoring run: one team always scores, the other never, the clock hardly stops."""
ANSWER_POSSESSIONS: Final = 30
ANSWER_POINTS: Final = 5.0
"""A run is partly answered: the other team wins back so many points within so many possessions."""
HALFTIME_PAUSE: Final = 900
QUARTER_PAUSE: Final = 150
STATUS: Final = ("1st Qtr", "2nd Qtr", "3rd Qtr", "4th Qtr", "OT", "2OT", "3OT", "4OT", "5OT", "6OT")


class Moment(NamedTuple):
    """The state of a game from `at` on."""

    at: int
    """UTC nanoseconds."""
    status: str
    """As balldontlie words it."""
    period: int
    clock: int
    """Seconds left of the period."""
    home: int
    away: int

    @property
    def minutes_left(self) -> float:
        """Minutes left of regulation, or of the overtime period."""
        if self.period == 0:
            return REGULATION_SECONDS / 60
        return (max(0, 4 - self.period) * QUARTER_SECONDS + self.clock) / 60

    @property
    def lead(self) -> int:
        """Points by which the home team leads."""
        return self.home - self.away


@attrs.frozen
class Lines:
    """What is true of a game before it begins."""

    spread: float
    """Points by which the home team is expected to win."""
    total: float
    """Points expected of both teams."""


def play(lines: Lines, tip_at: int, rng: Random) -> list[Moment]:
    """The whole game from the actual tip-off (UTC nanoseconds) to the final, in time order."""
    return _Game(lines, tip_at, rng).play()


@attrs.define
class _Game:
    lines: Lines
    at: int
    rng: Random
    period: int = 1
    clock: int = QUARTER_SECONDS
    score: list[int] = attrs.field(factory=lambda: [0, 0])
    ball: int = 0
    corrections: int = 0
    bursts: list[int] = attrs.field(factory=list)
    """Game seconds at which the planted runs begin, latest first."""
    burst_left: int = 0
    hot: int = 0
    answer_left: int = 0
    moments: list[Moment] = attrs.field(factory=list)

    def play(self) -> list[Moment]:
        self.ball = self.rng.randrange(2)
        first_ball = self.ball
        self.bursts = [self.rng.randint(1700, 2500), self.rng.randint(300, 1350)]
        while self.period <= 4 or (self.score[0] == self.score[1] and self.period <= len(STATUS)):
            self.clock = QUARTER_SECONDS if self.period <= 4 else OVERTIME_SECONDS
            self.mark(STATUS[self.period - 1])
            self.quarter()
            self.pause()
            self.period += 1
            # NBA rule 6: who loses the opening tip begins the second and third quarter.
            self.ball = first_ball ^ int(self.period in (2, 3))
        self.period -= 1
        if self.score[0] == self.score[1]:
            # Nobody ever played more than six overtimes; a seventh is decided by a free throw.
            self.score[self.rng.randrange(2)] += 1
        self.mark("Final")
        return self.moments

    def mark(self, status: str) -> None:
        home, away = self.score
        self.moments.append(Moment(self.at, status, self.period, self.clock, home, away))

    def pause(self) -> None:
        """What stands between this period and the next, or the final."""
        decided = self.period >= 4 and self.score[0] != self.score[1]
        if self.period == 2:
            self.at += 8 * SECOND
            self.mark("Halftime")
            self.at += HALFTIME_PAUSE * SECOND
        else:
            self.at += (20 if decided else QUARTER_PAUSE) * SECOND

    def quarter(self) -> None:
        status = STATUS[self.period - 1]
        while self.clock > 0:
            self.heat()
            seconds = min(self.clock, self.possession_seconds())
            self.clock -= seconds
            self.at += int((seconds + self.dead_seconds()) * SECOND)
            self.score[self.ball] += self.points()
            self.ball ^= 1
            self.mark(status)
            self.correct(status)

    def heat(self) -> None:
        """Begin or go on with a planted run."""
        self.answer_left = max(0, self.answer_left - 1)
        if self.burst_left == 1:
            self.answer_left = ANSWER_POSSESSIONS
        self.burst_left = max(0, self.burst_left - 1)
        elapsed = min(self.period, 4) * QUARTER_SECONDS - self.clock
        if self.bursts and elapsed >= self.bursts[-1]:
            self.bursts.pop()
            self.burst_left = BURST_POSSESSIONS
            self.hot = self.ball

    def possession_seconds(self) -> int:
        """Game time of one possession; short ones in a run and when the team behind has to foul."""
        if self.burst_left:
            return self.rng.randint(6, 13)
        lead = abs(self.score[0] - self.score[1])
        if self.period >= 4 and self.clock < 70 and 1 <= lead <= 9:
            return self.rng.randint(3, 9)
        return round(self.rng.triangular(5, 24, 13))

    def dead_seconds(self) -> float:
        """Real seconds with a standing clock: whistles, free throws, time-outs, reviews."""
        if self.burst_left:
            return self.rng.uniform(0, 4)
        seconds = min(60.0, self.rng.expovariate(1 / 7))
        if self.rng.random() < 0.11:
            seconds += self.rng.uniform(40, 150)
        return seconds

    def points(self) -> int:
        """Points of one possession, with the mean that the lines and the score so far ask for."""
        if self.burst_left:
            return self.rng.choice((2, 3, 3)) if self.ball == self.hot else 0
        played = self.played_share()
        drift = self.lines.spread - REVERSION * (self.score[0] - self.score[1] - self.lines.spread * played)
        mean = (self.lines.total + (drift if self.ball == 0 else -drift)) / POSSESSIONS
        if self.answer_left:
            mean += ANSWER_POINTS / ANSWER_POSSESSIONS * (-1 if self.ball == self.hot else 1)
        scale = max(0.2, (mean - 0.035) / 1.095)
        draw = self.rng.random()
        three, two = 0.125 * scale, 0.36 * scale
        if draw < three:
            return 3
        if draw < three + two:
            return 2
        return 1 if draw < three + two + 0.035 else 0

    def played_share(self) -> float:
        if self.period > 4:
            return 1.0
        return (self.period * QUARTER_SECONDS - self.clock) / REGULATION_SECONDS

    def correct(self, status: str) -> None:
        """Sometimes the officials take a point back: a three-pointer was a two."""
        if self.corrections or self.rng.random() > 0.002 or self.period > 3:
            return
        side = self.rng.randrange(2)
        if self.score[side] > 10:
            self.corrections += 1
            self.score[side] -= 1
            self.at += 30 * SECOND
            self.mark(status)
