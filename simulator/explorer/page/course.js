/** The clinical course: a hundred people twice, curves, states, TcPO2, and how far the evidence carries. */
import { Chart } from "./charts.js";
import { card, fixed, html, lines, percent, points, scroll, svg, table, whole } from "./dom.js";
import { link, state } from "./state.js";

const CURVES = ["major_amputation", "death", "healing_without_amputation"];
const NAMES = { reference: "Reference", beside: "Published", mine: "Yours" };
const DOT = 21, RADIUS = 7.4;
/** Charts of a third of the page: fewer units across, so that letters stay legible. */
const THIRD = { width: 340, height: 220, left: 40, right: 88 };

export class Course {
  constructor(host, page, open) {
    Object.assign(this, { page, open, charts: {}, stacks: {}, cards: {} });
    this.twins = card(host, "The same hundred people, twice");
    this.drawTwins();
    for (const key of CURVES) {
      const title = page.about.outcomes[key];
      this.cards[key] = card(host, title);
      this.charts[key] = new Chart(this.cards[key].element, title, { ...THIRD,
        x: [0, page.about.shown_years], y: [0, 0.8], showY: (v) => percent(v, 0), atY: (v) => percent(v), showX: String, atX: (v) => `${fixed(v, 1)} years`, labelX: "years since referral",
      });
      this.cards[key].risk = scroll(`People at risk: ${title}`);
      this.cards[key].element.append(this.cards[key].risk);
    }
    this.cards.tcpo2 = card(host, "TcPO₂ of kept limbs");
    this.charts.tcpo2 = new Chart(this.cards.tcpo2.element, "TcPO₂ of kept limbs", { ...THIRD,
      x: [0, 2], y: [0, 70], showY: (v) => fixed(v), atY: (v) => `${fixed(v, 1)} mmHg`, atX: (v) => `${fixed(12 * v)} months`, showX: (v) => fixed(12 * v), ticksX: [0, 0.5, 1, 1.5, 2], labelX: "months since referral",
    });
    this.views = card(host, "How far the evidence carries");
    for (const role of ["reference", "beside", "mine"]) {
      const each = card(host, "");
      each.heading.className = `name p-${role}`;
      this.stacks[role] = { ...each, chart: new Chart(each.element, "States", { ...THIRD, x: [0, page.about.shown_years], y: [0, 1], right: 136, hover: false, showY: (v) => percent(v, 0), labelX: "years since referral" }) };
    }
  }

  /** Policies that are shown, each once: its role gives colour and name. */
  shown() {
    const { compared } = this.page.about, part = this.page.last.curves;
    return ["reference", "beside", "mine"].filter((role, i, all) => all.findIndex((other) => compared[other] === compared[role]) === i)
      .map((role) => ({ role, policy: compared[role], p: part.policies.indexOf(compared[role]), label: this.called(role) })).filter((each) => each.p >= 0);
  }

  called(role) {
    const { compared, labels } = this.page.about;
    return role === "mine" ? NAMES.mine : labels[compared[role]].split(" ")[0];
  }

  paint() {
    if (this.page.last.curves) { this.paintCurves(); this.paintStates(); }
    if (this.page.last.hundred) this.paintTwins();
    if (this.page.last.views) this.paintViews();
  }

  paintCurves() {
    const part = this.page.last.curves, x = part.times, at = part.at, pinned = this.page.pinned?.curves;
    const mine = part.policies.indexOf(this.page.about.compared.mine);
    for (const key of CURVES) {
      const o = part.outcomes[key], chart = this.charts[key];
      const top = Math.max(...o.mean.flat(), ...(pinned?.outcomes[key].mean.flat() ?? []));
      chart.scale([0, x.at(-1)], [0, Math.max(0.1, Math.ceil(10.5 * top) / 10)]);
      const series = this.shown().map(({ role, p, label }) => ({
        key: role, kind: `p-${role}`, label, x, y: o.mean[p],
        low: o.mean[p].map((v, i) => v - 1.96 * o.se[p][i]), high: o.mean[p].map((v, i) => v + 1.96 * o.se[p][i]),
      }));
      if (pinned) series.push({ key: "pinned", kind: "p-pinned", label: "Pinned", x: pinned.times, y: pinned.outcomes[key].mean[pinned.policies.indexOf(this.page.about.compared.mine)] });
      chart.draw(series);
      chart.mark("at", { x: x[at] });
      const text = `by ${this.when()} ${percent(o.mean[mine][at])}, ${points(o.difference[mine][at])} ± ${fixed(100 * o.difference_se[mine][at], 1)} points`;
      this.cards[key].say(text);
      chart.say(text);
      this.paintRisk(key);
    }
    const t = part.tcpo2, seen = x.slice(0, t.mean[0].length);
    this.charts.tcpo2.scale([0, Math.max(seen.at(-1), 0.1)]);
    this.charts.tcpo2.draw(this.shown().map(({ role, p, label }) => ({
      key: role, kind: `p-${role}`, label, x: seen, y: t.mean[p],
      ...(role === "beside" ? {} : { low: t.mean[p].map((v, i) => v - t.sd[p][i]), high: t.mean[p].map((v, i) => v + t.sd[p][i]) }),
    })));
    this.cards.tcpo2.say("true mean in mmHg; band: one standard deviation of people to either side");
  }

