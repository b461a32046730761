// Ordinary tables: sorted by their headings, a hundred rows at a time.

function plainTable(columnList, rows, { open, first = 25, foot } = {}) {
  if (!rows.length) return h("p", { class: "soft" }, t("none.rows"));
  const headRow = h("tr"), tbody = h("tbody");
  const more = h("button", { type: "button", class: "link" });
  let shown = first, sorting = null, ordered = rows;
  const draw = () => {
    put(headRow, columnList.map((c, j) => {
      const order = sorting?.j === j ? (sorting.down ? "descending" : "ascending") : "none";
      const inside = c.key ? h("button", { type: "button", on: { click: () => sort(j) } }, c.label) : c.label;
      return h("th", { scope: "col", class: c.cls, "aria-sort": c.key ? order : undefined }, inside);
    }));
    put(tbody, ordered.slice(0, shown).map((row) => {
      const attributes = open ? { class: "open", tabindex: 0, on: { click: () => open(row), keydown: (e) => { if (e.key === "Enter") open(row); } } } : {};
      return h("tr", attributes, columnList.map((c) => h("td", { class: c.cls }, c.cell(row))));
    }));
    more.hidden = shown >= rows.length;
    more.textContent = t("more", { n: num(rows.length - shown) });
  };
  const sort = (j) => {
    sorting = { j, down: sorting?.j === j ? !sorting.down : Boolean(columnList[j].down) };
    const key = columnList[j].key;
    ordered = [...rows].sort((a, b) => {
      const x = key(a), y = key(b);
      const order = typeof x === "string" ? x.localeCompare(y, LOCALES[language], { numeric: true }) : (Number.isFinite(x) ? x : -Infinity) - (Number.isFinite(y) ? y : -Infinity);
      return sorting.down ? -order : order;
    });
    draw();
  };
  more.addEventListener("click", () => { shown += 100; draw(); });
  draw();
  const table = h("table", null, h("thead", null, headRow), tbody, foot ? h("tfoot", null, h("tr", null, foot)) : null);
  return [h("div", { class: "scroll" }, table), more];
}
