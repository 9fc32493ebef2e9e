// A draft: checked while it is typed, kept in the browser until it is saved. Without scripts there
// are buttons for all of it.
(() => {
  "use strict";
  // A file is dropped anywhere on the page: the form takes it, and is sent.
  const drop = document.querySelector("form[data-drop]");
  if (drop) {
    const input = drop.querySelector("input[type=file]");
    const over = (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      drop.classList.toggle("is-over", event.type === "dragover");
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", over);
    document.addEventListener("drop", (event) => {
      over(event);
      if (!event.dataTransfer?.files.length) return;
      input.files = event.dataTransfer.files;
      drop.requestSubmit();
    });
    input.addEventListener("change", () => { if (input.files.length) drop.requestSubmit(); });
  }

  // An article is copied as it looks, with its pictures.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copies-rich]");
    if (!button) return;
    const node = document.getElementById(button.dataset.copiesRich);
    const told = button.parentNode.querySelector("[role=status]");
    const kinds = { "text/html": node.innerHTML, "text/plain": node.textContent };
    try {
      const blobs = Object.entries(kinds).map(([kind, words]) => [kind, new Blob([words], { type: kind })]);
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
      told.textContent = button.dataset.done;
    } catch {  // the old way, for pages that did not come over https
      node.closest("details").open = true;
      const range = document.createRange(), chosen = getSelection();
      range.selectNodeContents(node);
      chosen.removeAllRanges();
      chosen.addRange(range);
      told.textContent = document.execCommand("copy") ? button.dataset.done : "";
    }
  });

  const form = document.getElementById("draft-form");
  if (!form) return;
  const box = document.getElementById("draft-text");
  const part = document.getElementById("check");
  const busy = document.getElementById("checking");
  const key = `draft:${form.dataset.day}`;
  const say = (words) => { busy.textContent = words; busy.hidden = !words; };

  // What is typed stays in this browser until the server has it.
  const stored = () => {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  };
  const forget = () => { try { localStorage.removeItem(key); } catch { /* no storage: nothing kept */ } };
  const keep = () => {
    const kept = { text: box.value, made_from: form.made_from.value, at: new Date().toISOString() };
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* full, or not allowed */ }
  };
  const offer = document.getElementById("unsaved");
  const before = stored();
  if (before && (before.text === box.value || "merged" in form.dataset)) forget();
  else if (before) {
    offer.querySelector("[data-when]").textContent = new Date(before.at).toLocaleString();
    offer.hidden = false;
    offer.querySelector("[data-restore]").addEventListener("click", () => {
      box.value = before.text;
      if (before.made_from) form.made_from.value = before.made_from;
      offer.hidden = true;
      later(0);
      keep();
    });
    offer.querySelector("[data-discard]").addEventListener("click", () => {
      forget();
      offer.hidden = true;
    });
  }

  // The newest text alone is checked, and its answer alone is shown.
  let waiting = 0, asking = null;
  const ask = async () => {
    asking?.abort();
    const mine = asking = new AbortController();
    const sent = new FormData(form);
    sent.set("part", "1");
    sent.delete("anyway");
    say(busy.dataset.busy);
    try {
      const answer = await fetch(form.querySelector("[data-check]").formAction, {
        method: "POST", body: sent, signal: mine.signal, credentials: "same-origin", redirect: "manual",
      });
      if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") {
        keep();
        document.getElementById("signed-out").hidden = false;
        return say("");
      }
      if (!answer.ok) throw new Error(answer.status);
      const words = await answer.text();
      if (mine !== asking) return;
      const reason = part.querySelector("[name=reason]")?.value;
      const anyway = part.querySelector("[name=anyway]")?.checked;
      part.innerHTML = words;
      if (reason && part.querySelector("[name=reason]")) part.querySelector("[name=reason]").value = reason;
      if (anyway && part.querySelector("[name=anyway]")) part.querySelector("[name=anyway]").checked = true;
      say("");
    } catch (error) {
      if (mine === asking && error.name !== "AbortError") say(busy.dataset.away);
    }
  };
  const later = (ms) => { clearTimeout(waiting); waiting = setTimeout(ask, ms); };
  box.addEventListener("input", () => { keep(); later(350); });
  form.querySelector("[data-check]").addEventListener("click", (event) => {
    event.preventDefault();
    later(0);
  });

  // A sentence of the list leads to its words in the box.
  const placeOf = (words) => {
    const at = box.value.indexOf(words);
    if (at >= 0) return [at, at + words.length];
    const letters = [...words.replace(/\s+/g, "")].map((one) => one.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
    const found = letters.length && new RegExp(letters.join("[\\s\\\\]*"), "u").exec(box.value);
    return found ? [found.index, found.index + found[0].length] : null;
  };
  const show = (start, stop) => {
    const mirror = document.createElement("div"), style = getComputedStyle(box);
    for (const name of ["fontFamily", "fontSize", "lineHeight", "letterSpacing", "padding", "border"]) {
      mirror.style[name] = style[name];
    }
    Object.assign(mirror.style, {
      position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word",
      boxSizing: "border-box", width: `${box.clientWidth}px`,
    });
    mirror.textContent = box.value.slice(0, start);
    document.body.append(mirror);
    const top = mirror.offsetHeight;
    mirror.remove();
    box.focus({ preventScroll: true });
    box.setSelectionRange(start, stop);
    box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    box.scrollIntoView({ block: "nearest" });
  };
  part.addEventListener("click", (event) => {
    const said = event.target.closest(".claims q");
    if (!said) return;
    const place = placeOf(said.textContent);
    say(place ? "" : busy.dataset.nowhere);
    if (place) show(...place);
  });

  // The preview, as wide as a phone or a desk; until it is there, a line says that it is being made.
  const frame = document.querySelector("iframe[name=preview]");
  const making = document.getElementById("previewing");
  frame.parentNode.hidden = true;
  frame.addEventListener("load", () => {
    if (making.hidden) return;
    making.hidden = true;
    frame.parentNode.classList.remove("is-busy");
  });
  for (const button of document.querySelectorAll("[data-width]")) {
    button.addEventListener("click", () => {
      frame.width = button.dataset.width;
      for (const one of document.querySelectorAll("[data-width]")) {
        one.setAttribute("aria-pressed", String(one === button));
      }
      form.requestSubmit(form.querySelector("[data-preview]"));
    });
  }
  form.addEventListener("submit", (event) => {
    if (event.submitter?.dataset.preview === undefined) return;
    making.hidden = false;
    frame.parentNode.hidden = false;
    frame.parentNode.classList.add("is-busy");
    document.getElementById("preview-section").scrollIntoView({ block: "start" });
  });
})();
