/* Tells the page around how high the chart is, and its height alone; that page may listen or not:
   addEventListener("message", e => e.data.xinzhiHeight && (frame.height = e.data.xinzhiHeight)) */
(function () {
  "use strict";
  if (parent === window) { return; }
  var root = document.documentElement, told = 0, waiting = false;
  /* Measured without a scroll bar, which would take from the width and so change the height; it
     stays where the frame is too low. */
  function tell() {
    waiting = false;
    root.style.overflowY = "hidden";
    var height = Math.ceil(root.getBoundingClientRect().height);
    if (innerHeight < height) { root.style.overflowY = ""; }
    if (height && innerWidth && height !== told) {
      told = height;
      parent.postMessage({ xinzhiHeight: height }, "*");
    }
  }
  function soon() {
    if (!waiting) { waiting = true; requestAnimationFrame(tell); }
  }
  addEventListener("load", soon);
  addEventListener("resize", soon);
  if (document.fonts) { document.fonts.ready.then(soon); }
  if (window.ResizeObserver) { new ResizeObserver(soon).observe(root); }
  tell();
})();
