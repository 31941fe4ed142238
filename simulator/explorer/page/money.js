/** Value for money. Costs came with the price left free, so price and worth of a QALY are moved here without a question. */
import { Chart } from "./charts.js";
import { payer, set, value } from "./controls.js";
import { card, fixed, html, mean, percent, quantile, scroll, signed, svg, table, whole } from "./dom.js";
import { state } from "./state.js";

const PRICE = "economics.price", WORTH = "economics.worth", STEPS = 50;
const short = (v) => (Math.abs(v) >= 1000 ? `${fixed(v / 1000, Math.abs(v) % 1000 ? 1 : 0)}k` : fixed(v));
const nice = (v) => {
  const size = 10 ** Math.floor(Math.log10(Math.abs(v) || 1));
  return Math.sign(v) * size * [1, 1.5, 2, 3, 4, 5, 7.5, 10].find((m) => m * size >= Math.abs(v) - 1e-9);
};

export class Money {
  constructor(host, page) {
    this.page = page;
    const usual = { height: 290, right: 100 };
    this.plane = card(host, "Cost-effectiveness plane", "half");
    this.planeChart = new Chart(this.plane.element, "Cost-effectiveness plane", { ...usual, left: 56, hover: false, showX: (v) => fixed(v, 2), showY: short, labelX: "QALYs gained over the reference" });
    this.ceac = card(host, "Probability of being the best choice", "half");
    this.ceacChart = new Chart(this.ceac.element, "Probability of being the best choice", { ...usual, showY: (v) => percent(v, 0), showX: short, atX: (v) => `at ${whole(v)} a QALY`, labelX: "worth of a QALY (drag to set it)", drag: (x, _, rest) => this.worth(x, rest) });
    this.price = card(host, "Price at which a treatment is just worth it", "half");
    this.priceChart = new Chart(this.price.element, "Price at which a treatment is just worth it", { ...usual, left: 56, showY: short, atY: whole, showX: short, atX: (v) => `at ${whole(v)} a QALY`, labelX: "worth of a QALY (drag to set it and the price)", drag: (x, y, rest) => { this.worth(x, false); this.paid(y, rest); } });
    this.totals = card(host, "What it comes to, per person referred", "half");
    this.costs = card(host, "What is paid for, per person referred", "half");
    this.health = card(host, "Where the QALYs come from, per person referred", "half");
    this.bodies = new Map([this.totals, this.costs, this.health].map((each) => [each, each.element.appendChild(scroll(each.heading.textContent))]));
    this.progress = "";
  }

  worth(x, rest) { set(WORTH, Math.max(0, Math.round(x / 500) * 500), rest); }
  paid(y, rest) { if (this.page.last.money?.product) set(PRICE, Math.max(0, Math.round(y / 50) * 50), rest); }

  refining(part) {
    this.progress = `; being refined: ${part.draws} of ${part.of} draws`;
    this.notes();
  }

  roles() {
    const { compared, labels } = this.page.about, part = this.page.last.money;
    return ["reference", "beside", "mine"].filter((role, i, all) => all.findIndex((other) => compared[other] === compared[role]) === i)
      .map((role) => ({ role, p: part.policies.indexOf(compared[role]), label: role === "mine" ? "Yours" : labels[compared[role]].split(" ")[0] })).filter((r) => r.p >= 0);
  }

  /** Cost of each draw and policy at the price in force. */
  paint() {
    const part = this.page.last.money;
    if (!part) { this.plane.say("on its way …"); return; }
    this.progress = part.draws < part.of ? `; being refined: ${part.draws} of ${part.of} draws` : part.done ? "" : this.progress;
    // As long as nobody sets the price it is drawn like any other, as clti economics does; a price that is set is certain.
    const price = part.product ? value(PRICE) ?? 0 : 0, priced = state.changes[PRICE] === undefined && part.product ? part.drawn_price : part.cost.map(() => price), worth = value(WORTH), roles = this.roles();
    const r = roles.find((each) => each.role === "reference").p, others = roles.filter((each) => each.p !== r);
    const cost = part.cost.map((row, i) => row.map((c, p) => c + priced[i] * part.often[i][p]));
    const more = (p) => cost.map((row, i) => [part.qalys[i][p] - part.qalys[i][r], row[p] - row[r]]);
    this.paintPlane(others.map((each) => ({ ...each, points: more(each.p) })), worth);
    const top = Math.max(2 * payer().threshold, 1.2 * worth), grid = Array.from({ length: STEPS + 1 }, (_, k) => top * k / STEPS);
    this.paintCeac(roles, cost, grid, worth);
    this.paintPrice(others, r, grid, worth, price);
    this.paintTables(roles, r, cost, worth, priced);
    this.notes();
    document.body.dataset.money = `${price} ${worth} ${part.draws}`;
  }

