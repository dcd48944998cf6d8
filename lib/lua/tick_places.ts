/**
 * Where a program has to count so that nothing in it can go on for ever without having counted: on
 * every circle that it can go round.
 *
 * A circle is a loop within which functions are called, or functions that call each other. A loop counts
 * where it begins; of functions that call each other all do, and so does who calls what only the table
 * knows, or what is imported, since that may call anybody. A loop that calls nothing ends by itself: it
 * goes over bytes.
 *
 * The interpreter of Lua's instructions does not count. Lua's own hook does that, for each of them, and
 * what runs most would pay most.
 */

import type { CodeShape } from "./code_shape.ts";

/** Instructions of Lua 5.1, for each of which the interpreter's jump table has an entry. */
const INSTRUCTIONS = 38;

export interface TickPlaces {
  /** Whether it counts where it begins. */
  readonly atStart: boolean;
  /** Where in it loops begin that count. */
  readonly loops: readonly number[];
}

/**
 * @param shapes of the program's functions.
 * @param imported how many functions are imported: their numbers come first.
 * @throws {Error} when there is not one interpreter.
 */
export function tickPlaces(shapes: readonly CodeShape[], imported: number): TickPlaces[] {
  const isInterpreter = ({ widestSwitch }: CodeShape) => widestSwitch === INSTRUCTIONS;
  if (shapes.filter(isInterpreter).length !== 1) {
    throw new Error("WebAssembly program without Lua's interpreter");
  }
  const calls = shapes.map((shape) =>
    isInterpreter(shape) ? [] : [...shape.calls].map((number) => number - imported)
  );
  const recursive = onCircles(calls.map((called) => called.filter((index) => index >= 0)));
  return shapes.map((shape, index) => {
    if (isInterpreter(shape)) return { atStart: false, loops: [] };
    const callsAnybody = shape.callsIndirectly || calls[index].some((called) => called < 0);
    return { atStart: callsAnybody || recursive.has(index), loops: shape.loops };
  });
}

/**
 * The nodes of a graph from which a way leads back to them, by Tarjan's search for strongly connected
 * components (Depth-first search and linear graph algorithms, 1972).
 *
 * @param edges where the edges of each node lead.
 */
function onCircles(edges: readonly (readonly number[])[]): Set<number> {
  const found = new Set<number>();
  /** When each was met first, from 1 on. */
  const met: number[] = edges.map(() => 0);
  /** The first that can be reached from it, among those whose component is open. */
  const lowest: number[] = [];
  const path: number[] = [];
  const isOpen = new Set<number>();
  let count = 0;
  const visit = (node: number) => {
    met[node] = lowest[node] = ++count;
    path.push(node);
    isOpen.add(node);
    for (const next of edges[node]) {
      if (met[next] === 0) {
        visit(next);
        lowest[node] = Math.min(lowest[node], lowest[next]);
      } else if (isOpen.has(next)) lowest[node] = Math.min(lowest[node], met[next]);
    }
    if (lowest[node] !== met[node]) return;
    const component = path.splice(path.indexOf(node));
    for (const member of component) isOpen.delete(member);
    if (component.length === 1 && !edges[node].includes(node)) return;
    for (const member of component) found.add(member);
  };
  edges.forEach((_, node) => {
    if (met[node] === 0) visit(node);
  });
  return found;
}
