/* The wall: one crosshair over all its charts, a slider through what was known, and the whole screen.
   The slider only writes the address: the page answers as it answers any link. */
(function () {
  "use strict";
  var DAY_MS = 86400000, PATIENCE_MS = 2000, PLAY_MS = 250, PLAY_STEPS = 80, YEAR = 365;
  var pointed = null, wanted = null, asked = null, patience = 0, playing = false;
  document.documentElement.classList.add("has-wall");

  function one(name, within) { return (within || document).querySelector(name); }
  function iso(number) { return new Date(number * DAY_MS).toISOString().slice(0, 10); }

  /* What the panel shows of a day: its newest value up to it. */
  function told(panel, day) {
    var at = -1, sum = 0, days = panel.dataset.days ? panel.dataset.days.split(" ") : [];
    for (var i = 0; i < days.length && sum + Number(days[i]) <= day; i += 1) {
      sum += Number(days[i]);
      at = i;
    }
    if (at < 0) { return null; }
    return { at: at, day: sum, value: panel.dataset.values.split("|")[at],
      height: Number(panel.dataset.heights.split(" ")[at]) / 250 };
  }
  function dated(panel, first, day) {
    var words = iso(first + day), letters = Number(panel.dataset.letters);
    return words.slice(0, letters);
  }
  function point(day) {
    var panels = one(".wall-panels");
    if (!panels) { return; }
    var span = Number(panels.dataset.span), first = Date.parse(panels.dataset.first) / DAY_MS;
    pointed = day === null ? null : Math.max(0, Math.min(span, day));
    panels.toggleAttribute("data-pointed", pointed !== null);
    one(".wall-pointed").textContent = pointed === null ? "" : "┆ " + iso(first + pointed);
    if (pointed === null) { return; }
    panels.querySelectorAll(".wall-panel").forEach(function (panel) {
      var found = told(panel, pointed), number = one(".wall-number.wall-then", panel);
      var unit = panel.dataset.unit, gap = unit && unit !== "%" ? " " : "";
      number.textContent = found ? found.value + gap + unit : "—";
      one(".wall-date.wall-then", panel).textContent = found ? dated(panel, first, found.day) : "";
      var cross = one(".wall-cross", panel), dot = one(".wall-dot", panel);
      if (!cross) { return; }
      cross.style.left = 100 * pointed / span + "%";
      dot.hidden = !found;
      if (found) {
        var x = (found.day + Number(panel.dataset.shift)) / span;
        dot.style.left = 100 * Math.max(0, Math.min(1, x)) + "%";
        dot.style.top = 100 * found.height + "%";
      }
    });
  }
  function underPointer(event) {
    var panel = event.target.closest && event.target.closest(".wall-panel");
    var plot = panel && one(".wall-plot", panel);
    if (!plot) { return; }
    var box = plot.getBoundingClientRect(), span = Number(one(".wall-panels").dataset.span);
    point(Math.round(span * (event.clientX - box.left) / box.width));
  }
  document.addEventListener("pointermove", underPointer);
  document.addEventListener("pointerdown", underPointer);
  document.addEventListener("pointerout", function (event) {
    var from = event.target.closest && event.target.closest(".wall-panels");
    var to = event.relatedTarget && event.relatedTarget.closest &&
      event.relatedTarget.closest(".wall-panels");
    if (from && !to && event.pointerType === "mouse") { point(null); }
  });
  document.addEventListener("keydown", function (event) {
    var panels = event.target.closest && event.target.closest(".wall-panels");
    if (!panels || event.ctrlKey || event.metaKey || event.altKey) { return; }
    var span = Number(panels.dataset.span), step = event.shiftKey ? 30 : 1;
    var from = pointed === null ? span : pointed;
    var to = { ArrowLeft: from - step, ArrowRight: from + step, Home: 0, End: span }[event.key];
    if (event.key === "Escape") { point(null); return; }
    if (to === undefined) { return; }
    event.preventDefault();
    point(pointed === null && event.key !== "Home" ? span : to);
  });

  /* One question at a time: while one is on its way, only the newest wish is remembered. */
  function ask() {
    var slider = one("#wall-slider");
    if (asked !== null || wanted === null || !slider) { return; }
    asked = wanted;
    wanted = null;
    patience = setTimeout(answered, PATIENCE_MS);
    var address = new URL(location.href);
    if (asked >= Number(slider.max)) { address.searchParams.delete("asof"); }
    else { address.searchParams.set("asof", iso(asked)); }
    history.replaceState(history.state, "", address);
    dispatchEvent(new PopStateEvent("popstate"));  /* what dcc.Location listens to */
  }
  function answered() {
    clearTimeout(patience);
    asked = null;
    ask();
    if (playing && asked === null) { setTimeout(step, PLAY_MS); }
  }
  function move(number) {
    var slider = one("#wall-slider"), day = one(".wall-day");
    slider.value = number;
    slider.setAttribute("value", slider.value);  /* not typed: the next page may set it */
    slider.setAttribute("aria-valuetext", iso(number));
    day.value = iso(number);
    day.setAttribute("value", day.value);
    wanted = number;
    ask();
  }
  function play(on) {
    var button = one(".wall-play");
    playing = on;
    if (button) { button.textContent = on ? button.dataset.stop : button.dataset.play; }
  }
  function step() {
    var slider = one("#wall-slider");
    if (!playing || !slider) { return; }
    var last = Number(slider.max), now = Number(slider.value);
    if (now >= last) { play(false); return; }
    move(Math.min(last, now + Math.ceil(YEAR / PLAY_STEPS)));
  }
  document.addEventListener("input", function (event) {
    if (event.target.id !== "wall-slider") { return; }
    play(false);
    point(null);
    move(Number(event.target.value));
  });
  document.addEventListener("click", function (event) {
    if (!event.target.closest) { return; }
    if (event.target.closest(".wall-play")) {
      var slider = one("#wall-slider"), last = Number(slider.max);
      play(!playing);
      if (playing && Number(slider.value) >= last) { move(Math.max(slider.min, last - YEAR)); }
      else { step(); }
    }
    if (event.target.closest(".wall-full") && document.documentElement.requestFullscreen) {
      var enter = !one(".wall[data-full]");
      if (enter) { document.documentElement.requestFullscreen().catch(function () {}); }
      else if (document.fullscreenElement) { document.exitFullscreen(); }
    }
  });
  document.addEventListener("fullscreenchange", function () {
    var leave = one(".wall[data-full] .wall-full");
    if (!document.fullscreenElement && leave) { leave.click(); }
  });
  new MutationObserver(function () {
    var wall = one(".wall");
    if (wall && asked !== null && Number(wall.dataset.day) === asked) { answered(); }
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true,
    attributeFilter: ["data-day"] });
})();
