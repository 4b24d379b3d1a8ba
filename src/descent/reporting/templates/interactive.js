// Draws what the form asks for. All state is in the form, and in the address of the page.
"use strict";

const form = document.forms[0];
const chosen = form.elements;
const plot = document.getElementById("curves");
const cursor = document.getElementById("cursor");
const FLOOR = 3; // times below the lowest or above the highest loss; a wider band is cut off
const LARGEST_LOSS = 20; // nats; a run beyond it is lost, and would leave no room for the others
const MANY = 4; // variants; the bands of more of them are lighter
const FEW = 30; // points; so many have markers
const unpacked = new Map();

function unpack(text) {
  if (!unpacked.has(text)) {
    unpacked.set(text, new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer));
  }
  return unpacked.get(text);
}

// What the form asks for, with the lines that belong to it.
function view() {
  const images = DATA.images[chosen.images.value];
  const over = DATA.iterations_per_epoch ? chosen.over.value : images.over;
  const factor = over === images.over ? 1
    : over === "epoch" ? 1 / DATA.iterations_per_epoch : DATA.iterations_per_epoch;
  const window = Math.min(chosen.smoothing.value, images.windows.length - 1);
  const looks = DATA.comparisons[chosen.comparison.value];
  const log = chosen.scale.value === "log";
  const checked = [...form.querySelectorAll("[name=variant]:checked")].map(box => box.value);
  const shown = looks.filter(look => checked.includes(look.variant));
  const step = index => (images.x0 + index * images.stride) * factor;
  const full = [images.over === "iteration" ? 0 : images.n > 1 ? -0.02 * images.last : -1,
    images.last * (images.n > 1 && images.over === "epoch" ? 1.02 : 1) || 1].map(x => x * factor);
  const range = chosen.from.value ? [+chosen.from.value, +chosen.to.value] : full;
  return {images, over, factor, window, looks, log, shown, step, full, range};
}

// The lines of a variant in a panel, as positions on the axes; undefined where there is none.
function lines(v, variant, panel) {
  const curve = v.images.curves[variant][panel][v.window];
  const mean = unpack(curve.mean);
  const end = mean.findIndex(Number.isNaN);
  const xs = Array.from(mean, (_, index) => v.step(index));
  const of = values => Array.from(end < 0 ? values : values.subarray(0, end));
  const seeds = Object.entries(curve.seeds).map(([seed, {x0, y}]) => {
    const values = Array.from(unpack(y));
    return {seed, y: values, x: values.map((_, k) => (x0 + k * v.images.seed_stride) * v.factor)};
  });
  const band = curve.lower && {lower: of(unpack(curve.lower)), upper: of(unpack(curve.upper))};
  return {x: xs, mean: of(mean), band, seeds, ended: end < 0 ? null : v.step(end - 1)};
}

// Accuracies on a scale that is roughly logarithmic in the error, as in the figures.
const position = percent => -Math.log10(Math.max(100.1 - percent, 0.01));
const percent = place => 100.1 - 10 ** -place;

function project(v, panel) {
  if (!v.log) return value => value;
  return v.images.panels[panel].is_share ? position : value => value > 0 ? Math.log10(value) : null;
}

// Of the comparison's runs, as in the figures.
const nDiverged = v => v.looks.reduce((n, {variant}) => n + Object.keys(v.images.diverged[variant] ?? {}).length, 0);
const allDiverged = v => nDiverged(v) === DATA.n_seeds * v.looks.length;

