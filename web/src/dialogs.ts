// Asking before something is changed, and telling why something happened.
import { act, ask, Refusal } from "./api";
import { h, text } from "./dom";
import { clock } from "./format";
import { link } from "./store";
import type { Why } from "./rows";

const ARMED_MS = 5_000;

export interface Field {
  name: string;
  label: string;
  value?: string;
  choices?: string[];
  hint?: string;
  required?: boolean;
}

export interface Command {
  title: string;
  /** What it does, in a sentence. */
  does: string;
  method: string;
  params: Record<string, unknown>;
  button: string;
  danger?: boolean;
  fields?: Field[];
  /** Turns what was typed into parameters; without it the fields are. */
  read?: (typed: Record<string, string>) => Record<string, unknown> | string;
}

let mayOperate = true;
let whyNot = "";

export function setRight(allowed: boolean, reason: string): void {
  mayOperate = allowed;
  whyNot = reason;
}

export const operating = (): boolean => mayOperate;

function open(dialog: HTMLDialogElement): void {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

function inputOf(field: Field): HTMLInputElement | HTMLSelectElement {
  const required = field.required ?? false;
  if (!field.choices) {
    return h("input", { name: field.name, value: field.value ?? "", required, autocomplete: "off", spellcheck: "false" });
  }
  return h(
    "select",
    { name: field.name },
    ...field.choices.map((choice) => h("option", { value: choice, selected: choice === field.value }, choice)),
  );
}

/** Ask for a reason and a second press, send it once, and say what came of it. */
export function command(wanted: Command): void {
  const requestId = `web-${crypto.randomUUID().slice(0, 18)}`;
  const outcome = h("p", { class: "outcome", role: "status" });
  const send = h("button", { type: "submit", class: wanted.danger ? "danger" : "primary" }, wanted.button);
  const cancel = h("button", { type: "button", click: () => dialog.close() }, "Cancel");
  const fields = (wanted.fields ?? []).map((field) =>
    h("label", {}, h("span", {}, field.label), inputOf(field), field.hint ? h("small", {}, field.hint) : null),
  );
  const reason = h("label", {}, h("span", {}, "Reason"), h("input", { name: "reason", required: true, maxlength: 300, autocomplete: "off" }), h("small", {}, "Kept in the journal, beside who asked."));
  const form = h("form", { method: "dialog" }, h("h2", {}, wanted.title), h("p", {}, wanted.does), ...fields, reason, outcome, h("div", { class: "buttons" }, cancel, send));
  const dialog = h("dialog", { "aria-label": wanted.title }, form);
  let armed = 0;

  const calm = (label: string): void => {
    armed = 0;
    text(send, label);
    send.classList.remove("armed");
  };
  form.addEventListener("input", () => armed && calm(wanted.button));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!mayOperate) {
      text(outcome, whyNot);
      return;
    }
    if (!armed) {
      armed = Date.now();
      send.classList.add("armed");
      text(send, `Press again: ${wanted.button}`);
      setTimeout(() => armed && Date.now() - armed >= ARMED_MS && calm(wanted.button), ARMED_MS + 20);
      return;
    }
    const typed = Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)]));
    const why = typed.reason ?? "";
    delete typed.reason;
    const read = wanted.read ? wanted.read(typed) : typed;
    if (typeof read === "string") {
      calm(wanted.button);
      text(outcome, read);
      return;
    }
    send.disabled = true;
    text(outcome, "Asked; waiting until it is durable …");
    void act(wanted.method, { ...wanted.params, ...read }, requestId, why).then(
      (result) => {
        outcome.className = "outcome good";
        text(outcome, `Done: ${result.outcome}`);
        send.remove();
        text(cancel, "Close");
        cancel.focus();
      },
      (error: Refusal) => {
        send.disabled = false;
        const unknown = ["timeout", "closed"].includes(error.code);
        // The same request id is fulfilled once, so asking again is safe, and says what came of the first.
        calm(unknown ? "Ask again, with the same request id" : wanted.button);
        outcome.className = "outcome bad";
        text(outcome, `${unknown ? "Outcome not known" : "Refused"}: ${[error.message, ...error.details].join(" · ")}`);
      },
    );
  });
  open(dialog);
  (form.querySelector("input, select") as HTMLElement | null)?.focus();
}

/** The chain of causes of an order, a fill or a signal. */
export function why(id: string): void {
  const body = h("div", {}, h("p", { class: "quiet" }, "Reading the journal …"));
  const dialog = h("dialog", { class: "wide", "aria-label": `Why ${id}` }, h("h2", {}, "Why"), h("p", { class: "mono quiet" }, id), body, h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", click: () => dialog.close() }, "Close")));
  open(dialog);
  void ask("why", { id }).then(
    (found: Why) => {
      const steps = found.steps.map((step) =>
        h("li", {}, h("time", {}, clock(step.at)), h("b", {}, step.kind.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()), h("span", {}, step.text), h("small", {}, `fact ${step.seq} of ${step.owner.split("/").at(-1)}, from input ${step.cause}`)),
      );
      body.replaceChildren(h("p", { class: "verdict" }, found.verdict), h("ol", { class: "chain" }, ...steps), found.left_out ? h("p", { class: "quiet" }, `${found.left_out} steps are left out`) : "", ...Object.entries(found.moments).map(([kind, word]) => h("p", { class: "quiet" }, `moments of ${kind}: ${word}`)));
    },
    (error: Refusal) => body.replaceChildren(h("p", { class: "outcome bad" }, link.up ? error.message : `The daemon is not there: ${error.message}`)),
  );
}

export function keysHelp(keys: [string, string][]): void {
  const dialog = h("dialog", { "aria-label": "Keys" }, h("h2", {}, "Keys"), h("dl", { class: "keys" }, ...keys.flatMap(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)])), h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", click: () => dialog.close() }, "Close")));
  open(dialog);
}
