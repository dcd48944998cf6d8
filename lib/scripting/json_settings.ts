/** What scripts can set of `cjson`; for one script only, unlike in Redis, where settings stay. */

export class JsonSettings {
  sparseConverts = false;
  sparseRatio = 2;
  sparseSafe = 10;
  encodeDepth = 1000;
  decodeDepth = 1000;
  precision = 14;
  keepsBuffer = true;
  /** 0: an error, 1: written, 2: written as null. */
  encodesInvalid = 0;
  decodesInvalid = true;

  reset(): void {
    if (!this.isChanged) return;
    Object.assign(this, new JsonSettings());
  }

  /** Set by whoever changes any of it. */
  isChanged = false;
}