  when() { return this.page.about.year === 1 ? "one year" : `${this.page.about.year} years`; }

  /** People at risk under a curve: alive with the limb, alive, or with an open wound. */
  paintRisk(key) {
    const part = this.page.last.curves, states = this.page.about.at_risk[key];
    const years = part.times.map((t, i) => [t, i]).filter(([t]) => Number.isInteger(t));
    const rows = this.shown().map(({ p, label }) => [label, ...years.map(([, i]) => whole(part.people * states.reduce((sum, s) => sum + part.states[p][i][s], 0)))]);
    const made = table(["at risk", ...years.map(([t]) => String(t))], rows, { class: "risk" });
    this.cards[key].risk.replaceChildren(made);
  }

  paintStates() {
    const part = this.page.last.curves;
    const roles = this.shown();
    for (const [role, each] of Object.entries(this.stacks)) {
      const own = roles.find((r) => r.role === role);
      each.element.hidden = !own;
      if (!own) continue;
      each.heading.textContent = `${this.page.about.labels[own.policy]}: where people are`;
      each.say(`${fixed(part.life_years[own.p], 2)} years of life on average, until death or the end of follow-up`);
      each.chart.scale([0, part.times.at(-1)]);
      each.chart.stack(part.times, this.page.about.states.map((group) => ({ ...group, y: part.states[own.p].map((row) => group.members.reduce((sum, s) => sum + row[s], 0)) })));
      each.chart.mark("at", { x: part.times[part.at] });
    }
  }

  drawTwins() {
    const { page } = this;
    this.squares = html("div", { class: "pair" });
    const slider = html("input", { type: "range", min: 0, max: 12 * page.about.shown_years, step: 1, id: "month", "aria-label": "Months since referral" });
    const told = html("output", { for: "month" });
    const play = html("button", { type: "button" }, "Play");
    const to = (month) => { state.month = month; slider.value = month; link(); this.paintTwins(); };
    slider.addEventListener("input", () => to(Number(slider.value)));
    let timer = null;
    play.addEventListener("click", () => {
      if (timer) { clearInterval(timer); timer = null; play.textContent = "Play"; return; }
      play.textContent = "Pause";
      if (state.month >= Number(slider.max)) to(0);
      timer = setInterval(() => {
        if (state.month >= Number(slider.max)) { play.click(); return; }
        to(state.month + 1);
      }, 110);
    });
    this.month = { slider, told };
    const legend = html("div", { class: "legend" }, ...page.about.states.map((group) => html("span", { colour: group.colour }, group.name)), html("span", { class: "ringed" }, "another fate"));
    this.twins.element.append(this.squares, html("div", { class: "play" }, play, slider, told), legend);
    this.dots = {};
    for (const role of ["reference", "mine"]) {
      const dots = [], rings = [];
      const square = svg("svg", { viewBox: `0 0 ${10 * DOT} ${10 * DOT}`, role: "group", "aria-label": `A hundred people under ${role === "mine" ? "your policy" : page.about.labels[page.about.compared.reference]}; arrow keys move, Enter tells the story` });
      for (let i = 0; i < 100; i++) {
        const at = { cx: (i % 10) * DOT + DOT / 2, cy: Math.floor(i / 10) * DOT + DOT / 2 };
        const title = svg("title");
        const dot = svg("circle", { ...at, r: RADIUS, class: "dot", role: "button", tabindex: i ? -1 : 0, "aria-label": `Patient ${i}`, onclick: () => this.open(i) }, title);
        dot.addEventListener("keydown", (event) => this.key(event, dots, i));
        dots.push(dot);
        rings.push(svg("circle", { ...at, r: RADIUS + 1.6, class: "ring", visibility: "hidden" }));
      }
      square.append(...dots, ...rings);
      this.squares.append(html("div", {}, html("h3", { class: `name-of p-${role} note` }, role === "mine" ? "Your policy" : page.about.labels[page.about.compared.reference]), square));
      this.dots[role] = { dots, rings };
    }
  }

