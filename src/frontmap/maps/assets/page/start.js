/* Bind the markup inside `root` (elements are found by their data-fm attribute) to the data of the page. */
async function start({ root, map, source }) {
  try {
    /* signs that turn the direction of what follows are shown, not obeyed; Python does the same in what it writes */
    const text = (await inflated(source.textContent)).replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
    return new Page(root, map || null, JSON.parse(text));
  } catch (error) {
    root.classList.add("fm-broken");
    throw error;
  }
}
