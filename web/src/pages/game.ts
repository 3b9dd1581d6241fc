// One game: its markets, price against fair value with our fills on it, win probability three ways, the book.
import { ask } from "../api";
import { Chart, type Columns, history, type Mark } from "../charts";
import { command, why } from "../dialogs";
import { Figures, h, panel, Table, text } from "../dom";
import { cents, clock, count, hourMinute, lasting, NONE, share, shortTicker, signedShare, words } from "../format";
import type { Book, Level, Market, Order } from "../rows";
import { past, row, rows, status } from "../store";
import { HISTORY_EVERY_MS, type Page, repeat } from "./page";

const LEVELS = 8;
const BOOK_EVERY_MS = 700;

interface LadderRow {
  key: string;
  side: "ask" | "bid";
  level: Level;
  ours: Order[];
}

export function game(id: string): Page {
  const heading = h("h1");
  const figures = new Figures();
  let chosen = "";
  const picked = h("b");
  const trust = h("span", { class: "quiet" });
  const noBook = "The book is empty, or not known: of a run that is over only its best prices are kept.";
  const price = new Chart("Price against fair value", { unit: "cents", low: 0, high: 100, digits: 1, span: 6, onMark: why });
  const chance = new Chart("Win probability of the home team", { unit: "percent", low: 0, high: 100, digits: 1, span: 10, height: 180 });
  const choose = (ticker: string): void => {
    chosen = ticker;
    drawn = false;
    void draw().catch(() => undefined);
    void look().catch(() => undefined);
    update(new Set(["all"]));
  };
  const latest = (ticker: string): { fair: number | null; edge: number | null } => {
    const found = rows("signals").filter((signal) => signal.ticker === ticker && signal.p_fair !== null).at(-1);
    return { fair: found?.p_fair ?? null, edge: found?.p_edge ?? null };
  };
  const markets = new Table<Market>(
    "Markets of this game",
    [
      { title: "market", head: true, cell: (each) => ({ text: shortTicker(each.ticker), title: each.ticker, kind: each.ticker === chosen ? "chosen" : "", press: [{ label: shortTicker(each.ticker), run: () => choose(each.ticker) }] }) },
      { title: "bid", num: true, cell: (each) => cents(each.yes_bid) },
      { title: "ask", num: true, cell: (each) => cents(each.yes_ask) },
      { title: "size", num: true, hide: "m", cell: (each) => `${count(each.yes_bid_size)} × ${count(each.yes_ask_size)}` },
      { title: "fair", num: true, cell: (each) => share(latest(each.ticker).fair) },
      { title: "edge", num: true, hide: "n", cell: (each) => ({ text: signedShare(latest(each.ticker).edge), title: "Of the last conclusion, after fees" }) },
      { title: "trust", cell: (each) => ({ text: each.trust ?? NONE, kind: each.trust === "trusted" ? "" : "warn" }) },
      { title: "age", num: true, hide: "n", cell: (each) => age(each.at) },
      { title: "held", num: true, cell: (each) => held(each.ticker) },
    ],
    (each) => each.ticker,
    "No market of this game is known.",
  );
  const ladder = new Table<LadderRow>(
    "Order book in YES cents",
    [
      { title: "", head: true, cell: (each) => ({ text: each.side, kind: each.side }) },
      { title: "price", num: true, cell: (each) => cents(each.level.price) },
      { title: "contracts", num: true, cell: (each) => count(each.level.count) },
      { title: "ours", num: true, cell: (each) => ({ text: each.ours.length ? count(sum(each.ours.map((order) => order.remaining))) : "", kind: "own" }) },
      { title: "ahead of us", num: true, cell: (each) => each.ours.map((order) => count(order.ahead)).join(", ") },
    ],
    (each) => each.key,
    noBook,
  );
  const fills = new Table<{ fill_id: string; strategy: string; side: string; price: string; count: string; liquidity: string; at: string; ticker: string }>(
    "Fills in this game",
    [
      { title: "New York", head: true, cell: (each) => clock(each.at) },
      { title: "market", hide: "n", cell: (each) => shortTicker(each.ticker) },
      { title: "strategy", cell: (each) => each.strategy },
      { title: "", cell: (each) => (each.side === "bid" ? "bought" : "sold") },
      { title: "contracts", num: true, cell: (each) => count(each.count) },
      { title: "at", num: true, cell: (each) => cents(each.price) },
      { title: "as", hide: "n", cell: (each) => each.liquidity },
      { title: "why", cell: (each) => ({ text: "why", why: each.fill_id }) },
    ],
    (each) => each.fill_id,
    "Nothing was filled here yet.",
    why,
  );
  const place = h("button", { type: "button", click: () => placeOrder(chosen) }, "Place an order …");
  const unload = h("button", { type: "button", class: "danger", click: () => command({ title: "Follow this game no more", does: `${id} is unloaded. It is refused while there is a position or an order of ours in it.`, method: "games.unload", params: { game: id }, button: "Unload", danger: true }) }, "Unload …");
  const halt = h("button", { type: "button", class: "danger", click: () => command({ title: "Halt this game", does: "No order in this game passes until it is resumed; what rests is cancelled.", method: "halt", params: { scope: `game:${id}` }, button: "Halt the game", danger: true }) }, "Halt the game …");
  const element = h(
    "div",
    { class: "grid game" },
    h("div", { class: "head" }, heading, figures.element, h("div", { class: "buttons" }, place, halt, unload)),
    panel("Markets", "markets", markets.element),
    panel("Price", "chart", h("p", { class: "line" }, picked, trust), price.element),
    panel("Book", "book", ladder.element),
    panel("Win probability", "chance", chance.element),
    panel("Fills", "fills", fills.element),
  );

  const age = (at: string | null): string => {
    const now = status()?.at;
    return at && now ? lasting(Math.max(0, (Date.parse(now) - Date.parse(at)) / 1_000)) : NONE;
  };
  const held = (ticker: string): string => {
    const found = rows("positions").filter((each) => each.ticker === ticker && Number(each.position) !== 0);
    return found.length ? count(sum(found.map((each) => each.position))) : "";
  };
  const listed = (): Market[] => rows("markets").filter((each) => each.game === id);

  let columns: Columns = {};
  let drawn = false;
  const draw = async (): Promise<void> => {
    if (!chosen) return;
    const ticker = chosen;
    const found = await history({ kind: "bars", ticker, points: 600 });
    if (ticker !== chosen) return;
    columns = found;
    drawn = true;
    show();
  };
  const show = (): void => {
    const at = columns.at ?? [];
    const hundredfold = (values: (number | null)[] | undefined): (number | null)[] => at.map((_, index) => (values?.[index] === null || values?.[index] === undefined ? null : (values[index] as number) * 100));
    const marks: Mark[] = rows("fills")
      .filter((each) => each.ticker === chosen)
      .map((each) => ({ at: Date.parse(each.at) / 1_000, value: Number(each.price) * 100, side: each.side, hollow: each.liquidity === "maker", id: each.fill_id }));
    price.show(
      at,
      [
        { label: "bid", color: "quiet", stepped: true },
        { label: "ask", color: "quiet", stepped: true, band: true },
        { label: "fair", color: "accent", width: 2 },
      ],
      [hundredfold(columns.yes_bid), hundredfold(columns.yes_ask), hundredfold(columns.fair)],
      marks,
    );
  };
  const drawChance = async (): Promise<void> => {
    const found = await history({ kind: "win_probability", game: id, points: 600 });
    const at = found.at ?? [];
    const percent = (values: (number | null)[] | undefined): (number | null)[] => at.map((_, index) => (values?.[index] === null || values?.[index] === undefined ? null : (values[index] as number) * 100));
    chance.show(
      at,
      [
        { label: "model", color: "accent", width: 2 },
        { label: "market", color: "ink" },
        { label: "sportsbooks", color: "quiet", dash: [5, 4] },
      ],
      [percent(found.model), percent(found.market), percent(found.sportsbooks)],
    );
  };
  const look = async (): Promise<void> => {
    if (!chosen || past.is) return;
    const ticker = chosen;
    const book = (await ask("book", { ticker })) as Book;
    if (ticker !== chosen) return;
    const ours = rows("orders").filter((order) => order.ticker === ticker && order.end === null && order.stage !== "done");
    const of = (side: "ask" | "bid", level: Level): LadderRow => ({
      key: `${side}${level.price}`,
      side,
      level,
      ours: ours.filter((order) => order.side === side && Number(order.price) === Number(level.price)),
    });
    ladder.update([...book.asks.slice(0, LEVELS).reverse().map((level) => of("ask", level)), ...book.bids.slice(0, LEVELS).map((level) => of("bid", level))]);
    text(trust, `${book.trust}, ${clock(book.at)}`);
  };
  const update = (changed: Set<string>): void => {
    const seen = row("games", id);
    text(heading, seen?.away && seen.home ? `${seen.away} at ${seen.home}` : id);
    if (seen) {
      figures.set("score", seen.score ?? NONE, "big");
      figures.set("stands at", seen.period ? `Q${seen.period} ${Math.floor((seen.clock_ms ?? 0) / 60_000)}:${String(Math.floor(((seen.clock_ms ?? 0) % 60_000) / 1_000)).padStart(2, "0")}` : ["unknown", ""].includes(seen.phase) ? "before the tip" : words(seen.phase));
      figures.set("tip", hourMinute(seen.tip_at));
      figures.set("sportsbooks", String(seen.sportsbooks));
      figures.set("trading", seen.halted ? `halted: ${seen.halted}` : "open", seen.halted ? "bad" : "");
    }
    if (past.is) ladder.update([]);
    if (!chosen) {
      const first = listed().find((each) => each.kind === "game") ?? listed()[0];
      if (first) choose(first.ticker);
    }
    text(picked, chosen);
    if (changed.has("markets") || changed.has("signals") || changed.has("positions") || changed.has("all")) {
      markets.update(listed().sort((one, other) => one.kind.localeCompare(other.kind) || one.ticker.localeCompare(other.ticker)));
    }
    if (changed.has("fills") || changed.has("all")) {
      const tickers = new Set(listed().map((each) => each.ticker));
      fills.update(rows("fills").filter((each) => tickers.has(each.ticker)).reverse());
      if (drawn) show();
    }
  };
  const stop = [repeat(draw, HISTORY_EVERY_MS), repeat(drawChance, HISTORY_EVERY_MS), repeat(look, BOOK_EVERY_MS)];
  return {
    title: id,
    element,
    update,
    close: () => {
      for (const each of stop) each();
      price.close();
      chance.close();
    },
  };
}

