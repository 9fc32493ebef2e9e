/* A touch on a sign, or on the words that were judged, opens what was found beside the sentence. A
   browser without dialogs, or without scripts, follows the sign to the list of evidence. */
(function () {
  "use strict";
  var GAP = 6, sheet = null;
  if (!window.HTMLDialogElement) { return; }
  document.documentElement.classList.add("has-sheets");

  function entry(number) {
    var found = document.getElementById("claim-" + number).cloneNode(true);
    var chart = found.querySelector("a[href]");
    found.removeAttribute("id");
    if (chart && found.dataset.picture) {
      var picture = new Image(480, 320);
      picture.alt = "";
      picture.onerror = function () { picture.remove(); };
      picture.src = found.dataset.picture;
      chart.appendChild(picture);
    }
    return found;
  }
  function place(words) {
    var room = document.documentElement.clientWidth - sheet.offsetWidth;
    var above = words.top - GAP - sheet.offsetHeight, below = words.bottom + GAP;
    var fits = below + sheet.offsetHeight <= innerHeight || above < 0;
    sheet.style.left = scrollX + Math.max(GAP, Math.min(words.left, room - GAP)) + "px";
    sheet.style.top = scrollY + (fits ? below : above) + "px";
  }
  function close() { if (sheet) { sheet.close(); } }
  function open(target) {
    var lines = target.getClientRects(), words = lines[lines.length - 1];
    var x = scrollX, y = scrollY;
    close();
    sheet = document.getElementById("sheet").content.firstElementChild.cloneNode(true);
    target.dataset.claims.split(" ").forEach(function (number) {
      sheet.querySelector("ul").appendChild(entry(number));
    });
    sheet.addEventListener("close", function () {
      this.remove();
      if (sheet === this) { sheet = null; }
    });
    document.body.appendChild(sheet);
    sheet.style.top = y + words.bottom + GAP + "px";
    sheet.showModal();
    place(words);
    scrollTo(x, y);  /* what is focused first is not scrolled to: the place stays */
  }
  document.addEventListener("click", function (event) {
    /* Beside the sheet is the sheet itself: its words lie in its children. */
    if (event.target === sheet || event.target.matches(".sheet-close")) { return close(); }
    var link = event.target.closest && event.target.closest("a");
    var target = event.target.closest && event.target.closest("#page [data-claims]");
    if (!target || (link && link !== target) || !getSelection().isCollapsed) { return; }
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) { return; }
    event.preventDefault();
    open(target);
  });
  addEventListener("popstate", close);
})();
