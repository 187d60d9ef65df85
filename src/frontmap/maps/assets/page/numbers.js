/* Numbers as the page carries them: short text; see packing.py. */

const DIGITS = new Uint8Array(128);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].forEach((letter, i) => { DIGITS[letter.charCodeAt(0)] = i; });

/* Whole numbers from text: five bits to a letter, lowest first, the sixth bit says that more follow. */
function numbers(text) {
  const values = [];
  let value = 0, shift = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = DIGITS[text.charCodeAt(i)];
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit < 32) {
      values.push(value & 1 ? -(value >> 1) - 1 : value >> 1);
      value = shift = 0;
    }
  }
  return values;
}

/* Reads a row of numbers in turn. */
function reader(text) {
  const values = numbers(text);
  let at = 0;
  const take = () => values[at++];
  const list = (count) => Array.from({ length: count }, take);
  const sums = (count) => { let sum = 0; return Array.from({ length: count }, () => (sum += take())); };
  return { take, list, sums, more: () => at < values.length };
}

/* Where a course that is straight between its corners ([value, day], by day) stands on a day. */
function along(corners, day) {
  let i = corners.length - 1;
  while (i > 0 && corners[i][1] > day) { i -= 1; }
  const [a, from] = corners[i], [b, to] = corners[i + 1] || corners[i];
  return to > from ? a + (b - a) * (day - from) / (to - from) : a;
}

/* Each number is told less the one before. */
function summed(values) { let sum = 0; return values.map((value) => (sum += value)); }

/* Pairs of numbers, each less the one before, as [second, first]: latitude and longitude, or value and day. */
function unpack(deltas, grid) {
  const points = [];
  let x = 0, y = 0;
  for (let i = 0; i < deltas.length; i += 2) {
    x += deltas[i];
    y += deltas[i + 1];
    points.push([y * grid, x * grid]);
  }
  return points;
}
