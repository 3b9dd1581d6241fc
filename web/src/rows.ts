// The rows of the control socket, as tipoff/control/schema.json has them. A test holds the two equal.
// Money, prices and counts are decimal texts in dollars and contracts; moments are ISO 8601 in UTC.

export interface Band {
  pessimistic: string;
  base: string;
  optimistic: string;
}

export interface Halt {
  scope: string;
  state: string;
  by: string;
  why: string;
  at: string;
}

export interface Status {
  state: string;
  trading: boolean;
  why_not: string[];
  degraded: string[];
  tipoff: string;
  run: string | null;
  at: string;
  uptime_seconds: number | null;
  at_risk: string;
  at_risk_max: string | null;
  positions: number;
  open_orders: number;
  pnl: Band;
  halts: Halt[];
  feed: {
    connected: boolean;
    gaps: number;
    losses: number;
    last_book_at: string | null;
    lag_ms: number;
    venue_trading: boolean;
    trusted_books: number;
    books: number;
  };
  actors: number;
  actors_running: number;
  restarts: number;
  dead_letters: number;
  journal_seq: number;
}

export interface Game {
  game: string;
  away: string | null;
  home: string | null;
  tip_at: string | null;
  matched: boolean;
  score: string | null;
  phase: string;
  period: number | null;
  clock_ms: number | null;
  markets: number;
  sportsbooks: number;
  scores_disagree: boolean;
  halted: string | null;
}

export interface Market {
  ticker: string;
  game: string;
  kind: string;
  status: string | null;
  yes_bid: string | null;
  yes_bid_size: string | null;
  yes_ask: string | null;
  yes_ask_size: string | null;
  trust: string | null;
  at: string | null;
}

export interface Strategy {
  name: string;
  kind: string;
  enabled: boolean;
  halted: string | null;
  quarantined: boolean;
  parameters: string;
  signals: number;
  near_misses: number;
  orders: number;
  open_orders: number;
  fills: number;
  denied: Record<string, number>;
  bankroll: string;
  cash: string;
  at_risk: string;
}

export interface Position {
  strategy: string;
  game: string;
  ticker: string;
  position: string;
  cost: string;
  worth: string;
  unrealized: string;
  yes_bid: string | null;
  yes_ask: string | null;
}

export interface Order {
  order_id: string;
  strategy: string;
  game: string;
  ticker: string;
  side: string;
  price: string;
  count: string;
  filled: string;
  remaining: string;
  tif: string;
  stage: string;
  ahead: string | null;
  end: string | null;
  signal_id: string;
  at: string;
}

export interface Fill {
  fill_id: string;
  order_id: string;
  strategy: string;
  ticker: string;
  side: string;
  price: string;
  count: string;
  liquidity: string;
  fee: string;
  at: string;
}

export interface Signal {
  signal_id: string;
  strategy: string;
  ticker: string;
  side: string;
  action: string;
  reason: string;
  p_fair: number | null;
  price: string | null;
  p_edge: number | null;
  at: string;
}

export interface Pnl {
  strategy: string;
  realized: string;
  unrealized: string;
  fees: string;
  band: Band;
}

export interface Actor {
  address: string;
  depth: number;
  kind: string;
  state: string;
  incarnation: number;
  restarts: number;
  mailbox: number;
  mailbox_peak: number;
  mailbox_capacity: number;
  handled: number;
  refused: number;
  dropped: number;
  failures: number;
  last_error: string;
  age_seconds: number | null;
}

export interface Fact {
  seq: number;
  at: string;
  cause: number;
  owner: string;
  kind: string;
  text: string;
}

export interface Why {
  id: string;
  verdict: string;
  steps: Fact[];
  left_out: number;
  moments: Record<string, string>;
}

export interface Level {
  price: string;
  count: string;
}

export interface Book {
  ticker: string;
  trust: string;
  bids: Level[];
  asks: Level[];
  at: string;
}

export interface Limit {
  name: string;
  strategy: string | null;
  use: string;
  limit: string;
  unit: string;
  where: string;
}

export interface Risk {
  limits: Limit[];
}

export interface Topics {
  status: Status;
  games: Game;
  markets: Market;
  strategies: Strategy;
  positions: Position;
  orders: Order;
  fills: Fill;
  signals: Signal;
  pnl: Pnl;
  actors: Actor;
}

export type TopicName = keyof Topics;