// The limits of a vertical axis, in its own values, from what is visible.
function limits(v, panel, drawn) {
  const inside = (xs, ys) => ys.filter((_, k) => xs[k] >= v.range[0] && xs[k] <= v.range[1]);
  const {is_share} = v.images.panels[panel];
  const possible = y => Number.isFinite(y) && (is_share || !v.log || y > 0);
  const all = [], bounds = [];
  for (const {x, mean, band, seeds} of drawn) {
    all.push(...inside(x, mean).filter(possible));
    if (band) bounds.push(...inside(x, band.lower), ...inside(x, band.upper));
    if (chosen.seeds.checked) for (const seed of seeds) for (const y of inside(seed.x, seed.y)) if (possible(y)) all.push(y);
  }
  const least = list => list.reduce((a, b) => Math.min(a, b), Infinity);
  const most = list => list.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!all.length) return is_share ? [0, 100] : [0.1, 10];
  let bottom = Math.min(least(all), Math.max(least(bounds), is_share ? 0 : least(all) / FLOOR));
  let top = Math.max(most(all), Math.min(most(bounds), is_share ? 100 : most(all) * FLOOR));
  if (!is_share && nDiverged(v) && !allDiverged(v)) {
    top = Math.min(top, Math.max(LARGEST_LOSS, 10 * bottom));
  }
  return [bottom, top];
}

function ticks(bottom, top) {
  const inside = list => list.filter(tick => bottom <= tick && tick <= top);
  const usual = inside(DATA.accuracy_ticks);
  if (top > 80 && usual.length > 2) return usual;
  for (const step of [20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]) {
    const found = inside(Array.from({length: Math.ceil(100 / step) + 1}, (_, k) => +(k * step).toFixed(2)));
    if (found.length > 2 && found.length < 20) return found;
  }
  return usual;
}

const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axis(v, panel, [bottom, top], domain) {
  const {heading, is_share} = v.images.panels[panel];
  const project_ = project(v, panel);
  const ends = [project_(bottom), project_(top)];
  const room = 0.05 * (ends[1] - ends[0] || 1);
  const common = {title: {text: heading, standoff: 8}, domain, fixedrange: true, zeroline: false,
    range: [ends[0] - room, ends[1] + room], gridcolor: style("--line"), automargin: true};
  if (!v.log) return common;
  if (!is_share) {
    return {...common, type: "log", tickformat: "~g", dtick: top / bottom < 1e4 ? "D2" : 1, minexponent: 9};
  }
  const [low, high] = common.range.map(percent);
  const values = ticks(Math.max(low, 0), Math.min(high, 100));
  return {...common, tickvals: values.map(position), ticktext: values.map(String)};
}

