"""Asking the daemon: only questions, one connection, and a loss that is said and gets over."""

import threading
from collections.abc import Callable

from tipoff.control.registry import METHODS
from tipoff.output import Failure
from tipoff.top.poller import AGAIN_SECONDS_MAX, Asking, round_of
from tipoff.top.snapshot import Seen

from .conftest import GAMES, LOOKS, MadeUp, game


def asking(daemon: MadeUp, hand_on: Callable[[Seen], None] = lambda _: None, every: float = 0.01) -> Asking:
    return Asking(daemon.connect, hand_on, every)


def test_a_round_asks_only_what_looks_and_each_question_once(daemon: MadeUp) -> None:
    asking(daemon).once()
    assert sorted(method for method, _ in daemon.asked) == sorted(LOOKS)
    assert not any(METHODS[method].mutates for method, _ in daemon.asked)


def test_the_markets_are_those_of_the_first_game_or_of_the_wanted_one(daemon: MadeUp) -> None:
    client = daemon.connect()
    assert round_of(client, None).game == GAMES[0]
    assert round_of(client, GAMES[1]).game == GAMES[1]
    assert round_of(client, "26NOV20NOBODY").game == GAMES[0]
    games = [dict(params)["game"] for method, params in daemon.asked if method == "markets"]
    assert games == [GAMES[0], GAMES[1], GAMES[0]]


def test_without_games_no_markets_are_asked_for(daemon: MadeUp) -> None:
    daemon.answers["games"] = []
    assert asking(daemon).once().answers.markets == ()
    assert "markets" not in [method for method, _ in daemon.asked]


def test_one_connection_serves_all_rounds(daemon: MadeUp) -> None:
    asked = asking(daemon)
    for _ in range(3):
        asked.once()
    assert (daemon.connections, daemon.closed) == (1, 0)


def test_a_daemon_that_goes_away_is_said_so_and_what_was_known_stays(daemon: MadeUp) -> None:
    asked = asking(daemon)
    before = asked.once()
    daemon.gone = True
    lost = asked.once()
    assert lost.link.lost == "the daemon closed the connection"
    assert lost.answers == before.answers
    again = asked.once()
    assert again.link.lost is not None
    assert "no daemon is running" in again.link.lost
    assert again.link.since == lost.link.since
    daemon.gone = False
    assert asked.once().link.lost is None
    assert (daemon.connections, daemon.closed) == (2, 1)


def test_after_a_timeout_the_connection_is_a_new_one(daemon: MadeUp) -> None:
    asked = asking(daemon)
    asked.once()
    daemon.troubles["risk"] = Failure("timeout", "risk: no answer within 5 s")
    assert asked.once().link.lost == "risk: no answer within 5 s"
    daemon.troubles.clear()
    assert asked.once().link.lost is None
    assert daemon.connections == 2


def test_a_question_that_is_refused_keeps_its_old_answer_and_the_others_are_new(daemon: MadeUp) -> None:
    asked = asking(daemon)
    before = asked.once().answers
    daemon.troubles["status"] = Failure("not_ready", "the daemon is stopping")
    daemon.answers["games"] = [game(GAMES[0], score="60-60")]
    after = asked.once()
    assert after.link.lost is None
    assert after.answers.status == before.status
    assert after.answers.games[0]["score"] == "60-60"
    assert after.answers.troubles == {"status": "the daemon is stopping"}


def test_the_markets_of_another_game_are_not_kept_for_this_one(daemon: MadeUp) -> None:
    asked = asking(daemon)
    assert asked.once().answers.markets
    daemon.troubles["markets"] = Failure("unavailable", "the game is restarting")
    asked.ask_now(GAMES[1])
    assert asked.once().answers.markets == ()


def test_pauses_between_attempts_grow_up_to_their_bound(daemon: MadeUp) -> None:
    asked = asking(daemon, every=0.5)
    asked.once()
    assert asked._pause() == 0.5
    daemon.gone = True
    pauses = []
    for _ in range(40):
        asked.once()
        pauses.append(asked._pause())
    assert pauses[:3] == [1.0, 2.0, AGAIN_SECONDS_MAX]
    assert max(pauses) == AGAIN_SECONDS_MAX


def test_the_thread_hands_on_rounds_until_it_is_stopped_and_hangs_up(daemon: MadeUp) -> None:
    heard: list[Seen] = []
    enough = threading.Event()

    def hand_on(seen: Seen) -> None:
        heard.append(seen)
        if len(heard) == 3:
            enough.set()

    asked = asking(daemon, hand_on)
    asked.start()
    assert enough.wait(30)
    asked.stop()
    assert not asked._thread.is_alive()
    assert daemon.closed == 1


def test_a_key_does_not_wait_for_the_next_round(daemon: MadeUp) -> None:
    heard = threading.Semaphore(0)
    asked = asking(daemon, lambda _: heard.release(), every=3_600)
    asked.start()
    assert heard.acquire(timeout=30)
    asked.ask_now(GAMES[1])
    assert heard.acquire(timeout=30)
    asked.stop()
    assert asked.once().answers.game == GAMES[1]
