// The frame around the pages: where one is, whether it trades, since when what is shown is old, and the keys.
import "./app.css";
import { about, keepToken, takeToken } from "./api";
import { redraw } from "./charts";
import { command, keysHelp, setRight } from "./dialogs";
import { h, text } from "./dom";
import { clock, day, money } from "./format";
import { evening } from "./pages/evening";
import { engine } from "./pages/engine";
import { game } from "./pages/game";
import { orders } from "./pages/orders";
import type { Page } from "./pages/page";
import { pnl } from "./pages/pnl";
import { strategies } from "./pages/strategies";
import { trades } from "./pages/trades";
import * as store from "./store";
import { lookAt, status } from "./store";

const PAGES: [string, string, () => Page][] = [
  ["evening", "Evening", evening],
  ["game", "Game", () => game(firstGame())],
  ["strategies", "Strategies", strategies],
  ["orders", "Positions", orders],
  ["trades", "Trades", trades],
  ["pnl", "P&L", pnl],
  ["engine", "Engine", engine],
];
const THEMES = ["auto", "light", "dark"] as const;
const THEME = "tipoff-theme";

const bar = document.querySelector("#bar") as HTMLElement;
const main = document.querySelector("#main") as HTMLElement;
const foot = document.querySelector("#foot") as HTMLElement;
const pill = h("span", { class: "pill", role: "status" });
const environment = h("span", { class: "tag" });
const time = h("span", { class: "num" });
const result = h("span", { class: "num result" });
const banner = h("p", { class: "banner", role: "alert", hidden: true });
const theme = h("button", { type: "button", class: "quiet", click: () => nextTheme() });
const halting = h("button", { type: "button", class: "danger", click: () => haltOrResume() });
const links = PAGES.map(([name, title], place) => h("a", { href: `#/${name}`, title: `key ${place + 1}` }, title));
let page: Page | null = null;
let stored: { run: string; from: string; to: string } | null = null;

const firstGame = (): string => store.rows("games").sort((one, other) => (one.tip_at ?? "").localeCompare(other.tip_at ?? ""))[0]?.game ?? "";

