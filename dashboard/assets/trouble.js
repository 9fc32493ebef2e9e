/* Where an answer does not come, the page says so: the address has changed already, and what is
   seen below it would be taken for what was asked for. */
(function () {
  "use strict";
  var ASKED = "_dash-update-component", plain = window.fetch;
  var WORDS = {
    zh: ["没有连上服务器，下面仍是先前的页面。", "重试"],
    en: ["The server did not answer; what is shown below is the page before.", "Try again"]
  };
  function tell(failed) {
    var line = document.getElementById("trouble");
    if (!failed) { if (line) { line.remove(); } return; }
    if (line) { return; }
    var words = WORDS[document.documentElement.lang === "en" ? "en" : "zh"];
    var again = document.createElement("a");
    again.href = "";
    again.textContent = words[1];
    line = document.createElement("p");
    line.id = "trouble";
    line.setAttribute("role", "alert");
    line.append(words[0], " ", again);
    document.body.prepend(line);
  }
  window.fetch = function (address) {
    var asked = plain.apply(this, arguments);
    if (String(address && address.url || address).indexOf(ASKED) < 0) { return asked; }
    return asked.then(
      function (answer) { tell(!answer.ok); return answer; },
      function (error) { tell(true); throw error; }
    );
  };
})();
