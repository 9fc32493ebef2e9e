// The table of the form as a grid: what is changed there stands in the form at once, which alone is sent.
(() => {
  "use strict";
  const area = document.getElementById("field-table");
  const place = document.getElementById("desk-grid");
  if (!area || !place) return;
  // The text of a table as rows of cells, by the rules of CSV; from Excel the cells come with tabs.
  const cells = (text, mark) => {
    const rows = [];
    let row = [], cell = "", quoted = false;
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (quoted) {
        if (c === '"' && text[i + 1] === '"') { cell += c; i++; }
        else if (c === '"') quoted = false;
        else cell += c;
      } else if (c === '"' && cell === "") quoted = true;
      else if (c === mark) { row.push(cell); cell = ""; }
      else if (c === "\n") { row.push(cell); rows.push(row); row = []; cell = ""; }
      else if (c !== "\r") cell += c;
    }
    if (cell !== "" || row.length) { row.push(cell); rows.push(row); }
    return rows;
  };
  const spelt = (cell) => /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const mark = () => {
    const line = area.value.split("\n", 1)[0];
    return ["\t", ";", ","].reduce((best, one) => line.split(one).length > line.split(best).length ? one : best, ",");
  };
  // The grid in the colours that the page was chosen to have.
  const chosen = document.querySelector(".site").dataset.theme;
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  place.dataset.agThemeMode = dark ? "dark" : "light";
  let head = [];
  const api = () => window.dash_ag_grid.getApi("grid");
  const keep = () => {
    const rows = [head];
    api().forEachNode((node) => {
      const row = head.map((_, at) => String(node.data[`c${at}`] ?? "").trim());
      if (row.some((cell) => cell !== "")) rows.push(row);
    });
    area.value = rows.map((row) => row.map(spelt).join(",")).join("\n") + "\n";
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const made = (row) => Object.fromEntries(head.map((_, at) => [`c${at}`, row[at] ?? ""]));
  const blank = () => made([]);
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    desk: {
      fill: () => {
        const rows = cells(area.value, mark());
        const width = Math.max(1, ...rows.map((row) => row.length));
        head = Array.from({ length: width }, (_, at) => rows[0]?.[at] ?? "");
        place.hidden = false;
        document.getElementById("desk-text").open = false;
        return [
          head.map((name, at) => ({ field: `c${at}`, headerName: name || String.fromCharCode(65 + at % 26) })),
          rows.length > 1 ? rows.slice(1).map(made) : [blank()],
        ];
      },
      keep: () => { keep(); return window.dash_clientside.no_update; },
    },
  });
  // What was copied from Excel goes in from the cell that has the focus on; rows are added below.
  place.addEventListener("paste", (event) => {
    if (event.target.closest("input, textarea")) return;
    const text = event.clipboardData.getData("text/plain");
    const focus = api().getFocusedCell();
    if (!text || !focus) return;
    event.preventDefault();
    const pasted = cells(text, text.includes("\t") ? "\t" : ",");
    const left = head.findIndex((_, at) => `c${at}` === focus.column.getColId());
    const more = focus.rowIndex + pasted.length - api().getDisplayedRowCount();
    if (more > 0) api().applyTransaction({ add: Array.from({ length: more }, blank) });
    pasted.forEach((row, down) => {
      const node = api().getDisplayedRowAtIndex(focus.rowIndex + down);
      row.forEach((cell, right) => {
        if (left + right < head.length) node.setDataValue(`c${left + right}`, cell.trim());
      });
    });
    keep();
  });
  document.getElementById("grid-row").addEventListener("click", () => {
    api().applyTransaction({ add: [blank()] });
    const last = api().getDisplayedRowCount() - 1;
    api().ensureIndexVisible(last);
    api().setFocusedCell(last, "c0");
  });
  document.getElementById("grid-drop").addEventListener("click", () => {
    api().applyTransaction({ remove: api().getSelectedRows() });
    keep();
  });
  // Whoever changes the text itself sees it in the grid.
  area.addEventListener("change", () => {
    const rows = cells(area.value, mark());
    if (rows.length) api().setGridOption("rowData", rows.slice(1).map(made));
  });
  area.form.addEventListener("submit", () => api().stopEditing());
})();
