"""A variant has a name of its own, and what is drawn for it is drawn for the plain name."""

from engine.latency import Delay
from engine.units import Nanos
from engine.variants import plain, variant

SPREAD = Delay(((0, Nanos(0)), (1000, Nanos(1_000_000))))


def test_the_plain_name_comes_back_out_of_names_and_ids() -> None:
    name = variant("momentum", 17)
    assert name != "momentum"
    assert plain(name) == "momentum"
    assert plain(f"{name}-12") == "momentum-12"
    assert plain(f"{name}/s3") == "momentum/s3"
    assert plain("mean_reversion-4") == "mean_reversion-4"


def test_an_order_of_a_variant_meets_the_delays_of_the_strategys_own() -> None:
    ids = [(f"momentum-{n}", f"{variant('momentum', 9)}-{n}") for n in range(50)]
    drawn = [(SPREAD.draw(1, "entry", alone), SPREAD.draw(1, "entry", beside)) for alone, beside in ids]
    assert all(alone == beside for alone, beside in drawn)
    assert len({alone for alone, _ in drawn}) > 40, "orders still differ"
