/** Saving: the scenario, the numbers, the full report, and how the same picture is had without the page. */
import { ask, stream } from "./ask.js";
import { download, find, html } from "./dom.js";

export async function openSave(question, page) {
  find("card-title").textContent = "Save";
  const body = find("card-body"), bar = html("progress", { max: 1, value: 0, "aria-label": "Progress of the report", hidden: true }), told = html("p", { class: "note", role: "status" });
  body.replaceChildren(html("p", {}, "…"));
  find("card").showModal();
  let saved;
  try { saved = await ask("/saved", question); } catch (error) { body.replaceChildren(html("p", {}, error.message)); return; }
  const button = (text, act) => html("button", { type: "button", onclick: act }, text);
  const report = async () => {
    bar.hidden = false;
    told.textContent = "The report is being made; the page goes on meanwhile.";
    await stream("report", question, (part) => {
      if (part.kind === "progress") bar.value = part.done / part.of;
      if (part.kind === "report") { bar.hidden = true; told.textContent = "Done."; download("report.html", part.html, "text/html"); }
      if (part.kind === "failed" || part.kind === "problems") told.textContent = part.text ?? part.problems.join("\n");
    }).catch((error) => { told.textContent = error.message; });
  };
  body.replaceChildren(
    html("div", { class: "row" }, button("Save scenario", () => download("explored.toml", saved.toml, "application/toml")), button("Save numbers", () => download("explored.csv", csv(page.last.curves), "text/csv")), button("Full report", report)),
    bar, told,
    html("h3", {}, "This picture from the command line"), html("pre", { tabindex: 0, "aria-label": "Command lines" }, saved.commands.join("\n")),
    html("h3", {}, "and from Python"), html("pre", { tabindex: 0, "aria-label": "Lines of Python" }, saved.python),
    html("h3", {}, "The scenario"), html("pre", { tabindex: 0, "aria-label": "Scenario file" }, saved.toml), html("p", { class: "note" }, `scenario.hash ${saved.hash}`));
}

function csv(part) {
  const lines = ["policy,outcome,time_years,people,mean,se,difference,difference_se"];
  for (const [name, o] of Object.entries(part.outcomes)) part.policies.forEach((policy, p) => part.times.forEach((t, k) => {
    lines.push([policy, name, t, part.people, o.mean[p][k], o.se[p][k], o.difference[p][k], o.difference_se[p][k]].join(","));
  }));
  return `${lines.join("\n")}\n`;
}
