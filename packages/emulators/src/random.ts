/** Chance that a seed decides, so that a failing run can be told again. */

const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A source of chance; not for secrets. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** Letters, digits, `-` and `_`. */
  id(length: number): string;
}

/** The generator sfc32, filled from one 32-bit seed. */
export function seededRandom(seed: number): Random {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162 ^ seed, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 12; round++) next();
  const letter = (): string => ID_LETTERS.charAt(Math.floor(next() * ID_LETTERS.length));
  return { next, id: (length) => Array.from({ length }, letter).join("") };
}
