// Hover, zoom, filter and keyboard. Every page says the same without this file;
// it only makes looking easier. It asks nobody for anything.
//
// Data flow: a chart carries what is said at its columns as <rect class="tip">
// with a <title>; hovering or the arrow keys show that text in a box. A zoomable
// chart also carries every value (data-values), which are drawn anew for the part
// that is looked at. Lists are filtered by words.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

const made = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// ---- what is said at a column ----

function explain(figure) {
  const chart = figure.querySelector(".chart");
  if (!chart) return;
  const box = made("p", { className: "told-box", hidden: true });
  box.setAttribute("role", "status");
  figure.append(box);
  let at = -1;
  const tips = () => [...chart.querySelectorAll(".tip")];
  const show = (position) => {
    const all = tips();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, position));
    all.forEach((tip, index) => tip.classList.toggle("here", index === at));
    const title = all[at].querySelector("title");
    box.textContent = all[at].dataset.told ?? title.textContent;
    box.hidden = false;
  };
  const hide = () => {
    box.hidden = true;
    tips().forEach((tip) => tip.classList.remove("here"));
  };
  // A browser would show its own box over ours.
  const quiet = () => tips().forEach((tip) => {
    const title = tip.querySelector("title");
    if (title && !tip.dataset.told) {
      tip.dataset.told = title.textContent;
      title.remove();
    }
  });
  chart.addEventListener("pointerover", (event) => {
    const tip = event.target.closest(".tip");
    if (!tip) return;
    quiet();
    show(tips().indexOf(tip));
  });
  chart.addEventListener("pointerleave", hide);
  figure.tabIndex = 0;
  figure.setAttribute("role", "group");
  figure.setAttribute("aria-label", figure.querySelector("figcaption").textContent
    + ". Arrow keys go from version to version.");
  figure.addEventListener("blur", hide);
  figure.addEventListener("keydown", (event) => {
    if (event.target !== figure || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = tips().length - 1;
    const to = { ArrowLeft: at < 0 ? last : at - 1, ArrowRight: at < 0 ? last : at + 1, Home: 0, End: last };
    if (event.key in to) {
      event.preventDefault();
      quiet();
      show(to[event.key]);
    } else if (event.key === "Escape") {
      hide();
    }
  });
}

// ---- zoom ----

