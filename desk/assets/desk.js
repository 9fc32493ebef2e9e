// What the desk's pages do besides: they work without it.
(() => {
  "use strict";
  // A command that goes on: its part of the page is asked for again until it has ended.
  const job = document.getElementById("job");
  const look = async () => {
    const at = job.querySelector("[data-poll]");
    if (!at) return;
    try {
      const answer = await fetch(at.dataset.poll, { credentials: "same-origin", redirect: "error" });
      if (answer.ok) {
        const log = job.querySelector(".desk-log");
        const atEnd = log && log.scrollTop + log.clientHeight > log.scrollHeight - 40;
        job.innerHTML = await answer.text();
        const now = job.querySelector(".desk-log");
        if (now && atEnd) now.scrollTop = now.scrollHeight;
        if (!job.querySelector("[data-poll]")) return location.reload();
      }
    } catch { /* the desk may be away for a moment: asked again */ }
    setTimeout(look, 1000);
  };
  if (job) look();
  // One press is enough.
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("button:not([name])")) {
      setTimeout(() => { button.disabled = true; setTimeout(() => { button.disabled = false; }, 4000); });
    }
  });
  // What was typed is not left by accident.
  let typed = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-keep]")) typed = true;
  });
  document.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
})();