  key(event, dots, i) {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, ArrowDown: i + 10, ArrowUp: i - 10 }[event.key];
    if (event.key === "Enter" || event.key === " ") { this.open(i); event.preventDefault(); }
    if (to === undefined || !dots[to]) return;
    dots[i].setAttribute("tabindex", -1);
    dots[to].setAttribute("tabindex", 0);
    dots[to].focus();
    event.preventDefault();
  }

  paintTwins() {
    const part = this.page.last.hundred;
    if (!part) return;
    const { reference, mine } = this.page.about.compared, groups = this.page.about.states, dead = groups.length - 1;
    const last = part.times.length - 1, k = Math.min(last, part.times.findIndex((t, i) => i === last || t >= state.month / 12 - 1e-9));
    const group = (policy, i) => { const s = part.states[policy][i][k]; return s < 0 ? dead : groups.findIndex((g) => g.members.includes(s)); };
    const other = mine in part.states ? mine : reference;
    this.month.slider.max = Math.round(12 * part.times[last]);
    this.month.slider.value = state.month;
    this.month.told.textContent = `${Math.round(12 * part.times[k])} months`;
    let unlike = 0;
    for (let i = 0; i < 100; i++) {
      const there = i < part.who.length;
      for (const [role, policy] of [["reference", reference], ["mine", other]]) {
        const dot = this.dots[role].dots[i];
        dot.setAttribute("visibility", there ? "visible" : "hidden");
        if (!there) continue;
        const g = groups[group(policy, i)];
        dot.style.setProperty("--c", g.colour);
        const text = `Patient ${i}, ${part.who[i]}: ${g.name.toLowerCase()}`;
        dot.setAttribute("aria-label", text);
        dot.firstChild.textContent = text;
      }
      const ringed = there && group(reference, i) !== group(other, i);
      unlike += ringed;
      for (const { rings } of Object.values(this.dots)) rings[i].setAttribute("visibility", ringed ? "visible" : "hidden");
    }
    this.twins.say(`After ${Math.round(12 * part.times[k])} months ${unlike} of ${part.who.length} are in another state than without your policy. Choose a person for the story.`);
  }

  paintViews() {
    const part = this.page.last.views, names = part.order, titles = CURVES.map((key) => this.page.about.outcomes[key]), heads = titles.map((title) => lines(title, 14));
    const [width, left, row, top] = [340, 66, 32, 10 + 12 * Math.max(...heads.map((head) => head.length))];
    const values = Object.values(part.views).flatMap((v) => [...v.difference, ...(v.low ?? []), ...(v.high ?? [])]);
    const most = Math.max(0.02, Math.ceil(50 * Math.max(...values.map(Math.abs))) / 50), each = (width - left) / 3;
    const shapes = [];
    heads.forEach((head, o) => {
      const middle = left + each * (o + 0.5), at = (v) => middle + v / most * (each / 2 - 22);
      head.forEach((text, i) => shapes.push(svg("text", { x: middle, y: 12 * (i + 1), "text-anchor": "middle" }, text)));
      shapes.push(svg("line", { class: "axis", x1: middle, x2: middle, y1: top - 4, y2: top + row * names.length }));
      for (const v of [-most, most]) shapes.push(svg("text", { x: at(v), y: top + 14 + row * names.length, "text-anchor": "middle" }, points(v).replace(".0", "")));
      names.forEach((name, i) => {
        const v = part.views[name], y = top + row * (i + 0.5);
        if (!o) shapes.push(svg("text", { x: 0, y: y + 4, class: name === part.view ? "name p-mine" : "" }, name));
        if (!v) return;
        if (v.low) shapes.push(svg("line", { class: "thin p-mine", x1: at(v.low[o]), x2: at(v.high[o]), y1: y, y2: y }));
        shapes.push(svg("line", { class: "thick p-mine", x1: at(v.difference[o] - 1.96 * v.se[o]), x2: at(v.difference[o] + 1.96 * v.se[o]), y1: y, y2: y }),
          svg("circle", { class: "mean p-mine", cx: at(v.difference[o]), cy: y, r: 4 }));
      });
    });
    this.picture ??= this.views.element.appendChild(html("div"));
    const words = names.filter((n) => part.views[n]).map((n) => `${n}: ${titles.map((title, o) => `${title} ${points(part.views[n].difference[o])}`).join(", ")} points`).join("; ");
    this.picture.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${top + 24 + row * names.length}`, role: "img", "aria-label": words }, ...shapes));
    this.reason ??= this.views.element.appendChild(html("p", { class: "note" }));
    const own = names.filter((n) => part.views[n]).map((n) => `${percent(part.views[n].reference[0])} (${n})`).join(", ");
    this.reason.textContent = `The less of the recovery the cells are credited with, the more of it comes without them. So the reference itself moves with the view: of its people ${own} lose the leg.`;
    const drawn = part.draws ? `thin bar: 95% of ${part.draws} draws of the evidence × ${part.draw_people} people` : "draws of the evidence are on their way";
    this.views.say(`change by ${this.when()}, points; dot and thick bar: ${whole(part.people)} people and Monte Carlo 95%; ${drawn}`);
  }
}