function zoom(figure) {
  const chart = figure.querySelector(".chart");
  const plot = figure.querySelector(".plot");
  if (!chart || !plot) return;
  const names = figure.dataset.names.split(" ");
  const values = figure.dataset.values.split(" ").map((text) => (text === "-" ? null : Number(text)));
  const symbol = figure.dataset.symbol;
  const whole = chart.cloneNode(true);
  const least = 8;
  let from = 0;
  let to = values.length;
  if (to <= least) return;

  const tools = made("div", { className: "tools" });
  const button = (text, label, act) => {
    const one = made("button", { type: "button", textContent: text });
    one.setAttribute("aria-label", label);
    one.addEventListener("click", act);
    tools.append(one);
    return one;
  };
  const range = made("output", {});
  const closer = () => part((from + to) / 2, (to - from) / 2);
  const wider = () => part((from + to) / 2, (to - from) * 2);
  const move = (share) => part((from + to) / 2 + (to - from) * share, to - from);
  const buttons = {
    closer: button("+", "Closer", closer),
    wider: button("−", "Wider", wider),
    back: button("←", "Earlier", () => move(-0.5)),
    on: button("→", "Later", () => move(0.5)),
    all: button("All", "All versions", () => part(values.length / 2, values.length)),
    newest: button("Newest 50", "The newest 50 versions", () => part(values.length - 25, 50)),
  };
  tools.append(range);
  figure.append(tools);

  function part(middle, width) {
    width = Math.round(Math.max(least, Math.min(values.length, width)));
    from = Math.round(Math.max(0, Math.min(values.length - width, middle - width / 2)));
    to = from + width;
    draw();
  }

  function draw() {
    const isWhole = from === 0 && to === values.length;
    chart.replaceChildren(...(isWhole ? [...whole.cloneNode(true).childNodes] : drawn()));
    buttons.all.disabled = buttons.wider.disabled = isWhole;
    buttons.closer.disabled = to - from <= least;
    buttons.back.disabled = from === 0;
    buttons.on.disabled = to === values.length;
    range.textContent = `${names[from]} to ${names[to - 1]}: ${to - from} of ${values.length} versions`;
  }

  const svg = (name, attributes, text) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  function drawn() {
    const [top, height] = [26, 240];
    const seen = values.slice(from, to);
    const known = seen.filter((value) => value !== null);
    const parts = [...whole.querySelectorAll(":scope > title, :scope > desc")].map((one) => one.cloneNode(true));
    if (!known.length) return parts;
    let [low, high] = [Math.min(...known), Math.max(...known)];
    const room = Math.max((high - low) * 0.15, Math.abs(high) * 0.002) || 1;
    [low, high] = [Math.max(0, low - room), high + room];
    const y = (value) => top + (1 - (value - low) / (high - low)) * height;
    const x = (place) => ((place + 0.5) / seen.length) * 100;
    const step = [1, 2, 5, 10].map((one) => one * 10 ** Math.floor(Math.log10((high - low) / 4)))
      .find((one) => one >= (high - low) / 4.001);
    const decimals = Math.max(0, -Math.floor(Math.log10(step)));
    for (let mark = Math.ceil(low / step) * step; mark <= high; mark += step) {
      parts.push(svg("line", { class: "grid", x2: "100%", y1: y(mark), y2: y(mark) }));
      parts.push(svg("text", { class: "tick", x: 2, y: y(mark) - 4 }, `${mark.toFixed(decimals)} ${symbol}`));
    }
    let path = "";
    seen.forEach((value, place) => {
      if (value !== null) path += `${path && seen[place - 1] !== null ? "L" : "M"}${x(place) * 10} ${(y(value) - top) * 10}`;
    });
    const inner = svg("svg", { class: "plot", y: top, width: "100%", height, viewBox: `0 0 1000 ${height * 10}`, preserveAspectRatio: "none" });
    inner.append(svg("path", { class: "line l1", d: path }));
    parts.push(inner);
    seen.forEach((value, place) => {
      const told = `${names[from + place]}\n${value === null ? "no value" : `${value} ${symbol}`}`;
      if (value !== null && seen.length <= 120) {
        parts.push(svg("use", { href: "#m-circle", class: "l1", x: `${x(place)}%`, y: y(value) }));
      }
      const tip = svg("rect", { class: "tip", x: `${x(place) - 50 / seen.length}%`, width: `${100 / seen.length}%`, y: 0, height: top + height });
      tip.dataset.told = told;
      parts.push(tip);
    });
    for (const [place, anchor] of [[0, "start"], [seen.length - 1, "end"]]) {
      parts.push(svg("text", { class: "tick", x: anchor === "start" ? "0%" : "100%", y: top + height + 16, "text-anchor": anchor }, names[from + place]));
    }
    return parts;
  }

  // Drawing over a stretch looks closer at it; twice clicking shows all.
  let began = null;
  const placeAt = (event) => {
    const box = chart.getBoundingClientRect();
    return from + ((event.clientX - box.left) / box.width) * (to - from);
  };
  chart.addEventListener("pointerdown", (event) => { began = event.pointerType === "mouse" ? placeAt(event) : null; });
  chart.addEventListener("pointerup", (event) => {
    const end = placeAt(event);
    if (began !== null && Math.abs(end - began) > (to - from) / 50) part((began + end) / 2, Math.abs(end - began));
    began = null;
  });
  chart.addEventListener("dblclick", () => part(values.length / 2, values.length));
  figure.addEventListener("keydown", (event) => {
    if (event.target !== figure || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { "+": closer, "=": closer, "-": wider, "0": () => part(values.length / 2, values.length) }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  draw();
}

// ---- filters ----

// The swatches beside the lines of a chart become buttons that show and hide them.
function filter(metric) {
  for (const row of metric.querySelectorAll(".newest tbody tr")) {
    const swatch = row.querySelector(".swatch svg");
    const name = row.querySelector(".line");
    if (!swatch || !name || !swatch.dataset.line) continue;
    const button = made("button", { type: "button", className: "swatch-button" }, swatch);
    button.setAttribute("aria-pressed", "true");
    button.setAttribute("aria-label", `Show ${name.textContent.trim()}`);
    row.querySelector(".swatch").replaceChildren(button);
    button.addEventListener("click", () => {
      const isShown = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", String(isShown));
      const drawn = metric.querySelectorAll(`.chart [data-line="${swatch.dataset.line}"]`);
      drawn.forEach((part) => part.classList.toggle("dim", !isShown));
    });
  }
}

function search(input) {
  input.closest(".search").hidden = false;
  const found = document.getElementById("found");
  const rows = [...document.querySelectorAll(".searchable tbody tr")];
  const texts = rows.map((row) => `${row.closest(".searchable").getAttribute("aria-label")} ${row.textContent}`.toLowerCase());
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, index) => {
      const fits = words.every((word) => texts[index].includes(word));
      row.hidden = !fits;
      count += Number(fits);
    });
    for (const section of document.querySelectorAll(".searchable")) {
      section.hidden = !section.querySelector("tbody tr:not([hidden])");
    }
    found.textContent = words.length ? `${count} of ${rows.length} series` : "";
    const kept = words.length ? `#${encodeURIComponent(input.value)}` : location.pathname;
    if (location.protocol !== "file:") history.replaceState(null, "", kept);
  };
  if (location.hash.length > 1) input.value = decodeURIComponent(location.hash.slice(1));
  input.addEventListener("input", apply);
  apply();
}

// A page is looked at long after it was built.
function age(told) {
  const days = Math.floor((Date.now() - Date.parse(told.dataset.until)) / 86_400_000);
  if (days < Number(told.dataset.staleDays) || told.classList.contains("stale")) return;
  told.classList.add("stale");
  const badge = told.querySelector(".badge");
  badge.classList.add("caution");
  badge.textContent = `stale: ${days} days old`;
}

// "/" goes to the search, as in many places.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  const input = document.getElementById("search");
  const link = document.querySelector('.masthead a[href$="benchmarks.html"]');
  if (input) input.focus();
  else if (link) location.href = link.href;
});

document.querySelectorAll(".fresh").forEach(age);
document.querySelectorAll("figure").forEach(explain);
document.querySelectorAll(".zoomable").forEach(zoom);
document.querySelectorAll(".metric").forEach(filter);
document.querySelectorAll("#search").forEach(search);
