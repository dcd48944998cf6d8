/** PFDEBUG and PFSELFTEST: looking into HyperLogLogs and testing how they count. */

import { dataOf } from "../../bytes/copy.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { CommandError, errorEndingWith, errors, quotedArgument } from "../../engine/errors.ts";
import type { Random } from "../../host/random.ts";
import { HyperLogLog, REGISTERS } from "../../structures/hyperloglog.ts";
import { Encoding } from "../../values/entry.ts";
import { counterAt } from "./counting.ts";

const SELF_TEST_ELEMENTS = 100_000;
/** Standard error of an estimate, times the registers' square root. */
const ERROR_CONSTANT = 1.04;

export const PFDEBUG = command({
  name: "PFDEBUG",
  usage: "subcommand key",
  summary: "Shows how a HyperLogLog is kept.",
  since: "2.8.9",
  complexity: "O(N) for N registers",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.ADMIN,
  keys: Access.RW | Access.ACCESS,
  docFlags: ["syscmd"],
  run(call) {
    const { request, reply } = call;
    const ref = call.lookUpWrite(2);
    if (ref === 0) throw errors.NO_SPECIFIED_KEY;
    const { bytes, offset, length } = counterAt(call, ref);
    const counter = new HyperLogLog().load(bytes, offset, length);
    if (request.is(1, "GETREG")) {
      makeDense(call, ref, counter);
      const registers = new Uint8Array(REGISTERS);
      counter.mergeInto(registers);
      reply.array(REGISTERS);
      for (let i = 0; i < REGISTERS; i++) reply.integer(registers[i]);
    } else if (request.is(1, "DECODE")) {
      if (!counter.isSparse) throw errors.HYPERLOGLOG_NOT_SPARSE;
      reply.bulk(counter.describeRuns());
    } else if (request.is(1, "ENCODING")) reply.simple(counter.isSparse ? "sparse" : "dense");
    else if (request.is(1, "TODENSE")) reply.integer(makeDense(call, ref, counter) ? 1 : 0);
    else {throw errorEndingWith(
        "ERR Unknown PFDEBUG subcommand '",
        `${quotedArgument(request, 1)}'`,
      );}
  },
});

export const PFSELFTEST = command({
  name: "PFSELFTEST",
  summary: "Tests how HyperLogLogs count on this machine.",
  since: "2.8.9",
  complexity: "O(1)",
  flags: Flag.ADMIN,
  docFlags: ["syscmd"],
  run(call) {
    testRegisters(call.context.host.random);
    testEstimates(call.context.host.random);
    call.reply.ok();
  },
});

export const HYPERLOGLOG_DEBUG_COMMANDS = [PFDEBUG, PFSELFTEST];

/** Stores a counter in the dense form; false when it had that. */
function makeDense(call: Call, ref: number, counter: HyperLogLog): boolean {
  if (!counter.isSparse) return false;
  if (!counter.toDense()) throw errors.CORRUPTED_HYPERLOGLOG;
  call.setString(ref, 2, dataOf(counter.bytes), 0, counter.length, Encoding.RAW);
  call.dirty++;
  return true;
}

/** Whatever is written to dense registers is read from them. */
function testRegisters(random: Random): void {
  const counter = new HyperLogLog().clear();
  counter.toDense();
  const expected = new Uint8Array(REGISTERS);
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < REGISTERS; i++) {
      const value = random.below(64);
      counter.raise(i, value, 0);
      expected[i] = Math.max(expected[i], value);
    }
    const registers = new Uint8Array(REGISTERS);
    counter.mergeInto(registers);
    const wrong = registers.findIndex((value, i) => value !== expected[i]);
    if (wrong >= 0) {
      throw new CommandError(
        `TESTFAILED Register ${wrong} should be ${expected[wrong]} but is ${registers[wrong]}`,
      );
    }
  }
}

/** Estimates are as near as they should be, and the same in both forms. */
function testEstimates(random: Random): void {
  const dense = new HyperLogLog().clear();
  dense.toDense();
  const sparse = new HyperLogLog().clear();
  const element = dataOf(random.bytes(8));
  const tolerance = ERROR_CONSTANT / Math.sqrt(REGISTERS) * 6;
  let checkpoint = 1;
  for (let count = 1; count <= SELF_TEST_ELEMENTS; count++) {
    element.setUint32(0, count);
    dense.add(element, 0, 8, 0);
    sparse.add(element, 0, 8, 3000);
    if (count !== checkpoint) continue;
    checkpoint *= 10;
    const estimate = dense.estimate();
    if (sparse.estimate() !== estimate) {
      throw new CommandError(`TESTFAILED dense/sparse disagree at ${count}`);
    }
    if (Math.abs(estimate - count) > Math.ceil(tolerance * count)) {
      throw new CommandError(`TESTFAILED Too big error. card:${count} estimate:${estimate}`);
    }
  }
}
