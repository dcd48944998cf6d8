/**
 * Buttons that change something. Each carries what it sends and what it asks before, as data: the script
 * has one way to do them all (assets/acts.js), and none is drawn while writing is off.
 */

import type { JsonBytes } from "../json_values.ts";
import { keyPath } from "../json_values.ts";
import { bytesOf } from "./format.ts";

/** What a person is asked for. */
export interface AskedField {
  /** The member of the body, or of its first change, that it becomes. */
  readonly name: string;
  readonly label: string;
  /**
   * `seconds` become milliseconds, or null when left empty; `pairs` are lines of a field and a value;
   * `key` goes to the path in place of `{key}`; `checkbox` is true or false.
   */
  readonly kind: "text" | "bytes" | "number" | "seconds" | "pairs" | "select" | "key" | "checkbox";
  readonly value?: string | JsonBytes;
  readonly options?: readonly (readonly [value: string, label: string])[];
  /** Shown only while the first select has one of these values. */
  readonly when?: readonly string[];
  readonly hint?: string;
}

export interface ActProps {
  readonly label: string;
  /** For those who don't see what it stands beside. */
  readonly about?: string;
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly title: string;
  readonly question?: string;
  readonly fields?: readonly AskedField[];
  readonly submit: string;
  readonly danger?: boolean;
  readonly look?: "quiet" | "primary" | "danger" | "plain";
  /** Only while the key is as it was when it had this tag. */
  readonly ifMatch?: string | null;
  /** Where to go after it; the page is shown again where nothing is said. */
  readonly then?: string;
}

export function Act(props: ActProps) {
  const { label, about, look, ...act } = props;
  return (
    <button
      type="button"
      class={look === undefined || look === "plain" ? "needs-script" : `${look} needs-script`}
      data-act={JSON.stringify(act)}
      aria-label={about === undefined ? undefined : `${label} ${about}`}
    >
      {label}
    </button>
  );
}

/** The route of a key. */
export function keyRoutePath(key: JsonBytes, db: number, below: string = ""): string {
  return `${keyPath(bytesOf(key))}${below}${db === 0 ? "" : `?db=${db}`}`;
}
