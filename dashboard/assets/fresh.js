/* A page that stays open shows a new snapshot when there is one: the same address again, so that
   nothing is lost of what was chosen. */
(function () {
  "use strict";
  var EVERY_MS = 60000, asked = "";
  function shown() { return document.querySelector("#page .site").dataset; }
  function look() {
    if (document.visibilityState !== "visible") { return; }
    fetch(shown().ready, { cache: "no-store" }).then(function (answer) {
      return answer.ok ? answer.json() : null;
    }).then(function (said) {
      var isNew = said && said.snapshot !== shown().snapshot && said.snapshot !== asked;
      if (!isNew || !window.dash_clientside) { return; }
      asked = said.snapshot;
      window.dash_clientside.set_props("content", { snapshot: asked });
    }).catch(function () { /* no network now; the page stays as it is */ });
  }
  addEventListener("load", look);
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
})();
