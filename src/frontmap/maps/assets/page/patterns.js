/* Hatching and tints, shared by map, legend and timelines. */

/* A colour half way to white, so that nothing below it shows through. */
function mixed(colour) {
  const full = colour.length === 4 ? colour.slice(1).replace(/./g, "$&$&") : colour.slice(1);
  return "#" + [0, 2, 4].map((at) => Math.round((parseInt(full.slice(at, at + 2), 16) + 255) / 2).toString(16).padStart(2, "0")).join("");
}

function patterns(model) {
  const { palette } = model.data;
  const defs = element("svg:defs");
  const holder = element("svg:svg", { class: "fm-defs", width: 0, height: 0, "aria-hidden": "true", focusable: "false" }, defs);
  const add = (id, size, ground, opacity, ...lines) => {
    defs.append(element("svg:pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45) scale(" + rootScale() + ")" },
      element("svg:rect", { width: size, height: size, fill: ground, "fill-opacity": opacity }), ...lines));
  };
  const line = (size, width, colour, opacity, across) => element("svg:path",
    { d: across ? "M0 0H" + size : "M0 0V" + size, stroke: colour, "stroke-width": 2 * width, "stroke-opacity": opacity });
  model.states.forEach((state, i) => {
    if (state.kind === "party") {
      const colour = safeColour(state.colour);
      add("fm-strong-" + i, 7, mixed(colour), 1, ...(state.hatched ? [line(7, 1.3, colour, 1)] : []));
      add("fm-pale-" + i, 10, colour, state.hatched ? 0.1 : 0.13, ...(state.hatched ? [line(10, 0.5, colour, 0.3)] : []));
    } else if (state.kind === "contested") {
      add("fm-strong-" + i, 8, palette.contested_ground, 1, line(8, 0.8, palette.contested, 1), line(8, 0.8, palette.contested, 1, true));
    } else {
      add("fm-strong-" + i, 8, palette.unknown, 1);
    }
  });
  add("fm-doubt", 6, palette.paper, 0.5, element("svg:circle", { cx: 3, cy: 3, r: 0.7, fill: palette.doubt }));
  add("fm-changed", 8, "#ffffff", 0, element("svg:path", { d: "M4 1.6V6.4M1.6 4H6.4", stroke: palette.compare, "stroke-width": 1.1 }));
  return holder;
}

function swatch(fill, extra) {
  return element("svg:svg", { class: "fm-swatch", width: 30, height: 18, viewBox: "0 0 30 18", "aria-hidden": "true", focusable: "false" },
    fill ? element("svg:rect", { x: 0.5, y: 0.5, width: 29, height: 17, fill: "url(#" + fill + ")", stroke: "#555", "stroke-width": 1 }) : null,
    extra || null);
}
