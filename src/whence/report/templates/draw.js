const charts = JSON.parse(document.getElementById("charts").textContent);
const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true };
Promise.all(charts.map(({ id, spec }) => vegaEmbed(document.getElementById(id), spec, options).catch((error) => {
  document.getElementById(id).textContent = "This figure could not be drawn: " + error.message;
  console.error(error);
}))).then(() => { document.documentElement.dataset.drawn = "yes"; });
