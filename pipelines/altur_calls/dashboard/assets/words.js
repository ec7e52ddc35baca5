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

// Words, numbers and dates in the reader's form, and the elements they are shown in.

const isMine = (name) => /^[a-z]+(-\w+)*$/i.test(name) && name.split("-")[0] === data.language;
const locale = navigator.languages.find(isMine) ?? data.language;
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
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
    timeZone,
  }).format(new Date(iso));

for (const campaign of campaigns) {
  try {
    moment(data.made, campaign.zone);
  } catch {
    campaign.zone = "UTC"; // a zone that DuckDB knows and this browser does not
  }
}

const say = (key, values = {}) => text[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const isoOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);
const dayOf = (iso) => (/^\d{4}-\d\d-\d\d$/.test(iso ?? "") ? Math.round(Date.parse(iso) / DAY) : NaN);

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

function shape(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const isolated = (words) => make("bdi", {}, words); // names may be written from right to left
const colour = (name) => `var(--${name.replace("_", "-")})`;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name.replace("_", "-")}`).trim();
const button = (words, key, onclick) => make("button", { type: "button", "data-key": key, onclick }, isolated(words));
