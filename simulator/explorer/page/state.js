/** What was moved, the way back, and the link that restores it. */
export const state = { start: "", changes: {}, tab: "course", month: 12, arm: 200, patient: null };
const past = [], future = [];
let settled = "";
let usual = "";

const setting = () => JSON.stringify({ start: state.start, changes: state.changes });

export function begin(start) {
  usual = start;
  state.start = start;
  restore();
  settled = setting();
}

/** The question that every answer depends on. */
export const question = () => JSON.parse(setting());

/** What the page has been told about the price and the worth of a QALY; they need no answer of the server. */
export const asked = (live) => {
  const { start, changes } = question();
  return JSON.stringify({ start, changes: Object.fromEntries(Object.entries(changes).filter(([key]) => !live.has(key))) });
};

/** A movement has come to rest: it can be undone as one. */
export function settle() {
  const now = setting();
  if (now !== settled) {
    past.push(settled);
    future.length = 0;
    settled = now;
  }
  link();
}

/** What is in force was put right and not moved: nothing is there to undo. */
export function amend() {
  settled = setting();
  link();
}

export function travel(back) {
  const [from, to] = back ? [past, future] : [future, past];
  if (!from.length) return false;
  to.push(settled);
  settled = from.pop();
  Object.assign(state, JSON.parse(settled));
  link();
  return true;
}

export const canTravel = (back) => (back ? past : future).length > 0;

export function link() {
  const kept = { ...(state.start === usual ? {} : { start: state.start }), ...(Object.keys(state.changes).length ? { changes: state.changes } : {}) };
  for (const [key, value] of [["tab", "course"], ["month", 12], ["arm", 200], ["patient", null]]) if (state[key] !== value) kept[key] = state[key];
  const text = Object.keys(kept).length ? `#${encodeURIComponent(JSON.stringify(kept))}` : "";
  history.replaceState(null, "", location.pathname + location.search + text);
}

/** The state of the address; whatever is not one is left aside. */
export function restore() {
  Object.assign(state, { start: usual, changes: {}, tab: "course", month: 12, arm: 200, patient: null });
  try {
    const kept = JSON.parse(decodeURIComponent(location.hash.slice(1)) || "{}");
    for (const key of Object.keys(state)) if (key in kept && (typeof kept[key] === typeof state[key] || key === "patient")) state[key] = kept[key];
    if (typeof state.changes !== "object" || state.changes === null || Array.isArray(state.changes)) state.changes = {};
  } catch { /* an address that was cut off */ }
}

export function restored() {
  past.push(settled);
  restore();
  settled = setting();
}
