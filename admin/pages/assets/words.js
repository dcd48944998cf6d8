// How figures, times and bytes are written, as the server writes them (format.ts).

const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

export function count(value) {
  return counts.format(value);
}

export function byteSize(value) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let size = value;
  let unit = 0;
  for (; Math.abs(size) >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return unit === 0
    ? `${size} byte${size === 1 ? "" : "s"}`
    : `${size.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)} ${units[unit]}`;
}

export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts.slice(first, first + 2).filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`).join(" ");
}

export function microseconds(value) {
  if (value < 1000) return `${value < 10 ? Math.round(value * 100) / 100 : Math.round(value)} µs`;
  return value < 1_000_000
    ? `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} ms`
    : `${(value / 1_000_000).toFixed(2)} s`;
}

const escapes = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x07": "\\a", "\b": "\\b" };

function escaped(text, pattern) {
  return text.replace(
    pattern,
    (character) =>
      escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** `{"utf8": …}` or `{"base64": …}` on one line. */
export function oneLine(bytes) {
  if (bytes.utf8 !== undefined) return escaped(bytes.utf8, /[\p{Cc}\u2028\u2029]/gu);
  return escaped(atob(bytes.base64).replaceAll("\\", "\\\\"), /[^\x20-\x7e]/g);
}

/** As redis-cli quotes a string. */
export function quoted(bytes) {
  if (bytes.utf8 !== undefined) {
    return `"${escaped(bytes.utf8.replace(/["\\]/g, "\\$&"), /\p{Cc}/gu)}"`;
  }
  return `"${escaped(atob(bytes.base64).replace(/["\\]/g, "\\$&"), /[^\x20-\x7e]/g)}"`;
}

/** A key as a segment of a path. */
export function segmentOf(bytes) {
  if (bytes.base64 !== undefined) return `b64:${urlBase64(bytes.base64)}`;
  const text = bytes.utf8;
  if (!["", ".", ".."].includes(text) && !text.startsWith("b64:")) return encodeURIComponent(text);
  return `b64:${urlBase64(base64Of(text))}`;
}

/** As a query parameter takes bytes. */
export function parameterOf(bytes) {
  if (bytes.base64 !== undefined) return `b64:${bytes.base64}`;
  return bytes.utf8.startsWith("b64:") ? `b64:${base64Of(bytes.utf8)}` : bytes.utf8;
}

function base64Of(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function urlBase64(base64) {
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** An element with attributes, listeners and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}
