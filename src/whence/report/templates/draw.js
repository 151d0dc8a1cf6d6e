const charts = JSON.parse(document.getElementById("charts").textContent);
const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true };
const wide = (spec) => typeof spec.width === "number" ? spec.width + 90 : 0;
Promise.all(charts.map(({ id, spec, narrow }) => {
  const place = document.getElementById(id);
  const chosen = narrow && place.clientWidth < wide(spec) ? narrow : spec;
  return vegaEmbed(place, chosen, options).catch((error) => {
    place.textContent = "This figure could not be drawn: " + error.message;
    console.error(error);
  });
})).then(() => {
  for (const select of document.querySelectorAll("select[data-switch]")) {
    const panels = document.querySelectorAll(`#${CSS.escape(select.dataset.switch)} .panel`);
    const show = () => panels.forEach((panel) => { panel.hidden = panel.dataset.panel !== select.value; });
    select.addEventListener("change", show);
    show();
  }
  const filter = document.getElementById("filter");
  if (filter) filter.addEventListener("change", () => {
    for (const part of document.querySelectorAll("[data-target]")) {
      part.classList.toggle("filtered", filter.value !== "" && part.dataset.target !== filter.value);
    }
  });
  document.documentElement.dataset.drawn = "yes";
});
