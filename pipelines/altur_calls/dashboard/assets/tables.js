// Figures in words: key figures, tables, freshness.

function legend(id, entries) {
  $(id).replaceChildren(...entries.map(([name, words, value]) =>
    make("li", {}, make("i", { style: { background: colour(name) } }), words, make("b", {}, value))));
}

/** A small line of values, as wide as there is room; what is null is passed over. */
function line(values) {
  const known = values.flatMap((value, place) => (value === null ? [] : [[place, value]]));
  const all = known.map(([, value]) => value);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (place) => (values.length > 1 ? (100 * place) / (values.length - 1) : 50);
  const y = (value) => (high > low ? 28 - (26 * (value - low)) / (high - low) : 15);
  const points = known.map(([place, value]) => `${x(place).toFixed(1)} ${y(value).toFixed(1)}`);
  const paths = points.length < 2 ? [] : [
    shape("path", { class: "area", d: `M${x(known[0][0])} 30L${points.join("L")}L${x(known.at(-1)[0])} 30Z` }),
    shape("path", { d: `M${points.join("L")}` }),
  ];
  const box = { viewBox: "0 0 100 30", preserveAspectRatio: "none" };
  return shape("svg", { class: "line", ...box, "aria-hidden": true }, ...paths);
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
  {
    id: "conversions", how: count, good: 1, of: (sum) => sum("conversions"),
    beside: (sum) => share(sum("conversions"), sum("calls")),
  },
  { id: "talk", how: count, of: (sum) => sum("talk_seconds") / 60 },
  { id: "billed", how: count, of: (sum) => sum("billed_seconds") / 60 },
  {
    id: "compliance", how: percent, isShare: true, good: 1,
    of: (sum) => share(sum("met"), sum("met") + sum("not_met")),
  },
];

function drawKpis(span, before, now, perBucket, { buckets }) {
  const at = (found, place) => (measure) => found[measure][place];
  const then = before && withCalls(sums("days", before));
  const without = isProved(span) ? text.no_before : text.not_proved;
  $("kpis").replaceChildren(...KPIS.map(({ id, how, of, beside, ...kind }) => {
    const value = of(at(now, 0));
    const was = before && of(at(then, 0));
    const changed = before && change(value, was, kind);
    const told = orDash(how, was);
    const note = changed ? [changed, make("div", {}, say("before", { value: told }))] : [without];
    const hint = changed ? say("before_hint", { from: dated(before.from), to: dated(before.to), value: told }) : "";
    const more = beside ? [" ", make("small", {}, orDash(percent, beside(at(now, 0))))] : [];
    return make("article", { class: "kpi", id: `kpi-${id}` },
      make("h2", { title: text[`kpi_${id}`] }, text[`kpi_${id}`]),
      make("div", { class: "value" }, orDash(how, value), ...more),
      make("div", { class: "note", title: hint }, ...note),
      line(buckets.map((_, place) => of(at(perBucket, place)))));
  }));
}

/** Write a table: for each column a label, what is in its cells, a key to sort by, and where it may be left out. */
function table(id, columns, rows, sorting) {
  if (!rows.length) return $(id).replaceChildren(make("p", { class: "none" }, text.nothing));
  const classOf = ({ kind = "", isMinor }) => `${kind} ${isMinor ? "minor" : ""}`.trim();
  const heading = (column) => {
    const { label, key } = column;
    const sorted = key && sorting.key === key ? { "aria-sort": sorting.down ? "descending" : "ascending" } : {};
    const words = key ? button(label, `sort-${key}`, () => sorting.by(key)) : label;
    return make("th", { scope: "col", class: classOf(column), ...sorted }, words);
  };
  const cell = (column, place, row) =>
    make(place ? "td" : "th", { class: classOf(column), ...(place ? {} : { scope: "row" }) }, column.cell(row) ?? "–");
  const rowOf = (row) =>
    make("tr", { class: row.chosen ? "chosen" : "" }, ...columns.map((column, place) => cell(column, place, row)));
  $(id).replaceChildren(make("table", {},
    make("thead", {}, make("tr", {}, ...columns.map(heading))), make("tbody", {}, ...rows.map(rowOf))));
}

function meter(parts, all, words) {
  const widthOf = (part) => `${all ? (100 * part) / all : 0}%`;
  return make("div", { class: "meter-bar", role: "img", "aria-label": words, title: words },
    ...parts.map(([name, part]) => make("i", { style: { background: colour(name), width: widthOf(part) } })));
}

/** A bar of calls beside the most there are. */
const callsMeter = (calls, most) => meter([["ended", calls]], most, `${text.c_calls}: ${count(calls)}`);

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
    { label: text.c_compliance, kind: "meter", cell: ({ met, not }) =>
      meter([["human", met], ["failed", not]], met + not,
        `${text.c_met}: ${count(met)}, ${text.c_not_met}: ${count(not)}`) },
    { label: "%", cell: (row) => orDash(percent, row.score) },
    { label: text.c_change, cell: (row) => before && change(row.score, row.was, { isShare: true, good: 1 }) },
    { label: text.c_trend, kind: "trend", isMinor: true, cell: (row) => line(row.trend) },
    { label: text.c_not_met, isMinor: true, cell: (row) => count(row.not) },
    { label: text.c_met, isMinor: true, cell: (row) => count(row.met) },
    { label: text.c_not_applicable, isMinor: true, cell: (row) => count(row.skipped) },
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
    { label: text.c_calls, kind: "meter", cell: (row) => callsMeter(row.calls, most) },
    { label: "", cell: (row) => count(row.calls) },
    { label: text.c_human, isMinor: true, cell: (row) => percent(row.human / row.calls) },
    { label: text.c_converted, cell: (row) => percent(row.conversions / row.calls) },
  ], rows);
}

