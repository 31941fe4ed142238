/** The controls, drawn from what the server says about them. */
import { find, html } from "./dom.js";
import { amend, settle, state } from "./state.js";

let about, moved, opened;
const parts = new Map();
const MOST_ABREAST = 5;
const PRICE = "economics.price", WORTH = "economics.worth", PAYER = "economics.perspective";

export function value(key) {
  if (key in state.changes) return state.changes[key];
  return usual(key);
}

function usual(key) {
  if (key === PRICE) return payer().prices[treatment()] ?? null;
  if (key === WORTH) return payer().threshold;
  return key.startsWith("policy.") ? about.starts[state.start]?.values[key] ?? null : about.controls.find((c) => c.key === key)?.value ?? null;
}

/** What the price is about: the cells that are given, else the first other therapy. */
export const treatment = () => (value("policy.cell_therapy.doses") > 0 ? value("policy.cell_therapy.product") : value("policy.therapies")?.[0]);

/** The payer in force: currency, prices of treatments, what it pays for a QALY. */
export const payer = () => about.payers[Object.hasOwn(about.payers, value(PAYER)) ? value(PAYER) : usual(PAYER)];

/** Leave a payer aside that a link names and that cannot be chosen; what it was called, or null. */
export function strangePayer() {
  if (!about.payersRead || !(PAYER in state.changes) || Object.hasOwn(about.payers, state.changes[PAYER])) return null;
  const name = String(state.changes[PAYER]);
  for (const key of [PAYER, PRICE, WORTH]) delete state.changes[key];
  amend();
  return about.controls.find((c) => c.key === PAYER)?.choices.find((each) => each.value === name)?.label ?? name;
}

/** All payers have been read: those that lack a price of what the policies cause cannot be chosen. Only what hangs on them is
 * painted again, lest a number vanish that somebody is typing meanwhile. */
export function payersKnown(payers) {
  about.payers = payers;
  about.payersRead = true;
  paint((key, part) => key === PAYER || part.control.live);
}

/** A payer that cannot be chosen says why. */
function paintPayer(option, choice) {
  option.disabled = !(choice.value in about.payers);
  option.textContent = choice.label + (!option.disabled ? "" : about.payersRead ? " (prices missing)" : " (being read)");
}

export function set(key, next, rest = true) {
  // An amount belongs to the payer's money, and a price to its treatment.
  const before = treatment();
  if (key === PAYER) delete state.changes[WORTH];
  if (JSON.stringify(next) === JSON.stringify(usual(key))) delete state.changes[key];
  else state.changes[key] = next;
  if (key === PAYER || treatment() !== before) delete state.changes[PRICE];
  if (rest) settle();
  paint();
  moved(key);
}

/** Draw all controls. `onMove(key)` is called after each movement, `onCard(control)` for what stands behind one. */
export function drawControls(data, onMove, onCard) {
  [about, moved, opened] = [data, onMove, onCard];
  const form = find("controls");
  form.addEventListener("submit", (event) => event.preventDefault());
  const start = html("select", { id: "start" }, ...Object.entries(data.starts).map(([name, each]) => html("option", { value: name }, each.label)));
  start.addEventListener("change", () => {
    state.start = start.value;
    for (const key of Object.keys(state.changes)) if (key.startsWith("policy.") || key === PRICE) delete state.changes[key];
    settle();
    paint();
    moved("start");
  });
  for (const [group, label] of Object.entries(data.groups)) {
    const drawn = data.controls.filter((c) => c.group === group).map(draw);
    if (group === "policy") drawn.unshift(html("div", { class: "control" }, html("label", { for: "start" }, "Start from"), start));
    form.append(group === "more"
      ? html("details", { class: "group" }, html("summary", {}, label), html("fieldset", { "aria-label": label }, ...drawn))
      : html("fieldset", {}, html("legend", {}, label), ...drawn));
  }
  paint();
}

