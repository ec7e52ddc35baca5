// The page: drawn anew whenever the filter, the theme or the width changes.

function draw() {
  const held = document.activeElement?.dataset?.key;
  const span = filter();
  const before = earlier(span);
  const cut = bucketsOf(span);
  const perBucket = withCalls(sums("days", span, cut.buckets.length, cut.of));
  const now = withCalls(sums("days", span));

  drawFilter(span);
  drawStatus(span);
  drawKpis(span, before, now, perBucket, cut);
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

function showNothing() {
  $("empty").hidden = false;
  document.querySelector("main").replaceChildren($("empty"));
  $("filter").remove();
  document.body.dataset.ready = 1;
}

function begin() {
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (theme) => (document.documentElement.dataset.theme = theme);
  let theme = null; // the reader's choice; without one, the system's
  const themed = () => paint(theme ?? (isDark.matches ? "dark" : "light"));
  themed();
  if (!campaigns.length) return showNothing();
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  $("made").textContent = say("made", { moment: moment(data.made), version: data.published.version });
  const least = { contacts: data.least.contacts, share: roughPercent(1 / data.least.share) };
  $("values-hint").textContent = say("values_hint", least);
  $("campaign").append(make("option", { value: -1 }, text.all_campaigns),
    ...campaigns.map(({ name }, number) => make("option", { value: number }, name)));
  for (const id of ["from", "to"]) Object.assign($(id), { min: isoOf(firstDay), max: isoOf(end - 1) });

  $("filter").onsubmit = (event) => event.preventDefault();
  $("filter").onchange = ({ target }) => {
    if (target.id === "campaign") return show({ chosen: Number(target.value) });
    const day = dayOf(target.value);
    if (Number.isNaN(day)) return;
    if (target.id === "from") show({ from: day, to: Math.max(day, filter().to) });
    else show({ from: Math.min(day, filter().from), to: day });
  };
  $("spans").onclick = ({ target }) => {
    if (target !== $("spans")) show(spanOfChoice(target, filter().chosen));
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
  draw();
}

begin();
