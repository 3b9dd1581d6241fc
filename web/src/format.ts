// Values as people read them. Words stand beside every colour.

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  timeZone: "America/New_York",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const DAY = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", weekday: "short", month: "short", day: "numeric" });
export const NONE = "–";

/** Of a moment: the time in New York, where the evening is. */
export const clock = (at: string | null | undefined): string => (at ? CLOCK.format(new Date(at)) : NONE);
export const hourMinute = (at: string | null): string => clock(at).slice(0, 5);
export const day = (at: string | null | undefined): string => (at ? DAY.format(new Date(at)) : NONE);

/** Dollars with a sign that needs no colour. */
export function money(text: string | null | undefined, signed = false): string {
  if (text === null || text === undefined) return NONE;
  const value = Number(text);
  const shown = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  if (Number(shown.replaceAll(",", "")) === 0) return shown;
  return (value < 0 ? "−" : signed ? "+" : "") + shown;
}

/** A price in cents, with tenths only where there are some. */
export function cents(text: string | null | undefined): string {
  if (text === null || text === undefined) return NONE;
  const value = Number(text) * 100;
  return Number.isInteger(Math.round(value * 100) / 100) ? value.toFixed(0) : value.toFixed(1);
}

export const count = (text: string | null | undefined): string =>
  text === null || text === undefined ? NONE : Number(text).toLocaleString("en-US", { maximumFractionDigits: 2 }).replace("-", "−");

export const share = (p: number | null | undefined): string =>
  p === null || p === undefined ? NONE : (p * 100).toFixed(1);

export const signedShare = (p: number | null | undefined): string =>
  p === null || p === undefined ? NONE : (p < 0 ? "−" : "+") + Math.abs(p * 100).toFixed(1);

/** A duration in a word. */
export function lasting(seconds: number): string {
  if (seconds < 1) return "now";
  if (seconds < 100) return `${Math.floor(seconds)} s`;
  if (seconds < 6_000) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}

export const words = (text: string): string => text.replaceAll("_", " ");

/** What of a ticker tells it from its neighbours in the same game. */
export function shortTicker(ticker: string): string {
  const [series = "", , ...rest] = ticker.split("-");
  const kind = series.replace(/^KX(NBA|NCAAMB|NCAAWB|WNBA)?/, "").toLowerCase();
  return `${kind} ${rest.join("-")}`.trim();
}

/** A market among those of all games, such as "BOSLAL total 227": the whole ticker fills a line of a phone. */
export function marketName(ticker: string): string {
  const event = (ticker.split("-")[1] ?? "").replace(/^\d\d[A-Z]{3}\d\d/, "");
  return `${event} ${shortTicker(ticker)}`.trim();
}

export const gain = (text: string | null | undefined): string => {
  const value = Number(text ?? 0);
  return Math.abs(value) < 0.005 ? "" : value > 0 ? "up" : "down";
};
