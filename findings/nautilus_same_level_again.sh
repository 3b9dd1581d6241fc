#!/usr/bin/env bash
# nautilus_trader 1.221.0: in a backtest three orders in a row are each given the same ten contracts.
#
# The guess was that what an order takes of a displayed level is gone until the data show it again. The matching engine
# fills from a book that only the data change: ten contracts are offered at 0.60, three orders for ten each arrive at the
# same moment, and all three are filled whole at 0.60, thirty contracts of ten. A backtest of a strategy that orders more than
# once between two changes of a level, or of several strategies on one market, is kinder than any venue. Our own paper
# exchange remembers what it has taken.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check --quiet install 'nautilus_trader==1.221.0'
cat >"$folder/look.py" <<'PYTHON'
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USDC
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas
from nautilus_trader.model.enums import (
    AccountType, AssetClass, BookAction, BookType, OmsType, OrderSide, RecordFlag, TimeInForce,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import BinaryOption
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("V")
MARKET = InstrumentId(Symbol("M"), VENUE)
LAST = RecordFlag.F_LAST.value


class Takes(Strategy):
    """Sends three orders for everything that is offered, at the first sight of it."""

    def on_start(self):
        self.subscribe_order_book_deltas(MARKET, book_type=BookType.L2_MBP)
        self.waiting = 3

    def on_order_book_deltas(self, _deltas):
        for _ in range(self.waiting):
            self.submit_order(
                self.order_factory.limit(
                    MARKET, OrderSide.BUY, Quantity.from_str("10"), Price.from_str("0.60"),
                    time_in_force=TimeInForce.IOC,
                )
            )
        self.waiting = 0


def level(side, price, size, at, flags=0):
    order = BookOrder(side, Price.from_str(price), Quantity.from_str(size), 0)
    return OrderBookDelta(MARKET, BookAction.ADD, order, flags, 0, at, at)


engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False))
engine.add_venue(
    venue=VENUE, oms_type=OmsType.NETTING, account_type=AccountType.MARGIN, base_currency=USDC,
    starting_balances=[Money(1_000, USDC)], book_type=BookType.L2_MBP,
)
engine.add_instrument(
    BinaryOption(
        instrument_id=MARKET, raw_symbol=MARKET.symbol, outcome="Yes", description="pays a dollar if so",
        asset_class=AssetClass.ALTERNATIVE, currency=USDC, price_precision=2, size_precision=0,
        price_increment=Price.from_str("0.01"), size_increment=Quantity.from_str("1"), activation_ns=0,
        expiration_ns=4 * 10**18, max_quantity=None, min_quantity=Quantity.from_str("1"), ts_event=0, ts_init=0,
    )
)
engine.add_strategy(Takes())
engine.add_data(
    [
        OrderBookDeltas(MARKET, [level(OrderSide.BUY, "0.50", "10", 1), level(OrderSide.SELL, "0.60", "10", 1, LAST)]),
        OrderBookDeltas(MARKET, [level(OrderSide.BUY, "0.49", "1", 10**9, LAST)]),
    ]
)
engine.run()
for order in engine.cache.orders():
    print(order.status_string(), order.filled_qty, order.avg_px)
PYTHON
found=$("$folder/venv/bin/python" "$folder/look.py" 2>/dev/null)
echo "nautilus_trader 1.221.0, ten contracts offered at 0.60, three orders for ten each:"
echo "$found"
expected='FILLED 10 0.6
FILLED 10 0.6
FILLED 10 0.6'
[ "$found" = "$expected" ] || { echo "the behaviour has changed"; exit 1; }
