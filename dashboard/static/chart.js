/* Values under the finger, the pointer or the arrow keys. The page is whole without this; the
   numbers are those of its table. */
(function () {
  "use strict";
  /* The ribbon of a frozen chart takes the height that its words need. */
  var ribbon = document.querySelector("iframe.since");
  function fit() {
    var inside = ribbon.contentDocument && ribbon.contentDocument.querySelector("main");
    if (inside) { ribbon.style.height = inside.offsetHeight + "px"; }
    return inside;
  }
  function follow() {
    var inside = fit();
    if (inside && window.ResizeObserver) { new ResizeObserver(fit).observe(inside); }
  }
  if (ribbon) {
    ribbon.addEventListener("load", follow);
    window.addEventListener("resize", fit);
    fit();
  }

  var link = document.getElementById("link"), copies = document.getElementById("copies");
  var zh = document.documentElement.lang !== "en";
  function offer(list, words, copy) {
    var item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", function () {
      copy().then(function () { button.textContent = zh ? "已复制" : "Copied"; });
    });
    item.appendChild(button);
    list.appendChild(item);
  }
  if (link && copies && navigator.clipboard) {
    offer(copies, zh ? "复制链接" : "Copy link", function () {
      return navigator.clipboard.writeText(link.value);
    });
  }
  var inserts = document.getElementById("inserts");
  if (inserts && window.fetch) {
    /* The old way of copying: the new one rebuilds the markup under this page's rules, which take
       the styles that the WeChat editor needs. Fetched when the pointer comes near. */
    var rich = null;
    var load = function () {
      rich = rich || fetch(inserts.dataset.rich).then(function (answer) { return answer.text(); });
      return rich;
    };
    inserts.addEventListener("pointerover", load);
    inserts.addEventListener("focusin", load);
    offer(inserts, zh ? "复制图文" : "Copy rich text", function () {
      return load().then(function (html) {
        function put(event) {
          event.preventDefault();
          event.clipboardData.setData("text/html", html);
        }
        document.addEventListener("copy", put);
        var done = document.execCommand("copy");
        document.removeEventListener("copy", put);
        if (!done) { throw new Error("not copied"); }
      });
    });
  }

  var plot = document.getElementById("plot");
  var table = document.querySelector("#values table");
  if (!plot || !table) { return; }

  var heads = [].map.call(table.tHead.rows[0].cells, function (c) { return c.textContent; });
  var rows = [].map.call(table.tBodies[0].rows, function (row) {
    var cells = [].slice.call(row.cells);
    var time = cells[0].firstChild;
    return { at: Date.parse(time.dataset.at || time.dateTime), day: cells[0].textContent,
      values: cells.slice(1).map(function (c) { return c.textContent; }) };
  }).reverse();
  /* Event notes are told with the value of their day, or on a day of their own. */
  [].forEach.call(document.querySelectorAll("#notes li"), function (item) {
    var time = item.querySelector("time"), at = Date.parse(item.dataset.at);
    var row = rows.filter(function (r) { return r.at === at; })[0];
    if (!row) {
      row = { at: at, day: time.textContent, values: [] };
      rows.push(row);
    }
    var words = item.textContent.replace(time.textContent, "").trim();
    row.notes = row.notes || [];
    row.notes.push({ day: time.dateTime, words: item.dataset.at === time.dateTime ? words :
      time.textContent + " " + words });
  });
  rows.sort(function (a, b) { return a.at - b.at; });
  if (!rows.length) { return; }

  var line = document.createElement("div");
  var box = document.createElement("div");
  line.className = "cross"; box.className = "reading";
  line.hidden = box.hidden = true;
  box.setAttribute("role", "status");
  plot.parentNode.insertBefore(box, plot.nextSibling);
  plot.appendChild(line);
  plot.parentNode.classList.add("live");
  plot.tabIndex = 0;
  var chosen = rows.length - 1;

  function frame() {
    var svg = [].filter.call(plot.querySelectorAll("svg"), function (s) { return s.clientWidth; })[0];
    var d = svg.dataset, scale = svg.clientWidth / svg.viewBox.baseVal.width;
    return { left: d.left * scale, right: d.right * scale,
      first: Date.parse(d.first), last: Date.parse(d.last), width: svg.clientWidth };
  }
  function place(f, at) {
    var whole = f.last - f.first || 864e5;
    return f.left + (f.right - f.left) * (at - f.first) / whole;
  }
  function show(index) {
    var f = frame(), row = rows[index], x = place(f, row.at);
    chosen = index;
    line.hidden = box.hidden = false;
    line.style.left = x + "px";
    box.textContent = "";
    var day = document.createElement("b");
    day.textContent = row.day;
    box.appendChild(day);
    row.values.forEach(function (value, k) {
      var words = document.createElement("span");
      words.textContent = value ? heads[k + 1] + " " + value : "";
      if (value && box.childNodes.length > 1) { box.appendChild(document.createElement("br")); }
      if (value) { box.appendChild(words); }
    });
    (row.notes || []).forEach(function (note) {
      var words = document.createElement("span");
      words.className = "note";
      words.textContent = note.words;
      box.appendChild(words);
    });
    var room = f.width - box.offsetWidth;
    box.style.left = Math.max(0, Math.min(room, x < f.width / 2 ? x + 12 : x - box.offsetWidth - 12)) + "px";
  }
  function hide() { line.hidden = box.hidden = true; }
  function nearest(clientX) {
    var f = frame(), x = clientX - plot.getBoundingClientRect().left, best = 0;
    var low = 0, high = rows.length - 1;
    while (low < high) {
      var middle = (low + high) >> 1;
      if (place(f, rows[middle].at) < x) { low = middle + 1; } else { high = middle; }
    }
    best = low;
    if (low > 0 && x - place(f, rows[low - 1].at) < place(f, rows[low].at) - x) { best = low - 1; }
    return best;
  }
  /* An address that ends in #d-2026-05-26 shows that day. */
  function marked() {
    var day = decodeURIComponent(location.hash).replace("#d-", "");
    rows.forEach(function (row, index) {
      var is = Date.parse(day) === row.at ||
        (row.notes || []).some(function (note) { return note.day === day; });
      if (is) {
        show(index);
        plot.scrollIntoView({ block: "center" });
      }
    });
  }
  window.addEventListener("hashchange", marked);
  if (/^#d-\d{4}-\d\d-\d\d$/.test(location.hash)) {
    window.addEventListener("load", function () { setTimeout(marked, 50); });
  }
  plot.addEventListener("pointermove", function (e) { show(nearest(e.clientX)); }, { passive: true });
  plot.addEventListener("pointerdown", function (e) { show(nearest(e.clientX)); }, { passive: true });
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("pointercancel", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", function (e) {
    var to = { ArrowLeft: chosen - 1, ArrowRight: chosen + 1, Home: 0, End: rows.length - 1 }[e.key];
    if (e.key === "Escape") { hide(); }
    if (to === undefined) { return; }
    e.preventDefault();
    show(Math.max(0, Math.min(rows.length - 1, to)));
  });
})();
