// Line charts in SVG, small enough for a page of their own: one or two lines over the last two minutes.

const WIDTH = 240;
const HEIGHT = 60;
const SPAN_MS = 120_000;
/** Samples further apart than this have nothing between them. */
const GAP_MS = 5000;

function part(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/**
 * Draws samples into a chart.
 *
 * @param samples as `{ time, values }`, the oldest first; a value may be null.
 * @param describe what the figures at a time say.
 */
export function draw(card, samples, now, { text: describe, unit = 10 }) {
  const svg = card.querySelector("svg");
  const note = card.querySelector(".chart-note");
  const shown = samples.filter(({ time }) => time > now - SPAN_MS);
  const values = shown.flatMap((sample) => sample.values).filter((value) => value !== null);
  const top = niceTop(Math.max(0, ...values), unit);
  const lines = shown[0]?.values.length ?? 0;
  const x = (time) => WIDTH * (1 - (now - time) / SPAN_MS);
  const y = (value) => HEIGHT - 2 - (HEIGHT - 6) * value / top;
  const parts = [1, 2, 3].map((quarter) => {
    const at = (HEIGHT * quarter / 4).toFixed(1);
    return part("line", { class: "grid", x1: 0, x2: WIDTH, y1: at, y2: at });
  });
  for (let line = lines - 1; line >= 0; line--) {
    for (const run of runs(shown, line)) {
      const points = run.map(({ time, values: at }) =>
        `${x(time).toFixed(1)},${y(at[line]).toFixed(1)}`
      );
      const first = x(run[0].time).toFixed(1);
      const last = x(run[run.length - 1].time).toFixed(1);
      if (line === 0) {
        const area = `M${first},${HEIGHT}L${points.join("L")}L${last},${HEIGHT}Z`;
        parts.push(part("path", { class: "area", d: area }));
      }
      parts.push(part("path", { class: `line line-${line + 1}`, d: `M${points.join("L")}` }));
    }
  }
  const under = shown.length > 0 && card.pointedAt !== undefined
    ? nearest(shown, now - SPAN_MS * (1 - card.pointedAt))
    : null;
  if (under !== null) {
    const at = x(under.time).toFixed(1);
    parts.push(part("line", { class: "cursor", x1: at, x2: at, y1: 0, y2: HEIGHT }));
  }
  svg.replaceChildren(...parts);
  note.textContent = under === null
    ? values.length === 0 ? "waiting for figures" : `top ${describe([top])}, two minutes`
    : `${describe(under.values)}, ${Math.round((now - under.time) / 1000)} s ago`;
}

/** What is pointed at in a chart is told in its note. */
export function followPointer(card, redraw, signal) {
  const svg = card.querySelector("svg");
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    card.pointedAt = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    redraw();
  }, { signal });
  svg.addEventListener("pointerleave", () => {
    card.pointedAt = undefined;
    redraw();
  }, { signal });
}

/** Parts of a line without gaps. */
function runs(samples, line) {
  const found = [];
  let before;
  for (const sample of samples) {
    if (sample.values[line] === null) {
      before = undefined;
      continue;
    }
    if (before === undefined || sample.time - before.time > GAP_MS) found.push([]);
    found[found.length - 1].push(sample);
    before = sample;
  }
  return found;
}

function nearest(samples, time) {
  return samples.reduce((best, one) =>
    Math.abs(one.time - time) < Math.abs(best.time - time) ? one : best
  );
}

/** The next round figure: 1, 2, 5, 10, … of a unit that grows by tens, or of KiB, MiB, … */
function niceTop(value, unit) {
  if (value <= 0) return 1;
  const whole = unit === 10 ? 1 : unit ** Math.floor(Math.log(value) / Math.log(unit));
  const power = 10 ** Math.floor(Math.log10(value / whole));
  return whole * ([1, 2, 5, 10].map((step) => step * power).find((step) => step >= value / whole));
}
