/* Hand over from the page that came as HTML to the live one, in the moment the live one is there. */
(function () {
  "use strict";
  function handOver() {
    var page = document.getElementById("page");
    var still = document.getElementById("still");
    if (!still || !page || !page.firstChild) { return false; }
    still.remove();
    var opened = location.hash && document.getElementById(location.hash.slice(1));
    if (opened) { opened.scrollIntoView(); }
    return true;
  }
  var watch = new MutationObserver(function () {
    if (handOver()) { watch.disconnect(); }
  });
  watch.observe(document.documentElement, { childList: true, subtree: true });
})();
