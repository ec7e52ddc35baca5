// The charts. They are told numbers, dates and words of ours only: no tooltip holds a word of the data.

const isPaper = () => document.documentElement.classList.contains("paper");
const drawn = {};

/** Draw a chart in place of the one before. It is told numbers and words of ours only. */
function plot(id, type, labels, datasets, { scales = {}, tooltip, above, ...options }) {
  drawn[id]?.destroy();
  $(id).replaceChildren(make("canvas", { role: "img", "aria-labelledby": `h-${id}` }));
  drawn[id] = new Chart($(id).firstChild, {
    type,
    data: { labels, datasets },
    options: {
      locale,
      animation: false,
      maintainAspectRatio: false,
      devicePixelRatio: Math.max(2, devicePixelRatio), // sharp on paper too
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { grid: { display: false }, ...axis(scales.x) },
        y: { grid: { color: css("line") }, beginAtZero: true, ...axis(scales.y) },
      },
      plugins: { legend: { display: false }, tooltip: { ...tooltipStyle(), ...tooltip } },
      ...options,
    },
    plugins: above ? [{ afterDatasetsDraw: (chart) => writeAbove(chart, above) }] : [],
  });
}

const axis = ({ ticks, ...others } = {}) => ({
  border: { display: false },
  ticks: { color: css("dim"), maxRotation: 0, autoSkipPadding: 14, maxTicksLimit: 40, ...ticks },
  ...others,
});

const tooltipStyle = () => ({
  backgroundColor: css("card"), borderColor: css("line"), borderWidth: 1, padding: 10,
  titleColor: css("ink"), bodyColor: css("ink"), footerColor: css("dim"),
  boxWidth: 10, boxHeight: 10, boxPadding: 5, multiKeyBackground: "transparent",
});

/** Write words above the stacked bars of a chart. */
function writeAbove(chart, words) {
  const font = `600 11px ${Chart.defaults.font.family}`;
  Object.assign(chart.ctx, { fillStyle: css("ink"), textAlign: "center", textBaseline: "bottom", font });
  const tops = chart.getDatasetMeta(chart.data.datasets.length - 1).data;
  tops.forEach(({ x, y }, place) => chart.ctx.fillText(words[place], x, y - 4));
}

const WIDE_BARS = { categoryPercentage: 0.84, barPercentage: 1 };
const perMinute = (seconds) => Array.from(seconds, (value) => value / 60);

function drawVolume({ buckets }, days, perBucket) {
  const seen = STATUSES.filter((status) => days[status][0]);
  legend("volume-legend", seen.map((status) => [status, text[status], count(days[status][0])]));
  numbers("volume", [text.c_time, text.c_calls, ...seen.map((status) => text[status])], buckets.map((bucket, place) => [
    button(bucket.long, `bucket-${bucket.from}`, () => show(bucket)),
    ...[perBucket.calls, ...seen.map((status) => perBucket[status])].map((column) => count(column[place])),
  ]));
  plot("volume", "bar", buckets.map(({ short }) => short), seen.map((status) => ({
    label: text[status], data: Array.from(perBucket[status]), backgroundColor: css(status), ...WIDE_BARS,
  })), {
    scales: { x: { stacked: true }, y: { stacked: true } },
    tooltip: { itemSort: (one, other) => other.datasetIndex - one.datasetIndex, callbacks: {
      title: ([{ dataIndex }]) => buckets[dataIndex].long,
      label: ({ dataset, raw }) => ` ${dataset.label}: ${count(raw)}`,
      footer: ([{ dataIndex }]) => `${text.c_calls}: ${count(perBucket.calls[dataIndex])}`,
    } },
    onClick: (_, [bar]) => bar && show(buckets[bar.index]),
  });
}