function draw(control) {
  const id = `c-${control.key.replaceAll(".", "-")}`;
  const card = html("button", { type: "button", class: "about", "aria-label": `About: ${control.label}`, title: "What stands behind this", onclick: () => opened(control) }, "i");
  const why = html("span", { class: "why", hidden: true, id: `${id}-why` });
  const part = { control, why };
  if (control.kind === "switch") {
    const box = html("input", { type: "checkbox", id, "aria-describedby": why.id, onchange: () => set(control.key, box.checked) });
    part.inputs = [box];
    part.show = (v) => { box.checked = v === true; };
    part.element = html("div", { class: "control switch" }, box, html("label", { for: id }, control.label), card, why);
  } else if (control.kind === "choice" && control.choices.length > MOST_ABREAST) {
    const options = control.choices.map((choice, i) => html("option", { value: i }, choice.label));
    const select = html("select", { id, "aria-describedby": why.id, onchange: () => set(control.key, control.choices[select.value].value) }, ...options);
    part.inputs = [select];
    part.options = options;
    part.show = (v) => { select.value = control.choices.findIndex((choice) => choice.value === v); };
    part.element = html("div", { class: "control" }, html("label", { for: id }, control.label), card, select, why);
  } else if (control.kind === "choice") {
    const options = control.choices.map((choice) => {
      const input = html("input", { type: "radio", name: id, onchange: () => set(control.key, choice.value) });
      return { choice, input, label: html("label", {}, input, choice.label) };
    });
    part.inputs = options.map((o) => o.input);
    part.options = part.inputs;
    part.show = (v) => options.forEach((o) => { o.input.checked = o.choice.value === v; });
    part.element = html("div", { class: "control" }, html("span", { class: "name", id: `${id}-name` }, control.label), card,
      html("div", { class: "options", role: "radiogroup", "aria-labelledby": `${id}-name`, "aria-describedby": why.id }, ...options.map((o) => o.label)), why);
    if (control.counts?.length) part.element.append(counted(control, part));
  } else if (control.kind === "several") {
    const boxes = control.choices.map((choice, i) => ({ choice, box: html("input", { type: "checkbox", id: `${id}-${i}` }) }));
    boxes.forEach(({ box }) => box.addEventListener("change", () => set(control.key, boxes.filter((b) => b.box.checked).map((b) => b.choice.value))));
    part.inputs = boxes.map((b) => b.box);
    part.show = (v) => boxes.forEach((b) => { b.box.checked = Array.isArray(v) && v.includes(b.choice.value); });
    part.element = html("div", { class: "control", role: "group", "aria-label": control.label }, html("span", { class: "name" }, control.label), card,
      ...boxes.map((b) => html("div", { class: "control switch" }, b.box, html("label", { for: b.box.id }, b.choice.label))), why);
  } else number(control, id, card, part);
  parts.set(control.key, part);
  return part.element;
}

/** A hospital's own counts: events among people, which stand for it as soon as one of them is whole. */
function counted(control, part) {
  const rows = control.counts.map((name) => {
    const field = (what) => html("input", { type: "text", inputmode: "numeric", size: 5, "aria-label": `${name}: ${what}` });
    return { name, events: field("events"), people: field("people") };
  });
  const typed = () => {
    const table = {};
    for (const { name, events, people } of rows) {
      const [a, n] = [events.value.trim(), people.value.trim()], whole = /^\d{1,7}$/.test(a) && /^\d{1,7}$/.test(n) && Number(a) <= Number(n) && Number(n) > 0;
      for (const field of [events, people]) field.setAttribute("aria-invalid", String(!whole && (a !== "" || n !== "")));
      if (whole) table[name] = [Number(a), Number(n)];
    }
    const blank = rows.every(({ events, people }) => events.value.trim() === "" && people.value.trim() === "");
    const standing = value(control.key) !== null && typeof value(control.key) === "object";
    if (Object.keys(table).length) set(control.key, table);
    else if (blank && standing) set(control.key, usual(control.key));
  };
  for (const { events, people } of rows) for (const field of [events, people]) field.addEventListener("change", typed);
  const show = part.show;
  let stood = false;
  part.show = (v) => {
    show(v);
    const own = v !== null && typeof v === "object" ? v : {};
    // Half a pair of counts stays as it was typed; pairs that were in force go with them.
    const stands = typeof v === "object";
    if (stands || stood) rows.forEach(({ name, events, people }) => { [events.value, people.value] = Array.isArray(own[name]) ? own[name] : ["", ""]; });
    stood = stands;
  };
  return html("details", { class: "own" }, html("summary", {}, "Our own counts in a year"),
    ...rows.map(({ name, events, people }) => html("div", { class: "count" }, html("span", {}, name), events, " of ", people)));
}

