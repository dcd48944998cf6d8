/**
 * `rdb FILE --json`: the contents of an RDB file as JSON, one line for each key, in the order of the
 * file.
 *
 * ```
 * {"db":0,"key":"k","type":"string","value":"v","expires_at_ms":1700000000000}
 * {"db":0,"key":"h","type":"hash","value":[["field","value"],["field","value",expires_at_ms]]}
 * {"db":0,"key":"z","type":"zset","value":[["member",1.5],["other","inf"]]}
 * ```
 *
 * Text that is no UTF-8 becomes `{"base64":"…"}`. Numbers past what JSON readers keep exactly are
 * strings, and so are ids. The file need not fit in memory; a value goes out as it is read.
 */

import { systemErrorText } from "../host/system_error.ts";
import type { ByteSlice } from "../rdb/byte_slice.ts";
import { RdbType } from "../rdb/opcodes.ts";
import { RdbEmptyValue, RdbError } from "../rdb/rdb_error.ts";
import { RdbFileReader, RdbItem } from "../rdb/rdb_file_reader.ts";
import { RdbInput } from "../rdb/rdb_input.ts";
import { readHash, readList, readSet, readSortedSet } from "../rdb/value_reader.ts";
import { valueTypeOf } from "../values/codecs.ts";
import { ValueType } from "../values/entry.ts";
import { JsonOutput } from "./json_output.ts";
import { writeStream } from "./rdb_json_stream.ts";
import { printError, type ToolHost } from "./tool_host.ts";

const USAGE = "Usage: redino rdb <rdb-file-name> --json";

/** Exit code 0 when all of the file was read, 1 when not; what was read before is written. */
export function rdb(args: readonly string[], host: ToolHost): Promise<number> {
  const paths = args.filter((arg) => arg !== "--json");
  if (paths.length !== 1 || paths.length === args.length) {
    printError(host, USAGE);
    return Promise.resolve(1);
  }
  let file;
  try {
    file = host.files.open(paths[0], { read: true });
  } catch (error) {
    printError(host, `Cannot open file ${paths[0]}: ${systemErrorText(error)}`);
    return Promise.resolve(1);
  }
  const input = new RdbInput((target) => file.readSync(target) ?? 0, file.size());
  const output = new JsonOutput((bytes) => host.write(bytes));
  try {
    writeFile(new RdbFileReader(input, true), output);
    return Promise.resolve(0);
  } catch (error) {
    if (!(error instanceof RdbError) && !(error instanceof RangeError)) throw error;
    output.endLine();
    output.flush();
    printError(host, `${paths[0]}, byte ${input.offset}: ${error.message}`);
    return Promise.resolve(1);
  } finally {
    output.flush();
    file.close();
  }
}

function writeFile(file: RdbFileReader, output: JsonOutput): void {
  for (;;) {
    switch (file.next()) {
      case RdbItem.AUX:
        output.raw('{"aux":');
        output.text(file.name);
        output.raw(',"value":');
        output.text(file.text);
        break;
      case RdbItem.FUNCTION:
        output.raw('{"function":');
        output.text(file.text);
        break;
      case RdbItem.MODULE_AUX:
        output.raw(`{"module_aux":${JSON.stringify(file.module)}`);
        break;
      case RdbItem.KEY:
        writeKey(file, output);
        break;
      case RdbItem.END:
        return;
      default:
        continue;
    }
    output.raw("}");
    output.endLine();
  }
}

function writeKey(file: RdbFileReader, output: JsonOutput): void {
  output.raw(`{"db":${file.db},"key":`);
  output.text(file.text);
  if (file.type === RdbType.MODULE_2) {
    output.raw(`,"type":"module","module":${JSON.stringify(file.skipModuleValue())}`);
  } else writeValue(file, output);
  if (file.expires) output.raw(`,"expires_at_ms":${file.exactExpiry ?? file.expiresAtMs}`);
  if (file.idleSeconds >= 0) output.raw(`,"idle_seconds":${file.idleSeconds}`);
  if (file.frequency >= 0) output.raw(`,"frequency":${file.frequency}`);
}

function writeValue(file: RdbFileReader, output: JsonOutput): void {
  const { values, type } = file;
  switch (valueTypeOf(type)) {
    case ValueType.STRING:
      output.raw(',"type":"string","value":');
      values.string(file.name);
      return output.text(file.name);
    case ValueType.LIST:
      return writeElements(output, "list", (element) => readList(values, type, { element }));
    case ValueType.SET:
      return writeElements(output, "set", (element) => readSet(values, type, { element }));
    case ValueType.HASH:
      return writeArray(output, "hash", () => {
        readHash(values, type, {
          field(field, value, expiresAtMs) {
            writePair(output, field);
            output.text(value);
            output.raw(expiresAtMs === 0 ? "]" : `,${expiresAtMs}]`);
            return true;
          },
        });
      });
    case ValueType.SORTED_SET:
      return writeArray(output, "zset", () => {
        readSortedSet(values, type, {
          member(member, score) {
            writePair(output, member);
            output.raw(`${scoreText(score)}]`);
            return true;
          },
        });
      });
    case ValueType.STREAM:
      output.raw(',"type":"stream","value":');
      return writeStream(values, type, output);
    default:
      throw new RdbError(`a value of a type that can't be read: ${type}`);
  }
}

function writeElements(
  output: JsonOutput,
  type: string,
  read: (element: (element: ByteSlice) => boolean) => void,
): void {
  writeArray(output, type, () =>
    read((element) => {
      output.separate();
      output.text(element);
      return true;
    }));
}

/** Empty values are shown as such, though a server leaves them out. */
function writeArray(output: JsonOutput, type: string, read: () => void): void {
  output.raw(`,"type":"${type}","value":[`);
  output.beginList();
  try {
    read();
  } catch (error) {
    if (!(error instanceof RdbEmptyValue)) throw error;
  }
  output.raw("]");
}

function writePair(output: JsonOutput, first: ByteSlice): void {
  output.separate();
  output.raw("[");
  output.text(first);
  output.raw(",");
}

/** JSON has no infinity, and JavaScript writes -0 as 0. */
function scoreText(score: number): string {
  if (score === Infinity) return '"inf"';
  if (score === -Infinity) return '"-inf"';
  return Object.is(score, -0) ? "-0" : String(score);
}
