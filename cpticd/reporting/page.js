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
// On paper: light, as wide as the sheet, and nothing folded away.
const SHEET = 700;
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const each of folded) each.open = true;
  for (const div of document.querySelectorAll(".plotly-graph-div")) {
    Plotly.relayout(div, { template: templates.light, width: SHEET, autosize: false });
  }
});
addEventListener("afterprint", () => {
  for (const each of folded) each.open = false;
  for (const div of document.querySelectorAll(".plotly-graph-div")) {
    Plotly.relayout(div, { template: templates[dark.matches ? "dark" : "light"], width: null, autosize: true });
  }
});
