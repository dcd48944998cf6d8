/**
 * Export and import on the page of the keys: a button for each and the dialog that it opens. What is
 * chosen is sent by assets/transfer.js to the routes in routes/transfer.ts.
 */

import type { JsonBytes } from "../json_values.ts";
import { oneLine, parameterOf } from "./format.ts";

/** Opens the dialog for the keys that are searched for, or chosen in the list. */
export function TransferButtons({ writes }: { writes: boolean }) {
  return (
    <span class="acts">
      <button type="button" class="needs-script" data-export="">Export</button>
      {writes ? <ImportButton /> : null}
    </span>
  );
}

export function ImportButton() {
  return <button type="button" class="needs-script" data-import="">Import</button>;
}

/** Opens the dialog for one key. */
export function ExportKey({ name }: { name: JsonBytes }) {
  return (
    <button
      type="button"
      class="needs-script"
      data-export={parameterOf(name)}
      aria-label={`Export ${oneLine(name)}`}
    >
      Export
    </button>
  );
}

/** A box in the list, by which a key is chosen. */
export function ChooseKey({ name }: { name: JsonBytes }) {
  return (
    <input
      type="checkbox"
      class="choose needs-script"
      value={parameterOf(name)}
      aria-label={`Choose ${oneLine(name)}`}
      autocomplete="off"
    />
  );
}

export interface TransferProps {
  readonly db: number;
  /** What is searched for. */
  readonly match: string | undefined;
  readonly type: string | undefined;
  readonly types: readonly (readonly [string, string])[];
  readonly writes: boolean;
}

export function TransferDialogs(props: TransferProps) {
  return (
    <>
      <ExportDialog {...props} />
      {props.writes ? <ImportDialog db={props.db} /> : null}
    </>
  );
}

function ExportDialog({ db, match, type, types }: TransferProps) {
  const option = ([value, label]: readonly [string, string]) => (
    <option value={value} selected={value === (type ?? "")}>{label}</option>
  );
  return (
    <dialog id="export" aria-labelledby="export-title">
      <form method="dialog" autocomplete="off">
        <h2 id="export-title">Export keys of db{db}</h2>
        <input type="hidden" name="db" value={String(db)} />
        <p class="question" data-chosen hidden></p>
        <div class="row" data-filter>
          <label for="export-match">Keys like</label>
          <input id="export-match" name="match" value={match} spellcheck={false} class="mono" />
          <p class="hint">
            A pattern such as <code>user:*</code>. Empty: all keys.
          </p>
        </div>
        <div class="row" data-filter>
          <label for="export-type">Type</label>
          <select id="export-type" name="type">{types.map(option)}</select>
        </div>
        <div class="row">
          <label for="export-format">As</label>
          <select id="export-format" name="format">
            <option value="json">JSON lines, to keep, compare and import</option>
            <option value="commands">Commands, to read or feed to redis-cli</option>
            <option value="resp">RESP, for redis-cli --pipe</option>
          </select>
        </div>
        <p class="state muted" role="status"></p>
        <p class="error" role="alert"></p>
        <div class="buttons">
          <button type="button" data-close>Cancel</button>
          <button type="submit" class="primary">Export</button>
        </div>
      </form>
    </dialog>
  );
}

function ImportDialog({ db }: { db: number }) {
  return (
    <dialog id="import" aria-labelledby="import-title">
      <form method="dialog" autocomplete="off">
        <h2 id="import-title">Import into db{db}</h2>
        <input type="hidden" name="db" value={String(db)} />
        <div class="row">
          <label for="import-file">File</label>
          <input id="import-file" name="file" type="file" required />
        </div>
        <div class="row">
          <label for="import-format">It holds</label>
          <select id="import-format" name="format">
            <option value="">What its first character says</option>
            <option value="json">JSON lines, as exported</option>
            <option value="commands">Commands, as text or RESP</option>
          </select>
        </div>
        <div class="row">
          <label for="import-existing">Keys that exist</label>
          <select id="import-existing" name="existing">
            <option value="replace">are replaced</option>
            <option value="skip">stay as they are</option>
            <option value="fail">stay, and are listed as failures</option>
          </select>
          <p class="hint">For JSON lines; commands do what they say.</p>
        </div>
        <p class="state" role="status"></p>
        <p class="error" role="alert"></p>
        <ul class="failures" tabindex={0} aria-label="Failures" hidden></ul>
        <div class="buttons">
          <button type="button" data-close>Cancel</button>
          <button type="submit" class="primary">Import</button>
        </div>
      </form>
    </dialog>
  );
}
