// Positions and orders: what is held, what rests, and taking either back.
import { command, why } from "../dialogs";
import { h, panel, Table } from "../dom";
import { cents, clock, count, gain, marketName, money, words } from "../format";
import type { Order, Position } from "../rows";
import { rows } from "../store";
import { placeOrder } from "./game";
import type { Page } from "./page";

export function orders(): Page {
  const positions = new Table<Position>(
    "Open positions",
    [
      { title: "market", head: true, cell: (row) => ({ text: marketName(row.ticker), title: row.ticker, href: `#/game/${encodeURIComponent(row.game)}` }) },
      { title: "strategy", cell: (row) => row.strategy },
      { title: "contracts", num: true, cell: (row) => count(row.position) },
      { title: "cost", num: true, cell: (row) => money(row.cost) },
      { title: "worth now", num: true, hide: "n", cell: (row) => ({ text: money(row.worth), title: "What it would fetch at once, at the bid" }) },
      { title: "P&L now", num: true, cell: (row) => ({ text: money(row.unrealized, true), kind: gain(row.unrealized) }) },
      { title: "bid", num: true, hide: "m", cell: (row) => cents(row.yes_bid) },
      { title: "ask", num: true, hide: "m", cell: (row) => cents(row.yes_ask) },
      { title: "", cell: (row) => ({ text: "", press: [{ label: "Close …", run: () => closePosition(row), danger: true }] }) },
    ],
    (row) => `${row.strategy}/${row.ticker}`,
    "No position is open.",
  );
  const worst = new Table<{ game: string; cost: number; count: number }>(
    "Worst case by game",
    [
      { title: "game", head: true, cell: (row) => ({ text: row.game, href: `#/game/${encodeURIComponent(row.game)}` }) },
      { title: "positions", num: true, cell: (row) => String(row.count) },
      { title: "can be lost", num: true, cell: (row) => ({ text: money(String(row.cost)), title: "All that was paid for what is held" }) },
    ],
    (row) => row.game,
    "Nothing is at risk.",
  );
  const table = (title: string, nothing: string, cancel: boolean): Table<Order> =>
    new Table<Order>(
      title,
      [
        { title: "New York", head: true, cell: (row) => clock(row.at) },
        { title: "strategy", cell: (row) => row.strategy },
        { title: "market", cell: (row) => ({ text: marketName(row.ticker), title: row.ticker }) },
        { title: "side", cell: (row) => row.side },
        { title: "price", num: true, cell: (row) => cents(row.price) },
        { title: "filled", num: true, cell: (row) => `${count(row.filled)} of ${count(row.count)}` },
        { title: "ahead", num: true, hide: "m", cell: (row) => count(row.ahead) },
        { title: "stage", hide: "n", cell: (row) => words(row.end ?? row.stage) },
        { title: "", cell: (row) => ({ text: "why", why: row.order_id }) },
        ...(cancel ? [{ title: "", cell: (row: Order) => ({ text: "", press: [{ label: "Cancel …", run: () => cancelOrder(row), danger: true }] }) }] : []),
      ],
      (row) => row.order_id,
      nothing,
      why,
    );
  const open = table("Open orders", "No order rests.", true);
  const past = table("Orders that are over, the newest first", "No order is over yet.", false);
  const all = h("button", { type: "button", class: "danger", click: () => command({ title: "Cancel every order", does: "Every order that rests is taken back, of all strategies.", method: "orders.cancel", params: { all: true }, button: "Cancel all", danger: true }) }, "Cancel all …");
  const place = h("button", { type: "button", click: () => placeOrder("") }, "Place an order …");
  const element = h("div", { class: "grid orders" }, panel("Positions", "main", positions.element), panel("Worst case", "side", worst.element), panel("Open orders", "full", h("div", { class: "buttons" }, place, all), open.element), panel("Past orders", "full", past.element));
  const update = (changed: Set<string>): void => {
    if (changed.has("positions") || changed.has("all")) {
      const held = rows("positions").filter((row) => Number(row.position) !== 0);
      positions.update(held);
      const byGame = new Map<string, { game: string; cost: number; count: number }>();
      for (const row of held) {
        const line = byGame.get(row.game) ?? { game: row.game, cost: 0, count: 0 };
        byGame.set(row.game, { ...line, cost: line.cost + Math.abs(Number(row.cost)), count: line.count + 1 });
      }
      worst.update([...byGame.values()].sort((one, other) => other.cost - one.cost));
    }
    if (changed.has("orders") || changed.has("all")) {
      const listed = rows("orders");
      open.update(listed.filter((row) => row.end === null && Number(row.remaining) > 0));
      past.update(listed.filter((row) => row.end !== null || Number(row.remaining) === 0).reverse());
    }
  };
  return { title: "Positions and orders", element, update };
}

const closePosition = (row: Position): void =>
  command({ title: "Close a position", does: `${count(row.position)} of ${row.ticker} of ${row.strategy} are sold at whatever the book gives, risk limits or not.`, method: "positions.close", params: { strategy: row.strategy, ticker: row.ticker }, button: "Close the position", danger: true });

const cancelOrder = (row: Order): void =>
  command({ title: "Cancel an order", does: `${row.side} ${count(row.remaining)} of ${row.ticker} at ${cents(row.price)} cents, of ${row.strategy}.`, method: "orders.cancel", params: { order_id: row.order_id }, button: "Cancel the order", danger: true });
