"use strict";
// Draws the page from its figures, anew whenever the filter, the theme or the width changes. The filter lives in
// the URL: #campaign=12&from=2026-01-01&to=2026-01-31. Words of the data become text by textContent and no other
// way; none of them is given to the charts, which are told numbers, dates and words of our own only.

const data = JSON.parse(document.getElementById("figures").textContent);
const { text, cubes, campaigns, starts, end } = data;
const $ = (id) => document.getElementById(id);

const DAY = 86_400_000;
const DEFAULT_DAYS = [30, 14, 7]; // the first that there is a time before to compare with
const STATUSES = ["ended", "no_answer", "busy", "failed", "in_progress", "other"];
const ANSWERS = ["human", "machine", "unknown"];
const MOST_ROWS = 30; // of tags and policies
const NARROW = 640; // pixels; as in the style

// -- Words, numbers and dates in the reader's form ---------------------------------------------------------------

const locale = navigator.languages.find((name) => name.split("-")[0] === data.language) ?? data.language;
const format = (options) => (value) => value.toLocaleString(locale, options);
const count = format({ maximumFractionDigits: 0 });
const short = format({ notation: "compact", maximumFractionDigits: 1 });
const percent = format({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const roughPercent = format({ style: "percent", maximumFractionDigits: 0 });
const signed = format({ signDisplay: "exceptZero", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const signedPercent = format({ style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 1 });
const share = (part, all) => (all ? part / all : null);
const orDash = (how, value) => (value === null ? "–" : how(value));

const utc = (options) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
const dayLong = utc({ day: "numeric", month: "short", year: "numeric" });
const dayFull = utc({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const dayShort = utc({ day: "numeric", month: "short" });
const monthLong = utc({ month: "long", year: "numeric" });
const monthShort = utc({ month: "short", year: "2-digit" });
const weekday = utc({ weekday: "short" });
const dated = (day, how = dayLong) => how.format(day * DAY);
const moment = (iso, timeZone) =>
  new Intl.DateTimeFormat(locale, {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone, timeZoneName: "short",
  }).format(new Date(iso));

const say = (key, values = {}) => text[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const isoOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);
const dayOf = (iso) => (/^\d{4}-\d\d-\d\d$/.test(iso ?? "") ? Math.round(Date.parse(iso) / DAY) : NaN);

// -- Elements ----------------------------------------------------------------------------------------------------

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "style") Object.assign(element.style, value);
    else if (key === "onclick") element.onclick = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const isolated = (words) => make("bdi", {}, words); // names may be written from right to left
const colour = (name) => `var(--${name.replace("_", "-")})`;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name.replace("_", "-")}`).trim();
const button = (words, key, onclick) => make("button", { type: "button", "data-key": key, onclick }, isolated(words));

// -- Sums --------------------------------------------------------------------------------------------------------

for (const cube of Object.values(cubes)) {
  for (const [keys] of cube.campaigns) keys.forEach((step, row) => (keys[row] = step + (row ? keys[row - 1] : 0)));
}

const firstDay = starts[0];
const stopOf = (period) => starts[period + 1] ?? end; // the day after a period

function below(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Add up a cube in a span of periods: { measure: [sum of each item in each bucket] }, a single bucket by default. */
function sums(name, span, buckets = 1, bucketOf = () => 0) {
  const { items, measures, campaigns: all } = cubes[name];
  const found = Object.fromEntries(measures.map((measure) => [measure, new Float64Array(items * buckets)]));
  for (const campaign of span.campaigns) {
    const [keys, ...columns] = all[campaign];
    const stop = below(keys, span.past * items);
    for (let row = below(keys, span.first * items); row < stop; row++) {
      const place = bucketOf(Math.floor(keys[row] / items)) * items + (keys[row] % items);
      measures.forEach((measure, column) => (found[measure][place] += columns[column][row]));
    }
  }
  return found;
}

/** Add what follows from the sums of days: calls, by status, and those answered, by whom. */
function withCalls(days) {
  const plus = (names) => days[names[0]].map((_, place) => names.reduce((sum, name) => sum + days[name][place], 0));
  return { ...days, calls: plus(STATUSES), answered: plus(ANSWERS) };
}

// -- The filter --------------------------------------------------------------------------------------------------

function spanOf(from, to, chosen) {
  const first = below(starts, from + 1) - 1;
  const past = below(starts, to + 1);
  const all = campaigns.map((_, number) => number);
  return { first, past, from: starts[first], to: stopOf(past - 1) - 1, campaigns: chosen < 0 ? all : [chosen] };
}

/** The last day that was over when the calls were loaded. */
function lastWholeDay() {
  const { zone } = campaigns[0];
  const loaded = new Date(data.published.loaded ?? data.made);
  const today = dayOf(new Intl.DateTimeFormat("sv", { timeZone: zone }).format(loaded)); // Swedes write ISO dates
  return today - 1 < firstDay ? end - 1 : Math.min(end - 1, today - 1);
}

const lastSpan = (days) => ({ from: Math.max(firstDay, lastWholeDay() - days + 1), to: lastWholeDay() });
const allDays = () => ({ from: firstDay, to: end - 1 });

function usualSpan() {
  const days = DEFAULT_DAYS.find((some) => lastWholeDay() + 1 - 2 * some >= firstDay);
  return days ? lastSpan(days) : allDays();
}

function filter() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const chosen = campaigns.findIndex(({ id }) => String(id) === asked.get("campaign"));
  const usual = usualSpan();
  const within = (day, otherwise) => Math.min(Math.max(Number.isNaN(day) ? otherwise : day, firstDay), end - 1);
  const to = within(dayOf(asked.get("to")), usual.to);
  const from = Math.min(within(dayOf(asked.get("from")), usual.from), to);
  return { chosen, ...spanOf(from, to, chosen) };
}

/** The first day of as many days before a span as it has; of as many months, if it is of whole months. */
function dayBefore({ from, to }) {
  const [first, past] = [new Date(from * DAY), new Date((to + 1) * DAY)];
  if (first.getUTCDate() !== 1 || past.getUTCDate() !== 1) return from - (to - from + 1);
  const months = (past.getUTCFullYear() - first.getUTCFullYear()) * 12 + past.getUTCMonth() - first.getUTCMonth();
  return Date.UTC(first.getUTCFullYear(), first.getUTCMonth() - months, 1) / DAY;
}

/** The span to compare one with: none before the first call, none that the figures can't tell, none for a day not over. */
function earlier(span) {
  const start = dayBefore(span);
  if (start < firstDay || span.to > lastWholeDay()) return null;
  const before = spanOf(start, span.from - 1, span.chosen);
  return before.from === start && before.to === span.from - 1 ? before : null;
}

function show({ chosen = filter().chosen, from = filter().from, to = filter().to }) {
  const asked = new URLSearchParams();
  if (chosen >= 0) asked.set("campaign", campaigns[chosen].id);
  asked.set("from", isoOf(from));
  asked.set("to", isoOf(to));
  location.hash = asked;
}

/** Cut a span into days, weeks or months, whichever is coarse enough to be seen. */
function bucketsOf(span) {
  const days = span.to - span.from + 1;
  const grain = span.from < data.byDay || days > 400 ? "month" : days > 62 ? "week" : "day";
  const nameOf = {
    day: (day) => day,
    week: (day) => Math.floor((day + 3) / 7), // day 0 was a Thursday
    month: (day) => isoOf(day).slice(0, 7),
  }[grain];
  const buckets = [];
  const numbers = [];
  for (let period = span.first; period < span.past; period++) {
    const name = nameOf(starts[period]);
    if (buckets.at(-1)?.name !== name) buckets.push({ name, from: starts[period] });
    buckets.at(-1).to = stopOf(period) - 1;
    numbers.push(buckets.length - 1);
  }
  for (const bucket of buckets) {
    bucket.short = dated(bucket.from, grain === "month" ? monthShort : dayShort);
    bucket.long = grain === "day" ? dated(bucket.from, dayFull)
      : grain === "month" ? dated(bucket.from, monthLong)
      : say("range", { from: dated(bucket.from), to: dated(bucket.to) });
  }
  return { grain, buckets, of: (period) => numbers[period - span.first] };
}

// -- Charts ------------------------------------------------------------------------------------------------------

const isPaper = () => document.documentElement.classList.contains("paper");
const drawn = {};

/** Draw a chart in place of the one before. It is told numbers and words of ours only. */
function plot(id, type, labels, datasets, { scales = {}, plugins = {}, above, ...options }) {
  const axis = { border: { display: false }, ticks: { color: css("dim"), maxRotation: 0, autoSkipPadding: 14 } };
  const { tooltip, ...others } = plugins;
  drawn[id]?.destroy();
  $(id).replaceChildren(make("canvas", { role: "img", "aria-labelledby": `h-${id}` }));
  drawn[id] = new Chart($(id).firstChild, {
    type, data: { labels, datasets }, plugins: above ? [{ afterDatasetsDraw: (chart) => writeAbove(chart, above) }] : [],
    options: {
      locale, animation: false, maintainAspectRatio: false, devicePixelRatio: Math.max(2, devicePixelRatio),
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { grid: { display: false }, ...axis, ...scales.x, ticks: { ...axis.ticks, ...scales.x?.ticks } },
        y: { beginAtZero: true, grid: { color: css("line") }, ...axis, ...scales.y, ticks: { maxTicksLimit: 6, ...axis.ticks, ...scales.y?.ticks } },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: css("card"), borderColor: css("line"), borderWidth: 1, titleColor: css("ink"), bodyColor: css("ink"),
          footerColor: css("dim"), padding: 10, boxPadding: 5, boxWidth: 10, boxHeight: 10, multiKeyBackground: "transparent", ...tooltip,
        },
        ...others,
      },
      ...options,
    },
  });
}

/** Write words above the stacked bars of a chart. */
function writeAbove(chart, words) {
  Object.assign(chart.ctx, { fillStyle: css("ink"), textAlign: "center", textBaseline: "bottom", font: `600 11px ${Chart.defaults.font.family}` });
  chart.getDatasetMeta(chart.data.datasets.length - 1).data.forEach(({ x, y }, place) => chart.ctx.fillText(words[place], x, y - 4));
}

const perMinute = (seconds) => Array.from(seconds, (value) => value / 60);

function drawVolume({ buckets }, days, perBucket) {
  const seen = STATUSES.filter((status) => days[status][0]);
  legend("volume-legend", seen.map((status) => [status, text[status], count(days[status][0])]));
  numbers("volume", [text.c_time, text.c_calls, ...seen.map((status) => text[status])], buckets.map((bucket, place) => [
    button(bucket.long, `bucket-${bucket.from}`, () => show(bucket)),
    ...[perBucket.calls, ...seen.map((status) => perBucket[status])].map((column) => count(column[place])),
  ]));
  plot("volume", "bar", buckets.map(({ short }) => short), seen.map((status) => ({
    label: text[status], data: Array.from(perBucket[status]), backgroundColor: css(status), categoryPercentage: 0.86, barPercentage: 1,
  })), {
    scales: { x: { stacked: true }, y: { stacked: true } },
    plugins: { tooltip: { itemSort: (one, other) => other.datasetIndex - one.datasetIndex, callbacks: {
      title: ([{ dataIndex }]) => buckets[dataIndex].long,
      label: ({ dataset, raw }) => ` ${dataset.label}: ${count(raw)}`,
      footer: ([{ dataIndex }]) => `${text.c_calls}: ${count(perBucket.calls[dataIndex])}`,
    } } },
    onClick: (_, [bar]) => bar && show(buckets[bar.index]),
  });
}

function drawLines(id, { buckets }, series, how, ticks) {
  plot(id, "line", buckets.map(({ short }) => short), series.map(([name, values, isFilled]) => ({
    label: text[name], data: values, borderColor: css(name), backgroundColor: isFilled ? `${css(name)}22` : css(name), fill: isFilled,
    borderWidth: 2, pointRadius: buckets.length < 3 ? 4 : 0, pointHitRadius: 8, pointBackgroundColor: css(name), cubicInterpolationMode: "monotone",
  })), {
    scales: { y: { ticks: { callback: ticks, maxTicksLimit: 5 } } },
    plugins: { tooltip: { callbacks: {
      title: ([{ dataIndex }]) => buckets[dataIndex].long,
      label: ({ dataset, raw }) => ` ${dataset.label}: ${orDash(how, raw)}`,
      labelColor: ({ dataset }) => ({ backgroundColor: dataset.borderColor, borderColor: "transparent" }),
    } } },
  });
}

function drawAnswered(cut, days, perBucket) {
  const calls = days.calls[0];
  const parts = [...ANSWERS.map((name) => [name, days[name][0]]), ["nobody", calls - days.answered[0]]];
  $("answered-share").replaceChildren(...parts.filter(([, part]) => part).map(([name, part]) =>
    make("i", { style: { background: colour(name), flexGrow: part }, title: `${text[name]}: ${percent(part / calls)}` })));
  legend("answered-legend", parts.map(([name, part]) => [name, text[name], orDash(percent, share(part, calls))]));
  const rates = ANSWERS.map((name) => [name, cut.buckets.map((_, place) => share(perBucket[name][place], perBucket.calls[place]))]);
  numbers("answered", [text.c_time, ...ANSWERS.map((name) => text[name])], cut.buckets.map((bucket, place) =>
    [bucket.long, ...rates.map(([, values]) => orDash(percent, values[place]))]));
  drawLines("answered", cut, rates, percent, roughPercent);
}

function drawMinutes(cut, days, perBucket) {
  const names = { talk: "talk_seconds", billed: "billed_seconds" };
  legend("minutes-legend", Object.entries(names).map(([name, measure]) => [name, text[name], count(days[measure][0] / 60)]));
  const series = Object.entries(names).map(([name, measure]) => [name, perMinute(perBucket[measure]), name === "talk"]);
  numbers("minutes", [text.c_time, text.talk, text.billed], cut.buckets.map((bucket, place) =>
    [bucket.long, ...series.map(([, values]) => count(values[place]))]));
  drawLines("minutes", cut, series, count, short);
}

function drawHours(span) {
  const { calls, answered } = sums("hours", span);
  const week = [...Array(7).keys()];
  const hours = [...Array(24).keys()];
  const at = (day, hour) => day * 24 + hour;
  const rate = (day, hour) => share(answered[at(day, hour)], calls[at(day, hour)]);
  const open = hours.filter((hour) => week.some((day) => calls[at(day, hour)]));
  const shown = hours.slice(open[0] ?? 0, (open.at(-1) ?? -1) + 1);
  // Hours with next to no calls would stretch the colours over their chances.
  const enough = Math.max(...calls) / 100;
  const usual = shown.flatMap((hour) => week.filter((day) => calls[at(day, hour)] > enough).map((day) => rate(day, hour)));
  const [low, high] = [Math.min(...usual), Math.max(...usual)];
  const dayName = (day) => weekday.format((day + 4) * DAY); // day 4 was a Monday
  const cell = (day, hour) => {
    const value = rate(day, hour);
    if (value === null) return make("td", {});
    const level = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0.5;
    const words = `${dayName(day)} ${hour}:00 · ${percent(value)} · ${text.c_calls}: ${count(calls[at(day, hour)])}`;
    return make("td", { class: level > 0.6 ? "strong" : "", title: words, style: {
      background: `color-mix(in oklab, var(--heat-1) ${100 * level}%, var(--heat-0))` } }, count(value * 100));
  };
  const upright = innerWidth <= NARROW && !isPaper();
  const [across, down] = upright ? [week, shown] : [shown, week];
  const names = upright ? [dayName, String] : [String, dayName];
  $("hours").replaceChildren(make("table", { class: "heat" },
    make("thead", {}, make("tr", {}, make("td", {}), ...across.map((place) => make("th", { scope: "col" }, names[0](place))))),
    make("tbody", {}, ...down.map((row) => make("tr", {}, make("th", { scope: "row" }, names[1](row)),
      ...across.map((column) => (upright ? cell(column, row) : cell(row, column))))))));
  $("hours-scale").replaceChildren(...(usual.length ? [percent(low), make("i"), percent(high)] : [text.nothing]));
}

function drawAttempts(span) {
  const { calls, answered, human } = sums("attempts", span);
  const last = calls.length - 1;
  const tried = [...calls.keys()].filter((place) => calls[place]);
  const name = (place) => `${place + 1}${place === last ? "+" : ""}`;
  const all = tried.reduce((sum, place) => sum + calls[place], 0);
  const parts = [
    ["human", text.by_person, (place) => human[place]],
    ["machine", text.by_other, (place) => answered[place] - human[place]],
  ];
  legend("attempts-legend", parts.map(([shade, words, part]) =>
    [shade, words, orDash(percent, share(tried.reduce((sum, place) => sum + part(place), 0), all))]));
  numbers("attempts", [text.attempt, text.c_calls, text.c_answered, text.c_answer_rate, text.c_human], tried.map((place) =>
    [name(place), count(calls[place]), count(answered[place]), percent(answered[place] / calls[place]), percent(human[place] / calls[place])]));
  plot("attempts", "bar", tried.map((place) => [name(place), short(calls[place])]), parts.map(([shade, words, part]) => ({
    label: words, data: tried.map((place) => part(place) / calls[place]), backgroundColor: css(shade), categoryPercentage: 0.8, barPercentage: 1,
  })), {
    above: tried.map((place) => roughPercent(answered[place] / calls[place])),
    scales: { x: { stacked: true, ticks: { autoSkip: false } }, y: { stacked: true, grace: "8%", ticks: { callback: roughPercent } } },
    plugins: { tooltip: { callbacks: {
      title: ([{ dataIndex }]) => `${text.attempt} ${name(tried[dataIndex])}`,
      label: ({ dataset, raw }) => ` ${dataset.label}: ${percent(raw)}`,
      footer: ([{ dataIndex }]) => `${text.c_answer_rate}: ${percent(answered[tried[dataIndex]] / calls[tried[dataIndex]])}, ${text.c_calls}: ${count(calls[tried[dataIndex]])}`,
    } } },
  });
}

// -- Figures in words --------------------------------------------------------------------------------------------

function legend(id, entries) {
  $(id).replaceChildren(...entries.map(([name, words, value]) =>
    make("li", {}, make("i", { style: { background: colour(name) } }), words, make("b", {}, value))));
}

function line(values) {
  const known = values.flatMap((value, place) => (value === null ? [] : [[place, value]]));
  const all = known.map(([, value]) => value);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (place) => (values.length > 1 ? (100 * place) / (values.length - 1) : 50);
  const y = (value) => (high > low ? 28 - (26 * (value - low)) / (high - low) : 15);
  const points = known.map(([place, value]) => `${x(place).toFixed(1)} ${y(value).toFixed(1)}`);
  const space = "http://www.w3.org/2000/svg";
  const shape = (name, attributes, ...children) => {
    const element = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const paths = points.length < 2 ? [] : [
    shape("path", { class: "area", d: `M${x(known[0][0])} 30L${points.join("L")}L${x(known.at(-1)[0])} 30Z` }),
    shape("path", { d: `M${points.join("L")}` }),
  ];
  return shape("svg", { class: "line", viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": true }, ...paths);
}

/** How a value changed: of shares in points, of amounts in percent. ``good`` is the sign of a change for the better. */
function change(now, before, { isShare, good = 0 }) {
  if (now === null || before === null || (!isShare && !before)) return null;
  const difference = isShare ? (now - before) * 100 : now / before - 1;
  const rounded = Math.round(difference * (isShare ? 10 : 1000));
  const kind = !good || !rounded ? "plain" : Math.sign(rounded) === good ? "good" : "bad";
  const arrow = rounded > 0 ? "▲" : rounded < 0 ? "▼" : "=";
  const told = isShare ? say("points", { change: signed(difference) }) : signedPercent(difference);
  return make("span", { class: `change ${kind}` }, `${arrow} ${told}`);
}

const KPIS = [
  { id: "calls", how: count, of: (sum) => sum("calls") },
  { id: "answer_rate", how: percent, isShare: true, good: 1, of: (sum) => share(sum("answered"), sum("calls")) },
  { id: "human_rate", how: percent, isShare: true, good: 1, of: (sum) => share(sum("human"), sum("calls")) },
  { id: "conversions", how: count, good: 1, of: (sum) => sum("conversions"), beside: (sum) => share(sum("conversions"), sum("calls")) },
  { id: "talk", how: count, of: (sum) => sum("talk_seconds") / 60 },
  { id: "billed", how: count, of: (sum) => sum("billed_seconds") / 60 },
  { id: "compliance", how: percent, isShare: true, good: 1, of: (sum) => share(sum("met"), sum("met") + sum("not_met")) },
];

function drawKpis(now, before, perBucket, buckets, earlierSpan, isOver) {
  const at = (found, place) => (measure) => found[measure][place];
  $("kpis").replaceChildren(...KPIS.map(({ id, how, of, beside, ...kind }) => {
    const value = of(at(now, 0));
    const was = before && of(at(before, 0));
    const changed = before && change(value, was, kind);
    const note = changed ? [changed, make("div", {}, say("before", { value: orDash(how, was) }))] : [isOver ? text.no_before : text.not_over];
    const hint = changed ? say("before_hint", { from: dated(earlierSpan.from), to: dated(earlierSpan.to), value: orDash(how, was) }) : "";
    return make("article", { class: "kpi", id: `kpi-${id}` },
      make("h2", { title: text[`kpi_${id}`] }, text[`kpi_${id}`]),
      make("div", { class: "value" }, orDash(how, value), ...(beside ? [" ", make("small", {}, orDash(percent, beside(at(now, 0))))] : [])),
      make("div", { class: "note", title: hint }, ...note),
      line(buckets.map((_, place) => of(at(perBucket, place)))));
  }));
}

function table(id, columns, rows, sorting) {
  if (!rows.length) return $(id).replaceChildren(make("p", { class: "none" }, text.nothing));
  const head = columns.map(({ label, key, minor, kind = "" }) => {
    const told = sorting && key ? make("button", { type: "button", "data-key": `sort-${key}`, onclick: () => sorting.by(key) }, label) : label;
    const sorted = sorting?.key === key && key ? { "aria-sort": sorting.down ? "descending" : "ascending" } : {};
    return make("th", { scope: "col", class: `${kind} ${minor ? "minor" : ""}`.trim(), ...sorted }, told);
  });
  const body = rows.map((row) => make("tr", { class: row.chosen ? "chosen" : "" }, ...columns.map(({ cell, minor, kind = "" }, place) =>
    make(place ? "td" : "th", { class: `${kind} ${minor ? "minor" : ""}`.trim(), ...(place ? {} : { scope: "row" }) }, cell(row) ?? "–"))));
  $(id).replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)));
}

function meter(parts, all, words) {
  return make("div", { class: "meter-bar", role: "img", "aria-label": words, title: words },
    ...parts.map(([name, part]) => make("i", { style: { background: colour(name), width: `${all ? (100 * part) / all : 0}%` } })));
}

function drawPolicies(span, before, cut) {
  const { items } = cubes.policies;
  const [now, was] = [sums("policies", span), before && sums("policies", before)];
  const parts = sums("policies", span, cut.buckets.length, cut.of);
  const score = (found, place) => share(found.met[place], found.met[place] + found.not_met[place]);
  const rows = data.names.policies
    .map((name, item) => ({
      name, score: score(now, item), was: was && score(was, item), met: now.met[item], not: now.not_met[item],
      skipped: now.not_applicable[item], trend: cut.buckets.map((_, place) => score(parts, place * items + item)),
    }))
    .filter((row) => row.met + row.not + row.skipped)
    .sort((one, other) => (one.score ?? 2) - (other.score ?? 2));
  table("policies", [
    { label: text.c_policy, cell: ({ name }) => isolated(name) },
    { label: text.c_compliance, kind: "meter", cell: (row) => meter([["human", row.met], ["failed", row.not]], row.met + row.not,
      `${text.c_met}: ${count(row.met)}, ${text.c_not_met}: ${count(row.not)}`) },
    { label: "%", cell: (row) => orDash(percent, row.score) },
    { label: text.c_change, cell: (row) => before && change(row.score, row.was, { isShare: true, good: 1 }) },
    { label: text.c_trend, kind: "trend", minor: true, cell: (row) => line(row.trend) },
    { label: text.c_not_met, minor: true, cell: (row) => count(row.not) },
    { label: text.c_met, minor: true, cell: (row) => count(row.met) },
    { label: text.c_not_applicable, minor: true, cell: (row) => count(row.skipped) },
  ], rows.slice(0, MOST_ROWS));
}

function drawTags(span) {
  const { calls, human, conversions } = sums("tags", span);
  const rows = data.names.tags
    .map((name, item) => ({ name, calls: calls[item], human: human[item], conversions: conversions[item] }))
    .filter((row) => row.calls)
    .sort((one, other) => other.calls - one.calls)
    .slice(0, MOST_ROWS);
  const most = rows[0]?.calls;
  table("tags", [
    { label: text.c_tag, cell: ({ name }) => isolated(name) },
    { label: text.c_calls, kind: "meter", cell: (row) => meter([["ended", row.calls]], most, `${text.c_calls}: ${count(row.calls)}`) },
    { label: "", cell: (row) => count(row.calls) },
    { label: text.c_human, minor: true, cell: (row) => percent(row.human / row.calls) },
    { label: text.c_converted, cell: (row) => percent(row.conversions / row.calls) },
  ], rows);
}

function drawValues(span) {
  const { calls } = sums("values", span);
  const keys = new Map();
  data.names.values.forEach(([key, value], item) => {
    if (!calls[item]) return;
    if (!keys.has(key)) keys.set(key, { key, calls: 0, values: [] });
    if (value === null) keys.get(key).calls = calls[item];
    else keys.get(key).values.push([value, calls[item]]);
  });
  const shown = [...keys.values()].sort((one, other) => other.calls - one.calls);
  if (!shown.length) return $("values").replaceChildren(make("p", { class: "none" }, text.nothing));
  const common = shown.filter(({ values }) => values.length).map(({ key, calls: all, values }) => {
    values.sort((one, other) => other[1] - one[1]);
    const rest = all - values.reduce((sum, [, part]) => sum + part, 0);
    const entries = values.map(([value, part]) => [value === "" ? text.empty_value : value, part, ""]);
    if (rest) entries.push([text.other_values, rest, "rest"]);
    return make("div", { class: "key" },
      make("h3", {}, isolated(key), make("span", {}, count(all))),
      make("dl", {}, ...entries.flatMap(([value, part, kind]) => [
        make("dt", { class: kind, title: `${value}: ${count(part)}` }, isolated(value)),
        make("dd", {}, meter([[kind ? "nobody" : "ended", part]], all, count(part))),
        make("dd", { class: kind }, roughPercent(part / all)),
      ])));
  });
  const others = shown.filter(({ values }) => !values.length)
    .map(({ key, calls: all }) => make("li", {}, isolated(key), make("b", {}, count(all))));
  $("values").replaceChildren(make("div", { class: "keys" }, ...common),
    ...(others.length ? [make("p", { class: "hint" }, text.no_values), make("ul", { class: "legend" }, ...others)] : []));
}

const order = { key: "calls", down: true, by(key) {
  Object.assign(this, { key, down: this.key === key ? !this.down : key !== "name" });
  draw();
} };

function drawCampaigns(span) {
  const rows = campaigns.map((campaign, number) => {
    const only = { ...span, campaigns: [number] };
    const days = withCalls(sums("days", only));
    const policies = sums("policies", only);
    const plus = (column) => column.reduce((sum, value) => sum + value, 0);
    const [calls, answered] = [days.calls[0], days.answered[0]];
    return {
      number, name: campaign.name, proved: campaign.proved, open: campaign.open, zone: campaign.zone, calls, chosen: number === span.chosen,
      answer_rate: share(answered, calls), human: share(days.human[0], calls), converted: days.conversions[0],
      talk: share(days.talk_seconds[0], answered), billed: days.billed_seconds[0] / 60,
      compliance: share(plus(policies.met), plus(policies.met) + plus(policies.not_met)),
    };
  });
  const most = Math.max(...rows.map(({ calls }) => calls));
  const compare = (one, other) => (typeof one === "string" && typeof other === "string" ? one.localeCompare(other, locale)
    : (one ?? -1) < (other ?? -1) ? -1 : (one ?? -1) > (other ?? -1) ? 1 : 0);
  rows.sort((one, other) => (order.down ? -1 : 1) * compare(one[order.key], other[order.key]));
  table("campaigns", [
    { label: text.campaign, key: "name", cell: (row) => button(row.name, `campaign-${row.number}`, () => show({ chosen: row.chosen ? -1 : row.number })) },
    { label: "", kind: "meter", minor: true, cell: (row) => meter([["ended", row.calls]], most, `${text.c_calls}: ${count(row.calls)}`) },
    { label: text.c_calls, key: "calls", cell: (row) => count(row.calls) },
    { label: text.c_answer_rate, key: "answer_rate", cell: (row) => orDash(percent, row.answer_rate) },
    { label: text.c_human, key: "human", minor: true, cell: (row) => orDash(percent, row.human) },
    { label: text.c_converted, key: "converted", minor: true, cell: (row) => count(row.converted) },
    { label: text.c_talk, key: "talk", minor: true, cell: (row) => orDash((value) => say("seconds", { count: count(value) }), row.talk) },
    { label: text.c_billed, key: "billed", minor: true, cell: (row) => count(row.billed) },
    { label: text.c_compliance, key: "compliance", cell: (row) => orDash(percent, row.compliance) },
    { label: text.c_proved, key: "proved", minor: true, cell: (row) => (row.proved ? moment(row.proved, row.zone) : "–") + (row.open ? ` (${windowsOpen(row.open)})` : "") },
  ], rows, order);
}

const told = {};

/** Keep the numbers of a chart; they are written when somebody opens them. */
function numbers(id, head, rows) {
  told[id] = [head, rows];
  write(document.querySelector(`[data-numbers=${id}]`));
}

function write(details) {
  details.querySelector("div")?.remove();
  if (!details.open) return;
  const [head, rows] = told[details.dataset.numbers];
  details.append(make("div", { tabindex: 0 }, make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((words) => make("th", { scope: "col" }, words)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))))))));
}

const windowsOpen = (open) => (open === 0 ? text.no_windows : open === 1 ? text.window : say("windows", { count: count(open) }));

function drawStatus(span) {
  const chosen = span.campaigns.map((number) => campaigns[number]);
  const open = chosen.reduce((sum, campaign) => sum + campaign.open, 0);
  const rejected = chosen.reduce((sum, campaign) => sum + campaign.rejected, 0);
  const oldest = chosen.reduce((one, other) => ((other.proved ?? "") < (one.proved ?? "") ? other : one), chosen[0]);
  const zone = oldest?.zone;
  const proof = oldest?.proved ? say("proved", { moment: moment(oldest.proved, zone) }) : text.unproved;
  const span_ = span.from === span.to ? dated(span.from, dayFull) : say("range", { from: dated(span.from), to: dated(span.to) });
  $("status").replaceChildren(
    make("span", { class: "range" }, span.chosen < 0 ? text.all_campaigns : isolated(campaigns[span.chosen].name), " · ", span_),
    make("span", { class: `proof ${open || !oldest?.proved ? "open" : ""}` }, `${proof}, ${windowsOpen(open)}`),
    ...(rejected ? [make("span", { class: "proof open" }, say("rejected", { count: count(rejected) }))] : []),
    ...(data.published.loaded ? [make("span", {}, say("loaded", { moment: moment(data.published.loaded, zone) }))] : []));
}

/** The span of one of the buttons: some days, or without a number all. */
const spanOfChoice = ({ dataset }) => (dataset.days ? lastSpan(Number(dataset.days)) : allDays());

function drawFilter(span) {
  $("campaign").value = String(span.chosen);
  $("from").value = isoOf(span.from);
  $("to").value = isoOf(span.to);
  for (const choice of $("spans").children) {
    const { from, to } = spanOfChoice(choice);
    choice.setAttribute("aria-pressed", span.from === from && span.to === to);
  }
}

// -- The page ----------------------------------------------------------------------------------------------------

function draw() {
  const held = document.activeElement?.dataset?.key;
  const span = filter();
  const before = earlier(span);
  const cut = bucketsOf(span);
  const all = (found) => Object.fromEntries(Object.entries(found).map(([measure, column]) => [measure, [column.reduce((sum, part) => sum + part, 0)]]));
  const perBucket = withCalls(sums("days", span, cut.buckets.length, cut.of));
  const policies = sums("policies", span, cut.buckets.length, cut.of);
  const { items } = cubes.policies;
  const policiesOf = (measure) => cut.buckets.map((_, place) => policies[measure].subarray(place * items, (place + 1) * items).reduce((sum, part) => sum + part, 0));
  const now = { ...withCalls(sums("days", span)), ...all(sums("policies", span)) };
  const was = before && { ...withCalls(sums("days", before)), ...all(sums("policies", before)) };

  drawFilter(span);
  drawStatus(span);
  drawKpis(now, was, { ...perBucket, met: policiesOf("met"), not_met: policiesOf("not_met") }, cut.buckets, before, span.to <= lastWholeDay());
  $("grain").textContent = text[`by_${cut.grain}`];
  drawPolicies(span, before, cut);
  drawTags(span);
  drawValues(span);
  drawCampaigns(span);
  drawVolume(cut, now, perBucket);
  drawAnswered(cut, now, perBucket);
  drawHours(span);
  drawAttempts(span);
  drawMinutes(cut, now, perBucket);
  if (held) document.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
  document.body.dataset.ready = Number(document.body.dataset.ready ?? 0) + 1; // tests wait for it
}

function begin() {
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (theme) => (document.documentElement.dataset.theme = theme);
  let theme = null; // the reader's choice; without one, the system's
  const themed = () => paint(theme ?? (isDark.matches ? "dark" : "light"));
  themed();
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  $("made").textContent = say("made", { moment: moment(data.made), version: data.published.version });
  $("values-hint").textContent = say("values_hint", { contacts: data.least.contacts, share: roughPercent(1 / data.least.share) });
  $("campaign").append(make("option", { value: -1 }, text.all_campaigns),
    ...campaigns.map(({ name }, number) => make("option", { value: number }, name)));
  for (const id of ["from", "to"]) Object.assign($(id), { min: isoOf(firstDay), max: isoOf(end - 1) });

  $("filter").onsubmit = (event) => event.preventDefault();
  $("filter").onchange = ({ target }) => {
    if (target.id === "campaign") return show({ chosen: Number(target.value) });
    const day = dayOf(target.value);
    if (!Number.isNaN(day)) show(target.id === "from" ? { from: day, to: Math.max(day, filter().to) } : { from: Math.min(day, filter().from), to: day });
  };
  $("spans").onclick = ({ target }) => {
    if (target !== $("spans")) show(spanOfChoice(target));
  };
  $("reset").onclick = () => (location.hash = "");
  $("theme").onclick = () => {
    theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    themed();
    draw();
  };
  isDark.onchange = () => (themed(), draw());
  for (const details of document.querySelectorAll("[data-numbers]")) details.ontoggle = () => write(details);
  addEventListener("hashchange", draw);

  let width = innerWidth;
  addEventListener("resize", () => {
    if (width !== innerWidth) draw();
    width = innerWidth;
  });
  // Paper is white, and its width is told to the charts before they are put on it.
  const paper = (on) => {
    document.documentElement.classList.toggle("paper", on);
    if (on) paint("light");
    else themed();
    draw();
  };
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
  if (campaigns.length) return draw();
  $("empty").hidden = false;
  document.querySelector("main").replaceChildren($("empty"));
  document.body.dataset.ready = 1;
}

begin();
