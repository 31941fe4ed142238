/** The page: what is asked when something moves, and what is drawn when an answer comes. */
import { ask, Refused, stop, stream } from "./ask.js";
import { drawControls, paint, payersKnown, strangePayer } from "./controls.js";
import { Course } from "./course.js";
import { find, fixed, points, whole } from "./dom.js";
import { Money } from "./money.js";
import { Patient } from "./patient.js";
import { openSave } from "./save.js";
import { showCard, Sources } from "./sources.js";
import { asked, begin, canTravel, link, question, restored, settle, state, travel } from "./state.js";
import { Trial } from "./trial.js";

const TABS = ["course", "money", "trial", "patient", "sources"];
const AFTER_REST = 120;
const page = { about: null, last: {}, pinned: null, live: new Set(), views: {}, notice: "" };
let running = false, again = false, resting, told = "", started = 0;

async function main() {
  const waiting = setInterval(async () => {
    const { ready } = await ask("/ready").catch(() => ({ ready: true }));
    if (ready) clearInterval(waiting);
    else if (!page.last.curves) say("Compiling (first run only) …");
  }, 700);
  page.about = await ask("/opened");
  for (const [role, shades] of Object.entries(page.about.colours)) {
    for (const [use, colour] of Object.entries(shades)) document.documentElement.style.setProperty(`--${role}-${use}`, colour);
  }
  page.live = new Set(page.about.controls.filter((c) => c.live).map((c) => c.key));
  find("scenario").textContent = page.about.label;
  begin(page.about.start);
  page.views = {
    course: new Course(find("course"), page, (patient) => { state.patient = patient; show("patient"); }),
    money: new Money(find("money"), page),
    trial: new Trial(find("trial"), page),
    patient: new Patient(find("patient"), page),
    sources: new Sources(find("sources"), page),
  };
  // Other payers take a second to be read; a link that names one waits for them.
  const others = ask("/payers");
  drawControls(page.about, move, (control) => showCard(control, page));
  if ("economics.perspective" in state.changes) payersRead(await others);
  tools();
  show(TABS.includes(state.tab) ? state.tab : "course", false);
  curves();
  if (!page.about.payersRead) payersRead(await others);
}

function payersRead(payers) {
  payersKnown(payers);
  if (known() && started) curves();
}

/** A link may name a payer that cannot be chosen: it is left aside, and the page says so until something moves. */
function known() {
  const strange = strangePayer();
  if (strange === null) return false;
  page.notice = `The link names a payer that cannot be chosen, because prices are missing: ${strange}. The usual one is in force.`;
  problem(new Refused(page.notice));
  paint();
  return true;
}

/** A control moved. Price and worth of a QALY need no answer: what they change is drawn from what is there. */
function move(key) {
  page.notice = "";
  link();
  buttons();
  if (page.live.has(key)) { page.views.money.paint(); return; }
  curves();
}

/** Ask for curves; while a first picture is on its way the newest movement waits for it, so that pictures keep coming. */
async function curves() {
  if (running) { again = true; return; }
  clearTimeout(resting);
  running = true;
  const mine = asked(page.live);
  told = mine;
  started = performance.now();
  let whole_ = false;
  try {
    whole_ = await stream("curves", JSON.parse(mine), (part) => {
      find("problems").hidden = !page.notice;
      page.last.curves = part;
      headline();
      say(`${whole(part.people)} of ${whole(part.of)} people × ${part.policies.length} policies with the same luck · ${Math.round(performance.now() - started)} ms`);
      page.views.course.paint();
      document.body.dataset.people = part.people;
      document.body.dataset.pictures = Number(document.body.dataset.pictures ?? 0) + 1;
      if (again && asked(page.live) !== mine) stop("curves");
    });
  } catch (error) { problem(error); }
  running = false;
  if (again && asked(page.live) !== mine) { again = false; curves(); return; }
  again = false;
  if (whole_) resting = setTimeout(rest, AFTER_REST);
}

/** What is asked once a hand has come to rest: people one by one, the evidence, and what the open tab shows. */
async function rest() {
  const mine = told, still = () => mine === asked(page.live) && !running;
  const body = JSON.parse(mine);
  const put = (name) => (part) => {
    if (!still()) return;
    if (part.kind === "failed") { problem(new Error(part.text)); return; }
    page.last[name] = { ...part, of_question: mine };
    if (name === "views") headline();
    (name === "views" || name === "hundred" ? page.views.course : page.views[state.tab]).paint?.();
  };
  try {
    await stream("hundred", body, put("hundred"));
    const tab = state.tab;
    const later = () => (tab === "money" || tab === "trial") && still() && page.last[tab]?.done !== mine
      ? stream(tab, body, (part) => (part.kind === "refining" ? page.views.money.refining(part) : put(tab)(part))).then((done) => { if (done && page.last[tab]) { page.last[tab].done = mine; page.views[tab].paint(); } })
      : null;
    if (tab === "patient" && still()) page.views.patient.ask();
    if (tab !== "course") await later();
    if (still() && page.last.views?.done !== mine) {
      const done = await stream("views", body, put("views"));
      if (done && page.last.views) page.last.views.done = mine;
    }
    if (still()) document.body.dataset.rest = mine;
    // What results lean on takes longest, and is only asked for where somebody looks at it.
    if (tab === "sources" && still() && page.last.reliance?.of_question !== mine) {
      if (page.last.reliance) page.last.reliance.done = null;
      page.views.sources.paint();
      const done = await stream("reliance", body, put("reliance"));
      if (done && page.last.reliance) { page.last.reliance.done = mine; page.views.sources.paint(); }
    }
  } catch (error) { problem(error); }
}

