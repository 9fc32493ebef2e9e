/* A button that copies the text of an element. Without scripts there is no button: the text can be
   marked by hand. */
(function () {
  "use strict";
  document.documentElement.classList.add("can-copy");

  /* The old way, for pages that did not come over https, where browsers offer no other. */
  function marked(node) {
    var range = document.createRange(), chosen = getSelection();
    range.selectNodeContents(node);
    chosen.removeAllRanges();
    chosen.addRange(range);
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject(new Error("refused"));
  }
  function copy(node) {
    if (!navigator.clipboard) { return marked(node); }
    return navigator.clipboard.writeText(node.textContent).catch(function () { return marked(node); });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("button[data-copies]");
    var node = button && document.getElementById(button.dataset.copies);
    if (!node) { return; }
    var told = button.parentNode.querySelector("[role=status]");
    copy(node).then(
      function () { told.textContent = button.dataset.done; },
      function () { told.textContent = ""; }  // it is marked: Ctrl+C copies it
    );
  });
})();
