// Elements and tables without a framework: text is only ever set as text, and only where it changed.

type Child = Node | string | null | false | undefined;
type Props = Record<string, string | number | boolean | ((event: any) => void) | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== null && child !== false && child !== undefined));
  return made;
}

export function text(element: Element, value: string): void {
  if (element.textContent !== value) element.textContent = value;
}

export function attribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A panel with a heading; what is in it changes, it stays. */
export function panel(title: string, kind: string, ...children: Child[]): HTMLElement {
  return h("section", { class: `panel ${kind}`, "aria-label": title }, h("h2", {}, title), ...children);
}

export interface Cell {
  text: string;
  kind?: string;
  title?: string;
  href?: string;
  why?: string;
  press?: { label: string; run: () => void; danger?: boolean }[];
}

export interface Column<R> {
  title: string;
  cell: (row: R) => string | Cell;
  num?: boolean;
  /** Left out below this width: `n` of a phone, `m` of a small window. */
  hide?: "n" | "m";
  width?: string;
  /** Heads its row for a screen reader. */
  head?: boolean;
}

const ROWS_MAX = 200;

/** A table that keeps its rows by key and touches only what changed. */
export class Table<R> {
  readonly element: HTMLElement;
  private readonly body = h("tbody");
  private readonly note = h("p", { class: "quiet" });
  private readonly known = new Map<string, { tr: HTMLTableRowElement; shown: string[] }>();

  constructor(
    title: string,
    private readonly columns: Column<R>[],
    private readonly key: (row: R) => string,
    private readonly nothing: string,
    private readonly why: (id: string) => void = () => {},
  ) {
    const heads = columns.map((column) =>
      h("th", { scope: "col", class: classes(column), style: undefined }, column.title),
    );
    heads.forEach((head, place) => {
      const width = columns[place]?.width;
      if (width) head.style.width = width;
    });
    const table = h("table", {}, h("caption", {}, title), h("thead", {}, h("tr", {}, ...heads)), this.body);
    this.element = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table, this.note);
  }

  update(rows: R[]): void {
    const shown = rows.slice(0, ROWS_MAX);
    const keys = new Set(shown.map(this.key));
    for (const [key, { tr }] of this.known) {
      if (!keys.has(key)) {
        tr.remove();
        this.known.delete(key);
      }
    }
    let place: Element | null = this.body.firstElementChild;
    for (const row of shown) {
      const tr = this.row(row);
      if (tr === place) place = place.nextElementSibling;
      else this.body.insertBefore(tr, place);
    }
    const more = rows.length - shown.length;
    text(this.note, rows.length === 0 ? this.nothing : more > 0 ? `${more} more; narrow it with the filter` : "");
    this.note.hidden = rows.length > 0 && more <= 0;
  }

  private row(row: R): HTMLTableRowElement {
    const key = this.key(row);
    let known = this.known.get(key);
    if (!known) {
      const tr = h("tr", {}, ...this.columns.map((column) => cellElement(column)));
      known = { tr, shown: [] };
      this.known.set(key, known);
    }
    this.columns.forEach((column, place) => {
      const found = column.cell(row);
      const cell = typeof found === "string" ? { text: found } : found;
      const mark = `${cell.text}\0${cell.kind ?? ""}\0${cell.title ?? ""}\0${cell.href ?? ""}\0${cell.press?.map((each) => each.label) ?? ""}`;
      if (known.shown[place] === mark) return;
      known.shown[place] = mark;
      this.fill(known.tr.children[place] as HTMLElement, column, cell);
    });
    return known.tr;
  }

  private fill(element: HTMLElement, column: Column<R>, cell: Cell): void {
    element.className = [classes(column), cell.kind ?? ""].join(" ").trim();
    if (cell.title) element.title = cell.title;
    if (cell.press) {
      element.replaceChildren(
        ...cell.press.map((each) =>
          h("button", { type: "button", class: each.danger ? "small danger" : "small", click: each.run }, each.label),
        ),
      );
    } else if (cell.href) {
      element.replaceChildren(h("a", { href: cell.href }, cell.text));
    } else if (cell.why) {
      const id = cell.why;
      element.replaceChildren(
        h("button", { type: "button", class: "link", title: `Why ${id}?`, click: () => this.why(id) }, cell.text),
      );
    } else {
      element.textContent = cell.text;
    }
  }
}

const classes = <R>(column: Column<R>): string =>
  [column.num ? "num" : "", column.hide ? `hide-${column.hide}` : ""].join(" ").trim();

const cellElement = <R>(column: Column<R>): HTMLElement =>
  column.head ? h("th", { scope: "row", class: classes(column) }) : h("td", { class: classes(column) });

/** Named values, as a list of terms. */
export class Figures {
  readonly element = h("dl", { class: "figures" });
  private readonly values = new Map<string, HTMLElement>();

  set(name: string, value: string, kind = "", title = ""): void {
    let dd = this.values.get(name);
    if (!dd) {
      dd = h("dd", {});
      this.values.set(name, dd);
      this.element.append(h("div", {}, h("dt", {}, name), dd));
    }
    text(dd, value);
    attribute(dd, "class", kind);
    if (title) attribute(dd, "title", title);
  }
}