function number(control, id, card, part) {
  const scale = control.scale ?? 1, [low, high] = control.span;
  const range = html("input", { type: "range", id, min: low, max: high, step: control.step ?? "any", "aria-describedby": part.why.id });
  const typed = html("input", { type: "text", inputmode: "decimal", "aria-label": `${control.label}, typed`, "aria-describedby": part.why.id });
  const unit = html("span", { class: "unit" }, control.unit);
  range.addEventListener("input", () => set(control.key, tidy(Number(range.value), control), false));
  range.addEventListener("change", () => set(control.key, tidy(Number(range.value), control)));
  typed.addEventListener("change", () => {
    const next = Number(typed.value.replace("−", "-").replace(/[\s\u202f%]/g, "")) / scale;
    const fits = typed.value.trim() !== "" && Number.isFinite(next) && next >= (control.low ?? -Infinity) && next <= (control.high ?? Infinity) && (!control.whole || Number.isInteger(next));
    typed.setAttribute("aria-invalid", String(!fits));
    typed.title = fits ? "" : `${(control.low ?? low) * scale} to ${(control.high ?? high) * scale}`;
    if (fits) set(control.key, next);
  });
  part.inputs = [range, typed];
  part.unit = unit;
  part.show = (v) => {
    if (document.activeElement !== range || Number(range.value) !== v) range.value = v ?? (control.key.includes("below") ? high : low);
    typed.value = v === null || v === undefined ? "none" : String(Number((v * scale).toPrecision(7)));
    range.setAttribute("aria-valuetext", `${typed.value} ${unit.textContent}`);
    typed.removeAttribute("aria-invalid");
  };
  part.element = html("div", { class: "control" }, html("label", { for: id }, control.label), html("span", { class: "value" }, typed, unit, card), range, part.why);
}

function tidy(v, control) {
  return control.whole ? Math.round(v) : Number(v.toPrecision(10));
}

/** Whether a condition of the controls' file holds. */
function holds(need) {
  if (!need) return true;
  if (Array.isArray(need)) return need.every(holds);
  if (need.any) return need.any.some(holds);
  const v = value(need.key);
  if ("above" in need) return v > need.above;
  if ("is" in need) return v === need.is;
  if ("not" in need) return v !== need.not;
  if ("some" in need) return (v?.length ?? 0) > 0 === need.some;
  return (v !== null) === need.set;
}

export function paint(which = () => true) {
  find("start").value = state.start;
  for (const [key, part] of parts) {
    if (!which(key, part)) continue;
    const on = holds(part.control.needs) && (key !== PRICE || usual(PRICE) !== null);
    if (part.control.live) part.unit.textContent = payer().currency;
    part.show(value(key));
    part.inputs.forEach((input) => { input.disabled = !on; });
    if (key === PAYER) part.options.forEach((option, i) => paintPayer(option, part.control.choices[i]));
    part.element.classList.toggle("off", !on);
    part.element.classList.toggle("moved", key in state.changes);
    part.why.hidden = on;
    part.why.textContent = on ? "" : `Does nothing here: ${part.control.why}.`;
  }
}
