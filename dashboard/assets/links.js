/* Links between the pages: opened without loading the scripts anew, once the live page is there. */
(function () {
  "use strict";
  function isPlain(event) {
    return !event.defaultPrevented && event.button === 0 &&
      !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  }
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("#page a[data-page]");
    if (!link || link.target || !isPlain(event)) { return; }
    event.preventDefault();
    history.pushState(null, "", link.href);
    dispatchEvent(new PopStateEvent("popstate"));  /* what dcc.Location listens to */
    scrollTo(0, 0);
  });

  /* The tab, and what is shared from it, bear the name of the page that is open. */
  new MutationObserver(function () {
    var site = document.querySelector("#page > .site");
    if (!site || document.title === site.dataset.title) { return; }
    document.title = site.dataset.title;
    document.documentElement.lang = site.lang;
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-title"]
  });
})();
