/* Favourites, kept in this browser alone: a star in a row, and the starred rows named on top. */
(function () {
  "use strict";
  var KEY = "xinzhi-pins";
  function read() {
    try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch (error) { return []; }
  }
  function write(pins) {
    try { localStorage.setItem(KEY, JSON.stringify(pins)); } catch (error) { /* kept for now only */ }
  }
  /* A favourite whose indicator has another name now is kept under that name. */
  function renamed(pins) {
    document.querySelectorAll("button[data-pin][data-was]").forEach(function (button) {
      button.dataset.was.split(" ").forEach(function (old) {
        var at = pins.indexOf(old);
        if (!old || at < 0) { return; }
        if (pins.indexOf(button.dataset.pin) < 0) { pins[at] = button.dataset.pin; }
        else { pins.splice(at, 1); }
        write(pins);
      });
    });
    return pins;
  }
  function show() {
    var pins = renamed(read());
    document.querySelectorAll("button[data-pin]").forEach(function (button) {
      var on = pins.indexOf(button.dataset.pin) >= 0;
      var star = on ? "★" : "☆";
      if (button.textContent !== star) { button.textContent = star; }
      if (button.getAttribute("aria-pressed") !== String(on)) {
        button.setAttribute("aria-pressed", String(on));
      }
    });
    document.querySelectorAll("#pins").forEach(function (place) {
      var key = pins.join(" ");
      if (place.dataset.shown === key) { return; }
      place.dataset.shown = key;
      place.textContent = "";
      pins.forEach(function (name) {
        var button = document.querySelector('button[data-pin="' + CSS.escape(name) + '"]');
        var row = button && button.closest("tr");
        if (!row) { return; }
        if (!place.firstChild) {
          var title = document.createElement("span");
          title.className = "picker-group";
          title.textContent = place.dataset.title;
          place.appendChild(title);
        }
        var link = row.querySelector("a").cloneNode(true), value = row.querySelector(".cell-number");
        link.className = "chip";
        if (value) { link.textContent += " " + value.textContent; }
        place.appendChild(link);
      });
    });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("button[data-pin]");
    if (!button) { return; }
    var pins = read(), at = pins.indexOf(button.dataset.pin);
    if (at >= 0) { pins.splice(at, 1); } else { pins.push(button.dataset.pin); }
    write(pins);
    show();
  });
  new MutationObserver(show).observe(document.documentElement, { childList: true, subtree: true });
})();
