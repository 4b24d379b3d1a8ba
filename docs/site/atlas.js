// Draws the matrix of a family, and what was found for the pair that is clicked on. The choice is in
// the form and in the address of the page.
"use strict";

const form = document.forms[0];
const matrix = document.getElementById("matrix");
const details = document.getElementById("details");

function element(tag, content = "", attributes = {}) {
  const made = document.createElement(tag);
  made.append(...[content].flat());
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const result = pair => pair[form.at.value] ?? pair.best ?? pair.shared;

function symbol(found) {
  if (found.verdict === null) return ["·", "", "cannot be compared"];
  if (found.trials.includes("ordinary gradients")) return ["≠", "different", "different"];
  if (found.trials.length) return ["e", "partly", `the same, except with ${found.trials.slice(0, 2).join(" and ")}`];
  return {
    "identical": ["=", "same", "identical"],
    "equal to rounding": ["=", "same", "equal to rounding"],
    "the same rule, computed less accurately in float32": ["≈", "partly", "less accurate in float32"],
    "the same rule at constant hyperparameters": ["c", "partly", "the same at constant hyperparameters"],
    "different": ["≠", "different", "different"],
  }[found.verdict];
}

function written(optimizer, settings) {
  const values = Object.entries(settings).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${optimizer}(${values.join(", ")})`;
}

// A hint is on a mistake; here it tells what two optimizers differ by.
function fact(hint, first) {
  const text = hint.replace(`this looks like ${first} with a mistake: `, "").replaceAll("the reference", "the first");
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

const number = value => value === null ? "" : String(+value.toPrecision(5));

// The difference over the iterations, as a share of the way that the first optimizer has gone; both
// axes are logarithmic.
function curve(points) {
  const shown = points.filter(([, share]) => share > 0);
  if (shown.length < 2) return null;
  const [width, height, left, bottom, top] = [640, 260, 60, 40, 12];
  const exponents = shown.map(([, share]) => Math.log10(share));
  const low = Math.floor(Math.min(...exponents)), high = Math.max(Math.ceil(Math.max(...exponents)), low + 1);
  const last = shown.at(-1)[0];
  const x = iteration => left + (width - left - 16) * Math.log(iteration) / Math.log(last);
  const y = exponent => top + (height - top - bottom) * (high - exponent) / (high - low);
  const ticks = [];
  for (let power = low; power <= high; power += Math.max(1, Math.ceil((high - low) / 6)))
    ticks.push(`<line class="axis" x1="${left}" x2="${width}" y1="${y(power)}" y2="${y(power)}"/>` +
      `<text x="${left - 6}" y="${y(power) + 4}" text-anchor="end">1e${power}</text>`);
  for (const iteration of [1, 2, 5, 10, 20, 50, 100].filter(each => each <= last))
    ticks.push(`<text x="${x(iteration)}" y="${height - 20}" text-anchor="middle">${iteration}</text>`);
  const path = shown.map(([iteration], k) => `${k ? "L" : "M"}${x(iteration)},${y(exponents[k])}`).join("");
  const drawing = element("figure");
  drawing.innerHTML = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Difference over iterations">` +
    `${ticks.join("")}<text x="${(left + width) / 2}" y="${height - 4}" text-anchor="middle">iteration</text>` +
    `<path class="curve" d="${path}"/></svg>`;
  drawing.append(element("figcaption", "Largest difference between the parameters, as a share of the " +
    "way that the first optimizer has gone, in float64. Rounding is below 1e-12."));
  return drawing;
}

function table(head, rows) {
  const made = element("table");
  made.append(element("thead", element("tr", head.map(text => element("th", text, {scope: "col"})))));
  made.append(element("tbody", rows.map(row => element("tr", row.map(text => element("td", text))))));
  return element("div", made, {class: "scroll", tabindex: 0, role: "region", "aria-label": "First steps"});
}

function show(pair) {
  const found = result(pair), [, kind, words] = symbol(found);
  details.replaceChildren(element("h2", `${pair.second} against ${pair.first}`));
  const verdict = element("p", `${words[0].toUpperCase()}${words.slice(1)}.`, {class: "headline"});
  const box = element("div", verdict, {class: `verdict ${kind === "partly" ? "open" : kind}`});
  if (found.verdict === null) box.append(element("p", found.reason));
  details.append(box);
  details.append(element("pre", [pair.first, pair.second].map(
    (each, k) => written(each, found.settings[k])).join("\n")));
  if (found.verdict === null) return;
  const lines = [];
  if (found.begins) lines.push(found.begins.replaceAll("your", "the second's").replaceAll("the reference's", "the first's").replace(/ right$/, " the same"));
  const apart = [...found.trials, ...found.changing];
  if (apart.length) lines.push(`Different with: ${apart.join("; ")}.`);
  if (pair.why) lines.push(pair.why);
  else if (!found.trials.length)
    lines.push(...found.hints.map(hint => fact(hint, pair.first)));
  if (form.at.value === "defaults")
    for (const [name, one, other] of pair.unlike)
      lines.push(`Defaults of ${name}: ${JSON.stringify(one)} in the first, ${JSON.stringify(other)} in the second.`);
  for (const each of pair.narrowed ?? [])
    lines.push(`With ${each.name}=${JSON.stringify(each.value)} in both: ${each.verdict}.`);
  details.append(...lines.map(line => element("p", line)));
  details.append(element("h3", "First steps"));
  details.append(element("p", "Length of the first steps of the second, in terms of those of the first: " +
    found.lengths.map(number).join(", ") + "."));
  if (found.steps.length)
    details.append(table(["iteration", "parameter", "second", "first", "ratio"], found.steps.map(step => [
      String(step.iteration), `${step.tensor}[${step.index.join(", ")}]`,
      number(step.yours), number(step.reference), number(step.ratio)])));
  const drawing = curve(found.curve);
  if (drawing) details.append(element("h3", "The difference"), drawing);
}

function draw(chosen) {
  const family = ATLAS.families[form.family.value];
  const members = Object.keys(family.members);
  const pairOf = (one, other) => family.pairs.find(pair => pair.first === one && pair.second === other);
  const names = members.map((_, k) => String.fromCharCode(65 + k));
  const head = element("tr", [element("td"), ...names.slice(0, -1).map(name => element("th", name, {scope: "col"}))]);
  const rows = members.map((other, row) => {
    const cells = members.slice(0, Math.min(row, members.length - 1)).map(one => {
      const pair = pairOf(one, other), [sign, kind, words] = symbol(result(pair));
      const button = element("button", sign, {type: "button", class: kind, "aria-label": `${other} against ${one}: ${words}`});
      button.setAttribute("aria-pressed", pair === chosen);
      button.addEventListener("click", () => { draw(pair); matrix.querySelector("[aria-pressed=true]").focus(); });
      return element("td", button);
    });
    return element("tr", [element("th", `${names[row]}  ${other}`, {scope: "row"}), ...cells]);
  });
  matrix.replaceChildren(element("thead", head), element("tbody", rows));
  if (chosen) show(chosen);
  else details.replaceChildren(element("p", "Choose a cell to see the first steps, the difference and the settings.", {class: "quiet"}));
  const place = new URLSearchParams({family: form.family.value, at: form.at.value});
  if (chosen) place.set("pair", family.pairs.indexOf(chosen));
  history.replaceState(null, "", `#${place}`);
  form.onchange = event => draw(event.target.name === "at" ? chosen : undefined);
}

const place = new URLSearchParams(location.hash.slice(1));
if (place.get("family") in ATLAS.families) form.family.value = place.get("family");
if ([...form.at.options].some(option => option.value === place.get("at"))) form.at.value = place.get("at");
draw(ATLAS.families[form.family.value].pairs[place.get("pair")]);