function problem(error) {
  const box = find("problems");
  box.hidden = false;
  box.textContent = error instanceof Refused ? error.message : `No answer: ${error.message}`;
  if (!(error instanceof Refused)) say("The server does not answer. Is clti explore still running?");
}

const say = (text) => { find("status").textContent = text; };

/** The sentence: of 1,000 people referred, what your policy changes by the first reported time. */
function headline() {
  const part = page.last.curves, at = part.at, { reference, mine } = page.about.compared;
  const [r, m] = [part.policies.indexOf(reference), part.policies.indexOf(mine)];
  // From the digits that the tables print, so that 43.0% is never told as 431.
  const thousand = (name, p) => Math.round(10 * Number((100 * part.outcomes[name].mean[p][at]).toFixed(1)));
  const change = (name) => `${points(part.outcomes[name].difference[m][at])} ± ${fixed(100 * part.outcomes[name].difference_se[m][at], 1)}`;
  const line = document.createDocumentFragment();
  const strong = (text) => Object.assign(document.createElement("b"), { className: "mine", textContent: text });
  const year = page.about.year === 1 ? "a year" : `${page.about.year} years`;
  line.append("Of 1,000 people referred, ", strong(thousand("major_amputation", m)), ` lose the leg within ${year} under your policy instead of ${thousand("major_amputation", r)} (${change("major_amputation")} points); `,
    strong(thousand("death", m)), ` die instead of ${thousand("death", r)} (${change("death")}); `,
    strong(thousand("healing_without_amputation", m)), ` heal with the limb instead of ${thousand("healing_without_amputation", r)} (${change("healing_without_amputation")}). `);
  const given = part.given[m].filter((each) => each.people > 0).map((each) => [`have ${each.label.toLowerCase()}`, each.people, each.times]);
  if (part.treated[m] > 0) given.unshift(["are treated with cells", part.treated[m], part.dose[m]]);
  line.append(given.map(([what, people, times]) => `${Math.round(1000 * people)} ${what}, ${fixed(times / people, 1)} times each. `).join("") || "Nobody is treated. ");
  const views = page.last.views, row = views?.of_question === told ? views.views[part.view] : null;
  if (row?.low) line.append(`Over the uncertainty of the evidence (${part.view} view) the change in amputation is ${points(row.low[0])} to ${points(row.high[0])} points (95% interval). `);
  line.append("± is the Monte Carlo standard error.");
  find("headline").replaceChildren(line);
}

function show(tab, focus = true) {
  state.tab = tab;
  for (const name of TABS) {
    const chosen = name === tab, button = find(`tab-${name}`);
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    find(name).hidden = !chosen;
    if (chosen && focus) button.focus({ preventScroll: true });
  }
  link();
  page.views[tab].paint?.();
  if (page.last.curves && !running) { clearTimeout(resting); resting = setTimeout(rest, 0); }
}

function buttons() {
  find("undo").disabled = !canTravel(true);
  find("redo").disabled = !canTravel(false);
  find("reset").disabled = state.start === page.about.start && !Object.keys(state.changes).length;
}

function moved() { page.notice = ""; known(); paint(); buttons(); page.views.money.paint(); curves(); }

function tools() {
  find("tabs").addEventListener("click", (event) => { if (event.target.id) show(event.target.id.slice(4)); });
  find("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -TABS.length, End: TABS.length }[event.key];
    if (step === undefined) return;
    const next = Math.abs(step) > 1 ? (step > 0 ? TABS.length - 1 : 0) : (TABS.indexOf(state.tab) + step + TABS.length) % TABS.length;
    show(TABS[next]);
    event.preventDefault();
  });
  find("undo").addEventListener("click", () => { if (travel(true)) moved(); });
  find("redo").addEventListener("click", () => { if (travel(false)) moved(); });
  find("reset").addEventListener("click", () => { Object.assign(state, { start: page.about.start, changes: {} }); settle(); moved(); });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.matches?.("input[type=text], input[type=search]")) return;
    event.preventDefault();
    if (travel(!event.shiftKey)) moved();
  });
  addEventListener("hashchange", () => { restored(); show(TABS.includes(state.tab) ? state.tab : "course", false); moved(); });
  find("pin").addEventListener("click", () => {
    page.pinned = page.pinned ? null : structuredClone(page.last);
    find("pin").setAttribute("aria-pressed", String(page.pinned !== null));
    find("pin").textContent = page.pinned ? "Unpin" : "Pin";
    page.views.course.paint();
    page.views.money.paint();
  });
  find("link").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(location.href).catch(() => null);
    find("link").textContent = "Copied";
    setTimeout(() => { find("link").textContent = "Copy link"; }, 1200);
  });
  find("save").addEventListener("click", () => openSave(question(), page));
  find("print").addEventListener("click", () => print());
  buttons();
}

main().catch(problem);
