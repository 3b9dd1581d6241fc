// The strategies: on and off, parameters, what they concluded, what was denied and why.
import { command, why } from "../dialogs";
import { h, panel, Table } from "../dom";
import { cents, clock, gain, marketName, money, share, signedShare, words } from "../format";
import type { Signal, Strategy } from "../rows";
import { rows } from "../store";
import type { Page } from "./page";

export function strategies(): Page {
  const on = new Table<Strategy>(
    "Strategies",
    [
      { title: "strategy", head: true, cell: (row) => row.name },
      { title: "state", cell: (row) => state(row) },
      { title: "signals", num: true, cell: (row) => String(row.signals) },
      { title: "near misses", num: true, hide: "m", cell: (row) => String(row.near_misses) },
      { title: "orders", num: true, cell: (row) => String(row.orders) },
      { title: "fills", num: true, cell: (row) => String(row.fills) },
      { title: "denied", num: true, hide: "n", cell: (row) => String(Object.values(row.denied).reduce((total, each) => total + each, 0)) },
      { title: "at risk", num: true, hide: "n", cell: (row) => money(row.at_risk) },
      { title: "P&L", num: true, cell: (row) => profit(row.name) },
      {
        title: "change",
        cell: (row) => ({
          text: "",
          press: [
            row.enabled ? { label: "Off …", run: () => off(row), danger: true } : { label: "On …", run: () => onAgain(row) },
            { label: "Parameters …", run: () => parameters(row) },
          ],
        }),
      },
    ],
    (row) => row.name,
    "No strategy runs.",
  );
  const denied = new Table<{ reason: string; strategy: string; count: number }>(
    "What the risk gate refused",
    [
      { title: "reason", head: true, cell: (row) => words(row.reason) },
      { title: "strategy", cell: (row) => row.strategy },
      { title: "times", num: true, cell: (row) => String(row.count) },
    ],
    (row) => `${row.strategy}/${row.reason}`,
    "Nothing was refused.",
  );
  const only = h("select", { "aria-label": "Only of this strategy", change: () => update(new Set(["signals"])) }, h("option", { value: "" }, "all strategies"));
  const signals = new Table<Signal>(
    "Conclusions, the newest first",
    [
      { title: "New York", head: true, cell: (row) => clock(row.at) },
      { title: "strategy", cell: (row) => row.strategy },
      { title: "market", cell: (row) => ({ text: marketName(row.ticker), title: row.ticker }) },
      { title: "", cell: (row) => (row.action === "no_trade" ? { text: "near miss", kind: "quiet" } : { text: words(row.action) }) },
      { title: "side", hide: "n", cell: (row) => row.side },
      { title: "price", num: true, cell: (row) => cents(row.price) },
      { title: "fair", num: true, cell: (row) => share(row.p_fair) },
      { title: "edge", num: true, cell: (row) => signedShare(row.p_edge) },
      { title: "reason", hide: "m", cell: (row) => words(row.reason) },
      { title: "why", cell: (row) => ({ text: "why", why: row.signal_id }) },
    ],
    (row) => row.signal_id,
    "Nothing was concluded yet.",
    why,
  );
  const element = h("div", { class: "grid strategies" }, panel("Strategies", "full", on.element), panel("Signals", "main", h("p", { class: "line" }, only), signals.element), panel("Denials", "side", denied.element));

  const profit = (name: string): { text: string; kind: string } => {
    const found = rows("pnl").find((line) => line.strategy === name)?.band.base;
    return { text: money(found, true), kind: gain(found) };
  };
  const update = (changed: Set<string>): void => {
    const listed = rows("strategies").sort((one, other) => one.name.localeCompare(other.name));
    if (changed.has("strategies") || changed.has("pnl") || changed.has("all")) {
      on.update(listed);
      denied.update(listed.flatMap((row) => Object.entries(row.denied).map(([reason, count]) => ({ reason, strategy: row.name, count }))).sort((one, other) => other.count - one.count));
      for (const { name } of listed) {
        if (![...only.options].some((option) => option.value === name)) only.append(h("option", { value: name }, name));
      }
    }
    if (changed.has("signals") || changed.has("all")) {
      signals.update(rows("signals").filter((row) => !only.value || row.strategy === only.value).reverse());
    }
  };
  return { title: "Strategies", element, update };
}

function state(row: Strategy): { text: string; kind: string } {
  if (row.quarantined) return { text: "quarantined", kind: "bad" };
  if (row.halted) return { text: `halted: ${row.halted}`, kind: "bad" };
  return row.enabled ? { text: "on", kind: "" } : { text: "off", kind: "quiet" };
}

const off = (row: Strategy): void =>
  command({ title: `Switch ${row.name} off`, does: "It sends nothing more and what it has resting is cancelled; its positions stay.", method: "strategies.disable", params: { name: row.name }, button: "Switch off", danger: true });

const onAgain = (row: Strategy): void =>
  command({ title: `Switch ${row.name} on`, does: "It may trade again.", method: "strategies.enable", params: { name: row.name }, button: "Switch on" });

/** A form of what is in force; only what was changed is sent, old beside new. */
function parameters(row: Strategy): void {
  const inForce = JSON.parse(row.parameters) as Record<string, unknown>;
  const shown = (value: unknown): string => (Array.isArray(value) ? value.join(",") : String(value));
  command({
    title: `Parameters of ${row.name}`,
    does: "All that you change is taken over at once, or, if one is wrong, nothing. Positions and open orders stay.",
    method: "strategies.set",
    params: { name: row.name },
    button: "Take over",
    fields: Object.entries(inForce).map(([name, value]) => ({ name, label: words(name), value: shown(value), hint: `now ${shown(value)}` })),
    read: (typed) => {
      const values: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(typed)) {
        const before = inForce[name];
        if (value === shown(before)) continue;
        values[name] = valueLike(before, value);
      }
      return Object.keys(values).length ? { values } : "Nothing is changed yet";
    },
  });
}

function valueLike(before: unknown, text: string): unknown {
  if (typeof before === "number") return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  if (typeof before === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (Array.isArray(before)) return text.split(",").map((each) => valueLike(before[0], each.trim()));
  return text;
}