function drawLines(id, { buckets }, series, how, ticks) {
  plot(id, "line", buckets.map(({ short }) => short), series.map(([name, values, isFilled]) => ({
    label: text[name], data: values, cubicInterpolationMode: "monotone",
    borderColor: css(name), borderWidth: 2, backgroundColor: `${css(name)}22`, fill: isFilled,
    pointBackgroundColor: css(name), pointRadius: buckets.length < 3 ? 4 : 0, pointHitRadius: 8,
  })), {
    scales: { y: { ticks: { callback: ticks, maxTicksLimit: 5 } } },
    tooltip: { callbacks: {
      title: ([{ dataIndex }]) => buckets[dataIndex].long,
      label: ({ dataset, raw }) => ` ${dataset.label}: ${orDash(how, raw)}`,
      labelColor: ({ dataset }) => ({ backgroundColor: dataset.borderColor, borderColor: "transparent" }),
    } },
  });
}

function drawAnswered(cut, days, perBucket) {
  const calls = days.calls[0];
  const parts = [...ANSWERS.map((name) => [name, days[name][0]]), ["nobody", calls - days.answered[0]]];
  $("answered-share").replaceChildren(...parts.filter(([, part]) => part).map(([name, part]) => {
    const style = { background: colour(name), flexGrow: part };
    return make("i", { style, title: `${text[name]}: ${percent(part / calls)}` });
  }));
  legend("answered-legend", parts.map(([name, part]) => [name, text[name], orDash(percent, share(part, calls))]));
  const rateOf = (name) => cut.buckets.map((_, place) => share(perBucket[name][place], perBucket.calls[place]));
  const rates = ANSWERS.map((name) => [name, rateOf(name)]);
  numbers("answered", [text.c_time, ...ANSWERS.map((name) => text[name])], cut.buckets.map((bucket, place) =>
    [bucket.long, ...rates.map(([, values]) => orDash(percent, values[place]))]));
  drawLines("answered", cut, rates, percent, roughPercent);
}

function drawMinutes(cut, days, perBucket) {
  const parts = [["talk", "talk_seconds"], ["billed", "billed_seconds"]];
  legend("minutes-legend", parts.map(([name, measure]) => [name, text[name], count(days[measure][0] / 60)]));
  const series = parts.map(([name, measure]) => [name, perMinute(perBucket[measure]), name === "talk"]);
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
  const usual = shown.flatMap((hour) =>
    week.filter((day) => calls[at(day, hour)] > enough).map((day) => rate(day, hour)));
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
  const head = make("tr", {}, make("td", {}), ...across.map((place) => make("th", { scope: "col" }, names[0](place))));
  const rows = down.map((row) => make("tr", {}, make("th", { scope: "row" }, names[1](row)),
    ...across.map((column) => (upright ? cell(column, row) : cell(row, column)))));
  $("hours").replaceChildren(make("table", { class: "heat", "aria-labelledby": "h-hours" },
    make("thead", {}, head), make("tbody", {}, ...rows)));
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
  const rate = (place) => answered[place] / calls[place];
  numbers("attempts", [text.attempt, text.c_calls, text.c_answered, text.c_answer_rate, text.c_human],
    tried.map((place) => [
      name(place), count(calls[place]), count(answered[place]),
      percent(rate(place)), percent(human[place] / calls[place]),
    ]));
  const series = parts.map(([shade, words, part]) => ({
    label: words, data: tried.map((place) => part(place) / calls[place]), backgroundColor: css(shade), ...WIDE_BARS,
  }));
  plot("attempts", "bar", tried.map((place) => [name(place), short(calls[place])]), series, {
    above: tried.map((place) => roughPercent(rate(place))),
    scales: {
      x: { stacked: true, ticks: { autoSkip: false } },
      y: { stacked: true, grace: "8%", ticks: { callback: roughPercent, maxTicksLimit: 6 } },
    },
    tooltip: { callbacks: {
      title: ([{ dataIndex }]) => `${text.attempt} ${name(tried[dataIndex])}`,
      label: ({ dataset, raw }) => ` ${dataset.label}: ${percent(raw)}`,
      footer: ([{ dataIndex }]) => [
        `${text.c_answer_rate}: ${percent(rate(tried[dataIndex]))}`,
        `${text.c_calls}: ${count(calls[tried[dataIndex]])}`,
      ],
    } },
  });
}