  notes() {
    const part = this.page.last.money;
    if (!part) return;
    const sure = !part.product ? "" : state.changes[PRICE] === undefined ? "; the price is drawn, too" : "; at the price that you set";
    const drawn = `${part.draws} draws of the evidence × ${part.people} people; ${part.currency} of ${part.price_year}, ${part.payer}${sure}${this.progress}`;
    this.plane.say(`a dot is a draw; the line is the worth of a QALY. ${drawn}`);
    this.ceac.say(`Monte Carlo ± ${fixed(100 * Math.sqrt(0.25 / part.draws), 1)} points at most; ${drawn}`);
    this.price.say(part.product ? `of ${part.price_label.toLowerCase()}; band: 95% of the draws of your policy; ${drawn}` : "nothing with a price is given, so there is none to ask for");
    this.totals.say(drawn);
    this.costs.say(drawn);
    this.health.say(drawn);
  }

  paintPlane(clouds, worth) {
    const xs = clouds.flatMap((c) => c.points.map(([x]) => x)), ys = clouds.flatMap((c) => c.points.map(([, y]) => y)), chart = this.planeChart;
    if (!xs.length) return;
    chart.scale([nice(Math.min(quantile(xs, 0.004), -0.05)), nice(Math.max(0.05, quantile(xs, 0.996)))], [nice(Math.min(quantile(ys, 0.004), -500)), nice(Math.max(500, quantile(ys, 0.996)))]);
    const dots = clouds.flatMap(({ role, points: all }) => all.map(([x, y]) => svg("circle", { class: `cloud p-${role}`, cx: chart.atx(x).toFixed(1), cy: chart.aty(y).toFixed(1), r: 2 })));
    const means = clouds.map(({ role, points: all }) => svg("circle", { class: `mean p-${role}`, cx: chart.atx(mean(all.map(([x]) => x))), cy: chart.aty(mean(all.map(([, y]) => y))), r: 5.5 }));
    const [a, b] = chart.x;
    chart.under.replaceChildren(...dots, svg("line", { class: "axis", x1: chart.atx(0), x2: chart.atx(0), y1: chart.top, y2: chart.height - chart.bottom }),
      svg("line", { class: "mark", x1: chart.atx(a), y1: chart.aty(a * worth), x2: chart.atx(b), y2: chart.aty(b * worth) }), ...means);
    chart.label(clouds.map(({ role, label, points: all }) => ({ x: mean(all.map(([x]) => x)), y: mean(all.map(([, y]) => y)), text: label, kind: `p-${role}` })));
    chart.say(clouds.map(({ label, points: all }) => `${label}: ${signed(mean(all.map(([x]) => x)), 3)} QALYs, ${whole(mean(all.map(([, y]) => y)))} more`).join("; "));
  }

  paintCeac(roles, cost, grid, worth) {
    const part = this.page.last.money, wins = grid.map(() => roles.map(() => 0));
    grid.forEach((worthOf, g) => {
      for (let i = 0; i < part.draws; i++) {
        // Two names of one policy are both the best, and neither of them is beaten by the other.
        const each = roles.map(({ p }) => worthOf * part.qalys[i][p] - cost[i][p]), most = Math.max(...each);
        each.forEach((v, k) => { if (v > most - 1e-9) wins[g][k] += 1 / part.draws; });
      }
    });
    this.ceacChart.scale([0, grid.at(-1)], [0, 1]);
    this.ceacChart.draw(roles.map(({ role, label }, k) => ({ key: role, kind: `p-${role}`, label, x: grid, y: wins.map((w) => w[k]) })));
    this.ceacChart.mark("worth", { x: worth, text: whole(worth) });
  }

  /** The price at which net benefit equals the reference's: mean over draws, and the middle 95% of draws. */
  justWorth(p, r, worth) {
    const part = this.page.last.money;
    const gain = part.cost.map((row, i) => worth * (part.qalys[i][p] - part.qalys[i][r]) - (row[p] - row[r])), often = part.often.map((row) => row[p] - row[r]);
    if (mean(often) <= 0) return null;
    const each = gain.map((g, i) => g / often[i]).filter((v, i) => often[i] > 0 && Number.isFinite(v));
    return [mean(gain) / mean(often), quantile(each, 0.025), quantile(each, 0.975)];
  }

