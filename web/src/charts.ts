// Charts on canvas, each with its numbers in a table behind it: a screen reader cannot read a canvas.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { ask } from "./api";
import { h } from "./dom";
import { clock } from "./format";

export interface Mark {
  at: number;
  value: number;
  side: string;
  hollow: boolean;
  id: string;
}

export interface Line {
  label: string;
  color: string;
  width?: number;
  dash?: number[];
  stepped?: boolean;
  /** Shade the room between this line and the one before it. */
  band?: boolean;
}

export type Columns = Record<string, (number | null)[]>;

export interface Options {
  unit: string;
  digits: number;
  low?: number;
  high?: number;
  /** What is drawn of the scale at the least, so that a small change does not look large. */
  span?: number;
  height?: number;
  onMark?: (id: string) => void;
}

const HEIGHT = 220;
const TABLE_ROWS_MAX = 60;
const probe = h("span", { hidden: true });

/** A colour of the style sheet as the canvas needs it. */
export function color(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

function tint(name: string, alpha: number): string {
  return color(name).replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
}

/** The columns of the method `history`, as numbers; moments become seconds. */
export async function history(params: Record<string, string | number>): Promise<Columns> {
  const answer = await ask("history", params);
  const made: Columns = {};
  for (const [name, values] of Object.entries((answer.columns ?? answer) as Record<string, unknown>)) {
    if (!Array.isArray(values)) continue;
    made[name] = values.map((value) =>
      value === null ? null : name === "at" && typeof value === "string" && value.includes("T") ? Date.parse(value) / 1_000 : Number(value),
    );
  }
  return made;
}

export class Chart {
  readonly element: HTMLElement;
  private readonly place = h("div", { class: "plot" });
  private readonly empty = h("p", { class: "quiet" }, "Nothing to draw yet.");
  private readonly table = h("details", { class: "behind" }, h("summary", {}, "as a table"));
  private plot: uPlot | null = null;
  private lines: Line[] = [];
  private columns: (number | null)[][] = [];
  private marks: Mark[] = [];
  private readonly resized: ResizeObserver;

  constructor(
    private readonly title: string,
    private readonly options: Options,
  ) {
    this.element = h("figure", { class: "chart" }, h("figcaption", {}, title), this.place, this.empty, this.table);
    this.table.addEventListener("toggle", () => this.fillTable());
    this.resized = new ResizeObserver(() => this.plot?.setSize({ width: this.width(), height: this.height() }));
    this.resized.observe(this.place);
    this.place.setAttribute("role", "img");
    this.place.setAttribute("aria-label", title);
    this.place.addEventListener("click", (event) => this.pressed(event));
    charts.add(this);
  }

  close(): void {
    this.resized.disconnect();
    this.plot?.destroy();
    charts.delete(this);
  }

  show(at: (number | null)[], lines: Line[], columns: (number | null)[][], marks: Mark[] = []): void {
    this.columns = [at, ...columns];
    this.marks = marks;
    this.empty.hidden = at.length > 1;
    this.place.hidden = at.length <= 1;
    const same = lines.length === this.lines.length && lines.every((line, place) => line.label === this.lines[place]?.label);
    this.lines = lines;
    if (at.length > 1) {
      if (this.plot && same) this.plot.setData(this.columns as uPlot.AlignedData);
      else this.draw();
    }
    const last = columns.map((column, place) => `${lines[place]?.label} ${this.number(column.findLast((value) => value !== null))}`);
    this.place.setAttribute("aria-label", `${this.title}: ${last.join(", ")} ${this.options.unit}`);
    if (this.table.open) this.fillTable();
  }

  /** Draw anew, in the colours that hold now. */
  draw(): void {
    this.plot?.destroy();
    this.plot = null;
    if ((this.columns[0]?.length ?? 0) < 2) return;
    const grid = { stroke: tint("line", 0.9), width: 1 };
    const axis = { stroke: color("quiet"), font: "11px system-ui", grid, ticks: { ...grid, size: 4 } };
    const bands = this.lines.flatMap((line, place) => (line.band ? [{ series: [place + 1, place] as [number, number], fill: tint("quiet", 0.12) }] : []));
    const { digits } = this.options;
    this.plot = new uPlot(
      {
        width: this.width(),
        height: this.height(),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "America/New_York"),
        cursor: { y: false, points: { size: 5 } },
        legend: { live: true },
        scales: { x: {}, y: { range: (_, least, most) => padded(least, most, this.options) } },
        axes: [
          { ...axis, space: 70, size: 30, values: (_, moments) => moments.map((moment) => clock(new Date(moment * 1_000).toISOString()).slice(0, 5)) },
          { ...axis, size: 44 + digits * 8, values: (_, values) => values.map((value) => value.toFixed(digits)) },
        ],
        series: [
          { label: "time", value: (_, moment) => (moment ? clock(new Date(moment * 1_000).toISOString()) : "–") },
          ...this.lines.map((line) => ({
            label: line.label,
            stroke: color(line.color),
            width: line.width ?? 1.5,
            dash: line.dash,
            spanGaps: true,
            points: { show: false },
            paths: line.stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined,
            value: (_: uPlot, value: number | null) => this.number(value),
          })),
        ] as uPlot.Series[],
        bands,
        hooks: { draw: [(plot) => this.drawMarks(plot)] },
      },
      this.columns as uPlot.AlignedData,
      this.place,
    );
  }

  /** Fills: hollow rested, full took; up bought, down sold. */
  private drawMarks(plot: uPlot): void {
    const { ctx } = plot;
    const size = 5 * devicePixelRatio;
    ctx.save();
    for (const mark of this.marks) {
      const x = plot.valToPos(mark.at, "x", true);
      const y = plot.valToPos(mark.value, "y", true);
      if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue;
      const up = mark.side === "bid" ? 1 : -1;
      ctx.beginPath();
      ctx.moveTo(x, y - size * up);
      ctx.lineTo(x + size, y + size * 0.8 * up);
      ctx.lineTo(x - size, y + size * 0.8 * up);
      ctx.closePath();
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.strokeStyle = color("ink");
      ctx.fillStyle = mark.hollow ? color("panel") : color("ink");
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  private pressed(event: MouseEvent): void {
    const plot = this.plot;
    if (!plot || !this.options.onMark) return;
    const { left, top } = plot.over.getBoundingClientRect();
    const near = this.marks
      .map((mark) => ({ mark, far: Math.hypot(plot.valToPos(mark.at, "x") - (event.clientX - left), plot.valToPos(mark.value, "y") - (event.clientY - top)) }))
      .sort((one, other) => one.far - other.far)[0];
    if (near && near.far < 14) this.options.onMark(near.mark.id);
  }

  private fillTable(): void {
    if (!this.table.open) return;
    const [at = [], ...columns] = this.columns;
    const from = Math.max(0, at.length - TABLE_ROWS_MAX);
    const body = at.slice(from).map((moment, offset) =>
      h("tr", {}, h("th", { scope: "row" }, clock(new Date((moment ?? 0) * 1_000).toISOString())), ...columns.map((column) => h("td", { class: "num" }, this.number(column[from + offset])))),
    );
    const heads = ["New York", ...this.lines.map((line) => line.label)].map((name, place) => h("th", { scope: "col", class: place ? "num" : "" }, name));
    const made = h("table", {}, h("caption", {}, `${this.title}, ${this.options.unit}`), h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...body.reverse()));
    this.table.replaceChildren(this.table.firstElementChild as Element, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": this.title }, made));
  }

  private number(value: number | null | undefined): string {
    return value === null || value === undefined ? "–" : value.toFixed(this.options.digits).replace("-", "−");
  }

  private width = (): number => Math.max(200, this.place.clientWidth);
  private height = (): number => this.options.height ?? HEIGHT;
}

const charts = new Set<Chart>();

/** After a change between light and dark. */
export function redraw(): void {
  for (const chart of charts) chart.draw();
}

function padded(least: number, most: number, { low, high, span = 0.02 }: Options): [number, number] {
  if (!Number.isFinite(least) || !Number.isFinite(most)) return [low ?? 0, high ?? 1];
  const room = Math.max((most - least) * 0.08, (span - (most - least)) / 2);
  return [Math.max(low ?? -Infinity, least - room), Math.min(high ?? Infinity, most + room)];
}

const SVG = "http://www.w3.org/2000/svg";

/** A small line from 0 to 100 %, with half drawn in; its words stand beside it. */
export class Spark {
  readonly element = document.createElementNS(SVG, "svg");
  private readonly line = document.createElementNS(SVG, "polyline");

  constructor() {
    this.element.setAttribute("viewBox", "0 0 120 28");
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("class", "spark");
    this.element.setAttribute("aria-hidden", "true");
    const half = document.createElementNS(SVG, "line");
    for (const [name, value] of [["x1", "0"], ["x2", "120"], ["y1", "14"], ["y2", "14"]] as const) half.setAttribute(name, value);
    this.element.append(half, this.line);
  }

  show(values: (number | null)[]): void {
    const known = values.filter((value): value is number => value !== null);
    const step = 120 / Math.max(1, known.length - 1);
    this.line.setAttribute("points", known.map((value, place) => `${(place * step).toFixed(1)},${(27 - value * 26).toFixed(1)}`).join(" "));
  }
}