function drawValues(span) {
  const { calls } = sums("values", span);
  const keys = new Map();
  data.names.values.forEach(([key, value], item) => {
    if (!calls[item]) return;
    if (!keys.has(key)) keys.set(key, { key, calls: 0, values: [] });
    if (value === null) keys.get(key).calls += calls[item]; // keys that differ after their cut end look the same
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
  $("values").replaceChildren(make("div", { class: "keys" }, ...common));
  if (!others.length) return;
  $("values").append(make("p", { class: "hint" }, text.no_values), make("ul", { class: "legend" }, ...others));
}

const seconds = (value) => say("seconds", { count: count(value) });

/** How the table of campaigns is sorted. */
const order = { key: "calls", down: true, by(key) {
  Object.assign(this, { key, down: this.key === key ? !this.down : key !== "name" });
  draw();
} };

function drawCampaigns(span) {
  const rows = campaigns.map((campaign, number) => {
    const days = withCalls(sums("days", { ...span, campaigns: [number] }));
    const [calls, answered] = [days.calls[0], days.answered[0]];
    return {
      ...campaign, number, calls, chosen: number === span.chosen,
      answer_rate: share(answered, calls), human: share(days.human[0], calls), converted: days.conversions[0],
      talk: share(days.talk_seconds[0], answered), billed: days.billed_seconds[0] / 60,
      compliance: share(days.met[0], days.met[0] + days.not_met[0]),
    };
  });
  const most = Math.max(...rows.map(({ calls }) => calls));
  const isWords = order.key === "name" || order.key === "proved";
  const compare = (one, other) =>
    (isWords ? (one ?? "").localeCompare(other ?? "", locale) : (one ?? -1) - (other ?? -1));
  rows.sort((one, other) => (order.down ? -1 : 1) * compare(one[order.key], other[order.key]));
  table("campaigns", [
    { label: text.campaign, key: "name", cell: ({ name, number, chosen }) =>
      button(name, `campaign-${number}`, () => show({ chosen: chosen ? -1 : number })) },
    { label: "", kind: "meter", isMinor: true, cell: (row) => callsMeter(row.calls, most) },
    { label: text.c_calls, key: "calls", cell: (row) => count(row.calls) },
    { label: text.c_answer_rate, key: "answer_rate", cell: (row) => orDash(percent, row.answer_rate) },
    { label: text.c_human, key: "human", isMinor: true, cell: (row) => orDash(percent, row.human) },
    { label: text.c_converted, key: "converted", isMinor: true, cell: (row) => count(row.converted) },
    { label: text.c_talk, key: "talk", isMinor: true, cell: (row) => orDash(seconds, row.talk) },
    { label: text.c_billed, key: "billed", isMinor: true, cell: (row) => count(row.billed) },
    { label: text.c_compliance, key: "compliance", cell: (row) => orDash(percent, row.compliance) },
    { label: text.c_proved, key: "proved", isMinor: true, cell: ({ proved, zone, open }) =>
      (proved ? moment(proved, zone) : "–") + (open ? ` (${windowsOpen(open)})` : "") },
  ], rows, order);
}

const kept = {};

/** Keep the numbers of a chart; they are written when somebody opens them. */
function numbers(id, head, rows) {
  kept[id] = [head, rows];
  write(document.querySelector(`[data-numbers=${id}]`));
}

function write(details) {
  details.querySelector("div")?.remove();
  if (!details.open) return;
  const [head, rows] = kept[details.dataset.numbers];
  details.append(make("div", { tabindex: 0 }, make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((words) => make("th", { scope: "col" }, words)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))))))));
}

const windowsOpen = (open) =>
  (open === 0 ? text.no_windows : open === 1 ? text.window : say("windows", { count: count(open) }));

/** Say what is shown, and up to when that is proved complete: by the campaign that lags behind most. */
function drawStatus(span) {
  const chosen = span.campaigns.map((number) => campaigns[number]);
  const total = (measure) => chosen.reduce((sum, campaign) => sum + campaign[measure], 0);
  const last = chosen.reduce((one, other) => ((other.proved ?? "") < (one.proved ?? "") ? other : one));
  const proof = last.proved ? say("proved", { moment: moment(last.proved, last.zone) }) : text.unproved;
  const days = span.from === span.to ? dated(span.from, dayFull)
    : say("range", { from: dated(span.from), to: dated(span.to) });
  const name = span.chosen < 0 ? text.all_campaigns : isolated(campaigns[span.chosen].name);
  const [open, rejected] = [total("open"), total("rejected")];
  const told = [
    make("span", { class: "range" }, name, " · ", days),
    make("span", { class: `proof ${open || !last.proved ? "open" : ""}` }, `${proof}, ${windowsOpen(open)}`),
  ];
  if (rejected) told.push(make("span", { class: "proof open" }, say("rejected", { count: count(rejected) })));
  told.push(make("span", {}, say("loaded", { moment: moment(data.published.loaded, last.zone) })));
  $("status").replaceChildren(...told);
}

/** The span of one of the buttons: some days, or without a number all. */
const spanOfChoice = ({ dataset }, chosen) => (dataset.days ? lastSpan(Number(dataset.days), chosen) : allDays());

function drawFilter(span) {
  $("campaign").value = String(span.chosen);
  $("from").value = isoOf(span.from);
  $("to").value = isoOf(span.to);
  for (const choice of $("spans").children) {
    const { from, to } = spanOfChoice(choice, span.chosen);
    choice.setAttribute("aria-pressed", span.from === from && span.to === to);
  }
}
