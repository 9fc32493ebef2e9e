/* Links between the pages: opened without loading the scripts anew, once the live page is there. */
(function () {
  "use strict";
  function isPlain(event) {
    return !event.defaultPrevented && event.button === 0 &&
      !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  }
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("#page[data-alive] a[data-page]");
    if (!link || link.target || !isPlain(event)) { return; }
    event.preventDefault();
    var isOther = link.pathname !== location.pathname;
    history.pushState(null, "", link.href);
    dispatchEvent(new PopStateEvent("popstate"));  /* what dcc.Location listens to */
    if (isOther) { scrollTo(0, 0); }  /* a choice on this page is seen where it was made */
  });
})();
