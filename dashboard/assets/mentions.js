/* A word of the text and the card it speaks of light up together. */
(function () {
  "use strict";
  function both(name) {
    var card = document.getElementById("card-" + name);
    var words = document.querySelectorAll('[data-mention="' + CSS.escape(name) + '"]');
    return [].concat(card || [], [].slice.call(words));
  }
  function nameOf(target) {
    var word = target.closest && target.closest("[data-mention]");
    var card = target.closest && target.closest(".card[id]");
    return word ? word.dataset.mention : card ? card.id.replace("card-", "") : null;
  }
  function light(on) {
    return function (event) {
      var name = nameOf(event.target);
      if (name) { both(name).forEach(function (part) { part.classList.toggle("lit", on); }); }
    };
  }
  document.addEventListener("pointerover", light(true));
  document.addEventListener("pointerout", light(false));
  document.addEventListener("focusin", light(true));
  document.addEventListener("focusout", light(false));
})();
