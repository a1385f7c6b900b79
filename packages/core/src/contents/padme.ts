/**
 * Padmé: lengths rounded up so that a length tells little more than its order of magnitude, at a cost of at most 12 %,
 * and far less for what is big (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
 * PURBs", PETS 2019, algorithm 1). SPEC.md §2.
 */

/** Least length to which records files, grants, notices and requests are padded, in bytes. */
export const PADDED_BYTES_MIN = 1024;

/**
 * The least Padmé number that is not below `count`: of its E + 1 binary digits only the first ⌊log₂ E⌋ + 2 may be other
 * than zero.
 *
 * @param count - A safe integer from 0, of any unit. Archives are counted in blocks of 512 bytes, all else in bytes.
 */
export function padme(count: number): number {
  if (count < 2) return count;
  const exponent = floorLog2(count);
  // Arithmetic on numbers and not on bits: the latter would wrap at 2^31.
  const step = 2 ** (exponent - floorLog2(exponent) - 1);
  return Math.ceil(count / step) * step;
}

/**
 * Length in bytes to which a plaintext of `bytes` bytes is padded before it is sealed, contents apart: Padmé, and at
 * least {@link PADDED_BYTES_MIN}.
 */
export function paddedLength(bytes: number): number {
  return padme(Math.max(bytes, PADDED_BYTES_MIN));
}

/** ⌊log₂ count⌋ of a safe integer from 1, without the rounding of `Math.log2` just below powers of two. */
function floorLog2(count: number): number {
  const high = Math.floor(count / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(count);
}
