/** Charts as plain SVG: lines with bands and direct labels, stacked areas, dots. Colours are classes of the style sheet. */
import { html, svg } from "./dom.js";

export function ticks(low, high, wanted = 5) {
  const raw = (high - low) / wanted || 1, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * size).find((s) => s >= 0.999 * raw);
  const found = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-6 * step; v += step) found.push(Number(v.toFixed(10)));
  return found;
}

/** Heights nearest to the wanted ones, in their order, at least `gap` apart and inside the panel. */
export function apart(wanted, gap, low, high) {
  const order = wanted.map((y, i) => [y, i]).sort((a, b) => a[0] - b[0]);
  const placed = order.map(([y]) => y);
  for (let turn = 0; turn < 60; turn++) {
    for (let i = 1; i < placed.length; i++) {
      const short = gap - (placed[i] - placed[i - 1]);
      if (short > 0) { placed[i] += short / 2; placed[i - 1] -= short / 2; }
    }
  }
  const over = Math.max(0, (placed.at(-1) ?? 0) - high), under = Math.max(0, low - ((placed[0] ?? low) - over));
  const result = [];
  order.forEach(([, i], k) => { result[i] = placed[k] - over + under; });
  return result;
}

/** Words in lines of at most so many letters, as far as single words allow. */
export function wrapped(text, most) {
  const lines = [];
  for (const word of text.split(" ")) {
    if (lines.length && `${lines.at(-1)} ${word}`.length <= most) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

let tip;
function showTip(rows, x, y) {
  tip ??= document.body.appendChild(html("div", { class: "tip", "aria-hidden": "true" }));
  tip.hidden = rows === null;
  if (rows === null) return;
  tip.replaceChildren(...rows.map(([kind, text]) => html("div", { class: kind }, text)));
  tip.style.left = `${Math.max(4, Math.min(innerWidth - tip.offsetWidth - 8, x + 14))}px`;
  tip.style.top = `${Math.min(innerHeight - tip.offsetHeight - 8, y + 14)}px`;
}

/** Height of a line of names and width of a letter in them, generously, in units of the picture. */
const LINE = 13, LETTER = 6.3;
const USUAL = {
  width: 430, height: 240, left: 46, right: 98, top: 10, bottom: 34,
  x: [0, 1], y: [0, 1], showX: String, showY: String, atX: null, atY: null, labelX: "", ticksX: null, drag: null, hover: true,
};

export class Chart {
  constructor(host, name, options) {
    Object.assign(this, USUAL, options);
    this.grid = svg("g", { class: "grid" });
    this.under = svg("g");
    this.lines = svg("g");
    this.names = svg("g");
    this.over = svg("g");
    this.clip = `clip-${Chart.count = (Chart.count ?? 0) + 1}`;
    const { left, top, width, height, right, bottom } = this;
    const inside = svg("clipPath", { id: this.clip }, svg("rect", { x: left, y: top, width: width - left - right, height: height - top - bottom }));
    this.under.setAttribute("clip-path", `url(#${this.clip})`);
    this.svg = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name }, inside, this.grid, this.under, this.lines, this.names, this.over);
    this.name = name;
    this.marks = new Map();
    this.drawn = new Map();
    this.series = [];
    host.append(this.svg);
    this.axes();
    this.svg.addEventListener("pointermove", (event) => this.look(event));
    this.svg.addEventListener("pointerleave", () => { showTip(null); this.over.replaceChildren(); });
    if (this.drag) this.dragged();
  }

  atx(v) { return this.left + (this.width - this.left - this.right) * (v - this.x[0]) / (this.x[1] - this.x[0]); }
  aty(v) { return this.height - this.bottom - (this.height - this.top - this.bottom) * (v - this.y[0]) / (this.y[1] - this.y[0]); }

  /** Value under a pointer. */
  under_(event) {
    const box = this.svg.getBoundingClientRect();
    const px = (event.clientX - box.left) / box.width * this.width, py = (event.clientY - box.top) / box.height * this.height;
    return {
      px, py,
      x: this.x[0] + (px - this.left) / (this.width - this.left - this.right) * (this.x[1] - this.x[0]),
      y: this.y[0] + (this.height - this.bottom - py) / (this.height - this.top - this.bottom) * (this.y[1] - this.y[0]),
    };
  }

  scale(x, y) {
    const same = (a, b) => a[0] === b[0] && a[1] === b[1];
    if (same(x ?? this.x, this.x) && same(y ?? this.y, this.y)) return;
    [this.x, this.y] = [x ?? this.x, y ?? this.y];
    this.axes();
  }

  axes() {
    const { left, right, width, height, bottom } = this;
    const rows = ticks(...this.y).flatMap((v) => [
      svg("line", { x1: left, x2: width - right, y1: this.aty(v), y2: this.aty(v) }),
      svg("text", { x: left - 6, y: this.aty(v) + 4, "text-anchor": "end" }, this.showY(v)),
    ]);
    const columns = (this.ticksX ?? ticks(...this.x)).map((v) => svg("text", { x: this.atx(v), y: height - bottom + 15, "text-anchor": "middle" }, this.showX(v)));
    const zero = this.aty(Math.max(this.y[0], Math.min(0, this.y[1])));
    this.grid.replaceChildren(...rows, ...columns, svg("line", { class: "axis", x1: left, x2: width - right, y1: zero, y2: zero }),
      svg("text", { x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, this.labelX));
  }

  path(x, y, back = false) {
    let text = "", pen = back;
    y.forEach((v, i) => {
      if (v === null || !Number.isFinite(v)) { pen = back; return; }
      text += `${pen ? "L" : "M"}${this.atx(x[i]).toFixed(1)} ${this.aty(v).toFixed(1)}`;
      pen = true;
    });
    return text;
  }

  /** Series: {key, kind, label, x, y, low, high, dashed}; `kind` is the class that gives the colour. */
  draw(series) {
    this.series = series;
    const seen = new Set();
    const element = (key, layer, attributes) => {
      seen.add(key);
      if (!this.drawn.has(key)) this.drawn.set(key, layer.appendChild(svg("path")));
      const path = this.drawn.get(key);
      for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
    };
    for (const s of series) {
      if (s.low) {
        const ok = s.low.map((v, i) => i).filter((i) => Number.isFinite(s.low[i]) && s.low[i] !== null && s.high[i] !== null);
        const there = this.path(ok.map((i) => s.x[i]), ok.map((i) => s.high[i]));
        const back = this.path(ok.map((i) => s.x[i]).reverse(), ok.map((i) => s.low[i]).reverse(), true);
        element(`band ${s.key}`, this.under, { class: `band ${s.kind}`, d: ok.length ? `${there}${back}Z` : "M0 0" });
      }
      if (s.y) element(`line ${s.key}`, this.lines, { class: `line ${s.kind}${s.dashed ? " dashed" : ""}`, d: this.path(s.x, s.y) || "M0 0", "clip-path": `url(#${this.clip})` });
    }
    for (const [key, path] of this.drawn) if (!seen.has(key)) { path.remove(); this.drawn.delete(key); }
    this.label(series.filter((s) => s.label).map((s) => {
      let end = s.y.length - 1;
      while (end > 0 && (s.y[end] === null || !Number.isFinite(s.y[end]))) end--;
      return { x: s.x[end], y: Math.max(this.y[0], Math.min(this.y[1], s.y[end])), text: s.label, kind: s.kind };
    }));
  }

  /** Names at the right end, one under the other, in as many lines as the room there asks for. */
  label(ends) {
    const at = this.width - this.right + 10, most = Math.floor((this.width - at) / LETTER);
    const lines = ends.map((e) => wrapped(e.text, most)), deepest = Math.max(1, ...lines.map((own) => own.length));
    const half = LINE * (deepest - 1) / 2;
    const heights = apart(ends.map((e) => this.aty(e.y)), LINE * deepest, this.top + half, this.height - this.bottom - half);
    this.names.replaceChildren(...ends.flatMap((e, i) => [
      Math.abs(heights[i] - this.aty(e.y)) > 3 ? svg("line", { class: `leader ${e.kind}`, x1: this.atx(e.x) + 2, y1: this.aty(e.y), x2: at - 2, y2: heights[i] }) : null,
      svg("text", { class: `name ${e.kind}`, x: at, y: heights[i] + 4 - LINE * (lines[i].length - 1) / 2 },
        ...(lines[i].length > 1 ? lines[i].map((line, k) => svg("tspan", { x: at, dy: k ? LINE : 0 }, k < lines[i].length - 1 ? `${line} ` : line)) : lines[i])),
    ].filter(Boolean)));
  }

  /** Areas from the bottom up: {name, colour, y}. */
  stack(x, areas) {
    let below = x.map(() => 0);
    const ends = [];
    this.under.replaceChildren(...areas.map((area) => {
      const top = below.map((v, i) => v + area.y[i]);
      const d = `${this.path(x, top)}${this.path([...x].reverse(), [...below].reverse(), true)}Z`;
      ends.push({ y: (below.at(-1) + top.at(-1)) / 2, text: `${area.name} ${Math.round(100 * area.y.at(-1))}%` });
      below = top;
      return svg("path", { class: "area", colour: area.colour, d });
    }));
    const heights = apart(ends.map((e) => this.aty(e.y)), 12.5, this.top, this.height - this.bottom);
    this.names.replaceChildren(...ends.map((e, i) => svg("text", { x: this.width - this.right + 8, y: heights[i] + 4 }, e.text)));
  }

  /** A vertical or horizontal mark that stays. */
  mark(key, { x, y, text = "" }) {
    if (!this.marks.has(key)) this.marks.set(key, this.svg.appendChild(svg("g", {}, svg("line", { class: "mark" }), svg("text", { class: "mark" }))));
    const [line, words] = this.marks.get(key).children;
    const [x1, x2] = x === undefined ? [this.left, this.width - this.right] : [this.atx(x), this.atx(x)];
    const [y1, y2] = y === undefined ? [this.top, this.height - this.bottom] : [this.aty(y), this.aty(y)];
    for (const [name, value] of Object.entries({ x1, x2, y1, y2 })) line.setAttribute(name, value);
    words.setAttribute("x", x1 + 4);
    words.setAttribute("y", y1 + 9);
    words.textContent = text;
  }

  look(event) {
    if (!this.hover || event.buttons || !this.series.length) return;
    const at = this.under_(event);
    this.over.replaceChildren();
    if (at.px < this.left || at.px > this.width - this.right) { showTip(null); return; }
    const rows = [["", (this.atX ?? this.showX)(at.x)]], show = this.atY ?? this.showY;
    this.over.append(svg("line", { class: "axis", x1: at.px, x2: at.px, y1: this.top, y2: this.height - this.bottom }));
    for (const s of this.series.filter((each) => each.label)) {
      let k = 0;
      while (k < s.x.length - 1 && s.x[k + 1] <= at.x) k++;
      if (s.y[k] === null || !Number.isFinite(s.y[k])) continue;
      rows.push([`name-of ${s.kind}`, `${s.label}: ${show(s.y[k])}${s.low ? ` (${show(s.low[k])} to ${show(s.high[k])})` : ""}`]);
    }
    showTip(rows, event.clientX, event.clientY);
  }

  dragged() {
    const move = (event) => {
      if (!event.buttons) return;
      const at = this.under_(event);
      this.drag(at.x, at.y, event.type === "pointerup");
      event.preventDefault();
    };
    this.svg.addEventListener("pointerdown", (event) => { this.svg.setPointerCapture(event.pointerId); move(event); });
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", (event) => { const at = this.under_(event); this.drag(at.x, at.y, true); });
  }

  say(text) { this.svg.setAttribute("aria-label", `${this.name}. ${text}`); }
}