function translucent(colour, opacity) {
  const channel = at => parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${channel(1)}, ${channel(3)}, ${channel(5)}, ${opacity})`;
}

function tracesOf(v, panel, drawn, [bottom, top]) {
  const yaxis = panel ? `y${panel + 1}` : "y";
  const isLog = v.log && !v.images.panels[panel].is_share; // plotly takes the logarithm itself
  const place = isLog ? value => value > 0 ? value : null : project(v, panel);
  const clip = values => values.map(value => place(isLog ? Math.max(value, bottom / 10) : value));
  const common = {type: "scatter", xaxis: "x", yaxis, hoverinfo: "skip", showlegend: false};
  const bands = [], thin = [], means = [], crosses = [];
  for (const {look, x, mean, band, seeds, ended} of drawn) {
    const {variant} = look;
    const line = {color: look.color, dash: look.dash.length ? look.dash.map(n => `${n}px`).join(",") : "solid"};
    const opacity = 0.3 * Math.min(1, MANY / v.looks.length);
    if (band && mean.length > 1 && !allDiverged(v)) { // of a line beyond the axis, a band would be a mere block
      const end = mean.findIndex((value, k) => value > top && x[k] >= v.range[0] && x[k] <= v.range[1]);
      const within = end < 0 ? mean.length : end;
      const edge = {...common, x: x.slice(0, within), mode: "lines", line: {width: 0}};
      bands.push({...edge, y: clip(band.lower.slice(0, within))}, {...edge, y: clip(band.upper.slice(0, within)), fill: "tonexty",
        fillcolor: translucent(look.color, opacity), name: `${variant}, band`});
    }
    for (const seed of seeds) {
      const from = chosen.seeds.checked ? 0 : ended === null ? Infinity : seed.x.findIndex(at => at >= ended);
      const [xs, ys] = from < 0 ? [[], []] : [seed.x.slice(from), seed.y.slice(from)];
      thin.push({...common, x: xs, y: ys.map(place), mode: ys.length > 1 ? "lines" : "markers",
        line: {...line, width: 0.8}, marker: {color: look.color, size: 3}, opacity: 0.7,
        name: `${variant}, seed ${seed.seed}`});
      const end = v.images.diverged[variant]?.[seed.seed];
      if (end === undefined) continue;
      const last = seed.y.length ? seed.y.at(-1) : NaN;
      const worst = v.images.panels[panel].is_share ? bottom : top;
      const height = Number.isNaN(last) ? worst : Math.min(Math.max(last, bottom), top);
      crosses.push({...common, x: [end * v.factor], y: [place(height)], mode: "markers", cliponaxis: false,
        marker: {symbol: "x-thin", size: 9, line: {color: look.color, width: 2}},
        name: `${variant}, seed ${seed.seed} diverged`});
    }
    means.push({...common, x, y: mean.map(place), line: {...line, width: 2}, name: `${variant}, mean`,
      mode: v.images.n > FEW ? "lines" : "lines+markers", marker: {color: look.color, symbol: look.symbol, size: 6}});
  }
  return [...bands, ...thin.filter(trace => trace.x.length), ...means, ...crosses];
}

function draw() {
  const v = view();
  const {panels} = v.images;
  const layout = {
    font: {color: style("--text"), family: "system-ui, sans-serif", size: 13}, hovermode: false,
    paper_bgcolor: style("--ground"), plot_bgcolor: style("--ground"), margin: {l: 62, r: 12, t: 12, b: 44},
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom", // else the page could not scroll
    xaxis: {title: {text: v.over === "epoch" ? "Epoch" : "Iteration", standoff: 6}, range: v.range, zeroline: false,
      anchor: `y${panels.length > 1 ? panels.length : ""}`, gridcolor: style("--line"), tickformat: ",~r"},
  };
  const traces = [];
  panels.forEach((_, panel) => {
    const drawn = v.shown.map(look => ({look, ...lines(v, look.variant, panel)}));
    const ends = limits(v, panel, drawn);
    const height = (1 + 0.06) / panels.length - 0.06;
    const top = 1 - panel * (height + 0.06);
    layout[panel ? `yaxis${panel + 1}` : "yaxis"] = axis(v, panel, ends, [Math.max(0, top - height), top]);
    traces.push(...tracesOf(v, panel, drawn, ends));
  });
  Plotly.react(plot, traces, layout, {displayModeBar: false, responsive: true, doubleClick: false});
  describe(v);
  bound(v);
}

// Text about the whole view.
function describe(v) {
  const {images} = v;
  const smoothing = images.windows[v.window];
  chosen.smoothing.setAttribute("aria-valuetext", smoothing);
  form.querySelector("output").value = DATA.images.train.windows[chosen.smoothing.value];
  document.getElementById("smoothed").hidden = images.windows.length === 1;
  document.getElementById("over").hidden = !DATA.iterations_per_epoch;
  plot.setAttribute("aria-label", `Curves of ${v.shown.map(look => look.variant).join(", ")}: ${images.panels.map(p => p.heading).join(" and ")}`
    + ` over ${v.over}s. The table below has the values.`);
  const thinned = (stride, what) => stride > 1
    ? ` One ${images.over} in ${stride.toLocaleString("en")} is drawn for ${what}.` : "";
  const ends = v.looks.flatMap(({variant}) => Object.entries(images.diverged[variant] ?? {})
    .map(([seed, at]) => `${variant}, seed ${seed} at ${images.over} ${at.toLocaleString("en")}`));
  const zeros = v.log && images.panels.some((panel, k) => !panel.is_share
    && v.shown.some(({variant}) => lines(v, variant, k).mean.some(y => y <= 0)));
  const one = DATA.n_seeds === 1;
  const smoothed = one ? ` It is smoothed (${smoothing}): a wider window hides short spikes.`
    : ` Each seed's curve is smoothed first (${smoothing}), then mean and band are computed: a wider window`
      + " narrows the band and hides short spikes.";
  document.getElementById("note").textContent = (allDiverged(v) ? "Every run diverged, hence no band."
    : `${one ? "Line" : "Line and band"}: ${DATA.band}.`)
    + (smoothing === "unsmoothed" ? "" : smoothed)
    + (v.log ? " The scale of accuracies is roughly logarithmic in the error." : "")
    + thinned(images.stride, "means and bands") + (DATA.n_seeds > 1 ? thinned(images.seed_stride, "single seeds") : "")
    + (zeros ? " A logarithmic scale has no place for a loss of 0, which is left out." : "")
    + (ends.length ? ` Diverged (cross; thin lines: the variant's seeds from there on): ${ends.slice(0, 8).join("; ")}`
      + `${ends.length > 8 ? `; and ${ends.length - 8} more` : ""}.` : "");
}

