/** One patient: the story under both policies, the path of TcPO2, dots as measured. */
import { stream } from "./ask.js";
import { Chart } from "./charts.js";
import { card, fixed, html, svg } from "./dom.js";
import { link, question, state } from "./state.js";

export class Patient {
  constructor(host, page) {
    Object.assign(this, { host, page });
    this.card = card(host, "One patient", "wide");
    const move = (step) => html("button", { type: "button", onclick: () => { state.patient = Math.max(0, (this.page.last.story?.patient ?? 0) + step); link(); this.ask(); } }, step < 0 ? "Previous" : "Next");
    const number = html("input", { type: "text", inputmode: "numeric", "aria-label": "Number of the patient", size: 7 });
    number.addEventListener("change", () => { if (/^\d{1,9}$/.test(number.value.trim())) { state.patient = Number(number.value); link(); this.ask(); } });
    this.number = number;
    const typical = html("button", { type: "button", onclick: () => { state.patient = null; link(); this.ask(); } }, "A typical one");
    const row = html("div", { class: "row" }, this.card.heading, move(-1), number, move(1), typical);
    this.card.element.prepend(row);
    this.narrow = window.matchMedia("(max-width: 700px)");
    this.narrow.addEventListener("change", () => { this.fit(); this.paint(); });
    this.fit();
    this.lanes = ["reference", "mine"].map((role) => {
      const lane = card(host, "", "half");
      lane.heading.className = `name p-${role}`;
      lane.list = lane.element.appendChild(html("ol", { class: "told" }));
      return lane;
    });
    this.hidden = card(host, "What nobody at the bedside can know", "wide");
  }

  /** A picture as wide as the window: on a telephone letters of a wide one would be four pixels high. */
  fit() {
    const size = this.narrow.matches ? {} : { width: 900, right: 130 };
    this.chart?.svg.remove();
    this.chart = new Chart(this.card.element, "TcPO₂ of the foot", { ...size, height: 260, x: [0, 3], y: [0, 80], showY: fixed, atY: (v) => `${fixed(v)} mmHg`, atX: (v) => `${fixed(v, 2)} years`, labelX: "years since referral" });
  }

  async ask() {
    const about = JSON.stringify([question(), state.patient]);
    if (this.asked === about) return;
    this.asked = about;
    try {
      await stream("story", { ...question(), patient: state.patient }, (part) => { this.page.last.story = part; this.paint(); });
    } catch (error) { this.card.say(error.message); }
  }

  paint() {
    const part = this.page.last.story;
    if (!part) { this.card.say("on its way …"); return; }
    this.card.heading.textContent = `Patient ${part.patient} under two policies, with the same luck`;
    this.number.value = part.patient;
    this.card.say(`${part.opening} Line: true TcPO₂; dots: as measured; triangles: treatments.`);
    const roles = part.lives.length > 1 ? ["reference", "mine"] : ["reference"], chart = this.chart;
    const end = Math.max(0.25, Math.min(part.years, 1.05 * Math.max(...part.lives.map((life) => life.times.at(-1) ?? 0))));
    const top = Math.max(80, ...part.lives.flatMap((life) => [...life.path.filter((v) => v !== null), ...life.measured.map(([, v]) => v ?? 0)]));
    chart.scale([0, end], [0, Math.ceil(top / 20) * 20]);
    chart.draw(part.lives.map((life, i) => ({ key: roles[i], kind: `p-${roles[i]}`, label: life.label, x: life.times, y: life.path })));
    chart.under.replaceChildren(...part.lives.flatMap((life, i) => [
      ...life.measured.filter(([, v]) => v !== null).map(([t, v]) => svg("circle", { class: `cloud p-${roles[i]}`, cx: chart.atx(t), cy: chart.aty(v), r: 2.4 })),
      ...life.doses.map((t) => svg("path", { class: `bar p-${roles[i]}`, d: `M${chart.atx(t)} ${chart.aty(0) - 9}l5 9h-10z` })),
    ]));
    this.lanes.forEach((lane, i) => {
      const life = part.lives[i];
      lane.element.hidden = !life;
      if (!life) return;
      lane.heading.textContent = life.label;
      lane.list.replaceChildren(...life.told.map(([when, , text]) => html("li", { class: /^(\[|Visit)/.test(text) ? "quiet" : "" }, html("b", {}, when), html("span", {}, text))));
    });
    this.hidden.say([part.hidden, ...part.twins].join(" "));
  }
}
