// Every fill, with what it cost and why; filtered, and as CSV of what is shown.
import { why } from "../dialogs";
import { h, panel, Table, text } from "../dom";
import { cents, clock, count, gain, marketName, money, NONE } from "../format";
import type { Fill } from "../rows";
import { row, rows } from "../store";
import type { Page } from "./page";

export function trades(): Page {
  const filter = h("input", { type: "search", placeholder: "market, strategy, maker …", "aria-label": "Filter the fills", id: "filter", input: () => update(new Set(["all"])) });
  const sum = h("span", { class: "quiet" });
  const table = new Table<Fill>(
    "Fills, the newest first",
    [
      { title: "New York", head: true, cell: (each) => clock(each.at) },
      { title: "strategy", cell: (each) => each.strategy },
      { title: "market", cell: (each) => ({ text: marketName(each.ticker), title: each.ticker }) },
      { title: "", cell: (each) => (each.side === "bid" ? "bought" : "sold") },
      { title: "contracts", num: true, cell: (each) => count(each.count) },
      { title: "at", num: true, cell: (each) => cents(each.price) },
      { title: "as", hide: "n", cell: (each) => each.liquidity },
      { title: "fee", num: true, hide: "n", cell: (each) => Number(each.fee).toFixed(4) },
      { title: "value now", num: true, hide: "m", cell: (each) => value(each) },
      { title: "why", cell: (each) => ({ text: "why", why: each.fill_id }) },
    ],
    (each) => each.fill_id,
    "No fill, or none that the filter lets through.",
    why,
  );
  const csv = h("button", { type: "button", click: () => download(shown()) }, "CSV of what is shown");
  const element = h("div", { class: "grid" }, panel("Trades", "full", h("p", { class: "line" }, filter, sum, csv), table.element));
  const shown = (): Fill[] => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    return rows("fills")
      .filter((each) => wanted.every((word) => `${each.ticker} ${marketName(each.ticker)} ${each.strategy} ${each.liquidity} ${each.side} ${each.side === "bid" ? "bought" : "sold"} ${each.fill_id}`.toLowerCase().includes(word)))
      .reverse();
  };
  const update = (changed: Set<string>): void => {
    if (!changed.has("fills") && !changed.has("markets") && !changed.has("all")) return;
    const found = shown();
    table.update(found);
    const fees = found.reduce((total, each) => total + Number(each.fee), 0);
    text(sum, `${found.length} fills, ${money(String(fees))} dollars of fees`);
  };
  return { title: "Trades", element, update };
}

/** What a fill gained or lost so far against the middle of the book, a contract, in cents. */
function value(fill: Fill): { text: string; kind?: string; title?: string } {
  const market = row("markets", fill.ticker);
  if (!market?.yes_bid || !market.yes_ask) return { text: NONE };
  const middle = (Number(market.yes_bid) + Number(market.yes_ask)) / 2;
  const found = (middle - Number(fill.price)) * 100 * (fill.side === "bid" ? 1 : -1);
  return { text: `${found < 0 ? "−" : "+"}${Math.abs(found).toFixed(1)}`, kind: gain(String(found)), title: "Cents a contract against the middle of the book now, before fees" };
}

const COLUMNS = ["at", "strategy", "ticker", "side", "count", "price", "liquidity", "fee", "fill_id", "order_id"] as const;

function download(fills: Fill[]): void {
  // A cell that begins like a formula would be one in a spreadsheet.
  const cell = (text: string): string => `"${(/^[=+@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const lines = [COLUMNS.join(","), ...fills.map((fill) => COLUMNS.map((name) => cell(fill[name])).join(","))];
  const url = URL.createObjectURL(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
  h("a", { href: url, download: "fills.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
