/* Tells the page around how high the chart is, and its height alone; that page may listen or not:
   addEventListener("message", e => e.data.xinzhiHeight && (frame.height = e.data.xinzhiHeight)) */
(function () {
  "use strict";
  function tell() {
    if (parent !== window) {
      parent.postMessage({ xinzhiHeight: document.documentElement.offsetHeight }, "*");
    }
  }
  window.addEventListener("load", tell);
  window.addEventListener("resize", tell);
  tell();
})();