function route(): void {
  const [, name = "evening", id] = location.hash.split("/");
  const found = PAGES.find(([each]) => each === name) ?? PAGES[0];
  page?.close?.();
  page = name === "game" && id ? game(decodeURIComponent(id)) : found ? found[2]() : null;
  if (!page) return;
  main.replaceChildren(page.element);
  main.dataset.page = name;
  links.forEach((link, place) => {
    if (PAGES[place]?.[0] === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  page.update(new Set(["all"]));
}

function state(): { word: string; kind: string; why: string } {
  const now = status();
  if (!store.link.up) return { word: "no connection", kind: "bad", why: store.link.why };
  if (!now) return { word: "connecting", kind: "", why: "" };
  if (stored || now.state === "over") return { word: "looking back", kind: "", why: now.run ?? "" };
  const halt = now.halts.find((each) => each.scope === "all");
  if (halt) return { word: halt.state, kind: "bad", why: `by ${halt.by}: ${halt.why}` };
  if (!now.trading) return { word: `${now.state}, not trading`, kind: "warn", why: now.why_not.join("; ") };
  return { word: "trading", kind: "good", why: "" };
}

function frame(changed: Set<string>): void {
  const now = status();
  const { word, kind, why } = state();
  text(pill, word);
  pill.className = `pill ${kind}`;
  pill.title = why;
  document.body.classList.toggle("stale", !store.link.up);
  banner.hidden = store.link.up && !["bad", "warn"].includes(kind);
  if (!store.link.up) text(banner, store.locked ? store.locked : `No connection since ${new Date(store.link.since).toLocaleTimeString("en-GB")}: ${store.link.why}. What is shown is as old as that; it comes back by itself.`);
  else if (!banner.hidden) text(banner, `${word}: ${why}`);
  if (now) {
    const run = now.run ?? "";
    text(environment, run.startsWith("prod") ? "prod, on paper" : run.startsWith("replay") ? "replay" : "demo, on paper");
    text(time, `${day(now.at)}, ${clock(now.at)}`);
    time.title = "The engine's time, in New York";
    const base = store.rows("pnl").find((line) => line.strategy === "all")?.band.base ?? now.pnl.base;
    text(result, money(base, true));
    result.className = `num result ${Number(base) < -0.005 ? "down" : Number(base) > 0.005 ? "up" : ""}`;
    result.title = "Profit and loss after fees, base reading, in dollars";
    const halted = now.halts.some((each) => each.scope === "all");
    text(halting, halted ? "Resume …" : "Halt …");
    halting.classList.toggle("danger", !halted);
    document.title = `${!store.link.up ? "no connection" : halted ? "HALTED" : now.positions ? `${now.positions} open` : word} · Tipoff`;
    text(foot, `Tipoff ${now.tipoff} · run ${run || "–"} · fact ${now.journal_seq.toLocaleString("en-US")} · press ? for keys`);
  }
  if (store.locked && !document.querySelector("dialog")) unlock();
  page?.update(changed);
}

function haltOrResume(): void {
  const halted = status()?.halts.some((each) => each.scope === "all");
  if (halted) command({ title: "Resume trading", does: "The halt of everything ends; what was halted by itself stays so.", method: "resume", params: { scope: "all" }, button: "Resume" });
  else command({ title: "Halt trading", does: "Nothing passes the risk gate any more and what rests is cancelled, until somebody resumes it; restarts do not.", method: "halt", params: { scope: "all" }, button: "Halt everything", danger: true });
}

/** A tab without a token: it is asked for once. */
function unlock(): void {
  const input = h("input", { name: "token", autocomplete: "off", spellcheck: "false", required: true });
  const form = h("form", { method: "dialog" }, h("h2", {}, "Who are you?"), h("p", {}, store.locked), h("label", {}, h("span", {}, "Token"), input, h("small", {}, "What stands behind #t= in that address.")), h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Go on")));
  const dialog = h("dialog", { "aria-label": "Token" }, form);
  form.addEventListener("submit", () => {
    keepToken(input.value.trim().replace(/^.*#t=/, ""));
    dialog.remove();
    store.start();
    void know();
  });
  document.body.append(dialog);
  dialog.showModal();
}

function nextTheme(): void {
  const now = localStorage.getItem(THEME) ?? "auto";
  const next = THEMES[(THEMES.findIndex((each) => each === now) + 1) % THEMES.length] ?? "auto";
  localStorage.setItem(THEME, next);
  dress();
  redraw();
}

function dress(): void {
  const chosen = localStorage.getItem(THEME) ?? "auto";
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  text(theme, chosen === "auto" ? "Auto" : chosen === "light" ? "Light" : "Dark");
  theme.title = `Colours: ${chosen}; press for the next`;
}

const KEYS: [string, string][] = [
  ...PAGES.map(([, title], place): [string, string] => [String(place + 1), title]),
  ["h", "halt everything (asks)"],
  ["r", "resume (asks)"],
  ["/", "filter the trades"],
  ["t", "light, dark, as the system"],
  ["?", "these keys"],
  ["Esc", "close what asks"],
];

function pressed(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog")) return;
  const target = PAGES[Number(event.key) - 1];
  if (target) location.hash = `#/${target[0]}`;
  else if (event.key === "h" || event.key === "r") {
    const halted = status()?.halts.some((each) => each.scope === "all") ?? false;
    if (halted === (event.key === "r")) haltOrResume();
  } else if (event.key === "t") nextTheme();
  else if (event.key === "?") keysHelp(KEYS);
  else if (event.key === "/") {
    location.hash = "#/trades";
    setTimeout(() => document.querySelector<HTMLInputElement>("#filter")?.focus(), 50);
  } else return;
  event.preventDefault();
}

/** Whether this token operates, and whether it is a run that is over. */
async function know(): Promise<void> {
  const found = await about().catch(() => null);
  if (!found) return;
  stored = found.stored ?? null;
  store.past.is = stored !== null;
  const may = found.right === "operate" && !found.read_only;
  setRight(may, stored ? "This run is over; nothing of it can be changed." : "This token only reads; open the other address that `tipoff dashboard` prints.");
  document.body.classList.toggle("reading", !may);
  if (stored) looking(stored);
  frame(new Set(["all"]));
}

/** The slider through an evening that is over. */
function looking(run: { run: string; from: string; to: string }): void {
  if (document.querySelector("#back")) return;
  const [from, to] = [Date.parse(run.from), Date.parse(run.to)];
  const shown = h("output", { class: "num" }, clock(run.to));
  const slider = h("input", { type: "range", id: "moment", min: from, max: to, value: to, step: 1_000, "aria-label": "Moment of the evening" });
  let timer = 0;
  slider.addEventListener("input", () => {
    text(shown, clock(new Date(Number(slider.value)).toISOString()));
    clearTimeout(timer);
    timer = setTimeout(() => lookAt(Number(slider.value) >= to ? "" : new Date(Number(slider.value)).toISOString()), 150);
  });
  bar.after(h("div", { id: "back" }, h("span", {}, clock(run.from)), slider, h("span", {}, clock(run.to)), h("b", {}, shown)));
}

takeToken();
dress();
bar.append(
  h("a", { class: "brand", href: "#/evening", "aria-label": "Tipoff, to the evening" }, "Tipoff"),
  pill,
  environment,
  h("nav", { "aria-label": "Pages" }, ...links),
  h("span", { class: "right" }, result, time, theme, halting),
);
bar.after(banner);
addEventListener("hashchange", route);
addEventListener("keydown", pressed);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
store.listen(frame);
// A run that is over is asked fewer questions, so that comes first.
void know().finally(() => {
  route();
  store.start();
});
