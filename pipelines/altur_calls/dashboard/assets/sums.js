// What the filter is, and the sums of what lies in it.

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

const campaignsOf = (chosen) => (chosen < 0 ? campaigns.map((_, number) => number) : [chosen]);

function spanOf(from, to, chosen) {
  const first = below(starts, from + 1) - 1;
  const past = below(starts, to + 1);
  return { first, past, from: starts[first], to: stopOf(past - 1) - 1, campaigns: campaignsOf(chosen) };
}

/** The last day that is all proved. Campaigns that lag by more than what timezones make are not waited for. */
function lastWholeDay(chosen) {
  const partDays = campaignsOf(chosen).map((number) => campaigns[number].partDay ?? -Infinity);
  const latest = Math.max(...partDays);
  const last = Math.min(...partDays.filter((day) => day >= latest - 1)) - 1;
  return last < firstDay ? end - 1 : Math.min(end - 1, last);
}

/** Tell if a span is proved to its end, for each campaign with calls in it, or since a day before. */
function isProved(span, since = span.from) {
  const { first } = spanOf(since, span.to, span.chosen);
  return span.campaigns.every((number) => {
    const [keys] = cubes.days.campaigns[number];
    return campaigns[number].partDay > span.to || below(keys, first) === below(keys, span.past);
  });
}

const lastSpan = (days, chosen) => {
  const to = lastWholeDay(chosen);
  return { from: Math.max(firstDay, to - days + 1), to };
};
const allDays = () => ({ from: firstDay, to: end - 1 });

function usualSpan(chosen) {
  const days = DEFAULT_DAYS.find((some) => lastWholeDay(chosen) + 1 - 2 * some >= firstDay);
  return days ? lastSpan(days, chosen) : allDays();
}

function filter() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const chosen = campaigns.findIndex(({ id }) => String(id) === asked.get("campaign"));
  const usual = usualSpan(chosen);
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

/** The span to compare one with; null if one of the two is not all there, or it can't be told by itself. */
function earlier(span) {
  const start = dayBefore(span);
  if (start < data.first || !isProved(span, start)) return null;
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
