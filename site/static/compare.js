// Compares any two versions in the reader's browser. The verdicts come out of
// compare.wasm, which is the code that made the prepared pages; this file fetches,
// asks, and shows. Whatever it shows it sets as text, never as markup.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const [a, b, status, result] = ["a", "b", "status", "result"].map($);
  let ask, data, turn = 0;

  const say = (text) => { status.textContent = text; };

  const fetched = async (path, read) => {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: the server answered ${answer.status}`);
    return answer[read]();
  };

  // Text into the module and out of it, four bytes at a time.
  const start = async () => {
    const bytes = await fetched("../compare.wasm", "arrayBuffer");
    const { instance } = await WebAssembly.instantiate(bytes);
    const wasm = instance.exports;
    return (question) => {
      const text = new TextEncoder().encode(JSON.stringify(question));
      const view = new DataView(text.buffer);
      const whole = text.length & ~3;
      wasm.begin();
      for (let at = 0; at < whole; at += 4) wasm.push(view.getUint32(at, true), 4);
      for (let at = whole; at < text.length; at++) wasm.push(text[at], 1);
      const length = wasm.answer();
      const told = new DataView(new ArrayBuffer(length + 3));
      for (let at = 0; at < length; at += 4) told.setUint32(at, wasm.take(at), true);
      const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(told.buffer, 0, length)));
      if (answer.error) throw new Error(answer.error);
      return answer;
    };
  };

  const node = (name, content, attributes = {}) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...[content ?? []].flat());
    return made;
  };
  const percent = (ratio) => {
    const text = ((ratio - 1) * 100).toFixed(2);
    return `${text.startsWith("-") ? text.replace("-", "−") : `+${text}`} %`;
  };
  // As model::Unit::display has it.
  const shown = (metric, value) => {
    const scales = data.metrics[metric][1];
    const [factor, symbol] =
      scales.find(([factor]) => Math.abs(value) >= factor) ?? scales[scales.length - 1];
    const scaled = value / factor;
    const size = Math.abs(scaled);
    const digits = factor === 1 && Number.isInteger(scaled) ? 0 : size >= 100 ? 0 : size >= 10 ? 1 : 2;
    return `${scaled.toFixed(digits)} ${symbol}`.trim();
  };
  const verdict = (word) => node("span", word, { class: `verdict ${word}` });
  const named = ({ benchmark, arm }) => (arm === "default" ? benchmark : `${benchmark} ${arm}`);

  const ORDER = ["regressed", "improved", "inconclusive", "equivalent"];
  const HEADINGS = [["benchmark"], ["metric"], ["A", 1], ["B", 1], ["change", 1], ["interval"],
    ["verdict"], ["smallest visible", 1]];

  const row = (it) => {
    const number = (content) => node("td", content, { class: "number" });
    const interval = it.low === null ? "none"
      : it.low === it.high ? "exact" : `${percent(it.low)} to ${percent(it.high)}`;
    const visible = it.low !== null && it.low === it.high ? "any" : it.smallest_visible === null ? "unknown"
      : `${(it.smallest_visible * 100).toFixed(2)} %`;
    const labels = it.labels.flatMap((label) =>
      [" ", node("span", data.words[label] ?? label, { class: "badge" })]);
    return node("tr", [
      node("th", named(it), { scope: "row" }), node("td", data.metrics[it.metric][0]),
      number(shown(it.metric, it.a)), number(shown(it.metric, it.b)),
      number(node("b", percent(it.ratio))), node("td", interval),
      node("td", [verdict(it.verdict), ...labels]), number(visible),
    ]);
  };

  const suite = ([name, rows], position) => {
    const rank = (it) => ORDER.indexOf(it.verdict);
    rows.sort((one, other) => rank(one) - rank(other));
    const changed = rows.filter((it) => rank(it) < 2).length;
    const id = `found-${position}`;
    const caption = changed ? `${changed} changed, shown first` : "Nothing is known to have changed";
    const heading = ([text, is]) => node("th", text, is ? { scope: "col", class: "number" } : { scope: "col" });
    const table = node("table", [
      node("caption", caption),
      node("thead", node("tr", HEADINGS.map(heading))),
      node("tbody", rows.map(row)),
    ], { class: "compared" });
    const href = data.suites[name];
    return node("section", [
      node("h3", href ? node("a", name, { href }) : name, { id }),
      node("div", table, { class: "scroll", role: "region", "aria-labelledby": id, tabindex: "0" }),
    ], { "aria-labelledby": id });
  };

  const list = (heading, texts) =>
    texts.length ? [node("h3", heading), node("ul", texts.map((text) => node("li", text)))] : [];
  const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

  const tell = (report, runs) => {
    const count = (word) => report.rows.filter((it) => it.verdict === word).length;
    const counts = ["regressed", "improved", "equivalent", "inconclusive"]
      .filter(count).map((word) => `${count(word)} ${word}`);
    if (report.missing.length) counts.push(`${report.missing.length} missing`);
    const how = report.verdict === "refused"
      ? "The two were measured on different testbeds, so their numbers are not compared."
      : report.same_binary ? "Both are the same binary, so what differs is noise."
        : report.side_by_side ? "Measured side by side in one run."
          : "Measured in two runs, at different times: only what repeats exactly can be decided.";
    const reasons = new Map();
    for (const it of report.rows) {
      const why = data.words[it.forbidden] ?? it.why;
      if (why) reasons.set(why, (reasons.get(why) ?? 0) + 1);
    }
    const groups = new Map();
    for (const it of report.rows) {
      if (!groups.has(it.suite)) groups.set(it.suite, []);
      groups.get(it.suite).push(it);
    }
    const best = ([, rows]) => Math.min(...rows.map((it) => ORDER.indexOf(it.verdict)));
    const suites = [...groups].sort((one, other) => best(one) - best(other));
    const lacking = (it) =>
      `${it.version.toUpperCase()} ${it.suite}/${named(it)}: ${it.reason}`;
    const run = (id) => node("a", node("code", id), { href: `../run/${id}.html` });
    result.replaceChildren(
      node("h2", [a.value, " → ", b.value]),
      node("p", verdict(report.verdict), { class: "outcome" }),
      node("p", [how, " ", counts.length ? `${counts.join(", ")}.` : ""], { class: "lead" }),
      node("p", runs.a === runs.b ? ["Run ", run(runs.a)] : ["Runs ", run(runs.a), " and ", run(runs.b)]),
      ...list("What differs between the testbeds",
        report.testbeds.map(([field, was, is]) => `${field}: ${was}, then ${is}`)),
      node("p", report.side_by_side ? "To measure both again:"
        : "To measure both side by side, which decides most:"),
      node("pre", node("code", `bench compare ${word(a.value)} ${word(b.value)}`),
        { tabindex: "0", role: "region", "aria-label": "Command" }),
      ...suites.map(suite),
      ...list("Why some are inconclusive",
        [...reasons].map(([why, many]) => `${counted(many, "metric")}: ${why}`)),
      ...list("Missing", report.missing.map(lacking)),
      ...list("Neither supports", report.unsupported.map(lacking)),
    );
    return `${report.verdict}: ${counts.join(", ") || "nothing to compare"}`;
  };
  // As site::versions::shell_word has it: readers paste commands.
  const word = (name) =>
    /^(?!-)[A-Za-z0-9@._:\/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;

  const compare = async () => {
    const mine = ++turn;
    const names = { a: a.value.trim(), b: b.value.trim() };
    if (!names.a || !names.b) return say("Choose two versions.");
    say("Comparing…");
    try {
      const runs = ask({ choose: { index: data.index, ...names } }).chosen;
      const get = (id) => fetched(`../run/${id}.json`, "json");
      const [first, second] =
        await Promise.all([get(runs.a), runs.a === runs.b ? null : get(runs.b)]);
      if (mine !== turn) return;
      const { report } = ask({ compare: { terms: data.terms, first, second, ...names } });
      const said = tell(report, runs);
      history.replaceState(null, "", `#${new URLSearchParams(names)}`);
      say(said);
    } catch (error) {
      if (mine !== turn) return;
      result.replaceChildren();
      say(`Could not compare: ${error.message}`);
    }
  };

  // The two versions of the link, if it names any; else the newest two.
  const wanted = () => {
    const hash = new URLSearchParams(location.hash.slice(1));
    const [newest, before] = data.index.versions;
    a.value = hash.get("a") ?? (before ?? newest)?.name ?? "";
    b.value = hash.get("b") ?? newest?.name ?? "";
    if (hash.has("a") && hash.has("b")) compare();
  };

  const begin = async () => {
    [ask, data] = await Promise.all([start(), fetched("data.json", "json")]);
    $("versions").append(...data.index.versions.map(({ name, title, day }) =>
      node("option", `${title}, ${day}`, { value: name })));
    $("go").addEventListener("click", compare);
    $("swap").addEventListener("click", () => {
      [a.value, b.value] = [b.value, a.value];
      compare();
    });
    for (const field of [a, b]) {
      field.addEventListener("keydown", (event) => { if (event.key === "Enter") compare(); });
      // A list shows what fits what is typed, so start from nothing.
      field.addEventListener("focus", () => field.select());
    }
    addEventListener("hashchange", wanted);
    $("without").hidden = true;
    $("chooser").hidden = false;
    wanted();
  };
  begin().catch((error) => {
    $("without").textContent =
      `Choosing any two versions does not work here (${error.message}). ` +
      "The comparisons below were prepared and work all the same.";
  });
})();
