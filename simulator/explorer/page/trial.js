/** A trial of your policy: power and assurance by size, and the design file that would simulate it. */
import { Chart } from "./charts.js";
import { card, download, fixed, html, percent, points, scroll, svg, table, whole } from "./dom.js";
import { link, state } from "./state.js";

export class Trial {
  constructor(host, page) {
    this.page = page;
    this.power = card(host, "Power by patients in each arm", "half");
    this.chart = new Chart(this.power.element, "Power by patients in each arm", { x: [0, 1000], y: [0, 1], height: 310, right: 130, showY: (v) => percent(v, 0), showX: whole, atX: (v) => `${whole(v)} an arm`, labelX: "patients in each arm (drag to choose)", drag: (x, _, rest) => this.choose(x, rest) });
    const label = html("label", { for: "arm" }, "Patients in each arm");
    this.slider = html("input", { type: "range", id: "arm", min: 10, max: 990, step: 10 });
    this.slider.addEventListener("input", () => this.choose(Number(this.slider.value)));
    this.power.element.append(html("div", { class: "play" }, label, this.slider));
    this.size = card(host, "", "half");
    this.body = this.size.element.appendChild(scroll("Rates, power and sizes"));
    this.spread = card(host, "How much better, given the evidence", "half");
    this.bins = new Chart(this.spread.element, "How much better, given the evidence", { x: [-0.1, 0.4], y: [0, 10], height: 200, right: 20, left: 34, hover: false, showX: (v) => points(v).replace(".0", ""), showY: fixed, labelX: "points more alive with the limb, in those whom your policy would treat" });
    this.design = card(host, "The design that would simulate it", "half");
    const save = html("button", { type: "button", onclick: () => download("explored_trial.toml", this.text.textContent, "application/toml") }, "Save design");
    this.text = html("pre", { tabindex: 0, "aria-label": "Design file" });
    this.design.element.append(save, this.text);
  }

  choose(x) {
    state.arm = Math.max(10, Math.min(990, Math.round(x / 10) * 10));
    link();
    this.paint();
  }

  paint() {
    const part = this.page.last.trial;
    this.slider.value = state.arm;
    if (!part) { this.power.say("on its way …"); return; }
    const k = part.sizes.indexOf(state.arm), series = [];
    part.outcomes.forEach((name, o) => {
      series.push({ key: `power ${name}`, kind: `o-${o}`, label: this.page.about.outcomes[name], x: part.sizes, y: part.power[o] });
      if (part.assurance) series.push({ key: `assurance ${name}`, kind: `o-${o}`, dashed: true, x: part.sizes, y: part.assurance[o] });
    });
    this.chart.draw(series);
    this.chart.mark("arm", { x: state.arm, text: `${state.arm} an arm` });
    const more = part.draws ? `${part.draws} draws × ${part.draw_people} people` : "being refined";
    this.power.say(`two-sided 5%, chi-square. Solid: at the values in force (${whole(part.people)} people); dashed: assurance, the power averaged over the evidence (${more})`);
    this.size.heading.textContent = `${whole(2 * state.arm)} patients in all`;
    this.size.say(`people whom your policy would treat, randomised to it or to the reference and followed for ${part.until === 1 ? "a year" : `${part.until} years`}`);
    const mine = part.rates.length - 1;
    this.body.replaceChildren(table(["", "Reference", "Yours", "Power", "Assurance", "An arm for 90%"], part.outcomes.map((name, o) => [
      this.page.about.outcomes[name], percent(part.rates[0][o]), percent(part.rates[mine][o]), percent(part.power[o][k], 0), part.assurance ? percent(part.assurance[o][k], 0) : "…", part.for_90[o] === null ? "none" : whole(part.for_90[o]),
    ])), html("p", { class: "note" }, "For looks, stopping rules, drop-out and other tests save scenario and design, and run clti trial."));
    this.text.textContent = part.design.replace(/^patients = \d+$/m, `patients = ${2 * state.arm}`);
    if (part.drawn) this.paintSpread(part, mine);
  }

  paintSpread(part, mine) {
    const gains = part.drawn.map((row) => row[mine][0] - row[0][0]), [low, high] = [Math.min(-0.05, ...gains), Math.max(0.1, ...gains)];
    const step = (high - low) / 18, counts = Array(18).fill(0), chart = this.bins;
    for (const gain of gains) counts[Math.min(17, Math.floor((gain - low) / step))] += 1;
    chart.scale([low, high], [0, Math.max(...counts) + 1]);
    chart.under.replaceChildren(...counts.map((n, b) => svg("rect", { class: "bar o-0", x: chart.atx(low + b * step) + 0.5, width: chart.atx(step) - chart.atx(0) - 1, y: chart.aty(n), height: chart.aty(0) - chart.aty(n) })),
      svg("line", { class: "axis", x1: chart.atx(0), x2: chart.atx(0), y1: chart.top, y2: chart.height - chart.bottom }));
    const none = gains.filter((gain) => gain <= 0).length;
    this.spread.say(`${part.draws} draws of the evidence × ${part.draw_people} people; in ${none} of them no better than the reference`);
    chart.mark("point", { x: part.rates[mine][0] - part.rates[0][0], text: "values in force" });
  }
}
