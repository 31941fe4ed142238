// Search in the sections of the site (search-sections.js: address, heading, page, text). Works from a folder, without a server.
const field = document.querySelector("#search input");
const found = document.getElementById("found");
const MOST = 40, AROUND = 90;

function matches(words) {
  const scored = [];
  for (const [address, heading, page, text] of SECTIONS) {
    const title = `${heading} ${page}`.toLowerCase(), body = text.toLowerCase();
    if (!words.every((word) => title.includes(word) || body.includes(word))) continue;
    const inHeading = words.filter((word) => heading.toLowerCase().includes(word)).length;
    const times = words.reduce((sum, word) => sum + body.split(word).length - 1, 0);
    scored.push({ address, heading, page, text, score: 100 * inHeading + Math.min(times, 50) });
  }
  return scored.sort((a, b) => b.score - a.score);
}

function beside(text, word) {
  const at = Math.max(0, text.toLowerCase().indexOf(word));
  const start = Math.max(0, at - AROUND), end = Math.min(text.length, at + AROUND);
  return `${start > 0 ? "…" : ""}${text.slice(start, end).trim()}${end < text.length ? "…" : ""}`;
}

function element(tag, content, className) {
  const made = document.createElement(tag);
  made.append(...content);
  if (className) made.className = className;
  return made;
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const all = words.length ? matches(words) : [];
  const told = words.length ? `${all.length || "No"} section${all.length === 1 ? "" : "s"} found.` : "";
  const lines = all.slice(0, MOST).map(({ address, heading, page, text }) => {
    const link = element("a", [heading]);
    link.href = address;
    return element("li", [link, " ", element("span", [page], "note"), element("div", [beside(text, words[0])], "note")]);
  });
  found.replaceChildren(element("p", [told]), element("ul", lines));
}

field.value = new URLSearchParams(location.search).get("q") || "";
field.addEventListener("input", show);
document.getElementById("search").addEventListener("submit", (event) => { event.preventDefault(); show(); });
show();
