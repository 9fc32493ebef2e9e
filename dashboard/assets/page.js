/* The page that the server wrote stays where it stands: charts come alive within it, and another
   page, or a newer one, is morphed into its place, so that nothing is lost of what a reader opened,
   typed, focused, or of where he reads. */
(function () {
  "use strict";
  var shownAt = location.pathname;

  function isTyped(node) {
    if (node.type === "checkbox") { return node.checked !== node.defaultChecked; }
    return /^(INPUT|TEXTAREA)$/.test(node.nodeName) && node.type !== "hidden" &&
      node.value !== node.defaultValue;
  }
  var KEEPING = {
    morphStyle: "innerHTML",
    ignoreActiveValue: true,
    callbacks: {
      /* What lives in a slot is React's; what was typed, and what is open or shut, the reader's. */
      beforeNodeMorphed: function (now) { return !(now.dataset && now.dataset.live) && !isTyped(now); },
      beforeAttributeUpdated: function (name, node) {
        return !(name === "open" && node.nodeName === "DETAILS");
      }
    }
  };
  function become(page, html) {
    if (shownAt === location.pathname) { Idiomorph.morph(page, html, KEEPING); }
    else { page.innerHTML = html; }
    shownAt = location.pathname;
    var site = page.querySelector(".site");
    document.title = site.dataset.title;
    document.documentElement.lang = site.lang;
  }

  function ServerPage(props) {
    var places = React.useState({}), slots = places[0], setSlots = places[1];
    /* The page that was opened is there already; what is awaited is the next. */
    var isAwaited = window.dash_component_api.useDashContext().useLoading() && !!props.slots;
    var page = document.getElementById("page");
    React.useLayoutEffect(function () {
      if (props.html) { become(page, props.html); }
      var found = {};
      page.querySelectorAll("[data-live]").forEach(function (slot) { found[slot.dataset.live] = slot; });
      setSlots(found);
      page.dataset.alive = "";
    }, [props.html, props.slots]);
    React.useEffect(function () {
      if (isAwaited) { page.dataset.loading = ""; } else { delete page.dataset.loading; }
    }, [isAwaited]);
    return React.Children.toArray(props.children).map(function (child, at) {
      var name = (props.slots || [])[at], slot = slots[name];
      return slot && slot.isConnected ? ReactDOM.createPortal(child, slot, name) : null;
    });
  }
  window.xinzhi = { ServerPage: ServerPage };
})();
