"use strict";
/* Leaflet without its flag and without pictures; and the one thing folium's popups ask of jQuery. */
L.Control.Attribution.prototype.options.prefix = "Leaflet (version)";
L.Marker.prototype.options.icon = L.divIcon({ className: "fm-marker", iconSize: [12, 12] });
window.$ = window.$ || function (text) {
  if (typeof text !== "string") { return { ready: function (run) { run(); } }; }
  var holder = document.createElement("template");
  holder.innerHTML = text.trim();
  return [holder.content.firstChild];
};