  /** Prices just worth it along the grid. Neither the price nor the worth in force moves them, and they are dear to find. */
  along(others, r, grid) {
    const part = this.page.last.money, top = grid.at(-1);
    if (this.found?.part !== part || this.found.top !== top) {
      const lines = others.map((each) => ({ ...each, found: grid.map((w) => this.justWorth(each.p, r, w)) }));
      this.found = { part, top, lines: lines.filter((each) => each.found[0]) };
    }
    return this.found.lines;
  }

  paintPrice(others, r, grid, worth, price) {
    const part = this.page.last.money;
    const lines = part.product ? this.along(others, r, grid) : [];
    const top = Math.max(1.2 * price, ...lines.map((l) => 1.3 * l.found[Math.round(STEPS / 2)][0]), 1000);
    this.priceChart.scale([0, grid.at(-1)], [-nice(top / 4), nice(2 * top)]);
    this.priceChart.draw(lines.map(({ role, label, found }) => ({
      key: role, kind: `p-${role}`, label, x: grid, y: found.map((f) => f[0]),
      ...(role === "mine" ? { low: found.map((f) => f[1]), high: found.map((f) => f[2]) } : {}),
    })));
    this.priceChart.mark("worth", { x: worth });
    this.priceChart.mark("price", { y: price, text: part.product ? whole(price) : "" });
  }

  paintTables(roles, r, cost, worth, priced) {
    const part = this.page.last.money, total = (p) => mean(cost.map((row) => row[p])), health = (p) => mean(part.qalys.map((row) => row[p]));
    const head = ["", ...roles.map(({ label }) => label)], row = (name, of) => [name, ...roles.map(({ p }) => of(p))], not = (of) => (p) => (p === r ? "–" : of(p));
    const ratio = (p) => {
      const [c, q] = [total(p) - total(r), health(p) - health(r)];
      if (Math.abs(q) < 5e-7 && Math.abs(c) < 0.005) return "the same";
      return q > 0 ? (c <= 0 ? "better and cheaper" : whole(c / q)) : c > 0 ? "worse and dearer" : `${whole(c / q)} saved per QALY lost`;
    };
    const pinned = this.page.pinned?.money;
    const rows = [
      row(`Cost, ${part.currency}`, (p) => whole(total(p))), row("QALYs", (p) => fixed(health(p), 3)), row("Treatments paid for", (p) => fixed(mean(part.often.map((o) => o[p])), 2)),
      row("More cost", not((p) => whole(total(p) - total(r)))), row("More QALYs", not((p) => signed(health(p) - health(r), 3))), row("Cost of a QALY gained", not(ratio)),
      row(`Net benefit at ${whole(worth)}`, (p) => whole(worth * health(p) - total(p))),
      row("Price just worth it", not((p) => { const w = part.product && this.justWorth(p, r, worth); return w ? `${whole(w[0])} (${whole(w[1])} to ${whole(w[2])})` : "–"; })),
    ];
    if (pinned) {
      const m = pinned.policies.indexOf(this.page.about.compared.mine);
      rows.forEach((each, i) => each.push(i === 1 ? fixed(mean(pinned.qalys.map((q) => q[m])), 3) : ""));
      head.push("Pinned");
    }
    this.bodies.get(this.totals).replaceChildren(table(head, rows));
    const kinds = [...new Set(part.costs_by.map((each) => each.category))];
    const spent = (category, policy) => part.costs_by.filter((each) => each.category === category && each.policy === policy).reduce((sum, each) => sum + each.mean, 0);
    const bought = (p) => mean(part.often.map((o, i) => priced[i] * o[p]));
    const paid = kinds.map((category) => [part.categories[category], ...roles.map(({ p }) => spent(category, part.policies[p]) + (category === part.bought_as ? bought(p) : 0))]);
    this.bodies.get(this.costs).replaceChildren(bars(paid, roles, whole));
    const lived = part.states.map((name, s) => [name, ...roles.map(({ p }) => part.qalys_by[p][s])]);
    this.bodies.get(this.health).replaceChildren(bars(lived, roles, (v) => fixed(v, 3)));
  }
}

/** A table whose cells carry a bar of their size. */
function bars(rows, roles, show) {
  const most = Math.max(...rows.flatMap(([, ...values]) => values), 1e-12);
  const made = table(["", ...roles.map(({ label }) => label)], rows.map(([name, ...values]) => [name, ...values.map((v, k) => html("span", {}, show(v),
    svg("svg", { viewBox: "0 0 100 5", preserveAspectRatio: "none", height: 5, "aria-hidden": "true" }, svg("rect", { class: `bar p-${roles[k].role}`, x: 0, y: 1, width: Math.max(0, 100 * v / most), height: 3 }))))]));
  return made;
}
