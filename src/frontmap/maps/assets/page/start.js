/* Bind the markup inside `root` (elements are found by their data-fm attribute) to the data of the page. */
async function start({ root, map, source }) {
  try {
    return new Page(root, map || null, JSON.parse(await inflated(source.textContent)));
  } catch (error) {
    root.classList.add("fm-broken");
    throw error;
  }
}