const sum = (values: string[]): string => String(values.reduce((total, value) => total + Number(value), 0));

/** An order by hand; the risk gate judges it like any other. */
export function placeOrder(ticker: string): void {
  const market = row("markets", ticker);
  command({
    title: "Place a paper order",
    does: "On a strategy's account; the risk gate judges it like any other.",
    method: "orders.place",
    params: {},
    button: "Place the order",
    fields: [
      { name: "ticker", label: "Market", value: ticker, required: true },
      { name: "strategy", label: "Strategy", choices: rows("strategies").map((each) => each.name) },
      { name: "side", label: "Side", choices: ["bid", "ask"], hint: "bid buys YES, ask sells YES" },
      { name: "count", label: "Contracts", value: "1", required: true },
      { name: "price", label: "YES price in dollars", value: market?.yes_ask ?? "", required: true },
      { name: "tif", label: "Lives", choices: ["ioc", "gtc", "fok"] },
      { name: "p_fair", label: "Fair value", hint: "from 0 to 1; strategies with opinions need one" },
    ],
    read: ({ p_fair, ...typed }) => {
      if (!p_fair) return typed;
      const fair = Number(p_fair);
      return Number.isFinite(fair) ? { ...typed, p_fair: fair } : "Fair value is a number such as 0.62";
    },
  });
}

