/**
 * A key outside of the server: what export and import pass on. A big value comes in several parts,
 * the first of which replaces what is there; the time to live comes with the last.
 */

export interface KeyPart {
  readonly key: Uint8Array;
  /** Counted from 1. */
  readonly part: number;
  readonly isLast: boolean;
  /** Unix milliseconds when it goes, as decimal digits; null for never, and before the last part. */
  readonly expiresAtMs: string | null;
  readonly content: Content;
}

export type Content =
  | { readonly type: "string"; readonly value: Uint8Array }
  | { readonly type: "list"; readonly elements: readonly Uint8Array[] }
  | { readonly type: "hash"; readonly fields: readonly HashField[] }
  | { readonly type: "set"; readonly members: readonly Uint8Array[] }
  | { readonly type: "zset"; readonly members: readonly ScoredMember[] }
  | StreamContent;

export interface HashField {
  readonly field: Uint8Array;
  readonly value: Uint8Array;
  /** Unix milliseconds when the field goes; null for never. */
  readonly expiresAtMs: string | null;
}

export interface ScoredMember {
  readonly member: Uint8Array;
  /** As ZSCORE writes it. */
  readonly score: string;
}

export interface StreamContent {
  readonly type: "stream";
  readonly entries: readonly StreamEntry[];
  /** With the last part only. */
  readonly state: StreamState | null;
}

export interface StreamEntry {
  readonly id: string;
  /** Fields and values in turn. */
  readonly fields: readonly Uint8Array[];
}

export interface StreamState {
  readonly lastId: string;
  readonly maxDeletedId: string;
  readonly entriesAdded: string;
  readonly groups: readonly StreamGroup[];
}

export interface StreamGroup {
  readonly name: Uint8Array;
  readonly lastDeliveredId: string;
  /** Null where it is not known. */
  readonly entriesRead: string | null;
  readonly consumers: readonly Uint8Array[];
  readonly pending: readonly PendingEntry[];
}

export interface PendingEntry {
  readonly id: string;
  readonly consumer: Uint8Array;
  /** Unix milliseconds. */
  readonly deliveredAtMs: string;
  readonly deliveries: string;
}
