// Questions and commands over HTTP. The token came behind the # of the address; it is kept for this tab only.

const KEPT = "tipoff-token";
const ASK_MS = 20_000;

export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: string[] = [],
  ) {
    super(message);
  }
}

/** Take the token from the address, so that it stands there no longer than it must. */
export function takeToken(): void {
  const found = /^#t=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (found?.[1]) {
    sessionStorage.setItem(KEPT, found[1]);
    history.replaceState(null, "", location.pathname);
  }
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEPT, token);
}

export function headers(): Record<string, string> {
  const token = sessionStorage.getItem(KEPT);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function answer(path: string, more: RequestInit = {}): Promise<any> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(ASK_MS);
    response = await fetch(path, { ...more, signal, headers: { ...headers(), ...(more.headers ?? {}) } });
  } catch (error) {
    throw new Refusal("timeout", error instanceof Error ? error.message : String(error));
  }
  const document = await response.json().catch(() => ({}));
  if (response.ok && !document.error) return document.result;
  const { code = "unknown", message = response.statusText, details = [] } = document.error ?? {};
  throw new Refusal(code, message, details);
}

export function ask(method: string, params: Record<string, string | number | boolean> = {}): Promise<any> {
  const query = new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)]));
  return answer(`/api/ask/${method}?${query}`);
}

export function act(method: string, params: object, requestId: string, reason: string): Promise<any> {
  const body = JSON.stringify({ request_id: requestId, params, reason });
  return answer(`/api/do/${method}`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
}

export const about = (): Promise<{ right: string; read_only: boolean; stored?: { run: string; from: string; to: string } }> =>
  answer("/api/about");
