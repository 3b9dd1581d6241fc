// What the daemon said last: rows by topic, facts in words, and whether they are still true.
import { headers } from "./api";
import type { Fact, Status, TopicName, Topics } from "./rows";

const FACTS_MAX = 1_000;
const AGAIN_MS_MIN = 300;
const AGAIN_MS_MAX = 4_000;
const SILENCE_MS_MAX = 25_000; // the server says something every ten seconds

export type Topic = TopicName | "journal";
export type Link = { up: boolean; why: string; since: number };

const tables = new Map<string, Map<string, any>>();
const changed = new Set<string>();
const listeners = new Set<(changed: Set<string>) => void>();
let scheduled = false;

export const facts: Fact[] = [];
export const link: Link = { up: false, why: "connecting", since: Date.now() };
/** Set when the token is not taken; nothing is tried again before there is another one. */
export let locked = "";
/** Whether what is shown is a run that is over, which answers fewer questions. */
export const past = { is: false };
let until = "";
let generation = 0;

export function rows<T extends TopicName>(topic: T): Topics[T][] {
  return [...(tables.get(topic)?.values() ?? [])];
}

export function row<T extends TopicName>(topic: T, key: string): Topics[T] | undefined {
  return tables.get(topic)?.get(key);
}

export const status = (): Status | undefined => row("status", "status");

export function listen(heard: (changed: Set<string>) => void): void {
  listeners.add(heard);
}

function touch(name: string): void {
  changed.add(name);
  if (scheduled) return;
  scheduled = true;
  // Once a frame, however many events came; a page that nobody sees draws nothing.
  requestAnimationFrame(() => {
    scheduled = false;
    const now = new Set(changed);
    changed.clear();
    for (const listener of listeners) listener(now);
  });
}

function setLink(up: boolean, why: string): void {
  if (link.up !== up) link.since = Date.now();
  link.up = up;
  link.why = why;
  touch("link");
}

function heard(name: string, data: any): void {
  switch (name) {
    case "snapshot":
      tables.set(data.topic, new Map(Object.entries(data.rows)));
      touch(data.topic);
      break;
    case "diff": {
      const table = tables.get(data.topic) ?? new Map<string, any>();
      tables.set(data.topic, table);
      for (const [key, value] of Object.entries(data.rows)) {
        if (value === null) table.delete(key);
        else table.set(key, value);
      }
      touch(data.topic);
      break;
    }
    case "facts":
      if (data.whole) facts.length = 0;
      for (const fact of data.facts) if (fact.seq > (facts.at(-1)?.seq ?? 0)) facts.push(fact);
      facts.splice(0, facts.length - FACTS_MAX);
      touch("journal");
      break;
    case "link":
      setLink(data.up, data.why);
      break;
    case "bye":
      setLink(false, data.reason);
      break;
  }
}

/** Look at a stored run as it stood at this moment; live, or its end, for "". */
export function lookAt(moment: string): void {
  until = moment;
  generation += 1;
  tables.clear();
  facts.length = 0;
  void follow(generation);
}

async function follow(mine: number): Promise<void> {
  let pause = AGAIN_MS_MIN;
  while (mine === generation && !locked) {
    try {
      await read(mine);
      pause = AGAIN_MS_MIN;
    } catch (error) {
      if (mine !== generation) return;
      setLink(false, error instanceof Error ? error.message : String(error));
    }
    if (mine !== generation) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(AGAIN_MS_MAX, pause * 2);
  }
}

/** One stream from its beginning to its end. A stream of the browser's own cannot send a token. */
async function read(mine: number): Promise<void> {
  const over = new AbortController();
  let watchdog = 0;
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => over.abort(new Error("nothing was heard for 25 s")), SILENCE_MS_MAX);
  };
  try {
    alive();
    const query = until ? `?until=${encodeURIComponent(until)}` : "";
    const response = await fetch(`/api/stream${query}`, { headers: headers(), signal: over.signal });
    if (!response.ok || !response.body) {
      const why = (await response.json().catch(() => ({}))).error?.message ?? response.statusText;
      if (response.status === 401) {
        locked = why;
        touch("link");
      }
      throw new Error(why);
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the dashboard closed the stream");
      if (mine !== generation) {
        over.abort();
        return;
      }
      alive();
      const blocks = (text + value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const found = /^event: (\w+)\ndata: (.*)$/s.exec(block);
        if (found) heard(found[1] ?? "", JSON.parse(found[2] ?? "null"));
      }
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** Begin, or begin again with another token. */
export function start(): void {
  locked = "";
  lookAt(until);
}
