// Charts follow the page: dark on a dark page, light on paper.
const templates = __TEMPLATES__;
const dark = matchMedia("(prefers-color-scheme: dark)");
function paint(isDark) {
  for (const div of document.querySelectorAll(".plotly-graph-div")) {
    Plotly.relayout(div, { template: templates[isDark ? "dark" : "light"] });
  }
}
if (dark.matches) paint(true);
dark.addEventListener("change", () => paint(dark.matches));
// Charts in what was folded are drawn at the width that they then have.
addEventListener("toggle", (event) => {
  if (!event.target.open) return;
  for (const div of event.target.querySelectorAll(".plotly-graph-div")) Plotly.Plots.resize(div);
}, true);
// On paper: light, as wide as the sheet, and not higher than a third of it.
const SHEET = 700;
const HIGHEST = 330;
const defined = document.querySelectorAll("#definitions details");
addEventListener("beforeprint", () => {
  for (const each of defined) each.open = true;
  for (const div of document.querySelectorAll(".plotly-graph-div")) {
    if (!div.offsetParent) continue;
    const height = div.layout.height;
    div.dataset.height = height;
    const less = height > HIGHEST ? { height: Math.max(HIGHEST, 0.72 * height) } : {};
    Plotly.relayout(div, { template: templates.light, width: SHEET, autosize: false, ...less });
  }
});
addEventListener("afterprint", () => {
  for (const each of defined) each.open = false;
  const template = templates[dark.matches ? "dark" : "light"];
  for (const div of document.querySelectorAll(".plotly-graph-div")) {
    const height = div.dataset.height ? { height: Number(div.dataset.height) } : {};
    Plotly.relayout(div, { template, width: null, autosize: true, ...height });
  }
});
// Tables: sorted by a heading, filtered by a word, copied as text that a spreadsheet takes; long ones fold.
const LONG = 12;
const text = (cell) => cell.textContent.trim();
function number(written) {
  const found = written.replace(/[$,]/g, "").replace("−", "-").match(/-?\d+(\.\d+)?/);
  return found && /^[-+$<>≥]?[\d$.,]/.test(written.replace("−", "-")) && !/^\d{4}-\d\d/.test(written) ? Number(found[0]) : null;
}
function sort(table, place, heading) {
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [row, text(row.cells[place])]);
  rows.sort(([, one], [, other]) => {
    const [a, b] = [number(one), number(other)];
    if (a !== null && b !== null) return down ? b - a : a - b;
    if (a !== null || b !== null) return a !== null ? -1 : 1;
    return (down ? -1 : 1) * one.localeCompare(other);
  });
  table.tBodies[0].append(...rows.map(([row]) => row));
  fold(table);
}
function fold(table) {
  let seen = 0;
  const all = table.dataset.all === "yes";
  const words = (table.dataset.words || "").toLowerCase();
  for (const row of table.tBodies[0].rows) {
    const fits = !words || row.textContent.toLowerCase().includes(words);
    seen += fits;
    row.classList.toggle("unfit", !fits);
    row.classList.toggle("folded", !fits || (!all && seen > LONG));
  }
  const button = table.rest;
  button.hidden = seen <= LONG;
  button.textContent = all ? `Fold to ${LONG} rows` : `Unfold to ${seen} rows`;
}
function copied(table) {
  const rows = [...table.rows].filter((row) => !row.classList.contains("unfit"));
  return rows.map((row) => [...row.cells].map(text).join("\t")).join("\n");
}
async function copy(table, button) {
  const area = document.createElement("textarea");
  area.value = copied(table);
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  button.focus();
  button.textContent = done ? "Copied" : "Select and copy by hand";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}
for (const table of document.querySelectorAll(".scroll > table")) {
  const rows = table.tBodies[0].rows.length;
  if (rows < 2) continue;
  [...table.tHead.rows[0].cells].forEach((heading, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.scope = "col";
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, place, heading));
  });
  const tools = document.createElement("div");
  tools.className = "tools";
  if (rows > 6) {
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = "Filter rows";
    input.setAttribute("aria-label", "Filter rows");
    input.addEventListener("input", () => { table.dataset.words = input.value; fold(table); });
    tools.append(input);
  }
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", () => copy(table, button));
  tools.append(button);
  table.parentElement.before(tools);
  table.rest = document.createElement("button");
  table.rest.type = "button";
  table.rest.className = "rows";
  table.rest.addEventListener("click", () => {
    table.dataset.all = table.dataset.all === "yes" ? "no" : "yes";
    fold(table);
  });
  table.parentElement.after(table.rest);
  if (document.body.classList.contains("full")) table.dataset.all = "yes";
  fold(table);
}
// The way back is offered to who has gone on: before, it would lie over the tiles of a narrow page.
const up = document.querySelector(".up");
function offer() { up.hidden = scrollY < innerHeight / 2; }
addEventListener("scroll", offer, { passive: true });
offer();
// The section that is read is marked in the contents.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const reader = new IntersectionObserver((seen) => {
  for (const each of seen) {
    if (!each.isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute("aria-current");
    links.get(each.target.id)?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "-10% 0px -80% 0px" });
for (const section of document.querySelectorAll("main > section")) reader.observe(section);
