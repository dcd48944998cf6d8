/** The many options of searches, in both of their notations: GEOSEARCH's and GEORADIUS's. */

import { readClampedInteger, readDouble } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { type Area, decodeScore, type Place } from "../../structures/geohash.ts";
import { zset } from "../sorted_set/opened.ts";
import { readPlace, readUnit } from "./arguments.ts";

/** Which of the commands it is. */
export const Search = {
  RADIUS: 0,
  RADIUS_BY_MEMBER: 1,
  SEARCH: 2,
  SEARCH_STORE: 3,
} as const;

export const Order = { NONE: 0, NEAREST: 1, FARTHEST: 2 } as const;

/** What is searched and replied; filled in as the arguments are read. */
export class SearchOptions {
  /** The centre; null while the key with the member that is the centre is missing. */
  centre: Place | null = null;
  radius = NaN;
  width = NaN;
  height = NaN;
  /** Meters in a unit of the distances. */
  unit = 1;
  withCoordinates = false;
  withDistance = false;
  withHash = false;
  order: number = Order.NONE;
  /** Results at most; 0 for all. */
  count = 0;
  /** Whether any results will do when there are more than `count`. */
  any = false;
  /** Argument of the key to store at; 0 to reply. */
  storeKey = 0;
  storesDistances = false;

  private centred = false;

  /**
   * @param present whether the sorted set is there, and lent (opened.ts).
   * @param mayStore whether STORE and STOREDIST are options.
   */
  constructor(
    private readonly call: Call,
    private readonly form: number,
    private readonly present: boolean,
    private readonly mayStore: boolean,
  ) {}

  /** @throws errors of all kinds, as Redis finds them. */
  read(): this {
    const { call, form } = this;
    let from = form === Search.SEARCH_STORE ? 3 : 2;
    if (form === Search.SEARCH_STORE) this.storeKey = 1;
    if (form === Search.RADIUS) {
      this.centre = readPlace(call, 2);
      this.readRadius(4);
      from = 6;
    } else if (form === Search.RADIUS_BY_MEMBER) {
      if (this.present) {
        this.centreOnMember(2);
        this.readRadius(3);
      }
      from = 5;
    }
    for (let i = from; i < call.count;) i = this.readOption(i);
    this.check();
    return this;
  }

  /** The area in meters; the centre must be known. */
  get area(): Area {
    const { radius, width, height, unit } = this;
    const { longitude, latitude } = this.centre!;
    return {
      longitude,
      latitude,
      radius: radius * unit,
      width: width * unit,
      height: height * unit,
    };
  }

  /** Reads the option at an argument and returns the index behind it. */
  private readOption(i: number): number {
    const { request } = this.call;
    if (request.is(i, "WITHDIST")) this.withDistance = true;
    else if (request.is(i, "WITHHASH")) this.withHash = true;
    else if (request.is(i, "WITHCOORD")) this.withCoordinates = true;
    else if (request.is(i, "ANY")) this.any = true;
    else if (request.is(i, "ASC")) this.order = Order.NEAREST;
    else if (request.is(i, "DESC")) this.order = Order.FARTHEST;
    else if (request.is(i, "COUNT") && this.has(i, 1)) return this.readCount(i + 1);
    else if (this.form >= Search.SEARCH) return this.readSearchOption(i);
    else if (this.mayStore && request.is(i, "STORE") && this.has(i, 1)) {
      this.storeKey = i + 1;
      this.storesDistances = false;
      return i + 2;
    } else if (this.mayStore && request.is(i, "STOREDIST") && this.has(i, 1)) {
      this.storeKey = i + 1;
      this.storesDistances = true;
      return i + 2;
    } else throw errors.SYNTAX;
    return i + 1;
  }

  private readSearchOption(i: number): number {
    const { call } = this;
    const { request } = call;
    const onMember = this.centred && this.fromMember;
    if (request.is(i, "FROMMEMBER") && this.has(i, 1) && (!this.centred || onMember)) {
      if (this.present) this.centreOnMember(i + 1);
      this.centred = this.fromMember = true;
      return i + 2;
    }
    if (request.is(i, "FROMLONLAT") && this.has(i, 2) && !onMember) {
      this.centre = readPlace(call, i + 1);
      this.centred = true;
      return i + 3;
    }
    if (request.is(i, "BYRADIUS") && this.has(i, 2) && Number.isNaN(this.width)) {
      this.readRadius(i + 1);
      return i + 3;
    }
    if (request.is(i, "BYBOX") && this.has(i, 3) && Number.isNaN(this.radius)) {
      this.readBox(i + 1);
      return i + 4;
    }
    if (request.is(i, "STOREDIST") && this.form === Search.SEARCH_STORE) {
      this.storesDistances = true;
      return i + 1;
    }
    throw errors.SYNTAX;
  }

  private fromMember = false;

  private has(i: number, words: number): boolean {
    return i + words < this.call.count;
  }

  private readCount(i: number): number {
    this.count = readClampedInteger(this.call, i);
    if (this.count <= 0) throw errors.GEO_COUNT;
    return i + 1;
  }

  private readRadius(i: number): void {
    this.radius = readDouble(this.call, i, errors.RADIUS_NOT_A_NUMBER);
    if (this.radius < 0) throw errors.NEGATIVE_RADIUS;
    this.unit = readUnit(this.call, i + 1);
  }

  private readBox(i: number): void {
    this.width = readDouble(this.call, i, errors.WIDTH_NOT_A_NUMBER);
    this.height = readDouble(this.call, i + 1, errors.HEIGHT_NOT_A_NUMBER);
    if (this.height < 0 || this.width < 0) throw errors.NEGATIVE_BOX;
    this.unit = readUnit(this.call, i + 2);
  }

  private centreOnMember(i: number): void {
    const { data, offsets, lengths } = this.call.request;
    if (zset.find(data, offsets[i], lengths[i]) < 0) throw errors.NO_SUCH_MEMBER;
    this.centre = { longitude: 0, latitude: 0 };
    decodeScore(zset.score, this.centre);
  }

  private check(): void {
    const { call, form } = this;
    const details = this.withDistance || this.withHash || this.withCoordinates;
    if (this.storeKey > 0 && details) {
      const what = form === Search.SEARCH_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
      throw new CommandError(
        `ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
      );
    }
    if (form >= Search.SEARCH) {
      const name = call.request.text(0);
      if (!this.centred) {
        throw new CommandError(
          `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`,
        );
      }
      if (Number.isNaN(this.radius) && Number.isNaN(this.width)) {
        throw new CommandError(
          `ERR exactly one of BYRADIUS and BYBOX can be specified for ${name}`,
        );
      }
    }
    if (this.any && this.count === 0) throw errors.GEO_ANY_WITHOUT_COUNT;
  }
}
