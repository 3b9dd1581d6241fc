// Profit and loss over time, by strategy, with drawdown and fees.
import { Chart, history } from "../charts";
import { h, panel, Table } from "../dom";
import { gain, money } from "../format";
import type { Pnl } from "../rows";
import { rows } from "../store";
import { HISTORY_EVERY_MS, type Page, repeat } from "./page";

const DASHES = [undefined, [6, 3], [2, 3], [8, 3, 2, 3], [1, 4]];

export function pnl(): Page {
  const total = new Chart("Profit and loss of all together, three readings", { unit: "dollars", digits: 2, height: 240 });
  const each = new Chart("By strategy, base reading", { unit: "dollars", digits: 2, height: 240 });
  const down = new Chart("Drawdown of all together, base reading", { unit: "dollars", digits: 2, high: 0, height: 140 });
  const signed = (text: string): { text: string; kind: string } => ({ text: money(text, true), kind: gain(text) });
  const table = new Table<Pnl>(
    "Profit and loss after fees",
    [
      { title: "strategy", head: true, cell: (row) => row.strategy },
      { title: "base", num: true, cell: (row) => signed(row.band.base) },
      { title: "pessimistic", num: true, cell: (row) => signed(row.band.pessimistic) },
      { title: "optimistic", num: true, hide: "n", cell: (row) => signed(row.band.optimistic) },
      { title: "realized", num: true, hide: "n", cell: (row) => signed(row.realized) },
      { title: "unrealized", num: true, hide: "n", cell: (row) => signed(row.unrealized) },
      { title: "fees", num: true, cell: (row) => money(row.fees) },
    ],
    (row) => row.strategy,
    "No strategy has a result yet.",
  );
  const element = h("div", { class: "grid pnl" }, panel("Results", "full", table.element), panel("Over time", "main", total.element, down.element), panel("Strategies", "side2", each.element));
  const draw = async (): Promise<void> => {
    const found = await history({ kind: "pnl", strategy: "all", points: 600 });
    const at = found.at ?? [];
    const base = found.base ?? [];
    total.show(
      at,
      [
        { label: "pessimistic", color: "quiet" },
        { label: "optimistic", color: "quiet", band: true, dash: [4, 3] },
        { label: "base", color: "accent", width: 2 },
      ],
      [found.pessimistic ?? [], found.optimistic ?? [], base],
    );
    let peak = -Infinity;
    const drawdown = base.map((value) => {
      if (value === null) return null;
      peak = Math.max(peak, value);
      return value - peak;
    });
    down.show(at, [{ label: "drawdown", color: "accent" }], [drawdown]);
    await byStrategy();
  };
  const byStrategy = async (): Promise<void> => {
    const names = rows("strategies").map((row) => row.name).sort();
    // One that was never on has no results, and that is no reason to draw none.
    const asked = await Promise.allSettled(names.map((strategy) => history({ kind: "pnl", strategy, points: 300 })));
    const known = asked.flatMap((found, place) => (found.status === "fulfilled" ? [{ name: names[place] ?? "", columns: found.value }] : []));
    const all = known.map(({ columns }) => columns);
    const at = [...new Set(all.flatMap((columns) => columns.at ?? []))].filter((moment): moment is number => moment !== null).sort((one, other) => one - other);
    const columns = all.map((found) => {
      const values = new Map((found.at ?? []).map((moment, place) => [moment, found.base?.[place] ?? null]));
      return at.map((moment) => values.get(moment) ?? null);
    });
    each.show(at, known.map(({ name: label }, place) => ({ label, color: `series${place % 6}`, dash: DASHES[Math.floor(place / 6) % DASHES.length] })), columns);
  };
  const update = (changed: Set<string>): void => {
    if (changed.has("pnl") || changed.has("all")) {
      table.update(rows("pnl").sort((one, other) => Number(one.strategy !== "all") - Number(other.strategy !== "all") || Number(other.band.base) - Number(one.band.base)));
    }
  };
  const stop = repeat(draw, HISTORY_EVERY_MS);
  return {
    title: "P&L",
    element,
    update,
    close: () => {
      stop();
      for (const chart of [total, each, down]) chart.close();
    },
  };
}
