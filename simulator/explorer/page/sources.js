/** Every number behind the picture: value, unit, grade, source; and which results lean on assumptions. */
import { ask } from "./ask.js";
import { payer, treatment, value } from "./controls.js";
import { card, find, fixed, html, percent, points, scroll, table, whole } from "./dom.js";

const MOST = 60;
let numbers;

const known = async () => { numbers ??= ask("/sources"); return (await numbers).numbers; };

function entry(each) {
  const limits = each.limits[0] < each.limits[1] ? `, 95% limits ${Number(each.limits[0].toPrecision(3))} to ${Number(each.limits[1].toPrecision(3))}` : "";
  return html("div", { class: "number" },
    html("p", {}, html("span", { class: `grade ${each.grade}` }, each.grade), " ", html("b", {}, each.label), `: ${Number(each.value.toPrecision(5))} ${each.unit}${limits}${each.fitted ? ", fitted" : ""} `, html("code", {}, each.name)),
    html("p", {}, each.note),
    ...(each.sources.length ? each.sources.map((s) => html("p", { class: "note" }, `${s.citation} (read: ${s.read})`)) : [html("p", { class: "note" }, "No source.")]));
}

/** What stands behind a control. */
export async function showCard(control, page) {
  find("card-title").textContent = control.label;
  const body = find("card-body");
  body.replaceChildren(html("p", {}, control.meaning || "You choose it."));
  find("card").showModal();
  const all = await known();
  const name = control.key === "economics.price" ? payer().names[treatment()] : control.card;
  const found = all.filter((each) => each.name === name && (!each.group.startsWith("prices") || [payer().group, "prices of therapies"].includes(each.group)));
  if (control.key === "economics.worth") body.replaceChildren(html("p", {}, `What the payer is taken to give for a QALY; ${payer().label}. The sources of its thresholds stand in its file, calibration/economics.`));
  else if (control.key === "evidence.view") body.append(...all.filter((each) => each.name.startsWith("attributable_share")).map(entry));
  else if (found.length) body.replaceChildren(...found.map(entry));
  else body.append(html("p", { class: "note" }, `A decision, not a measurement: the page starts from ${page.about.labels[page.about.start]} and the scenario ${page.about.scenario}.`));
}

export class Sources {
  constructor(host, page) {
    this.page = page;
    this.leaning = card(host, "Which results lean on recalled or assumed numbers", "wide");
    this.leaningBody = this.leaning.element.appendChild(scroll("Results that lean on weak numbers"));
    this.card = card(host, "Every number behind the picture", "wide");
    this.search = html("input", { type: "search", placeholder: "A word, a grade, an author …", "aria-label": "Find a number" });
    this.search.addEventListener("input", () => this.list());
    this.body = html("div");
    this.card.element.append(this.search, this.body);
  }

  paint() {
    this.list();
    const part = this.page.last.reliance;
    if (!part) { this.leaning.say("being simulated: each recalled or assumed number at its limits …"); return; }
    this.leaning.say(`your policy, ${whole(part.people)} people: each recalled or assumed number moved alone to its 95% limits; the five strongest of each result${part.done ? "" : "; of the setting before, being simulated again"}`);
    this.leaningBody.replaceChildren(table(["Result", "Number", "Grade", "At its value", "At its low limit", "At its high limit"], part.rows.map((row) => [
      row.result, row.label, row.grade, ...[row.base, row.at_low, row.at_high].map((v) => (row.in_years ? fixed(v, 3) : row.difference ? `${points(v)} points` : percent(v))),
    ])));
  }

  async list() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean), all = await known();
    const hits = all.filter((each) => { const text = JSON.stringify(each).toLowerCase(); return words.every((word) => text.includes(word)); });
    const grades = ["published", "derived", "recalled", "assumption"].map((grade) => `${hits.filter((each) => each.grade === grade).length} ${grade}`).join(", ");
    this.card.say(`${hits.length} numbers: ${grades}${hits.length > MOST ? `; the first ${MOST} are shown` : ""}`);
    this.body.replaceChildren(...hits.slice(0, MOST).map(entry));
  }
}