function number(value, is_share) {
  const text = is_share ? value.toFixed(2) : value === 0 ? "0" : value.toPrecision(4);
  return text.replaceAll("-", "\u2212");
}

// Keep the cursor between the ends of what is visible.
function bound(v) {
  const index = x => (x / v.factor - v.images.x0) / v.images.stride;
  cursor.min = Math.max(0, Math.ceil(index(v.range[0]) - 1e-9));
  cursor.max = Math.min(v.images.n - 1, Math.floor(index(v.range[1]) + 1e-9));
  read(v);
}

// Fill in the table, and put the line at the cursor's place.
function read(v = view()) {
  const {images} = v, k = +cursor.value;
  const at = images.x0 + k * images.stride;
  const perEpoch = DATA.iterations_per_epoch;
  const count = value => value.toLocaleString("en", {maximumFractionDigits: 2});
  const place = images.over === "epoch" ? `Epoch ${count(at)}`
    : `Iteration ${count(at)}` + (perEpoch ? ` (epoch ${count(at / perEpoch)})` : "");
  const spoken = [place];
  for (const box of form.querySelectorAll("[name=variant]")) {
    const cells = box.closest("tr").querySelectorAll("td");
    const texts = images.panels.map(({is_share}, panel) => {
      const curve = images.curves[box.value][panel][v.window];
      const [mean, lower, upper] = [curve.mean, curve.lower, curve.upper].map(line => line ? unpack(line)[k] : NaN);
      const written = Number.isNaN(mean) ? "–" : number(mean, is_share);
      const band = Number.isNaN(lower) ? "" : `${number(lower, is_share)} to ${number(upper, is_share)}`;
      const gone = Object.values(images.diverged[box.value] ?? {}).filter(end => end <= at).length;
      const why = Number.isNaN(mean) ? `${gone} of ${DATA.n_seeds} diverged` : band;
      cells[panel].replaceChildren(element("b", written), " ", element("span", why));
      return written;
    });
    if (box.checked) spoken.push(`${box.value}: ${texts.join(", ")}`);
  }
  document.getElementById("place").textContent = place;
  cursor.setAttribute("aria-valuetext", spoken.join("; "));
  const {xaxis, _size: size} = plot._fullLayout;
  Object.assign(document.getElementById("line").style, {left: `${xaxis._offset + xaxis.d2p(v.step(k))}px`,
    top: `${size.t}px`, height: `${size.h}px`});
  Object.assign(cursor.style, {marginLeft: `${size.l - 8}px`, width: `${size.w + 16}px`});
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

// The table's rows, which are the legend: a variant can be hidden.
function list() {
  const v = view();
  form.querySelector("thead tr").replaceChildren(...["Variant", ...v.images.panels.map(p => p.heading)].map(text => {
    const cell = element("th", text);
    cell.scope = "col";
    return cell;
  }));
  const hidden = new Set([...form.querySelectorAll("[name=variant]:not(:checked)")].map(box => box.value));
  form.querySelector("tbody").replaceChildren(...v.looks.map(({variant, color, dash}) => {
    const row = document.createElement("tr"), head = element("th", ""), label = element("label", "");
    head.scope = "row";
    label.innerHTML = `<input type="checkbox" name="variant"><svg width="34" height="8" aria-hidden="true">`
      + `<path d="M0 4H34" stroke="${color}" stroke-width="2.5" stroke-dasharray="${dash}"/></svg>`;
    Object.assign(label.firstChild, {value: variant, checked: !hidden.has(variant)});
    label.append(element("span", variant));
    head.append(label);
    row.append(head, ...v.images.panels.map(() => document.createElement("td")));
    return row;
  }));
}

function zoom(factor) {
  const v = view(), middle = v.step(+cursor.value), width = factor * (v.range[1] - v.range[0]);
  if (width >= v.full[1] - v.full[0]) return show("", "");
  const start = Math.min(Math.max(middle - width / 2, v.full[0]), v.full[1] - width);
  show(start, start + width);
}

function show(from, to) {
  const v = view();
  const narrow = from !== "" && to - from < 2 * v.images.stride * v.factor; // fewer than two points
  if (narrow) [from, to] = [from - v.images.stride * v.factor, to + v.images.stride * v.factor];
  [chosen.from.value, chosen.to.value] = [from, to].map(x => x === "" ? "" : +x.toPrecision(6));
  draw();
  remember();
}

// The address of the page says what it shows.
function remember() {
  const state = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  try {
    history.replaceState(null, "", `#${state}`);
  } catch (error) {
    console.info(error); // a browser may refuse it for files, or if it comes too often; the view is right
  }
}

function restore() {
  const state = new URLSearchParams(location.hash.slice(1));
  const given = name => state.getAll(name);
  const set = name => {
    const field = chosen[name], [value] = given(name);
    if (value === undefined) return;
    if (field instanceof RadioNodeList || field.type === "select-one") {
      const options = [...(field.options ?? field)].map(option => option.value);
      if (options.includes(value)) field.value = value;
    } else if (field.type === "checkbox") field.checked = true;
    else field.value = value;
  };
  for (const name of ["comparison", "images", "over", "scale", "smoothing", "seeds"]) set(name);
  const ends = [given("from"), given("to")].map(Number);
  if (given("from").length && ends.every(Number.isFinite) && ends[0] < ends[1]) ["from", "to"].forEach(set);
  list();
  const shown = given("variant");
  for (const box of form.querySelectorAll("[name=variant]")) box.checked = !shown.length || shown.includes(box.value);
  const {images} = view();
  cursor.max = images.n - 1;
  cursor.value = images.n - 1;
  set("cursor");
  draw();
}

form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("input", ({target}) => {
  if (target === cursor) return read();
  if (["images", "over"].includes(target.name)) [chosen.from.value, chosen.to.value] = ["", ""];
  const before = cursor.value / (+cursor.max || 1);
  if (["images", "comparison"].includes(target.name)) list();
  if (target.name === "images") {
    cursor.max = view().images.n - 1;
    cursor.value = Math.round(before * cursor.max);
  }
  draw();
});
form.addEventListener("change", remember);
form.addEventListener("click", ({target}) => {
  if (target.dataset.zoom) zoom(+target.dataset.zoom);
});
document.getElementById("save").addEventListener("click", () =>
  Plotly.downloadImage(plot, {format: "png", scale: 2, filename: `${document.title} ${chosen.comparison.value}`}));

for (const kind of ["pointermove", "pointerdown"]) {
  plot.addEventListener(kind, event => {
    const v = view(), {xaxis} = plot._fullLayout;
    const x = xaxis.p2d(event.clientX - plot.getBoundingClientRect().left - xaxis._offset);
    cursor.value = Math.round((x / v.factor - v.images.x0) / v.images.stride);
    read(v);
    if (kind === "pointerdown") cursor.focus({preventScroll: true}); // so that arrow keys move it
  });
}

addEventListener("hashchange", restore);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
restore();
plot.on("plotly_relayout", change => {
  if ("xaxis.range[0]" in change) show(change["xaxis.range[0]"], change["xaxis.range[1]"]);
});
plot.on("plotly_doubleclick", () => show("", ""));
new ResizeObserver(() => requestAnimationFrame(() => read())).observe(plot);
