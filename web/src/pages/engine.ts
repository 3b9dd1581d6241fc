// The engine: its tree, mailboxes, restarts, what nobody will work on, and how fast it is.
import { ask } from "../api";
import { Chart, history } from "../charts";
import { command } from "../dialogs";
import { Figures, h, panel, Table } from "../dom";
import { clock, lasting } from "../format";
import type { Actor, Limit, Risk } from "../rows";
import { facts, past, rows, status } from "../store";
import { HISTORY_EVERY_MS, type Page, repeat } from "./page";

interface DeadLetter {
  address: string;
  sender: string;
  message_type: string;
  why: string;
  at: string;
}

export function engine(): Page {
  const figures = new Figures();
  const tree = new Table<Actor>(
    "Supervision tree",
    [
      { title: "actor", head: true, cell: (row) => ({ text: `${"\u2003".repeat(row.depth)}${row.address.split("/").at(-1) ?? row.address}`, title: row.address, kind: row.kind === "supervisor" ? "strong" : "" }) },
      { title: "state", cell: (row) => ({ text: row.state, kind: row.state === "running" ? "" : "bad" }) },
      { title: "lives", num: true, cell: (row) => ({ text: String(row.incarnation), kind: row.restarts ? "warn" : "" }) },
      { title: "waiting", num: true, cell: (row) => String(row.mailbox) },
      { title: "peak", num: true, hide: "m", cell: (row) => `${row.mailbox_peak} of ${row.mailbox_capacity}` },
      { title: "handled", num: true, cell: (row) => row.handled.toLocaleString("en-US") },
      { title: "refused, dropped", num: true, hide: "m", cell: (row) => String(row.refused + row.dropped) },
      { title: "failures", num: true, hide: "n", cell: (row) => ({ text: String(row.failures), title: row.last_error, kind: row.failures ? "warn" : "" }) },
      { title: "age", num: true, hide: "n", cell: (row) => (row.age_seconds === null ? "–" : lasting(row.age_seconds)) },
      { title: "", hide: "n", cell: (row) => ({ text: "", press: [row.state === "running" ? { label: "Restart …", run: () => restart(row) } : { label: "Revive …", run: () => revive(row) }] }) },
    ],
    (row) => row.address,
    "The tree is not known yet.",
  );
  const limits = new Table<Limit>(
    "Risk limits and their use",
    [
      { title: "limit", head: true, cell: (row) => row.name.replaceAll("_", " ") },
      { title: "of", cell: (row) => row.strategy ?? "all" },
      { title: "in use", num: true, cell: (row) => row.use },
      { title: "limit", num: true, cell: (row) => `${row.limit} ${row.unit}` },
      { title: "where", hide: "m", cell: (row) => row.where },
    ],
    (row) => `${row.name}/${row.strategy}`,
    "No limit is known yet.",
  );
  const letters = new Table<DeadLetter>(
    "Messages that nobody will work on",
    [
      { title: "New York", head: true, cell: (row) => clock(row.at) },
      { title: "for", cell: (row) => row.address },
      { title: "message", cell: (row) => row.message_type },
      { title: "why", cell: (row) => row.why },
    ],
    (row) => `${row.at}/${row.address}/${row.message_type}`,
    "There is none.",
  );
  const delay = new Chart("From tick to durable", { unit: "ms", digits: 1, low: 0, height: 160 });
  const told = h("ol", { class: "facts" });
  const load = h("button", { type: "button", click: () => command({ title: "Follow a game", does: "One that was not found by itself, or was unloaded.", method: "games.load", params: {}, button: "Load", fields: [{ name: "game", label: "Game", required: true, hint: "its id, such as 26JAN14WASLAC, or the ticker of one of its markets" }] }) }, "Load a game …");
  const drain = h("button", { type: "button", class: "danger", click: () => command({ title: "Drain", does: "No entry passes any more and resting entries are taken back; exits and settlement go on.", method: "drain", params: {}, button: "Drain", danger: true }) }, "Drain …");
  const element = h("div", { class: "grid engine" }, panel("Engine", "full", figures.element, h("div", { class: "buttons" }, load, drain)), panel("Tree", "main", tree.element), panel("Latency", "side", delay.element), panel("Dead letters", "side", letters.element), panel("Risk limits", "full", limits.element), panel("Journal", "full", told));
  const update = (changed: Set<string>): void => {
    const now = status();
    if (now) {
      figures.set("run", now.run ?? "–");
      figures.set("version", now.tipoff);
      figures.set("actors running", `${now.actors_running} of ${now.actors}`, now.actors_running < now.actors ? "bad" : "");
      figures.set("restarts", String(now.restarts), now.restarts ? "warn" : "");
      figures.set("dead letters", String(now.dead_letters), now.dead_letters ? "warn" : "");
      figures.set("journal", `${now.journal_seq.toLocaleString("en-US")} facts`);
      figures.set("feed lag", `${now.feed.lag_ms} ms`);
      figures.set("gaps, losses", `${now.feed.gaps}, ${now.feed.losses}`);
    }
    if (changed.has("actors") || changed.has("all")) tree.update(rows("actors"));
    if (changed.has("journal") || changed.has("all")) {
      told.replaceChildren(...facts.slice(-60).reverse().map((fact) => h("li", {}, h("time", {}, clock(fact.at)), h("span", {}, `${fact.seq}  ${fact.text}`))));
    }
  };
  const look = async (): Promise<void> => {
    if (past.is) return;
    limits.update(((await ask("risk")) as Risk).limits.filter((line) => Number(line.limit) > 0 || line.strategy === null));
    letters.update(((await ask("dead_letters", { limit: 50 })) as DeadLetter[]).reverse());
    const found = await history({ kind: "latency", points: 300 });
    const names = Object.keys(found).filter((name) => name !== "at" && !/_(min|max)$/.test(name));
    delay.show(found.at ?? [], names.map((label, place) => ({ label: label.replaceAll("_", " "), color: place ? `series${place % 6}` : "accent" })), names.map((name) => found[name] ?? []));
  };
  const stop = repeat(look, HISTORY_EVERY_MS);
  return {
    title: "Engine",
    element,
    update,
    close: () => {
      stop();
      delay.close();
    },
  };
}

const restart = (row: Actor): void =>
  command({ title: `Restart ${row.address}`, does: "It gets a new life and folds its past again.", method: "actors.restart", params: { name: row.address }, button: "Restart", danger: true });

const revive = (row: Actor): void =>
  command({ title: `Revive ${row.address}`, does: "It was parked because it failed too often; it gets another life.", method: "actors.revive", params: { name: row.address }, button: "Revive" });
