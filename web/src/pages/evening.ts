// The evening at a glance: is it trading, what is it worth, what is at risk, which games, what happened last.
import { history, Spark } from "../charts";
import { Figures, h, panel, Table, text } from "../dom";
import { clock, count, day, gain, hourMinute, lasting, marketName, money, words } from "../format";
import type { Game, Position } from "../rows";
import { facts, rows, status } from "../store";
import { HISTORY_EVERY_MS, nearestLimit, type Page, repeat } from "./page";

const FACTS_SHOWN = 24;
// What a person would tell of the evening; the whole journal is on the engine's page.
const TELLING = /^(OrderSubmitted|OrderFilled|OrderDenied|OrderRejected|OrderCancelled|Position|Trading|Operator|Strategy|Run|Following)/;

function gameState(game: Game): string {
  if (game.halted) return `halted: ${game.halted}`;
  if (game.phase === "live" || game.period) {
    const left = game.clock_ms ?? 0;
    const minutes = `${Math.floor(left / 60_000)}:${String(Math.floor((left % 60_000) / 1_000)).padStart(2, "0")}`;
    return game.phase.includes("final") ? "final" : `Q${game.period ?? "–"} ${minutes}`;
  }
  return ["scheduled", "unknown", ""].includes(game.phase) ? `tip ${hourMinute(game.tip_at)}` : words(game.phase);
}

class Card {
  readonly element: HTMLElement;
  private readonly teams = h("b");
  private readonly score = h("span", { class: "score" });
  private readonly state = h("span", { class: "quiet" });
  private readonly more = h("span", { class: "quiet" });
  private readonly chance = h("span", { class: "quiet num" });
  private readonly spark = new Spark();

  constructor(private readonly id: string) {
    this.element = h("a", { class: "card", href: `#/game/${encodeURIComponent(id)}` }, h("span", { class: "line" }, this.teams, this.score), h("span", { class: "line" }, this.state, this.chance), this.spark.element, this.more);
  }

  show(game: Game, positions: Position[]): void {
    const ours = positions.filter((each) => each.game === this.id);
    const worth = ours.reduce((sum, each) => sum + Number(each.unrealized), 0);
    text(this.teams, game.away && game.home ? `${game.away} at ${game.home}` : game.game);
    text(this.score, game.score ?? "");
    text(this.state, gameState(game));
    text(this.more, ours.length ? `${ours.length} positions, ${money(String(worth), true)}` : `${game.markets} markets, ${game.sportsbooks} sportsbooks`);
  }

  async draw(): Promise<void> {
    const found = await history({ kind: "win_probability", game: this.id, points: 120 });
    const values = found.model?.some((value) => value !== null) ? found.model : (found.market ?? found.sportsbooks ?? []);
    const last = values.findLast((value) => value !== null);
    this.spark.show(values);
    text(this.chance, last === undefined || last === null ? "" : `home ${(last * 100).toFixed(0)} %`);
  }
}

export function evening(): Page {
  const figures = new Figures();
  const cards = new Map<string, Card>();
  const games = h("div", { class: "cards" });
  const told = h("ol", { class: "facts", "aria-label": "last facts" });
  const trouble = h("ul", { class: "trouble" });
  const positions = new Table<Position>(
    "Open positions",
    [
      { title: "market", head: true, cell: (row) => ({ text: marketName(row.ticker), title: row.ticker, href: `#/game/${encodeURIComponent(row.game)}` }) },
      { title: "strategy", cell: (row) => row.strategy, hide: "n" },
      { title: "contracts", num: true, cell: (row) => count(row.position) },
      { title: "P&L now", num: true, cell: (row) => ({ text: money(row.unrealized, true), kind: gain(row.unrealized) }) },
    ],
    (row) => `${row.strategy}/${row.ticker}`,
    "No position is open.",
  );
  const element = h(
    "div",
    { class: "grid evening" },
    panel("Now", "now", figures.element, trouble),
    panel("Games", "games", games),
    panel("Positions", "side", positions.element),
    panel("Last facts", "main", told),
  );

  const update = (changed: Set<string>): void => {
    const now = status();
    if (now && (changed.has("status") || changed.has("pnl") || changed.has("all"))) {
      const all = rows("pnl").find((line) => line.strategy === "all");
      const band = all?.band ?? now.pnl;
      figures.set("P&L base", money(band.base, true), `big ${gain(band.base)}`, "After fees; open positions at what they would fetch at once");
      figures.set("pessimistic", money(band.pessimistic, true), gain(band.pessimistic));
      figures.set("optimistic", money(band.optimistic, true), gain(band.optimistic));
      figures.set("at risk", `${money(now.at_risk)}${now.at_risk_max ? ` of ${money(now.at_risk_max)}` : ""}`);
      figures.set("positions", String(now.positions));
      figures.set("open orders", String(now.open_orders));
      figures.set("books trusted", `${now.feed.trusted_books} of ${now.feed.books}`, now.feed.trusted_books < now.feed.books ? "warn" : "");
      figures.set("feed", now.feed.connected ? `connected, ${now.feed.lag_ms} ms late` : "not connected", now.feed.connected ? "" : "bad");
      figures.set("running for", now.uptime_seconds === null ? "–" : lasting(now.uptime_seconds));
      const found = [...now.why_not.map((each) => `not trading: ${each}`), ...now.degraded];
      trouble.replaceChildren(...found.map((each) => h("li", {}, each)));
    }
    if (changed.has("games") || changed.has("positions") || changed.has("all")) {
      const listed = rows("games").sort((one, other) => (one.tip_at ?? "").localeCompare(other.tip_at ?? "") || one.game.localeCompare(other.game));
      const held = rows("positions").filter((row) => Number(row.position) !== 0);
      for (const game of listed) {
        let card = cards.get(game.game);
        if (!card) {
          card = new Card(game.game);
          cards.set(game.game, card);
          games.append(card.element);
        }
        card.show(game, held);
      }
      for (const [id, card] of cards) {
        if (!listed.some((game) => game.game === id)) {
          card.element.remove();
          cards.delete(id);
        }
      }
      games.classList.toggle("none", listed.length === 0);
      if (listed.length === 0) games.dataset.none = `No game yet${now ? ` on ${day(now.at)}` : ""}.`;
      positions.update(held.sort((one, other) => Math.abs(Number(other.unrealized)) - Math.abs(Number(one.unrealized))));
    }
    if (changed.has("journal") || changed.has("all")) {
      const last = facts.filter((fact) => TELLING.test(fact.kind)).slice(-FACTS_SHOWN).reverse();
      told.replaceChildren(...last.map((fact) => h("li", {}, h("time", {}, clock(fact.at)), h("span", {}, fact.text))));
    }
  };
  const stop = [
    repeat(async () => {
      await Promise.allSettled([...cards.values()].map((card) => card.draw()));
    }, HISTORY_EVERY_MS),
    repeat(async () => figures.set("nearest limit", await nearestLimit()), HISTORY_EVERY_MS),
  ];
  return { title: "Evening", element, update, close: () => stop.forEach((each) => each()) };
}
