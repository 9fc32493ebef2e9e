/* A page that stays open shows a new snapshot when there is one: drawn anew from the same address,
   so that nothing is lost of what was chosen. */
(function () {
  "use strict";
  var EVERY_MS = 60000, shown = null;
  function look() {
    if (document.visibilityState !== "visible") { return; }
    fetch("/readyz", { cache: "no-store" }).then(function (answer) {
      return answer.ok ? answer.json() : null;
    }).then(function (said) {
      if (!said) { return; }
      if (shown && shown !== said.snapshot && window.dash_clientside) {
        window.dash_clientside.set_props("fresh", { n_intervals: Date.now() });
      }
      shown = said.snapshot;
    }).catch(function () { /* no network now; the page stays as it is */ });
  }
  look();
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
})();
