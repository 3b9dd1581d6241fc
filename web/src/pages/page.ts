// What a page is: an element, what it listens to, and its end.
import type { Risk } from "../rows";
import { ask } from "../api";
import { past } from "../store";

export interface Page {
  title: string;
  element: HTMLElement;
  update(changed: Set<string>): void;
  close?(): void;
}

export const HISTORY_EVERY_MS = 3_000;

/** Call now and every so often until closed; a call that is under way is not doubled. */
export function repeat(call: () => Promise<void>, everyMs: number): () => void {
  let busy = false;
  const go = (): void => {
    if (busy || document.hidden) return;
    busy = true;
    void call()
      .catch(() => undefined) // the line at the top says that the daemon is gone; the next call may succeed
      .finally(() => {
        busy = false;
      });
  };
  go();
  const timer = setInterval(go, everyMs);
  return () => clearInterval(timer);
}

/** The limit that is nearest to being reached, as a share and in words. */
export async function nearestLimit(): Promise<string> {
  if (past.is) return "–";
  const risk = (await ask("risk")) as Risk;
  const used = risk.limits
    .map((line) => ({ line, share: Number(line.use) / Number(line.limit) }))
    .filter(({ share }) => Number.isFinite(share))
    .sort((one, other) => other.share - one.share)[0];
  if (!used || used.share === 0) return "none in use";
  const { name, use, limit, unit, strategy } = used.line;
  return `${Math.round(used.share * 100)} % ${name.replaceAll("_", " ")}${strategy ? ` of ${strategy}` : ""} (${use} of ${limit} ${unit})`;
}
