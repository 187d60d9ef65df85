/* Unpack the page's scripts and run them; the page's policy names their hash. */
(async function () {
  try {
    const code = await inflated(document.getElementById("frontmap-code").textContent);
    document.head.append(Object.assign(document.createElement("script"), { textContent: code }));
  } catch (error) {
    document.getElementById("frontmap").classList.add("fm-broken");
    throw error;
  }
}());
