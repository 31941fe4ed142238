/** Elements by name, attributes and children; numbers in words. */
const NS = "http://www.w3.org/2000/svg";

export function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  return filled(element, attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(NS, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "colour") element.style.setProperty("--c", value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const find = (id) => document.getElementById(id);
const minus = (text) => text.replace("-", "−");
export const fixed = (value, digits = 0) => (Number.isFinite(value) ? minus(value.toFixed(digits)) : "–");
export const percent = (share, digits = 1) => `${fixed(100 * share, digits)}%`;
export const points = (share) => `${share > 0 ? "+" : ""}${fixed(100 * share, 1)}`;
export const whole = (value) => minus(Math.round(value).toLocaleString("en-GB")).replaceAll(",", "\u202f");
export const signed = (value, digits) => `${value > 0 ? "+" : ""}${fixed(value, digits)}`;
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1), low = Math.floor(place);
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

/** A text in lines of at most so many letters, or of one longer word. */
export const lines = (text, most) => text.split(" ").reduce((all, word) => {
  const longer = `${all.at(-1)} ${word}`;
  return all.length && longer.length <= most ? [...all.slice(0, -1), longer] : [...all, word];
}, []);

/** A card: heading, a note that changes, and whatever is drawn below. */
export function card(host, title, size = "") {
  const note = html("p", { class: "note" });
  const heading = html("h2", {}, title);
  const element = html("div", { class: `card ${size}` }, heading, note);
  host.append(element);
  return { element, note, heading, say: (text) => { note.textContent = text; } };
}

/** A table of a head and rows; the first column names the row. */
export function table(head, rows, attributes = {}) {
  const cell = (tag, scope) => (text) => html(tag, scope ? { scope } : {}, text);
  return html("table", attributes,
    html("thead", {}, html("tr", {}, ...head.map(cell("th", "col")))),
    html("tbody", {}, ...rows.map(([name, ...cells]) => html("tr", {}, html("th", { scope: "row" }, name), ...cells.map(cell("td"))))));
}

/** A place for what may be wider than its card; the keyboard scrolls it. */
export const scroll = (name) => html("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": name });

export function download(name, text, type) {
  const link = html("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
