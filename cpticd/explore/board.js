// One page of controls, tiles, charts and tables; what it shows comes from the model, what the reader does goes back.
// The model's traits: controls (what can be chosen), values (what is chosen), parts (what is shown), turn (counts the
// times that they were worked out), late (the times that some came later), said (read aloud), download (a file to hand
// over), tools (undo, reset), link and code (where the page stands), served (by whom, where the address of the browser
// is the page's own). Nothing is computed here.

const LIGHT = "light", DARK = "dark";

const preference = window.matchMedia("(prefers-color-scheme: dark)");

// JupyterLab and Voila say which theme they have. Voila's is light unless it was started otherwise: there the whole page
// follows what the reader's system is set to.
function theme() {
  const said = document.body.dataset.jpThemeLight, voila = document.body.dataset.voila !== undefined;
  const dark = said === undefined || (voila && said === "true") ? preference.matches : said === "false";
  if (voila) document.body.classList.toggle("cpticd-dark-page", dark && said === "true");
  return dark ? DARK : LIGHT;
}

// JupyterLab would take arrow keys and letters for itself.
function quiet(element) {
  element.setAttribute("data-lm-suppress-shortcuts", "true");
  return element;
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function render({ model, el }) {
  // A notebook that renews its output draws the page again: the one that it took away is put back as it was.
  const former = views.get(model);
  if (former && !former.root.isConnected) {
    el.replaceChildren(former.root);
    const turn = ++former.turn;
    return () => { if (former.turn === turn) former.end(); };
  }
  const root = make("div", { class: "cpticd-board", role: "region", "aria-label": model.get("title") });
  const bar = make("div", { class: "cpticd-controls", role: "group", "aria-label": "Filters" });
  const body = make("div", { class: "cpticd-parts" });
  const voice = make("div", { class: "cpticd-said", role: "status" });
  const tools = make("div", { class: "cpticd-tools", role: "group", "aria-label": "This page" });
  root.append(bar, tools, voice, body);
  el.replaceChildren(root);
  const shown = new Map(), written = new Map(), held = new Map(), arrived = new Map();
  let count = 0, turn = 0, drawnIn = null;

  function tell(kind, detail) {
    count += 1;
    model.set("event", { ...detail, kind, n: count, at: Date.now() });
    model.save_changes();
  }

  function choose(name, value) {
    model.set("values", { ...model.get("values"), [name]: value });
    model.save_changes();
  }

  // Controls ------------------------------------------------------------------------------------------------
  // Each is a node, and what shows another value in it: what has the focus stays while values change.
  function labelled(id, text, input) {
    return make("label", { class: "cpticd-control", for: id }, make("span", {}, text), quiet(input));
  }

  function control(spec) {
    const id = `${model.get("key")}-${spec.name}`;
    if (spec.kind === "several") return several(spec, id);
    if (spec.kind === "dates") return period(spec, id);
    if (spec.kind === "button") {
      return { node: quiet(make("button", { id, type: "button", disabled: spec.waiting, onclick: () => tell("button", { name: spec.name }) }, spec.label)), update() {} };
    }
    let input;
    if (spec.kind === "select") {
      input = make("select", { id, disabled: spec.waiting, onchange: (e) => choose(spec.name, e.target.value) },
        ...spec.options.map((option) => make("option", { value: option.value }, option.label)));
    } else {
      input = make("input", { id, type: spec.kind, min: spec.min, max: spec.max, step: spec.step, disabled: spec.waiting,
        onchange: (e) => choose(spec.name, spec.kind === "text" ? e.target.value : Number(e.target.value)) });
    }
    const node = labelled(id, spec.label, input);
    return { node, update(value) {
      input.value = value;
      if (spec.kind === "range") node.firstChild.textContent = `${spec.label}: ${value}`;
    } };
  }

  // Two days for one value: where a period begins, and where it ends; a month stands for its first or last day.
  function period(spec, id) {
    const limits = { min: spec.options[0]?.value, max: spec.options[1]?.value };
    const whole = (text, last) => (text.length !== 7 ? text
      : last ? new Date(Date.UTC(+text.slice(0, 4), +text.slice(5), 0)).toISOString().slice(0, 10) : `${text}-01`);
    let value = ["", ""];
    const inputs = ["first", "last"].map((end, at) => quiet(make("input", { id: `${id}-${end}`, type: "date", ...limits, disabled: spec.waiting || !limits.min,
      onchange: (e) => { if (e.target.reportValidity()) choose(spec.name, value.map((old, place) => (place === at ? e.target.value : old))); } })));
    const node = make("span", { class: "cpticd-dates", role: "group", "aria-label": spec.label },
      ...inputs.map((input, at) => labelled(input.id, `${spec.label}: ${at ? "to" : "from"}`, input)));
    return { node, update(next) {
      value = next;
      inputs.forEach((input, at) => { if (document.activeElement !== input || !input.validity.badInput) input.value = whole(next[at], at === 1); });
    } };
  }

  // A list of boxes behind a button, searched where it is long.
  const LISTED = 200, LONG = 8;
  function several(spec, id) {
    let value = [];
    const words = new Map(spec.options.map((option) => [option.value, option.label]));
    const options = spec.options.filter((option) => option.value !== "");
    const caption = make("span", { id: `${id}-label` }, spec.label);
    const button = quiet(make("button", { id, type: "button", class: "cpticd-pick", disabled: spec.waiting, "aria-expanded": "false",
      "aria-labelledby": `${id}-label ${id}`, onclick: () => open(panel.hidden) }));
    const list = make("div", { class: "cpticd-boxes" });
    const needle = quiet(make("input", { type: "search", id: `${id}-search`, placeholder: "Search", "aria-label": `Search: ${spec.label}`, oninput: () => fill() }));
    const every = quiet(make("button", { type: "button", onclick: () => set([]) }, words.get("") ?? "All"));
    const panel = make("div", { class: "cpticd-panel", role: "group", "aria-label": spec.label, hidden: true },
      make("span", { class: "cpticd-row" }, ...(options.length > LONG ? [needle] : []), every), list);
    const node = make("span", { class: "cpticd-control cpticd-several", onkeydown: (e) => { if (e.key === "Escape" && !panel.hidden) { open(false); button.focus(); e.stopPropagation(); } } },
      caption, button, panel);
    node.addEventListener("focusout", (e) => { if (e.relatedTarget && !node.contains(e.relatedTarget)) open(false); });

    function away(e) { if (!node.contains(e.target)) open(false); }
    function open(yes) {
      panel.hidden = !yes;
      button.setAttribute("aria-expanded", String(yes));
      document[yes ? "addEventListener" : "removeEventListener"]("pointerdown", away, true);
      if (!yes) return;
      needle.value = "";
      fill();
      (options.length > LONG ? needle : list.querySelector("input") ?? every).focus();
    }
    function set(next) {
      show(next);
      choose(spec.name, next.length > 1 ? next : next[0] ?? "");
    }
    function fill() {
      const text = needle.value.trim().toLowerCase();
      const found = options.filter((option) => option.label.toLowerCase().includes(text));
      const first = [...found.filter((option) => value.includes(option.value)), ...found.filter((option) => !value.includes(option.value))];
      list.replaceChildren(...first.slice(0, LISTED).map((option, at) => make("label", {},
        quiet(make("input", { type: "checkbox", id: `${id}-${at}`, value: option.value, checked: value.includes(option.value),
          onchange: (e) => set(e.target.checked ? [...value, option.value] : value.filter((one) => one !== option.value)) })),
        make("span", {}, option.label))),
        first.length > LISTED ? make("p", { class: "cpticd-note" }, `and ${(first.length - LISTED).toLocaleString("en")} more: search for them`)
          : first.length ? "" : make("p", { class: "cpticd-note" }, "nothing of that name"));
    }
    function show(next) {
      value = next;
      button.textContent = next.length > 1 ? `${next.length} chosen` : next.length ? words.get(next[0]) ?? next[0] : words.get("") ?? "All";
      button.title = next.map((one) => words.get(one) ?? one).join(", ");
      button.value = next.join("|");
    }
    return { node, update(next) {
      show(Array.isArray(next) ? next : next ? [next] : []);
      for (const box of list.querySelectorAll("input")) box.checked = value.includes(box.value);
    } };
  }

  function drawControls() {
    const values = model.get("values");
    const nodes = model.get("controls").map((spec) => {
      const text = JSON.stringify(spec);
      let made = held.get(spec.name);
      if (!made || made.text !== text) held.set(spec.name, (made = { text, ...control(spec) }));
      if (spec.kind !== "button") made.update(values[spec.name]);
      return made.node;
    });
    if (nodes.length !== bar.children.length || nodes.some((node, at) => bar.children[at] !== node)) keepFocus(bar, () => { bar.replaceChildren(...nodes); });
  }

  // Undo and reset, and where the page stands: its address and its line of code -------------------------------
  const fields = ["Link", "Code"].map((label) => {
    const field = quiet(make("input", { type: "text", readonly: true, "aria-label": label, onfocus: (e) => e.target.select() }));
    const copy = quiet(make("button", { type: "button", "aria-label": `Copy: ${label}`, onclick: () => copied(field, label) }, "Copy"));
    return { field, row: make("span", { class: "cpticd-row" }, make("span", {}, label), field, copy) };
  });
  const share = make("details", {}, quiet(make("summary", {}, "Link and code")), ...fields.map((each) => each.row));
  const steps = make("span", { class: "cpticd-row" });
  tools.append(steps, share);

  async function copied(field, label) {
    field.focus();
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(field.value); else document.execCommand("copy");
      voice.textContent = `${label} copied.`;
    } catch {
      voice.textContent = `${label} is selected: copy it by the keyboard.`;
    }
  }

  function drawTools() {
    tools.hidden = !model.get("tools").length;
    keepFocus(steps, () => { steps.replaceChildren(...model.get("tools").map((tool) => quiet(make("button", { type: "button", disabled: tool.disabled,
      onclick: () => tell("button", { name: tool.name }) }, tool.label)))); });
    const link = model.get("link"), address = model.get("served") ? location.origin + location.pathname + location.search : "";
    fields[0].row.hidden = !address;
    fields[0].field.value = address + (link ? `#${link}` : "");
    fields[1].field.value = model.get("code");
  }

  // The address of a page that is served alone says where it stands; the browser's way back is a step back.
  // One that was cut within a percent-code is left as it is: Python says that it is not followed.
  function plain(link) {
    try { return decodeURIComponent(link); } catch { return link; }
  }
  function goTo() {
    const link = model.get("link") ? `#${model.get("link")}` : "";
    if (model.get("served") && plain(location.hash) !== plain(link))
      history.pushState(null, "", location.pathname + location.search + link);
  }
  function follow() { tell("restore", { link: location.hash }); }
  if (model.get("served")) {
    window.addEventListener("popstate", follow);
    if (location.hash.length > 1 && plain(location.hash.slice(1)) !== plain(model.get("link"))) follow();
  }

  // Parts ---------------------------------------------------------------------------------------------------
  function tiles(part) {
    return make("ul", { class: "cpticd-tiles" }, ...part.tiles.map((tile) => make("li", {},
      make("span", { class: "cpticd-label" }, tile.label), make("strong", {}, tile.value),
      tile.note ? make("span", { class: "cpticd-note" }, tile.note) : null)));
  }

  function grid(part, caption) {
    const head = make("tr", {}, ...part.columns.map((column) => {
      const sorted = part.sort && part.sort.column === column.name ? (part.sort.descending ? "descending" : "ascending") : null;
      const mark = sorted ? (part.sort.descending ? " ▾" : " ▴") : "";
      const inside = part.sortable
        ? quiet(make("button", { type: "button", onclick: () => tell("sort", { part: part.name, column: column.name }) }, column.label + mark))
        : column.label;
      return make("th", { scope: "col", class: column.number ? "number" : null, "aria-sort": sorted }, inside);
    }));
    const rows = part.rows.map((row, index) => {
      const cells = row.map((cell, place) => {
        const number = part.columns[place].number ? "number" : cell.length > 24 ? "words" : "short";
        if (place === 0 && part.selectable) {
          const pick = quiet(make("button", { type: "button", onclick: () => tell("row", { part: part.name, row: index }) }, cell));
          return make("td", { class: number }, pick);
        }
        return make("td", { class: number }, cell);
      });
      return make("tr", { "aria-current": part.selected === index ? "true" : null }, ...cells);
    });
    return quiet(make("div", { class: "cpticd-scroll", tabindex: "0", role: "region", "aria-label": caption },
      make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...rows))));
  }

  function pager(part) {
    if (!part.pages || part.pages < 2) return null;
    const go = (page, text, name) => quiet(make("button", { type: "button", "aria-label": name, disabled: page < 0 || page >= part.pages,
      onclick: () => tell("page", { part: part.name, page }) }, text));
    return make("div", { class: "cpticd-pager" }, go(part.page - 1, "‹", "previous page"),
      ` page ${part.page + 1} of ${part.pages} `, go(part.page + 1, "›", "next page"));
  }

  function progress(part) {
    return make("div", { class: "cpticd-progress" }, make("progress", { "aria-label": "Working" }), make("p", {}, part.text));
  }

  // What happened to a service, one step after the other.
  function story(part) {
    const facts = part.facts.flatMap(([label, text]) => [make("dt", {}, label), make("dd", {}, text)]);
    return [make("dl", { class: "cpticd-facts" }, ...facts), make("h4", {}, part.heading),
      make("ol", { class: "cpticd-steps" }, ...part.steps.map((text) => make("li", {}, text)))];
  }

  // A note of the reader's own.
  function note(part) {
    const id = `${model.get("key")}-${part.name}`;
    const who = quiet(make("input", { id: `${id}-who`, type: "text", value: part.who, maxlength: 200 }));
    const text = quiet(make("textarea", { id: `${id}-text`, rows: 2, maxlength: 4000 }));
    text.value = part.text;
    const save = quiet(make("button", { type: "button", onclick: () => tell("note", { part: part.name, text: text.value, who: who.value }) }, "Save the note"));
    return make("div", { class: "cpticd-form" }, labelled(who.id, "Assigned to", who), labelled(text.id, "Note", text), save);
  }

  function search(part) {
    if (part.search === null || part.search === undefined) return null;
    const input = quiet(make("input", { type: "search", value: part.search, id: `${model.get("key")}-${part.name}-search`,
      onchange: (e) => tell("search", { part: part.name, text: e.target.value }) }));
    return make("label", { class: "cpticd-control", for: input.id }, make("span", {}, `Search: ${part.searchLabel ?? "code or word"}`), input);
  }

  function strip(part) {
    const buttons = (part.buttons ?? []).map((button) => quiet(make("button", { type: "button",
      onclick: () => tell("button", { name: button.name, part: part.name }) }, button.label)));
    return make("p", { class: "cpticd-bar" }, make("span", {}, part.text), ...buttons);
  }

  // The title stands above as a heading, where it wraps and is read; the space that the figure kept for it goes.
  const TITLE = 62;
  // Below this a legend of several lines leaves no room for the axes, which plotly.js takes for an error.
  const LEAST = 300;

  function room(part) {
    const colours = model.get("templates")[theme()];
    const top = part.figure.layout.margin?.t ?? colours.layout?.margin?.t ?? 100;
    const saved = part.figure.layout.title?.text ? Math.min(TITLE, Math.max(0, top - 20)) : 0;
    return { colours, top: top - saved, height: Math.max(LEAST, (part.figure.layout.height ?? 400) - saved) };
  }

  function draw(node, part) {
    const { colours, top, height } = room(part);
    const layout = { ...part.figure.layout, template: colours, autosize: true, width: undefined, title: undefined, height,
      margin: { ...part.figure.layout.margin, t: top } };
    // JupyterLab loads MathJax, which would take "$1 to $2" for a formula.
    // And plotly.js offers to upload every chart to a cloud.
    const config = { responsive: true, displaylogo: false, typesetMath: false, displayModeBar: "hover",
      showSendToCloud: false, plotlyServerURL: "",
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] };
    return Plotly.react(node, part.figure.data, layout, config);
  }

  function heading(part) {
    const title = part.figure.layout.title;
    if (!title?.text) return [];
    const plain = (text) => new DOMParser().parseFromString(text.replace(/<br>/g, " "), "text/html").body.textContent;
    return [make("h3", {}, plain(title.text)), title.subtitle?.text ? make("p", { class: "cpticd-note" }, plain(title.subtitle.text)) : null];
  }

  // Heading and place of a chart; plot() fills it once it stands on the page.
  function frame(part, old) {
    const box = old ?? make("figure", { class: "cpticd-chart" });
    // A group, not an image: the buttons of the chart stand in it.
    if (!old) box.append(make("figcaption", {}), make("div", { class: "cpticd-plot", role: "group" }), make("div", { class: "cpticd-behind" }));
    box.querySelector("figcaption").replaceChildren(...heading(part).filter(Boolean));
    const node = box.querySelector(".cpticd-plot");
    node.setAttribute("aria-label", part.label);
    node.style.height = `${room(part).height}px`;
    return box;
  }

  async function plot(part, node) {
    const place = node.querySelector(".cpticd-plot");
    const drawn = draw(place, part);
    if (part.clickable && !place.dataset.listens) {
      place.dataset.listens = "yes";
      await drawn;
      place.on("plotly_click", (data) => {
        const point = data.points[0];
        tell("point", { part: part.name, x: point.x ?? null, y: point.y ?? null, custom: point.customdata ?? null });
      });
    }
    return drawn;
  }

  // The table behind a chart; it can wait until the charts are there.
  function fillBehind(part, node) {
    const box = node.querySelector(".cpticd-behind");
    const open = box.querySelector("details")?.open ? true : null;
    keepFocus(box, () => box.replaceChildren(part.table
      ? make("details", { open }, quiet(make("summary", {}, `Table: ${part.label}`)), grid(part.table, part.label)) : ""));
  }

  // What had the focus is another element after a change: the one of the same name gets it.
  function keepFocus(place, change) {
    const active = place.contains(document.activeElement) ? document.activeElement : null;
    const old = active ? { id: active.id, text: active.textContent, name: active.getAttribute("aria-label") } : null;
    const node = change() ?? place;
    if (!old || node.contains(document.activeElement)) return;
    const bare = (text) => text.replace(/ [▾▴]$/, "");
    const all = [...node.querySelectorAll("button, input, select, summary")];
    const found = all.find((each) => old.id ? each.id === old.id
      : (each.getAttribute("aria-label") ?? "") === (old.name ?? "") && bare(each.textContent) === bare(old.text));
    (found && !found.disabled ? found : all.find((each) => !each.disabled && each.tagName !== "INPUT" && each.tagName !== "SELECT"))?.focus();
  }

  function section(part, old) {
    const children = [];
    if (part.title) children.push(make("h3", {}, part.title));
    if (part.kind === "tiles") children.push(tiles(part));
    else if (part.kind === "bar") children.push(strip(part));
    else if (part.kind === "table") children.push(search(part), grid(part, part.label ?? part.title ?? ""), pager(part));
    else if (part.kind === "progress") children.push(progress(part));
    else if (part.kind === "story") children.push(...story(part));
    else if (part.kind === "note") children.push(note(part));
    else if (part.kind === "text") children.push(...part.paragraphs.map((text) => make("p", {}, text)));
    else if (part.kind === "chart") {
      const box = frame(part, old?.querySelector("figure"));
      if (old && box.parentNode === old) {
        old.className = `cpticd-part ${part.width ?? "wide"}`;
        return old;
      }
      children.push(box);
    }
    if (part.note) children.push(make("p", { class: "cpticd-note" }, part.note));
    return make("section", { class: `cpticd-part ${part.width ?? "wide"}`, "data-part": part.name }, ...children.filter(Boolean));
  }

  function forget(name, node) {
    const place = node.querySelector(".cpticd-plot");
    if (place) Plotly.purge(place);
    node.remove();
    shown.delete(name);
    written.delete(name);
  }

  // Put every part in its place; what is as it was stays. Returns the charts that are to be drawn.
  function place(parts) {
    const charts = [], kept = new Set(parts.map((part) => part.name));
    for (const [name, node] of shown) if (!kept.has(name)) forget(name, node);
    parts.filter((part) => part.kind !== "kept" || shown.has(part.name)).forEach((part, at) => {
      const old = shown.get(part.name), text = JSON.stringify(part);
      let node = old;
      if (part.kind !== "kept" && text !== written.get(part.name)) {
        const change = () => {
          node = section(part, old);
          if (old && node !== old) old.replaceWith(node);
          shown.set(part.name, node);
          return node;
        };
        if (old) keepFocus(old, change); else change();
        if (part.kind === "chart") charts.push({ part, node, text });
        else written.set(part.name, text);
      }
      node.toggleAttribute("aria-busy", part.kind === "kept");
      if (body.children[at] !== node) body.insertBefore(node, body.children[at] ?? null);
      if (part.kind !== "kept") {
        if (part.arrive && arrived.get(part.name) !== part.arrive) requestAnimationFrame(() => node.scrollIntoView({ block: "nearest" }));
        arrived.set(part.name, part.arrive ?? "");
      }
    });
    return charts;
  }

  function paint({ part, node, text }) {
    written.set(part.name, text);
    return plot(part, node);
  }

  function inView(node) {
    const box = node.getBoundingClientRect();
    return box.bottom > 0 && box.top < window.innerHeight;
  }

  // Charts in view are drawn at once, then shown; the others, and the tables behind, follow in the next frame.
  function drawParts() {
    const parts = model.get("parts"), mine = ++turn, colours = theme();
    if (drawnIn !== colours) written.clear();
    drawnIn = root.dataset.theme = colours;
    const charts = place(parts);
    voice.textContent = model.get("said");
    const now = charts.filter(({ node }) => inView(node)), done = now.map(paint);
    const waiting = parts.filter((part) => part.kind === "kept").map((part) => shown.get(part.name)).filter(Boolean);
    if (!waiting.some((node) => node.querySelector(".cpticd-plot") && inView(node))) countUp("charts");
    const rest = async () => {
      now.forEach((each) => fillBehind(each.part, each.node));
      if (mine !== turn) return;
      for (const each of charts.filter((one) => !now.includes(one))) {
        done.push(paint(each));
        fillBehind(each.part, each.node);
      }
      await Promise.all(done);
      if (mine === turn && !waiting.length) countUp("drawn");
    };
    if (charts.length) requestAnimationFrame(() => setTimeout(rest)); else rest();
  }

  // What came later takes its place on a page that was drawn.
  function drawLate() {
    for (const chart of place(model.get("parts"))) {
      paint(chart);
      fillBehind(chart.part, chart.node);
    }
  }

  // How often the charts in view, and all of the page, were drawn.
  function countUp(what) {
    root.dataset[what] = String(Number(root.dataset[what] ?? 0) + 1);
  }

  function handOver() {
    const file = model.get("download");
    if (!file || !file.content) return;
    const link = make("a", { href: `data:${file.type};base64,${file.content}`, download: file.name });
    root.append(link);
    link.click();
    link.remove();
  }

  drawControls();
  drawTools();
  drawParts();
  model.on("change:controls change:values", drawControls);
  model.on("change:tools change:link change:code", drawTools);
  model.on("change:link", goTo);
  model.on("change:turn", drawParts);
  model.on("change:late", drawLate);
  model.on("change:said", () => { voice.textContent = model.get("said"); });
  model.on("change:download", handOver);
  const watch = new MutationObserver(drawParts);
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  let width = 0;
  const size = new ResizeObserver(() => {
    if (root.clientWidth === width) return; // a longer table is no reason to draw charts again
    width = root.clientWidth;
    for (const node of shown.values()) {
      const plot = node.querySelector(".js-plotly-plot");
      if (plot && plot.clientWidth) Plotly.Plots.resize(plot);
    }
  });
  size.observe(root);
  preference.addEventListener("change", drawParts);
  const page = { root, turn: 0, end() {
    watch.disconnect();
    size.disconnect();
    preference.removeEventListener("change", drawParts);
    window.removeEventListener("popstate", follow);
    views.delete(model);
    for (const node of shown.values()) {
      const plot = node.querySelector(".cpticd-plot");
      if (plot) Plotly.purge(plot);
    }
  } };
  views.set(model, page);
  return () => { if (page.turn === 0) page.end(); };
}

// Jupyter's renderer looks for a model for two seconds; one that comes in the last moment it reports as not found and
// never looks again (seen in Voila, which restores all models while the page loads). The page is then drawn in its place.
const LOST = "Error displaying widget: model not found";
const views = new WeakMap();

function initialize({ model }) {
  let turns = 40;
  const timer = setInterval(() => {
    turns -= 1;
    const place = [...document.querySelectorAll(".jupyter-widgets")].find((node) => node.textContent === LOST);
    if (views.has(model) || turns === 0) clearInterval(timer);
    else if (place) {
      clearInterval(timer);
      render({ model, el: place });
    }
  }, 250);
  return () => clearInterval(timer);
}

export default { initialize, render };
